"""What a cell of a table says: one set of rules for the data that is trained on and for new tables."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from math import nan

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "#n/a", "#ref!", "#value!", "#div/0!", "#name?",
                     "#num!", "#null!"})
"""An empty cell of numbers, classes or dates, in small letters."""

NUMBER = re.compile(r"[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|inf|infinity)", re.IGNORECASE | re.ASCII)
DECIMAL_COMMA = re.compile(r"([-+]?\d*),(\d+)", re.ASCII)
THOUSANDS = {"comma": ",", "point": "."}
NO = frozenset({"no", "false", "f", "n", "off", "0"})
YES = frozenset({"yes", "true", "t", "y", "on", "1"})
WHOLE_NUMBERS = re.compile(r"-?\d{1,18}", re.ASCII)
NUMBERS = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_CLOCK = r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second_of_time>\d{2})(?:[.,](?P<fraction>\d+))?)?Z?)?"
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?:(?P=sign)(?P<day>\d{1,2}))?" + _CLOCK,
                         re.ASCII)
_YEAR_LAST = re.compile(r"(?P<first>\d{1,2})(?P<sign>[-/.])(?P<second>\d{1,2})(?P=sign)(?P<year>\d{4})" + _CLOCK,
                        re.ASCII)
_DIGITS = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})", re.ASCII)
MILLISECONDS = 1e11
"""Plain numbers above it are no seconds since 1970 but milliseconds."""


def is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def grouped(thousands: str) -> str:
    """The pattern of numbers with a sign ("comma" or "point") between thousands, and the other one before decimals."""
    sign, decimal = (",", r"\.") if thousands == "comma" else (r"\.", ",")
    return rf"[-+]?[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+(?:{decimal}[0-9]+)?"


def number(cell: str, thousands: str = "none", unit: str = "") -> float | None:
    """A cell as a number, NaN where it is empty, None where it says something else. `1,5` is one and a half.

    thousands  what stands between thousands: "comma", "point" or "none"
    unit       what may stand before or after the number
    """
    text = cell.strip()
    if unit:
        text = text.replace(f"-{unit}", f"{unit}-", 1).removesuffix(unit).strip().removeprefix(unit).strip()
    if thousands in THOUSANDS and re.fullmatch(grouped(thousands), text):
        text = text.replace(THOUSANDS[thousands], "").replace(",", ".")
    if NUMBER.fullmatch(text):
        return float(text)
    if text.lower() in MISSING:
        return nan
    found = DECIMAL_COMMA.fullmatch(text)
    return float(f"{found[1]}.{found[2]}") if found else None


def boolean(cell: str, classes: Sequence[str] = ()) -> float | None:
    """0 for no, 1 for yes, NaN for empty, None for anything else; `classes` are the file's own words for both. `1.0` is
    a yes: so a column of 0 and 1 is written where cells are empty."""
    text = cell.strip()
    if text in classes:
        return float(classes.index(text))
    if text.lower() in MISSING:
        return nan
    if text.lower() in NO or text.lower() in YES:
        return float(text.lower() in YES)
    return float(text) if NUMBER.fullmatch(text) and float(text) in (0.0, 1.0) else None


def date(cell: str, order: str = "month first") -> float | None:
    """Seconds since 1970 UTC, NaN for empty, None for what is no date. Without a zone a time counts as UTC."""
    text = cell.strip()
    if text.lower() in MISSING:
        return nan
    try:
        if (found := _YEAR_FIRST.fullmatch(text) or _DIGITS.fullmatch(text)) is not None:
            day_of_month = found.groupdict().get("day") or "1"
            return _seconds(found, found["month"], day_of_month)
        if (found := _YEAR_LAST.fullmatch(text)) is not None:
            is_day_first = found["sign"] == "." or order == "day first"
            first, second = found["first"], found["second"]
            return _seconds(found, *((second, first) if is_day_first else (first, second)))
        if NUMBER.fullmatch(text):
            seconds = float(text)
            return seconds / 1000 if abs(seconds) > MILLISECONDS else seconds
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _seconds(found: re.Match[str], month: str, day: str) -> float:
    """Raises ValueError for days and times that do not exist."""
    said = found.groupdict()
    moment = datetime(int(found["year"]), int(month), int(day), int(said.get("hour") or 0),
                      int(said.get("minute") or 0), int(said.get("second_of_time") or 0), tzinfo=UTC)
    return moment.timestamp() + float(f"0.{said.get('fraction') or 0}")


def class_numbers(cells: Sequence[str], classes: Sequence[str]) -> list[int]:
    """Class numbers of cells, -1 for what is no class. `3.0` is the class 3."""
    places = {name: place for place, name in enumerate(classes)}
    values = {value: place for place, name in enumerate(classes) if (value := number(name)) is not None}
    found = {}
    for cell in dict.fromkeys(cells):
        text = cell.strip()
        value = None if is_missing(text) else number(text)
        found[cell] = places.get(text, -1 if value is None else values.get(value, -1))
    return [found[cell] for cell in cells]


def tokens(cell: str) -> list[int]:
    """The whole numbers of a cell."""
    return [int(text) for text in WHOLE_NUMBERS.findall(cell)]


def numbers(cell: str) -> list[float]:
    """The numbers of a cell."""
    return [float(text) for text in NUMBERS.findall(cell)]
