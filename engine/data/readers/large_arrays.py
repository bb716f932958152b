"""Arrays in files that are larger than one wants in memory: read row by row, never as a whole.

They are not mapped into memory: a mapped file that is cut meanwhile would end the program.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from engine.data.disk.trees import File
from engine.data.files import AnyArray, Progress, Rows, allocate
from engine.data.opened import Loaded, Values
from engine.errors import DataError

LARGE_BYTES = 256 << 20
"""Arrays that are larger, all parts together, are not kept in memory."""


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """Plain numbers in C order, behind `offset` bytes of a file on the disk. `shape` counts samples first."""

    file: File
    dtype: str
    shape: tuple[int, ...]
    offset: int

    def read(self, rows: Rows) -> AnyArray:
        """The samples `rows`, in this machine's byte order. Rows that follow each other are read together. Raises
        DataError if the file is gone or was cut."""
        values = allocate((len(rows), *self.shape[1:]), self.dtype, self.file.place)
        size = prod(self.shape[1:]) * np.dtype(self.dtype).itemsize
        target = values.reshape(-1).view(np.uint8)
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        with self.file.open() as stream:
            for start, stop in pairwise([0, *breaks.tolist(), len(rows)] if len(rows) else []):
                stream.seek(self.offset + int(rows[start]) * size)
                part = target[start * size : stop * size]
                if stream.readinto(part.data) < len(part):  # type: ignore[attr-defined]
                    raise DataError(f"{self.file.place} ends before sample {int(rows[stop - 1]) + 1:,}.",
                                    "Copy or download it again.")
        return values.astype(np.dtype(self.dtype).newbyteorder("="), copy=False)


@dataclass(frozen=True, slots=True)
class LargeArrays(Values):
    """The samples of several such files, one after the other, each finished by `shaped`."""

    parts: Sequence[ArrayFile]
    shaped: Callable[[AnyArray], AnyArray]

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        ends = np.cumsum([part.shape[0] for part in self.parts])
        rows = np.arange(ends[-1]) if rows is None else rows
        owners = np.searchsorted(ends, rows, "right")
        values: AnyArray | None = None
        for number, part in enumerate(self.parts):
            places = np.flatnonzero(owners == number)
            found = self.shaped(part.read(rows[places] - (ends[number] - part.shape[0])))
            if len(places) == len(rows):
                values = found
                break
            if values is None:
                values = allocate((len(rows), *found.shape[1:]), found.dtype, part.file.place)
            values[places] = found
            progress((number + 1) / len(self.parts))
        progress(1.0)
        return Loaded(values, {})


def are_large(parts: Sequence[ArrayFile]) -> bool:
    """True for files on the disk whose numbers are more than one wants to keep in memory."""
    size = sum(prod(part.shape) * np.dtype(part.dtype).itemsize for part in parts)
    return size > LARGE_BYTES and all(part.file.path for part in parts)
