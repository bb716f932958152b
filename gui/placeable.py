"""What can be placed on the canvas: the layers of the catalogue, and the networks of the project. No Qt."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine import layers
from engine.analysis.library import Library, placed
from engine.graph import Graph, Node
from engine.layers.networks import COMPOSITES, SHARING
from engine.layers.spec import LayerSpec
from engine.plan import has_loss

MARK = ":"
"""Between the type of a node and the name of the graph that it places, in what these are called by."""


@dataclass(frozen=True, slots=True)
class Placeable:
    """One entry of the palette and of the search.

    key       what it is dragged and chosen by: a layer's type; of what places a graph, MARK and the graph's name behind
    spec      its declaration, with the ports that it will have
    params    settings that are not the defaults
    contents  the layers of a network, which its name seldom tells; "" for a layer
    refusal   why it cannot be placed in the graph that is shown; "" if it can
    """

    key: str
    title: str
    doc: str
    spec: LayerSpec
    params: Mapping[str, Any] = field(default_factory=dict)
    contents: str = ""
    refusal: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """All settings of a new node."""
        return {**self.spec.defaults(), **self.params}

    @property
    def graph(self) -> str:
        """The graph that is placed; "" for a layer."""
        return str(self.params.get("graph", ""))

    @property
    def shared(self) -> str:
        """The graph whose weights it shares with other nodes; "" if it has weights of its own."""
        return self.graph if self.spec.type in SHARING else ""


LAYERS = tuple(Placeable(spec.type, spec.type, spec.doc, spec) for spec in layers.CATALOGUE.values())


def placeables(library: Library, shown: str) -> list[Placeable]:
    """All that can be placed in the graph `shown`: the project's own networks, then the layers by category, then Blocks
    and Loops of these networks."""
    own = _allowed(library, shown)
    return [*own, *LAYERS, *_blocks_and_loops(library, own)]


def networks(library: Library, shown: str) -> list[Placeable]:
    """The project's own networks, also those that cannot be placed in the graph `shown`. A graph alone is none."""
    if len(library.graphs) < 2:
        return []
    found = (_placement(library, "Network", name) for name, graph in library.graphs.items() if not has_loss(graph))
    return [replace(entry, refusal=_refusal(library, shown, entry.graph)) for entry in found if entry]


def search(library: Library, shown: str, text: str) -> list[Placeable]:
    """What fits the words that a user typed, the project's own networks first."""
    words = text.lower().split()
    own = _allowed(library, shown)
    found = [entry for entry in (*own, *_blocks_and_loops(library, own))
             if all(word in entry.title.lower() for word in words)]
    by_type = {entry.key: entry for entry in LAYERS}
    return found + [by_type[spec.type] for spec in layers.search(text)]


def find(library: Library, key: str) -> Placeable | None:
    """What is called by a key; None if there is nothing of the kind."""
    type, _, name = key.partition(MARK)
    if type in COMPOSITES and name:
        return _placement(library, type, name)
    return next((entry for entry in LAYERS if entry.key == key), None)


def _refusal(library: Library, shown: str, name: str) -> str:
    """Why a graph cannot be placed in the graph `shown`."""
    if name == shown:
        return f"{name} is the network that is shown. A network cannot contain itself."
    if shown in library.places(name):
        return f"{name} contains {shown}, which is shown. A network cannot contain itself."
    return ""


def _allowed(library: Library, shown: str) -> list[Placeable]:
    return [entry for entry in networks(library, shown) if not entry.refusal]


def _blocks_and_loops(library: Library, own: Iterable[Placeable]) -> list[Placeable]:
    found = (_placement(library, type, entry.graph) for type in ("Block", "Loop") for entry in own)
    return [entry for entry in found if entry]


def _placement(library: Library, type: str, name: str) -> Placeable | None:
    spec = library.spec(Node("", type, "", {"graph": name}))
    if spec is None:
        return None
    contents = _contents(library.graphs[name])
    doc = f"{_DOCS[type]}: {contents}; {len(spec.inputs)} in, {len(spec.outputs)} out"
    title = name if type == "Network" else f"{type} of {name}"
    return Placeable(f"{type}{MARK}{name}", title, doc, spec, {"graph": name}, contents)


_DOCS = {"Network": "Network of this project", "Block": "A copy with weights of its own",
         "Loop": "Run once for every step of a sequence"}


def _contents(graph: Graph) -> str:
    """What a network is made of, as drawn: "2 Linear, ReLU"."""
    kinds = Counter(placed(node) or node.type for node in graph.nodes if node.type not in ("Input", "Output"))
    return ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in kinds.items()) or "empty"
