"""A look at a data set for people: raw samples with their labels, class counts and splits. Nothing is prepared."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.files import AnyArray, Progress, Rows, ignore_progress
from engine.data.sources import open_data
from engine.data.splits import rows_of
from engine.project import Column, Data


@dataclass(frozen=True, slots=True)
class Sample:
    """One raw sample.

    row      its number in the data set, the same as in `Dataset`
    values   by input column: pictures uint8 (channels, height, width), vectors (*shape) with NaN for empty cells
    label    the class name, or the number as text; "" without a target
    damage   what is wrong with a file that could not be read (its values are zeros), else ""
    """

    row: int
    name: str
    values: Mapping[str, AnyArray]
    label: str
    damage: str = ""


class Preview:
    """A data set opened for looking at. What was read once stays in memory while this object lives.

    columns    inputs and targets
    features   names of the numbers of a table's "features" vector, else ()
    findings   what the user should know, as far as it is known without reading every sample
    rows       row numbers by split, before damaged files are left out
    """

    def __init__(self, data: Data, base: Path | None, progress: Progress | None = None) -> None:
        """Raises DataError as `dataset.load` does."""
        self._opened = open_data(data, base, progress or ignore_progress)
        self.columns = self._opened.columns
        self.features = tuple(feature.column if feature.value is None else f"{feature.column} = {feature.value}"
                              for feature in self._opened.features)
        self.findings = self._opened.findings
        self.rows = rows_of(self._opened, data.split, self._opened.rows)
        self._targets = {column.name: self._read(column) for column in self.columns if column.role == "target"}
        self._order = {split: self._mixed(rows) for split, rows in self.rows.items()}

    @property
    def sizes(self) -> dict[str, int]:
        """Samples by split."""
        return {split: len(rows) for split, rows in self.rows.items()}

    def class_counts(self) -> dict[str, dict[str, int]]:
        """By split, how often each class of the target occurs, in the order of the classes; {} if it is no category."""
        target = self._opened.column_with("target")
        if target is None or target.kind != "category":
            return {}
        labels, classes = self._targets[target.name], target.classes
        return {
            split: dict(zip(classes, np.bincount(labels[rows], minlength=len(classes)).tolist(), strict=True))
            for split, rows in self.rows.items()
        }

    def page(self, count: int = 24, offset: int = 0, split: str = "train",
             progress: Progress = ignore_progress) -> list[Sample]:
        """At most `count` samples of a split from its sample `offset` on; split "" means all rows in their order.

        The samples of a split come in the order of the data, unless that is class by class: then they are mixed, always
        in the same way, so that a page shows more than one class.
        """
        rows = (self._order[split] if split else self._opened.rows)[offset : offset + count]
        values: dict[str, AnyArray] = {}
        damage: dict[int, str] = {}
        for column in self.columns:
            if column.role == "input":
                loaded = self._opened.values[column.name].read(rows, progress)
                values[column.name] = loaded.values
                damage.update(loaded.damaged)
        return [
            Sample(int(row), self._opened.names[row], {name: array[place] for name, array in values.items()},
                   self._label(int(row)), damage.get(int(row), ""))
            for place, row in enumerate(rows)
        ]

    def _mixed(self, rows: Rows) -> Rows:
        target = self._opened.column_with("target")
        if target is None or target.kind != "category" or np.any(np.diff(self._targets[target.name][rows]) < 0):
            return rows
        return np.random.default_rng(0).permutation(rows)

    def _read(self, column: Column, rows: Rows | None = None) -> AnyArray:
        return self._opened.values[column.name].read(rows, ignore_progress).values

    def _label(self, row: int) -> str:
        target = self._opened.column_with("target")
        if target is None:
            return ""
        value = self._targets[target.name][row]
        if target.kind == "category":
            return target.classes[int(value)] if value >= 0 else ""
        return f"{value:g}" if value.ndim == 0 else ", ".join(f"{number:g}" for number in value.reshape(-1)[:4])


def preview(data: Data, base: Path | None, count: int = 24, offset: int = 0, split: str = "train") -> list[Sample]:
    """Some samples of a split. To turn pages, keep a `Preview`."""
    return Preview(data, base).page(count, offset, split)
