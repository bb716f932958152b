"""How far gradients flow in an objective: which tensors depend on a weight that is moved, and which lead to a loss.

A graph is looked at once for each way in which it is placed: by which of its Inputs carry a gradient, which of its
Outputs are asked for one, and whose its weights are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.analysis.composites import ports_of, states_of
from engine.analysis.library import REMEMBERED, Library, placed
from engine.analysis.report import Analysis
from engine.analysis.roles import LOSSES
from engine.analysis.wiring import Wiring, wiring
from engine.graph import Edge, Graph
from engine.layers.networks import COMPOSITES, SHARING, copies
from engine.layers.spec import no_weights
from engine.plan import address

STOPPING = frozenset(("Detach",))
"""Layers that give numbers on and no gradient back."""

Weights = tuple[str, str]
"""Where weights are told apart: a graph and one of its nodes; what a Block places is the Block's."""


@dataclass(frozen=True, slots=True)
class Part:
    """One graph as gradients see it.

    inner     the graphs that its nodes place
    weighted  layers with weights
    whole     (node, port) of whole numbers, which have no gradient
    rich      nodes that have weights or are a Detach, and all behind them
    used_by_outputs, used_by_sinks  nodes that are computed where the graph is placed, and where it is the objective
    """

    wired: Wiring
    inner: Mapping[str, str]
    weighted: frozenset[str]
    whole: frozenset[tuple[str, str]]
    rich: frozenset[str]
    used_by_outputs: frozenset[str]
    used_by_sinks: frozenset[str]
    losses: tuple[str, ...]


def part_of(library: Library, name: str) -> Part:
    analysis = library.analysis(name)
    found = _parts.get(id(analysis))
    if found is None:
        if len(_parts) >= REMEMBERED:
            _parts.clear()
        found = _parts[id(analysis)] = (_looked_at(library, library.graphs[name], analysis), analysis)
    return found[0]


def _looked_at(library: Library, graph: Graph, analysis: Analysis) -> Part:
    wired = wiring(graph, library)
    inner = {node_id: placed(node) for node_id, node in wired.nodes.items()
             if placed(node) in library.graphs and not library.contains_itself(placed(node))}
    weighted = frozenset(node_id for node_id, node in wired.nodes.items()
                         if node.type not in COMPOSITES and _has_weights(wired, analysis, node_id))
    rich: set[str] = set()
    for node_id in wired.order:
        if (node_id in weighted or node_id in inner or wired.nodes[node_id].type in STOPPING
                or any(edge.source in rich for edge in wired.into.get(node_id, ()))):
            rich.add(node_id)
    sinks = [node_id for node_id in wired.nodes if wired.is_sink(node_id)]
    return Part(
        wired, inner, weighted,
        whole=frozenset((node_id, port) for node_id, report in analysis.nodes.items()
                        for port, made in report.outputs.items() if made.dtype != "float32"),
        rich=frozenset(rich),
        used_by_outputs=wired.before(node_id for node_id in sinks if wired.nodes[node_id].type == "Output"),
        used_by_sinks=wired.before(sinks),
        losses=tuple(node_id for node_id in wired.order if wired.nodes[node_id].type in LOSSES),
    )


def _has_weights(wired: Wiring, analysis: Analysis, node_id: str) -> bool:
    """Whether a layer has weights; while its input is not known, whether such layers have."""
    report, spec = analysis.nodes[node_id], wired.specs[node_id]
    if report.inputs and (report.outputs or wired.is_sink(node_id)):
        return report.weights > 0
    return spec is not None and spec.weights is not no_weights


_parts: dict[int, tuple[Part, Analysis]] = {}
"""Keeps the analyses alive, so that their identities stay theirs."""


@dataclass(frozen=True, slots=True)
class Place:
    """One way in which a graph is placed.

    owner   the Block that its weights belong to; None: they are its own
    given   Inputs that carry a gradient
    wanted  Outputs that are asked for one
    is_top  it is the objective itself
    """

    graph: str
    owner: Weights | None = None
    given: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    is_top: bool = False


