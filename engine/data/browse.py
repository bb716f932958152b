"""A data set for people to look at: raw samples by row, found, sorted and counted. Nothing is prepared.

All that depends on a whole column is computed on arrays; a million rows take fractions of a second.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.disk.media import Files, Masks, Pictures, Sounds, Texts
from engine.data.files import AnyArray, Progress, Rows, ignore_progress
from engine.data.filters import (
    Condition,
    Mask,
    as_number,
    class_numbers_with,
    conditions,
    is_missing,
    numbers_meet,
    texts_meet,
)
from engine.data.opened import RowNames
from engine.data.sources import open_data
from engine.data.splits import SPLITS, rows_of
from engine.errors import DataError
from engine.project import Column, Data

SCALARS = ("number", "category", "boolean", "date")
"""Kinds with one number a row."""

WORDS = ("text", "tokens")

LARGEST_PIECE = 1 << 16
PIECE_BYTES = 32 << 20
LONGEST_CELL = 200
ROW, NAME = "#", "name"
"""What rows can be sorted by beside the columns."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One raw sample.

    row      its number in the data set, the same as in `Dataset`
    split    "train", "validation", "test", or "" for a row that is left out
    label    the class name, or the number or text; "" without a target
    values   by the name of a column of the files: see `raw` of its kind in engine.kinds
    damage   what is wrong with a file that could not be read (its values are a placeholder), else ""
    place    the file that it is, None where there is none of its own
    """

    row: int
    name: str
    split: str
    label: str
    values: Mapping[str, Any]
    damage: str = ""
    place: Path | None = None


class Browser:
    """A data set opened for looking at. Several threads may use it: what one has computed, the others find.

    columns        as `Data.columns`
    leaves         the columns as the user's files have them
    table_columns  those of them that can be shown as text in a cell; of pictures and sounds it is the file's name
    count          all rows, those that cannot be read too
    usable         row numbers without those that have no target or that the user left out
    rows           these by split, before damaged files are left out
    findings       what was noticed on opening, one sentence each
    """

    def __init__(self, data: Data, base: Path | None, progress: Progress = ignore_progress) -> None:
        """Raises DataError as `dataset.load` does."""
        self.data = data
        self.opened = open_data(data, base, progress)
        self.columns = self.opened.columns
        self.leaves = tuple(leaf for column in self.columns for leaf in column.leaves
                            if leaf.name in self.opened.values)
        self.table_columns = tuple(leaf for leaf in self.leaves if self._is_scalar(leaf) or leaf.kind in WORDS
                                   or _is_list(leaf) or self.files(leaf) is not None)
        self.count = len(self.opened.names)
        self.findings = self.opened.findings
        self.usable = np.setdiff1d(self.opened.rows, np.array(data.excluded, np.int64), assume_unique=True)
        self.rows = rows_of(self.opened, data.split, self.usable)
        self._split = np.full(self.count, len(SPLITS), np.int8)
        for number, split in enumerate(SPLITS):
            self._split[self.rows[split]] = number
        self.target = next((leaf for leaf in self.leaves if leaf.role == "target"), None)
        self._arrays: dict[str, AnyArray] = {}
        self._keys: dict[str, NDArray[np.float64]] = {}

    def leaf(self, name: str) -> Column:
        """A column of the files by name. Raises DataError."""
        found = next((leaf for leaf in self.leaves if leaf.name == name), None)
        if found is None:
            names = ", ".join(leaf.name for leaf in self.leaves)
            raise DataError(f"There is no column named {name!r}.", f"Columns: {names}.")
        return found

    def array(self, leaf: Column) -> AnyArray:
        """All (n,) values of a column with one number a row: float64 with NaN, or class numbers with -1."""
        if leaf.name not in self._arrays:
            values = self.opened.values[leaf.name].read(None, ignore_progress).values
            self._arrays[leaf.name] = np.asarray(values)
        return self._arrays[leaf.name]

    def files(self, leaf: Column) -> Files | None:
        """The file of each row, for a column whose values are files of their own."""
        values = self.opened.values[leaf.name]
        return values.files if isinstance(values, Masks | Pictures | Sounds | Texts) else None

    def codes(self, leaf: Column) -> NDArray[np.int64]:
        """All (n,) class numbers of a column with classes, -1 where it is empty."""
        values = self.array(leaf)
        return np.where(is_missing(values), -1, values).astype(np.int64)

    def chunks(self, leaf: Column, rows: Rows, progress: Progress = ignore_progress) -> Iterator[tuple[Rows, Any]]:
        """The values of `rows` in pieces, each with its row numbers. Memory stays bounded."""
        size = piece_size(leaf)
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield part, self.opened.values[leaf.name].read(part, ignore_progress).values
            progress((start + len(part)) / len(rows))

    def split_of(self, rows: Rows) -> list[str]:
        """The split of each row, "" for one that is left out."""
        names = (*SPLITS, "")
        return [names[number] for number in self._split[rows]]

    def class_counts(self) -> dict[str, dict[str, int]]:
        """By split, how often each class of the target occurs, in the order of the classes; {} if it has none."""
        target = self.target
        if target is None or not target.classes or not self._is_scalar(target):
            return {}
        codes = self.codes(target)
        return {
            split: dict(zip(target.classes, np.bincount(codes[rows][codes[rows] >= 0], minlength=len(target.classes))
                            .tolist(), strict=True))
            for split, rows in self.rows.items()
        }

    def mixed(self, split: str) -> Rows:
        """The rows of a split: in their order, unless that is class by class. Then they are mixed, always in the same
        way, so that the first few show more than one class."""
        rows, target = self.rows[split], self.target
        if target is None or not target.classes or not self._is_scalar(target):
            return rows
        if np.any(np.diff(self.codes(target)[rows]) < 0):
            return rows
        return np.random.default_rng(0).permutation(rows)

    def order(self, split: str = "", where: str = "", label: str = "", sort: str = "", *,
              descending: bool = False) -> Rows:
        """The numbers of the rows to show, in order.

        split    of one split; "": all rows, those in no split too
        where    conditions as engine.data.filters reads them; a word is looked for in every cell and in the names
        label    of one class of the target
        sort     a column of `table_columns` (of a list of numbers the first counts), "name" or "#", the row's number;
                 empty cells come last

        Raises DataError for a condition or a column that makes no sense.
        """
        rows = self.rows[split] if split else np.arange(self.count)
        if label and self.target is not None and self._is_scalar(self.target):
            numbers = [number for number, name in enumerate(self.target.classes) if name == label]
            rows = rows[np.isin(self.codes(self.target)[rows], numbers)]
        for condition in conditions(where, [leaf for leaf in self.table_columns if not _is_list(leaf)]):
            rows = rows[self._meets(condition, rows)]
        if sort in ("", ROW):
            return rows[::-1] if descending else rows
        keys = self._sort_keys(sort)[rows]
        keys = -keys if descending else keys
        return rows[np.argsort(keys, kind="stable")]  # NaN comes last

    def cells(self, rows: Rows) -> list[dict[str, str]]:
        """By row, the texts of the cells by the name of the column. Texts are cut."""
        cells: list[dict[str, str]] = [{} for _ in rows]
        for leaf in self.table_columns:
            for cell, text in zip(cells, self._texts(leaf, rows), strict=True):
                cell[leaf.name] = text
        return cells

    def raw(self, rows: Rows, progress: Progress = ignore_progress) -> list[Sample]:
        """The samples with their raw values; columns that are ignored are not read."""
        values: dict[str, Any] = {}
        damage: dict[int, str] = {}
        for leaf in self.leaves:
            if leaf.role in ("input", "target"):
                loaded = self.opened.values[leaf.name].read(rows, progress)
                values[leaf.name] = loaded.values
                damage.update(loaded.damaged)
        splits, target = self.split_of(rows), self.target
        return [
            Sample(int(row), self.opened.names[row], splits[place],
                   shown(target, values[target.name][place]) if target else "",
                   {name: column[place] for name, column in values.items()}, damage.get(int(row), ""), self.place(row))
            for place, row in enumerate(rows)
        ]

    def place(self, row: int) -> Path | None:
        """The file that a row is, None where it has none of its own or lies in an archive."""
        for leaf in self.leaves:
            files = self.files(leaf) if leaf.role == "input" else None
            if files is not None:
                file = files[row]
                return file.path if file else None
        return None

    @staticmethod
    def _is_scalar(leaf: Column) -> bool:
        return leaf.kind in SCALARS

    def _sort_keys(self, name: str) -> NDArray[np.float64]:
        """(n,) numbers that sort as the column does; NaN where it is empty."""
        if name not in self._keys:
            if name == NAME and all(leaf.name != NAME for leaf in self.leaves):
                is_own = not isinstance(self.opened.names, RowNames)  # made-up names are in the order of the rows
                self._keys[name] = _ranks(self.opened.names) if is_own else np.arange(self.count, dtype=np.float64)
            else:
                self._keys[name] = self._column_keys(self.leaf(name))
        return self._keys[name]

    def _column_keys(self, leaf: Column) -> NDArray[np.float64]:
        if self._is_scalar(leaf):
            values = self.array(leaf)
            if not leaf.classes:
                return values.astype(np.float64, copy=False)
            return np.append(_ranks(leaf.classes), np.nan)[self.codes(leaf)]
        if leaf not in self.table_columns:
            raise DataError(f"Rows cannot be sorted by {leaf.name!r}, which holds no text or number.",
                            "Sort by another column.")
        if _is_list(leaf):
            return np.concatenate([values[:, 0] for _, values in self.chunks(leaf, np.arange(self.count))], dtype=float)
        return _ranks(self._texts(leaf, np.arange(self.count)))

    def _texts(self, leaf: Column, rows: Rows) -> list[str]:
        """What stands in the cells of a column."""
        files = self.files(leaf)
        if files is not None and leaf.kind != "text":
            return [file.name if (file := files[row]) else "" for row in rows]
        if self._is_scalar(leaf):
            return [shown(leaf, value) for value in self.array(leaf)[rows]]
        return [shown(leaf, value) for _, values in self.chunks(leaf, rows) for value in values]

    def _meets(self, condition: Condition, rows: Rows) -> Mask:
        leaf = condition.column
        if leaf is None:
            return self._holds(condition, rows)
        if self._is_scalar(leaf):
            return numbers_meet(condition, self.array(leaf)[rows])
        if leaf.kind == "text":
            return _joined(texts_meet(condition, values) for _, values in self.chunks(leaf, rows))
        return texts_meet(condition, self._texts(leaf, rows))

    def _holds(self, condition: Condition, rows: Rows) -> Mask:
        """Where a word stands in any cell or in the row's name."""
        word, number = condition.value, as_number(condition.value)
        found = np.zeros(len(rows), bool)
        for leaf in self.table_columns:
            if leaf.classes:
                found |= np.isin(self.array(leaf)[rows], class_numbers_with(word, leaf.classes))
            elif leaf.kind == "text":
                found |= _joined(texts_meet(condition, values) for _, values in self.chunks(leaf, rows))
            elif leaf.kind == "number" and number is not None:
                found |= self.array(leaf)[rows] == number
        if not isinstance(self.opened.names, RowNames):
            found |= texts_meet(condition, [self.opened.names[row] for row in rows])
        return found


