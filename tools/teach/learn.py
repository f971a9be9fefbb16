#!/usr/bin/env python3
"""The exercises: laid out in my/, compiled, graded, and proven.

  ./dev learn                     where you are, and what comes next
  ./dev learn LESSON [N]          lay out exercise N of a lesson (default: the first unsolved), or grade it
  ./dev learn list                all exercises
  ./dev learn hint [LESSON [N]]   one hint; again: the next
  ./dev learn solution [LESSON [N]] [--anyway]   after you have passed, or when you ask for it anyway
  ./dev learn reset [LESSON [N]]  begin anew; your file is kept under another name

LESSON is a name (layer_norm) or a number (11). For the project itself:

  learn.py prove FOLDER --build DIR              each promise that an exercise makes; FOLDER below lessons/
  learn.py prove --unsolved --build DIR          all exercises: unsolved they fail, for the right reason

An exercise is a folder lessons/NN-name/exercises/N-kind with exercise.md (what to do, hints, mistakes), the
file to be solved, and grade.cpp. The file holds the solution; where it says //> ... //< the learner finds
what follows //> instead. See lessons/AUTHORS.md.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ["implement", "find the bug", "write the test"]
MISTAKES_AT_LEAST = 3
CPU_LIMIT = 20     # seconds that a grading may compute: the same on a busy machine
CLOCK_LIMIT = 300  # seconds that it may take, for one that waits and never computes
MEMORY_LIMIT = 4 << 30  # bytes, so that a list that grows without an end does not take the whole machine
PRINTED_LINES = 40  # of what the learner's code prints, so many are shown


class Trouble(Exception):
    """Something to tell the user in a line or two."""


# --- An exercise ----------------------------------------------------------------------------------
class Exercise:
    def __init__(self, folder):
        self.folder = folder
        self.lesson = folder.parents[1].name                       # 11-layer_norm
        self.number = int(folder.name.partition("-")[0])
        self.identity = f"{self.lesson}/{folder.name}"             # 11-layer_norm/1-implement
        self.target = f"exercise_{self.lesson}_{folder.name}"
        text = (folder / "exercise.md").read_text()
        head, *sections = re.split(r"^## +", text, flags=re.MULTILINE)
        self.title = re.search(r"^# +(.*)", head).group(1)
        self.fields = dict(re.findall(r"^(kind|file|tests|unsolved): +(.*)$", head, re.MULTILINE))
        self.text = re.sub(r"^(# .*|(kind|file|tests|unsolved): .*)\n", "", head, flags=re.MULTILINE).strip()
        for field in ("kind", "file", "unsolved"):
            if field not in self.fields:
                raise Trouble(f"{folder}/exercise.md has no line '{field}: ...'")
        self.file = self.fields["file"]
        self.hints, self.mistakes, self.planted = [], [], []
        for section in sections:
            title, _, body = section.partition("\n")
            if match := re.fullmatch(r"Mistake: (\w+) \(([\w ]+)\)", title.strip()):
                self.mistakes.append({"name": match.group(1), "part": match.group(2), "edits": edits(body)})
            elif title.startswith("Hint"):
                self.hints.append((title.partition(":")[2].strip(), body.strip()))
            elif title.strip() == "Planted":
                self.planted = edits(body)
            else:
                raise Trouble(f"{folder}/exercise.md: what is '## {title}'?")

    def solution(self):
        lines = (self.folder / self.file).read_text().split("\n")
        return "\n".join(line for line in lines if not re.match(r"\s*//[<>]", line))

    def unsolved(self):
        """What the learner gets."""
        out, inside = [], False
        for line in (self.folder / self.file).read_text().split("\n"):
            if match := re.match(r"(\s*)//> ?(.*)", line):
                out.append(match.group(1) + match.group(2))
                inside = True
            elif re.match(r"\s*//<", line):
                inside = False
            elif not inside:
                out.append(line)
        return apply("\n".join(out), self.planted)


def edits(body):
    """The hunks of a section's diff block, as (old lines, new lines); @@ separates them."""
    block = re.search(r"^```diff\n(.*?)^```", body, re.DOTALL | re.MULTILINE)
    if block is None:
        raise Trouble("a section that needs a ```diff block has none")
    hunks = []
    for hunk in re.split(r"^@@.*\n", block.group(1), flags=re.MULTILINE):
        lines = hunk.rstrip("\n").split("\n")
        hunks.append(([line[1:] for line in lines if line[:1] in "- "], [line[1:] for line in lines if line[:1] in "+ "]))
    return hunks


