"""Sensible first networks for a data set, with the right input and output sizes."""

from collections.abc import Mapping
from math import ceil, prod
from typing import Any

from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.project import Column

STEP = 220.0
"""Distance between neighbours on the canvas, left to right."""

ROW = 140.0
"""Distance between rows: branches, and the targets below."""

LONGEST_ROW = 5
"""Layers side by side that are still readable in a small window; a longer network goes on in a row below."""

FEW_PIXELS = 8
"""Convolutions halve a picture until its smaller side is no longer than this."""


def starter_graph(columns: tuple[Column, ...]) -> Graph:
    """A network from all input columns to all target columns: convolutions for pictures, an LSTM for sequences, plain
    layers for numbers, embeddings for categories; CrossEntropy for categories and MSE for numbers.

    Without target columns it ends in an Output; without input columns it is empty.
    """
    drawing = _Drawing()
    sources = [column for column in columns if column.role == "input"]
    targets = [column for column in columns if column.role == "target"]
    if not sources:
        return drawing.graph
    branches = [drawing.branch(column, row) for row, column in enumerate(sources)]
    joined = branches[0]
    if len(branches) > 1:
        joined = drawing.place("Concat", {}, max(node.position[0] for node in branches) + STEP, 0.0)
        for branch in branches:
            drawing.wire(branch, joined, "inputs")
    if len(sources) > 1 or not _ends_in_features(sources[0]):
        joined = drawing.chain(joined, ("Linear", {"out_features": 128}), ("ReLU", {}))
    if not targets:
        drawing.chain(joined, ("Output", {}))
    below = max(len(sources), len(targets)) * ROW
    for row, column in enumerate(targets):
        drawing.head(joined, column, row, below + row * ROW)
    return folded(drawing.graph)


def folded(graph: Graph) -> Graph:
    """The same network laid out in rows of equal length, as lines of text are. Expects columns `STEP` apart from 0."""
    column = {node.id: round(node.position[0] / STEP) for node in graph.nodes}
    count = max(column.values(), default=0) + 1
    width = ceil(count / ceil(count / LONGEST_ROW))
    upper = [node.position[1] for node in graph.nodes if column[node.id] < count - width]
    height = max(upper, default=0.0) + ROW
    return graph.move({
        node.id: (column[node.id] % width * STEP, node.position[1] + column[node.id] // width * height)
        for node in graph.nodes
    })


def new_input(columns: tuple[Column, ...], graph: Graph) -> dict[str, Any]:
    """The settings of an Input that is about to be placed: the first column that no Input of the graph brings in yet,
    inputs before targets; the first column again when all are placed; the defaults without data."""
    placed = {node.params.get("column") for node in graph.nodes if node.type == "Input"}
    ordered = sorted(columns, key=lambda column: column.role != "input")
    free = [column for column in ordered if column.name not in placed] or ordered
    return input_params(free[0]) if free else CATALOGUE["Input"].defaults()


def input_params(column: Column) -> dict[str, Any]:
    """The settings of an Input that brings in that column."""
    spec = column.spec
    values = "classes" if spec.dtype == "int64" else "numbers"
    return {"column": column.name, "shape": spec.sizes, "values": values, "classes": spec.classes or 0}


def _ends_in_features(column: Column) -> bool:
    """Whether the column's branch ends in learned features, ready for the last layer."""
    return column.kind != "category" and bool(column.shape)


class _Drawing:
    """A graph in the making, laid out as it grows."""

    def __init__(self) -> None:
        self.graph = Graph()

    def place(self, type: str, params: Mapping[str, Any], x: float, y: float, name: str = "") -> Node:
        node = self.graph.new_node(type, {**CATALOGUE[type].defaults(), **params}, (x, y))
        if name:
            node = Node(node.id, node.type, name, node.params, node.position)
        self.graph = self.graph.add(node)
        return node

    def wire(self, source: Node, target: Node, port: str) -> None:
        exclusive = not any(known.variadic for known in CATALOGUE[target.type].inputs if known.name == port)
        self.graph = self.graph.connect(Edge(source.id, "output", target.id, port), exclusive)

    def chain(self, node: Node, *layers: tuple[str, Mapping[str, Any]]) -> Node:
        """The last of these layers, placed to the right of `node` and wired one after another."""
        for type, params in layers:
            following = self.place(type, params, node.position[0] + STEP, node.position[1])
            self.wire(node, following, CATALOGUE[type].inputs[0].name)
            node = following
        return node

    def branch(self, column: Column, row: int) -> Node:
        """From one input column to a row of numbers."""
        start = self.place("Input", input_params(column), 0.0, row * ROW, column.name)
        if column.kind == "category":
            classes = max(1, len(column.classes))
            width = min(50, classes // 2 + 1)
            return self.chain(start, ("Embedding", {"num_embeddings": classes, "embedding_dim": width}))
        if not column.shape:
            return self.chain(start, ("Reshape", {"shape": (1,)}))
        if len(column.shape) == 1:
            return self.chain(start, ("Linear", {"out_features": 64}), ("ReLU", {}),
                              ("Linear", {"out_features": 64}), ("ReLU", {}))
        if len(column.shape) == 2:
            return self.chain(start, ("LSTM", {"hidden_size": 128}))
        if len(column.shape) == 3:
            return self._convolutions(start, min(column.shape[1:]))
        return self.chain(start, ("Flatten", {}), ("Linear", {"out_features": 128}), ("ReLU", {}))

    def _convolutions(self, node: Node, side: int) -> Node:
        channels = 16
        while side > FEW_PIXELS:
            node = self.chain(node, ("Conv2d", {"out_channels": channels, "kernel_size": (3, 3), "padding": (1, 1)}),
                              ("ReLU", {}), ("MaxPool2d", {"kernel_size": (2, 2)}))
            side, channels = side // 2, min(128, channels * 2)
        return self.chain(node, ("Flatten", {}), ("Linear", {"out_features": 128}), ("ReLU", {}))

    def head(self, features: Node, column: Column, row: int, below: float) -> None:
        """The last layer, the output and the loss for one target column; the target itself stands below."""
        is_category = column.kind == "category"
        width = max(2, len(column.classes)) if is_category else prod(column.shape)
        linear = self.place("Linear", {"out_features": width}, features.position[0] + STEP, row * ROW)
        self.wire(features, linear, "input")
        last = linear
        if not is_category and len(column.shape) > 1:
            last = self.chain(linear, ("Reshape", {"shape": column.shape}))
        right = last.position[0] + STEP
        output = self.place("Output", {}, right, row * ROW, "output" if not row else "")
        self.wire(last, output, "input")
        target = self.place("Input", input_params(column), last.position[0], below, column.name)
        loss = self.place("CrossEntropy" if is_category else "MSE", {}, right, below)
        self.wire(last, loss, "prediction")
        self.wire(target, loss, "target")
