#!/usr/bin/env python3
"""The sources side by side with what their comments say: prose and formulas left, code right.

  annotate.py [--out DIR]      default: build/annotated

Writes one page per file of src/limpid, each whole in itself, and index.html, which follows the syllabus and then the
areas. Nothing is added: the left column are the comments of the source, and every line of the file is in its page,
in order, on one side or the other.

What a comment means:

  a line that begins two or more blanks further in    a formula: kept as it stands, what comes after three blanks softer
  SHAPES  x, y [N, C];  gain [C]                      a table
  SOURCE, USES, COST and so on                        a line of the table of facts below the comment
  - something                                         an item of a list
  anything else                                       prose; names_like_this, `code` and files become what they are
"""
import argparse
import html
import os
import pathlib
import re
import sys

import lessons
import markup

ROOT = pathlib.Path(__file__).resolve().parents[2]
AREAS = ["core", "backprop", "tokenizer", "nn", "model", "generate", "train", "tales", "formats", "cli"]
FIELD = re.compile(r"([A-Z]{4,}) {1,}(?=\S)(.*)")
FIELDS = {"SHAPES", "SAVES", "SOURCE", "USES", "REQUIRES", "ERRORS", "COST"}


# --- A file as rows -------------------------------------------------------------------------------
def is_comment(line):
    """A line that is nothing but a comment, and one for people; ///< goes on with a remark behind code."""
    return bool(re.match(r"\s*//(?!/<)", line)) and not re.match(r"\s*// *(clang-format|NOLINT)", line)


def rows(text):
    """The file as [(comment lines, code lines, number of the first line)]: a comment stands beside what follows it. At the
    outer level a blank line also begins a row, so that a comment does not drift away from its code."""
    out, comment, code, first = [], [], [], 1

    def close(number):
        nonlocal comment, code, first
        if comment or code:
            out.append((comment, code, first))
        comment, code, first = [], [], number

    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        if is_comment(line):
            if code:
                close(number)
            comment.append(line)
        elif not line.strip():
            following = next((later for later in lines[number:] if later.strip()), "")
            code.append(line)
            if not following.startswith(" ") and not is_comment(following):
                close(number + 1)
        else:
            code.append(line)
    close(len(lines) + 1)
    return out


def preamble(row):
    """Nothing but includes, namespaces and the like: what every file begins with."""
    comment, code, _ = row
    return not comment and all(re.match(r"\s*$|#|namespace\b|using\b|}", line) for line in code)


def joined(whole):
    """The rows with neighbouring preambles as one, and the braces that close a namespace with what is in it."""
    out = []
    for row in whole:
        closing = not row[0] and all(re.match(r"\s*$|}  //", line) for line in row[1])
        if out and (closing or preamble(row) and preamble(out[-1])):
            out[-1] = (out[-1][0], out[-1][1] + row[1], out[-1][2])
        else:
            out.append(row)
    return out


def uncommented(lines):
    """The words of a comment; a blank after the slashes belongs to them."""
    return [re.sub(r"^\s*///? ?", "", line).rstrip() for line in lines]


# --- A comment as blocks --------------------------------------------------------------------------
def blocks(lines):
    """The words as [("prose", text), ("formula", lines), ("item", text), ("field", name, text)]."""
    out, i = [], 0
    while i < len(lines):
        line = lines[i]
        field = FIELD.match(line)
        if not line:
            i += 1
        elif field and field.group(1) in FIELDS:
            words = [field.group(2)]
            while i + 1 < len(lines) and lines[i + 1].startswith("  "):
                i += 1
                words.append(lines[i].strip())
            out.append(("field", field.group(1), " ".join(words)))
            i += 1
        elif line.startswith("  "):
            taken = []
            while i < len(lines) and (lines[i].startswith("  ") or (not lines[i] and lines[i + 1:i + 2]
                                                                    and lines[i + 1].startswith("  "))):
                taken.append(lines[i])
                i += 1
            margin = min(len(l) - len(l.lstrip()) for l in taken if l)
            out.append(("formula", [l[margin:] for l in taken]))
        elif re.match(r"- ", line):
            words = [line[2:]]
            while i + 1 < len(lines) and lines[i + 1].startswith("  "):
                i += 1
                words.append(lines[i].strip())
            out.append(("item", " ".join(words)))
            i += 1
        elif ruler := re.fullmatch(r"-{2,} (.*?) -{2,}", line):
            out.append(("title", ruler.group(1)))
            i += 1
        else:
            words = []
            while i < len(lines) and lines[i] and not lines[i].startswith(("  ", "- ")):
                if words and (begins := FIELD.match(lines[i])) and begins.group(1) in FIELDS:
                    break
                words.append(lines[i])
                i += 1
            out.append(("prose", " ".join(words)))
    return out


