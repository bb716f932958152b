"""Cells of a table as raw values of a kind: numbers, class numbers, dates, texts, tokens, arrays.

The same rules as for new tables, engine.preparation.cells, whole columns at a time.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.files import Progress, Rows
from engine.data.opened import Loaded
from engine.data.tables.frames import EXACT
from engine.preparation.cells import MILLISECONDS, MISSING, NO, NUMBERS, THOUSANDS, WHOLE_NUMBERS, YES, grouped

if TYPE_CHECKING:
    import polars

YEAR_FIRST = r"^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?$"
YEAR_LAST = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$"
COMPACT = r"^(\d{4})(\d{2})(\d{2})$"
CLOCK = r"^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*(Z|[+-]\d{2}:?\d{2})?$"
MOMENT = r"^([\d/.-]+)(?:[T ]+(\d{1,2}:.*))?$"
DAY_FIRST = "day first"
NO_SETTINGS: Mapping[str, Any] = {}

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CellValues:
    """One column of a table. Its cells stay as they were read, and are converted when they are asked for."""

    series: "polars.Series"
    convert: Callable[["polars.Series"], Any]

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        values = self.convert(self.series if rows is None else self.series.gather(np.asarray(rows, np.int64)))
        progress(1.0)
        return Loaded(values, {})


def converter(kind: str, classes: tuple[str, ...] = (), settings: Mapping[str, Any] = NO_SETTINGS,
              width: int = 1) -> Callable[["polars.Series"], Any]:
    """What turns cells into raw values of a kind, see KindSpec.raw.

    settings  of the column: how its numbers and dates are written
    width     of an array: how many numbers a cell holds
    """
    converters: dict[str, Callable[[polars.Series], Any]] = {
        "number": lambda series: _array(numbers(series, settings)),
        "boolean": lambda series: _array(booleans(series)),
        "date": lambda series: _array(moments(series, settings.get("order", ""))),
        "category": lambda series: class_numbers(series, classes),
        "tokens": tokens,
        "vector": lambda series: vectors(series, width),
    }
    return converters.get(kind, lambda series: texts(series).fill_null("").to_list())


def texts(series: "polars.Series") -> "polars.Series":
    """String cells, None where they are empty. Whole numbers have no point."""
    import polars

    if series.dtype == polars.Float64:
        present = series.drop_nulls()
        if ((present == present.round()) & (present.abs() < EXACT)).all():
            return series.cast(polars.Int64, strict=False).cast(polars.String)
        return polars.Series(series.name, [_shown(cell) for cell in series.to_list()], polars.String)
    if series.dtype == polars.Boolean:
        return series.replace_strict({True: "true", False: "false"}, return_dtype=polars.String)
    if series.dtype == polars.Datetime:
        return series.dt.to_string("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
    if series.dtype.is_nested():
        return polars.Series(series.name, [_listed(cell) for cell in series.to_list()], polars.String)
    if series.dtype == polars.Binary:
        series = series.bin.size().cast(polars.String) + " bytes"
    return series.cast(polars.String, strict=False)


def stripped(series: "polars.Series") -> "polars.Series":
    """Texts without blanks around them; None where they say that there is nothing in them."""
    plain = texts(series).str.strip_chars()
    return plain.set(plain.str.to_lowercase().is_in(list(MISSING)), None)


def numbers(series: "polars.Series", settings: Mapping[str, Any] = NO_SETTINGS) -> "polars.Series":
    """Float64; None where a cell is empty or no number. A decimal comma counts as a point. The settings `thousands` and
    `unit` say how the numbers are written."""
    import polars

    if series.dtype == polars.Float64:
        return series
    if series.dtype == polars.Boolean:
        return series.cast(polars.Float64)
    if series.dtype == polars.Datetime:
        return series.dt.epoch("us").cast(polars.Float64) / 1e6
    if series.dtype.is_nested() or series.dtype == polars.Binary:
        return polars.Series(series.name, [None] * len(series), polars.Float64)
    plain = without_unit(stripped(series), settings.get("unit", ""))
    if sign := THOUSANDS.get(settings.get("thousands", "")):
        is_grouped = plain.str.contains(f"^{grouped(settings['thousands'])}$").fill_null(False)
        joined = plain.str.replace_all(sign, "", literal=True).str.replace_all(",", ".", literal=True)
        plain = joined.zip_with(is_grouped, plain)
    found = plain.cast(polars.Float64, strict=False)
    if found.null_count() > plain.null_count():
        commas = plain.str.replace(r"^([-+]?\d*),(\d+)$", "${1}.${2}").cast(polars.Float64, strict=False)
        found = found.fill_null(commas) if commas.null_count() < found.null_count() else found
    return found


def without_unit(plain: "polars.Series", unit: str) -> "polars.Series":
    """Stripped texts without the unit before or behind their numbers."""
    if not unit:
        return plain
    ends = plain.str.replace(f"-{unit}", f"{unit}-", literal=True).str.strip_suffix(unit).str.strip_chars()
    return ends.str.strip_prefix(unit).str.strip_chars()


def booleans(series: "polars.Series") -> "polars.Series":
    """0 or 1 as Float64; None where a cell says neither."""
    import polars

    if series.dtype == polars.Boolean:
        return series.cast(polars.Float64)
    if series.dtype == polars.Float64:
        return series.set(~series.is_in([0.0, 1.0]), None)
    meaning = {**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)}
    said = stripped(series).str.to_lowercase()
    values = said.cast(polars.Float64, strict=False)
    words = said.replace_strict(meaning, default=None, return_dtype=polars.Float64)
    return words.fill_null(values.set(~values.is_in([0.0, 1.0]), None))


def moments(series: "polars.Series", order: str = "") -> "polars.Series":
    """Seconds since 1970 UTC as Float64; None where a cell is no date."""
    import polars

    if series.dtype == polars.Datetime:
        return series.dt.epoch("us").cast(polars.Float64) / 1e6
    if series.dtype == polars.Float64:
        compact = (series >= 1e7) & (series < 1e8)
        if compact.any() and compact.sum() == len(series) - series.null_count():
            return moments(texts(series))
        return series.to_frame("n").select(
            polars.when(polars.col("n").abs() > MILLISECONDS).then(polars.col("n") / 1000).otherwise(
                polars.col("n"))).to_series()
    plain = stripped(series)
    day = plain.str.extract(MOMENT, 1)
    clock = plain.str.extract(MOMENT, 2)
    return _days(day, order).cast(polars.Float64) * 86400 + _seconds(clock)


def class_numbers(series: "polars.Series", classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Which class each cell is, -1 where it is none."""
    import polars

    if not classes:
        return np.full(len(series), -1, np.int64)
    names = polars.Series(classes, dtype=polars.String)
    if series.dtype == polars.Float64:
        values, wanted = series.fill_null(np.nan).to_numpy(), names.cast(polars.Float64, strict=False)
        if not wanted.null_count():
            sorted_values = wanted.to_numpy()
            ranks = np.argsort(sorted_values, kind="stable")
            places = np.searchsorted(sorted_values, values, sorter=ranks).clip(0, len(ranks) - 1)
            return np.where(sorted_values[ranks[places]] == values, ranks[places], -1).astype(np.int64)
    codes = stripped(series).cast(polars.Enum(names), strict=False).to_physical().cast(polars.Int64)
    found: NDArray[np.int64] = codes.fill_null(-1).to_numpy()
    return found


