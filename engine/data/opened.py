"""A data set that has been opened: what it holds is known, and its raw values are read when they are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from engine.data.disk.trees import File, Tree
from engine.data.files import Progress, Rows
from engine.params import Value
from engine.project import Column, ColumnChoice


@dataclass(frozen=True, slots=True)
class Asked:
    """What a source is asked to open.

    options  all of the source's settings
    chosen   by column name: what the user decided about kind, role and preparation
    known    the columns remembered from an earlier look, or (): shapes and kinds stay as they were
    """

    tree: Tree
    options: dict[str, Value]
    chosen: Mapping[str, ColumnChoice]
    known: tuple[Column, ...]
    progress: Progress

    def known_column(self, name: str) -> Column | None:
        return next((leaf for column in self.known for leaf in (column, *column.parts) if leaf.name == name), None)


class Loaded(NamedTuple):
    """Raw values of some rows, see KindSpec.raw: an array, or a list where samples have lengths of their own.
    `damaged` tells, by row number, what is wrong with those that could not be read: they have a placeholder."""

    values: Any
    damaged: Mapping[int, str]


class Values(Protocol):
    """The raw values of one column."""

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        """The values of `rows` in their order, or of all rows: (n, *shape)."""


@dataclass(frozen=True, slots=True)
class Held:
    """Values that are in memory already, as an array or a list."""

    array: Any

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        progress(1.0)
        if rows is None:
            return Loaded(self.array, {})
        return Loaded([self.array[row] for row in rows] if isinstance(self.array, list) else self.array[rows], {})


class RowNames(Sequence[str]):
    """Names of rows that have none of their own: "train 1", "train 2", ... "test 1", made when they are asked for."""

    def __init__(self, *parts: tuple[str, int]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(count for _, count in self._parts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        row = range(len(self))[index]
        for label, count in self._parts:
            if row < count:
                return f"{label} {row + 1}"
            row -= count
        raise IndexError(index)


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened data set of n rows.

    columns   inputs and targets; names of categories are known
    values    by the name of a leaf column: the raw values of its kind, see engine.kinds
    names     what to call each row
    files     what was read; None where a table names a file that is not there
    usable    the rows that can be learned from; None: all
    fixed     rows whose split the data itself decides; the others are split by shares
    times     when each sample begins, float64 (n,), where the data has an order in time
    reach     samples that are fewer than this apart, in order of time, predict some of the same steps
    findings  what the user should know, one sentence each
    fingerprint   of the files, filled in by engine.data.sources
    """

    columns: tuple[Column, ...]
    values: Mapping[str, Values]
    names: Sequence[str]
    files: Sequence[File | None]
    usable: Rows | None = None
    fixed: Mapping[str, Rows] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    times: NDArray[np.float64] | None = None
    reach: int = 0
    fingerprint: str = ""

    @property
    def rows(self) -> Rows:
        """The rows that can be learned from."""
        return np.arange(len(self.names)) if self.usable is None else self.usable

    def column_with(self, role: str) -> Column | None:
        """The first column of a role."""
        return next((column for column in self.columns if column.role == role), None)


def numbered_classes(count: int) -> tuple[str, ...]:
    """Names for classes of which only the numbers are known."""
    return tuple(map(str, range(count)))
