"""Names that users type, made into Python identifiers: the one cleaning function that emitted code relies on."""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Style = Literal["variable", "class"]

MAX_LENGTH = 30
_WORD = re.compile(r"[A-Za-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z]{3})(?=[A-Z][a-z])")  # Cross|Entropy, BCE|With, but ReLU

RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls", "torch", "nn", "super"})
"""What emitted code itself relies on: no name of a user may stand in its place."""


class Names:
    """Identifiers that are all different, in one scope of emitted code."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def take(self, text: str, style: Style, fallback: str) -> str:
        """The identifier for `text`, with a number added where it was taken before."""
        name = identifier(text, style, fallback)
        if name in self._taken:
            stem = re.sub(r"_\d+$", "", name)
            number = self._next.get(stem, 2)
            while f"{stem}_{number}" in self._taken:
                number += 1
            self._next[stem] = number + 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


def identifier(text: str, style: Style, fallback: str) -> str:
    """A readable ASCII identifier for `text`: "Mein Bild 2" becomes mein_bild_2, or MeinBild2 as a class.

    Never a keyword, a builtin, a name that emitted code uses, or a dunder. `fallback` is used where nothing of `text`
    remains, and before a digit; it must be an identifier itself.
    """
    words = _WORD.findall(_ascii(text))
    if style == "class":
        name = "".join(word[0].upper() + word[1:] for word in words)
    else:
        name = "_".join(_HUMP.sub("_", word).lower() for word in words)
    name = name[:MAX_LENGTH].rstrip("_") or fallback
    if name[0].isdigit():
        name = f"{fallback}{name}" if style == "class" else f"{fallback}_{name}"
    return f"{name}_" if name in RESERVED else name


def _ascii(text: str) -> str:
    spelled = unicodedata.normalize("NFKD", text[:1000].replace("ß", "ss"))
    return "".join(char for char in spelled if not unicodedata.combining(char))
