"""A project's data set in memory, prepared: what training, testing and the exports' checks read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.files import AnyArray, Progress, Rows, fingerprint, ignore_progress
from engine.data.opened import Opened, is_usable
from engine.data.preparation import ColumnPreparation, Preparation, fit
from engine.data.sources import open_data
from engine.data.splits import rows_of
from engine.errors import DataError
from engine.project import Column, Data

SHOWN_DAMAGE = 10


@dataclass(frozen=True, slots=True)
class Dataset:
    """All samples, prepared.

    columns      inputs and targets
    arrays       by column name: float32 (n, *shape), or int64 (n,) class numbers for categories
    rows         by split ("train", "validation", "test"): row numbers into the arrays, sorted and disjoint. Rows that
                 could not be read, or that have no target, are in no split.
    preparation  how raw values became these; fitted on the training rows
    findings     what the user should know, one sentence each
    names        what to call each row: a file's name, or its number
    fingerprint  changes when the files change
    """

    columns: tuple[Column, ...]
    arrays: dict[str, AnyArray]
    rows: dict[str, Rows]
    preparation: Preparation
    findings: tuple[str, ...]
    names: Sequence[str]
    fingerprint: str


def load(data: Data, base: Path | None, progress: Progress | None = None) -> Dataset:
    """Read, split and prepare a project's data; `base` is the folder of the project file (None: not saved yet).

    `progress` is told the finished share and may raise to cancel. Raises DataError.
    """
    progress = progress or ignore_progress
    opened = open_data(data, base)
    raw, damaged = _read(opened, lambda share: progress(0.8 * share))
    usable = np.setdiff1d(opened.rows, np.fromiter(damaged, np.int64, len(damaged)))
    rows = rows_of(opened, data.split, usable)
    parts = []
    for column in opened.columns:
        features = opened.features if column.kind == "vector" and column.role == "input" else ()
        parts.append(fit(column, raw[column.name], rows["train"], normalize=data.normalize, features=features))
    progress(0.9)
    preparation = Preparation(tuple(parts))
    findings = [*opened.findings, *_damage_findings(damaged, opened.names)]
    arrays = {}
    for part in parts:
        name = part.column.name
        values = raw.pop(name)
        findings += _missing_findings(part, values, usable)
        arrays[name] = preparation.apply(name, values)
    progress(1.0)
    return Dataset(opened.columns, arrays, rows, preparation, tuple(findings), opened.names,
                   fingerprint(opened.files, data.located(base)))


def _read(opened: Opened, progress: Progress) -> tuple[dict[str, AnyArray], dict[int, str]]:
    raw: dict[str, AnyArray] = {}
    damaged: dict[int, str] = {}
    for column in opened.columns:
        values, problems = opened.values[column.name].read(
            None, progress if column.role == "input" else ignore_progress)
        raw[column.name] = values
        damaged.update(problems)
    if len(damaged) == len(opened.names):
        row, problem = next(iter(damaged.items()))
        raise DataError(f"None of the {len(damaged):,} files can be read. {opened.names[row]}: {problem}",
                        "Check that the files are whole.")
    return raw, damaged


def _damage_findings(damaged: dict[int, str], names: Sequence[str]) -> list[str]:
    if not damaged:
        return []
    files = "1 file" if len(damaged) == 1 else f"{len(damaged):,} files"
    listed = [f"{names[row]}: {problem}" for row, problem in sorted(damaged.items())[:SHOWN_DAMAGE]]
    more = [f"... and {len(damaged) - SHOWN_DAMAGE:,} more."] if len(damaged) > SHOWN_DAMAGE else []
    return [f"{files} could not be read and were left out.", *listed, *more]


def _missing_findings(part: ColumnPreparation, values: AnyArray, usable: Rows) -> list[str]:
    if values.dtype.kind != "f" or part.column.role == "target":
        return []
    bad = ~is_usable(values)
    if not bad.any():
        return []
    if values.ndim != 2:
        replacement = "set to 0" if part.column.kind == "image" else "filled with the median of the training part"
        return [f"{int(bad[usable].sum()):,} missing or too large numbers in {part.column.name!r} were {replacement}."]
    counts = bad[usable].sum(axis=0)
    names = [feature.column for feature in part.features] or [f"feature {i + 1}" for i in range(values.shape[1])]
    return [
        f"{names[index]!r}: {_cells(int(counts[index]))} filled with {part.fill[index]:g}, the median of the training "
        "part."
        for index in np.flatnonzero(counts)
    ]


def _cells(count: int) -> str:
    return "1 cell without a usable number was" if count == 1 else f"{count:,} cells without a usable number were"
