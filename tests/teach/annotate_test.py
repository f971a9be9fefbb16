"""Sources as pages: no line is lost, and a comment becomes what it means."""
import html
import pathlib
import re
import unittest

import common  # puts the tools on the path
import annotate
import notebook

SOURCE = """/// Twice: a number and itself.
///
///   y = 2 x            for every x
///   dx = 2 dy
///
/// SHAPES  x, y [N, C];  scale [C] learned
/// SOURCE  Nobody 2020,
///         arXiv:2001.00001, as in nn/other
/// USES    nn/other
#pragma once

#include "limpid/nn/other.hpp"

namespace limpid {

// It is `2 * a`, see other.hpp.
int twice(int a) {
  // Added, not multiplied:
  //   - once
  // - an item
  return a + a;  // the end
}

}  // namespace limpid
"""
SYLLABUS = """| 02 | [two](02-two/README.md) | of twos | `nn/twice` | | 9 | done |
| 03 | one | of ones | `nn/other` | | 9 | planned |
"""


def text_of(page):
    """What a page says, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


class Rows(unittest.TestCase):
    def test_a_comment_stands_beside_the_code_that_follows_it(self):
        found = annotate.rows("// one\nint a;\n// two\nint b;\nint c;\n")
        self.assertEqual(found, [(["// one"], ["int a;"], 1), (["// two"], ["int b;", "int c;"], 3)])
        found = annotate.rows("int a;  ///< one\n        ///< and more\n// clang-format off\n")
        self.assertEqual(found, [([], ["int a;  ///< one", "        ///< and more", "// clang-format off"], 1)])

    def test_a_blank_line_at_the_outer_level_begins_a_row_and_within_a_function_it_does_not(self):
        found = annotate.rows("int a() {\n  b;\n\n  c;\n}\n\nint d;\n")
        self.assertEqual([code for _, code, _ in found], [["int a() {", "  b;", "", "  c;", "}", ""], ["int d;"]])

    def test_no_line_of_any_source_is_lost_or_moved(self):
        files = sorted((common.ROOT / "src/limpid").rglob("*.[ch]pp"))
        self.assertGreater(len(files), 100)
        for file in files:
            text = file.read_text()
            lines, number = [], 1
            for comment, code, first in annotate.rows(text):
                self.assertEqual(first, number, file)
                lines += comment + code
                number += len(comment) + len(code)
            self.assertEqual(lines, text.rstrip("\n").split("\n"), file)


class Comments(unittest.TestCase):
    def blocks(self, *lines):
        return annotate.blocks(annotate.uncommented(lines))

    def test_prose_formulas_items_titles_and_facts(self):
        self.assertEqual(self.blocks("/// Some", "/// words.", "///", "///   a = b", "///     c", "///", "/// - one", "///   more"),
                         [("prose", "Some words."), ("formula", ["a = b", "  c"]), ("item", "one more")])
        self.assertEqual(self.blocks("// prose", "// SHAPES  x [N];", "//         y [C]", "// COST    much"),
                         [("prose", "prose"), ("field", "SHAPES", "x [N]; y [C]"), ("field", "COST", "much")])
        self.assertEqual(self.blocks("// --- Forward: slopes ------"), [("title", "Forward: slopes")])
        self.assertEqual(self.blocks("// BERT does it too."), [("prose", "BERT does it too.")])

    def test_shapes(self):
        self.assertEqual(annotate.shapes("x, y [N, C];  scale [C] learned; T rows"),
                         [("x, y", "[N, C]", ""), ("scale", "[C]", "learned"), ("T rows", "", "")])
        self.assertEqual(annotate.shapes("a [M, K], b [K, N]"), [("a", "[M, K]", ""), ("b", "[K, N]", "")])

    def test_what_a_formula_remarks_is_softer(self):
        made = annotate.formula(["y     = f(x)      for x < 1", "dy = 1    dx = 2", "a   b"])
        self.assertIn('y     = f(x)      <span class="remark">for x &lt; 1</span>', made)
        self.assertIn("dy = 1    dx = 2\n", made)
        self.assertIn('a   <span class="remark">b</span>', made)
        self.assertNotIn("remark", annotate.formula(["1. one    a list", "2. two    is no equation"]))


class Pages(unittest.TestCase):
    def setUp(self):
        self.project = common.Project({"src/limpid/nn/twice.hpp": SOURCE, "src/limpid/nn/other.hpp": "/// Other. More.\nint o;\n",
                                       "src/limpid/nn/twice.cpp": "int x = 1 < 2;\n", "src/limpid/core/a.hpp": "/// A core.\n",
                                       "lessons/README.md": SYLLABUS, "lessons/02-two/README.md": "", "tests/nn/twice_test.cpp": ""})
        self.addCleanup(self.project.folder.cleanup)
        self.out = self.project.root / "build/annotated"
        self.pages = annotate.annotate(self.project.root, self.out)

    def page(self, name):
        return (self.out / name).read_text()

    def test_one_for_each_file_and_an_index_all_whole_in_themselves(self):
        self.assertEqual(sorted(self.pages), sorted(path.name for path in self.out.iterdir()))
        self.assertEqual(len(self.pages), 5)
        for name in self.pages:
            notebook.check_page(self.page(name))
            self.assertIn('name="viewport"', self.page(name))
            self.assertIn("prefers-color-scheme:dark", self.page(name))

    def test_every_link_leads_somewhere(self):
        for name in self.pages:
            for target in re.findall(r'href="([^"]+)"', self.page(name)):
                if target.startswith("#"):
                    self.assertIn(f'id="{target[1:]}"', self.page(name))
                elif not target.startswith("https://arxiv.org/"):
                    self.assertTrue((self.out / target).exists(), f"{name}: {target}")

    def test_a_page_says_what_the_file_says(self):
        page = self.page("nn_twice_hpp.html")
        for words in ('<pre class="formula">y = 2 x            <span class="remark">for every x</span>\ndx = 2 dy</pre>',
                      "<td><code>x, y</code></td><td><code>[N, C]</code></td>", 'href="https://arxiv.org/abs/2001.00001"',
                      '<a href="nn_other_hpp.html">nn/other</a>', '<a href="nn_other_hpp.html">other.hpp</a>',
                      "<code>2 * a</code>", "<li>an item</li>", "lesson 02, two", "its tests",
                      '<a class="line" id="L17" href="#L17">17</a>'):
            self.assertIn(words, page)
        self.assertIn("return a + a;  // the end", text_of(page))
        self.assertEqual(SOURCE.split("\n")[16], "int twice(int a) {")  # line 17

    def test_code_without_a_comment_at_its_top_borrows_the_headers(self):
        page = self.page("nn_twice_cpp.html")
        self.assertIn("Twice: a number and itself.", page)
        self.assertIn("int x = 1 < 2;", text_of(page))

    def test_the_index_follows_the_syllabus_and_then_the_areas(self):
        text = text_of(self.page("index.html"))
        places = [text.index(words) for words in ("02 two", "nn/twice", "03 one", "nn/other", "core/a")]
        self.assertEqual(places, sorted(places))
        self.assertIn("Other", text)
        self.assertNotIn("More", text)

    def test_what_is_gone_loses_its_page(self):
        (self.project.root / "src/limpid/core/a.hpp").unlink()
        annotate.annotate(self.project.root, self.out)
        self.assertFalse((self.out / "core_a_hpp.html").exists())


class Ours(unittest.TestCase):
    def test_the_projects_own_pages_are_valid_and_their_links_alive(self):
        with common.Project({}) as scratch:
            out = pathlib.Path(scratch.root) / "annotated"
            pages = annotate.annotate(common.ROOT, out)
            for name in pages:
                page = (out / name).read_text()
                notebook.check_page(page)
                for target in re.findall(r'href="([^"#]+)"', page):
                    if not re.match(r"\w+:", target):
                        self.assertTrue((out / target).exists(), f"{name}: {target}")


if __name__ == "__main__":
    unittest.main()
