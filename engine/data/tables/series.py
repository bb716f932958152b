"""Tables whose rows follow each other in time: samples are windows of rows, and what comes after them."""

import math
import re
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.data.columns import settings_of
from engine.data.disk.trees import Tree
from engine.data.files import Progress, Rows
from engine.data.opened import Asked, Loaded, Opened, RowNames
from engine.data.tables import cells
from engine.data.tables.frames import Frame
from engine.data.tables.inference import Guess, guessed
from engine.data.tables.reading import beginning_of, read_frame, table_files
from engine.data.tables.roles import TARGET_NAMES
from engine.errors import DataError
from engine.params import Choice, Int, Param, Text
from engine.preparation.parts import is_usable
from engine.project import Column

PARAMS: tuple[Param, ...] = (
    Int(name="window", default=0, minimum=0, maximum=1_000_000,
        help="How many rows the network reads. 0: 24, or fewer where the table is short."),
    Int(name="horizon", default=1, minimum=1, maximum=1_000_000, help="How many rows after them it predicts."),
    Int(name="stride", default=1, minimum=1, maximum=1_000_000,
        help="Rows from the beginning of one window to that of the next."),
    Text(name="targets", default="",
         help="The columns that are predicted, with commas between. Empty: the last one that is read."),
    Choice(name="header", default="auto", choices=("auto", "yes", "no"),
           help="Whether the first line names the columns. Auto: found out."),
    Text(name="sheet", default="", help="Of an Excel file. Empty: the first sheet that holds a table."),
)
WINDOW = 24
SHARE = 0.25
"""A window that nobody chose is no longer than this share of the rows."""

FEWEST_ROWS = 20
TIMES = re.compile(r"^(t|step|month|day|week|hour|minute|second|jahr|year.*|.*(time|date|year))s?$", re.I)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Windows:
    """Parts of a table's rows: sample i is `length` rows from `starts[i]` on, (length, columns), or (length,) of a
    single column that is predicted."""

    matrix: Numbers
    starts: NDArray[np.int64]
    length: int
    is_flat: bool = False

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        starts = self.starts if rows is None else self.starts[rows]
        values = self.matrix[starts[:, None] + np.arange(self.length)]
        progress(1.0)
        return Loaded(values[:, :, 0] if self.is_flat else values, {})


def recognise(tree: Tree) -> bool:
    """True for a table with one column of moments in order, and otherwise nothing but plain numbers."""
    files = table_files(tree)
    if len(files) != 1 or (not tree.single and len(tree.files) > 1):
        return False
    try:
        frame = beginning_of(files[0])
    except DataError:
        return False
    guesses = _guesses(frame)
    when = _when(frame, guesses)
    others = {name: guess for name, guess in guesses.items() if name != when}
    has_numbers = any(guess.kind == "number" and guess.use == "input" for guess in others.values())
    return bool(when) and frame.data.height >= FEWEST_ROWS and has_numbers and all(
        ((guess.kind == "number" and not guess.settings) or guess.use == "ignore") and name.lower() not in TARGET_NAMES
        for name, guess in others.items())