def shapes(text):
    """What a SHAPES line says, as [(names, shape, remark)]."""
    out = []
    for part in re.split(r";\s+|(?<=\]),\s+", text):
        if match := re.fullmatch(r"(.*?) *(\[[^]]*\]) *(.*)", part):
            out.append(match.groups())
        else:
            out.append((part, "", ""))
    return out


# --- HTML -----------------------------------------------------------------------------------------
class Links:
    """Where a file's page is, and where the files are that have none."""

    def __init__(self, root, out):
        self.root, self.out = root, out
        self.files = sorted(path.relative_to(root / "src/limpid") for path in (root / "src/limpid").rglob("*.[ch]pp"))
        self.known = set(map(str, self.files))

    @staticmethod
    def page(file):
        return str(file).replace("/", "_").replace(".", "_") + ".html"

    def source(self, path):
        return os.path.relpath(self.root / path, self.out)

    def concept(self, words):
        """The file that nn/linear, nn/linear.cpp or (if there is only one) linear.cpp means."""
        for name in (words, words + ".hpp"):
            if name in self.known:
                return name
        if "/" not in words and words.endswith((".hpp", ".cpp")):
            found = [name for name in self.known if name.endswith("/" + words)]
            if len(found) == 1:
                return found[0]
        return None


def prose(text, links):
    """One paragraph. What is `code` is taken out first, so that nothing in it is anything else."""
    kept = []

    def keep(words):
        kept.append(words)
        return f"\0{len(kept) - 1}\0"

    def file(match):
        found = links.concept(match.group())
        return keep(f'<a href="{links.page(found)}">{match.group()}</a>') if found else match.group()

    def code(match):
        found = links.concept(match.group(1))
        words = f"<code>{html.escape(match.group(1), quote=False)}</code>"
        return keep(f'<a href="{links.page(found)}">{words}</a>' if found else words)

    text = re.sub(r"`([^`]+)`", code, text)
    text = html.escape(text, quote=False)
    text = re.sub(r"https?://[^\s,;)]+[^\s,;).]", lambda m: keep(f'<a href="{m.group()}">{m.group()}</a>'), text)
    text = re.sub(r"arXiv:(\d{4}\.\d{4,5})", lambda m: keep(f'<a href="https://arxiv.org/abs/{m.group(1)}">{m.group()}</a>'),
                  text)
    text = re.sub(r"\b[a-z_]+(?:/[a-z0-9_]+)+(?:\.[ch]pp)?\b|\b[a-z0-9_]+\.[ch]pp\b", file, text)
    text = re.sub(r"(?:--)?\b[a-zA-Z]\w*_\w+(?:\(\))?|\b[a-zA-Z]\w*\(\)|\b\w+::\w+\b", lambda m: keep(f"<code>{m.group()}</code>"), text)
    while "\0" in text:
        text = re.sub(r"\0(\d+)\0", lambda m: kept[int(m.group(1))], text)
    return text


def formula(lines):
    """Formulas as they stand. Behind three blanks a remark begins, if nothing from there on is an equation: it is softer."""
    out, equations = [], any("=" in line for line in lines)
    for line in lines:
        gaps = [match.end() for match in re.finditer(r"(?<=\S)\s{3,}(?=\S)", line)]
        at = next((gap for gap in gaps if equations and "=" not in line[gap:]), len(line))
        remark = f'<span class="remark">{html.escape(line[at:], quote=False)}</span>' if at < len(line) else ""
        out.append(html.escape(line[:at], quote=False) + remark)
    return f'<pre class="formula">{chr(10).join(out)}</pre>'


