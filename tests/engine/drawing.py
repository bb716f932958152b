"""Graphs in a few words, for tests of analysis."""

from typing import Any

from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from engine.project import Column

IMAGE = Column("image", "image", "input", (1, 28, 28))
LABEL = Column("label", "category", "target", (), tuple("abcdefghij"))
COLUMNS = (IMAGE, LABEL)

Layer = str | tuple[str, dict[str, Any]]


def chain(*layers: Layer, graph: Graph | None = None, after: str = "") -> Graph:
    """Nodes wired one after the other, in columns; "linear_1" is the first Linear."""
    graph = graph or Graph()
    last = after
    for layer in layers:
        type, params = (layer, {}) if isinstance(layer, str) else layer
        spec = CATALOGUE.get(type)
        node = graph.new_node(type, {**(spec.defaults() if spec else {}), **params}, (220.0 * len(graph.nodes), 0.0))
        graph = graph.add(node)
        if last:
            graph = wire(graph, last, node.id, spec.inputs[0].name if spec else "input")
        last = node.id
    return graph


def wire(graph: Graph, source: str, target: str, port: str = "input") -> Graph:
    """One more wire; nothing that stands is replaced."""
    return graph.connect(Edge(source, "output", target, port), exclusive=False)


def image(*sizes: int) -> Layer:
    return ("Input", {"column": "image", "shape": sizes or (1, 28, 28)})


def label(classes: int = 10) -> Layer:
    return ("Input", {"column": "label", "values": "classes", "classes": classes})


def classifier(*layers: Layer, loss: str = "CrossEntropy") -> Graph:
    """image -> layers -> loss <- label. The label is "input_2"."""
    graph = chain(image(), *layers, loss)
    return wire(chain(label(), graph=graph), "input_2", f"{loss.lower()}_1", "target")


def perceptron() -> Graph:
    return classifier("Flatten", ("Linear", {"out_features": 128}), "ReLU", ("Linear", {"out_features": 10}))


def regression(*layers: Layer, sizes: tuple[int, ...] = (8,), target: tuple[int, ...] = (), loss: str = "MSE") -> Graph:
    """numbers -> layers -> loss <- numbers."""
    graph = chain(("Input", {"column": "x", "shape": sizes}), *layers, loss)
    graph = chain(("Input", {"column": "y", "shape": target}), graph=graph)
    return wire(graph, "input_2", f"{loss.lower()}_1", "target")