def apply(text, hunks):
    """The text with each hunk's old lines, which must be there exactly once, replaced by the new ones.
    White space does not count, so clang-format may move lines about."""
    for old, new in hunks:
        pattern = r"\s*".join(re.escape(word) for word in re.findall(r"\w+|[^\w\s]", " ".join(old)))
        found = list(re.finditer(pattern, text))
        if len(found) != 1:
            raise Trouble(f"an edit's old lines are there {len(found)} times, expected once: {old[0].strip()}")
        start, end = found[0].span()
        text = text[:start] + "\n".join(line.strip() for line in new) + text[end:]
    return text


def exercises():
    folders = sorted((ROOT / "lessons").glob("[0-9][0-9]-*/exercises/*/exercise.md"))
    return [Exercise(path.parent) for path in folders]


# --- What the learner has ---------------------------------------------------------------------------
class Desk:
    """my/: the learner's files, and in progress.json what was reached. Nothing else writes there."""

    def __init__(self, root=ROOT):
        self.folder = root / "my"
        self.path = self.folder / "progress.json"
        try:
            self.progress = json.loads(self.path.read_text()) if self.path.exists() else {}
        except ValueError as error:
            raise Trouble(f"{self.path} cannot be read ({error}); mend it or remove it") from error

    def of(self, exercise):
        return self.progress.setdefault(exercise.identity, {"passed": False, "hints": 0})

    def save(self, last=None):
        if last:
            self.progress["last"] = last.identity
        self.folder.mkdir(exist_ok=True)
        scratch = self.path.with_suffix(".new")
        scratch.write_text(json.dumps(self.progress, indent=1) + "\n")
        os.replace(scratch, self.path)

    def file(self, exercise):
        return self.folder / exercise.lesson / exercise.file

    def lay_out(self, exercise):
        path = self.file(exercise)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(exercise.unsolved())

    def state(self, exercise):
        if self.of(exercise)["passed"]:
            return "passed"
        return "begun" if self.file(exercise).exists() else "-"


def choose(desk, words):
    """The exercise that LESSON [N] names; without words the one graded last, or the first unsolved."""
    there = exercises()
    if not words:
        last = [e for e in there if e.identity == desk.progress.get("last")]
        return (last or [e for e in there if not desk.of(e)["passed"]] or there)[0]
    lesson = [e for e in there if words[0] in (e.lesson, e.lesson.partition("-")[2], e.lesson.partition("-")[0])]
    if not lesson:
        names = sorted({e.lesson.partition("-")[2] for e in there})
        raise Trouble(f"no lesson with exercises is called '{words[0]}'; there are: {' '.join(names)}")
    if len(words) == 1:
        return next((e for e in lesson if not desk.of(e)["passed"]), lesson[0])
    chosen = [e for e in lesson if str(e.number) == words[1]]
    if not chosen:
        raise Trouble(f"{lesson[0].lesson} has exercises 1 to {len(lesson)}, not {words[1]}")
    return chosen[0]


# --- Compiling and running --------------------------------------------------------------------------
def ninja_commands(build, exercise):
    """The commands that compile the exercise's file and link its program, as CMake made them."""
    done = subprocess.run(["ninja", "-C", str(build), "-t", "commands", exercise.target], capture_output=True, text=True)
    lines = done.stdout.strip().split("\n")
    source = exercise.folder.relative_to(ROOT) / exercise.file
    compile_lines = [line for line in lines if re.search(rf"-c \S*/{re.escape(str(source))}$", line)]
    if done.returncode != 0 or not compile_lines:
        raise Trouble(f"{build} does not know {exercise.target}; run ./dev test lessons, or configure again")
    return compile_lines[0], lines[-1]


