#!/usr/bin/env python3
"""Keeps what lessons show equal to what is so.

  lessons.py refresh --build DIR    write snippets, outputs and pictures anew
  lessons.py check   --build DIR    complain about each that differs; about dead links, missing parts,
                                    and a syllabus that does not match the folders

In a lesson an HTML comment before a fence says where the fence's text comes from:

  <!-- code: src/limpid/nn/layer_norm.cpp LayerNorm::backward -->
  <!-- code: src/limpid/nn/layer_norm.cpp LayerNorm::backward from "Matrix dx" to "return dx" -->
  <!-- code: src/limpid/nn/layer_norm.hpp comment -->            the comment at the top
  <!-- code: here only -->                                       nowhere else, and why is in the text
  <!-- output: notebook layer_norm by_hand -->                   what that cell printed
  <!-- output: ./limpid gradcheck layer_norm -->                 what that command prints
  <!-- sample: yours will differ -->                             a sample, not checked

A picture ![...](pictures/NAME.svg) is the one that the lesson's notebook shows as NAME.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys

import cpp_text
import markup
import notebook

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIRECTIVE = re.compile(r"<!-- (code|output|sample): (.*?) -->\n(?:(```\w*)\n(.*?)(?<=\n)```(?=\n|$))?", re.DOTALL)
PARTS = ["The idea", "By hand", "The mathematics", "The code", "Backward", "Try it", "Break it",
         "The exercises", "What real systems do", "Papers"]
WORDS = (1200, 2000)
NOT_IN_THE_COURSE = ["cli"]  # every concept of every other area has a place in the syllabus


class Problem(Exception):
    pass


class Tree:
    """The project's files, and what its programs print."""

    def __init__(self, root, build):
        self.root, self.build = root, build
        self.notebooks, self.commands = {}, {}

    def read(self, path):
        if not (self.root / path).is_file():
            raise Problem(f"{path} does not exist")
        return (self.root / path).read_text()

    def lessons(self):
        return sorted(path for path in (self.root / "lessons").glob("[0-9][0-9]-*") if path.is_dir())

    def documents(self):
        found = []
        for pattern in ("*.md", "docs/*.md", "lessons/**/*.md", "data/**/*.md"):
            found += sorted(self.root.glob(pattern))
        return found

    def cells(self, name):
        try:
            name = notebook.full_name(name, self.root)
            if name not in self.notebooks:
                self.notebooks[name] = notebook.outputs(self.build, name)
            return self.notebooks[name]
        except notebook.NotebookError as error:
            raise Problem(str(error)) from error

    def printed(self, source):
        """What a notebook's cell, or a command of ours, prints."""
        words = shlex.split(source)
        if words[0] == "notebook":
            cell = next((c for c in self.cells(words[1]) if c["name"] == words[2] and c["kind"] == "code"), None)
            if cell is None:
                raise Problem(f"notebook {words[1]} has no cell called {words[2]}")
            return "".join(output.get("text", "") for output in cell["outputs"])
        if words[0] != "./limpid":
            raise Problem(f"an output comes from a notebook or from ./limpid, not from {words[0]}")
        if source not in self.commands:
            try:
                done = subprocess.run(words, cwd=self.root, capture_output=True, text=True, timeout=300)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Problem(f"{source}: {error}") from error
            if done.returncode != 0:
                raise Problem(f"{source} ended with {done.returncode}: {done.stderr.strip()}")
            self.commands[source] = done.stdout
        return self.commands[source]

    def picture(self, lesson, name):
        for cell in self.cells(lesson.name):
            for output in cell["outputs"]:
                if output.get("name") == name and output["mime"] == "image/svg+xml":
                    return output["data"]
        raise Problem(f"the notebook of {lesson.name} shows no picture {name}")


# --- Snippets and outputs -------------------------------------------------------------------------
def source_of(tree, kind, words):
    """The text that the comment asks for; None when there is nothing to compare with."""
    if kind == "sample" or words == "here only":
        return None
    first = last = None
    if cut := re.search(r'\s+from "([^"]*)" to "([^"]*)"$', words):
        first, last = cut.groups()
        words = words[:cut.start()]
    if kind == "output":
        text = tree.printed(words)
    else:
        path, _, name = words.partition(" ")
        text = tree.read(path)
        if name == "comment":
            text = cpp_text.doc_comment(text)
        elif name:
            text = cpp_text.definition(text, name)
        elif first is None:
            raise Problem(f"which part of {path}?")
    if first is not None:
        text = cpp_text.part(text, first, last)
    text = cpp_text.dedent(text) if kind == "code" else text
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def walk(tree, text, complain):
    """The document with every block written anew; what differed is complained about."""
    def renew(match):
        kind, words, fence, body = match.groups()
        where = line_of(text, match.start())
        if fence is None:
            complain(where, f"no fence follows <!-- {kind}: {words} -->")
            return match.group()
        try:
            wanted = source_of(tree, kind, words)
        except (Problem, cpp_text.NotFound) as problem:
            complain(where, f"{words}: {problem}")
            return match.group()
        if wanted is None or body.rstrip("\n") == wanted:
            return match.group()
        old, new = body.rstrip("\n").split("\n"), wanted.split("\n")
        at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        shown = [f'"{lines[at].strip()}"' if at < len(lines) else "nothing more" for lines in (old, new)]
        what = "a stale snippet" if kind == "code" else "a wrong output"
        complain(where, f"{what} of {words}: the lesson says {shown[0]}, expected {shown[1]} (./dev lessons mends it)")
        return f"<!-- {kind}: {words} -->\n{fence}\n{wanted}\n```"

    return DIRECTIVE.sub(renew, text)


