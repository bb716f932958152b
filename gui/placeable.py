"""What can be placed on the canvas: the layers of the catalogue, and the networks of the project. No Qt."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine import layers
from engine.analysis.library import Library, placed
from engine.graph import Graph, Node
from engine.layers.spec import LayerSpec
from engine.plan import has_loss

NETWORK = "Network:"
"""Before the name of a graph, what places that graph is called by."""


@dataclass(frozen=True, slots=True)
class Placeable:
    """One entry of the palette and of the search.

    key       what it is dragged and chosen by: a layer's type, or NETWORK and the name of a graph
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


LAYERS = tuple(Placeable(spec.type, spec.type, spec.doc, spec) for spec in layers.CATALOGUE.values())


def placeables(library: Library, shown: str) -> list[Placeable]:
    """All that can be placed in the graph `shown`: the project's own networks, then the layers by category."""
    return [*_allowed(library, shown), *LAYERS]


def networks(library: Library, shown: str) -> list[Placeable]:
    """The project's own networks, also those that cannot be placed in the graph `shown`. A graph alone is none."""
    if len(library.graphs) < 2:
        return []
    found = (_network(library, name) for name, graph in library.graphs.items() if not has_loss(graph))
    return [replace(entry, refusal=_refusal(library, shown, entry.graph)) for entry in found if entry]


def search(library: Library, shown: str, text: str) -> list[Placeable]:
    """What fits the words that a user typed, the project's own networks first."""
    words = text.lower().split()
    own = [entry for entry in _allowed(library, shown) if all(word in entry.title.lower() for word in words)]
    by_type = {entry.key: entry for entry in LAYERS}
    return own + [by_type[spec.type] for spec in layers.search(text)]


def find(library: Library, key: str) -> Placeable | None:
    """What is called by a key; None if there is nothing of the kind."""
    if key.startswith(NETWORK):
        return _network(library, key.removeprefix(NETWORK))
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


def _network(library: Library, name: str) -> Placeable | None:
    spec = library.spec(Node("", "Network", "", {"graph": name}))
    if spec is None:
        return None
    contents = _contents(library.graphs[name])
    doc = f"Network of this project: {contents}; {len(spec.inputs)} in, {len(spec.outputs)} out"
    return Placeable(NETWORK + name, name, doc, spec, {"graph": name}, contents)


def _contents(graph: Graph) -> str:
    """What a network is made of, as drawn: "2 Linear, ReLU"."""
    kinds = Counter(placed(node) or node.type for node in graph.nodes if node.type not in ("Input", "Output"))
    return ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in kinds.items()) or "empty"
