import unittest

import common  # noqa: F401
import markup
import notebook


class Markdown(unittest.TestCase):
    def html(self, text, expected):
        self.assertEqual(markup.markdown(text), expected)

    def test_blocks(self):
        self.html("# A title\n\nTwo\nlines.", '<h1 id="a-title">A title</h1>\n<p>Two lines.</p>')
        self.html("- one\n  more\n- two", "<ul><li>one more</li><li>two</li></ul>")
        self.html("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>")
        self.html("> said\n> so", "<blockquote><p>said so</p></blockquote>")
        self.html("| a | b |\n| --- | --- |\n| 1 | 2 |",
                  "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>")
        self.html("```text\n# a < b\n```", "<pre># a &lt; b</pre>")
        self.html("<!-- hidden -->\nseen", "<p>seen</p>")

    def test_inline(self):
        self.html("`a * b` and *so* **it** is", "<p><code>a * b</code> and <em>so</em> <strong>it</strong> is</p>")
        self.html("[x](y.md) ![p](q.svg)", '<p><a href="y.md">x</a> <img alt="p" src="q.svg"></p>')
        self.html("2 * 3 * 4 < 5 & `**x**`", "<p>2 * 3 * 4 &lt; 5 &amp; <code>**x**</code></p>")

    def test_slug_as_on_github(self):
        self.assertEqual(markup.slug("What real systems do"), "what-real-systems-do")
        self.assertEqual(markup.slug("`dW = x^T dy`, by hand"), "dw--xt-dy-by-hand")
        self.assertEqual(markup.slug("See [this](there.md)"), "see-this")


class Cpp(unittest.TestCase):
    def test_colours(self):
        self.assertEqual(markup.cpp('int a = 1; // "x" < 2'),
                         '<span class="word">int</span> a = <span class="number">1</span>; '
                         '<span class="comment">// "x" &lt; 2</span>')
        self.assertEqual(markup.cpp('f("// no")'), 'f(<span class="string">"// no"</span>)')
        self.assertEqual(markup.cpp("Matrix m"), '<span class="type">Matrix</span> m')


class Page(unittest.TestCase):
    def test_it_is_whole_and_fetches_nothing(self):
        notebook.check_page(markup.page("A & B", "<main><p>x</p></main>"))


if __name__ == "__main__":
    unittest.main()
