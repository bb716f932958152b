"""What the columns of a table are: a kind each, with the reason for it, and whether a network can learn from it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from engine.data.splits import SPLIT_NAMES
from engine.data.tables import cells
from engine.data.tables.frames import EXACT, Frame
from engine.preparation.cells import MISSING, NUMBERS, WHOLE_NUMBERS, number

if TYPE_CHECKING:
    import polars

MANY_CLASSES = 50
MAX_CLASSES = 1000
FEW_NUMBERS = 20
ODD_SHARE = 0.2
"""A column is one of numbers or dates if no more than this share of its cells is something else."""

EMPTY = "it is empty"
PROSE_WORDS = 5
ONE_WORD = 1.5
FEW_WORDS = 3
OLDEST, LATEST = 18000101, 21991231
"""Whole numbers between them may be dates."""

SAMPLE = 64
LONGEST_NAME = 400

ID_NAMES = re.compile(r"^(|.*[_\W]|row)(id|ids|index|idx|no|nr|number|uuid|guid|key|unnamed\W+\d+)$", re.I)
CODE_NAMES = re.compile(r"(^|[_\W])(id|code|type|class|category|group|cluster|zip|zipcode|postcode|kind)$", re.I)
TIME_NAMES = re.compile(r"(^|[_\W])(timestamp|time|unix|epoch|date|datetime)$", re.I)
UNIT = re.compile(
    r"^(?:[-+]?(?P<before>[$€£¥₹₽]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK)(?=[\s\d]))\s?)?"
    r"[-+]?[\d.,]*\d(?:\s?(?P<after>[A-Za-zµ°²³%‰$€£¥₹₽/]{1,12}))?$", re.ASCII)
"""A number with a unit or a currency, or without."""

TELLING = {name: rf"^[-+]?[0-9]{{1,3}}(?:(?:{sign}[0-9]{{3}})+{decimal}[0-9]+|(?:{sign}[0-9]{{3}}){{2,}})$"
           for name, sign, decimal in (("comma", ",", r"\."), ("point", r"\.", ","))}
"""Numbers that cannot have been meant without a sign between thousands."""

LIST = re.compile(r"^\s*[\[(]?\s*-?\d+(?:\s*[,;\s]\s*-?\d+)*\s*[\])]?\s*$")
NUMBER_LIST = re.compile(r"^\s*[\[(]?\s*[-+.\deE]+(?:\s*[,;\s]\s*[-+.\deE]+)+\s*[\])]?\s*$")
DATE = re.compile(r"^(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|(18|19|20|21)\d{6})"
                  r"([T ]+\d{1,2}:.*)?$")
DAY_LAST = re.compile(r"^\d{1,2}[-/](1[3-9]|2\d|3[01])[-/]\d{4}")
DAY_FIRST = re.compile(r"^(1[3-9]|2\d|3[01])[-/]\d{1,2}[-/]\d{4}")

Use = Literal["input", "ignore", "split"]
MediaOf = Callable[[Sequence[str]], str]
"""What the files are that cells name: "image", "audio", "text"; "" if they name none."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column is. `use` says whether a network can learn from it.

    odd       rows whose cells are not of the kind, and count as empty
    distinct  how many different cells there are, where they were counted
    files     the cells name files that hold the samples
    """

    kind: str
    reason: str
    use: Use = "input"
    settings: Mapping[str, Any] = field(default_factory=dict)
    odd: Sequence[int] = ()
    distinct: int = 0
    width: int = 1
    shape: tuple[int, ...] = ()
    files: bool = False
    is_unique: bool = False


def guessed(name: str, series: "polars.Series", position: int, media_of: MediaOf) -> Guess:
    """The kind of a column by its cells."""
    import polars

    if series.null_count() == len(series):
        return Guess("text", EMPTY, "ignore")
    if series.dtype == polars.Float64:
        return _numeric(name, series, position)
    if series.dtype == polars.String:
        return _textual(name, series, media_of)
    if series.dtype == polars.Boolean:
        words = series.drop_nulls().unique().cast(polars.String).to_list()
        return Guess("boolean", f"always {words[0]}", "ignore", distinct=1) if len(words) == 1 else Guess(
            "boolean", "true or false", distinct=2)
    if series.dtype == polars.Datetime:
        first, last = (moment.date() for moment in cast(list[datetime], [series.min(), series.max()]))
        return Guess("date", f"dates from {first} to {last}")
    return _nested(series)


def overruled(guess: Guess, kind: str, series: "polars.Series") -> Guess:
    """The guess for a column whose kind was chosen."""
    import polars

    if kind == guess.kind:
        return replace(guess, use="input" if guess.use == "ignore" else guess.use)
    odd: Sequence[int] = ()
    width = 1
    settings: Mapping[str, Any] = {}
    if kind == "number" and series.dtype == polars.String:
        settings = _writing(series, _sample(series))
        odd = _odd(series, cells.numbers(series, settings))
    elif kind in ("number", "boolean", "date"):
        convert = {"number": cells.numbers, "boolean": cells.booleans, "date": cells.moments}[kind]
        odd = _odd(series, convert(series))
    elif kind == "vector":
        width = _width(series) or 1
    return Guess(kind, "chosen", odd=odd, width=width, shape=(width,) if kind == "vector" else (), settings=settings)


def as_classes(guess: Guess, series: "polars.Series") -> Guess:
    """The guess for a column that is the target: a category where it can be one."""
    import polars

    present = len(series) - series.null_count()
    if guess.kind == "boolean":
        return replace(guess, kind="category")
    if guess.kind == "number":
        return _few_numbers(guess, series, present)
    if guess.kind in ("category", "text") and not guess.files and series.dtype == polars.String:
        distinct_texts = guess.distinct or series.n_unique()
        if distinct_texts <= MAX_CLASSES and distinct_texts <= max(FEW_NUMBERS, present // 2):
            return replace(guess, kind="category", reason=_counted(distinct_texts, len(series)))
        return replace(guess, kind="text")
    return guess


def _few_numbers(guess: Guess, series: "polars.Series", present: int) -> Guess:
    """A category if there are few whole numbers, each of them again and again."""
    values = cells.numbers(series, guess.settings).drop_nulls()
    if values.head(10_000).n_unique() > FEW_NUMBERS:
        return guess
    distinct = values.unique()
    is_few = len(distinct) <= FEW_NUMBERS and len(distinct) * 2 <= present
    if is_few and bool((distinct.is_finite() & (distinct == distinct.round())).all()):
        return replace(guess, kind="category", reason=_counted(len(distinct), len(series)), settings={})
    return guess


def odd_finding(frame: Frame, name: str, guess: Guess) -> str:
    """What cells count as empty because they are not of the column's kind; "" if there are none."""
    if not len(guess.odd):
        return ""
    row = int(guess.odd[0])
    text = str(cells.texts(frame.data[name])[row])[:60]
    more = f" {len(guess.odd):,} cells are like this, and count as empty." if len(guess.odd) > 1 else \
        " It counts as empty."
    return f"Column {name!r}: {frame.where(row)} says {text!r}, which is no {guess.kind}.{more}"


