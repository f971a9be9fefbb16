"""`./dev check` fails on a stale snippet, a dead link, a wrong printed number and an exercise that passes
unsolved: each of the four is put into a copy of the project, on which the check is run.

The folder of a build with notebooks and exercises is the argument."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import common

BUILD = pathlib.Path(sys.argv.pop()).resolve()
COPIED = ["dev", "README.md", "CONTRIBUTING.md", "docs", "data", "lessons", "notebooks-cpp", "src", "tests", "tools", "bench"]
LESSON = "lessons/11-layer_norm/README.md"


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="limpid-check-")
        cls.root = pathlib.Path(cls.folder.name) / "limpid"
        cls.root.mkdir()
        for name in COPIED:
            source = common.ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, cls.root / name)
        program = common.ROOT / "limpid"
        if program.exists():
            shutil.copy2(program, cls.root / "limpid")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, only):
        environment = {**os.environ, "LIMPID_BUILT": "1", "LIMPID_SCRATCH": str(self.root / "scratch")}
        return subprocess.run([self.root / "tools/check", BUILD, "--fast", "--only", only], env=environment,
                              capture_output=True, text=True)

    def spoil(self, path, old, new, only, words):
        """With the edit the check fails and says so; without it, it passes."""
        file = self.root / path
        right = file.read_text()
        spoilt, count = re.subn(old, new, right, count=1, flags=re.DOTALL)
        self.assertEqual(count, 1, f"{path} has no {old}")
        try:
            file.write_text(spoilt)
            done = self.check(only)
        finally:
            file.write_text(right)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, done.stdout)

    def test_0_as_it_is_it_passes(self):
        for only in ("snippets", "unsolved"):
            done = self.check(only)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("1 passed, 0 failed", done.stdout)

    def test_a_stale_snippet(self):
        self.spoil("src/limpid/nn/layer_norm.cpp", r"const Real along_one = dx\.row\(i\)\.mean\(\);",
                   "const Real mean_of_dx = dx.row(i).mean();", "snippets", "a stale snippet")

    def test_a_dead_link(self):
        self.spoil(LESSON, r"\]\(\.\./\.\./src/limpid/nn/layer_norm\.cpp\)", "](../../src/limpid/nn/layernorm.cpp)",
                   "snippets", "a dead link: ../../src/limpid/nn/layernorm.cpp")

    def test_a_wrong_printed_number(self):
        self.spoil(LESSON, r"(<!-- output: notebook layer_norm by_hand -->.*?)-1\.069", r"\g<1>-1.068", "snippets",
                   "a wrong output")

    def test_an_exercise_that_passes_unsolved(self):
        self.spoil("lessons/11-layer_norm/exercises/1-implement/exercise.md", r"unsolved: todo\n",
                   "unsolved: todo\n\n## Planted\n\n```diff\n-    todo(\"forward: mean 0 and variance 1 for row i, then gain and bias\");\n"
                   "+    (void)i;\n```\n", "unsolved", "11-layer_norm/1-implement")
        # All marks gone: the learner is given the solution.
        self.spoil("lessons/11-layer_norm/exercises/1-implement/layer_norm.cpp", r"\A.*\Z",
                   lambda match: re.sub(r"^ *//[<>].*\n", "", match.group(), flags=re.MULTILINE), "unsolved",
                   "11-layer_norm/1-implement: it passes unsolved")


if __name__ == "__main__":
    unittest.main()
