"""What torch has no class or function for: taken over from resources/code, as far as emitted code uses it."""

import ast
import re
from collections.abc import Iterable
from functools import lru_cache

from engine.project import RESOURCES

_WORD = re.compile(r"[A-Za-z_]\w*")


def helpers_of(code: str, files: Iterable[str]) -> list[str]:
    """The lines of all functions and classes of these files that the code uses, and of those that they use."""
    known = {name: text for file in dict.fromkeys(files) for name, text in definitions(file).items()}
    needed: set[str] = set()
    waiting = [code]
    while waiting:
        found = known.keys() & set(_WORD.findall(waiting.pop())) - needed
        needed |= found
        waiting += ["\n".join(known[name]) for name in found]
    return [line for name, text in known.items() if name in needed for line in ("", "", *text)]


@lru_cache(maxsize=64)
def definitions(file: str) -> dict[str, tuple[str, ...]]:
    """The functions and classes that a file of resources/code defines, as lines by name."""
    text = (RESOURCES / "code" / f"{file}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    return {node.name: tuple(lines[_first_line(node) - 1 : node.end_lineno])
            for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@lru_cache(maxsize=1)
def ready_made_names() -> frozenset[str]:
    """The names of all functions and classes of resources/code: nothing else in emitted code is called so."""
    files = sorted((RESOURCES / "code").glob("*.py"))
    return frozenset(name for file in files for name in definitions(file.stem))


def _first_line(node: ast.FunctionDef | ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
