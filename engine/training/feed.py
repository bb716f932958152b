"""The samples of a run as tensors on its device, gathered batch by batch in an order that the seed decides.

What fits is held on the device, finished. The rest stays as it was stored, in memory or mapped from the cache: its
batches are gathered by a thread while the step before computes, and finished one by one.
"""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data import cache
from engine.data.dataset import Dataset
from engine.derived import LENGTHS
from engine.preparation import Part, finish_factors
from engine.preparation.preparing import INTEGERS
from engine.training import devices
from engine.training.order import Order

EVALUATION_BATCH = 512
"""Samples per batch where nothing is learned: large batches are quicker, but use more memory."""

HELD_BYTES = 1 << 30
"""Finished columns are held up to this size together, or up to an eighth of the memory, whichever is more."""

MAPPED_BYTES = 256 << 20
"""After so many bytes were read from the cache their pages are let go, so that a run's memory does not grow."""

_AROUND = 1 << 16
"""Bytes around what is read that a system maps along, where it has them in memory anyway."""

Augment = Callable[[list[Tensor], torch.Generator], list[Tensor]]


class Resident:
    """All values of one column, and a place for those of one batch. Rows lie in memory one after another."""

    def __init__(self, values: NDArray[np.generic], batch_size: int, device: torch.device, channels_last: bool) -> None:
        rows = torch.from_numpy(values if values.flags.writeable else values.copy())
        self._shape = tuple(rows.shape[1:])
        self._is_channels_last = channels_last and rows.dim() == 4
        if self._is_channels_last:
            rows = rows.permute(0, 2, 3, 1)
        self._rows = rows.reshape(len(rows), -1).contiguous().to(device) if self._shape else rows.to(device)
        self._place = self._rows.new_empty((batch_size, *self._rows.shape[1:]))
        self.batch = self._as_sample(self._place)
        """The samples gathered last, of shape (batch_size, *sample)."""

    def fetch(self, index: Tensor, slot: int) -> None:
        """Nothing is to be fetched."""

    def give(self, index: Tensor, rows: None) -> Tensor:
        """The samples of these rows, (len(index), *sample): a full batch in its place, others in a new tensor."""
        if len(index) != len(self._place):
            return self._as_sample(self._rows.index_select(0, index))
        torch.index_select(self._rows, 0, index, out=self._place)
        return self.batch

    def _as_sample(self, rows: Tensor) -> Tensor:
        if not self._is_channels_last:
            return rows.view(len(rows), *self._shape)
        channels, height, width = self._shape
        return rows.view(len(rows), height, width, channels).permute(0, 3, 1, 2)


class Streamed:
    """A column that stays as it is stored; only the samples of one batch are finished at a time, in one place."""

    def __init__(self, stored: NDArray[np.generic], part: Part | None, batch_size: int, device: torch.device,
                 channels_last: bool) -> None:
        """`part` is None for lengths, which are finished as they are."""
        self._mapped, self._stored = stored, np.asarray(stored)
        self._device = device
        self._row_bytes = stored.nbytes // max(1, len(stored)) + _AROUND
        self._touched = 0
        factors = finish_factors(part) if part else None
        self._factors = [torch.from_numpy(factor).to(device) for factor in factors] if factors else []
        self._dtype = torch.int64 if _is_whole(part) else torch.float32
        self._format = torch.channels_last if channels_last and stored.ndim == 4 else torch.contiguous_format
        self._raw = np.empty((2, batch_size, *stored.shape[1:]), stored.dtype)
        self.batch = self._place(batch_size)
        """The samples gathered last, of shape (batch_size, *sample)."""
        if self._row_bytes < 2 * _AROUND:  # reading ahead would fetch rows that nobody asked for
            cache.expect_any_order(stored)

    def fetch(self, index: Tensor, slot: int) -> NDArray[np.generic]:
        """The stored rows, a full batch in buffer 0 or 1. Another thread may call this."""
        out = self._raw[slot] if len(index) == len(self.batch) else None
        rows: NDArray[np.generic] = np.take(self._stored, index.cpu().numpy(), axis=0, out=out, mode="clip")
        self._touched += len(index) * self._row_bytes
        if self._touched > MAPPED_BYTES:
            cache.release(self._mapped)
            self._touched = 0
        return rows

    def give(self, index: Tensor, rows: NDArray[np.generic]) -> Tensor:
        """The fetched rows as the network takes them: a full batch in its place, others in a new tensor."""
        place = self.batch if len(index) == len(self.batch) else self._place(len(index))
        place.copy_(torch.from_numpy(rows).to(self._device))
        if self._factors:
            place.mul_(self._factors[0]).add_(self._factors[1])
        return place

    def _place(self, count: int) -> Tensor:
        return torch.empty((count, *self._stored.shape[1:]), dtype=self._dtype, device=self._device,
                           memory_format=self._format)