def make(build, exercise, text, folder, name, shown=None):
    """Compiles `text` in place of the exercise's file, links it; returns the program, or the compiler's words.
    `shown`: what the compiler calls the file."""
    compile_line, link_line = ninja_commands(build, exercise)
    folder.mkdir(parents=True, exist_ok=True)
    source, thing = folder / f"{name}.cpp", folder / f"{name}.o"
    program = folder / name
    # The object stays good as long as the text, the command, and every header do.
    headers = sorted([*(ROOT / "src").rglob("*.hpp"), *(ROOT / "lessons/support").glob("*.hpp"),
                      *exercise.folder.glob("*.hpp")])
    digest = hashlib.sha256((compile_line + text).encode())
    for header in headers:
        digest.update(header.read_bytes())
    stamp = folder / f"{name}.stamp"
    if not (thing.exists() and stamp.exists() and stamp.read_text() == digest.hexdigest()):
        source.write_text(f'#line 1 "{shown or exercise.file}"\n{text}')
        stamp.unlink(missing_ok=True)
        line = re.sub(r"-c \S+$", f"-c {source}", compile_line)
        line = re.sub(r"-o \S+", f"-o {thing}", line)
        line = re.sub(r"-MF \S+", f"-MF {thing}.d", line)
        done = subprocess.run(line, shell=True, cwd=build, capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stderr
        stamp.write_text(digest.hexdigest())
    own = re.search(r"-o (\S+)", compile_line).group(1)
    output = re.search(r"-o (\S+)", link_line).group(1)
    line = link_line.replace(own, str(thing)).replace(f"-o {output}", f"-o {program}")
    done = subprocess.run(line, shell=True, cwd=build, capture_output=True, text=True)
    return (program, "") if done.returncode == 0 else (None, done.stderr)


def run(program, cpu=CPU_LIMIT, clock=CLOCK_LIMIT):
    """Runs a grading; returns its findings, [(key, words)] in order, and what the learner's code printed."""
    report = program.with_suffix(".report")
    report.unlink(missing_ok=True)
    watched = b"__asan_init" in program.read_bytes()  # AddressSanitizer keeps terabytes of address space

    def limit():
        if not watched:
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen([program, report], cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**os.environ, "OMP_WAIT_POLICY": "passive"}, preexec_fn=limit)
    late = False
    try:
        out, err = process.communicate(timeout=clock)
    except subprocess.TimeoutExpired:
        late = True
        process.send_signal(signal.SIGXCPU)  # so that it can still say where it is
        try:
            out, err = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    found = read_report(report)
    assertion = re.search(r"[^\n]*Assertion [`'](.*?)['`] failed[^\n]*\n?", err, re.DOTALL)
    if late:
        found.append(("crash", f"It did not end within {clock} s: is there a loop that never ends, or does it wait for something?"))
    elif -process.returncode in (signal.SIGXCPU, signal.SIGKILL):
        found.append(("crash", f"It computed for {cpu} s without an end: is there a loop that never ends?"))
    elif process.returncode < 0:
        if assertion:
            standard = "/c++/" in assertion.group()  # libstdc++ names its header
            words = (("An index does not fit a vector, a string or an array. The standard library asserts " if standard else
                      "An index or a size does not fit a matrix. Eigen asserts ") + ' '.join(assertion.group(1).split()))
        else:
            words = (f"It crashed with signal {-process.returncode}: a pointer that points to nothing (may it be null?), or memory "
                     "that is not yours (is something empty? size() - 1 is then the largest number that there is), or a "
                     "function that calls itself too deep.")
        found.append(("crash", words))
    elif process.returncode > 1 or (process.returncode == 1 and not any(key == "failed" for key, _ in found)):
        found.append(("crash", f"The grading ended with {process.returncode}: {err.strip()}"))
    printed = out + err.replace(assertion.group() if assertion else "", "")
    return found, printed


def where_it_died(program, file, found):
    """The learner's line among the calls that had not ended when the program died: (number, text), or None."""
    calls = [int(words, 16) for key, words in found if key == "call"]
    tool = shutil.which("addr2line")
    if not calls or tool is None:
        return None
    # A call's address is that of the instruction behind it. The third is none: it is where the signal came.
    addresses = [hex(call if place == 2 else call - 1) for place, call in enumerate(calls)]
    done = subprocess.run([tool, "-i", "-e", str(program), *addresses], capture_output=True, text=True)
    line = re.search(rf"^(?:.*/)?{re.escape(nearest(file))}:(\d+)", done.stdout, re.MULTILINE)
    if line is None:
        return None
    number, lines = int(line.group(1)), file.read_text().split("\n")
    return number, lines[number - 1].strip() if number <= len(lines) else ""


def read_report(report):
    lines = report.read_text().split("\n") if report.exists() else []
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line]


