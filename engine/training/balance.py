"""Rare classes with as much say as frequent ones: in the loss, for the time of a training."""

import numpy as np
import torch
from torch import nn

from engine.data.dataset import Dataset
from engine.errors import TrainingError

_CHUNK = 4096


def balance_loss(objective: nn.Module, data: Dataset, targets: tuple[str, ...]) -> None:
    """Weigh the classes in the objective's losses by how rare they are among the training rows: n / (classes * count).

    The weights are buffers of the loss modules: they are no part of the network and of no checkpoint, and a test is
    measured without them. Raises TrainingError where there are no classes, several targets of classes, or no loss that
    can weigh them.
    """
    columns = [column for column in data.columns if column.name in targets and column.kind in ("category", "mask")]
    if len(columns) != 1:
        what = "several targets of classes" if columns else "no target of classes"
        raise TrainingError(f"The loss cannot be balanced: the network has {what}.",
                            "Set the option balance to none" + (", or to sampling." if columns else "."))
    [column] = columns
    counts = _counts(data, column.name, len(column.classes))
    weights = np.where(counts > 0, counts.sum() / np.maximum(counts, 1) / np.count_nonzero(counts), 1.0)
    is_balanced = False
    for module in objective.modules():
        if isinstance(module, nn.CrossEntropyLoss):
            module.weight = torch.tensor(weights, dtype=torch.float32)
        elif isinstance(module, nn.BCEWithLogitsLoss) and len(counts) == 2:
            module.pos_weight = torch.tensor(weights[1] / weights[0], dtype=torch.float32)
        else:
            continue
        is_balanced = True
    if not is_balanced:
        raise TrainingError("The loss cannot be balanced: the network's loss does not know classes.",
                            "Use CrossEntropy, or set the option balance to none or sampling.")


def _counts(data: Dataset, name: str, classes: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How often each class occurs among the training rows; of masks, in how many pixels."""
    rows, counts = data.rows["train"], np.zeros(classes, np.int64)
    for start in range(0, len(rows), _CHUNK):
        values = np.asarray(data.stored[name][rows[start : start + _CHUNK]]).reshape(-1)
        counts += np.bincount(values, minlength=classes)[:classes]
    return counts
