#!/usr/bin/env python3
"""Runs a notebook and renders what it showed.

  notebook.py run    --build DIR NAME     run it, keep its outputs, write NAME.ipynb and NAME.html
  notebook.py test   --build DIR NAME     the same; and check both files; it may compute for 30 s
  notebook.py cells  --build DIR NAME     feed its cells to clang-repl one by one, where that is installed
                                          (exit code 77: it is not)
  notebook.py name   NAME                 its full name

NAME is 11-layer_norm or layer_norm. The program must be built: DIR/notebooks-cpp/NAME. What it showed is
kept in DIR/notebooks/NAME.json, for tools/teach/lessons.py too.
"""
import argparse
import html
import html.parser
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import markup

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPU_LIMIT = 30     # seconds that a notebook may compute: the same on a busy machine
CLOCK_LIMIT = 600  # seconds after which a run is given up


class NotebookError(Exception):
    pass


# --- The source -----------------------------------------------------------------------------------
def parse(text):
    """The cells of a notebook: {kind: "markdown" or "code", name, text, line (of its first line, from 1)}."""
    cells = []
    for number, line in enumerate(text.split("\n"), 1):
        if marker := re.match(r"// %%\s*(\[markdown\])?\s*(.*?)\s*$", line):
            cells.append({"kind": "markdown" if marker.group(1) else "code", "name": marker.group(2),
                          "lines": [], "line": number + 1})
        elif cells:
            cells[-1]["lines"].append(line)
        elif line.strip():
            raise NotebookError(f"line {number} stands before the first cell (// %%)")
    for cell in cells:
        lines = cell.pop("lines")
        if cell["kind"] == "markdown":
            wrong = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("//")), None)
            if wrong is not None:
                raise NotebookError(f"line {cell['line'] + wrong}: code in a [markdown] cell")
            lines = [re.sub(r"^// ?", "", line) for line in lines]
        cell["text"] = "\n".join(lines).strip("\n")
    names = [cell["name"] for cell in cells if cell["kind"] == "code" and cell["name"]]
    for name in names:
        if names.count(name) > 1:
            raise NotebookError(f"two cells are called {name}")
    return cells


def full_name(name, root=ROOT):
    """11-layer_norm, from that, from layer_norm or from 11."""
    there = sorted(path.stem for path in (root / "notebooks-cpp").glob("*.cpp"))
    for stem in there:
        if name in (stem, stem.partition("-")[2], stem.partition("-")[0]):
            return stem
    raise NotebookError(f"no notebook is called '{name}'; there are: {' '.join(there)}")


# --- Running --------------------------------------------------------------------------------------
def frames(output):
    """The program's bytes as a list of ("cell", line), ("text", words), ("show", mime, name, data)."""
    out, at = [], 0
    while at < len(output):
        mark = output.find(b"\x1e", at)
        text = output[at:mark if mark >= 0 else len(output)]
        if text:
            out.append(("text", text.decode()))
        if mark < 0:
            break
        end = output.index(b"\n", mark)
        words = output[mark + 1:end].decode().split()
        at = end + 1
        if words[0] == "cell":
            out.append(("cell", int(words[1])))
        elif words[0] == "show":
            size = int(words[3])
            out.append(("show", words[1], words[2], output[at:at + size].decode()))
            at += size
    return out


def attach(cells, output):
    """Gives each cell its outputs: {"text": ...} or {"mime", "name", "data"}."""
    for cell in cells:
        cell["outputs"] = []
    current = cells[0]
    for frame in frames(output):
        if frame[0] == "cell":
            current = [cell for cell in cells if cell["line"] <= frame[1]][-1]
        elif frame[0] == "text":
            outputs = current["outputs"]
            if outputs and "text" in outputs[-1]:
                outputs[-1]["text"] += frame[1]
            else:
                outputs.append({"text": frame[1]})
        else:
            current["outputs"].append({"mime": frame[1], "name": frame[2], "data": frame[3]})
    return cells


