"""JSON as Neuroloom reads and writes it: strict when reading, easy on the eyes and on diffs when writing."""

import json
from collections import Counter
from typing import Any, NoReturn

from engine.params import MAX_INTEGER

MAX_BYTES = 64 << 20
MAX_ITEMS = 4_000_000
MAX_DEPTH = 40
WIDTH = 120

Tree = Any
"""What JSON can say: dict, list, str, int, float, bool or None."""


class JsonError(ValueError):
    """The text is not acceptable JSON. The message continues "This file ...": "ends in the middle of line 3"."""


def parse(data: bytes) -> Tree:
    """The one meaning of `data`. Refused, with JsonError: any encoding but plain UTF-8, a key twice, NaN and Infinity,
    whole numbers beyond 64 bits, half characters, and sizes that could exhaust memory or stack."""
    if len(data) > MAX_BYTES:
        raise JsonError(f"has more than {MAX_BYTES >> 20} MB")
    if data[:3] == b"\xef\xbb\xbf":
        raise JsonError("begins with a byte order mark; save it as UTF-8 without one")
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_ITEMS:
        raise JsonError(f"has more than {MAX_ITEMS:,} items")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"is not UTF-8 text (byte {error.start + 1})") from None
    try:
        tree = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer,
                          parse_float=_fraction)
    except json.JSONDecodeError as error:
        ends = error.pos >= len(text.rstrip())
        what = "ends too early" if ends else f"has a mistake: {error.msg[0].lower()}{error.msg[1:]}"
        raise JsonError(f"{what} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise JsonError("is nested too deeply") from None
    _check(tree)
    return tree


def format(tree: Tree) -> bytes:
    """`tree` as UTF-8 with two spaces of indent. Lists of plain values, and objects of such lists and plain values,
    stand on one line where they fit: one wire, one line. Keys keep their order; tuples are written as lists."""
    return (_formatted(tree, "") + "\n").encode("utf-8")


def _object(pairs: list[tuple[str, Tree]]) -> dict[str, Tree]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise JsonError(f"has the key {twice[:80]!r} twice in one place")
    return found


def _constant(word: str) -> NoReturn:
    raise JsonError(f"holds {word}, which is no number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) >= MAX_INTEGER:
        raise JsonError(f"holds a number beyond 64 bits: {digits[:24]}...")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise JsonError(f"holds a number that is too large: {digits[:24]}")
    return value


def _check(tree: Tree) -> None:
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise JsonError("is nested too deeply")
        below: list[Tree] = []
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, dict):
                below.extend(value.values())
                below.extend(value.keys())
        level = below


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise JsonError("holds half a character (a lone surrogate)") from None


def _formatted(tree: Tree, indent: str) -> str:
    if not isinstance(tree, dict | list | tuple) or not tree:
        return _one_line(tree)
    if all(_is_plain(part) for part in (tree.values() if isinstance(tree, dict) else tree)):
        line = _one_line(tree)
        if len(indent) + len(line) <= WIDTH:
            return line
    inner = indent + "  "
    if isinstance(tree, dict):
        lines = [f"{inner}{_one_line(key)}: {_formatted(value, inner)}" for key, value in tree.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _formatted(value, inner) for value in tree) + f"\n{indent}]"


def _is_plain(part: Tree) -> bool:
    if isinstance(part, list | tuple):
        return not any(isinstance(inner, dict | list | tuple) for inner in part)
    return not isinstance(part, dict) or not part


def _one_line(tree: Tree) -> str:
    return json.dumps(tree, ensure_ascii=False, allow_nan=False)
