"""Sensible first networks for a data set, with the right input and output sizes."""

from collections.abc import Callable, Mapping
from math import ceil, prod
from typing import Any

from engine.derived import SHIFTED
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.project import Column
from engine.tensors import TensorSpec, default_axes

STEP = 220.0
"""Distance between neighbours on the canvas, left to right."""

ROW = 140.0
"""Distance between rows: branches, and the targets below."""

CARD, PORT, SPACE = 72.0, 20.0, 20.0
"""How high a node is, how much higher for each of several ports, and what is free below it."""

ATTENTION, DECODER = 60.0, 240.0
"""Where they stand below the encoder: the lengths of what it reads pass between."""

LONGEST_ROW = 5
"""Layers side by side that are still readable in a small window; a longer network goes on in a row below."""

FEW_SAMPLES = 64
"""Convolutions shorten a wave until it has no more samples than this."""

PLACE_FEATURES = 16
"""Features of each place of an answer that has many."""

FEW_PIXELS = 8
"""Convolutions halve a picture until its smaller side is no longer than this."""


Layers = list[tuple[str, Mapping[str, Any]]]
"""Layers in a row, each with the settings that are not the defaults."""


def starter_graph(columns: tuple[Column, ...]) -> Graph:
    """A network from all input columns to all target columns: convolutions for pictures and sounds, an LSTM for series,
    plain layers for numbers, embeddings for categories and texts, an encoder and a decoder with attention from a
    sequence to a text; CrossEntropy for classes and tokens, MSE for numbers.

    Without target columns it ends in an Output; without input columns it is empty.
    """
    drawing = _Drawing()
    sources = [column for column in columns if column.role == "input" and not column.is_derived]
    targets = [column for column in columns if column.role == "target"]
    if not sources:
        return drawing.graph
    if len(sources) == len(targets) == 1:
        moved = next((column for column in columns if column.name == targets[0].name + SHIFTED), None)
        if (moved and drawing.translation(sources[0], moved, targets[0])) or drawing.dense(sources[0], targets[0]):
            return folded(drawing.graph)
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
        drawing.head(joined, column, row, below + row * ROW, column.name if len(targets) > 1 else "output")
    return folded(drawing.graph)