def open_series(asked: Asked) -> Opened:
    """Open a table as windows. Raises DataError."""
    files = table_files(asked.tree)
    if not files:
        raise DataError(f"{asked.tree.root} holds no table.", "Choose a CSV, TSV, Parquet or Excel file.")
    if len(files) > 1:
        raise DataError(f"{asked.tree.root} holds {len(files)} tables.", "Choose the file with the series.")
    options = asked.options
    frame = read_frame(files[0], cast(str, options["header"]), cast(str, options["sheet"]))
    asked.progress(0.7)
    guesses = _guesses(frame)
    settings = settings_of("window", "series", asked.chosen)
    when = _chosen_time(frame, cast(str, settings["time"]).strip()) or _when(frame, guesses)
    read = _wanted(frame, settings["columns"], "to read") or [
        name for name, guess in guesses.items() if name != when and guess.kind in ("number", "boolean")
        and guess.use == "input" and not guess.settings]
    if not read:
        raise DataError(f"{frame.place} has no column of plain numbers to learn from.",
                        "Choose its columns, or write them as 1234.56, without units.")
    targets = _wanted(frame, cast(str, options["targets"]), "to predict") or read[-1:]
    window, horizon, stride = _lengths(asked, frame)
    starts = np.arange(0, frame.data.height - window - horizon + 1, stride)
    order = _order(frame, when)
    filled, gaps = _filled(frame, read, order)
    wanted = _matrix(frame, targets)[order]
    future = Windows(wanted, starts + window, horizon, is_flat=len(targets) == 1)
    usable = is_usable(future.read(None, asked.progress).values).reshape(len(starts), -1).all(axis=1)
    shape = (horizon,) if len(targets) == 1 else (horizon, len(targets))
    columns = f"{len(read)} columns" if len(read) > 1 else repr(read[0])
    inputs = Column("window", "series", "input", (window, len(read)), reason=f"{_rows(window)} of {columns}" + (
        f" in the order of {when!r}" if when else ""), settings={**settings, "columns": ", ".join(read), "time": when})
    future_reason = f"{', '.join(targets[:5])}: the next {'row' if horizon == 1 else _rows(horizon)}"
    lost = () if usable.all() else (f"{int((~usable).sum()):,} windows are followed by gaps and were left out.",)
    return Opened(
        columns=(inputs, Column("horizon", "vector", "target", shape, reason=future_reason)),
        values={"window": Windows(filled, starts, window), "horizon": future},
        names=RowNames(("window", len(starts))),
        files=files,
        usable=None if usable.all() else np.flatnonzero(usable),
        findings=(*frame.findings, *gaps, *lost),
        times=starts.astype(np.float64),
        reach=math.ceil(horizon / stride),
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _guesses(frame: Frame) -> dict[str, Guess]:
    return {name: guessed(name, frame.data[name], position, lambda sample: "")
            for position, name in enumerate(frame.names)}


def _chosen_time(frame: Frame, name: str) -> str:
    """The column that the user chose to say when each row was. Raises DataError if it does not say it."""
    if name:
        frame.require(name, "to put the rows in order")
        moments = _moments(frame, name)
        if not np.isfinite(moments).all():
            row = int(np.argmin(np.isfinite(moments)))
            raise DataError(f"Column {name!r} of {frame.place} says no moment in {frame.where(row)}.",
                            "Choose a column with a date or a number in every row.")
    return name


def _when(frame: Frame, guesses: dict[str, Guess]) -> str:
    """The column that says when each row was, "" if there is none: dates, or numbers with such a name, in order."""
    for name, guess in guesses.items():
        if guess.kind == "date" or (guess.kind == "number" and TIMES.match(name)):
            steps = np.diff(_moments(frame, name))
            if len(steps) and (bool((steps > 0).all()) or bool((steps < 0).all())):
                return name
    return ""


def _moments(frame: Frame, name: str) -> Numbers:
    import polars

    series = frame.data[name]
    found = series if series.dtype == polars.Float64 else cells.moments(series)
    values: Numbers = found.fill_null(np.nan).to_numpy()
    return values


def _order(frame: Frame, when: str) -> NDArray[np.int64]:
    """The rows from the earliest to the latest."""
    if not when:
        return np.arange(frame.data.height)
    return np.argsort(_moments(frame, when), kind="stable")


def _wanted(frame: Frame, text: str, what: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        frame.require(name, what)
        if not is_usable(_matrix(frame, [name])).any():
            raise DataError(f"Column {name!r} of {frame.place} holds no numbers.", "Choose columns of numbers.")
    return names


def _lengths(asked: Asked, frame: Frame) -> tuple[int, int, int]:
    """Window, horizon and stride in rows."""
    window, horizon, stride = (cast(int, asked.options[name]) for name in ("window", "horizon", "stride"))
    rows = frame.data.height
    if not window:
        known = asked.known_column("window")
        window = known.shape[0] if known else max(1, min(WINDOW, int(rows * SHARE) - horizon - 1))
    if window + horizon > rows:
        raise DataError(f"{frame.place} has {_rows(rows)}; a window of {_rows(window)} and {_rows(horizon)} after it "
                        "do not fit in.", "Choose a smaller window or horizon.")
    return window, horizon, stride


def _matrix(frame: Frame, names: list[str]) -> Numbers:
    return np.stack([cells.numbers(frame.data[name]).fill_null(np.nan).to_numpy() for name in names], axis=1)


def _filled(frame: Frame, names: list[str], order: NDArray[np.int64]) -> tuple[Numbers, tuple[str, ...]]:
    """Columns that are read, in order, with gaps filled by the value before: nothing of the future is used."""
    matrix = _matrix(frame, names)[order]
    findings = []
    for index, name in enumerate(names):
        bad = ~is_usable(matrix[:, index])
        if bad.any():
            count = int(bad.sum())
            findings.append(f"{name!r}: {count:,} gap{'s were' if count > 1 else ' was'} filled with the value before.")
            last = np.maximum.accumulate(np.where(bad, 0, np.arange(len(bad))))
            matrix[:, index] = matrix[last, index]
    return matrix, tuple(findings)
