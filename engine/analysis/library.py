"""What the nodes of a project can be: layers of the catalogue, and the project's own graphs placed inside others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.analysis.composites import composed
from engine.graph import Graph, Node
from engine.layers import CATALOGUE
from engine.layers.networks import COMPOSITES
from engine.layers.spec import LayerSpec
from engine.plan import has_loss

if TYPE_CHECKING:
    from engine.analysis.report import Analysis

REMEMBERED = 256


class Library:
    """The graphs of one project by name. What was found out about a graph is kept, also for the libraries of later
    versions of the project: as long as the graph and those that it places are the same objects."""

    def __init__(self, graphs: Mapping[str, Graph]) -> None:
        self.graphs = graphs
        self._keys: dict[str, tuple[object, ...]] = {}
        self._places: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, Analysis | None] = {}

    def spec(self, node: Node) -> LayerSpec | None:
        """The declaration of a node with the ports that it has; None for a layer or network that nobody knows."""
        declared = CATALOGUE.get(node.type)
        if declared is None:
            return None
        if node.type in COMPOSITES:
            return self._composed(declared, node)
        return declared if declared.variant is None else declared.variant(node.params)

    def analysis(self, name: str) -> "Analysis":
        """Of a graph by itself, as one that others place."""
        if name not in self._known:
            self._known[name] = None  # while it is analysed: a graph that contains itself is refused before it asks
            for inner in sorted(self.places(name), key=lambda each: len(self.places(each))):  # none waits for another
                if self._known.get(inner) is None:
                    self._known[inner] = self._analyzed(inner)
            self._known[name] = self._analyzed(name)
        found = self._known[name]
        assert found is not None, "shape rules ask for nothing that contains itself"
        return found

    def is_sound(self, name: str) -> bool:
        """Whether there is a graph of that name, with something in it, and nothing stands against computing it."""
        return name in self.graphs and bool(self.graphs[name].nodes) and not self.analysis(name).faults

    def _analyzed(self, name: str) -> "Analysis":
        from engine.analysis.analyze import analyze

        key = self._key(name)
        found = _analyses.get(key)
        if found is None:
            if len(_analyses) >= REMEMBERED:
                _analyses.clear()
            found = _analyses[key] = (analyze(self.graphs[name], library=self, is_objective=False), self._graphs(name))
        return found[0]

    def places(self, name: str) -> tuple[str, ...]:
        """The graphs that a graph places, and those that these place, as far as the project has them."""
        if name in self._places:
            return self._places[name]
        reached = dict[str, None]()
        waiting = [name]
        while waiting:
            for node in self.graphs[waiting.pop()].nodes:
                graph = placed(node)
                if graph and graph in self.graphs and graph not in reached:
                    reached[graph] = None
                    waiting.append(graph)
        self._places[name] = tuple(reached)
        return self._places[name]

    def contains_itself(self, name: str) -> bool:
        return name in self.places(name)

    def choices(self, name: str) -> tuple[str, ...]:
        """The graphs that can be placed in a graph: those without a loss that do not lead back to it."""
        return tuple(other for other, graph in self.graphs.items()
                     if not has_loss(graph) and name not in (other, *self.places(other)))

    def placed_somewhere(self) -> frozenset[str]:
        """The graphs that some graph places."""
        names = {placed(node) for graph in self.graphs.values() for node in graph.nodes}
        return frozenset(names - {""}) & self.graphs.keys()

    def _composed(self, declared: LayerSpec, node: Node) -> LayerSpec | None:
        name = placed(node)
        if not name or name not in self.graphs:
            return None
        key = (declared.type, self._key(name))
        found = _composites.get(key)
        if found is None:
            if len(_composites) >= REMEMBERED:
                _composites.clear()
            found = _composites[key] = (composed(declared, name, self), self._graphs(name))
        return found[0]

    def _graphs(self, name: str) -> tuple[Graph, ...]:
        return tuple(self.graphs[each] for each in (name, *self.places(name)))

    def _key(self, name: str) -> tuple[object, ...]:
        if name not in self._keys:
            names = (name, *self.places(name))
            self._keys[name] = tuple((each, id(self.graphs[each])) for each in names)
        return self._keys[name]


_Key = tuple[object, ...]
_analyses: dict[_Key, tuple["Analysis", tuple[Graph, ...]]] = {}
_composites: dict[tuple[str, _Key], tuple[LayerSpec, tuple[Graph, ...]]] = {}
"""Both keep the graphs alive, so that their identities stay theirs."""

NO_GRAPHS = Library({})
"""For a graph by itself."""


def placed(node: Node) -> str:
    """The name of the graph that a node places; "" for other nodes."""
    name = node.params.get("graph") if node.type in COMPOSITES else ""
    return name if isinstance(name, str) else ""