def folded(graph: Graph) -> Graph:
    """The same network laid out in rows of equal length, as lines of text are. Expects columns `STEP` apart from 0.

    A wire that goes on in the row below runs back half way between its ends: rows are so far apart that it is below
    all nodes there.
    """
    column = {node.id: round(node.position[0] / STEP) for node in graph.nodes}
    count = max(column.values(), default=0) + 1
    width = ceil(count / ceil(count / LONGEST_ROW))
    if count > width and count % width == 1:  # the output stays beside the last layer: the first row is indented
        column, count = {name: place + 1 for name, place in column.items()}, count + 1
    upper = [node for node in graph.nodes if column[node.id] < count - width]
    bottom = max((node.position[1] + _height(node) + SPACE for node in upper), default=0.0)
    height = max((node.position[1] for node in upper), default=0.0) + ROW
    by_id = graph.by_id()
    for edge in graph.edges:
        if column[edge.source] // width < column[edge.target] // width:
            ends = by_id[edge.source].position[1] + by_id[edge.target].position[1]
            height = max(height, 2 * bottom - ends - CARD)
    return graph.move({
        node.id: (column[node.id] % width * STEP, node.position[1] + column[node.id] // width * height)
        for node in graph.nodes
    })


def _height(node: Node) -> float:
    """How high a node is on the canvas: several ports on one side stand below each other."""
    spec = CATALOGUE[node.type]
    ports = spec.variant(node.params) if spec.variant else spec
    rows = max(len(ports.inputs), len(ports.outputs))
    return CARD + (PORT * rows if rows > 1 else 0.0)


def new_input(columns: tuple[Column, ...], graph: Graph) -> dict[str, Any]:
    """The settings of an Input that is about to be placed: the first column that no Input of the graph brings in yet,
    inputs before targets; the first column again when all are placed; the defaults without data."""
    placed = {node.params.get("column") for node in graph.nodes if node.type == "Input"}
    readable = [column for column in columns if column.role in ("input", "target")]
    ordered = sorted(readable, key=lambda column: column.role != "input")
    free = [column for column in ordered if column.name not in placed] or ordered
    return input_params(free[0]) if free else CATALOGUE["Input"].defaults()


def input_params(column: Column) -> dict[str, Any]:
    """The settings of an Input that brings in that column, with its lengths where it is padded."""
    return {"column": column.name, **declaration(column.spec), "lengths": column.spec.padded}


def declaration(spec: TensorSpec) -> dict[str, Any]:
    """The settings of an Input that gives such a tensor, without its column."""
    values = "classes" if spec.dtype == "int64" else "numbers"
    axes = "" if spec.axes == default_axes(spec.rank) else ", ".join(spec.axes)
    return {"shape": spec.sizes, "axes": axes, "values": values, "classes": spec.classes or 0}


def _ends_in_features(column: Column) -> bool:
    """Whether the column's branch ends in learned features, ready for the last layer."""
    return column.kind != "category" and bool(column.shape)


def _reading(column: Column) -> Layers:
    """From an input column to a row of numbers."""
    spec = column.spec
    if column.kind == "category":
        classes = max(1, spec.classes or 1)
        return [("Embedding", {"num_embeddings": classes, "embedding_dim": min(50, classes // 2 + 1)})]
    if spec.axes == ("time",) and spec.classes:  # the largest answer to three tokens: padding does no harm
        return [_embedding(column), ("Permute", {"dims": (2, 1)}),
                ("Conv1d", {"out_channels": 128, "kernel_size": (3,), "padding": (1,)}), ("ReLU", {}),
                ("MaxPool1d", {"kernel_size": spec.sizes}), ("Flatten", {})]
    if spec.axes == ("channels", "time"):
        return _waves(spec.sizes[-1])
    if column.kind == "audio":
        return [("Reshape", {"shape": (1, *spec.sizes)}), *_convolutions(min(spec.sizes))]
    by_rank: dict[int, Callable[[], Layers]] = {
        0: lambda: [("Reshape", {"shape": (1,)})],
        1: lambda: [("Linear", {"out_features": 64}), ("ReLU", {}), ("Linear", {"out_features": 64}), ("ReLU", {})],
        2: lambda: [("LSTM", {"hidden_size": 128})],
        3: lambda: _convolutions(min(spec.sizes[1:])),
    }
    return by_rank.get(spec.rank, _flat)()


def _flat() -> Layers:
    return [("Flatten", {}), ("Linear", {"out_features": 128}), ("ReLU", {})]


def _embedding(column: Column) -> tuple[str, Mapping[str, Any]]:
    return "Embedding", {"num_embeddings": column.spec.classes, "embedding_dim": 64, "padding_idx": 0}


def _convolutions(side: int) -> Layers:
    layers: Layers = []
    channels = 16
    while side > FEW_PIXELS:
        layers += [("Conv2d", {"out_channels": channels, "kernel_size": (3, 3), "padding": (1, 1)}), ("ReLU", {}),
                   ("MaxPool2d", {"kernel_size": (2, 2)})]
        side, channels = side // 2, min(128, channels * 2)
    return layers + _flat()


def _waves(samples: int) -> Layers:
    layers: Layers = []
    channels = 16
    while samples > FEW_SAMPLES:
        layers += [("Conv1d", {"out_channels": channels, "kernel_size": (9,), "stride": (4,), "padding": (4,)}),
                   ("ReLU", {})]
        samples, channels = (samples - 1) // 4 + 1, min(128, channels * 2)
    return layers + _flat()


def _deciding(column: Column) -> Layers:
    """From a row of numbers to the prediction of a target column."""
    spec = column.spec
    if spec.dtype != "int64":
        reshaped: Layers = [("Reshape", {"shape": spec.sizes})] if spec.rank > 1 else []
        return [("Linear", {"out_features": prod(spec.sizes)}), *reshaped]
    classes = max(2, spec.classes or 2)
    if not spec.sizes:
        return [("Linear", {"out_features": classes})]
    places = prod(spec.sizes)
    shaped: Layers = [("Reshape", {"shape": (classes, *spec.sizes)})] if spec.rank > 1 else []
    return [("Linear", {"out_features": places * PLACE_FEATURES}), ("Reshape", {"shape": (places, PLACE_FEATURES)}),
            ("Linear", {"out_features": classes}), ("Permute", {"dims": (2, 1)}), *shaped]


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

    def wire(self, source: Node, target: Node, port: str, of: str = "output") -> None:
        """A wire into a port of `target` from the port `of` its source."""
        exclusive = not any(known.variadic for known in CATALOGUE[target.type].inputs if known.name == port)
        self.graph = self.graph.connect(Edge(source.id, of, target.id, port), exclusive)

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
        return self.chain(start, *_reading(column))

    def translation(self, column: Column, moved: Column, target: Column) -> bool:
        """Draw a network that reads a sequence and learns to write a text, if the input is one: an encoder, and a
        decoder that reads what is written so far and looks at the encoder's steps."""
        if column.spec.axes not in (("time",), ("time", "features")):
            return False
        encoded = self._steps(column, 0.0, {"hidden_size": 64, "bidirectional": True})
        decoded = self._steps(moved, DECODER, {"hidden_size": 128})
        right = decoded.position[0] + STEP
        attention = self.place("MultiheadAttention", {}, right, ATTENTION, "Attention")
        for source, port in ((decoded, "query"), (encoded, "key")):
            self.wire(source, attention, port)
        if column.spec.padded:
            self.wire(self.graph.nodes[0], attention, "lengths", "lengths")
        joined = self.place("Concat", {"dim": 2}, right + STEP, DECODER)
        for source in (decoded, attention):
            self.wire(source, joined, "inputs")
        hidden = self.place("Linear", {"out_features": 128}, right + 2 * STEP, 0.0)
        self.wire(joined, hidden, "input")
        last = self.chain(hidden, ("Tanh", {}), ("Linear", {"out_features": max(2, target.spec.classes or 2)}),
                          ("Permute", {"dims": (2, 1)}))
        self._answer(last, target, 0, ROW)
        weights = self.place("Output", {}, joined.position[0], ATTENTION, "attention")
        self.wire(attention, weights, "input", "weights")
        return True

    def _steps(self, column: Column, y: float, params: Mapping[str, Any]) -> Node:
        """From a sequence to an LSTM's state at each of its steps, of those that are real."""
        start = self.place("Input", input_params(column), 0.0, y, column.name)
        embedded = self.chain(start, _embedding(column)) if column.spec.classes else start
        last = self.place("LSTM", {**params, "output": "all steps"}, 2 * STEP, y)
        self.wire(embedded, last, "input")
        if column.spec.padded:
            self.wire(start, last, "lengths", "lengths")
        return last

    def dense(self, column: Column, target: Column) -> bool:
        """Draw a network with an answer for each place of its input, if the two columns go together like that."""
        answer = target.spec
        if answer.dtype != "int64" or not answer.classes or not answer.sizes:
            return False
        if column.spec.dtype == "int64" and column.shape == target.shape:
            last = self.chain(self._steps(column, 0.0, {"hidden_size": 128, "bidirectional": True}),
                              ("Linear", {"out_features": answer.classes}), ("Permute", {"dims": (2, 1)}))
        elif len(column.shape) == 3 and column.shape[1:] == target.shape:
            start = self.place("Input", input_params(column), 0.0, 0.0, column.name)
            last = self._pixels(start, column.shape[1:])
            last = self.chain(last, ("Conv2d", {"out_channels": answer.classes, "kernel_size": (1, 1)}))
        else:
            return False
        self._answer(last, target, 0, 2 * ROW)
        return True

    def _pixels(self, start: Node, sizes: tuple[int, ...]) -> Node:
        """From a picture to features of each of its pixels, at two scales where the picture can be halved."""
        def convolved(node: Node, channels: int) -> Node:
            return self.chain(node, ("Conv2d", {"out_channels": channels, "kernel_size": (3, 3), "padding": (1, 1)}),
                              ("ReLU", {}))

        fine = convolved(start, 16)
        if any(size % 2 for size in sizes):
            return convolved(fine, 16)
        coarse = convolved(self.chain(fine, ("MaxPool2d", {"kernel_size": (2, 2)})), 32)
        wide = self.chain(convolved(coarse, 32), ("Upsample", {"scale_factor": 2.0}))
        joined = self.place("Concat", {}, wide.position[0] + STEP, wide.position[1])
        self.wire(wide, joined, "inputs")
        self.wire(fine, joined, "inputs")
        return convolved(joined, 16)

    def head(self, features: Node, column: Column, row: int, below: float, name: str) -> None:
        """The last layers, the output of that name and the loss for one target column; the target itself stands
        below."""
        (type, params), *others = _deciding(column)
        last = self.place(type, params, features.position[0] + STEP, row * ROW)
        self.wire(features, last, "input")
        self._answer(self.chain(last, *others), column, row, below, name)

    def _answer(self, last: Node, column: Column, row: int, below: float, name: str = "output") -> None:
        """The output and the loss behind the last layer."""
        right = last.position[0] + STEP
        output = self.place("Output", {}, right, row * ROW, name)
        self.wire(last, output, "input")
        target = self.place("Input", input_params(column), last.position[0], below, column.name)
        loss = self.place("CrossEntropy" if column.spec.dtype == "int64" else "MSE", {}, right, below)
        self.wire(last, loss, "prediction")
        self.wire(target, loss, "target")
        if column.spec.padded and column.spec.classes:
            self.wire(target, loss, "lengths", "lengths")
