"""Exercises as files, and the learner's desk; that they compile and grade is proven for each one by
`learn.py prove`."""
import contextlib
import io
import shutil
import subprocess
import sys
import unittest

import common
import learn

EXERCISE = """# Write twice

kind: implement
file: twice.cpp
unsolved: todo

What to do.

## Hint: think

Twice.

## Hint: add

Add a to a.

## Mistake: once (answer)

```diff
-  return 2 * a;
+  return a;
```
"""
CODE = """int twice(int a) {
  //> // a, two times.
  //> todo("twice");
  return 2 * a;
  //<
}
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.project = common.Project({
            "lessons/01-thing/exercises/1-implement/exercise.md": EXERCISE,
            "lessons/01-thing/exercises/1-implement/twice.cpp": CODE,
            "lessons/01-thing/exercises/2-find_the_bug/exercise.md":
                EXERCISE.replace("twice.cpp", "bug.cpp") + "\n## Planted\n\n```diff\n-  return 2 * a;\n+  return 3 * a;\n```\n",
            "lessons/01-thing/exercises/2-find_the_bug/bug.cpp": "int twice(int a) {\n  return 2 * a;\n}\n"})
        self.addCleanup(self.project.folder.cleanup)
        self.root, learn.ROOT = learn.ROOT, self.project.root
        self.addCleanup(lambda: setattr(learn, "ROOT", self.root))
        self.one, self.two = learn.exercises()
        self.desk = learn.Desk(self.project.root)


class Exercises(Case):
    def test_what_the_learner_gets_and_what_the_solution_is(self):
        self.assertEqual(self.one.unsolved(), 'int twice(int a) {\n  // a, two times.\n  todo("twice");\n}\n')
        self.assertEqual(self.one.solution(), "int twice(int a) {\n  return 2 * a;\n}\n")
        self.assertIn("return 3 * a;", self.two.unsolved())
        self.assertIn("return 2 * a;", self.two.solution())

    def test_the_parts_of_exercise_md(self):
        self.assertEqual((self.one.title, self.one.text), ("Write twice", "What to do."))
        self.assertEqual([title for title, _ in self.one.hints], ["think", "add"])
        self.assertEqual((self.one.mistakes[0]["name"], self.one.mistakes[0]["part"]), ("once", "answer"))

    def test_an_edit_must_match_once_whatever_the_white_space(self):
        self.assertEqual(learn.apply("a  =\n  b;", [(["a = b;"], ["a = c;"])]), "a = c;")
        for text in ("x", "a = b; a = b;"):
            with self.assertRaisesRegex(learn.Trouble, "times, expected once"):
                learn.apply(text, [(["a = b;"], ["c"])])

    def test_choosing(self):
        for words, number in (([], 1), (["thing"], 1), (["01"], 1), (["thing", "2"], 2)):
            self.assertEqual(learn.choose(self.desk, words).number, number)
        self.desk.of(self.one)["passed"] = True
        self.assertEqual(learn.choose(self.desk, ["thing"]).number, 2)
        for words, complaint in ((["other"], "there are: thing"), (["thing", "3"], "1 to 2, not 3")):
            with self.assertRaisesRegex(learn.Trouble, complaint):
                learn.choose(self.desk, words)


class Findings(Case):
    def test_outcomes(self):
        for found, expected in (([("began", "a"), ("passed", "a 0")], ("passed", "")),
                                ([("todo", "x"), ("failed", "a")], ("todo", "a")),
                                ([("question", "q"), ("mistake", "once"), ("failed", "a")], ("mistake once", "a")),
                                ([("question", "q"), ("failed", "a")], ("unknown", "a")),
                                ([("test", "by hand"), ("failed", "a")], ("test", "a")),
                                ([("passed", "o 0"), ("began", "a"), ("crash", "signal")], ("crash", "a"))):
            if expected != ("passed", ""):
                found = [("began", "a"), *found]
            self.assertEqual(learn.outcome(found), expected)
        self.assertEqual(learn.outcome([]), ("crash", ""))  # a grading that says nothing has not passed

    def run_script(self, script, **limits):
        self.project.put("program", "#!/bin/sh\n" + script)
        program = self.project.root / "program"
        program.chmod(0o755)
        return learn.run(program, **limits)

    def test_crashes_and_loops_are_told(self):
        found, _ = self.run_script("echo 'began forward' > $1; kill -SEGV $$")
        self.assertEqual(learn.outcome(found), ("crash", "forward"))
        self.assertIn("signal 11", found[-1][1])
        found, _ = self.run_script("echo 'began forward' > $1; echo \"Assertion \\`i < 3' failed\" >&2; kill -ABRT $$")
        self.assertIn("Eigen asserts i < 3", found[-1][1])
        found, printed = self.run_script("echo 'began forward' > $1; echo mine >&2; "
                                         "echo \"/usr/include/c++/12/x.h:1: Assertion 'n < size' failed.\" >&2; kill -ABRT $$")
        self.assertIn("The standard library asserts n < size", found[-1][1])
        self.assertEqual(printed, "mine\n")  # what goes to stderr is shown too, but for the assertion
        found, _ = self.run_script("echo 'began forward' > $1; while :; do :; done", cpu=1)
        self.assertEqual(learn.outcome(found), ("crash", "forward"))
        self.assertIn("computed for 1 s", found[-1][1])
        found, _ = self.run_script("echo 'began forward' > $1; exec sleep 30", clock=1)
        self.assertEqual(learn.outcome(found), ("crash", "forward"))
        self.assertIn("did not end within 1 s", found[-1][1])
        # Waiting is not computing: a busy machine does not make a slow solution of a good one.
        found, _ = self.run_script("echo 'began forward' > $1; sleep 2; echo 'passed forward 0' >> $1", cpu=1)
        self.assertEqual(learn.outcome(found), ("passed", ""))
        found, printed = self.run_script("echo mine; exit 3")
        self.assertEqual((learn.outcome(found)[0], printed), ("crash", "mine\n"))

    def test_a_crash_is_told_with_its_question_and_its_line(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            learn.tell([("began", "forward"), ("asking", "y for one row"), ("asking", "y for two rows"), ("crash", "It crashed.")])
        self.assertIn("It happened in the question: y for two rows", out.getvalue())
        self.assertNotIn("one row", out.getvalue())
        source = self.project.root / "deep.c"
        source.write_text("int main(void) {\n  return 0;\n}\n")
        program = self.project.root / "deep"
        compiler = shutil.which("cc")
        if compiler is None or shutil.which("addr2line") is None or sys.platform != "linux":
            self.skipTest("no C compiler, or no addr2line")
        subprocess.run([compiler, "-g1", "-no-pie", "-o", program, source], check=True)
        symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
        main = next(line.split()[0] for line in symbols.splitlines() if line.endswith(" T main"))
        self.assertEqual(learn.where_it_died(program, source, [("call", "1"), ("call", "2"), ("call", main)]), (1, "int main(void) {"))
        self.assertIsNone(learn.where_it_died(program, source, [("call", "0x1")]))
        self.assertIsNone(learn.where_it_died(program, source, []))

    def test_memory_has_a_limit(self):
        if sys.platform != "linux":
            self.skipTest("only Linux counts it")
        found, _ = self.run_script(f"ulimit -d | grep -qx {learn.MEMORY_LIMIT >> 10} && echo 'passed forward 0' > $1")
        self.assertEqual(learn.outcome(found), ("passed", ""))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            learn.tell([("began", "forward"), ("asking", "y"), ("threw", "std::bad_alloc"), ("failed", "forward")])
        self.assertIn("more than 4 GB of memory", out.getvalue())

    def test_only_the_first_failure_is_told_with_expected_got_and_mistake(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            learn.tell([("passed", "forward 5"), ("began", "backward"), ("question", "y"), ("expected", " 1 2"), ("got", " 1 3"),
                        ("mistake", "once"), ("why", "Twice is not once."), ("failed", "backward")])
        for words in ("passed   forward", "5 of the module's own tests", "not yet  backward", "expected  1 2", "got       1 3",
                      "Likely mistake: once", "Twice is not once."):
            self.assertIn(words, out.getvalue())


class DeskOfTheLearner(Case):
    def quiet(self, call, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            call(*arguments)
        return out.getvalue()

    def test_progress_survives(self):
        self.desk.lay_out(self.one)
        self.desk.of(self.one)["passed"] = True
        self.desk.save(last=self.one)
        again = learn.Desk(self.project.root)
        self.assertEqual(again.state(self.one), "passed")
        self.assertEqual(again.state(self.two), "-")
        self.assertIn("1 of 2 exercises solved", self.quiet(learn.status, again, False))

    def test_hints_come_one_by_one(self):
        self.assertIn("Hint 1 of 2", self.quiet(learn.hint, self.desk, self.one))
        self.assertIn("Add a to a.", self.quiet(learn.hint, self.desk, self.one))
        self.assertIn("Hint 2 of 2", self.quiet(learn.hint, self.desk, self.one))

    def test_the_solution_waits_until_it_is_solved_or_asked_for(self):
        with self.assertRaisesRegex(learn.Trouble, "--anyway"):
            learn.solution(self.desk, self.one, False)
        self.assertIn("return 2 * a;", self.quiet(learn.solution, self.desk, self.one, True))
        self.desk.of(self.one)["passed"] = True
        self.assertIn("return 2 * a;", self.quiet(learn.solution, self.desk, self.one, False))

    def test_reset_keeps_the_old_file(self):
        self.desk.lay_out(self.one)
        self.desk.file(self.one).write_text("mine")
        self.desk.of(self.one)["passed"] = True
        self.quiet(learn.reset, self.desk, self.one)
        self.assertEqual(self.desk.file(self.one).read_text(), self.one.unsolved())
        self.assertEqual((self.project.root / "my/01-thing/twice.old1.cpp").read_text(), "mine")
        self.assertEqual(learn.Desk(self.project.root).state(self.one), "begun")

    def test_a_broken_progress_file_is_named(self):
        self.project.put("my/progress.json", "{")
        with self.assertRaisesRegex(learn.Trouble, "progress.json cannot be read"):
            learn.Desk(self.project.root)


if __name__ == "__main__":
    unittest.main()
