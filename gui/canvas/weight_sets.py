"""One colour for each set of weights: all places where a network of the project is used share it."""

from collections.abc import Iterable
from zlib import crc32

from gui.widgets.theme import LIGHT

COLORS = len(LIGHT.series)


def weight_sets(names: Iterable[str]) -> dict[str, int]:
    """The number of its colour, by the name of a graph. It hangs on the name, not on the order of the graphs; names
    of one colour are moved apart while there are colours left."""
    found: dict[str, int] = {}
    for name in sorted(names):
        wanted = crc32(name.encode()) % COLORS
        free = [(wanted + step) % COLORS for step in range(COLORS)]
        taken = set(found.values())
        found[name] = next((number for number in free if number not in taken), wanted)
    return found
