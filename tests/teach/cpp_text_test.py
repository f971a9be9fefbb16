import unittest

import common  # noqa: F401
import cpp_text

SOURCE = '''/// A thing.
/// SHAPES  none
#include "x.hpp"

namespace limpid {

template <class Real>
Thing<Real>::Thing(int n)
    : a(n),
      b{n, n} {}

// Not a part of it.
template <class Real>
auto Thing<Real>::backward(const Matrix& dy) -> Matrix {
  // a brace in a comment: }
  const char* text = "and in a string: }";
  if (helper(dy)) {
    return other(dy);
  }
  return dy;
}

double helper(int a);

double helper(int a) { return a; }
double helper(double a) { return a; }

struct Cache {
  int rows;
  int bytes() const { return helper(rows); }
};

}  // namespace limpid
'''


class Definitions(unittest.TestCase):
    def test_a_member_from_its_template_line_to_its_brace(self):
        found = cpp_text.definition(SOURCE, "Thing::backward")
        self.assertTrue(found.startswith("template <class Real>\nauto Thing<Real>::backward"))
        self.assertTrue(found.endswith("  return dy;\n}"))

    def test_a_constructor_with_initialisers_in_braces(self):
        self.assertTrue(cpp_text.definition(SOURCE, "Thing::Thing").endswith("b{n, n} {}"))

    def test_a_declaration_and_a_call_are_not_definitions(self):
        self.assertEqual(cpp_text.definition(SOURCE, "helper"), "double helper(int a) { return a; }")
        self.assertEqual(cpp_text.definition(SOURCE, "helper#2"), "double helper(double a) { return a; }")
        with self.assertRaises(cpp_text.NotFound):
            cpp_text.definition(SOURCE, "other")

    def test_a_struct_with_its_semicolon(self):
        found = cpp_text.definition(SOURCE, "struct Cache")
        self.assertTrue(found.startswith("struct Cache {") and found.endswith("};"))

    def test_what_is_not_there(self):
        with self.assertRaisesRegex(cpp_text.NotFound, "no definition of Thing::forward"):
            cpp_text.definition(SOURCE, "Thing::forward")
        with self.assertRaises(cpp_text.NotFound):
            cpp_text.definition(SOURCE, "helper#3")


class Parts(unittest.TestCase):
    def test_the_comment_at_the_top(self):
        self.assertEqual(cpp_text.doc_comment(SOURCE), "/// A thing.\n/// SHAPES  none")

    def test_lines_from_to(self):
        self.assertEqual(cpp_text.part("a\nb\nc\nd", "b", "c"), "b\nc")
        self.assertEqual(cpp_text.part("a\nb\nc\nd", "b", "b"), "b")
        for first, last in (("x", "c"), ("c", "a")):
            with self.assertRaises(cpp_text.NotFound):
                cpp_text.part("a\nb\nc\nd", first, last)

    def test_dedent_keeps_the_shape(self):
        self.assertEqual(cpp_text.dedent("    a\n\n      b  \n"), "a\n\n  b")


if __name__ == "__main__":
    unittest.main()