def _counted(distinct: int, rows: int) -> str:
    return f"{distinct:,} distinct value{'s' if distinct != 1 else ''} in {rows:,} rows"


def _numeric(name: str, series: "polars.Series", position: int) -> Guess:
    present = series.drop_nulls()
    values = present.to_numpy()
    if len(values) and np.isnan(values.min()):
        present = present.drop_nans()
        values = present.to_numpy()
    if not len(values):
        return Guess("number", EMPTY, "ignore")
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Guess("number", f"always {low:g}", "ignore", distinct=1)
    if not _is_whole(present):
        return Guess("number", f"numbers from {low:g} to {high:g}")
    if (low, high) == (0, 1):
        return Guess("boolean", "0 or 1", distinct=2)
    found = _unlearnable(name, series, position) or _whole(name, present, low, high)
    return found or Guess("number", f"whole numbers from {low:g} to {high:g}")


def _unlearnable(name: str, series: "polars.Series", position: int) -> Guess | None:
    """Numbers that only name the rows."""
    rows = len(series)
    is_named = bool(ID_NAMES.match(name))
    if series.null_count() or not (is_named or position == 0):
        return None
    if series[0] in (0, 1) and bool((series.diff().drop_nulls() == 1).all()):
        return Guess("number", "it numbers the rows", "ignore", distinct=rows, is_unique=True)
    if is_named and series.n_unique() == rows:
        return Guess("number", "another number in each row", "ignore", distinct=rows, is_unique=True)
    return None


