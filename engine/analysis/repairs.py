"""One-click repairs: ordinary edits, Graph -> Graph, made from the fixes that layers declare.

A repair keeps ids, not nodes: applied to a graph in which its nodes are gone, it changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from engine.analysis import lengths, placing
from engine.analysis.outcome import checked, outcome
from engine.analysis.report import NodeReport
from engine.analysis.wiring import Wiring
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE, checks
from engine.layers.spec import Fix, Insert, LayerSpec, Lengthen, Replace, Resize, SetParams, Swap, WireLengths
from engine.problems import Repair
from engine.tensors import TensorSpec


def of_fixes(fixes: Iterable[Fix], node_id: str, wired: Wiring,
             reports: Mapping[str, NodeReport]) -> tuple[Repair, ...]:
    """The repairs that a layer's fixes come to at this node; a fix that cannot be carried out is left out."""
    made = (_of_fix(fix, node_id, wired, reports) for fix in fixes)
    return tuple(repair for repair in made if repair is not None)


def _of_fix(fix: Fix, node_id: str, wired: Wiring, reports: Mapping[str, NodeReport]) -> Repair | None:
    match fix:
        case SetParams():
            return setting(fix.label, node_id, fix.params)
        case Replace():
            return Repair(fix.label, lambda graph: _replaced(graph, node_id, fix.type))
        case Swap():
            return Repair(fix.label, lambda graph: _swapped(graph, node_id))
        case WireLengths():
            return lengths.wiring_of(node_id, fix.port, fix.of, wired, reports)
    edge = _wire(wired, node_id, fix.port, fix.wire)
    return _of_wire(fix, edge, wired, reports) if edge else None


def _of_wire(fix: Insert | Resize | Lengthen, edge: Edge, wired: Wiring,
             reports: Mapping[str, NodeReport]) -> Repair | None:
    match fix:
        case Insert():
            return insertion(fix.label, edge, fix.type, fix.params)
        case Resize():
            return _resizing(edge, fix.sizes, wired, reports)
        case Lengthen():
            return _lengthening(edge, fix.steps, wired, reports)


def _wire(wired: Wiring, node_id: str, port: str, number: int) -> Edge | None:
    edges = wired.wires(node_id, port)
    return edges[number] if number < len(edges) else None


def setting(label: str, node_id: str, params: Mapping[str, Any]) -> Repair:
    """Change settings of a node."""
    return Repair(label, lambda graph: graph.set_params(node_id, params) if node_id in graph else graph)


def without_setting(label: str, node_id: str, name: str) -> Repair:
    """Take a setting out of a node."""

    def edit(graph: Graph) -> Graph:
        if node_id not in graph:
            return graph
        params = graph.node(node_id).params
        return graph.update(node_id, params={key: value for key, value in params.items() if key != name})

    return Repair(label, edit)


def insertion(label: str, edge: Edge, type: str, params: Mapping[str, Any] | None = None) -> Repair:
    """Put a new node on a wire."""
    spec = CATALOGUE[type]

    def edit(graph: Graph) -> Graph:
        if edge not in graph.edges:
            return graph
        node = graph.new_node(type, {**spec.defaults(), **(params or {})})
        return placing.inserted(graph, edge, node, spec.inputs[0].name, spec.outputs[0].name)

    return Repair(label, edit)


def disconnection(label: str, edges: Iterable[Edge]) -> Repair:
    wires = tuple(edges)
    return Repair(label, lambda graph: graph.disconnect(*wires))


def single_wire(label: str, node_id: str, port: str) -> Repair:
    """Keep only the first wire into a port."""

    def edit(graph: Graph) -> Graph:
        further = graph.into(node_id, port)[1:]
        kept = list(reversed(graph.edges))
        for edge in reversed(further):
            kept.remove(edge)
        return Graph(graph.nodes, tuple(reversed(kept)))

    return Repair(label, edit)


def bypass(label: str, node_id: str, edge: Edge) -> Repair:
    """Let the wire out of a node with one input start before the node; drop the node if nothing else needs it."""

    def edit(graph: Graph) -> Graph:
        if node_id not in graph or edge not in graph.edges:
            return graph
        if len(graph.out_of(node_id)) == 1:
            return graph.dissolve((node_id,))
        before = graph.into(node_id)[0]
        healed = Edge(before.source, before.source_port, edge.target, edge.target_port)
        return Graph(graph.nodes, tuple(healed if other == edge else other for other in graph.edges))

    return Repair(label, edit)


def removal(label: str, end: str) -> Repair:
    """Remove a node that leads nowhere, and all that led only to it."""

    def edit(graph: Graph) -> Graph:
        if end not in graph:
            return graph
        before: dict[str, list[str]] = defaultdict(list)
        for edge in graph.edges:
            before[edge.target].append(edge.source)
        needed = Counter(edge.source for edge in graph.edges)
        gone, waiting = set(), [end]
        while waiting:
            node_id = waiting.pop()
            gone.add(node_id)
            for source in before[node_id]:
                needed[source] -= 1
                if not needed[source] and source not in gone:
                    waiting.append(source)
        return graph.remove(gone)

    return Repair(label, edit)


