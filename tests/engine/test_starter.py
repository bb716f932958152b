"""Starter networks: sound for every kind of data, laid out to be read, and able to learn."""

from itertools import combinations
from math import prod

import pytest
import torch

from engine import network
from engine.analysis import analyze
from engine.codegen import emit
from engine.derived import LENGTHS
from engine.graph import Graph
from engine.layers import CATALOGUE
from engine.project import Column, Data, Project
from engine.starter import input_params, new_input, starter_graph


def _classes(count: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(count))


LABEL = Column("label", "category", "target", classes=_classes(10))
PRICE = Column("price", "number", "target")
FEATURES = Column("features", "vector", "input", (13,))

INPUTS = [
    (Column("image", "image", "input", (1, 28, 28)),),
    (Column("image", "image", "input", (3, 64, 64)),),
    (Column("image", "image", "input", (3, 224, 200)),),
    (Column("image", "image", "input", (1, 4, 300)),),
    (Column("image", "image", "input", (1, 1, 1)),),
    (FEATURES,),
    (Column("row", "vector", "input", (1,)),),
    (Column("signal", "vector", "input", (50, 6)),),
    (Column("volume", "vector", "input", (2, 4, 6, 8)),),
    (Column("age", "number", "input"),),
    (Column("colour", "category", "input", classes=_classes(5)),),
    (Column("only", "category", "input", classes=_classes(1)),),
    (Column("sound", "audio", "input", (101, 64)),),
    (Column("wave", "audio", "input", (1, 16000), settings={"features": "waveform"}),),
    (Column("text", "text", "input", (20,), settings={"vocabulary": 50}),),
    (Column("window", "series", "input", (24, 2)),),
    (FEATURES, Column("colour", "category", "input", classes=_classes(5)), Column("age", "number", "input"),
     Column("photo", "image", "input", (3, 32, 32))),
]
TARGETS = [
    (LABEL,),
    (Column("answer", "category", "target", classes=("no", "yes")),),
    (PRICE,),
    (Column("point", "vector", "target", (3,)),),
    (Column("mask", "image", "target", (1, 6, 6)),),
    (Column("outline", "mask", "target", (28, 28), classes=("background", "cell")),),
    (Column("translation", "text", "target", (20,), settings={"vocabulary": 60}),),
    (LABEL, PRICE),
]


SENTENCE = (Column("answer", "text", "target", (9,), settings={"vocabulary": 60, "marks": True}),
            Column("answer shifted", "shifted", "input", (9,), settings={"vocabulary": 60}))
SEQUENCES = [
    Column("question", "text", "input", (20,), settings={"vocabulary": 50}),
    Column("answer before", "tokens", "input", (9,), settings={"vocabulary": 50}),
    Column("sound", "audio", "input", (101, 64)),
    Column("window", "series", "input", (24, 2)),
]


def _types(graph: Graph) -> list[str]:
    return [node.type for node in graph.nodes]


@pytest.mark.parametrize("inputs", INPUTS, ids=lambda columns: "+".join(f"{c.name}{c.shape}" for c in columns))
@pytest.mark.parametrize("targets", TARGETS, ids=lambda columns: "+".join(c.name for c in columns))
def test_a_starter_has_no_problem_and_is_laid_out(inputs, targets):
    columns = (*inputs, *targets)
    graph = starter_graph(columns)
    report = analyze(graph, columns)
    assert not report.problems
    assert report.weights < 20_000_000
    places = {node.position for node in graph.nodes}
    assert len(places) == len(graph.nodes)
    for one, other in combinations(places, 2):
        assert abs(one[0] - other[0]) >= 200 or abs(one[1] - other[1]) >= 100
    assert max(x for x, _ in places) <= 4 * 220
    by_id = graph.by_id()
    for edge in graph.edges:  # left to right, and on in the row below
        (x, y), (next_x, next_y) = by_id[edge.source].position, by_id[edge.target].position
        assert x < next_x or y < next_y
    source = emit(Project({"Starter": graph}, Data("x", "csv", columns=columns)))
    assert _without_lengths(source.inputs) == tuple(column.name for column in inputs)
    assert _without_lengths(source.targets) == tuple(column.name for column in targets)


def _without_lengths(names):
    return tuple(name for name in names if not name.endswith(LENGTHS))


