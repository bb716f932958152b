"""Networks out of parts of a drawing, and back: `make_network` and `ungroup`. A project in, a new project out.

Where data enters, and what the outside reads, stays outside: Inputs, Outputs, losses and metrics are never moved into a
network, and never taken out of one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from engine.analysis.composites import Ports, port_of, ports_of
from engine.analysis.library import Library, placed
from engine.analysis.placing import COLUMN, HEIGHT, ROW, WIDTH, Position, free_position
from engine.analysis.report import Analysis
from engine.analysis.survey import survey
from engine.composition import CompositionError, add_graph, placing, readdressed, without_graph
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.layers.networks import SHARING, copies
from engine.plan import address, free_name, has_loss
from engine.project import Project
from engine.starter import declaration
from engine.tensors import TensorSpec

STAYING = frozenset(spec.type for spec in CATALOGUE.values() if spec.role in ("output", "loss", "metric")) | {"Input"}
"""Layers that stay where they are."""

Source = tuple[str, str]
"""A node and one of its output ports."""


def make_network(project: Project, graph_name: str, node_ids: Collection[str], type: str,
                 name: str) -> tuple[Project, str]:
    """With the chosen nodes moved into a new graph `name`, and a Network or Block that places it in their stead; and
    the id of that node.

    Wires that enter become Inputs declared as what they carry, sources of wires that leave become Outputs.
    """
    graph, found = project.graphs[graph_name], survey(project)
    chosen = [node for node in graph.nodes if node.id in node_ids and node.type not in STAYING]
    if not chosen:
        raise CompositionError(
            "There is nothing to make a network of.",
            "Select layers first. Inputs, outputs, losses and metrics stay where they are.")
    _require_one_piece(graph, chosen)
    analysis = found.analyses[graph_name]
    cut = _Cut(graph, chosen, found.library, analysis)
    wanted = _middle(node.position for node in chosen)
    rest = graph.remove(cut.ids)
    fresh = rest.new_node(type, {**CATALOGUE[type].defaults(), "graph": name}, free_position(rest, wanted))
    placement = msgspec.structs.replace(fresh, name=free_name(name, (node.name for node in rest.nodes)))
    edges = dict.fromkeys(edge for edge in map(cut.outside(placement.id), graph.edges) if edge is not None)
    made = add_graph(project, name, cut.inside())
    made = made.with_graph(graph_name, Graph((*rest.nodes, placement), tuple(edges)))
    learning = [node.id for node in chosen if analysis.nodes[node.id].weights and node.type not in SHARING]
    if type in SHARING:
        return _shared(made, graph_name, cut.ids, name), placement.id
    return _owned(made, graph_name, learning, placement.id), placement.id


def ungroup(project: Project, graph_name: str, node_id: str) -> tuple[Project, tuple[str, ...]]:
    """With the layers of a placed network in the place of the node that places it; and their ids.

    A network that nothing else needs is removed from the project.
    """
    graph, library = project.graphs[graph_name], Library(project.graphs)
    node = graph.node(node_id)
    name = placed(node)
    _require_ungroupable(project, graph_name, node, library)
    inner = project.graphs[name]
    body = inner.remove([other.id for other in inner.nodes if other.type in STAYING])
    made = _Inlined(graph, node, inner, ports_of(inner))
    for copy in range(copies(node.params)):
        made.add(body, copy)
    result = _spread(made.graph(), node, made.copies, graph)
    edited = project.with_graph(graph_name, result)
    reports, types = library.analysis(name).nodes, {other.id: other.type for other in inner.nodes}
    learning = [copy for copy in made.copies if reports[copy[0]].weights and types[copy[0]] not in SHARING]
    edited = _readdressed(edited, graph_name, node, learning)
    is_needed = name == project.main or has_loss(inner) or bool(placing(edited, name)) or any(
        placed(other) == name for other in result.nodes) or any(phase.objective == name for phase in project.plan)
    return edited if is_needed else without_graph(edited, name), tuple(fresh for _, fresh in made.copies)


def _require_one_piece(graph: Graph, chosen: Collection[Node]) -> None:
    """Refuse what would have to be computed before and after something outside of it."""
    ids = {node.id for node in chosen}
    between = (graph.downstream(ids) & graph.upstream(ids)) - ids
    if between:
        names = sorted(node.name for node in graph.nodes if node.id in between)
        raise CompositionError(
            f"{names[0]} lies between the selected layers: it needs one of them, and another one needs it.",
            f"Select {names[0]} too, or leave out what follows it.")


def _require_ungroupable(project: Project, graph_name: str, node: Node, library: Library) -> None:
    name = placed(node)
    if name not in project.graphs:
        raise CompositionError(f"{node.name} places no network of this project.", "Select a Network or a Block.")
    if node.type == "Loop":
        raise CompositionError(f"{node.name} runs {name} once for every step, which no drawing without it can do.",
                               "Open it to change what happens in a step.")
    if name == graph_name or library.contains_itself(name):
        raise CompositionError(f"{name} contains itself.", "Take out the node that leads back to it first.")


class _Cut:
    """The chosen nodes and the wires that run across their border, with the Inputs and Outputs these become."""

    def __init__(self, graph: Graph, chosen: list[Node], library: Library, analysis: Analysis) -> None:
        self.ids = frozenset(node.id for node in chosen)
        self._graph, self._chosen, self._nodes, self._analysis = graph, chosen, graph.by_id(), analysis
        specs = ((node.id, library.spec(node)) for node in graph.nodes)
        self._titles = {(node_id, port.name): port.title for node_id, spec in specs if spec for port in spec.outputs}
        entering = [edge for edge in graph.edges if edge.target in self.ids and edge.source not in self.ids]
        leaving = [edge for edge in graph.edges if edge.source in self.ids and edge.target not in self.ids]
        self._body = Graph(tuple(chosen))
        self._entries: dict[Source, tuple[str, str]] = {}
        self._exits: dict[Source, str] = {}
        self._add_inputs(entering)
        self._add_outputs(dict.fromkeys((edge.source, edge.source_port) for edge in leaving) or self._loose_ends())

    def inside(self) -> Graph:
        """The new graph."""
        edges = [
            Edge(*self._entries.get((edge.source, edge.source_port), (edge.source, edge.source_port)),
                 edge.target, edge.target_port)
            for edge in self._graph.edges if edge.target in self.ids]
        shown = [Edge(*source, output, "input") for source, output in self._exits.items()]
        return Graph(self._body.nodes, (*edges, *shown))

    def outside(self, placement: str) -> Callable[[Edge], Edge | None]:
        """What a wire of the old graph becomes beside the node that places the new one; None for one inside."""

        def of(edge: Edge) -> Edge | None:
            if edge.target in self.ids:
                source = (edge.source, edge.source_port)
                return Edge(*source, placement, port_of(self._entries[source])) if source in self._entries else None
            exit = self._exits.get((edge.source, edge.source_port))
            return Edge(placement, exit, edge.target, edge.target_port) if exit else edge

        return of

    def _add_inputs(self, entering: list[Edge]) -> None:
        """An Input for every source that wires enter from, from top to bottom as these lie; lengths come in with the
        sequences that they are of."""
        sources = sorted(dict.fromkeys((edge.source, edge.source_port) for edge in entering),
                         key=lambda source: self._nodes[source[0]].position[::-1])
        specs = {source: self._carried(source) for source in sources}
        lengths = {source: self._sequence(source, specs) for source in sources if specs[source].steps is not None}
        left, level = min(node.position[0] for node in self._chosen) - COLUMN, float("-inf")
        for source in (source for source in sources if source not in lengths):
            first = next(edge.target for edge in entering if (edge.source, edge.source_port) == source)
            level = max(level + ROW, self._nodes[first].position[1])
            params = {**CATALOGUE["Input"].defaults(), **declaration(specs[source]),
                      "lengths": source in lengths.values()}
            self._entries[source] = self._add("Input", params, (left, level), self._called(source, sources)), "output"
        for source, sequence in lengths.items():
            self._entries[source] = self._entries[sequence][0], "lengths"

    def _add_outputs(self, sources: Iterable[Source]) -> None:
        """An Output for every source that wires leave, from top to bottom as these lie."""
        right, level = max(node.position[0] for node in self._chosen) + COLUMN, float("-inf")
        for source in sorted(sources, key=lambda source: self._nodes[source[0]].position[::-1]):
            level = max(level + ROW, self._nodes[source[0]].position[1])
            called = f"{self._nodes[source[0]].name} {self._titles.get(source, source[1])}"
            self._exits[source] = self._add("Output", {}, (right, level), called)

    def _loose_ends(self) -> list[Source]:
        """Where no wire leaves: the first outputs of the nodes that nothing follows."""
        used = {edge.source for edge in self._graph.edges}
        first = {node_id: (node_id, port) for node_id, port in reversed(self._titles)}
        return [first[node.id] for node in self._chosen if node.id in first and node.id not in used]

    def _add(self, type: str, params: Mapping[str, object], position: Position, called: str) -> str:
        fresh = self._body.new_node(type, params, position)
        name = free_name(called, (node.name for node in self._body.nodes))
        self._body = self._body.add(msgspec.structs.replace(fresh, name=name))
        return fresh.id

    def _called(self, source: Source, sources: Collection[Source]) -> str:
        name = self._nodes[source[0]].name
        is_one = sum(node_id == source[0] for node_id, _ in sources) == 1
        return name if is_one else f"{name} {self._titles.get(source, source[1])}"

    def _carried(self, source: Source) -> TensorSpec:
        """What comes from a source, if an Input can declare it."""
        node_id, port = source
        name, spec = self._nodes[node_id].name, self._analysis.nodes[node_id].outputs.get(port)
        if spec is None:
            raise CompositionError(
                f"What {name} passes to the selected layers is not known yet, and a network declares what enters it.",
                f"Mend what is wrong at or before {name} first.")
        if spec.dtype not in ("float32", "int64"):
            raise CompositionError(f"{name} passes a mask to the selected layers, which no Input of a network can be.",
                                   f"Select {name} too, so that the mask is made inside.")
        return spec

    def _sequence(self, source: Source, specs: Mapping[Source, TensorSpec]) -> Source:
        """The padded sequence that some lengths enter with."""
        fitting = [other for other, spec in specs.items()
                   if spec.has_padding and spec.sizes[spec.axes.index("time")] == specs[source].steps]
        if not fitting:
            name = self._nodes[source[0]].name
            raise CompositionError(f"The lengths from {name} enter the selection without the sequences they are of.",
                                   "Select so that both enter, or neither.")
        return min(fitting, key=lambda other: other[0] != source[0])


@dataclass
class _Inlined:
    """A graph in which a placed network is being drawn out, once for every copy in a row.

    copies   (node of the network, node in its place), for all copies
    """

    outer: Graph
    node: Node
    inner: Graph
    ports: Ports
    copies: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rest = self.outer.remove((self.node.id,))
        self._wires: list[Edge] = []
        self._feeds = {self.ports.inputs[edge.target_port]: (edge.source, edge.source_port)
                       for edge in self.outer.into(self.node.id) if edge.target_port in self.ports.inputs}
        self._results: dict[str, Source] = {}

    def add(self, body: Graph, number: int) -> None:
        """Draw the next copy of `body`; its first input comes from the first output of the copy before."""
        if number and self._results:
            self._feeds[next(iter(self.ports.inputs.values()))] = self._results[next(iter(self.ports.outputs))]
        across = [node.position[0] for node in body.nodes] or [0.0]
        offset = number * (max(across) - min(across) + COLUMN)
        self._rest, fresh = self._rest.merged(Graph(body.nodes), (offset, 0.0))
        copies = dict(zip((node.id for node in body.nodes), fresh, strict=True))
        self.copies += copies.items()
        for edge in self.inner.edges:
            source = self._source(edge, copies)
            if edge.target in copies and source:
                self._wires.append(Edge(*source, copies[edge.target], edge.target_port))
        self._results = {edge.target: source for edge in self.inner.edges
                         if edge.target in self.ports.outputs and (source := self._source(edge, copies))}

    def graph(self) -> Graph:
        """All of it. Wires keep their order in every port. Raises CompositionError for a wire that would be doubled."""
        outside = [wire for edge in self.outer.edges if (wire := self._outside(edge))]
        edges = (*outside, *self._wires)
        if len(set(edges)) < len(edges):
            raise CompositionError(
                f"{self.node.name} cannot be taken apart: one wire would have to be drawn twice.",
                "Two ports of it are the same inside or outside; wire one of them to something else first.")
        return Graph(self._rest.nodes, edges)

    def _source(self, edge: Edge, copies: Mapping[str, str]) -> Source | None:
        if edge.source in copies:
            return copies[edge.source], edge.source_port
        return self._feeds.get((edge.source, edge.source_port))

    def _outside(self, edge: Edge) -> Edge | None:
        if edge.target == self.node.id:
            return None
        if edge.source != self.node.id:
            return edge
        source = self._results.get(edge.source_port)
        return Edge(*source, edge.target, edge.target_port) if source else None


def _middle(positions: Iterable[Position]) -> Position:
    across, down = zip(*positions, strict=True)
    return (min(across) + max(across)) / 2, (min(down) + max(down)) / 2


def _spread(graph: Graph, node: Node, copies: Collection[tuple[str, str]], before: Graph) -> Graph:
    """The inlined nodes around where the placement lay; if others are in their way there, these move aside."""
    fresh = {new for _, new in copies}
    if not fresh:
        return graph
    places = {other.id: other.position for other in graph.nodes}
    (x, y), (left, top) = node.position, _middle(places[new] for new in fresh)
    moved = {new: (places[new][0] + x - left, places[new][1] + y - top) for new in fresh}
    others = {other.id: other.position for other in before.nodes if other.id != node.id}
    if not any(abs(a - c) < WIDTH and abs(b - d) < HEIGHT for a, b in moved.values() for c, d in others.values()):
        return graph.move(moved)
    width = max(a for a, _ in moved.values()) - min(a for a, _ in moved.values())
    half = (max(b for _, b in moved.values()) - min(b for _, b in moved.values())) / 2
    moved = {new: (a + width / 2, b) for new, (a, b) in moved.items()}
    for other, (a, b) in others.items():
        if a > x:
            moved[other] = a + width, b
        elif a > x - WIDTH:
            moved[other] = a, b + (half if b > y else -half)
    return graph.move(moved)


def _shared(project: Project, graph_name: str, ids: Collection[str], name: str) -> Project:
    """With plan and starts saying of the moved nodes what they said before; the new network is updated as the graph
    that its layers came from."""
    plan = []
    for phase in project.plan:
        updates = phase.updates
        for node_id in ids:
            updates = readdressed(updates, address(graph_name, node_id), address(name, node_id))
        if graph_name in updates:
            updates = {**updates, name: updates[graph_name]}
        plan.append(msgspec.structs.replace(phase, updates=updates))
    starts = project.starts
    for node_id in ids:
        starts = readdressed(starts, address(graph_name, node_id), address(name, node_id))
    return project.replace(plan=tuple(plan), starts=starts)


def _owned(project: Project, graph_name: str, learning: Collection[str], placement: str) -> Project:
    """With the plan saying of a new block what it said of the nodes in it. Raises CompositionError if these differ."""
    moved = [address(graph_name, node_id) for node_id in learning]
    if any(start in project.starts for start in moved):
        raise CompositionError("Some of the selected layers start from a weights file, which a block cannot.",
                               "Make a network of them instead.")
    plan = []
    for phase in project.plan:
        factors = {phase.updates.get(node, phase.updates.get(graph_name)) for node in moved}
        if len(factors) > 1:
            raise CompositionError(f"{phase.name} updates the selected layers differently, but a block as a whole.",
                                   "Make a network of them instead, or change the plan.")
        updates = {key: factor for key, factor in phase.updates.items() if key not in moved}
        factor = next(iter(factors), None)
        if factor is not None and factor != updates.get(graph_name):
            updates[address(graph_name, placement)] = factor
        plan.append(msgspec.structs.replace(phase, updates=updates))
    return project.replace(plan=tuple(plan))


def _readdressed(project: Project, graph_name: str, node: Node, learning: Collection[tuple[str, str]]) -> Project:
    """With plan and starts saying of inlined nodes what they said of the network or block that these come from."""
    is_shared, name, block = node.type in SHARING, placed(node), address(graph_name, node.id)
    plan = []
    for phase in project.plan:
        updates = {key: factor for key, factor in phase.updates.items() if key != block}
        around = updates.get(graph_name)
        for old, new in learning if phase.updates else ():
            factor = phase.updates.get(address(name, old), phase.updates.get(name)) if is_shared else \
                phase.updates.get(block, around)
            if factor != around:
                updates[address(graph_name, new)] = factor or 0.0
        plan.append(msgspec.structs.replace(phase, updates=updates))
    starts = {key: path for key, path in project.starts.items() if key != block}
    for old, new in learning if is_shared else ():
        start = project.starts.get(address(name, old), project.starts.get(name))
        if start is not None:
            starts[address(graph_name, new)] = start
    return project.replace(plan=tuple(plan), starts=starts)
