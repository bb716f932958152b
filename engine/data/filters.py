"""What a user types to find rows: "age > 30 and colour = red", or words that are looked for in all cells."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError
from engine.project import Column

Mask = NDArray[np.bool_]

_TERM = re.compile(r"""\s*["']?(.+?)["']?\s*(<=|>=|!=|=|<|>|:)\s*["']?(.*?)["']?\s*""", re.DOTALL)
_COMPARE: dict[str, Callable[..., Mask]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, "!=": np.not_equal}
_YES, _NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")
HINT = ('Write a column, one of = != < <= > >= and a value, "column: part" for a part of a text, or words to look for. '
        '"and" joins conditions.')


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `column` is None for a word that is looked for everywhere; `test` is then ":"."""

    column: Column | None
    test: str
    value: str


def conditions(text: str, columns: Sequence[Column]) -> tuple[Condition, ...]:
    """The conditions that all must hold. Raises DataError for a column that is not among `columns`."""
    terms = re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE)
    return tuple(_condition(term, columns) for term in terms if term)


def _condition(term: str, columns: Sequence[Column]) -> Condition:
    parts = _TERM.fullmatch(term)
    if parts is None:
        return Condition(None, ":", term.strip("\"' "))
    name, test, value = parts.groups()
    column = next((column for column in columns if column.name.casefold() == name.casefold()), None)
    if column is None:
        shown = ", ".join(column.name for column in columns[:12])
        raise DataError(f"There is no column named {name!r} to filter by.", f"Columns: {shown or 'none'}.")
    return Condition(column, test, value)


def numbers_meet(condition: Condition, values: NDArray[Any]) -> Mask:
    """Where (n,) numbers, dates (seconds), yes/no (0 or 1) or class numbers of `condition.column` meet it."""
    column = condition.column
    assert column is not None
    wanted = condition.value.casefold()
    if not wanted or (wanted == "missing" and wanted not in map(str.casefold, column.classes)):
        return _only_equality(condition, is_missing(values))
    if column.classes:
        return _classes_meet(condition, column, values)
    if column.kind == "date":
        return _dates_meet(condition, values)
    number = _number(condition, is_boolean=column.kind == "boolean")
    met: Mask = _COMPARE["=" if condition.test == ":" else condition.test](values, number)
    return met & ~is_missing(values)


def texts_meet(condition: Condition, texts: Sequence[str]) -> Mask:
    """Where texts hold the value (":", capitals or not), or equal it."""
    import polars

    series = polars.Series(texts, dtype=polars.String)
    if condition.test == ":":
        return series.str.contains(f"(?i){re.escape(condition.value)}").fill_null(value=False).to_numpy()
    return _only_equality(condition, (series.fill_null("") == condition.value).to_numpy())


def class_numbers_with(word: str, classes: Sequence[str]) -> NDArray[np.int64]:
    """The numbers of the classes whose names hold `word`."""
    part = word.casefold()
    return np.array([number for number, name in enumerate(classes) if part in name.casefold()], np.int64)


def as_number(text: str) -> float | None:
    """The number that a text is, with a decimal point or comma."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def is_missing(values: NDArray[Any]) -> Mask:
    """Where (n,) numbers are NaN, or class numbers -1."""
    missing: Mask = np.isnan(values) if values.dtype.kind == "f" else values < 0
    return missing


def _only_equality(condition: Condition, equal: Mask) -> Mask:
    if condition.test in ("=", ":"):
        return equal
    if condition.test == "!=":
        return ~equal
    raise DataError(f"{condition.test} compares numbers and dates; {condition.value!r} is none.", HINT)


def _classes_meet(condition: Condition, column: Column, codes: NDArray[Any]) -> Mask:
    if condition.test == ":":
        return np.isin(codes, class_numbers_with(condition.value, column.classes))
    if condition.test in ("=", "!="):
        wanted = [number for number, name in enumerate(column.classes) if name.casefold() == condition.value.casefold()]
        return np.isin(codes, wanted, invert=condition.test == "!=") & ~is_missing(codes)
    of_classes = np.array([value if (value := as_number(name)) is not None else np.nan for name in column.classes])
    chosen = np.flatnonzero(_COMPARE[condition.test](of_classes, _number(condition)))
    return np.isin(codes, chosen)


def _dates_meet(condition: Condition, seconds: NDArray[Any]) -> Mask:
    """A date stands for its whole year, month, day or minute, as far as it is written."""
    start, end = _period(condition)
    inside: Mask = (seconds >= start) & (seconds < end)
    present = ~is_missing(seconds)
    meets: dict[str, Callable[[], Mask]] = {
        "<": lambda: seconds < start, "<=": lambda: seconds < end, ">": lambda: seconds >= end,
        ">=": lambda: seconds >= start, "=": lambda: inside, ":": lambda: inside,
        "!=": lambda: ~inside,
    }
    met: Mask = meets[condition.test]() & present
    return met


def _period(condition: Condition) -> tuple[float, float]:
    for pattern, end in _periods():
        try:
            moment = datetime.strptime(condition.value, pattern).replace(tzinfo=UTC)
            return moment.timestamp(), end(moment).timestamp()
        except (ValueError, OverflowError):  # the year 9999 has no end that could be told
            continue
    raise DataError(f"{condition.value!r} is no date.", "Write it as 2024, 2024-05, 2024-05-31 or 2024-05-31 18:30.")


def _periods() -> Iterator[tuple[str, Callable[[datetime], datetime]]]:
    yield "%Y", lambda moment: moment.replace(year=moment.year + 1)
    yield "%Y-%m", lambda moment: (moment + timedelta(days=32)).replace(day=1)
    yield "%Y-%m-%d", lambda moment: moment + timedelta(days=1)
    for separator in (" ", "T"):
        yield f"%Y-%m-%d{separator}%H:%M", lambda moment: moment + timedelta(minutes=1)
        yield f"%Y-%m-%d{separator}%H:%M:%S", lambda moment: moment + timedelta(seconds=1)


def _number(condition: Condition, *, is_boolean: bool = False) -> float:
    word = condition.value.casefold()
    if is_boolean and word in (*_YES, *_NO):
        return float(word in _YES)
    number = as_number(condition.value)
    if number is None:
        raise DataError(f"{condition.value!r} is no number.", HINT)
    return number
