"""Markdown to HTML, colours for C++, and the page around them: what notebooks and annotated sources share.

The Markdown is the part that this project writes: headings, paragraphs, lists, tables, fences, quotes,
links, pictures, `code`, **bold**, *italics*. HTML comments are dropped. Everything else is text.
"""
import html
import re

# --- C++ ------------------------------------------------------------------------------------------
KEYWORDS = set("""alignas alignof auto bool break case catch char class const constexpr continue default
delete do double else enum explicit extern false float for friend if inline int long mutable namespace
new noexcept nullptr operator private protected public return short signed sizeof static static_assert
static_cast struct switch template this throw true try typedef typename union unsigned using virtual
void volatile while""".split())
CPP_TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<directive>^[ \t]*\#[ \t]*\w+)
  | (?P<number>\b\d[\w.']*(?:[eE][-+]?\d+)?)
  | (?P<word>[A-Za-z_]\w*)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)


def cpp(code):
    """C++ as HTML, with a <span> around what has a colour."""
    out, last = [], 0
    for match in CPP_TOKEN.finditer(code):
        kind, text = match.lastgroup, match.group()
        out.append(html.escape(code[last:match.start()], quote=False))
        last = match.end()
        escaped = html.escape(text, quote=False)
        if kind == "word" and text not in KEYWORDS:
            kind = "type" if text[0].isupper() else None
        out.append(f'<span class="{kind}">{escaped}</span>' if kind else escaped)
    out.append(html.escape(code[last:], quote=False))
    return "".join(out)


# --- Markdown -------------------------------------------------------------------------------------
def slug(heading):
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower())
    return text.strip().replace(" ", "-")


def inline(text):
    """One paragraph's text; `code` is taken out first, so that nothing in it is markup."""
    codes = []

    def keep(match):
        codes.append(f"<code>{html.escape(match.group(1), quote=False)}</code>")
        return f"\0{len(codes) - 1}\0"

    text = re.sub(r"`([^`]+)`", keep, text)
    text = html.escape(text, quote=False)
    text = re.sub(r"!\[([^]]*)\]\(([^)\s]+)\)", r'<img alt="\1" src="\2">', text)
    text = re.sub(r"\[([^]]*)\]\(([^)\s]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])", r"<em>\1</em>", text)
    return re.sub(r"\0(\d+)\0", lambda match: codes[int(match.group(1))], text)


ITEM = re.compile(r"( *)([-*]|\d+\.) +(.*)")


def is_block_start(line):
    return bool(re.match(r"#{1,6} |```|> |\|", line) or ITEM.match(line) or not line.strip())


def table(rows):
    cells = [[inline(cell.strip()) for cell in row.strip().strip("|").split("|")] for row in rows]
    out = ["<table>", "<tr>" + "".join(f"<th>{cell}</th>" for cell in cells[0]) + "</tr>"]
    out += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[2:]]
    return "\n".join(out + ["</table>"])


def markdown(text):
    """Markdown as HTML."""
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    lines, out, i = text.split("\n"), [], 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
        elif line.startswith("```"):
            end = next((j for j in range(i + 1, len(lines)) if lines[j].startswith("```")), len(lines))
            code = "\n".join(lines[i + 1:end])
            shown = cpp(code) if line[3:].strip() == "cpp" else html.escape(code, quote=False)
            out.append(f"<pre>{shown}</pre>")
            i = end + 1
        elif heading := re.match(r"(#{1,6}) +(.*)", line):
            level = len(heading.group(1))
            out.append(f'<h{level} id="{slug(heading.group(2))}">{inline(heading.group(2))}</h{level}>')
            i += 1
        elif line.startswith("|"):
            end = next((j for j in range(i, len(lines)) if not lines[j].startswith("|")), len(lines))
            out.append(table(lines[i:end]))
            i = end
        elif line.startswith("> "):
            end = next((j for j in range(i, len(lines)) if not lines[j].startswith(">")), len(lines))
            out.append("<blockquote>" + markdown("\n".join(l[1:].lstrip() for l in lines[i:end])) + "</blockquote>")
            i = end
        elif item := ITEM.match(line):
            tag = "ol" if item.group(2)[0].isdigit() else "ul"
            items = []
            while i < len(lines) and (match := ITEM.match(lines[i])):
                words = [match.group(3)]
                i += 1
                while i < len(lines) and lines[i].startswith("  ") and not ITEM.match(lines[i]):
                    words.append(lines[i].strip())
                    i += 1
                items.append(f"<li>{inline(' '.join(words))}</li>")
            out.append(f"<{tag}>" + "".join(items) + f"</{tag}>")
        else:
            end = next((j for j in range(i + 1, len(lines)) if is_block_start(lines[j])), len(lines))
            out.append(f"<p>{inline(' '.join(lines[i:end]))}</p>")
            i = end
    return "\n".join(out)


# --- The page -------------------------------------------------------------------------------------
STYLE = """
:root{--page:#fff;--text:#222;--soft:#666;--line:#e3e3e3;--code:#f6f7f8;--link:#1d5fa8;
--comment:#5d7a5d;--string:#9a4a14;--number:#8b3fa8;--word:#1d5fa8;--type:#22694f}
@media (prefers-color-scheme:dark){:root{--page:#14171a;--text:#dcdfe2;--soft:#9aa0a6;--line:#2b2f33;
--code:#1c2024;--link:#7db8f5;--comment:#8fae8f;--string:#e8a36f;--number:#d397ec;--word:#7db8f5;--type:#7fcfae}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:56rem;margin:0 auto;padding:2rem 1.25rem 4rem}
p,ul,ol,blockquote{max-width:46rem}
h1,h2,h3{line-height:1.25;margin:1.8em 0 .5em}h1{margin-top:.5em}
a{color:var(--link)}
pre,code{font:13.5px/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
code{background:var(--code);border-radius:3px;padding:.1em .3em}
pre{background:var(--code);border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;overflow-x:auto}
pre.output{background:none;border-width:0 0 0 3px;border-radius:0;white-space:pre-wrap}
figure{margin:1rem 0}svg,img{max-width:100%;height:auto}
table{border-collapse:collapse;margin:1em 0}th,td{border-bottom:1px solid var(--line);padding:.3em .8em;text-align:left}
blockquote{margin:1em 0;padding-left:1em;border-left:3px solid var(--line);color:var(--soft)}
.comment{color:var(--comment)}.string{color:var(--string)}.number{color:var(--number)}
.word,.directive{color:var(--word)}.type{color:var(--type)}
"""


def page(title, body, style=""):
    """A whole page in one file: nothing is fetched from anywhere."""
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
            f"<body>\n{body}\n</body>\n</html>\n")