def _replaced(graph: Graph, node_id: str, type: str) -> Graph:
    """The node as another layer; a name that was made from the old type is made anew, settings are kept by name."""
    if node_id not in graph:
        return graph
    node, spec = graph.node(node_id), CATALOGUE[type]
    params = {**spec.defaults(), **{k: v for k, v in node.params.items() if k in spec.defaults()}}
    generated = node.name.rpartition(" ")[0] == node.type
    name = graph.new_node(type, {}).name if generated else node.name
    return graph.update(node_id, type=type, params=params, name=name)


def _swapped(graph: Graph, node_id: str) -> Graph:
    """With the wires into the first two ports of a node exchanged."""
    node = next((node for node in graph.nodes if node.id == node_id and node.type in CATALOGUE), None)
    if node is None:
        return graph
    first, second = (port.name for port in CATALOGUE[node.type].inputs[:2])
    other = {first: second, second: first}
    edges = (
        Edge(edge.source, edge.source_port, edge.target, other.get(edge.target_port, edge.target_port))
        if edge.target == node_id else edge
        for edge in graph.edges
    )
    return Graph(graph.nodes, tuple(edges))


def _resizing(edge: Edge, sizes: tuple[int, ...], wired: Wiring, reports: Mapping[str, NodeReport]) -> Repair | None:
    """Change the width of the nearest layer before a wire that has one, if that makes the wire carry `sizes`; or the
    shape of what makes its values of nothing.

    The layers between must have one input each; the change is tried on paper before it is offered.
    """
    source = _spec(wired, edge.source)
    if not source.inputs and source.role == "layer" and "shape" in source.defaults():  # made of nothing: any shape
        name = wired.name(edge.source)
        return setting(f"Make {name} {checks.shape_text(sizes)}", edge.source, {"shape": sizes})
    now = reports[edge.source].outputs[edge.source_port].sizes
    differing = [(old, new) for old, new in zip(now, sizes, strict=False) if old != new]
    if len(now) != len(sizes) or len(differing) != 1:
        return None
    chain = [edge.source]
    while not (spec := _spec(wired, chain[-1])).width:
        before = wired.wires(chain[-1])
        if spec.role != "layer" or len(before) != 1:
            return None
        chain.append(before[0].source)
    node = wired.nodes[chain[-1]]
    width = spec.param(spec.width)
    old, new = differing[0]
    present = checked(spec, node.params).params[width.name]
    value, rest = divmod(present * new, old)
    if rest or _carried(chain, {node.id: {width.name: value}}, wired, reports) != sizes:
        return None
    return setting(f"Set {width.label.lower()} of {node.name} to {value}", node.id, {width.name: value})


def _spec(wired: Wiring, node_id: str) -> LayerSpec:
    """Of a node that was computed."""
    spec = wired.specs[node_id]
    assert spec is not None, "what was computed is known"
    return spec


def _lengthening(edge: Edge, steps: int, wired: Wiring, reports: Mapping[str, NodeReport]) -> Repair | None:
    """Let the layers of a chain before a wire move by single steps, the nearest first, until the wire carries so many
    steps: sizes of its first axis."""
    chain, changes = [edge.source], dict[str, dict[str, Any]]()
    while len(before := wired.wires(chain[-1])) == 1:
        stride = lengths.window(chain[-1], wired).get("stride", 1)
        if stride > 1:
            changes[chain[-1]] = {"stride": (1,)}
            carried = _carried(chain, changes, wired, reports)
            if carried and carried[0] >= steps:
                names = " and ".join(wired.name(node_id) for node_id in changes)
                return Repair(f"Set the stride of {names} to 1", lambda graph: _changed(graph, changes))
        chain.append(before[0].source)
    return None


def _changed(graph: Graph, changes: Mapping[str, Mapping[str, Any]]) -> Graph:
    for node_id, params in changes.items():
        graph = graph.set_params(node_id, params) if node_id in graph else graph
    return graph


def _carried(chain: list[str], changes: Mapping[str, Mapping[str, Any]], wired: Wiring,
             reports: Mapping[str, NodeReport]) -> tuple[int, ...] | None:
    """The sizes that leave a chain of nodes, given last to first, if settings of some of them change."""
    inputs: tuple[TensorSpec, ...] = reports[chain[-1]].inputs
    for node_id in reversed(chain):
        node = wired.nodes[node_id]
        settings = checked(_spec(wired, node_id), {**node.params, **changes.get(node_id, {})})
        report = None if settings.errors else outcome(settings, inputs).report
        if report is None:
            return None
        inputs = tuple(report.outputs.values())
    return inputs[0].sizes


def disposal(label: str, node_id: str) -> Repair:
    """Take out a node; a wire through it is healed."""
    return Repair(label, lambda graph: graph.dissolve((node_id,)) if node_id in graph else graph)
