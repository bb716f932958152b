"""The history of a run: every value that was measured, as a CSV file that any program can read.

Columns: step, epoch, split, name, value; one row a value. `epoch` counts from 0 as a fraction: 1.0 is the end of the
first one. Splits:

    train        means over a fraction of a second of training; also "learning_rate". Long runs keep ever fewer rows
    train_epoch  means over a whole epoch of training
    validation   measured on the validation samples at the end of an epoch
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import IO

from engine import storage
from engine.errors import RunError

HEADER = ("step", "epoch", "split", "name", "value")
TRAIN, TRAIN_EPOCH, VALIDATION = "train", "train_epoch", "validation"

_MAX_BYTES = 1 << 30
_ROWS_PER_PERIOD = 700


@dataclass(slots=True)
class Series:
    """One curve, ordered by step. The three lists are equally long."""

    steps: list[int] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class History:
    """All curves of a run, read from its folder."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}

    @classmethod
    def read(cls, path: Path) -> "History":
        """Of a history file; empty if there is none. A row that a crash cut short is left out. Raises RunError."""
        history = cls()
        for step, epoch, split, name, value in _rows(path):
            series = history._series.setdefault((split, name), Series())
            series.steps.append(step)
            series.epochs.append(epoch)
            series.values.append(value)
        return history

    def keys(self) -> tuple[tuple[str, str], ...]:
        """(split, name) of every curve, in the order of their first rows."""
        return tuple(self._series)

    def series(self, split: str, name: str) -> Series:
        """One curve; empty if nothing was measured."""
        return self._series.get((split, name), Series())


class HistoryWriter:
    """Appends rows to a history file. Every call leaves whole rows in the file for other programs to read."""

    def __init__(self, path: Path, last_step: int) -> None:
        """Rows after `last_step`, where a resumed run goes on from, are dropped. Raises StorageError."""
        rows = [row for row in _rows(path) if row[0] <= last_step]
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((step, _short(epoch), split, name, repr(value)) for step, epoch, split, name, value in rows)
        storage.write(path, text.getvalue().encode())
        self._file: IO[str] = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")

    def add(self, step: int, epoch: float, split: str, values: Mapping[str, float]) -> None:
        self._writer.writerows((step, _short(epoch), split, name, repr(value)) for name, value in values.items())
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Thinning:
    """Says which of the many measurements of a long run are kept: all at first, then ever fewer.

    The number kept grows with the logarithm of the time, so that reading a history never gets slow.
    """

    def __init__(self, dense_seconds: float = 60.0) -> None:
        self._dense_seconds = dense_seconds
        self._last = -1.0

    def keeps(self, seconds: float) -> bool:
        """Whether to keep what was measured `seconds` of training after the start."""
        place = seconds / self._dense_seconds
        place = place if place < 1 else 1 + log(place)
        if self._last >= 0 and place - self._last < 1 / _ROWS_PER_PERIOD:
            return False
        self._last = place
        return True


def _rows(path: Path) -> list[tuple[int, float, str, str, float]]:
    try:
        text = storage.read(path, _MAX_BYTES).decode("utf-8", errors="replace") if path.exists() else ""
    except OSError as error:
        raise RunError(f"{path} could not be read: {error.strerror}.") from error
    whole, _, _cut = text.rpartition("\n")
    rows = []
    for row in csv.reader(io.StringIO(whole)):
        if tuple(row) == HEADER:
            continue
        try:
            step, epoch, split, name, value = row
            rows.append((int(step), float(epoch), split, name, float(value)))
        except ValueError:
            raise RunError(f"{path} is damaged: {','.join(row)[:80]!r} is not a measurement.",
                           "Delete the file; the run's checkpoints do not depend on it.") from None
    return rows


def _short(epoch: float) -> str:
    return repr(round(epoch, 6))
