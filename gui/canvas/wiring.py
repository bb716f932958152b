"""Which wires may be drawn, and which layers go well together. Pure functions."""

from typing import Any

from engine.analysis import Analysis
from engine.analysis.evaluation import OWN_FAULTS
from engine.analysis.library import Library
from engine.analysis.outcome import outcome, settings_of
from engine.graph import Edge, Graph, Node
from engine.layers.spec import LayerSpec
from engine.tensors import TensorSpec
from gui.canvas.ports import PortKey, PortRef
from gui.document import Document
from gui.placeable import Placeable, placeables

Ports = dict[str, frozenset[PortKey]]
"""Some ports of some nodes, by the node's id."""


def refusal(graph: Graph, edge: Edge) -> str:
    """Why a wire cannot be drawn, in words for the user; "" if it can."""
    names = {node.id: node.name for node in graph.nodes}
    if edge.source == edge.target:
        return f"{names[edge.source]} cannot be wired to itself: data flows through a network in one direction."
    if edge.source in graph.downstream((edge.target,)):
        return (
            f"This wire would close a loop: {names[edge.source]} already depends on {names[edge.target]}. "
            "Data flows through a network in one direction."
        )
    return ""


def drawn(graph: Graph, edge: Edge, library: Library) -> Graph:
    """With the wire drawn. It replaces the one that was in the port, unless the port takes several."""
    spec = library.spec(graph.node(edge.target))
    port = spec.input_port(edge.target_port) if spec else None
    return graph.connect(edge, exclusive=port is None or not port.variadic)


def endings(graph: Graph, analysis: Analysis, library: Library, start: PortRef) -> tuple[Ports, Ports]:
    """Where a wire from `start` may end: every port that closes no loop, and those of them whose shapes fit."""
    looping = graph.upstream((start.node,)) if start.is_output else graph.downstream((start.node,))
    start_node = graph.node(start.node)
    allowed, fitting = {}, {}
    for node in graph.nodes:
        spec = library.spec(node)
        if node.id in looping or spec is None:
            continue
        ports = spec.inputs if start.is_output else spec.outputs
        allowed[node.id] = frozenset((port.name, not start.is_output) for port in ports)
        target, target_spec = (node, spec) if start.is_output else (start_node, library.spec(start_node))
        fitting[node.id] = frozenset(
            (name, is_output) for name, is_output in allowed[node.id]
            if target_spec is None or accepts(target_spec, _tensor(analysis, start, node, name), target.params))
    return allowed, fitting


def _tensor(analysis: Analysis, start: PortRef, node: Node, port: str) -> TensorSpec | None:
    """What a wire between `start` and a port of `node` would carry."""
    source, name = (start.node, start.name) if start.is_output else (node.id, port)
    return analysis.nodes[source].outputs.get(name)


def accepts(spec: LayerSpec, tensor: TensorSpec | None, params: dict[str, Any]) -> bool:
    """Whether a layer takes such a tensor. Of layers with several ports, of unknown tensors, and of networks with an
    error inside it is assumed."""
    settings = settings_of(spec, params)
    if tensor is None or not spec.takes_one or settings.errors:
        return True
    error = outcome(settings, (tensor,)).error
    return error is None or error.code in OWN_FAULTS


def followers(document: Document, port: PortRef) -> list[Placeable]:
    """What can be wired to `port`, best first: the likely layers by category, of those that take its shape. A node that
    places no network has no ports yet."""
    library = document.library
    here = library.spec(document.graph.node(port.node))
    tensor = document.analysis.nodes[port.node].outputs.get(port.name)
    found = placeables(library, document.shown)
    if port.is_output:
        found = [entry for entry in found if entry.spec.inputs and accepts(entry.spec, tensor, entry.settings)]
        return sorted(found, key=lambda entry: _likelihood(here, entry.spec, tensor))
    found = [entry for entry in found if entry.spec.outputs]
    if port.name == TARGET:
        return sorted(found, key=lambda entry: (entry.spec.role != "input", bool(entry.spec.inputs)))
    return sorted(found, key=lambda entry: _likelihood(entry.spec, here, None))


def _likelihood(first: LayerSpec | None, second: LayerSpec | None, tensor: TensorSpec | None) -> int:
    """How far down the list of what usually follows `first` stands `second`: 0 is best."""
    if first is None or second is None:
        return 0
    if first.role == "input":
        order = AFTER_INPUT.get(tensor.rank if tensor else 1, ())
    else:
        order = AFTER.get(first.category, ())
    return order.index(second.category) if second.category in order else len(order)


TARGET = "target"
"""The port of losses and metrics that what is to be predicted is wired into."""

AFTER_INPUT = {
    0: ("Losses", "Metrics", "Linear"),
    1: ("Linear", "Normalization"),
    2: ("Recurrent", "Attention", "Convolution", "Shape", "Linear"),
    3: ("Convolution", "Shape", "Normalization", "Pooling"),
}
"""Categories that usually follow an Input, by the rank of its tensor."""

AFTER = {
    "Inputs and outputs": ("Linear", "Networks", "Merge", "Losses", "Recurrent"),
    "Linear": ("Activations", "Losses", "Dropout", "Normalization", "Linear", "Inputs and outputs"),
    "Convolution": ("Activations", "Normalization", "Pooling", "Convolution", "Dropout", "Shape", "Merge"),
    "Activations": ("Pooling", "Convolution", "Linear", "Dropout", "Normalization", "Shape", "Merge"),
    "Normalization": ("Activations", "Pooling", "Convolution", "Linear", "Dropout", "Recurrent", "Shape"),
    "Pooling": ("Convolution", "Shape", "Dropout", "Linear", "Normalization", "Activations", "Merge"),
    "Dropout": ("Convolution", "Linear", "Recurrent", "Shape", "Pooling", "Losses"),
    "Shape": ("Linear", "Recurrent", "Convolution", "Dropout", "Normalization", "Activations"),
    "Recurrent": ("Linear", "Sequences", "Dropout", "Recurrent", "Attention", "Normalization", "Losses"),
    "Sequences": ("Linear", "Dropout", "Normalization", "Losses"),
    "Attention": ("Attention", "Merge", "Sequences", "Linear", "Normalization", "Dropout", "Losses"),
    "Merge": ("Activations", "Convolution", "Linear", "Normalization", "Pooling", "Recurrent"),
    "Math": ("Math", "Merge", "Linear", "Activations", "Losses", "Inputs and outputs"),
}
"""Categories that usually follow a layer of a category. Among those that a tensor fits, these come first."""