def without_blocks(text):
    """The same lines with nothing where fences and comments stood."""
    def lines(match):
        return "\n" * match.group().count("\n")
    return re.sub(r"<!--.*?-->|^```.*?^```", lines, text, flags=re.DOTALL | re.MULTILINE)


# --- Links ----------------------------------------------------------------------------------------
def headings(text):
    return {markup.slug(match.group(1)) for match in re.finditer(r"^#+ +(.*)", without_blocks(text), re.MULTILINE)}


def check_links(tree, path, text, complain):
    prose = re.sub(r"`[^`\n]*`", "", without_blocks(text))
    for match in re.finditer(r"\]\(([^)\s]+)\)", prose):
        target = match.group(1)
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        aim = (path.parent / file).resolve() if file else path
        where = line_of(prose, match.start())
        if not aim.exists():
            complain(where, f"a dead link: {target}")
        elif anchor and aim.suffix == ".md" and anchor not in headings(aim.read_text()):
            complain(where, f"a dead link: {file or path.name} has no heading #{anchor}")


def check_commands(tree, text, complain):
    """./dev WORD exists."""
    known = set(re.findall(r"^  ([a-z|-]+)\)", tree.read("dev"), re.MULTILINE))
    known = {word for words in known for word in words.split("|")}
    for match in re.finditer(r"\./dev ([a-z]+)", re.sub(r"<!--.*?-->", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)):
        if match.group(1) not in known:
            complain(line_of(text, match.start()), f"./dev knows no command {match.group(1)}")


# --- A lesson's parts -----------------------------------------------------------------------------
def check_parts(tree, lesson, text, complain):
    stem = lesson.name.partition("-")[2]
    excused = re.findall(r"<!-- no ([^:]+): \S.*? -->", text)
    there = re.findall(r"^## +(.*)", without_blocks(text), re.MULTILINE)
    for part in PARTS:
        if part not in excused and part not in there:
            complain(1, f'no part "## {part}" (or <!-- no {part}: the reason -->)')
    for fence in re.finditer(r"^```cpp$", text, re.MULTILINE):
        if not re.search(r"<!-- code: .* -->\n$", text[:fence.start()]):
            complain(line_of(text, fence.start()), "C++ without <!-- code: where it comes from -->")
    if "<!-- sample:" in text and "yours will differ" not in without_blocks(text):
        complain(1, "a sample, and nowhere the words 'yours will differ'")
    words = len(re.findall(r"\w+(?:[-'.]\w+)*", without_blocks(text)))
    if not WORDS[0] <= words <= WORDS[1]:
        complain(1, f"{words} words outside of code, expected {WORDS[0]} to {WORDS[1]}")

    concepts = re.search(r"<!-- concepts: (.*?) -->", text)
    if concepts is None:
        complain(1, "no line <!-- concepts: area/stem ... -->")
        return
    wanted = [f"notebooks-cpp/{lesson.name}.cpp"]
    for concept in concepts.group(1).split():
        area, _, name = concept.partition("/")
        if not (tree.root / f"src/limpid/{concept}.hpp").exists():
            complain(1, f"concept {concept}: there is no src/limpid/{concept}.hpp")
            continue
        wanted += [path for path in (f"src/limpid/{concept}.hpp", f"src/limpid/{concept}.cpp",
                                     f"tests/{concept}_test.cpp", f"bench/{name}_bench.cpp")
                   if (tree.root / path).exists()]
    links = {str((lesson / target).resolve().relative_to(tree.root)) for target in re.findall(r"\]\(([^)#\s]+)", text)
             if not re.match(r"[a-z]+:", target) and (lesson / target).resolve().is_relative_to(tree.root)}
    for path in wanted:
        if path not in links and not (path.endswith(".hpp") and path[:-3] + "cpp" in links):
            complain(1, f"no link to {path}")
    if not list(lesson.glob("exercises/*/exercise.md")):
        complain(1, f"{stem} has no exercises/*/exercise.md")


def numbers_agree(old, new, tolerance=2.0):
    """Two pictures: the same text, and numbers that differ by no more than pixels would show."""
    pattern = r"-?\d+\.?\d*"
    if re.sub(pattern, "0", old) != re.sub(pattern, "0", new):
        return False
    return all(abs(float(a) - float(b)) <= tolerance for a, b in zip(re.findall(pattern, old), re.findall(pattern, new)))


