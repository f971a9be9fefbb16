"""The lessons' checks on a project of one lesson: it is right, and then each thing in turn is not."""
import unittest

import common
import lessons

LESSON = """# Thing

<!-- concepts: nn/thing -->
[code](../../src/limpid/nn/thing.cpp) [test](../../tests/nn/thing_test.cpp) [notebook](../../notebooks-cpp/01-thing.cpp)

""" + "".join(f"## {part}\n\n{'word ' * 140}\n\n" for part in lessons.PARTS) + """
<!-- code: src/limpid/nn/thing.cpp twice -->
```cpp
int twice(int a) { return 2 * a; }
```

<!-- output: notebook thing numbers -->
```text
two 2
three 3
```

<!-- output: notebook thing numbers from "three" to "three" -->
```text
three 3
```

![a box](pictures/box.svg)

See [the parts](#by-hand).
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><rect x="10.5"/></svg>'
SYLLABUS = """# Lessons

| no | lesson | what | code | needs | minutes | state |
| --- | --- | --- | --- | --- | --- | --- |
| 01 | [thing](01-thing/README.md) | a thing | `nn/thing` | | 10 | done |
| 02 | other | another | `nn/other` | 01 | 10 | planned |
"""
FILES = {
    "dev": "case $command in\n  learn) x ;;\n  help|-h) usage ;;\nesac\n",
    "README.md": "[lessons](lessons/README.md) `./dev learn`\n",
    "lessons/README.md": SYLLABUS,
    "lessons/01-thing/README.md": LESSON,
    "lessons/01-thing/pictures/box.svg": PICTURE,
    "lessons/01-thing/exercises/1-implement/exercise.md": "# An exercise\n",
    "src/limpid/nn/thing.hpp": "/// A thing.\nint twice(int a);\n",
    "src/limpid/nn/thing.cpp": "int twice(int a) { return 2 * a; }\n",
    "tests/nn/thing_test.cpp": "",
    "notebooks-cpp/01-thing.cpp": "// %% [markdown]\n// # Thing, of [the lesson](../lessons/01-thing/README.md)\n\n// %% numbers\nNB_CELL {};\n",
}


class OneLesson(unittest.TestCase):
    def problems(self, changes=None, remove=None, refresh=False):
        with common.Project({**FILES, **(changes or {})}) as project:
            if remove:
                (project.root / remove).unlink()
            tree = lessons.Tree(project.root, project.root / "build")
            tree.notebooks["01-thing"] = [{"kind": "code", "name": "numbers", "outputs": [
                {"text": "two 2\nthree 3\n"}, {"mime": "image/svg+xml", "name": "box", "data": PICTURE}]}]
            found = lessons.examine(tree, refresh)
            if refresh:
                self.after = project.read("lessons/01-thing/README.md")
                found = lessons.examine(tree)
            return found

    def expect(self, words, changes=None, remove=None):
        found = self.problems(changes, remove)
        self.assertTrue(any(words in line for line in found), f"expected '{words}' in {found}")

    def lesson(self, old, new):
        self.assertIn(old, LESSON)
        return {"lessons/01-thing/README.md": LESSON.replace(old, new)}

    def test_a_right_lesson_has_no_problem(self):
        self.assertEqual(self.problems(), [])

    def test_a_stale_snippet(self):
        self.expect("a stale snippet of src/limpid/nn/thing.cpp twice",
                    {"src/limpid/nn/thing.cpp": "int twice(int a) { return a + a; }\n"})
        self.expect("no definition of twice", {"src/limpid/nn/thing.cpp": "int thrice(int a);\n"})

    def test_a_wrong_number(self):
        self.expect('a wrong output of notebook thing numbers: the lesson says "three 4", expected "three 3"',
                    self.lesson("two 2\nthree 3", "two 2\nthree 4"))
        self.expect("a wrong output", self.lesson("two 2\nthree 3", "two 2"))
        self.expect("no cell called letters", self.lesson("thing numbers -->\n```text\ntwo", "thing letters -->\n```text\ntwo"))

    def test_dead_links(self):
        self.expect("a dead link: there.md", {"README.md": "[x](there.md)\n"})
        self.expect("no heading #by-foot", self.lesson("#by-hand", "#by-foot"))
        self.expect("notebooks-cpp/01-thing.cpp:2: a dead link",
                    {"notebooks-cpp/01-thing.cpp": FILES["notebooks-cpp/01-thing.cpp"].replace("01-thing/R", "02-thing/R")})
        self.expect("./dev knows no command fly", {"README.md": "Try `./dev fly`.\n"})

    def test_a_picture_that_drifted(self):
        self.expect("is not what the notebook shows", {"lessons/01-thing/pictures/box.svg": PICTURE.replace("10.5", "20")})
        self.expect("is not what the notebook shows", remove="lessons/01-thing/pictures/box.svg")
        self.assertEqual(self.problems({"lessons/01-thing/pictures/box.svg": PICTURE.replace("10.5", "10.9")}), [])

    def test_missing_parts(self):
        self.expect('no part "## Break it"', self.lesson("## Break it", "## Something else"))
        self.assertEqual(self.problems(self.lesson("## Backward\n", "<!-- no Backward: nothing to learn -->\n")), [])
        self.expect("words outside of code", self.lesson("word " * 140, "word " * 20))
        self.expect("C++ without", {"lessons/01-thing/README.md": LESSON + "\n```cpp\nint x;\n```\n"})
        self.expect("no link to tests/nn/thing_test.cpp", self.lesson("../../tests/nn/thing_test.cpp", "../README.md"))
        self.expect("no fence follows", self.lesson("twice -->\n```cpp", "twice -->\n\n```cpp"))
        self.expect("has no exercises", remove="lessons/01-thing/exercises/1-implement/exercise.md")

    def test_the_syllabus(self):
        def syllabus(old, new):
            self.assertIn(old, SYLLABUS)
            return {"lessons/README.md": SYLLABUS.replace(old, new)}
        self.expect("thing is planned, but lessons/01-thing is there", syllabus("done", "planned"))
        self.expect("other is done, but lessons/02-other is not there", syllabus("planned", "done"))
        self.expect("needs 03, which does not come before it", syllabus("| 01 | 10", "| 03 | 10"))
        self.expect("number 01 is there twice", syllabus("| 02 |", "| 01 |"))

    def test_every_concept_has_a_place_in_the_syllabus(self):
        for area in ("nn", "core", "tales", "an_area_to_come"):
            header = {f"src/limpid/{area}/new.hpp": "/// New.\n"}
            self.expect(f"{area}/new has no place in the syllabus", header)
            helper = {"lessons/README.md": SYLLABUS + f"\nWithout a lesson of its own: `{area}/new`.\n"}
            self.assertEqual(self.problems({**header, **helper}), [])
            self.expect(f"lessons/README.md:8: {area}/new: there is no", helper)
        self.expect("nn/thing has no place", {"lessons/README.md": SYLLABUS.replace("`nn/thing`", "`nn/things`")})
        self.expect("nn/things: there is no", {"lessons/README.md": SYLLABUS.replace("`nn/thing`", "`nn/things`")})
        self.assertEqual(self.problems({"src/limpid/cli/new.hpp": "/// A command is no concept.\n"}), [])

    def test_refresh_mends_snippets_outputs_and_pictures(self):
        changes = self.lesson("two 2\nthree 3", "two 2\nthree 4")
        changes["src/limpid/nn/thing.cpp"] = "int twice(int a) { return a + a; }\n"
        changes["lessons/01-thing/pictures/box.svg"] = "<svg/>"
        self.assertEqual(self.problems(changes, refresh=True), [])
        self.assertIn("```cpp\nint twice(int a) { return a + a; }\n```", self.after)
        self.assertIn("two 2\nthree 3\n```", self.after)


if __name__ == "__main__":
    unittest.main()
