"""What a phase of the training does to every node of the project: what it updates, what stays, where gradients stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.analysis.gradients import STOPPING, Flow, Part, Place, Weights
from engine.analysis.library import REMEMBERED, Library
from engine.graph import Edge, Graph
from engine.plan import Phase
from engine.project import Project

State = Literal["updated", "passed", "frozen", "stopped", "unused"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a phase does to one node.

    updated  it has weights and they are moved, by `factor` times the learning rate; of a placed network with several
             factors the largest, and `least` the smallest
    passed   it has no weights, and the gradient flows through
    frozen   it has weights and they stay as they are
    stopped  it is computed, but no gradient gets there that would move a weight
    unused   the objective does not compute it
    """

    state: State
    factor: float = 0.0
    least: float = 0.0

    @property
    def factor_text(self) -> str:
        """The factor as users read it: "×0.1", or "×0–1" where parts differ; "" where nothing is updated."""
        if self.state != "updated":
            return ""
        return f"×{self.factor:g}" if self.least == self.factor else f"×{self.least:g}–{self.factor:g}"


UNUSED = Effect("unused")
_RANK: tuple[State, ...] = ("unused", "stopped", "frozen", "passed", "updated")


@dataclass(frozen=True, slots=True)
class Effects:
    """What a phase does to a project.

    nodes    by graph, then by node id; what is not there is unused
    flowing  by graph: the wires that carry a gradient
    stops    by graph: the wires at which it ends although weights or a Detach lie before them
    weights  all that the objective computes with, and what is done to them
    losses   the losses of the objective that some updated weight reaches; `dry` are the others
    """

    nodes: Mapping[str, Mapping[str, Effect]] = field(default_factory=dict)
    flowing: Mapping[str, frozenset[Edge]] = field(default_factory=dict)
    stops: Mapping[str, frozenset[Edge]] = field(default_factory=dict)
    weights: Mapping[Weights, Effect] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    dry: tuple[str, ...] = ()

    @property
    def updated(self) -> dict[Weights, float]:
        """The weights that are moved, with their factors of the learning rate."""
        return {weights: effect.factor for weights, effect in self.weights.items() if effect.state == "updated"}

    def of(self, graph: str, node_id: str) -> Effect:
        return self.nodes.get(graph, {}).get(node_id, UNUSED)


def effects(project: Project, phase: Phase) -> Effects:
    """Never raises: an objective that does not exist has no effects. Kept for the graphs and factors they hold for."""
    if phase.objective not in project.graphs:
        return Effects()
    library = Library(project.graphs)
    names = (phase.objective, *library.places(phase.objective))
    graphs = tuple(project.graphs[name] for name in names)
    key = (names, tuple(map(id, graphs)), tuple(phase.updates.items()))
    found = _effects.get(key)
    if found is None:
        if len(_effects) >= REMEMBERED:
            _effects.clear()
        found = _effects[key] = (_Walk(library, phase.updates).told(phase.objective), graphs)
    return found[0]


_effects: dict[tuple[object, ...], tuple[Effects, tuple[Graph, ...]]] = {}
"""Keeps the graphs alive, so that their identities stay theirs."""


class _Walk:
    """Notes what happens to all that an objective places."""

    def __init__(self, library: Library, updates: Mapping[str, float]) -> None:
        self._flow = Flow(library, updates)
        self._nodes: dict[str, dict[str, Effect]] = {}
        self._flowing: dict[str, set[Edge]] = {}
        self._stops: dict[str, set[Edge]] = {}
        self._weights: dict[Weights, Effect] = {}
        self._visited: dict[Place, Effect | None] = {}

    def told(self, objective: str) -> Effects:
        top = Place(objective, is_top=True)
        self._visit(top)
        part, live = self._flow.part(objective), self._flow.live(top)
        reached = tuple(loss for loss in part.losses if any(
            (edge.source, edge.source_port) in live for edge in part.wired.into.get(loss, ())))
        return Effects(
            self._nodes,
            {name: frozenset(edges) for name, edges in self._flowing.items()},
            {name: frozenset(edges - self._flowing[name]) for name, edges in self._stops.items()},
            self._weights, reached, tuple(loss for loss in part.losses if loss not in reached))

    def _visit(self, place: Place) -> Effect | None:
        """Note what happens in a placed graph. Returns what happens to its weights together; None: it has none."""
        if place in self._visited:
            return self._visited[place]
        part, live, asked = self._flow.part(place.graph), self._flow.live(place), self._flow.asked(place)
        flowing = frozenset(edge for edge in asked if (edge.source, edge.source_port) in live)
        found: list[Effect] = []
        active = {node_id for edge in flowing for node_id in (edge.source, edge.target)}
        for node_id in part.wired.order:
            if node_id not in (part.used_by_sinks if place.is_top else part.used_by_outputs):
                continue
            effect = self._weighty(place, part, node_id, live, asked)
            if effect is None:
                passes = node_id in active and part.wired.nodes[node_id].type not in STOPPING
                effect = Effect("passed" if passes else "stopped")
            else:
                found.append(effect)
                active.update((node_id,) if effect.state == "updated" else ())
            self._note(place.graph, node_id, effect)
        self._flowing.setdefault(place.graph, set()).update(flowing)
        self._stops.setdefault(place.graph, set()).update(
            edge for node_id in active for edge in part.wired.into.get(node_id, ())
            if edge not in flowing and edge.source in part.rich)
        self._visited[place] = _together(found)
        return self._visited[place]

    def _weighty(self, place: Place, part: Part, node_id: str, live: frozenset[tuple[str, str]],
                 asked: frozenset[Edge]) -> Effect | None:
        """What happens to the weights of a layer or placed graph; None: it has none."""
        leaving = {edge.source_port for edge in part.wired.out_of.get(node_id, ()) if edge in asked}
        if node_id in part.inner:
            arriving = {edge.target_port for edge in part.wired.into.get(node_id, ())
                        if (edge.source, edge.source_port) in live}
            return self._visit(self._flow.inside(place, node_id, arriving, leaving))
        if node_id not in part.weighted:
            return None
        weights = place.owner or (place.graph, node_id)
        factor = self._flow.factor(weights)
        effect = Effect("frozen") if not factor else Effect("updated", factor, factor) if leaving else Effect("stopped")
        known = self._weights.get(weights)
        self._weights[weights] = effect if known is None else _merged(known, effect)
        return effect

    def _note(self, graph: str, node_id: str, effect: Effect) -> None:
        noted = self._nodes.setdefault(graph, {})
        noted[node_id] = _merged(noted[node_id], effect) if node_id in noted else effect


def _merged(one: Effect, other: Effect) -> Effect:
    """Of a node that is used in two ways: the stronger effect, with the factors of both."""
    strong, weak = sorted((one, other), key=lambda effect: -_RANK.index(effect.state))
    if strong.state != "updated" or weak.state not in ("updated", "frozen"):
        return strong
    return replace(strong, factor=max(strong.factor, weak.factor), least=min(strong.least, weak.least))


def _together(found: list[Effect]) -> Effect | None:
    """What happens to the weights of a placed graph, from what happens to those of its nodes."""
    whole = None
    for effect in found:
        whole = effect if whole is None else _merged(whole, effect)
    return whole