def computed():
    """Seconds that the processor has spent on the programs that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(build, name, root=ROOT):
    """Runs the program and returns the cells with their outputs, and the seconds that it computed."""
    program = build / "notebooks-cpp" / name
    if not program.exists():
        raise NotebookError(f"{program} is not built (./dev notebook {name} builds it)")
    environment = {**os.environ, "LIMPID_NOTEBOOK": "1", "OMP_WAIT_POLICY": "passive"}
    before = computed()
    try:
        done = subprocess.run([program], cwd=root, env=environment, capture_output=True, timeout=CLOCK_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise NotebookError(f"{name} did not end within {CLOCK_LIMIT} s") from error
    seconds = computed() - before
    cells = attach(parse((root / "notebooks-cpp" / f"{name}.cpp").read_text()), done.stdout)
    if done.returncode != 0:
        text = "".join(output.get("text", "") for cell in cells for output in cell["outputs"])
        wrong = [line for line in text.split("\n") if re.match(r"line \d+: does not hold|cell at line", line)]
        raise NotebookError(f"{name} ended with {done.returncode}\n" + "\n".join(wrong or [done.stderr.decode()]))
    return cells, seconds


def write(path, text):
    """The whole file or nothing, also when two tests write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def outputs(build, name, root=ROOT):
    """The cells with their outputs: those that are kept when the program has not changed since, else new ones."""
    kept = build / "notebooks" / f"{name}.json"
    program, source = build / "notebooks-cpp" / name, root / "notebooks-cpp" / f"{name}.cpp"
    library = max(build.glob("liblimpid.*"), key=lambda path: path.stat().st_mtime, default=program)
    if kept.exists() and program.exists():
        newest = max(path.stat().st_mtime for path in (program, source, library))
        if kept.stat().st_mtime > newest:
            return json.loads(kept.read_text())
    cells, _ = run(build, name, root)
    write(kept, json.dumps(cells, indent=1))
    return cells


# --- Rendering ------------------------------------------------------------------------------------
KERNEL = {"name": "xcpp20", "display_name": "C++20", "language": "cpp"}
LANGUAGE = {"name": "C++", "mimetype": "text/x-c++src", "file_extension": ".cpp", "version": "20"}


def ipynb(cells):
    """The notebook in Jupyter's format, nbformat 4.5. Its kernel is xeus-cpp's, or ours of that name (kernel.py)."""
    out = []
    for number, cell in enumerate(cells):
        identity = re.sub(r"[^a-zA-Z0-9_-]", "-", cell["name"]) or f"cell-{number}"
        source = cell["text"].splitlines(keepends=True)
        if cell["kind"] == "markdown":
            out.append({"cell_type": "markdown", "id": f"text-{number}", "metadata": {}, "source": source})
            continue
        shown = []
        for output in cell["outputs"]:
            if "text" in output:
                shown.append({"output_type": "stream", "name": "stdout",
                              "text": output["text"].splitlines(keepends=True)})
            else:
                shown.append({"output_type": "display_data", "metadata": {},
                              "data": {output["mime"]: output["data"].splitlines(keepends=True)}})
        out.append({"cell_type": "code", "id": identity, "metadata": {}, "source": source,
                    "execution_count": sum(1 for c in cells[:number + 1] if c["kind"] == "code"),
                    "outputs": shown})
    return {"nbformat": 4, "nbformat_minor": 5, "cells": out,
            "metadata": {"kernelspec": KERNEL, "language_info": LANGUAGE}}


def web_page(cells, title):
    body = []
    for cell in cells:
        if cell["kind"] == "markdown":
            body.append(markup.markdown(cell["text"]))
            continue
        body.append(f"<pre>{markup.cpp(cell['text'])}</pre>")
        for output in cell["outputs"]:
            if "text" in output:
                body.append(f'<pre class="output">{html.escape(output["text"].rstrip(), quote=False)}</pre>')
            elif output["mime"] == "text/markdown":
                body.append(markup.markdown(output["data"]))
            else:
                body.append(f"<figure>{output['data']}</figure>")
    return markup.page(title, "<main>\n" + "\n".join(body) + "\n</main>")