def words_of(lines, links):
    """A comment as HTML: prose, formulas and lists as they come, the facts as one table at its end."""
    out, facts, listed = [], [], False
    for block in blocks(lines):
        if listed and block[0] != "item":
            out.append("</ul>")
            listed = False
        if block[0] == "prose":
            out.append(f"<p>{prose(block[1], links)}</p>")
        elif block[0] == "title":
            out.append(f"<h2>{prose(block[1], links)}</h2>")
        elif block[0] == "formula":
            out.append(formula(block[1]))
        elif block[0] == "item":
            out.append(("" if listed else "<ul>") + f"<li>{prose(block[1], links)}</li>")
            listed = True
        elif block[1] == "SHAPES":
            lines_of = [f'<tr><td><code>{html.escape(names, quote=False)}</code></td><td>'
                        f'{f"<code>{html.escape(shape, quote=False)}</code>" if shape else ""}</td><td>{prose(remark, links)}</td></tr>'
                        for names, shape, remark in shapes(block[2])]
            facts.append(("shapes", f'<table class="shapes">{"".join(lines_of)}</table>'))
        else:
            facts.append((block[1].lower(), prose(block[2], links)))
    if listed:
        out.append("</ul>")
    if facts:
        out.append('<dl>' + "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in facts) + "</dl>")
    return "\n".join(out)


def code_of(lines, links):
    """Code in colours; what it includes of ours is a link."""
    text = markup.cpp("\n".join(lines).rstrip())

    def include(match):
        target = match.group(2)
        return f'{match.group(1)}<a href="{links.page(target)}">{match.group(0)[len(match.group(1)):]}</a>' \
            if target in links.known else match.group()

    return re.sub(r'(<span class="directive">#include</span> )<span class="string">"limpid/([^"]+)"</span>', include, text)


STYLE = """
body{font-size:15px}
header,.rows,footer{padding:0 1.5rem}
header{max-width:64rem;padding-top:1.25rem;padding-bottom:.75rem}
header h1{margin:.3rem 0 .2rem;font-size:1.5rem;overflow-wrap:anywhere}
nav{color:var(--soft);font-size:.9rem}
nav a{white-space:nowrap}
.rows{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,49.5rem);border-top:1px solid var(--line)}
.words{padding:0 1.5rem .55rem 0;min-width:0;line-height:1.5}
.words p,.words ul{margin:.35em 0}.words h2{font-size:1.05rem;margin:.2em 0}
.code{background:var(--code);padding:0 0 0 .9rem;margin-right:-1.5rem;min-width:0;display:flex;gap:.9rem}
.code pre{background:none;border:0;border-radius:0;margin:0;padding:0 1rem 0 0;flex:1;min-width:0;font-size:12.5px}
.line{color:var(--soft);opacity:.55;font:11px/18.75px ui-monospace,"DejaVu Sans Mono",monospace;text-decoration:none;width:2rem;
text-align:right;flex:none}
.code.new{padding-top:.6rem}.words.new{padding-top:.55rem}.code:has(+.words.new){padding-bottom:.6rem}
.line:target{opacity:1;font-weight:700}
.new{border-top:1px solid var(--line)}
pre.formula{background:none;border:0;border-left:3px solid var(--link);border-radius:0;margin:.5em 0;padding:.1rem 0 .1rem .8rem;
font-size:12.5px;line-height:1.6}
.words pre.formula{white-space:pre-wrap;overflow-x:visible}.words .remark{display:inline-block}
.remark{color:var(--soft)}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem .9rem;margin:.8em 0;font-size:.92rem}
dt{color:var(--soft);font-variant:small-caps}dd{margin:0}
table.shapes{margin:0}table.shapes td{border:0;padding:.05em .9em .05em 0}
.code a,.code a .string{color:var(--link)}
footer{padding-top:1.5rem;padding-bottom:3rem;color:var(--soft)}
main td:first-child{white-space:nowrap}
@media(max-width:60rem){.rows{display:block;padding:0}.words,.words.new{padding:.7rem 1rem .5rem}.words:empty{display:none}
.code,.code.new{margin:0;padding:.4rem 0 .4rem .5rem}.line{width:1.6rem}header,footer{padding-left:1rem;padding-right:1rem}
main table,main tbody,main tr,main td{display:block}main td{border:0;padding:.1em 0}main td:first-child{white-space:normal}
main tr{border-bottom:1px solid var(--line);padding:.4em 0}}
"""


def doc_of(text):
    """The words of the comment at a file's top, and how many lines it has."""
    lines = text.split("\n")
    count = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    return uncommented(lines[:count]), count


def file_page(file, links):
    text = (links.root / "src/limpid" / file).read_text()
    doc, count = doc_of(text)
    whole = rows(text)
    header = file.with_suffix(".hpp")
    ways = ['<a href="index.html">all files</a>']
    for beside in (header, file.with_suffix(".cpp")):
        if beside != file and str(beside) in links.known:
            ways.append(f'<a href="{links.page(beside)}">{beside.name}</a>')
    test = pathlib.Path("tests") / file.parent / f"{file.stem}_test.cpp"
    if (links.root / test).exists():
        ways.append(f'<a href="{links.source(test)}">its tests</a>')
    concept = str(file.with_suffix(""))
    for lesson in lessons.syllabus(lessons.Tree(links.root, None)):
        if concept in lesson["concepts"] and lesson["link"]:
            ways.append(f'<a href="{links.source("lessons/" + lesson["link"])}">lesson {lesson["number"]}, {lesson["name"]}</a>')
    top = ""
    if count:
        top = words_of(doc, links)
        whole = rows("\n".join(text.split("\n")[count:]))
    elif file.suffix == ".cpp" and str(header) in links.known:
        words, lines = doc_of((links.root / "src/limpid" / header).read_text())
        if lines:
            top = words_of(words, links) + f'<p class="remark">From <a href="{links.page(header)}">{header.name}</a>.</p>'
    out = []
    for comment, code, first in joined(whole):
        shown = first + count
        code_first = shown + len(comment)
        while code and not code[0].strip():
            code, code_first = code[1:], code_first + 1
        if not comment and not any(line.strip() for line in code):
            continue
        outer = " new" if not (comment or code)[0].startswith(" ") else ""
        number = f'<a class="line" id="L{code_first}" href="#L{code_first}">{code_first}</a>' if code else ""
        out.append(f'<div class="words{outer}">{words_of(uncommented(comment), links)}</div>'
                   f'<div class="code{outer}">{number}<pre>{code_of(code, links)}</pre></div>')
    title = re.sub("([/_])", r"\1<wbr>", str(file))
    body = (f'<header><nav>{" · ".join(ways)}</nav>\n<h1>{title}</h1>\n{top}</header>\n'
            f'<div class="rows">\n{chr(10).join(out)}\n</div>\n<footer>Made from the source by ./dev annotate.</footer>')
    return markup.page(str(file), body, STYLE)


def idea(file, links):
    """The first sentence of what a concept says of itself."""
    path = links.root / "src/limpid" / file
    if not path.exists():
        return ""
    words, count = doc_of(path.read_text())
    first = next((block[1] for block in blocks(words) if block[0] == "prose"), "") if count else ""
    return prose(re.split(r"(?<=[\w\]`)\"]{2})\.(?= |$)", first)[0], links)


def entry(concept, links):
    files = [name for name in (concept + ".hpp", concept + ".cpp") if name in links.known]
    ways = " ".join(f'<a href="{links.page(name)}">{pathlib.Path(name).suffix}</a>' for name in files)
    return f"<tr><td>{concept} {ways}</td><td>{idea(files[0], links)}</td></tr>" if files else ""


def index_page(links):
    tree = lessons.Tree(links.root, None)
    seen, out = set(), ["<h1>The sources of Limpid, with notes</h1>", "<p>Left what the comments say, right the code. First in the "
                        f'order of <a href="{links.source("lessons/README.md")}">the course</a>, then by area.</p>', "<h2>In the order of the course</h2>",
                        "<table>"]
    for lesson in lessons.syllabus(tree):
        new = [concept for concept in lesson["concepts"] if concept not in seen]
        lines = [line for line in (entry(concept, links) for concept in new) if line]
        if not lines:
            continue
        name = f'{lesson["number"]} {lesson["name"]}'
        if lesson["link"]:
            name = f'<a href="{links.source("lessons/" + lesson["link"])}">{name}</a>'
        out.append(f'<tr><td><strong>{name}</strong></td><td>{markup.inline(lesson["what"])}</td></tr>')
        out += lines
        seen.update(new)
    out.append("</table>")
    stems = sorted({str(file.with_suffix("")) for file in links.files})
    areas = AREAS + sorted({stem.partition("/")[0] for stem in stems} - set(AREAS))
    for area in areas:
        left = [stem for stem in stems if stem.startswith(area + "/") and stem not in seen]
        if left:
            out += [f"<h2>{area}</h2>", "<table>", *(entry(stem, links) for stem in left), "</table>"]
    return markup.page("The sources, with notes", "<main>\n" + "\n".join(out) + "\n</main>", STYLE + "main{max-width:72rem}")


def annotate(root, out):
    """Writes all pages; returns their names."""
    links = Links(root, out)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.html"):
        old.unlink()
    for file in links.files:
        (out / links.page(file)).write_text(file_page(file, links))
    (out / "index.html").write_text(index_page(links))
    return ["index.html", *(links.page(file) for file in links.files)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/annotated")
    options = parser.parse_args()
    pages = annotate(ROOT, options.out.resolve())
    print(f"{len(pages) - 1} files with notes: {os.path.relpath(options.out)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
