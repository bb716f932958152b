"""Which wires may be drawn, and which layers go well together. Pure functions; no Qt."""

from typing import Any

from engine import layers
from engine.analysis import Analysis
from engine.analysis.outcome import outcome, settings_of
from engine.graph import Edge, Graph, Node
from engine.layers.spec import LayerSpec
from engine.tensors import TensorSpec
from gui.canvas.ports import PortKey, PortRef

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


def drawn(graph: Graph, edge: Edge) -> Graph:
    """With the wire drawn. It replaces the one that was in the port, unless the port takes several."""
    spec = layers.find(graph.node(edge.target).type)
    port = spec.input_port(edge.target_port) if spec else None
    return graph.connect(edge, exclusive=port is None or not port.variadic)


def endings(graph: Graph, analysis: Analysis, start: PortRef) -> tuple[Ports, Ports]:
    """Where a wire from `start` may end: every port that closes no loop, and those of them whose shapes fit."""
    looping = graph.upstream((start.node,)) if start.is_output else graph.downstream((start.node,))
    start_node = graph.node(start.node)
    allowed, fitting = {}, {}
    for node in graph.nodes:
        spec = layers.find(node.type)
        if node.id in looping or spec is None:
            continue
        ports = spec.inputs if start.is_output else spec.outputs
        allowed[node.id] = frozenset((port.name, not start.is_output) for port in ports)
        fitting[node.id] = frozenset(key for key in allowed[node.id] if _fits(analysis, start_node, start, node, key))
    return allowed, fitting


def _fits(analysis: Analysis, start_node: Node, start: PortRef, node: Node, key: PortKey) -> bool:
    source, source_port = (start_node, start.name) if start.is_output else (node, key[0])
    target = node if start.is_output else start_node
    tensor = analysis.nodes[source.id].outputs.get(source_port)
    spec = layers.find(target.type)
    return spec is None or accepts(spec, tensor, target.params)


def accepts(spec: LayerSpec, tensor: TensorSpec | None, params: dict[str, Any]) -> bool:
    """Whether a layer takes such a tensor. Of layers with several ports, and of unknown tensors, it is assumed."""
    settings = settings_of(spec, params)
    if tensor is None or not spec.takes_one or settings.errors:
        return True
    return outcome(settings, (tensor,)).error is None


def followers(graph: Graph, analysis: Analysis, port: PortRef) -> list[LayerSpec]:
    """The layers that can be wired to `port`, best first: the likely ones by category, of those that take its shape."""
    here = layers.find(graph.node(port.node).type)
    tensor = analysis.nodes[port.node].outputs.get(port.name)
    if port.is_output:
        found = [spec for spec in layers.CATALOGUE.values() if spec.inputs and accepts(spec, tensor, spec.defaults())]
        return sorted(found, key=lambda spec: _likelihood(here, spec, tensor))
    found = [spec for spec in layers.CATALOGUE.values() if spec.outputs]
    if port.name == TARGET:
        return sorted(found, key=lambda spec: spec.role != "input")
    return sorted(found, key=lambda spec: _likelihood(spec, here, None))


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
    2: ("Recurrent", "Convolution", "Shape", "Linear"),
    3: ("Convolution", "Shape", "Normalization", "Pooling"),
}
"""Categories that usually follow an Input, by the rank of its tensor."""

AFTER = {
    "Linear": ("Activations", "Losses", "Dropout", "Normalization", "Linear", "Inputs and outputs"),
    "Convolution": ("Activations", "Normalization", "Pooling", "Convolution", "Dropout", "Shape", "Merge"),
    "Activations": ("Pooling", "Convolution", "Linear", "Dropout", "Normalization", "Shape", "Merge"),
    "Normalization": ("Activations", "Pooling", "Convolution", "Linear", "Dropout", "Recurrent", "Shape"),
    "Pooling": ("Convolution", "Shape", "Dropout", "Linear", "Normalization", "Activations", "Merge"),
    "Dropout": ("Convolution", "Linear", "Recurrent", "Shape", "Pooling", "Losses"),
    "Shape": ("Linear", "Recurrent", "Convolution", "Dropout", "Normalization", "Activations"),
    "Recurrent": ("Linear", "Dropout", "Recurrent", "Normalization", "Losses"),
    "Merge": ("Activations", "Convolution", "Linear", "Normalization", "Pooling", "Recurrent"),
}
"""Categories that usually follow a layer of a category. Among those that a tensor fits, these come first."""