def title_of(cells, name):
    heading = re.search(r"^# +(.*)", cells[0]["text"], re.MULTILINE) if cells else None
    return heading.group(1) if heading else name


def render(build, name, cells, root=ROOT):
    """Writes DIR/notebooks/NAME.ipynb and .html; relative links lead back into the sources."""
    folder = build / "notebooks"
    back = os.path.relpath(root / "notebooks-cpp", folder)

    def moved(text):
        return re.sub(r"(\]\()(?!\w+:|#|/)([^)\s]+\))", rf"\1{back}/\2", text)

    cells = [{**cell, "text": moved(cell["text"])} if cell["kind"] == "markdown" else cell for cell in cells]
    write(folder / f"{name}.json", json.dumps(cells, indent=1))
    write(folder / f"{name}.ipynb", json.dumps(ipynb(cells), indent=1) + "\n")
    write(folder / f"{name}.html", web_page(cells, title_of(cells, name)))
    return folder / f"{name}.html"


# --- Are they valid? ------------------------------------------------------------------------------
def check_ipynb(notebook):
    """The rules of nbformat 4.5 that concern what we write; nbformat's own judgement where it is installed."""
    def need(condition, words):
        if not condition:
            raise NotebookError(f"the .ipynb is not valid: {words}")

    need(notebook.get("nbformat") == 4 and notebook.get("nbformat_minor", 0) >= 5, "nbformat 4.5 expected")
    need(isinstance(notebook.get("cells"), list) and notebook["cells"], "no cells")
    need(isinstance(notebook.get("metadata"), dict), "no metadata")
    identities = [cell.get("id", "") for cell in notebook["cells"]]
    need(len(set(identities)) == len(identities), "two cells have one id")
    for cell in notebook["cells"]:
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"]), f"cell id {cell['id']!r}")
        need(cell.get("cell_type") in ("markdown", "code"), f"cell type {cell.get('cell_type')}")
        need(all(isinstance(line, str) for line in cell["source"]), "source is not lines")
        if cell["cell_type"] == "markdown":
            continue
        need(isinstance(cell.get("execution_count"), int), "a code cell without a count")
        for output in cell["outputs"]:
            need(output["output_type"] in ("stream", "display_data"), f"output type {output['output_type']}")
            if output["output_type"] == "display_data":
                for mime, lines in output["data"].items():
                    need(re.fullmatch(r"[a-z]+/[a-z+.-]+", mime), f"mime type {mime}")
                    if mime == "image/svg+xml":
                        check_svg("".join(lines))
    try:
        import nbformat
        nbformat.validate(nbformat.from_dict(notebook))
    except ImportError:
        pass


def check_svg(text):
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        raise NotebookError(f"a picture is not XML: {error}") from error
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        raise NotebookError(f"a picture is not SVG but {root.tag}")
    for element in root.iter():
        for key, value in element.attrib.items():
            if re.search(r"\b(nan|inf)\b", value):
                raise NotebookError(f"a picture has {key}=\"{value}\"")


class TagCheck(html.parser.HTMLParser):
    """Every tag that opens closes, in the right order, and nothing is fetched from elsewhere."""
    EMPTY = {"meta", "img", "br", "hr", "link", "input", "wbr"}

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in self.EMPTY:
            self.open.append(tag)
        for key, value in attributes:
            if key == "src" and re.match(r"\w+://|//", value or "") or tag in ("link", "script"):
                raise NotebookError(f"the page fetches <{tag} {key}={value}>")

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise NotebookError(f"the page is not valid: </{tag}> at {self.getpos()} closes nothing")

    def close(self):
        super().close()
        if self.open:
            raise NotebookError(f"the page is not valid: <{self.open[-1]}> is never closed")