def outcome(found):
    """What a grading came to: ("passed", ""), ("todo", part), ("mistake NAME", part), ("test", part), ..."""
    part = ([words for key, words in found if key == "began"] or [""])[-1]
    for key, words in found:
        if key == "mistake":
            return f"mistake {words}", part
        if key in ("todo", "test", "threw", "crash"):
            return key, part
    if any(key == "question" for key, _ in found):
        return "unknown", part
    return ("passed", "") if found else ("crash", "")


# --- Telling ----------------------------------------------------------------------------------------
def wrap(text, indent="  "):
    return "\n\n".join(textwrap.fill(p, 92, initial_indent=indent, subsequent_indent=indent)
                     if not p.startswith(("-", "```")) else textwrap.indent(p, indent)
                     for p in re.split(r"\n\n", text.replace("`", "")))


def colour(code, text):
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def nearest(path):
    path = pathlib.Path(path)
    return str(path.relative_to(ROOT)) if path.is_absolute() and path.is_relative_to(ROOT) else str(path)


def tell(found):
    """The findings as a page of text: what passed, and the first thing that did not."""
    values = {}
    for key, words in found:
        if key == "passed":
            name, count = words.rsplit(" ", 1)
            tests = f", and {count} of the module's own tests" if count != "0" else ""
            print(f"  {colour(32, 'passed')}   {name}: the questions{tests}")
        else:
            values.setdefault(key, []).append(words)
    part = outcome(found)[1]
    if part:
        print(f"  {colour(31, 'not yet')}  {part}")
    print()
    where = nearest(values["where"][0]) if "where" in values else ""
    if "asking" in values and "test" not in values and ("crash" in values or "threw" in values):
        print(wrap(f"It happened in the question: {values['asking'][-1]}"))
    if "todo" in values:
        print(wrap(f"{values['todo'][0][0].upper()}{values['todo'][0][1:]}."))
        print(f"  at {where}")
    if "question" in values:
        print(f"  {' '.join(values['question'])}")
        for key in ("expected", "got"):
            for number, words in enumerate(values.get(key, [])):
                print(f"    {key if number == 0 else '':9}{words}")
    if "test" in values:
        print(f"  A test of the module itself fails: {values['test'][0]}")
        print(f"  at {where}")
        for words in values.get("found", []):
            print(f"    {words}")
    if "mistake" in values:
        print(f"\n  Likely mistake: {colour(1, values['mistake'][0])}")
    for words in values.get("why", []):
        print(wrap(words))
    for words in values.get("threw", []):
        print(wrap(f"Your code threw an exception: {words}"))
        if "bad_alloc" in words:
            print(wrap(f"It wanted more than {MEMORY_LIMIT >> 30} GB of memory: does something grow in a loop that never ends?"))
    for words in values.get("crash", []):
        print(wrap(words))


def prepare(build, exercise):
    """Builds what the grading links with: nothing to do but the first time, and after changes to the library.
    Our solution is not among it: the learner's file stands in its place."""
    compile_line, link_line = ninja_commands(build, exercise)
    solution = re.search(r"-o (\S+)", compile_line).group(1)
    parts = [word for word in link_line.split() if re.search(r"\.(o|a)$", word) and word != solution and word[0] != "/"]
    ninja = subprocess.Popen(["ninja", "-C", str(build), "-j", str(os.cpu_count()), *parts],
                             stdout=subprocess.PIPE, text=True)
    began, told, output = time.monotonic(), False, []
    for line in ninja.stdout:
        output.append(line)
        if time.monotonic() - began > 1 and not told:
            print("  Preparing the library and the grading; the first time this takes a while.", flush=True)
            told = True
        if told and sys.stdout.isatty() and (step := re.match(r"\[(\d+)/(\d+)\]", line)):
            print(f"\r  {step.group(1)} of {step.group(2)} ", end="", flush=True)
    if told and sys.stdout.isatty():
        print("\r" + " " * 30 + "\r", end="")
    if ninja.wait() != 0:
        raise Trouble(f"the grading could not be built:\n{''.join(output)[-3000:]}")


