import copy
import json
import stat
import unittest

import common
import notebook

SOURCE = """// %% [markdown]
// # Title
//
// Text.

// %% first
NB_CELL { hello(); };

// %%
int x;
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><rect x="1"/></svg>'
OUTPUT = (b"\x1e cell 7\nhello\n\x1e show image/svg+xml box %d\n%s\x1e end\nafter\n" % (len(PICTURE), PICTURE.encode()))


def cells():
    return notebook.attach(notebook.parse(SOURCE), OUTPUT)


class Source(unittest.TestCase):
    def test_cells(self):
        found = [(c["kind"], c["name"], c["text"], c["line"]) for c in notebook.parse(SOURCE)]
        self.assertEqual(found, [("markdown", "", "# Title\n\nText.", 2),
                                 ("code", "first", "NB_CELL { hello(); };", 7), ("code", "", "int x;", 10)])

    def test_mistakes_have_a_line(self):
        for text, words in (("int x;\n// %%\n", "line 1 stands before"), ("// %% [markdown]\nint x;\n", "line 2: code"),
                            ("// %% a\n// %% a\n", "two cells are called a")):
            with self.assertRaisesRegex(notebook.NotebookError, words):
                notebook.parse(text)


class Outputs(unittest.TestCase):
    def test_text_and_pictures_come_to_their_cell_in_order(self):
        outputs = cells()[1]["outputs"]
        self.assertEqual(outputs, [{"text": "hello\n"}, {"mime": "image/svg+xml", "name": "box", "data": PICTURE},
                                   {"text": "after\n"}])
        self.assertEqual(cells()[2]["outputs"], [])

    def test_a_notebook_that_fails_is_an_error_with_its_words(self):
        with common.Project({"notebooks-cpp/01-x.cpp": SOURCE,
                             "build/notebooks-cpp/01-x": "#!/bin/sh\necho 'line 7: does not hold: a == b'\nexit 1\n"}) as p:
            program = p.root / "build/notebooks-cpp/01-x"
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            with self.assertRaisesRegex(notebook.NotebookError, "does not hold: a == b"):
                notebook.run(p.root / "build", "01-x", p.root)
            with self.assertRaisesRegex(notebook.NotebookError, "no notebook is called 'y'; there are: 01-x"):
                notebook.full_name("y", p.root)
            for name in ("01-x", "x", "01"):
                self.assertEqual(notebook.full_name(name, p.root), "01-x")


class Rendered(unittest.TestCase):
    def test_what_we_write_is_valid(self):
        made = notebook.ipynb(cells())
        notebook.check_ipynb(json.loads(json.dumps(made)))
        self.assertEqual([c["cell_type"] for c in made["cells"]], ["markdown", "code", "code"])
        self.assertEqual(made["cells"][1]["outputs"][1]["data"]["image/svg+xml"], [PICTURE])
        page = notebook.web_page(cells(), "Title")
        notebook.check_page(page)
        self.assertIn(PICTURE, page)
        self.assertIn('<pre class="output">hello</pre>', page)

    def test_what_is_not_valid_is_seen(self):
        good = notebook.ipynb(cells())

        def spoilt(change):
            bad = copy.deepcopy(good)
            change(bad)
            with self.assertRaises((notebook.NotebookError, KeyError)):
                notebook.check_ipynb(bad)

        spoilt(lambda n: n.update(nbformat=3))
        spoilt(lambda n: n["cells"][1].update(id=n["cells"][0]["id"]))
        spoilt(lambda n: n["cells"][1].update(execution_count=None))
        spoilt(lambda n: n["cells"][1]["outputs"][1]["data"].update({"image/svg+xml": ["<svg>"]}))
        spoilt(lambda n: n["cells"].clear())
        for page in ("<p><b></p></b>", "<p>", '<img src="http://x.org/a.png">', "</p>"):
            with self.assertRaises(notebook.NotebookError):
                notebook.check_page(page)
        for picture in ("<svg/>", PICTURE.replace('"1"', '"nan"'), PICTURE.replace('"1"', '"-inf"')):
            with self.assertRaises(notebook.NotebookError):
                notebook.check_svg(picture)


if __name__ == "__main__":
    unittest.main()
