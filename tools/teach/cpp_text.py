"""Finds a function or a type in the text of a C++ file, without compiling it."""
import re


class NotFound(Exception):
    pass


def blank(text):
    """The same text with blanks for comments, strings and directives: what is left are tokens, in place."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group())
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*'
    return re.sub(pattern, spaces, text, flags=re.DOTALL | re.MULTILINE)


def matching(code, at):
    """The index of the bracket that closes the one at `at`."""
    closes = {"(": ")", "{": "}"}
    opened, closed = code[at], closes[code[at]]
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] == opened) - (code[i] == closed)
        if depth == 0:
            return i
    raise NotFound("a bracket that is never closed")


def body_end(code, at):
    """The end of the function's body when a definition goes on at `at`, after its arguments; else None."""
    while at < len(code):
        if code[at] == "(":
            at = matching(code, at) + 1
        elif code[at] == "{":
            close = matching(code, at)
            rest = code[close + 1:].lstrip()
            if rest[:1] not in (",", "{"):  # not a member's initialiser
                return close
            at = close + 1
        elif code[at] in ";)=" or code[at:at + 2] in ("&&", "||"):
            return None
        else:
            at += 1
    return None


def first_line(text, at):
    """The start of the declaration that holds `at`: the lines above belong to it until one ends something."""
    start = text.rfind("\n", 0, at) + 1
    while start > 0:
        above_start = text.rfind("\n", 0, start - 1) + 1
        above = text[above_start:start].strip()
        if not above or above[-1] in ";}{:" or above.startswith(("//", "#", "/*")):
            break
        start = above_start
    return start


def definition(text, name):
    """The text of the function or type `name`: Class::method, function, struct Name, class Name, enum Name.
    `name#2` is the second of several overloads."""
    name, _, number = name.partition("#")
    wanted = int(number or 1)
    code = blank(text)
    words = name.split()
    if words[0] in ("struct", "class", "enum"):
        pattern = r"\b" + r"\s+(?:class\s+)?(?:LIMPID_API\s+)?".join(map(re.escape, words)) + r"\b[^;{()]*\{"
        ends = lambda match: matching(code, match.end() - 1)
    else:
        parts = r"\s*(?:<[^<>;{}()]*>)?\s*::\s*".join(map(re.escape, name.split("::")))
        pattern = r"(?<![\w:.>~])" + parts + r"\s*\("
        ends = lambda match: body_end(code, matching(code, match.end() - 1) + 1)
    for match in re.finditer(pattern, code):
        end = ends(match)
        if end is None:
            continue
        wanted -= 1
        if wanted == 0:
            if code[end + 1:end + 2] == ";":
                end += 1
            return text[first_line(text, match.start()):end + 1]
    raise NotFound(f"no definition of {name}")


def doc_comment(text):
    """The comment at the top of a file."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        lines.append(line)
    if not lines:
        raise NotFound("no comment at the top")
    return "\n".join(lines)


def part(text, first, last):
    """The lines from the first that contains `first` to the next that contains `last`."""
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if first in line), None)
    if begin is None:
        raise NotFound(f'no line contains "{first}"')
    end = next((i for i in range(begin, len(lines)) if last in lines[i]), None)
    if end is None:
        raise NotFound(f'no line after "{first}" contains "{last}"')
    return "\n".join(lines[begin:end + 1])


def dedent(text):
    lines = text.rstrip().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:].rstrip() for line in lines)
