"""Every problem that a design can have, and for every repair: applied, the problem is gone."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.analysis import analyze
from engine.augmentation import augmentation
from engine.graph import Edge, Graph, Node
from engine.options import Component
from engine.project import Column
from tests.engine import test_analysis_composites, test_entering, test_planning
from tests.engine.drawing import (
    COLUMNS,
    IMAGE,
    LABEL,
    chain,
    classifier,
    image,
    label,
    perceptron,
    regression,
    wire,
)

ENGINE = Path(__file__).resolve().parents[2] / "engine"


@dataclass(frozen=True)
class Case:
    """A graph in which `code` is found at `node`, with the labels of its repairs in order."""

    code: str
    node: str
    graph: Graph
    repairs: tuple[str, ...] = ()
    severity: str = "error"
    columns: tuple[Column, ...] = ()
    augmentation: tuple[Component, ...] = ()


def linear(out_features: int) -> tuple[str, dict]:
    return ("Linear", {"out_features": out_features})


def merged(type: str, first, second, **params) -> Graph:
    """Two branches of one picture into a merging layer."""
    graph = chain(image(4, 8, 8), first, graph=Graph())
    graph = chain(second, graph=graph, after="input_1")
    left, right = (node.id for node in graph.nodes[1:])
    graph = chain((type, params), graph=graph, after=left)
    return wire(graph, right, f"{type.lower()}_1", "inputs")


def conv(channels: int, **params) -> tuple[str, dict]:
    return ("Conv2d", {"out_channels": channels, "kernel_size": (3, 3), **params})


def circle() -> Graph:
    return wire(chain(image(8), "Add", linear(8), "ReLU"), "relu_1", "add_1", "inputs")


def with_edge(graph: Graph, *edge: str) -> Graph:
    return Graph(graph.nodes, (*graph.edges, Edge(*edge)))


def sequence(steps: int = 40) -> tuple[str, dict]:
    return ("Input", {"column": "text", "shape": (steps, 8), "lengths": True})


def padded(*layers, stride: int = 2) -> Graph:
    """A padded sequence that a convolution shortens before the layers."""
    turned = ("Permute", {"dims": (2, 1)})
    return chain(sequence(), turned, ("Conv1d", {"stride": (stride,)}), turned, *layers)


def beside(first: tuple[int, ...], type: str, second: tuple[int, ...], port: str, *between, **params) -> Graph:
    """A layer with one input, and another that comes to a port of its own."""
    graph = chain(image(*first), (type, params))
    graph = chain(image(*second), *between, graph=graph)
    return wire(graph, graph.nodes[-1].id, f"{type.lower()}_1", port)


def transcription(steps: int) -> Graph:
    """CTC with a target of so many steps; two convolutions leave 9 of the 40 that come in."""
    turned = ("Permute", {"dims": (2, 1)})
    graph = chain(sequence(), turned, ("Conv1d", {"stride": (2,)}), ("Conv1d", {"stride": (2,)}), turned, linear(5),
                  "CTC")
    target = ("Input", {"column": "text", "shape": (steps,), "values": "classes", "classes": 5})
    return wire(chain(target, graph=graph), "input_2", "ctc_1", "target")


SHAPE_CASES = (
    Case("rank", "conv2d_1", chain(image(784), conv(8)), ("Insert Reshape to (1, 28, 28)",)),
    Case("rank", "conv2d_1", chain(image(3072), conv(8)), ("Insert Reshape to (3, 32, 32)",)),
    Case("rank", "conv2d_1", chain(image(28, 28), conv(8)), ("Insert Reshape to (1, 28, 28)",)),
    Case("rank", "conv2d_1", chain(image(7), conv(8))),
    Case("rank", "conv1d_1", chain(image(16), "Conv1d"), ("Insert Reshape to (1, 16)",)),
    Case("rank", "conv1d_1", chain(image(4, 8, 8), "Conv1d"), ("Insert Reshape to (4, 64)",)),
    Case("rank", "lstm_1", chain(image(), "LSTM"), ("Insert Reshape to (28, 28)",)),
    Case("rank", "gru_1", chain(image(12), "GRU"), ("Insert Reshape to (12, 1)",)),
    Case("rank", "linear_1", regression(linear(1), sizes=()), ("Insert Reshape to (1)",)),
    Case("rank", "batchnorm1d_1", chain(image(), "BatchNorm1d"), ("Insert Flatten",)),
    Case("rank", "batchnorm1d_1", chain(image(), ("AdaptiveAvgPool2d", {}), "BatchNorm1d"), ("Insert Flatten",)),
    Case("rank", "layernorm_1", chain(image(8), ("LayerNorm", {"normalized_axes": 3})), ("Set normalized axes to 1",)),
    Case("rank", "permute_1", chain(image(), "Permute"), ("Set dims to (3, 2, 1)",)),
    Case("rank", "upsample_1", chain(image(64), "Upsample"), ("Insert Reshape to (1, 8, 8)",)),
    Case("rank", "upsample_1", chain(image(), ("Upsample", {"mode": "linear"})), ("Use nearest",)),
    Case("rank", "upsample_1", chain(image(), ("Upsample", {"size": (5,), "scale_factor": None})), ("Scale by 2",)),
    Case("param", "upsample_1", chain(image(), ("Upsample", {"size": (5, 5)})), ("Scale by 2",)),
    Case("too-small", "upsample_1", chain(image(), ("Upsample", {"scale_factor": 0.01})), ("Scale by 2",)),
    Case("too-small", "conv2d_1", chain(image(1, 2, 28), conv(8)), ("Set kernel size to 2, 3",)),
    Case("too-small", "conv2d_1", chain(image(1, 4, 4), conv(8, padding=(5, 5), padding_mode="reflect")),
         ("Pad with zeros",)),
    Case("too-small", "maxpool2d_1", chain(image(1, 1, 8), "MaxPool2d"), ("Set kernel size to 1, 2",)),
    Case("too-small", "maxpool1d_1", chain(image(1, 3), ("MaxPool1d", {"kernel_size": (3,), "dilation": (2,)})),
         ("Set kernel size to 3",)),
    Case("param", "maxpool2d_1", chain(image(), ("MaxPool2d", {"padding": (2, 2)})), ("Set padding to 1, 1",)),
    Case("too-small", "convtranspose2d_1", chain(image(1, 2, 2), ("ConvTranspose2d", {"padding": (4, 4)})),
         ("Set padding to 0",)),
    Case("param", "convtranspose2d_1", chain(image(1, 2, 2), ("ConvTranspose2d", {"output_padding": (3, 0)})),
         ("Set output padding to 0",)),
    Case("too-small", "groupnorm_1", chain(image(8), "GroupNorm"), ("Set num groups to 1",)),
    Case("channels", "groupnorm_1", chain(image(6, 4, 4), ("GroupNorm", {"num_groups": 4})), ("Set num groups to 2",)),
    Case("channels", "conv2d_1", chain(image(6, 8, 8), conv(9, groups=6)), ("Set groups to 3",)),
    Case("channels", "conv2d_1", chain(image(5, 8, 8), conv(8, groups=2)), ("Set groups to 1",)),
    Case("channels", "add_1", merged("Add", conv(8), conv(6)),
         ("Set out channels of Conv2d 2 to 8", "Set out channels of Conv2d 1 to 6")),
    Case("channels", "multiply_1", merged("Multiply", conv(8), conv(8, padding=(1, 1)))),
    Case("rank", "add_1", merged("Add", conv(4, padding=(1, 1)), "Flatten"), ("Insert Flatten",)),
    Case("rank", "add_1", merged("Add", ("Reshape", {"shape": (16, 16)}), ("Reshape", {"shape": (4, 8, 8)})),
         ("Insert Reshape to (16, 16)",)),
    Case("channels", "concat_1", merged("Concat", conv(8), conv(6), dim=2),
         ("Join along axis 1 (channels)", "Set out channels of Conv2d 2 to 8")),
    Case("rank", "concat_1", merged("Concat", conv(8), "Flatten"), ("Insert Flatten",)),
    Case("axis", "concat_1", merged("Concat", conv(8), conv(8), dim=0), ("Use the last axis",)),
    Case("axis", "softmax_1", chain(image(), ("Softmax", {"dim": 7})), ("Use the last axis",)),
    Case("axis", "flatten_1", chain(image(), ("Flatten", {"start_dim": 3, "end_dim": 2})), ("Flatten all axes",)),
    Case("shape", "reshape_1", chain(image(784), ("Reshape", {"shape": (28, 29)})), ("Set it to (784)",)),
    Case("shape", "reshape_1", chain(image(784), ("Reshape", {"shape": (30, 28)})), ("Set it to (28, 28)",)),
    Case("param", "reshape_1", chain(image(784), ("Reshape", {"shape": (-1, -1)})), ("Set it to (784)",)),
    Case("shape", "unflatten_1", chain(image(784), ("Unflatten", {"unflattened_size": (5, -1)})), ("Set it to (784)",)),
    Case("param", "unflatten_1", chain(image(784), ("Unflatten", {"unflattened_size": ()})),
         ("Keep the axis as it is",)),
    Case("rank", "input_1", chain(image(*[1] * 9))),
    Case("dtype", "linear_1", chain(label(12), linear(3)), ("Insert Embedding",)),
    Case("dtype", "embedding_1", chain(image(8), "Embedding")),
    Case("classes", "embedding_1", chain(label(12), ("Embedding", {"num_embeddings": 4})),
         ("Set num embeddings to 12",)),
    Case("param", "embedding_1", chain(label(4), ("Embedding", {"num_embeddings": 4, "padding_idx": 4})),
         ("Use no padding vector",)),
)

LENGTHS_CASES = (
    Case("lengths", "lstm_1", with_edge(padded("LSTM", "Output"), "input_1", "lengths", "lstm_1", "lengths"),
         ("Wire the lengths of Input 1 through a ConvLengths",)),
    Case("lengths", "lstm_1", wire(chain(label(), graph=padded("LSTM", "Output")), "input_2", "lstm_1", "lengths"),
         ("Wire the lengths of Input 1 through a ConvLengths",)),
    Case("lengths", "convlengths_1", chain(label(), "ConvLengths")),
    Case("too-small", "convlengths_1", with_edge(chain("ConvLengths", graph=chain(sequence(2))), "input_1", "lengths",
                                                 "convlengths_1", "lengths"), ("Set kernel size to 1",)),
    Case("lengths", "crossentropy_1", with_edge(chain(sequence(), graph=perceptron()), "input_3", "lengths",
                                                "crossentropy_1", "lengths")),
    Case("lengths", "ctc_1", transcription(15), ("Set the stride of Conv1d 2 to 1",)),
    Case("lengths", "ctc_1", transcription(30), ("Set the stride of Conv1d 2 and Conv1d 1 to 1",)),
    Case("lengths", "ctc_1", transcription(50)),
    Case("padding", "lstm_1", padded("LSTM", "Output"), ("Wire the lengths of Input 1 through a ConvLengths",),
         "warning"),
    Case("padding", "gru_1", chain(sequence(), ("GRU", {"output": "all steps", "bidirectional": True}), "Output"),
         ("Wire the lengths of Input 1",), "warning"),
    Case("padding", "mse_1", wire(chain(sequence(), ("Linear", {"out_features": 8}), "MSE"), "input_1", "mse_1",
                                  "target"), ("Wire the lengths of Input 1",), "warning"),
    Case("padding", "adaptiveavgpool1d_1", chain(sequence(), ("Permute", {"dims": (2, 1)}), "AdaptiveAvgPool1d",
                                                 "Output"), (), "warning"),
    Case("shape", "gaussiankl_1", wire(chain(linear(4), graph=chain(image(8), linear(3), "GaussianKL"),
                                             after="input_1"), "linear_2", "gaussiankl_1", "log_variance"),
         ("Set out features of Linear 2 to 3",)),
)

TARGET_CASES = (
    Case("classes", "crossentropy_1", classifier("Flatten", linear(128), "ReLU", linear(12)),
         ("Set out features of Linear 2 to 10", "Insert Linear with 10 outputs")),
    Case("classes", "crossentropy_1", classifier("Flatten", linear(5), "Dropout", "Tanh"),
         ("Set out features of Linear 1 to 10", "Insert Linear with 10 outputs")),
    Case("classes", "crossentropy_1", classifier("Flatten"), ("Insert Linear with 10 outputs",)),
    Case("classes", "crossentropy_1",
         classifier(("Reshape", {"shape": (28, 28)}), ("LSTM", {"hidden_size": 8, "bidirectional": True})),
         ("Set hidden size of LSTM 1 to 5", "Insert Linear with 10 outputs")),
    Case("rank", "crossentropy_1", classifier(conv(4)), ("Insert Flatten",)),
    Case("rank", "crossentropy_1", classifier(linear(10)), ("Insert Flatten before Linear 1", "Insert Flatten")),
    Case("rank", "crossentropy_1", wire(chain(("Input", {"shape": (5,), "values": "classes", "classes": 3}),
                                              graph=chain(image(5, 8), linear(3), "CrossEntropy")),
                                        "input_2", "crossentropy_1", "target"), ("Insert Permute to (2, 1)",)),
    Case("rank", "crossentropy_1", wire(chain(("Input", {"shape": (1,), "values": "classes", "classes": 3}),
                                              graph=chain(image(8), linear(3), "CrossEntropy")),
                                        "input_2", "crossentropy_1", "target"), ("Insert Reshape to ()",)),
    Case("dtype", "crossentropy_1", regression(linear(1), loss="CrossEntropy"), ("Use MSE instead",)),
    Case("dtype", "mse_1", classifier("Flatten", linear(10), loss="MSE"), ("Use CrossEntropy instead",)),
    Case("classes", "bcewithlogits_1", classifier("Flatten", linear(10), loss="BCEWithLogits"),
         ("Use CrossEntropy instead",)),
    Case("shape", "mse_1", regression(linear(3)),
         ("Set out features of Linear 1 to 1", "Insert Linear with 1 output")),
    Case("shape", "mse_1", regression(linear(6), target=(2, 3)), ("Insert Reshape to (2, 3)",)),
    Case("rank", "mse_1", regression(conv(2), sizes=(1, 5, 5)), ("Insert Flatten",)),
    Case("dtype", "crossentropy_1", wire(wire(chain("CrossEntropy", graph=chain(label(), graph=chain(image(8),
         linear(10)))), "linear_1", "crossentropy_1", "target"), "input_2", "crossentropy_1", "prediction"),
         ("Swap prediction and target",)),
    Case("rank", "crossentropy_1", wire(chain(label(2), graph=chain(image(8), ("Reshape", {"shape": (8,)}),
         "CrossEntropy").set_params("input_1", {"shape": ()}).set_params("reshape_1", {"shape": ()})),
         "input_2", "crossentropy_1", "target"), ("Insert Reshape to (1)",)),
)

GRAPH_CASES = (
    Case("empty", "", Graph(), severity="warning"),
    Case("unknown-layer", "quantum_1", chain(image(8), "Quantum", linear(2)), ("Remove Quantum 1",)),
    Case("missing-input", "linear_2", chain(linear(3), graph=chain(image(8), linear(2)))),
    Case("missing-input", "add_1", chain(image(8), "Add")),
    Case("missing-input", "crossentropy_1", chain(image(8), linear(2), "CrossEntropy")),
    Case("cycle", "add_1", circle(), ("Remove the wire from ReLU 1 to Add 1",)),
    Case("cycle", "add_1", wire(chain(image(8), "Add"), "add_1", "add_1", "inputs"),
         ("Remove the wire from Add 1 to Add 1",)),
    Case("double-wire", "linear_1", wire(chain("ReLU", graph=chain(image(8), linear(2)), after="input_1"), "relu_1",
                                         "linear_1"), ("Keep only the first wire",)),
    Case("double-wire", "linear_1", with_edge(chain(image(8), linear(2)), "input_1", "output", "linear_1", "input"),
         ("Keep only the first wire",)),
    Case("dangling-wire", "linear_1", with_edge(chain(image(8), linear(2)), "gone", "output", "linear_1", "input"),
         ("Remove the wire",)),
    Case("dangling-wire", "linear_1", with_edge(chain(image(8), linear(2)), "linear_1", "output", "gone", "input"),
         ("Remove the wire",)),
    Case("dangling-wire", "linear_1", with_edge(chain(image(8), linear(2)), "input_1", "side", "linear_1", "input"),
         ("Remove the wire",)),
    Case("dangling-wire", "", with_edge(chain(image(8), linear(2)), "gone", "output", "lost", "input"),
         ("Remove the wire",)),
    Case("duplicate-id", "relu_1", Graph((*chain(image(8), "ReLU").nodes, Node("relu_1", "Tanh", "Tanh 1")),
                                         chain(image(8), "ReLU").edges)),
    Case("param", "linear_1", chain(image(8), linear(0)), ("Set out features to 128",)),
    Case("param", "linear_1", chain(image(8), linear(10**5000)), ("Set out features to 128",)),
    Case("param", "linear_1", chain(image(8), ("Linear", {"colour": "red"})), ("Remove the setting colour",)),
    Case("param", "dropout_1", chain(image(8), ("Dropout", {"p": 10**5000})), ("Set p to 0.5",)),
    Case("no-column", "input_1", perceptron().set_params("input_1", {"column": ""}),
         ("Use the column image", "Use the column label"), columns=COLUMNS),
    Case("no-column", "input_2", perceptron().set_params("input_2", {"column": "answer"}),
         ("Use the column label", "Use the column image"), columns=COLUMNS),
    Case("column-shape", "input_1", perceptron().set_params("input_1", {"shape": (3, 32, 32)}),
         ("Use the data's shape",), columns=COLUMNS),
    Case("column-shape", "input_2", perceptron().set_params("input_2", {"classes": 3}), ("Use the data's shape",),
         columns=COLUMNS),
    Case("memory", "linear_1", chain(image(10**6), linear(10**6), "Output")),
    Case("memory", "linear_1", chain(image(10**5), linear(10**5), "Output"), severity="warning"),
    Case("no-weights", "crossentropy_1", classifier("Flatten", ("Reshape", {"shape": (784,)}))
         .set_params("input_1", {"shape": (10,)}).set_params("reshape_1", {"shape": (10,)})),
)

WARNING_CASES = (
    Case("dead-branch", "tanh_1", chain(linear(3), "Tanh", graph=perceptron(), after="relu_1"),
         ("Remove Tanh 1 and what leads only to it",), "warning"),
    Case("dead-branch", "input_3", chain(image(), graph=perceptron()), ("Remove Input 3 and what leads only to it",),
         "warning"),
    Case("softmax-before-loss", "crossentropy_1", classifier("Flatten", linear(10), "Softmax"),
         ("Remove Softmax 1: CrossEntropy expects plain scores",), "warning"),
    Case("relu-before-loss", "crossentropy_1", classifier("Flatten", linear(10), "ReLU"),
         ("Remove ReLU 1: CrossEntropy expects plain scores",), "warning"),
    Case("sigmoid-before-loss", "bcewithlogits_1",
         classifier("Flatten", linear(1), "Sigmoid", loss="BCEWithLogits").set_params("input_2", {"classes": 2}),
         ("Remove Sigmoid 1: BCEWithLogits expects plain scores",), "warning"),
    Case("sigmoid-before-metric", "accuracy_1",
         classifier("Flatten", linear(1), "Sigmoid", loss="Accuracy").set_params("input_2", {"classes": 2}),
         ("Remove Sigmoid 1: Accuracy expects plain scores",), "warning"),
    Case("linear-linear", "linear_2", chain(image(8), linear(4), linear(2), "Output"), ("Insert ReLU",), "warning"),
    Case("linear-linear", "linear_2", chain(image(8), linear(4), "Dropout", linear(2), "Output"), ("Insert ReLU",),
         "warning"),
    Case("rank", "linear_1", chain(image(), linear(4), "Output"), ("Insert Flatten",), "warning"),
    Case("axes-order", "conv1d_1", chain(image(20, 6), "Conv1d", "Output"),
         ("Insert Permute to (features, time)",), "warning"),
    Case("idle-dropout", "lstm_1", chain(image(20, 6), ("LSTM", {"dropout": 0.5}), "Output"),
         ("Set dropout to 0", "Use 2 layers"), "warning"),
    Case("number-target", "bcewithlogits_1", regression(linear(1), loss="BCEWithLogits"), (), "warning"),
    Case("target-in-prediction", "crossentropy_1",
         wire(chain(label(), ("Embedding", {"num_embeddings": 10, "embedding_dim": 10}), "CrossEntropy"),
              "input_1", "crossentropy_1", "target"), ("Disconnect Input 1 from the network",), "warning"),
    Case("target-in-prediction", "mse_1",
         wire(chain(("Input", {"shape": (4,)}), "MSE"), "input_1", "mse_1", "target"),
         ("Disconnect Input 1 from the network",), "warning"),
)

NO_LOSS_CASES = (
    Case("augmentation-without-column", "", classifier("Flatten", linear(10)), (), "warning", COLUMNS,
         (augmentation("WordDropout"),)),
    Case("no-loss", "", chain(image(), "Flatten", linear(10), "Output"), ("Add CrossEntropy with the target label",),
         columns=COLUMNS),
    Case("no-loss", "", chain(image(), "Flatten", linear(10)),
         ("Add CrossEntropy and an Input for its target", "Add MSE and an Input for its target")),
    Case("no-loss", "", chain(label(), graph=chain(image(), "Flatten", linear(10))),
         ("Add CrossEntropy with the target label",), columns=COLUMNS),
    Case("no-loss", "", chain(image(), "Flatten", linear(1)), ("Add BCEWithLogits with the target sick",),
         columns=(IMAGE, Column("sick", "category", "target", (), ("no", "yes")))),
    Case("no-loss", "", chain(image(), "Flatten", linear(1)), ("Add MSE with the target price",),
         columns=(IMAGE, Column("price", "number", "target"))),
    Case("no-loss", "", chain(image()), (), columns=(IMAGE, LABEL)),
)

OPERATION_CASES = (
    Case("heads", "multiheadattention_1", chain(image(6, 10), "MultiheadAttention"), ("Set num heads to 2",)),
    Case("heads", "transformerencoderlayer_1", chain(image(6, 9), "TransformerEncoderLayer"), ("Set nhead to 1",)),
    Case("mask", "multiheadattention_1", beside((6, 8), "MultiheadAttention", (5, 8), "mask", "CausalMask")),
    Case("dtype", "multiheadattention_1", beside((6, 8), "MultiheadAttention", (6, 6), "mask")),
    Case("dtype", "linear_1", chain(image(6, 8), "CausalMask", "Linear")),
    Case("keys", "multiheadattention_1", beside((6, 8), "MultiheadAttention", (5, 8), "value")),
    Case("channels", "scaleddotproductattention_1", beside((6, 8), "ScaledDotProductAttention", (5, 7), "key")),
    Case("channels", "scaleddotproductattention_1",
         beside((6, 8), "ScaledDotProductAttention", (5, 7), "key", linear(9)), ("Set out features of Linear 1 to 8",)),
    Case("channels", "transformerdecoderlayer_1", beside((6, 8), "TransformerDecoderLayer", (5, 4), "memory")),
    Case("channels", "lstmcell_1", beside((8,), "LSTMCell", (5,), "h"), ("Set hidden size to 5",)),
    Case("state", "lstmcell_1", beside((8,), "LSTMCell", (128,), "h")),
    Case("index", "select_1", chain(image(6, 8), ("Select", {"index": 9})), ("Take the last one",)),
    Case("empty", "slice_1", chain(image(6, 8), ("Slice", {"start": 7})), ("Take all",)),
    Case("parts", "split_1", chain(image(6, 8), ("Split", {"parts": 4})), ("Split into 3 parts",)),
    Case("parts", "split_1", chain(image(7, 8), "Split")),
    Case("axis", "mean_1", chain(image(6, 8), ("Mean", {"dim": 3})), ("Use the last axis",)),
    Case("channels", "matmul_1", beside((6, 8), "MatMul", (6, 8), "other"), ("Transpose the second",)),
    Case("channels", "matmul_1", beside((6, 8), "MatMul", (4, 6), "other"), ("Swap the two inputs",)),
    Case("rank", "matmul_1", beside((6, 8), "MatMul", (8,), "other")),
    Case("channels", "subtract_1", beside((6, 8), "Subtract", (6, 7), "other")),
    Case("rank", "subtract_1", beside((6, 8), "Subtract", (48,), "other"), ("Insert Flatten",)),
    Case("padding", "select_1", chain(sequence(), "Select"), (), "warning"),
    Case("padding", "mean_1", chain(sequence(), "Mean"), (), "warning"),
    Case("padding", "multiheadattention_1", chain(sequence(), "MultiheadAttention"),
         ("Wire the lengths of Input 1",), "warning"),
    Case("padding", "transformerencoderlayer_1", chain(sequence(), "TransformerEncoderLayer"),
         ("Wire the lengths of Input 1",), "warning"),
)

CASES = (*SHAPE_CASES, *OPERATION_CASES, *LENGTHS_CASES, *TARGET_CASES, *GRAPH_CASES, *WARNING_CASES, *NO_LOSS_CASES)

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.node}")


def found(case: Case, graph: Graph | None = None):
    problems = analyze(case.graph if graph is None else graph, case.columns, case.augmentation).problems
    return [p for p in problems if (p.code, p.node, p.severity) == (case.code, case.node, case.severity)]


@every_case
def test_the_problem_is_found_and_explained(case: Case) -> None:
    (problem,) = found(case)
    assert tuple(repair.label for repair in problem.repairs) == case.repairs
    assert problem.message[0].isupper()
    assert problem.message.endswith(".")
    assert len(problem.message) < 300
    assert not problem.hint or problem.hint.endswith(".")
    assert not problem.node or problem.node in case.graph


@pytest.mark.parametrize(("case", "number"), [(c, n) for c in CASES for n in range(len(c.repairs))],
                         ids=lambda value: f"{value.code}-{value.node}" if isinstance(value, Case) else str(value))
def test_the_repair_removes_the_problem(case: Case, number: int) -> None:
    (problem,) = found(case)
    repaired = problem.repairs[number].edit(case.graph)
    assert repaired != case.graph
    assert not found(case, repaired)


@every_case
def test_repairs_do_nothing_where_their_nodes_are_gone(case: Case) -> None:
    for problem in analyze(case.graph, case.columns, case.augmentation).problems:
        for repair in problem.repairs:
            assert repair.edit(Graph()) == Graph()


def test_every_code_has_a_case() -> None:
    """The codes that the sources name, and those that are made of the layers a loss does not want."""
    named = set()
    for path in (*ENGINE.glob("layers/*.py"), *ENGINE.glob("analysis/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code":
                constants = (part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant))
                named.update(value for value in constants if value != "-before-")
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Remark":
                named.add(node.args[0].value)
    known = {case.code for case in CASES if "-before-" not in case.code} - {"no-loss"}
    elsewhere = {*test_analysis_composites.CODES, *(case.code for case in test_planning.CASES), *test_entering.CODES,
                 "start-partial", "start-unfit"}  # see test_starts
    assert named - elsewhere == known - elsewhere