def work_on(desk, build, exercise):
    path = desk.file(exercise)
    count = sum(e.lesson == exercise.lesson for e in exercises())
    print(colour(1, f"{exercise.lesson}, exercise {exercise.number} of {count}: {exercise.title}"))
    if not path.exists():
        desk.lay_out(exercise)
        print(f"\n{wrap(exercise.text)}\n\n  Your file: {colour(1, nearest(path))}   The lesson: lessons/{exercise.lesson}/README.md")
        for header in sorted(exercise.folder.glob("*.hpp")):
            print(f"  It includes {nearest(header)}")
        print()
    desk.save(last=exercise)
    prepare(build, exercise)
    # Under its whole path the compiler finds the file, and shows the line.
    program, errors = make(build, exercise, path.read_text(), build / "lessons/my" / exercise.lesson,
                           exercise.folder.name, path)
    if program is None:
        first = "\n".join(errors.replace(f"{ROOT}/", "").split("\n")[:25]).rstrip()
        print(f"\n  It does not compile yet:\n\n{textwrap.indent(first, '    ')}")
        return 1
    found, printed = run(program)
    if printed:
        lines = printed.rstrip().split("\n")
        if len(lines) > PRINTED_LINES:
            lines[PRINTED_LINES // 2:-PRINTED_LINES // 2] = [f"... {len(lines) - PRINTED_LINES} lines ..."]
        print(f"\n  Your code printed:\n{textwrap.indent(chr(10).join(lines), '    ')}")
    print()
    tell(found)
    if any(key == "crash" for key, _ in found) and (line := where_it_died(program, path, found)):
        print(f"  at {nearest(path)}:{line[0]}\n    {line[1]}")
    short = exercise.lesson.partition("-")[2]
    if outcome(found)[0] != "passed":
        print(f"\n  Again: ./dev learn {short} {exercise.number}    A hint: ./dev learn hint")
        return 1
    desk.of(exercise)["passed"] = True
    desk.save(last=exercise)
    print(f"  {colour(32, 'Solved.')} How we wrote it: ./dev learn solution {short} {exercise.number}")
    # First what is left of this lesson, then of the course.
    left = [e for e in exercises() if not desk.of(e)["passed"]]
    following = next((e for e in left if e.lesson == exercise.lesson), next(iter(left), None))
    if following:
        print(f"  Next: ./dev learn {following.lesson.partition('-')[2]} {following.number}   ({following.title})")
    return 0


def status(desk, every):
    there = exercises()
    passed = sum(desk.of(e)["passed"] for e in there)
    print(colour(1, f"{passed} of {len(there)} exercises solved"))
    lesson = None
    for e in there:
        if e.lesson != lesson:
            lesson = e.lesson
            print(f"\n  {lesson}   lessons/{lesson}/README.md")
        print(f"    {e.number}  {desk.state(e):7} {e.title}" + (f"   my/{e.lesson}/{e.file}" if every else ""))
    following = next((e for e in there if not desk.of(e)["passed"]), None)
    print()
    if following is None:
        print("All solved. The syllabus, and what is still to come: lessons/README.md")
    else:
        short = following.lesson.partition("-")[2]
        if desk.state(following) == "-" and following.number == 1:
            print(f"Next: read lessons/{following.lesson}/README.md, then ./dev learn {short}")
        else:
            print(f"Next: ./dev learn {short} {following.number}   ({following.title})")
    return 0


def hint(desk, exercise):
    given = desk.of(exercise)
    if not exercise.hints:
        raise Trouble(f"{exercise.identity} has no hints")
    number = min(given["hints"], len(exercise.hints) - 1)
    title, body = exercise.hints[number]
    print(f"{colour(1, f'Hint {number + 1} of {len(exercise.hints)}')} for {exercise.identity}: {title}\n\n{wrap(body)}")
    if number + 1 == len(exercise.hints):
        print("\n  That was the last one.")
    given["hints"] = number + 1
    desk.save(last=exercise)
    return 0


def solution(desk, exercise, anyway):
    if not desk.of(exercise)["passed"] and not anyway:
        short = exercise.lesson.partition("-")[2]
        raise Trouble(f"{exercise.identity} is not solved yet. A hint: ./dev learn hint {short} {exercise.number}; "
                      f"the solution all the same: ./dev learn solution {short} {exercise.number} --anyway")
    print(exercise.solution().rstrip())
    return 0


def reset(desk, exercise):
    path = desk.file(exercise)
    if path.exists():
        number = 1
        while (kept := path.with_name(f"{path.stem}.old{number}{path.suffix}")).exists():
            number += 1
        shutil.move(path, kept)
        print(f"Your file is kept as {nearest(kept)}")
    desk.progress.pop(exercise.identity, None)
    desk.lay_out(exercise)
    desk.save(last=exercise)
    print(f"{nearest(path)} is new")
    return 0


# --- The promises -----------------------------------------------------------------------------------
def prove_unsolved(build, exercise, scratch, say):
    """It compiles, and fails for the reason that exercise.md names."""
    folder = scratch / exercise.target
    program, errors = make(build, exercise, exercise.unsolved(), folder, "unsolved")
    if program is None:
        return say(f"{exercise.identity}: unsolved it does not compile:\n{errors[:2000]}")
    came = outcome(run(program)[0])[0]
    wanted = exercise.fields["unsolved"]
    wanted = "todo" if wanted == "todo" else f"mistake {wanted}"
    if came == "passed":
        say(f"{exercise.identity}: it passes unsolved")
    elif came != wanted:
        say(f"{exercise.identity}: unsolved it fails with '{came}', expected '{wanted}'")


def prove(build, exercise, scratch, say):
    prove_unsolved(build, exercise, scratch, say)
    folder = scratch / exercise.target
    if exercise.fields["kind"] not in KINDS:
        say(f"{exercise.identity}: kind '{exercise.fields['kind']}', expected one of {', '.join(KINDS)}")
    if len(exercise.mistakes) < MISTAKES_AT_LEAST:
        say(f"{exercise.identity}: {len(exercise.mistakes)} wrong solutions, expected {MISTAKES_AT_LEAST} or more")
    if not exercise.hints:
        say(f"{exercise.identity}: no hints")
    if re.search(r"//[<>]", exercise.unsolved() + exercise.solution()):
        say(f"{exercise.identity}: a mark is left in the learner's file")
    names = [mistake["name"] for mistake in exercise.mistakes]
    if len(set(names)) != len(names):
        say(f"{exercise.identity}: two mistakes have one name")
    cases = [("solution", [], ("passed", ""))]
    cases += [(m["name"], m["edits"], (f"mistake {m['name']}", m["part"])) for m in exercise.mistakes]
    for name, hunks, wanted in cases:
        program, errors = make(build, exercise, apply(exercise.solution(), hunks), folder, name)
        if program is None:
            say(f"{exercise.identity}: {name} does not compile:\n{errors[:2000]}")
            continue
        came = outcome(run(program)[0])
        program.unlink()  # large, and made again in a moment
        if came != wanted:
            say(f"{exercise.identity}: {name} gives {came}, expected {wanted}")


def prove_all(build, folder, unsolved_only, scratch):
    chosen = [e for e in exercises() if not folder or e.folder == (ROOT / "lessons" / folder).resolve()]
    if folder and not chosen:
        raise Trouble(f"no exercise in lessons/{folder}")
    problems = []
    for exercise in chosen:
        files = [e.file for e in exercises() if e.lesson == exercise.lesson]
        if files.count(exercise.file) > 1:
            problems.append(f"{exercise.identity}: another exercise of the lesson has a file {exercise.file}")
        (prove_unsolved if unsolved_only else prove)(build, exercise, scratch, problems.append)
    for problem in problems:
        print(problem)
    wrong = sum(len(e.mistakes) for e in chosen)
    print(f"exercises: {len(chosen)}, wrong solutions {wrong if not unsolved_only else 'not tried'}, {len(problems)} problems")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--anyway", action="store_true")
    parser.add_argument("--unsolved", action="store_true")
    parser.add_argument("--scratch", type=pathlib.Path, help="where prove compiles (default: DIR/lessons/proof)")
    options = parser.parse_args()
    build = options.build.resolve()
    command, rest = (options.words or ["status"])[0], options.words[1:]
    if command == "prove":
        scratch = (options.scratch or build / "lessons/proof").resolve()
        return prove_all(build, rest[0] if rest else None, options.unsolved, scratch)
    desk = Desk()
    if command in ("status", "list"):
        return status(desk, every=command == "list")
    if command in ("hint", "solution", "reset"):
        exercise = choose(desk, rest)
        if command == "hint":
            return hint(desk, exercise)
        return solution(desk, exercise, options.anyway) if command == "solution" else reset(desk, exercise)
    return work_on(desk, build, choose(desk, options.words))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ./dev learn list | head
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f"learn: {trouble}")