def check_page(text):
    checker = TagCheck()
    checker.feed(text)
    checker.close()


# --- clang-repl -----------------------------------------------------------------------------------
def find_repl():
    return next((path for version in (22, 21, 20, 19) if (path := shutil.which(f"clang-repl-{version}"))), None)


def shared_library(build):
    return next(iter(build.glob("liblimpid.so")), None) or next(build.glob("liblimpid.dylib"))


def repl_flags(build):
    """What cells are compiled with: the flags that all notebooks share and that clang-repl needs to know."""
    commands = json.loads((build / "compile_commands.json").read_text())
    command = next(c for c in commands if re.search(r"notebooks-cpp/\d\d-\w+\.cpp$", c["file"]))["command"].split()
    return [flag for i, flag in enumerate(command)
            if re.match(r"-(I|isystem|D|march|std)", flag) or (i and command[i - 1] == "-isystem")]


def run_cells(build, name, root=ROOT):
    """Each code cell as one #include in one clang-repl session; returns what it printed."""
    repl = find_repl()
    if repl is None:
        return None
    cells = [cell for cell in parse((root / "notebooks-cpp" / f"{name}.cpp").read_text()) if cell["kind"] == "code"]
    with tempfile.TemporaryDirectory() as folder:
        script = [f'%lib {shared_library(build)}']
        for number, cell in enumerate(cells):
            path = pathlib.Path(folder) / f"cell{number}.cpp"
            path.write_text(cell["text"] + "\n")
            script.append(f'#include "{path}"')
        script += ["#include <cstdio>", 'std::printf("\\x1f%d\\n", nb::failures); std::fflush(stdout);', "%quit"]
        done = subprocess.run([repl] + [f"-Xcc={flag}" for flag in repl_flags(build)], input="\n".join(script) + "\n", text=True,
                              capture_output=True, timeout=CLOCK_LIMIT, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    match = re.search(r"\x1f(\d+)", done.stdout)
    if done.returncode != 0 or not match or match.group(1) != "0" or "error:" in done.stderr:
        raise NotebookError(f"{name} in {repl}: {done.stdout[-400:]}\n{done.stderr[-1500:]}")
    return done.stdout[:match.start()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "test", "cells", "name"])
    parser.add_argument("name")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    options = parser.parse_args()
    name = full_name(options.name)
    if options.action == "name":
        print(name)
        return 0
    build = options.build.resolve()
    if options.action == "cells":
        printed = run_cells(build, name)
        if printed is None:
            print("clang-repl is not installed (Debian: clang-tools-22); skipped")
            return 77
        text = "".join(o.get("text", "") for c in outputs(build, name) for o in c["outputs"])
        missing = [line for line in text.split("\n") if line.strip() and line not in printed]
        if missing:
            raise NotebookError(f"clang-repl did not print: {missing[0]}")
        print(f"{name}: its cells ran one by one in {find_repl()}")
        return 0
    cells, seconds = run(build, name)
    page = render(build, name, cells)
    if options.action == "test":
        check_ipynb(json.loads((build / "notebooks" / f"{name}.ipynb").read_text()))
        check_page(page.read_text())
        if seconds > CPU_LIMIT:
            raise NotebookError(f"{name} computed for {seconds:.0f} s, and may for {CPU_LIMIT}")
    code = [cell for cell in cells if cell["kind"] == "code"]
    pictures = sum(output.get("mime") == "image/svg+xml" for cell in code for output in cell["outputs"])
    print(f"{name}: {len(code)} code cells, {pictures} pictures, {seconds:.1f} s of computing")
    print(f"  page      {os.path.relpath(page)}\n  notebook  {os.path.relpath(page.with_suffix('.ipynb'))}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotebookError as error:
        sys.exit(f"notebook: {error}")
