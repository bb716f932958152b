"""The ONNX format: one file with named inputs and outputs, any batch size, and all that is needed to use it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch

from engine import __version__
from engine.errors import ExportError
from engine.export.model import Model

OPSET = 18
"""The lowest that torch writes natively: the most runtimes can read it."""

_BENIGN_WARNINGS = (
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    r"_check_is_size will be removed",
    r"The tensor attributes .*_flat_weights",
    r"# The axis name: batch will not be used, since it shares the same shape constraints",
)
"""Said by torch about its own insides while it exports; nothing that a user could act on."""

_TALKATIVE = ("torch.onnx._internal.exporter._registration", "onnxscript.optimizer._constant_folding")


def write(model: Model, path: Path) -> tuple[str, ...]:
    """Write the file; notes name the opset that was really written. Raises ExportError."""
    inputs = model.examples()
    try:
        with _quiet():
            program = torch.onnx.export(
                model.network, inputs, dynamo=True, opset_version=OPSET, verbose=False,
                input_names=list(model.source.inputs), output_names=list(model.source.outputs),
                dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
            )
    except RuntimeError as error:
        raise ExportError(f"ONNX cannot express this network: {_reason(error)}") from error
    assert program is not None, "dynamo=True returns a program"
    proto = program.model_proto
    _strip(proto.graph)
    for function in proto.functions:
        _strip(function)
    proto.producer_name, proto.producer_version = "Neuroloom", __version__
    onnx.helper.set_model_props(proto, model.facts())
    onnx.save_model(proto, path)
    onnx.checker.check_model(path)
    return (f"ONNX opset {opset(proto)}, batch size free.",)


def opset(proto: onnx.ModelProto) -> int:
    """The version of the standard operators that a file really uses."""
    return next(int(entry.version) for entry in proto.opset_import if entry.domain in ("", "ai.onnx"))


def _strip(graph: onnx.GraphProto | onnx.FunctionProto) -> None:
    """Take out what torch notes about its own work: stack traces with paths of this machine."""
    values = () if isinstance(graph, onnx.FunctionProto) else (*graph.initializer, *graph.input, *graph.output)
    for part in (graph, *graph.node, *graph.value_info, *values):
        del part.metadata_props[:]
        part.doc_string = ""
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    _strip(inner)


def _reason(error: BaseException) -> str:
    """The first line of the deepest cause: torch wraps it in pages of advice for its own developers."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without remarks on packages that are not installed and that no network here needs, and on what is not optimized.
    """
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for message in _BENIGN_WARNINGS:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
