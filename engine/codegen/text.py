"""Lines of Python: wrapped within the width, with comments aligned at their ends. Knows nothing about networks."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

WIDTH = 120
COMMENT_COLUMN = 64
"""Comments are aligned as far right as this; longer lines have theirs two spaces behind."""


MAX_DEPTH = 9
"""Brackets within brackets that are told apart when a line is wrapped."""


@dataclass(frozen=True, slots=True)
class Line:
    """One statement with a comment for its end; without code, a comment of its own."""

    code: str
    comment: str = ""


def quoted(text: str) -> str:
    """A text as a literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def block(lines: Sequence[Line], indent: int) -> list[str]:
    """The statements one below the other, each within the width."""
    longest = max((len(line.code) for line in lines if line.comment and len(line.code) <= COMMENT_COLUMN), default=0)
    written: list[str] = []
    for line in lines:
        if not line.code:
            margin = " " * indent + "# "
            written.extend(wrap(line.comment, WIDTH, initial_indent=margin, subsequent_indent=margin))
            continue
        padded = f"{line.code:<{longest}}  # {line.comment}" if line.comment else line.code
        if line.comment and indent + len(padded) > WIDTH:
            written.append(" " * indent + f"# {line.comment}")
            padded = line.code
        written.extend(_wrapped(padded, indent))
    return written


def docstring(text: str, indent: int, details: Iterable[str] = ()) -> list[str]:
    """A docstring of one sentence, or of a sentence and a list of details below it. The texts hold no quotes."""
    margin, items = " " * indent, list(details)
    if not items:
        return [*_filled(f'{margin}"""', text.split(" "), margin, '"""')]
    first = _filled(f'{margin}"""', text.split(" "), margin, "")
    return [*first, "", *(f"{margin}{item}" for item in items), f'{margin}"""']


def signature(name: str, arguments: Sequence[str], returns: str) -> list[str]:
    """The head of a method, its arguments one to a line where they do not fit."""
    line = f"    def {name}({', '.join(arguments)}) -> {returns}:"
    if len(line) <= WIDTH:
        return [line]
    return [f"    def {name}(", *(f"        {argument}," for argument in arguments), f"    ) -> {returns}:"]


def _wrapped(code: str, indent: int) -> list[str]:
    margin = " " * indent
    if indent + len(code) <= WIDTH:
        return [margin + code]
    for deepest in range(1, MAX_DEPTH):  # where fewest brackets are open is where a reader would break
        lines = _filled(margin, _words(code, 1, deepest), margin + " " * 4, "")
        if max(map(len, lines)) <= WIDTH:
            return lines
    anywhere = _words(code, 0, MAX_DEPTH)
    start = anywhere.index("=") + 1 if "=" in anywhere else 1  # after "name =" or "return"
    head = " ".join(anywhere[:start])
    return [f"{margin}{head} (", *_filled(margin + " " * 4, anywhere[start:], margin + " " * 4, ""), f"{margin})"]


def _filled(first: str, words: Sequence[str], margin: str, end: str) -> list[str]:
    """Words in lines, as many in each as the width takes."""
    lines, line, is_empty = [], first, True
    for word in words:
        if is_empty:
            line, is_empty = line + word, False
        elif len(line) + 1 + len(word) + len(end) <= WIDTH:
            line = f"{line} {word}"
        else:
            lines.append(line)
            line = margin + word
    return [*lines, line + end]


def _words(code: str, least: int, most: int) -> list[str]:
    """`code` cut at the spaces that are in so many brackets, and in no string."""
    words, start, depth, quote, is_escaped = [], 0, 0, "", False
    for place, char in enumerate(code):
        if quote:
            if char == quote and not is_escaped:
                quote = ""
            is_escaped = char == "\\" and not is_escaped
        elif char in "\"'":
            quote, is_escaped = char, False
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == " " and least <= depth <= most:
            words.append(code[start:place])
            start = place + 1
    return [*words, code[start:]]
