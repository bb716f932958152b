"""Testing: loss, metrics, confusion matrix and the most confident mistakes of a trained network on one split."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from engine.data.dataset import Dataset
from engine.errors import DataError, RunError, TrainingError
from engine.events import AnyEvent, Progressed
from engine.layers import find
from engine.project import Column
from engine.runs import Run
from engine.trained import Array, Trained, load, load_data, probabilities, tensors
from engine.training import devices

BATCH = 512
MAX_WRONG = 500
"""So many mistakes are listed, the most confident first."""

MAX_PAIRS = 2_000
"""So many pairs of truth and prediction are kept of a regression: enough for a scatter plot."""


@dataclass(frozen=True)
class _Measured:
    """Sums over one split: loss mean, each metric's sums, and the outputs of all samples in order."""

    loss: float
    sums: tuple[list[float], ...]
    outputs: dict[str, Array]


def evaluate(run: Run, split: str = "test", checkpoint: str = "best",
             emit: Callable[[AnyEvent], None] | None = None) -> dict[str, Any]:
    """Measure a checkpoint on "train", "validation" or "test"; the result is written into the run folder, too.

    Returns plain values: {"split", "checkpoint", "samples", "loss", "metrics": {name: value in the target's unit},
    "target": column, "classes": [names], "confusion": [[count by predicted class] by true class],
    "wrong": [{"row", "name", "truth", "predicted", "confidence"}], "wrong_count",
    "pairs": {"truth": [...], "predicted": [...]}}. What does not apply to the kind of target is empty.

    Raises RunError, DataError, WeightsError, or TrainingError if the network has no loss.
    """
    emit = emit or (lambda event: None)
    wanted = run.project.options["device"]
    trained = load(run, checkpoint, devices.resolved("cpu" if wanted == "cpu" else "auto"))
    data = load_data(run, trained, emit)
    if split not in data.rows:
        raise RunError(f"There is no split {split!r}.", f"Splits: {', '.join(data.rows)}.")
    rows = data.rows[split]
    if not len(rows):
        raise DataError(f"The {split} split has no samples.", "Hold back a share of the data for it, and train again.")
    measured = _measure(trained, data, rows, emit)
    result: dict[str, Any] = {
        "split": split, "checkpoint": checkpoint, "samples": len(rows), "loss": measured.loss,
        "metrics": _metrics(trained, measured), "target": "", "classes": [], "confusion": [], "wrong": [],
        "wrong_count": 0, "pairs": {"truth": [], "predicted": []},
    } | _compared(trained, data, rows, measured)
    run.write_evaluation(split, result)
    return result


def _measure(trained: Trained, data: Dataset, rows: Array, emit: Callable[[AnyEvent], None]) -> _Measured:
    """One pass over the rows. The objective computes loss and sums; a hook keeps what its network put out."""
    source, objective = trained.source, trained.objective
    if objective is None:
        raise TrainingError("The network has no loss, so there is nothing to measure.", "Wire an output into a loss.")
    seen: list[tuple[torch.Tensor, ...]] = []
    loss, sums = torch.zeros((), dtype=torch.float64), list[torch.Tensor]()
    handle = trained.network.register_forward_hook(lambda module, inputs, output: seen.append(tensors(output)))
    try:
        with torch.inference_mode():
            for start in range(0, len(rows), BATCH):
                batch = rows[start : start + BATCH]
                columns = [torch.from_numpy(data.arrays[name][batch]).to(trained.device)
                           for name in (*source.inputs, *source.targets)]
                batch_loss, batch_sums = objective(*columns)
                loss += batch_loss.cpu().double() * len(batch)
                parts = [part.cpu().double() for part in batch_sums]
                sums = [total + part for total, part in zip(sums, parts, strict=True)] if sums else parts
                emit(Progressed("Testing", (start + len(batch)) / len(rows)))
    finally:
        handle.remove()
    outputs = [torch.cat(parts).cpu().numpy() for parts in zip(*seen, strict=True)]
    return _Measured(loss.item() / len(rows), tuple(total.tolist() for total in sums),
                     dict(zip(source.outputs, outputs, strict=True)))


def _metrics(trained: Trained, measured: _Measured) -> dict[str, float]:
    """Values by metric name. What is measured in the target's unit is brought back to it from the prepared one."""
    values = {}
    for metric, sums in zip(trained.source.metrics, measured.sums, strict=True):
        spec = find(metric.type)
        assert spec is not None, "emitted code only measures metrics of the catalogue"
        assert spec.value is not None, "a metric has a value"
        unit = trained.preparation.scale(metric.target) if spec.scales_with_target and metric.target else 1.0
        values[metric.name] = spec.value(sums) * unit
    return values


def _compared(trained: Trained, data: Dataset, rows: Array, measured: _Measured) -> dict[str, Any]:
    """Truth against prediction: of the first output of classes if there is one, else of the first with numbers."""
    pairs = [(output, trained.preparation.part(target).column) for output, target in trained.source.target_of.items()]
    for output, column in pairs:
        if column.kind == "category":
            shares = probabilities(measured.outputs[output], len(column.classes))
            if shares is not None:
                return _classified(data, rows, column, shares)
    for output, column in pairs:
        values = measured.outputs[output]
        if column.kind != "category" and values.size == data.arrays[column.name][rows].size:
            return _regressed(trained, data, rows, column, values)
    return {}


def _classified(data: Dataset, rows: Array, column: Column, shares: Array) -> dict[str, Any]:
    """`shares` is (n, classes, ...): with more axes every place of a sample is a decision of its own."""
    count = len(column.classes)
    truth, predicted = data.arrays[column.name][rows], shares.argmax(axis=1)
    confusion = np.bincount(truth.reshape(-1) * count + predicted.reshape(-1), minlength=count * count)
    found: dict[str, Any] = {
        "target": column.name, "classes": list(column.classes), "confusion": confusion.reshape(count, count).tolist(),
    }
    if truth.ndim == 1:
        mistakes = np.flatnonzero(truth != predicted)
        confidence = shares[np.arange(len(rows)), predicted]
        order = mistakes[np.argsort(-confidence[mistakes], kind="stable")]
        found["wrong_count"] = len(mistakes)
        found["wrong"] = [
            {"row": int(rows[i]), "name": data.names[int(rows[i])], "truth": column.classes[truth[i]],
             "predicted": column.classes[predicted[i]], "confidence": float(confidence[i])}
            for i in order[:MAX_WRONG]
        ]
    return found


def _regressed(trained: Trained, data: Dataset, rows: Array, column: Column, values: Array) -> dict[str, Any]:
    truth = data.arrays[column.name][rows]
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), MAX_PAIRS)).astype(np.int64)
    restored = [trained.preparation.restored(column.name, part.reshape(truth.shape)[chosen]).reshape(-1)[:MAX_PAIRS]
                for part in (truth, values)]
    return {"target": column.name, "pairs": {"truth": restored[0].tolist(), "predicted": restored[1].tolist()}}