class Feed:
    """Batches of the columns that an objective takes: inputs, then targets."""

    def __init__(self, data: Dataset, columns: Sequence[str], batch_size: int, device: torch.device, *,
                 channels_last: bool, skips_single: bool, order: Order | None = None,
                 augment: Augment | None = None, held_bytes: int | None = None) -> None:
        """skips_single: leave out a last batch of one sample, from which batch normalisation cannot learn.
        order: None is any order; augment: changes training batches at random, and nothing else; held_bytes: so much
        is held at most, None: what the memory allows."""
        self.device, self.names = device, tuple(columns)
        self._rows = {split: torch.from_numpy(np.array(rows, np.int64)) for split, rows in data.rows.items()}
        self._order = order or Order(self._rows["train"])
        self._augment = augment
        self.batch_size = min(batch_size, max(1, self.count("train")))
        held = _held(data, columns, _held_bytes(device) if held_bytes is None else held_bytes)
        self._columns = [
            Resident(data.prepared(name), self.batch_size, device, channels_last) if name in held else
            Streamed(data.stored[name], _part(data, name), self.batch_size, device, channels_last) for name in columns]
        self.is_skipping = skips_single and self.batch_size > 1 and self.count("train") % self.batch_size == 1
        """One sample of every epoch, another each time, is left out."""
        self.last = [column.batch for column in self._columns]
        """The batch given last."""

    def count(self, split: str) -> int:
        """Samples of a split."""
        return len(self._rows[split]) if split in self._rows else 0

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.count("train") // self.batch_size) - self.is_skipping

    def epoch(self, seed: int, epoch: int, done: int = 0) -> Generator[tuple[int, list[Tensor]], None, None]:
        """The training batches of an epoch from the one numbered `done` on, each with its number of samples: an order
        and changes that only seed, epoch and the batch's number decide. Close it when it is left early."""
        batches = self._batches(self.order(seed, epoch)[done:])
        with closing(batches):
            for number, batch in enumerate(batches, done):
                self.last = batch
                if self._augment is not None:
                    generator = torch.Generator().manual_seed(
                        ((seed * 1_000_003 + epoch) * 1_000_003 + number + 1) % (1 << 63))
                    self.last = self._augment(batch, generator)
                yield len(batch[0]), self.last

    def order(self, seed: int, epoch: int) -> tuple[Tensor, ...]:
        """The rows of each batch of an epoch. The last may be short."""
        batches = self._order.batches(seed, epoch, self.batch_size)[: self.steps_per_epoch]
        return torch.split(torch.cat(batches).to(self.device), [len(batch) for batch in batches])

    def batch(self, index: Tensor) -> list[Tensor]:
        """The samples of these rows. A full batch is always in the same memory and is overwritten by the next one."""
        self.last = self._given(index, self._fetched(index, 0))
        return self.last

    def example(self) -> list[Tensor]:
        """The first full batch of the training samples, for measurements."""
        return self.batch(self._rows["train"][: self.batch_size].to(self.device))

    def in_order(self, split: str) -> Generator[list[Tensor], None, None]:
        """All samples of a split, in batches of at most `EVALUATION_BATCH`; each may overwrite the one before. Close it
        when it is left early."""
        yield from self._batches(torch.split(self._rows[split].to(self.device), max(EVALUATION_BATCH, self.batch_size)))

    def _batches(self, order: Sequence[Tensor]) -> Generator[list[Tensor], None, None]:
        """Batch after batch; where a column is streamed, the next one is fetched while the caller has this one."""
        if not order or not any(isinstance(column, Streamed) for column in self._columns):
            for index in order:
                yield self._given(index, self._fetched(index, 0))
            return
        with ThreadPoolExecutor(1, "batches") as pool:
            ahead = pool.submit(self._fetched, order[0], 0)
            for number, index in enumerate(order, 1):
                rows = ahead.result()
                if number < len(order):
                    ahead = pool.submit(self._fetched, order[number], number % 2)
                yield self._given(index, rows)

    def _fetched(self, index: Tensor, slot: int) -> list[Any]:
        return [column.fetch(index, slot) for column in self._columns]

    def _given(self, index: Tensor, rows: list[Any]) -> list[Tensor]:
        return [column.give(index, fetched) for column, fetched in zip(self._columns, rows, strict=True)]


def _held(data: Dataset, columns: Sequence[str], limit: int) -> set[str]:
    """The columns to hold finished on the device: the smallest first, as long as they fit together."""
    held = set()
    sizes = {name: (8 if _is_whole(_part(data, name)) else 4) * data.stored[name].size for name in columns}
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        limit -= size
        if limit >= 0:
            held.add(name)
    return held


def _part(data: Dataset, name: str) -> Part | None:
    """How a column is finished; None for lengths."""
    return None if name.endswith(LENGTHS) else data.preparation.part(name)


def _is_whole(part: Part | None) -> bool:
    return part is None or part.kind in INTEGERS


def _held_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory) // 4
    return max(HELD_BYTES, devices.memory() // 8)
