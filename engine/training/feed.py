"""The samples of a run as tensors on its device, gathered batch by batch in an order that the seed decides."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.dataset import Dataset

EVALUATION_BATCH = 512
"""Samples per batch where nothing is learned: large batches are quicker, but use more memory."""


class Column:
    """All values of one column, and a place for those of one batch. Rows lie in memory one after another."""

    def __init__(self, values: NDArray[np.generic], batch_size: int, device: torch.device, channels_last: bool) -> None:
        rows = torch.from_numpy(values)
        self._shape = tuple(rows.shape[1:])
        self._is_channels_last = channels_last and rows.dim() == 4
        if self._is_channels_last:
            rows = rows.permute(0, 2, 3, 1)
        self._rows = rows.reshape(len(rows), -1).contiguous().to(device) if self._shape else rows.to(device)
        self._place = self._rows.new_empty((batch_size, *self._rows.shape[1:]))
        self.batch = self._as_sample(self._place)
        """The samples gathered last, of shape (batch_size, *sample)."""

    def gather(self, index: Tensor) -> None:
        torch.index_select(self._rows, 0, index, out=self._place)

    def taken(self, index: Tensor) -> Tensor:
        """A new tensor of these rows, (len(index), *sample)."""
        return self._as_sample(self._rows.index_select(0, index))

    def _as_sample(self, rows: Tensor) -> Tensor:
        if not self._is_channels_last:
            return rows.view(len(rows), *self._shape)
        channels, height, width = self._shape
        return rows.view(len(rows), height, width, channels).permute(0, 3, 1, 2)


class Feed:
    """Batches of the columns that an objective takes: inputs, then targets."""

    def __init__(self, data: Dataset, columns: Sequence[str], batch_size: int, device: torch.device, *,
                 channels_last: bool, skips_single: bool) -> None:
        """skips_single: leave out a last batch of one sample, from which batch normalisation cannot learn."""
        self.device = device
        self._rows = {split: torch.from_numpy(np.ascontiguousarray(rows, np.int64))
                      for split, rows in data.rows.items()}
        self.batch_size = min(batch_size, max(1, self.count("train")))
        self._columns = [Column(data.arrays[name], self.batch_size, device, channels_last) for name in columns]
        self._full = [column.batch for column in self._columns]
        self.is_skipping = skips_single and self.batch_size > 1 and self.count("train") % self.batch_size == 1
        """One sample of every epoch, another each time, is left out."""
        self.last = self._full
        """The batch given last."""

    def count(self, split: str) -> int:
        """Samples of a split."""
        return len(self._rows[split]) if split in self._rows else 0

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.count("train") // self.batch_size) - self.is_skipping

    def order(self, seed: int, epoch: int) -> tuple[Tensor, ...]:
        """The rows of each batch of an epoch: a permutation that only seed and epoch decide. The last may be short."""
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        rows = self._rows["train"]
        shuffled = rows[torch.randperm(len(rows), generator=generator)].to(self.device)
        return torch.split(shuffled, self.batch_size)[: self.steps_per_epoch]

    def batch(self, index: Tensor) -> list[Tensor]:
        """The samples of these rows. A full batch is always in the same memory and is overwritten by the next one."""
        if len(index) != self.batch_size:
            self.last = [column.taken(index) for column in self._columns]
            return self.last
        for column in self._columns:
            column.gather(index)
        self.last = self._full
        return self._full

    def example(self) -> list[Tensor]:
        """The first full batch of the training samples, for measurements."""
        return self.batch(self._rows["train"][: self.batch_size].to(self.device))

    def in_order(self, split: str) -> Iterator[list[Tensor]]:
        """All samples of a split, in batches of at most `EVALUATION_BATCH`."""
        for index in torch.split(self._rows[split].to(self.device), max(EVALUATION_BATCH, self.batch_size)):
            yield [column.taken(index) for column in self._columns]
