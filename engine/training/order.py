"""In which order the training samples are seen. Seed and epoch alone decide: a resumed run goes on exactly."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.dataset import Dataset
from engine.derived import LENGTHS
from engine.errors import DataError

POOL_BATCHES = 50
"""Bucketing sorts so many batches at a time by length: long enough to be alike, short enough to stay random."""


@dataclass(frozen=True, slots=True)
class Order:
    """How an epoch goes through the training rows, int64 (n,).

    chances  how often each is drawn, float64 (n,), relative to the others; None: every row exactly once
    lengths  of each, int64 (n,): samples of similar length then share batches; None: any samples do
    """

    rows: Tensor
    chances: Tensor | None = None
    lengths: Tensor | None = None

    def batches(self, seed: int, epoch: int, size: int) -> tuple[Tensor, ...]:
        """The rows of each batch of an epoch; the last batch may be short."""
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        count = len(self.rows)
        if self.chances is None:
            places = torch.randperm(count, generator=generator)
        else:
            ends = self.chances.cumsum(0)
            drawn = torch.rand(count, generator=generator, dtype=torch.float64) * ends[-1]
            places = torch.searchsorted(ends, drawn, right=True).clamp_(max=count - 1)
        if self.lengths is None:
            return torch.split(self.rows[places], size)
        batches = [batch for pool in torch.split(places, POOL_BATCHES * size)
                   for batch in torch.split(pool[self.lengths[pool].argsort(stable=True)], size)]
        whole = batches[:-1] if len(batches[-1]) < size else batches
        mixed = [whole[place] for place in torch.randperm(len(whole), generator=generator).tolist()]
        return tuple(self.rows[batch] for batch in (*mixed, *batches[len(whole):]))


def order_of(data: Dataset, inputs: tuple[str, ...], *, is_balanced: bool, is_bucketed: bool) -> Order:
    """The order of a data set's training rows.

    is_balanced  every class of the first category target is drawn equally often; samples of rare ones repeat
    is_bucketed  batches hold samples of similar length, where one of the `inputs` has lengths

    Where the data has weights, samples are drawn as often as these say: on average that is the weighted loss.
    Raises DataError if there are no classes to balance, or all weights are 0.
    """
    rows = data.rows["train"]
    chances = np.ones(len(rows)) if data.weights is None else data.weights[rows]
    if is_balanced:
        target = next((column for column in data.columns if column.role == "target" and column.kind == "category"),
                      None)
        if target is None:
            raise DataError("There are no classes to balance.", "Set the option balance to none, or predict a class.")
        classes = np.asarray(data.stored[target.name][rows])
        counts = np.bincount(classes, chances, len(target.classes))
        chances = chances / np.where(counts > 0, counts, 1)[classes]
    if not chances.any():
        raise DataError("The weights of all training samples are 0.", "Choose another column as the weight.")
    has_chances = is_balanced or data.weights is not None
    name = next((name + LENGTHS for name in inputs if name + LENGTHS in data.stored), "") if is_bucketed else ""
    return Order(torch.from_numpy(np.ascontiguousarray(rows, np.int64)),
                 torch.from_numpy(chances) if has_chances else None,
                 torch.from_numpy(np.array(data.stored[name][rows], np.int64)) if name else None)
