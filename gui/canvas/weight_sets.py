"""One colour for each set of weights: all places where a network of the project is used share it."""

from zlib import crc32

from engine.analysis.library import Library, placed
from engine.layers.networks import SHARING
from gui.widgets.theme import LIGHT

COLORS = len(LIGHT.series)


def shared(library: Library) -> frozenset[str]:
    """The graphs whose weights some node shares."""
    return frozenset(placed(node) for graph in library.graphs.values() for node in graph.nodes if node.type in SHARING)


def weight_sets(library: Library) -> dict[str, int]:
    """The number of its colour, by the name of a graph. It hangs on the name, not on the order of the graphs; names
    of one colour are moved apart while there are colours left, those that are shared first."""
    in_use = shared(library)
    found: dict[str, int] = {}
    for name in sorted(library.graphs, key=lambda name: name not in in_use):
        wanted = crc32(name.encode()) % COLORS
        free = [(wanted + step) % COLORS for step in range(COLORS)]
        taken = set(found.values())
        found[name] = next((number for number in free if number not in taken), wanted)
    return found
