"""A cell says the same in training, where whole columns are read at once, as in a new table, read cell by cell."""

import math
from collections.abc import Callable
from functools import partial

import polars
import pytest

from engine.data.tables.cells import converter
from engine.preparation import cells

NUMBERS = ["1", " 2.5 ", "-3e4", "+.5", "5.", "1,5", "-,25", "+1,0", "inf", "-Infinity", "nan", "NaN", "", " ", "?",
           "-", "N/A", "#REF!", "#DIV/0!", "None", "1_000", "0x10", "1.234,5", "1,234,5", "one", "1 2", "--1", "1e",
           "e5", "٣", "1e400", "9007199254740993", "١٢", "½", "−5", "1.", "."]
DATES = ["2020-02-29", "2021-02-29", "2020-1-5", "2020/01/05", "2020.01.05", "05.01.2020", "5/1/2020", "13/1/2020",
         "1/13/2020", "5-1-2020", "20200105", "20201305", "2020-01", "2020-13", "2020-01-05 10:20",
         "2020-01-05T10:20:30", "2020-01-05T10:20:30.25", "2020-01-05T10:20:30Z", "2020-01-05T10:20:30+02:00",
         "2020-01-05 10:20:30 +0200", "2020-01-05T25:00", "", "na", "soon", "1.2.20", "0001-01-01", "9999-12-31",
         "05.01.2020 7:05", "2020-01-05  10:20"]
BOOLEANS = ["yes", "No", "TRUE", "f", "1", "0", "on", "OFF", "y", "n", "", "NA", "maybe", "2", "1.0", "0.0", "-1.0",
            "1e0", " true "]


@pytest.mark.parametrize(("kind", "texts", "read"), [
    ("number", NUMBERS, cells.number), ("boolean", BOOLEANS, cells.boolean), ("date", DATES, cells.date),
    ("date day first", DATES, partial(cells.date, order="day first")),
])
def test_numbers_dates_and_booleans(kind: str, texts: list[str], read: Callable[[str], float | None]) -> None:
    name, _, order = kind.partition(" ")
    together = converter(name, settings={"order": order})(polars.Series(texts))
    for text, value in zip(texts, together.tolist(), strict=True):
        alone = read(text)
        alone = math.nan if alone is None else alone
        assert alone == value or (math.isnan(alone) and math.isnan(value)), text


@pytest.mark.parametrize("thousands", ["none", "comma", "point"])
@pytest.mark.parametrize("unit", ["", "$", "kg", "%", "EUR"])
def test_numbers_with_thousands_and_units(thousands: str, unit: str) -> None:
    texts = NUMBERS + [written for number in ["1,234.56", "1.234,56", "-1,234", "1.234", "1.234.567", "12,50", "7", ""]
                       for written in (f"{unit}{number}", f"{number} {unit}", f"-{unit}{number}", f"{unit} {number}")]
    together = converter("number", settings={"thousands": thousands, "unit": unit})(polars.Series(texts))
    for text, value in zip(texts, together.tolist(), strict=True):
        alone = cells.number(text, thousands, unit)
        alone = math.nan if alone is None else alone
        assert alone == value or (math.isnan(alone) and math.isnan(value)), text


def test_dates_that_are_plain_numbers() -> None:
    numbers = [1600000000.0, 1600000000000.0, 1600000000.5, -5.0, 99.0]
    assert converter("date")(polars.Series(numbers)).tolist() == [cells.date(str(number)) for number in numbers]


@pytest.mark.parametrize("classes", [("1", "2", "3.5"), ("a", "b c"), ("no", "yes")])
def test_classes(classes: tuple[str, ...]) -> None:
    texts = ["1", " 2", "3.5", "a", "A", "b c ", "", "NA", "no", "yes", "No", "4", "?"]
    together = converter("category", classes)(polars.Series(texts))
    assert together.tolist() == cells.class_numbers(texts, classes)


def test_tokens_and_arrays() -> None:
    texts = ["1 2 3", "[4, -5]", "", "7;8", "a1b2", "1.5"]
    assert [found.tolist() for found in converter("tokens")(polars.Series(texts))] == list(map(cells.tokens, texts))
    texts = ["1 2.5", "[-3e2, .5]", "1;2"]
    assert converter("vector", width=2)(polars.Series(texts)).tolist() == list(map(cells.numbers, texts))


def test_a_number_is_its_class_however_it_is_written() -> None:
    assert cells.class_numbers(["1.0", "3,5", "3.50", "02", "4"], ("1", "2", "3.5")) == [0, 2, 2, 1, -1]
