"""Edits of the graph that gestures and commands share. Pure functions: a graph in, a new graph out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from engine import starter
from engine.analysis.library import Library, placed
from engine.graph import Edge, Graph, Node
from engine.layers.spec import LayerSpec
from engine.plan import free_name
from gui.canvas.geometry import CARD_WIDTH, GAP, Position, free_spot, snapped
from gui.canvas.ports import PortRef, edge_between
from gui.canvas.wiring import drawn, refusal
from gui.document import Document
from gui.placeable import Placeable

DECLARING = frozenset(("shape", "axes", "values", "classes"))
"""What sources say about the tensor that they give."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new layer goes: a position (None: a free one near `wire_to`), and what it is wired to or put into."""

    position: Position | None = None
    wire_to: PortRef | None = None
    into: Edge | None = None


def new_node(document: Document, entry: Placeable, position: Position, wire_to: PortRef | None = None) -> Node:
    """A node with default settings for the shown graph; an Input is set for the next column of the data, another source
    for the port of a network that it is to be wired to. A network is called by its name."""
    graph, data = document.graph, document.project.data
    is_column = entry.key == "Input" and data is not None and document.shown not in document.library.placed_somewhere()
    params = starter.new_input(data.columns, graph) if is_column else entry.settings
    if wire_to is not None and not is_column and not entry.spec.inputs:
        wanted = _wanted(document, wire_to)
        params = {name: wanted.get(name, value) if name in DECLARING else value for name, value in params.items()}
    node = graph.new_node(entry.spec.type, params, position)
    if not entry.graph:
        return node
    return msgspec.structs.replace(node, name=free_name(entry.graph, (other.name for other in graph.nodes)))


def _wanted(document: Document, port: PortRef) -> Mapping[str, Any]:
    """The settings of the Input of a placed network that a port stands for; none for other ports."""
    inside = document.library.graphs.get(placed(document.graph.node(port.node)))
    inner = inside.by_id().get(port.name) if inside else None
    return inner.params if inner is not None and inner.type == "Input" else {}


def with_layer(graph: Graph, node: Node, library: Library, place: Place) -> Graph:
    """With `node` added, and wired as `place` says as far as its ports allow."""
    if place.into is not None and place.into in graph.edges and can_splice(library.spec(node)):
        return spliced(graph, node, library, place.into)
    graph = graph.add(node)
    return wired_to(graph, place.wire_to, node, library) if place.wire_to else graph


def wired_to(graph: Graph, start: PortRef, node: Node, library: Library) -> Graph:
    """With the first fitting port of `node` wired to `start`."""
    spec = library.spec(node)
    ports = () if spec is None else spec.inputs if start.is_output else spec.outputs
    edge = edge_between(start, PortRef(node.id, ports[0].name, not start.is_output)) if ports else None
    return drawn(graph, edge, library) if edge and not refusal(graph, edge) else graph


def can_splice(spec: LayerSpec | None) -> bool:
    """Whether a layer can stand in the middle of a wire."""
    return spec is not None and bool(spec.inputs) and bool(spec.outputs)


def spliced(graph: Graph, node: Node, library: Library, edge: Edge) -> Graph:
    """With `node`, which has no wires, in the middle of a wire; what is in its way moves aside."""
    spec = library.spec(node)
    assert spec is not None, "only known layers are inserted"
    rest = graph.remove((node.id,))
    return _with_room(rest.insert_on(edge, node, spec.inputs[0].name, spec.outputs[0].name), node, edge)


def _with_room(graph: Graph, node: Node, edge: Edge) -> Graph:
    """With the new node clear of the node before it, and all that follows pushed clear of it."""
    nodes = graph.by_id()
    before, after = nodes[edge.source].position, nodes[edge.target].position
    if after[0] <= before[0]:
        return graph
    left = max(node.position[0], before[0] + CARD_WIDTH + GAP)
    moved = {node.id: snapped((left, node.position[1]))}
    push = left + CARD_WIDTH + GAP - after[0]
    if push > 0:
        for follower in graph.downstream((edge.target,)):
            x, y = nodes[follower].position
            if x >= after[0]:
                moved[follower] = snapped((x + push, y))
    return graph.move(moved)


def beside(graph: Graph, port: PortRef) -> Position:
    """A free place for a card next to a node: right of its outputs, left of its inputs."""
    x, y = graph.node(port.node).position
    step = CARD_WIDTH + GAP
    return free_spot((x + step if port.is_output else x - step, y), [node.position for node in graph.nodes])


def free_output(graph: Graph, node_id: str, library: Library) -> PortRef | None:
    """The first output of a node that no wire leaves; None if there is none."""
    spec = library.spec(graph.node(node_id))
    used = {edge.source_port for edge in graph.out_of(node_id)}
    free = (port.name for port in spec.outputs if port.name not in used) if spec else ()
    name = next(iter(free), None)
    return PortRef(node_id, name, True) if name is not None else None


def counted(graph: Graph, node_ids: frozenset[str] | set[str]) -> str:
    """What some nodes are called in the text of an undo step: the name of one, the number of several."""
    if len(node_ids) == 1:
        return graph.node(next(iter(node_ids))).name
    return f"{len(node_ids)} layers"