class Flow:
    """The gradients of one objective, for one choice of what is updated."""

    def __init__(self, library: Library, updates: Mapping[str, float]) -> None:
        self._library, self._updates = library, updates
        self._live: dict[tuple[str, Weights | None, frozenset[str]], frozenset[tuple[str, str]]] = {}
        self._asked: dict[tuple[str, frozenset[str], bool], frozenset[Edge]] = {}

    def part(self, graph: str) -> Part:
        return part_of(self._library, graph)

    def factor(self, weights: Weights) -> float:
        if not self._updates:
            return 1.0
        graph, node_id = weights
        return self._updates.get(address(graph, node_id), self._updates.get(graph, 0.0))

    def live(self, place: Place) -> frozenset[tuple[str, str]]:
        """The (node, port) in a placed graph, with wires out of them, that depend on an updated weight."""
        return self._lively(place.graph, place.owner, place.given)

    def asked(self, place: Place) -> frozenset[Edge]:
        """The wires in a placed graph that lead to a loss, with nothing between that stops gradients."""
        return self._asking(place.graph, place.wanted, place.is_top)

    def inside(self, place: Place, node_id: str, arriving: Iterable[str], leaving: Iterable[str]) -> Place:
        """How a node places its graph, where gradients come in from these ports, and these are asked for one."""
        part = self.part(place.graph)
        return Place(part.inner[node_id], self._owner(part, place.graph, node_id, place.owner),
                     self._given(part, place.graph, node_id, place.owner, arriving),
                     self._wanted(part, node_id, leaving))

    # Forwards: which tensors depend on an updated weight

    def _lively(self, graph: str, owner: Weights | None, given: frozenset[str]) -> frozenset[tuple[str, str]]:
        """The (node, port) at wires out of which a gradient can enter."""
        key = (graph, owner, given)
        if key not in self._live:
            self._live[key] = self._forwards(*key)
        return self._live[key]

    def _forwards(self, graph: str, owner: Weights | None, given: frozenset[str]) -> frozenset[tuple[str, str]]:
        part = self.part(graph)
        live: set[tuple[str, str]] = set()
        for node_id in part.wired.order:
            arriving = {e.target_port for e in part.wired.into.get(node_id, ()) if (e.source, e.source_port) in live}
            if node_id in part.inner:
                ports = self._through(part, graph, node_id, owner, arriving)
                live.update((node_id, port) for port in ports)
                continue
            is_moved = node_id in part.weighted and self.factor(owner or (graph, node_id)) > 0
            if part.wired.nodes[node_id].type not in STOPPING and (arriving or is_moved or node_id in given):
                ports = {edge.source_port for edge in part.wired.out_of.get(node_id, ())}
                live.update({(node_id, port) for port in ports} - part.whole)
        return frozenset(live)

    def _through(self, part: Part, graph: str, node_id: str, owner: Weights | None, arriving: set[str]) -> set[str]:
        """The ports of a placed graph that carry a gradient."""
        given = self._given(part, graph, node_id, owner, arriving)
        return self._carrying(part.inner[node_id], self._owner(part, graph, node_id, owner), given)

    def _given(self, part: Part, graph: str, node_id: str, owner: Weights | None,
               arriving: Iterable[str]) -> frozenset[str]:
        """The Inputs of a placed graph that carry a gradient, also those that get an Output back."""
        given, inner = frozenset(arriving), part.inner[node_id]
        states = self._states(part, node_id)
        while states:
            ports = self._carrying(inner, self._owner(part, graph, node_id, owner), given)
            further = given | {state for output, state in states.items() if output in ports}
            if further == given:
                break
            given = further
        return given

    def _carrying(self, graph: str, owner: Weights | None, given: frozenset[str]) -> set[str]:
        """The Outputs of a graph that carry a gradient."""
        part, live = self.part(graph), self._lively(graph, owner, given)
        return {node_id for node_id, node in part.wired.nodes.items() if node.type == "Output"
                and any((e.source, e.source_port) in live for e in part.wired.into.get(node_id, ()))}

    def _states(self, part: Part, node_id: str) -> dict[str, str]:
        """Inputs of a placed graph by the Outputs that come back to them: states of a Loop; where a Block is repeated,
        what a copy passes on to the next."""
        node, graph = part.wired.nodes[node_id], self._library.graphs[part.inner[node_id]]
        if node.type == "Loop":
            return states_of(graph)
        ports = ports_of(graph)
        is_passed_on = copies(node.params) > 1 and ports.inputs and ports.outputs
        return {next(iter(ports.outputs)): next(iter(ports.inputs))} if is_passed_on else {}

    def _owner(self, part: Part, graph: str, node_id: str, owner: Weights | None) -> Weights | None:
        """Whose the weights of a placed graph are."""
        return None if part.wired.nodes[node_id].type in SHARING else owner or (graph, node_id)

    # Backwards: which wires lead to a loss

    def _asking(self, graph: str, wanted: frozenset[str], is_top: bool) -> frozenset[Edge]:
        """The wires at whose ends a gradient arrives, if anything before them has a use for it."""
        key = (graph, wanted, is_top)
        if key not in self._asked:
            self._asked[key] = self._backwards(*key)
        return self._asked[key]

    def _backwards(self, graph: str, wanted: frozenset[str], is_top: bool) -> frozenset[Edge]:
        part = self.part(graph)
        ends = {*wanted, *(part.losses if is_top else ())}
        asked: set[Edge] = set()
        for node_id in reversed(part.wired.order):
            leaving = {edge.source_port for edge in part.wired.out_of.get(node_id, ()) if edge in asked}
            arriving = part.wired.into.get(node_id, ())
            if node_id in part.inner:
                inputs = self._entered(part, node_id, self._wanted(part, node_id, leaving))
                arriving = [edge for edge in arriving if edge.target_port in inputs]
            elif (not leaving and node_id not in ends) or part.wired.nodes[node_id].type in STOPPING:
                continue
            asked.update(edge for edge in arriving if (edge.source, edge.source_port) not in part.whole)
        return frozenset(asked)

    def _wanted(self, part: Part, node_id: str, leaving: Iterable[str]) -> frozenset[str]:
        """The Outputs of a placed graph that are asked for a gradient, also those that come back to an Input."""
        wanted, states = frozenset(leaving), self._states(part, node_id)
        while states:
            inputs = self._entered(part, node_id, wanted)
            further = wanted | {output for output, state in states.items() if state in inputs}
            if further == wanted:
                break
            wanted = further
        return wanted

    def _entered(self, part: Part, node_id: str, wanted: frozenset[str]) -> frozenset[str]:
        """The Inputs of a placed graph at which a gradient comes out."""
        return frozenset(edge.source for edge in self._asking(part.inner[node_id], wanted, is_top=False))