def _whole(name: str, present: "polars.Series", low: float, high: float) -> Guess | None:
    """Whole numbers that are dates, moments or the numbers of classes."""
    is_compact = low >= OLDEST and high <= LATEST
    if is_compact and not cells.moments(present).null_count():
        return Guess("date", f"dates written as {int(low)}")
    if TIME_NAMES.search(name):
        for unit, scale in (("seconds", 1), ("milliseconds", 1000)):
            if low > 1e8 * scale and high < 5e9 * scale:
                return Guess("date", f"{unit} since 1970")
    if CODE_NAMES.search(name) and (distinct := present.n_unique()) <= MANY_CLASSES and distinct * 2 <= len(present):
        return Guess("category", _counted(distinct, len(present)), distinct=distinct)
    return None


def _is_whole(present: "polars.Series") -> bool:
    """True for whole numbers that are exact. A few are looked at first: most columns of fractions end there."""
    for part in (present.head(256), present):
        values = part.to_numpy()
        if not np.array_equal(values, np.rint(values)) or np.abs(values).max() >= EXACT:
            return False
    return True


def _nested(series: "polars.Series") -> Guess:
    import polars

    inner = getattr(series.dtype, "inner", None)
    shape = tuple(getattr(series.dtype, "shape", ()))
    if series.dtype == polars.Array:
        return Guess("vector", f"{' x '.join(map(str, shape))} numbers in each cell", shape=shape,
                     width=int(np.prod(shape)))
    if series.dtype == polars.List and inner is not None and inner.is_numeric():
        return _list_guess(series.list.len(), inner.is_integer())
    return Guess("text", "its cells are no numbers and no texts", "ignore")


def _list_guess(lengths: "polars.Series", is_whole: bool) -> Guess:
    """Numbers in each cell: always as many of them are an array, whole ones in changing numbers tokens."""
    shortest, longest = int(lengths.min() or 0), int(lengths.max() or 0)  # type: ignore[arg-type]
    if shortest == longest > 0:
        return Guess("vector", f"{longest} numbers in each cell", shape=(longest,), width=longest)
    if is_whole and longest:
        return Guess("tokens", f"{shortest} to {longest} whole numbers in each cell")
    return Guess("text", "its cells hold fractions in changing numbers", "ignore")


def _textual(name: str, series: "polars.Series", media_of: MediaOf) -> Guess:
    sample = _sample(series)
    if not sample:
        return Guess("text", EMPTY, "ignore")
    found = _written(name, series, sample)
    may_be_names = not found and all(len(cell) < LONGEST_NAME and "\n" not in cell for cell in sample)
    if may_be_names and (kind := media_of(sample)):
        found = Guess(kind, "its cells name files", files=True)
    return found or _lists(series, sample) or _worded(series, sample)