@pytest.mark.parametrize("columns", [
    *((*inputs, LABEL) for inputs in INPUTS if sum(prod(column.shape) for column in inputs) < 20_000),
    *((FEATURES, *targets) for targets in TARGETS),
    *((source, *SENTENCE) for source in SEQUENCES),
], ids=lambda columns: "+".join(f"{c.name}{c.shape}" for c in columns))
def test_a_starter_learns(columns):
    torch.manual_seed(0)
    source = emit(Project({"Starter": starter_graph(columns)}, Data("x", "csv", columns=columns)))
    objective = network.build(source).objective
    assert objective is not None
    values = {}
    for column in columns:
        values[column.name] = torch.randint(0, column.spec.classes, (8, *column.shape)) if column.spec.classes \
            else torch.randn(8, *column.shape)
        values[column.name + LENGTHS] = torch.full((8,), column.shape[0] if column.shape else 1)
    batch = [values[name] for name in source.objective.columns]
    optimizer = torch.optim.Adam(objective.parameters(), 1e-3)
    losses = []
    for _ in range(6):
        loss, _ = objective(*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[1:]) < losses[0]


def test_outputs_of_several_targets_are_called_like_these():
    columns = (FEATURES, LABEL, PRICE)
    source = emit(Project({"Starter": starter_graph(columns)}, Data("x", "csv", columns=columns)))
    assert source.outputs == ("label", "price")
    assert source.targets == ("label", "price")
    assert "label, price = network(features)" in source.text
    assert "self.cross_entropy_1(label, label_target)" in source.text
    alone = emit(Project({"Starter": starter_graph((FEATURES, PRICE))}, Data("x", "csv", columns=(FEATURES, PRICE))))
    assert alone.outputs == ("output",)


def test_pictures_get_convolutions_sequences_an_lstm_and_numbers_plain_layers():
    image, signal, row = ((column,) for column in (INPUTS[0][0], INPUTS[7][0], FEATURES))
    assert _types(starter_graph((*image, LABEL))).count("Conv2d") == 2
    assert "LSTM" in _types(starter_graph((*signal, LABEL)))
    assert set(_types(starter_graph((*row, PRICE)))) == {"Input", "Linear", "ReLU", "Output", "MSE"}
    assert "CrossEntropy" in _types(starter_graph((*row, LABEL)))


@pytest.mark.parametrize("column", SEQUENCES, ids=lambda column: column.kind)
def test_a_sequence_is_translated_by_an_encoder_and_a_decoder_with_attention(column):
    columns = (column, *SENTENCE)
    graph = starter_graph(columns)
    assert not analyze(graph, columns).problems
    assert {"LSTM", "MultiheadAttention", "CrossEntropy"} <= set(_types(graph))
    source = emit(Project({"Starter": graph}, Data("x", "csv", columns=columns)))
    assert set(_without_lengths(source.inputs)) == {column.name, "answer shifted"}
    assert source.target_of["output"] == "answer"
    assert set(source.outputs) == {"output", "attention"}
    places = {node.position for node in graph.nodes}
    assert len(places) == len(graph.nodes)
    for one, other in combinations(places, 2):
        assert abs(one[0] - other[0]) >= 200 or abs(one[1] - other[1]) >= 100


def test_without_targets_it_ends_in_an_output_and_without_inputs_it_is_empty():
    graph = starter_graph((FEATURES,))
    assert _types(graph)[-1] == "Output"
    assert not analyze(graph, (FEATURES,)).faults
    assert starter_graph((LABEL,)) == starter_graph(()) == Graph()


def test_a_new_input_brings_in_the_next_column():
    columns = (LABEL, FEATURES)
    first = new_input(columns, Graph())
    assert first == {"column": "features", "shape": (13,), "axes": "", "values": "numbers", "classes": 0,
                     "lengths": False}
    graph = Graph().add(Graph().new_node("Input", first))
    second = new_input(columns, graph)
    assert second == input_params(LABEL)
    assert second == {"column": "label", "shape": (), "axes": "", "values": "classes", "classes": 10,
                      "lengths": False}
    full = graph.add(graph.new_node("Input", second))
    assert new_input(columns, full) == first
    assert new_input((), full) == CATALOGUE["Input"].defaults()
