"""What users type to find rows."""

import numpy as np
import pytest

from engine.data.filters import conditions, numbers_meet, texts_meet
from engine.errors import DataError
from engine.project import Column

AGE = Column("age", "number", "input")
COLOUR = Column("eye colour", "category", "input", classes=("blue", "Green", "light green"))
DAY = Column("day", "date", "input")
MEMBER = Column("member", "boolean", "input")
NOTE = Column("note", "text", "input")
COLUMNS = (AGE, COLOUR, DAY, MEMBER, NOTE)


def met(text: str, values: list[float]) -> list[int]:
    [condition] = conditions(text, COLUMNS)
    return np.flatnonzero(numbers_meet(condition, np.array(values))).tolist()


@pytest.mark.parametrize(("text", "rows"), [
    ("age > 30", [2]), ("age>=30", [1, 2]), ("age < 30", [0]), ("age <= 30", [0, 1]), ("age = 30", [1]),
    ("age != 30", [0, 2]), ("Age: 30", [1]), ("age = missing", [3]), ("age !=", [0, 1, 2]), ("age < 30,5", [0, 1]),
])
def test_numbers(text: str, rows: list[int]) -> None:
    assert met(text, [10, 30, 40.5, np.nan]) == rows


@pytest.mark.parametrize(("text", "rows"), [
    ("eye colour = green", [1]), ("eye colour: green", [1, 2]), ("'eye colour' != blue", [1, 2]),
    ("eye colour = ", [3]),
])
def test_categories(text: str, rows: list[int]) -> None:
    assert met(text, [0, 1, 2, -1]) == rows


def test_a_class_may_be_called_missing() -> None:
    found = Column("part", "category", "input", classes=("Missing", "present"))
    [condition] = conditions("part = missing", (found,))
    assert numbers_meet(condition, np.array([0, 1, -1])).tolist() == [True, False, False]


@pytest.mark.parametrize(("text", "rows"), [
    ("day = 1970", [0, 1]), ("day = 1970-01-02", [1]), ("day > 1970-01-01", [1, 2]), ("day <= 1970-01", [0, 1]),
    ("day != 1970", [2]), ("day >= 1970-01-02 00:00", [1, 2]),
])
def test_a_date_stands_for_the_time_that_it_names(text: str, rows: list[int]) -> None:
    assert met(text, [0.0, 86400.0, 86400.0 * 400, np.nan]) == rows


@pytest.mark.parametrize("last", ["9999", "9999-12", "9999-12-31", "9999-12-31 23:59:59"])
def test_the_end_of_time_is_refused_in_words(last: str) -> None:
    with pytest.raises(DataError, match=f"'{last}' is no date"):
        met(f"day < {last}", [0.0])


def test_yes_and_no() -> None:
    assert met("member = yes", [1, 0, np.nan]) == [0]
    assert met("member = no", [1, 0, np.nan]) == [1]


def test_texts_are_found_whatever_their_capitals() -> None:
    [condition] = conditions("note: a.b", COLUMNS)
    assert texts_meet(condition, ["xA.B", "aXb", ""]).tolist() == [True, False, False]


def test_and_joins_conditions_and_words_are_looked_for_everywhere() -> None:
    first, second = conditions("age > 3 AND good day", COLUMNS)
    assert (first.column, first.test, first.value) == (AGE, ">", "3")
    assert (second.column, second.value) == (None, "good day")
    assert conditions("  ", COLUMNS) == ()


@pytest.mark.parametrize(("text", "said"), [
    ("size > 3", "no column named 'size'"), ("age > old", "'old' is no number"), ("day = soon", "'soon' is no date"),
])
def test_what_makes_no_sense_is_said(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        met(text, [1.0])


def test_texts_are_not_compared() -> None:
    [condition] = conditions("note > 5", COLUMNS)
    with pytest.raises(DataError, match="compares numbers and dates"):
        texts_meet(condition, ["6"])