def class_names(series: "polars.Series") -> tuple[str, ...]:
    """The distinct cells in order: numbers by size, texts by letter."""
    import polars

    if series.dtype == polars.Float64:
        found = series.drop_nulls().unique().sort()
        return tuple(texts(found.filter(found.is_finite())).to_list())
    return tuple(stripped(series).drop_nulls().unique().sort().to_list())


def tokens(series: "polars.Series") -> list[NDArray[np.int64]]:
    """The whole numbers of each cell."""
    import polars

    if series.dtype in (polars.List, polars.Array):
        return [np.array([] if cell is None else cell, np.int64) for cell in series.to_list()]
    parts = texts(series).fill_null("").str.extract_all(WHOLE_NUMBERS.pattern)
    found = parts.cast(polars.List(polars.Int64), strict=False)
    return [np.array([number for number in cell if number is not None], np.int64) for cell in found.to_list()]


def vectors(series: "polars.Series", width: int) -> Numbers:
    """The numbers of each cell, (n, *shape). Cells that do not hold `width` numbers are NaN."""
    import polars

    if series.dtype == polars.Array:
        return np.asarray(series.to_numpy(), np.float64)
    if series.dtype != polars.List:
        series = texts(series).str.extract_all(NUMBERS.pattern).cast(polars.List(polars.Float64), strict=False)
    whole = series.list.len().fill_null(0) == width
    matrix = np.full((len(series), width), np.nan)
    matrix[whole.to_numpy()] = series.filter(whole).explode().cast(polars.Float64).fill_null(np.nan).to_numpy().reshape(
        -1, width)
    return matrix


def _array(series: "polars.Series") -> Numbers:
    values: Numbers = (series.fill_null(np.nan) if series.null_count() else series).to_numpy()
    return values


def _days(texts: "polars.Series", order: str) -> "polars.Series":
    """Days since 1970. Points mean that the day comes first; for slashes and dashes `order` says it."""
    import polars

    plain = texts.str.replace(COMPACT, "${1}-${2}-${3}").str.replace(r"^(\d{4})[-/.](\d{1,2})$", "${1}-${2}-1")
    plain = plain.str.replace(YEAR_FIRST, "${1}-${2}-${3}")
    plain = plain.str.replace(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", "${3}-${2}-${1}")
    plain = plain.str.replace(YEAR_LAST, "${3}-${2}-${1}" if order == DAY_FIRST else "${3}-${1}-${2}")
    return plain.str.to_date("%Y-%m-%d", strict=False).cast(polars.Int32)


def _seconds(clocks: "polars.Series") -> "polars.Series":
    """Seconds since midnight UTC; 0 where there is no time of day, None where it is none."""
    import polars

    clock = polars.col("clock")
    part = [clock.str.extract(CLOCK, index) for index in (1, 2, 3, 4)]
    hours, minutes = part[0].cast(polars.Float64), part[1].cast(polars.Float64)
    seconds = part[2].cast(polars.Float64).fill_null(0.0)
    zone = part[3].str.replace(":", "", literal=True)
    shift = (zone.str.slice(1, 2).cast(polars.Float64, strict=False) * 3600
             + zone.str.slice(3, 2).cast(polars.Float64, strict=False) * 60)
    shift = polars.when(zone.str.starts_with("-")).then(-shift).otherwise(shift).fill_null(0.0)
    is_clock = (hours < 24) & (minutes < 60) & (seconds < 61)
    value = polars.when(clock.is_null()).then(0.0).when(is_clock).then(hours * 3600 + minutes * 60 + seconds - shift)
    return clocks.to_frame("clock").select(value.otherwise(None)).to_series()


def _shown(number: float | None) -> str | None:
    if number is None or math.isnan(number):
        return None
    return str(int(number)) if abs(number) < EXACT and number == int(number) else repr(number)


def _listed(cell: Any) -> str | None:
    return " ".join(map(str, cell)) if isinstance(cell, list) else None if cell is None else str(cell)
