"""Suspicious labels: the samples that a trained network finds hardest to believe, ranked by their loss.

A wrong label in the data costs a network that learned the rest of it a high loss, in training samples too.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from engine.trained import Array, Trained, load, load_data, tensors
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
    losses, outputs = _computed(trained, data, rows, emit)
    order = np.argsort(-losses, kind="stable")[:MAX_LISTED]
    target, answers = _answers(trained, data, rows[order], {name: values[order] for name, values in outputs.items()})
    names = tuple(data.rows)
    listed = [
        {"row": int(rows[i]), "name": data.names[int(rows[i])], "split": names[splits[i]], **answer,
         "loss": float(losses[i])}
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


def _computed(trained: Trained, data: Dataset, rows: Array,
              emit: Callable[[AnyEvent], None]) -> tuple[Array, dict[str, Array]]:
    """The loss of each row, float64 (n,), and what the network puts out."""
    source, objective = trained.source, trained.objective
    if objective is None:
        raise TrainingError("The network has no loss, so no label is suspicious.", "Wire an output into a loss.")
    losses: list[Tensor] = []
    seen: list[tuple[Tensor, ...]] = []
    handle = trained.network.register_forward_hook(lambda module, inputs, output: seen.append(tensors(output)))
    try:
        with torch.inference_mode(), _unreduced(objective):
            for start in range(0, len(rows), BATCH):
                batch = rows[start : start + BATCH]
                loss, _ = objective(*(torch.from_numpy(data.prepared(name, batch)).to(trained.device)
                                      for name in (*source.inputs, *source.targets)))
                losses.append(loss.double().cpu())
                emit(Progressed("Comparing", (start + len(batch)) / len(rows)))
    finally:
        handle.remove()
    outputs = [torch.cat(parts).cpu().numpy() for parts in zip(*seen, strict=True)]
    return torch.cat(losses).numpy(), dict(zip(source.outputs, outputs, strict=True))


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


def _answers(trained: Trained, data: Dataset, rows: Array,
             outputs: Mapping[str, Array]) -> tuple[str, list[dict[str, Any]]]:
    """The target that is compared, the first one that has single answers, and both answers of each row."""
    for output, target in trained.source.target_of.items():
        part = trained.preparation.part(target)
        truth = data.prepared(target, rows)
        shares = probabilities(outputs[output], len(part.classes)) if part.kind == "category" else None
        if shares is not None and truth.ndim == 1 and shares.ndim == 2:
            predicted = shares.argmax(axis=1)
            return target, [
                {"truth": part.classes[right], "predicted": part.classes[guess], "confidence": float(share[guess])}
                for right, guess, share in zip(truth.tolist(), predicted.tolist(), shares, strict=True)]
        if part.kind == "number" and outputs[output].size == len(rows):
            pairs = (restored(part, values.reshape(truth.shape)).reshape(-1) for values in (truth, outputs[output]))
            return target, [{"truth": float(right), "predicted": float(guess), "confidence": None}
                            for right, guess in zip(*pairs, strict=True)]
    return "", [{"truth": "", "predicted": "", "confidence": None} for _ in rows]