def piece_size(leaf: Column) -> int:
    """So many samples of a column are read at a time: about 32 MB."""
    if leaf.kind == "audio":
        size = int(leaf.settings.get("rate", 16000) * leaf.settings.get("seconds", 1.0) * 4)
    elif leaf.kind in WORDS:
        size = 1000
    else:
        size = int(np.prod(leaf.shape, dtype=np.int64)) * (1 if leaf.kind == "image" else 8)
    return max(16, min(LARGEST_PIECE, PIECE_BYTES // max(1, size)))


def shown(column: Column, value: Any) -> str:
    """One raw value as the text of a cell; "" where there is none, or no text can show it."""
    if column.classes and column.kind in SCALARS:
        return column.classes[int(value)] if value >= 0 else ""
    show = _SHOWN.get(column.kind)
    return show(value) if show else ""


def shown_number(value: float) -> str:
    """A number as people write it; "" for NaN."""
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _listed(numbers: NDArray[Any]) -> str:
    """Numbers side by side, cut where they are many."""
    texts = [shown_number(number) for number in numbers[: LONGEST_CELL // 10]]
    return ", ".join([*texts, "…"] if len(numbers) > len(texts) else texts)


def shown_date(seconds: float) -> str:
    """A moment, seconds since 1970, as text; "" for NaN."""
    if np.isnan(seconds):
        return ""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds))
    except OverflowError:
        return f"{seconds:g} s"
    return moment.strftime("%Y-%m-%d" if seconds % 86400 == 0 else "%Y-%m-%d %H:%M:%S")


_SHOWN: dict[str, Callable[[Any], str]] = {
    "number": shown_number,
    "date": shown_date,
    "boolean": lambda value: "" if np.isnan(value) else "yes" if value else "no",
    "text": lambda value: " ".join(str(value)[: LONGEST_CELL * 2].split())[:LONGEST_CELL],
    "tokens": lambda value: " ".join(map(str, np.asarray(value)[: LONGEST_CELL // 4].tolist())),
    "vector": lambda value: _listed(np.reshape(value, -1)),
}


def _is_list(leaf: Column) -> bool:
    """A few numbers a row, in one line: an array that is no picture of anything."""
    return leaf.kind == "vector" and len(leaf.shape) == 1


def _ranks(texts: Sequence[str]) -> NDArray[np.float64]:
    """(n,) places in alphabetical order, capitals or not; NaN for empty texts."""
    import polars

    series = polars.Series(texts, dtype=polars.String).str.to_lowercase()
    ranks = series.rank("dense").cast(polars.Float64).to_numpy()
    return np.where((series == "").to_numpy(), np.nan, ranks)


def _joined(parts: Iterator[Mask]) -> Mask:
    return np.concatenate([np.zeros(0, bool), *parts])