def pictures(tree, lesson, text, complain, refresh):
    for match in re.finditer(r"!\[[^]]*\]\((pictures/([\w-]+)\.svg)\)", text):
        path = lesson / match.group(1)
        try:
            wanted = tree.picture(lesson, match.group(2))
        except Problem as problem:
            complain(line_of(text, match.start()), str(problem))
            continue
        if not path.exists() or not numbers_agree(path.read_text(), wanted):
            complain(line_of(text, match.start()), f"{match.group(1)} is not what the notebook shows (./dev lessons mends it)")
            if refresh:
                path.parent.mkdir(exist_ok=True)
                path.write_text(wanted)


# --- The syllabus ---------------------------------------------------------------------------------
def syllabus(tree):
    """The rows of lessons/README.md: {number, name, link, concepts, needs, minutes, state, line}."""
    rows = []
    for number, line in enumerate(tree.read("lessons/README.md").split("\n"), 1):
        if match := re.match(r"\| *(\d\d) *\|", line):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            name = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cells[1])
            link = re.search(r"\]\(([^)]*)\)", cells[1])
            rows.append({"number": cells[0], "name": name, "link": link and link.group(1), "what": cells[2],
                         "concepts": re.findall(r"`([^`]+)`", cells[3]), "needs": re.findall(r"\d\d", cells[4]),
                         "minutes": cells[5], "state": cells[6], "line": number})
    return rows


def check_syllabus(tree, complain):
    rows = syllabus(tree)
    seen = set()
    for row in rows:
        folder = f"{row['number']}-{row['name']}"
        there = (tree.root / "lessons" / folder / "README.md").exists()
        if row["state"] not in ("done", "planned"):
            complain(row["line"], f"state '{row['state']}', expected done or planned")
        if there != (row["state"] == "done"):
            complain(row["line"], f"{row['name']} is {row['state']}, but lessons/{folder} is {'' if there else 'not '}there")
        if there and row["link"] != f"{folder}/README.md":
            complain(row["line"], f"{row['name']} does not link to {folder}/README.md")
        if row["number"] in seen:
            complain(row["line"], f"number {row['number']} is there twice")
        for need in row["needs"]:
            if need not in seen:
                complain(row["line"], f"{row['name']} needs {need}, which does not come before it")
        seen.add(row["number"])
    folders = {f"{row['number']}-{row['name']}" for row in rows}
    for lesson in tree.lessons():
        if lesson.name not in folders:
            complain(1, f"{lesson.name} is not in the syllabus")

    # Every concept of the code is taught by a lesson, or named where the text lists those without one. Only a
    # planned lesson may name what the code does not have yet.
    concepts = {f"{header.parent.name}/{header.stem}" for header in (tree.root / "src/limpid").glob("*/*.hpp")
                if header.parent.name not in NOT_IN_THE_COURSE}
    planned = {row["line"] for row in rows if row["state"] == "planned"}
    named = set()
    for number, line in enumerate(tree.read("lessons/README.md").split("\n"), 1):
        here = re.findall(r"`([a-z0-9_]+/[a-z0-9_]+)`", line)
        named.update(here)
        for concept in here:
            if concept not in concepts and number not in planned:
                complain(number, f"{concept}: there is no src/limpid/{concept}.hpp")
    for concept in sorted(concepts - named):
        complain(1, f"{concept} has no place in the syllabus")


# --- All of it ------------------------------------------------------------------------------------
def examine(tree, refresh=False):
    """Complaints as lines "path:line: what"; with refresh what can be mended is mended."""
    problems = []
    for path in tree.documents():
        text = path.read_text()
        name = path.relative_to(tree.root)
        complain = lambda line, words: problems.append(f"{name}:{line}: {words}")
        lesson = path.parent if path.name == "README.md" and path.parent in tree.lessons() else None
        if lesson:
            renewed = walk(tree, text, complain)
            pictures(tree, lesson, text, complain, refresh)
            if refresh and renewed != text:
                path.write_text(renewed)
                text = renewed
            check_parts(tree, lesson, text, complain)
        check_links(tree, path, text, complain)
        check_commands(tree, text, complain)
    for path in sorted((tree.root / "notebooks-cpp").glob("*.cpp")):
        name = path.relative_to(tree.root)
        complain = lambda line, words: problems.append(f"{name}:{line}: {words}")
        for cell in notebook.parse(path.read_text()):
            if cell["kind"] == "markdown":
                check_links(tree, path, cell["text"], lambda line, words: complain(line + cell["line"] - 1, words))
    check_syllabus(tree, lambda line, words: problems.append(f"lessons/README.md:{line}: {words}"))
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["refresh", "check"])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="another tree, for tests")
    options = parser.parse_args()
    tree = Tree(options.root.resolve(), options.build.resolve())
    if options.action == "refresh":
        mended = [line for line in examine(tree, refresh=True) if "(./dev lessons mends it)" in line]
        for line in mended:
            print("mended  " + line.replace(" (./dev lessons mends it)", ""))
    problems = examine(tree)
    for line in problems:
        print(line)
    print(f"lessons: {len(tree.lessons())}, {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
