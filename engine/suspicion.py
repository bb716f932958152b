"""Suspicious labels: the samples that a trained network finds hardest to believe, ranked by their loss.

A wrong label in the data costs a network that learned the rest of it a high loss, in training samples too.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.events import AnyEvent, Progressed
from engine.preparation import restored
from engine.preparation.answers import probabilities
from engine.runs import SUSPICIOUS, Run
from engine.trained import Array, Trained, load, load_data
from engine.training import devices

BATCH = 512
MAX_LISTED = 1000
FIELDS = ("row", "name", "split", "truth", "predicted", "confidence", "loss")


def suspicious(run: Run, checkpoint: str = "best", emit: Callable[[AnyEvent], None] | None = None) -> dict[str, Any]:
    """Rank the samples of all splits by their loss; the result is written into the run folder, too.

    Returns plain values: {"checkpoint", "samples", "splits": {name: samples}, "target": column, "classes": [names],
    "suspicious": [{"row", "name", "split", "truth", "predicted", "confidence", "loss"}]}, the highest loss first, at
    most `MAX_LISTED`. Truth and prediction are class names, or numbers in the data's unit with confidence None; both
    are "" for targets of many parts, such as masks.

    Raises RunError, DataError, WeightsError, or TrainingError if the network has no loss.
    """
    emit = emit or (lambda event: None)
    wanted = run.project.options["device"]
    trained = load(run, checkpoint, devices.resolved("cpu" if wanted == "cpu" else "auto"))
    data = load_data(run, trained, emit)
    rows = np.concatenate([np.asarray(part, np.int64) for part in data.rows.values()])
    splits = np.repeat(np.arange(len(data.rows)), [len(part) for part in data.rows.values()])
    judged = _judged(trained, data, rows, emit)
    order = np.argsort(-judged.losses, kind="stable")[:MAX_LISTED]
    answers = _answers(trained, data, rows[order], judged, order)
    names, target = tuple(data.rows), judged.target
    listed = [
        {"row": int(rows[i]), "name": data.names[int(rows[i])], "split": names[splits[i]], **answer,
         "loss": float(judged.losses[i])}
        for i, answer in zip(order, answers, strict=True)
    ]
    result: dict[str, Any] = {
        "checkpoint": checkpoint, "samples": len(rows),
        "splits": {name: len(part) for name, part in data.rows.items()}, "target": target,
        "classes": list(trained.preparation.part(target).classes) if target else [], "suspicious": listed,
    }
    run.write_json(SUSPICIOUS, result)
    return result


def as_csv(result: Mapping[str, Any]) -> str:
    """The listed samples as a table with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(result["suspicious"])
    return text.getvalue()


@dataclass(frozen=True)
class _Judged:
    """What the network says about n rows: losses, and of one target the answers, as class numbers or prepared numbers,
    with the shares of the classes. "" and nothing where no target has a single answer."""

    losses: Array
    target: str
    predicted: Array
    confidence: Array


def _judged(trained: Trained, data: Dataset, rows: Array, emit: Callable[[AnyEvent], None]) -> _Judged:
    source, objective = trained.source, trained.source.objective
    if objective is None:
        raise TrainingError("The network has no loss, so no label is suspicious.", "Wire an output into a loss.")
    losses, predicted, confidence, target = list[Tensor](), list[Array](), list[Array](), ""
    with torch.inference_mode(), _unreduced(trained.built.objectives[objective.graph]):
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            columns = [torch.from_numpy(data.prepared(name, batch)).to(trained.device) for name in objective.columns]
            (loss, _), outputs = trained.judged(objective, columns, len(batch))
            losses.append(loss.double().cpu())
            for output, values in zip(source.outputs, outputs, strict=True):
                answer = _single(trained, output, values.cpu().numpy())
                if answer is not None and target in ("", source.target_of[output]):
                    target = source.target_of[output]
                    predicted.append(answer[0])
                    confidence.append(answer[1])
                    break
            emit(Progressed("Comparing", (start + len(batch)) / len(rows)))
    nothing = [np.zeros(0)]
    return _Judged(torch.cat(losses).numpy(), target, np.concatenate(predicted or nothing),
                   np.concatenate(confidence or nothing))


def _single(trained: Trained, output: str, values: Array) -> tuple[Array, Array] | None:
    """The one answer that an output gives for each sample, (n,), and how sure it is; None if it gives several."""
    target = trained.source.target_of.get(output)
    part = trained.preparation.part(target) if target else None
    if part is None:
        return None
    if part.kind == "category":
        shares = probabilities(values, len(part.classes))
        return None if shares is None or shares.ndim != 2 else (shares.argmax(axis=1), shares.max(axis=1))
    is_number = part.kind in ("number", "vector", "series") and values.size == len(values)
    return (values.reshape(-1), np.full(len(values), np.nan)) if is_number else None


@contextmanager
def _unreduced(objective: nn.Module) -> Iterator[None]:
    """Inside, every loss of an objective, and so their sum, is (n,): the mean within each sample, not over the batch.
    The objective is used for nothing else afterwards."""
    handles = []
    for module in objective.modules():
        if isinstance(module, nn.modules.loss._Loss):
            module.reduction = "none"
            handles.append(module.register_forward_hook(
                lambda module, inputs, output: output.reshape(len(output), -1).mean(1)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _answers(trained: Trained, data: Dataset, rows: Array, judged: _Judged, order: Array) -> list[dict[str, Any]]:
    """Truth and prediction of these rows, which stand at `order` in what was judged."""
    if not judged.target:
        return [{"truth": "", "predicted": "", "confidence": None} for _ in rows]
    part = trained.preparation.part(judged.target)
    truth, predicted = data.prepared(judged.target, rows), judged.predicted[order]
    if part.kind == "category":
        return [{"truth": part.classes[right], "predicted": part.classes[guess], "confidence": share}
                for right, guess, share in zip(truth.tolist(), predicted.tolist(), judged.confidence[order].tolist(),
                                               strict=True)]
    pairs = (restored(part, values.reshape(truth.shape)).reshape(-1).tolist() for values in (truth, predicted))
    return [{"truth": _rounded(right), "predicted": _rounded(guess), "confidence": None}
            for right, guess in zip(*pairs, strict=True)]


def _rounded(number: float) -> float:
    """To the seven digits that prepared numbers have."""
    return float(f"{number:.7g}")