def _sample(series: "polars.Series") -> list[str]:
    """Some texts of a column that are not empty, evenly spread."""
    present = series.drop_nulls()
    step = max(1, len(present) // SAMPLE)
    sample = [cell.strip() for cell in present.gather_every(step).head(SAMPLE).to_list()]
    return [cell for cell in sample if cell.lower() not in MISSING]


def _written(name: str, series: "polars.Series", sample: Sequence[str]) -> Guess | None:
    """Numbers and dates that are written as texts."""
    writing = _writing(series, sample)

    def is_written_number(cell: str) -> bool:
        return number(cell, **writing) is not None

    for kind, matches in (("number", is_written_number), ("date", DATE.match)):
        count = sum(bool(matches(cell)) for cell in sample)
        if count >= (1 - 2 * ODD_SHARE) * len(sample) and (
                found := _converted(kind, name, series, sample, writing)):
            return found
    return None


def _writing(series: "polars.Series", sample: Sequence[str]) -> dict[str, str]:
    """How a column writes its numbers: the settings `thousands` and `unit` that differ from the usual.

    A number tells the sign between its thousands by having both signs, or one of them twice. Otherwise a comma is taken
    for it if it always stands before three digits, and there are whole numbers without.
    """
    found: dict[str, str] = {}
    units = [UNIT.match(cell) for cell in sample]
    names = {match["before"] or match["after"] for match in units if match}
    if sample and None not in units and len(names) == 1 and (unit := names.pop()):
        found["unit"] = unit
    plain = cells.without_unit(cells.stripped(series), found.get("unit", ""))
    told = [name for name, pattern in TELLING.items() if plain.str.contains(pattern).any()]
    if not told:
        commas = plain.filter(plain.str.contains(",", literal=True).fill_null(False))
        is_grouped = len(commas) and commas.str.contains(r"^[-+]?[1-9][0-9]?[0-9]?(?:,[0-9]{3})+$").all()
        told = ["comma"] if is_grouped and plain.str.contains(r"^[-+]?[0-9]{1,3}$").any() else []
    if len(told) == 1:
        found["thousands"] = told[0]
    return found


def _worded(series: "polars.Series", sample: Sequence[str]) -> Guess:
    """Words: classes where they come again and again, texts where there are many of them."""
    rows = len(series)
    plain = cells.stripped(series).drop_nulls()
    distinct = plain.n_unique()
    words = sorted(plain.unique().to_list()) if distinct <= FEW_WORDS else []
    if distinct == 1:
        return Guess("category", f"always {words[0][:60]!r}", "ignore", distinct=1)
    if words and {word.lower() for word in words} <= SPLIT_NAMES.keys():
        return Guess("category", "its cells name the splits", "split", distinct=distinct)
    if distinct == 2 and not cells.booleans(plain).null_count():
        return Guess("boolean", " or ".join(map(repr, words)), distinct=2)
    is_repeated = distinct * 2 <= len(plain) or (distinct <= FEW_NUMBERS and distinct < len(plain))
    if distinct <= MANY_CLASSES and is_repeated:
        return Guess("category", _counted(distinct, rows), distinct=distinct)
    length = sum(len(cell.split()) for cell in sample) / len(sample)
    guess = Guess("text", f"{length:.0f} words in a cell", distinct=distinct, is_unique=distinct * 10 > 9 * len(plain))
    if length < PROSE_WORDS:
        guess = replace(guess, reason=f"{distinct:,} different texts in {rows:,} rows", use="ignore",
                        settings={"tokens": "character"} if length < ONE_WORD else {})
        if distinct * 5 <= len(plain) and distinct <= MAX_CLASSES:
            reason = f"{_counted(distinct, rows)}: more than {MANY_CLASSES} classes"
            guess = replace(guess, kind="category", reason=reason, settings={})
    return guess


def _converted(kind: str, name: str, series: "polars.Series", sample: Sequence[str],
               writing: Mapping[str, str]) -> Guess | None:
    """Numbers or dates that are written as texts, if nearly all cells are."""
    settings = dict(writing) if kind == "number" else {}
    order = ""
    if kind == "date":
        order = cells.DAY_FIRST if any(map(DAY_FIRST.match, sample)) and not any(map(DAY_LAST.match, sample)) else ""
        settings = {"order": order} if order else {}
    else:
        digits = [cell for cell in sample if cell.lstrip("+-").isdigit() and len(cell.lstrip("+-0")) > 15]
        if digits:  # not exact as numbers: names that happen to be written in digits
            return None
    values = cells.moments(series, order) if kind == "date" else cells.numbers(series, settings)
    odd = _odd(series, values)
    present = len(series) - cells.stripped(series).null_count()
    if len(odd) > ODD_SHARE * present:
        return None
    if kind == "date":
        return Guess("date", "dates" if not order else "dates, the day first", settings=settings, odd=odd)
    guess = _numeric(name, values.rename(name), 1)
    if settings and guess.kind != "number":  # 0 % and 1 % are no truth values
        guess = Guess("number", "whole numbers")
    reason = f"{guess.reason}, in {settings['unit']}" if "unit" in settings else guess.reason
    return replace(guess, reason=reason, settings=settings, odd=odd)


def _odd(series: "polars.Series", values: "polars.Series") -> Sequence[int]:
    """Rows whose cells say something that was not understood."""
    found: Sequence[int] = (values.is_null() & cells.stripped(series).is_not_null()).arg_true().to_list()
    return found


def _lists(series: "polars.Series", sample: Sequence[str]) -> Guess | None:
    import polars

    several = [cell for cell in sample if len(re.split(r"[,;\s]+", cell.strip("[]() "))) > 1]
    if len(several) * 2 < len(sample):
        return None
    if all(map(LIST.match, sample)):
        return _list_guess(series.str.count_matches(WHOLE_NUMBERS.pattern).drop_nulls(), True)
    if all(map(NUMBER_LIST.match, sample)):
        counts = series.str.count_matches(NUMBERS.pattern).drop_nulls()
        guess = _list_guess(counts.cast(polars.Int64), False)
        return guess if guess.kind == "vector" else None
    return None


def _width(series: "polars.Series") -> int:
    """How many numbers most cells hold."""
    if series.dtype.is_nested():
        lengths = series.list.len() if hasattr(series.dtype, "inner") else None
    else:
        lengths = cells.texts(series).str.count_matches(NUMBERS.pattern)
    modes = lengths.drop_nulls().mode().sort().to_list() if lengths is not None else []
    return int(modes[0]) if modes else 0
