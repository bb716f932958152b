"""What can be placed on the canvas: the layers of the catalogue, and the networks of the project. No Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import layers
from engine.analysis.library import Library
from engine.graph import Node
from engine.layers.spec import LayerSpec
from engine.plan import has_loss

NETWORK = "Network:"
"""Before the name of a graph, what places that graph is called by."""


@dataclass(frozen=True, slots=True)
class Placeable:
    """One entry of the palette and of the search.

    key     what it is dragged and chosen by: a layer's type, or NETWORK and the name of a graph
    spec    its declaration, with the ports that it will have
    params  settings that are not the defaults
    """

    key: str
    title: str
    doc: str
    spec: LayerSpec
    params: Mapping[str, Any] = field(default_factory=dict)

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
    return [*_networks(library, shown), *LAYERS]


def search(library: Library, shown: str, text: str) -> list[Placeable]:
    """What fits the words that a user typed, the project's own networks first."""
    words = text.lower().split()
    own = [entry for entry in _networks(library, shown) if all(word in entry.title.lower() for word in words)]
    by_type = {entry.key: entry for entry in LAYERS}
    return own + [by_type[spec.type] for spec in layers.search(text)]


def find(library: Library, key: str) -> Placeable | None:
    """What is called by a key; None if there is nothing of the kind."""
    if key.startswith(NETWORK):
        return _network(library, key.removeprefix(NETWORK))
    return next((entry for entry in LAYERS if entry.key == key), None)


def choices(library: Library, shown: str) -> tuple[str, ...]:
    """The graphs that can be placed in the graph `shown`: those without a loss that do not lead back to it."""
    return tuple(name for name, graph in library.graphs.items()
                 if name != shown and not has_loss(graph) and shown not in library.places(name))


def _networks(library: Library, shown: str) -> list[Placeable]:
    return [entry for name in choices(library, shown) if (entry := _network(library, name))]


def _network(library: Library, name: str) -> Placeable | None:
    spec = library.spec(Node("", "Network", "", {"graph": name}))
    if spec is None:
        return None
    ports = f"{len(spec.inputs)} in, {len(spec.outputs)} out"
    return Placeable(NETWORK + name, name, f"Network of this project: {ports}", spec, {"graph": name})
