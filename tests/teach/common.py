"""What the tests of tools/teach share: their modules on the path, and a small project in a folder of its own."""
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/teach"))


class Project:
    """A folder with files, removed in the end."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory(prefix="limpid-teach-")
        self.root = pathlib.Path(self.folder.name).resolve()
        for path, text in files.items():
            self.put(path, text)

    def put(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def read(self, path):
        return (self.root / path).read_text()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()
