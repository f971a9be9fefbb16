"""The Jupyter kernel. What needs clang-repl, or Jupyter, is skipped where that is not installed.

The folder of a build with the shared library is the argument."""
import importlib.util
import os
import pathlib
import sys
import unittest

import common
import kernel
import notebook

BUILD = pathlib.Path(sys.argv.pop()).resolve() if len(sys.argv) > 1 else None
READY = BUILD is not None and notebook.find_repl() is not None
SUPPORT = '#include "support/notebook.hpp"\n'


class Contents(unittest.TestCase):
    def test_text_and_pictures_become_messages(self):
        printed = b"\x1e cell 1\nhello\n\x1e show image/svg+xml box 6\n<svg/>\x1e end\n"
        self.assertEqual(list(kernel.contents(printed)),
                         [("stream", {"name": "stdout", "text": "hello\n"}),
                          ("display_data", {"data": {"image/svg+xml": "<svg/>"}, "metadata": {}})])

    def test_jupyter_finds_the_kernel_that_the_notebooks_name(self):
        with common.Project({}) as project:
            kernel.install(project.root, pathlib.Path("build"))
            spec = project.read(f"kernels/{notebook.ipynb([])['metadata']['kernelspec']['name']}/kernel.json")
            self.assertIn("kernel.py", spec)


@unittest.skipUnless(READY, "needs clang-repl and a build")
class Cells(unittest.TestCase):
    def setUp(self):
        self.session = kernel.Session(BUILD)
        self.addCleanup(self.session.folder.cleanup)
        self.addCleanup(self.session.stop)
        self.assertEqual(self.session.run(SUPPORT + "int a = 3;"), b"")

    def test_a_cell_sees_the_cells_before_it_and_the_library(self):
        self.session.run('#include "limpid/nn/layer_norm.hpp"\nlimpid::LayerNorm<double> norm(4);')
        printed = self.session.run('NB_CELL { std::printf("%d\\n", a + int(norm.parameters().size())); };')
        self.assertEqual(list(kernel.contents(printed)), [("stream", {"name": "stdout", "text": "5\n"})])

    def test_a_cell_that_does_not_compile_leaves_the_session_as_it_was(self):
        with self.assertRaisesRegex(kernel.CellError, "cell:1:9: error: .*'c'"):
            self.session.run("int b = c;")
        self.assertIn(b"3", self.session.run('NB_CELL { int b = a; std::printf("%d", b); };'))

    def test_a_cell_that_crashes_ends_the_session_and_the_next_begins_anew(self):
        with self.assertRaisesRegex(kernel.CellError, "ended the session"):
            self.session.run("NB_CELL { throw 1; };")
        self.session.run(SUPPORT + "int a = 4;")
        self.assertIn(b"4", self.session.run('NB_CELL { std::printf("%d", a); };'))


@unittest.skipUnless(READY and importlib.util.find_spec("ipykernel"), "needs Jupyter's ipykernel")
class Jupyter(unittest.TestCase):
    def test_a_cell_runs_through_jupyter(self):
        import jupyter_client
        with common.Project({}) as project:
            kernel.install(project.root, BUILD)
            os.environ["JUPYTER_PATH"] = str(project.root)
            manager, client = jupyter_client.manager.start_new_kernel(kernel_name="xcpp20")
            self.addCleanup(manager.shutdown_kernel, now=True)
            self.addCleanup(client.stop_channels)
            messages = []
            for cell in (SUPPORT, 'NB_CELL { std::printf("hi\\n"); nb::show_svg("box", "<svg/>"); };', "int b = c;"):
                client.execute_interactive(cell, timeout=120, output_hook=messages.append)
            found = [(m["msg_type"], m["content"]) for m in messages if m["msg_type"] not in ("status", "execute_input")]
            self.assertEqual([kind for kind, _ in found], ["stream", "display_data", "error"])
            self.assertEqual(found[0][1]["text"], "hi\n")
            self.assertEqual(found[1][1]["data"], {"image/svg+xml": "<svg/>"})
            self.assertIn("'c'", found[2][1]["evalue"])


if __name__ == "__main__":
    unittest.main()
