"""Columns of tables: the kind and role of each by its cells, the reason, and what the user decides instead."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from engine.data import dataset
from engine.data.tables import cells
from engine.errors import DataError
from engine.preparation import cells as new_cells
from engine.project import ColumnChoice
from tests.engine.tables import inspected, kinds, leaves, opened, raw, written

RANDOM = np.random.default_rng(0)


def table(folder: Path, columns: dict[str, list[Any]]) -> Path:
    """A CSV file with a number and a class beside `columns`."""
    rows = len(next(iter(columns.values())))
    columns = {"size": [f"{i * 37 % 101 / 7:.3f}" for i in range(rows)], **columns,
               "label": ["ab"[i % 2] for i in range(rows)]}
    polars.DataFrame(columns, strict=False).write_csv(folder / "table.csv")
    return folder / "table.csv"


@pytest.mark.parametrize(("values", "kind", "role", "reason"), [
    ([f"{i / 7:.3f}" for i in range(60)], "number", "input", "numbers from 0 to 8.429"),
    ([i * i for i in range(60)], "number", "input", "whole numbers from 0 to 3481"),
    ([f"{i},5" for i in range(60)], "number", "input", "numbers from 0.5 to 59.5"),
    ([["red", "green", "blue"][i % 3] for i in range(60)], "category", "input", "3 distinct values in 60 rows"),
    ([["yes", "no"][i % 2] for i in range(60)], "boolean", "input", "'no' or 'yes'"),
    ([["True", "False"][i % 3 > 0] for i in range(60)], "boolean", "input", "'False' or 'True'"),
    ([i % 2 for i in range(60)], "boolean", "input", "0 or 1"),
    ([f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(60)], "date", "input", "dates"),
    ([f"2024-01-{i % 28 + 1:02}T12:{i:02}:00Z" for i in range(60)], "date", "input", "dates"),
    ([f"{i % 28 + 1}.{i % 12 + 1}.2024" for i in range(60)], "date", "input", "dates"),
    ([f"{i % 28 + 1:02}/{i % 12 + 1:02}/2024" for i in range(60)], "date", "input", "dates, the day first"),
    ([20240101 + i % 28 for i in range(60)], "date", "input", "dates written as 20240101"),
    ([" ".join(f"word{(i * j) % 97}" for j in range(9)) for i in range(1, 61)], "text", "input", "9 words in a cell"),
    ([" ".join(str(i * j % 11) for j in range(i % 5 + 2)) for i in range(60)], "tokens", "input",
     "2 to 6 whole numbers in each cell"),
    ([f"[{i}, {i + 1}, {i * 3}]" for i in range(60)], "vector", "input", "3 numbers in each cell"),
    ([f"{i / 3:.2f} {i / 7:.2f}" for i in range(60)], "vector", "input", "2 numbers in each cell"),
    ([7] * 60, "number", "ignore", "always 7"),
    (["same"] * 60, "category", "ignore", "always 'same'"),
    ([""] * 60, "text", "ignore", "it is empty"),
    ([f"person {i}" for i in range(60)], "text", "ignore", "60 different texts in 60 rows"),
    ([["train", "test", "val"][i % 3] for i in range(60)], "category", "split", "its cells name the splits"),
    ([str(10**17 + i * 12345678901) for i in range(60)], "text", "ignore", "60 different texts in 60 rows"),
], ids=str)
def test_the_kind_is_told_with_a_reason(tmp_path: Path, values: list[Any], kind: str, role: str, reason: str) -> None:
    data = inspected(table(tmp_path, {"it": values}))
    leaf = leaves(data)["it"]
    assert (leaf.kind, leaf.role, leaf.reason) == (kind, role, reason)
    assert kinds(data)["label"] == ("category", "target")


@pytest.mark.parametrize(("values", "first", "settings"), [
    ([f"{i}.234,56" for i in range(1, 61)], 1234.56, {"thousands": "point", "unit": ""}),
    (["1.234", "1.234,5", "12,50"] * 20, 1234.0, {"thousands": "point", "unit": ""}),
    ([f"1,{i:03}.5" for i in range(60)], 1000.5, {"thousands": "comma", "unit": ""}),
    (["1,234", "999", "12,000"] * 20, 1234.0, {"thousands": "comma", "unit": ""}),
    (["1,234", "0,999", "12"] * 20, 1.234, {"thousands": "none", "unit": ""}),
    ([f"${i},234.00" for i in range(1, 61)], 1234.0, {"thousands": "comma", "unit": "$"}),
    ([f"{i}.234,56 €" for i in range(1, 61)], 1234.56, {"thousands": "point", "unit": "€"}),
    (["5%", "12.5 %", "-3%"] * 20, 5.0, {"thousands": "none", "unit": "%"}),
    (["3 kg", "4 kg", "5.5kg"] * 20, 3.0, {"thousands": "none", "unit": "kg"}),
    (["1%", "0%", "1%"] * 20, 1.0, {"thousands": "none", "unit": "%"}),
])
def test_thousands_and_units_of_numbers(tmp_path: Path, values: list[str], first: float,
                                        settings: dict[str, str]) -> None:
    path = table(tmp_path, {"it": values})
    leaf = leaves(inspected(path))["it"]
    assert (leaf.kind, leaf.role) == ("number", "input")
    assert {name: leaf.settings[name] for name in settings} == settings
    assert raw(opened(path), "it")[0] == first
    assert opened(path).findings == ()
    chosen = {"it": ColumnChoice(kind="number", role="target")}
    assert raw(opened(path, chosen), "it")[0] == first


@pytest.mark.parametrize("values", [["12a", "13b", "14c"], ["500 g", "1 kg", "2 kg"], ["ABC123", "ABC124", "ABC199"],
                                    ["1.jpg", "2.jpg", "3.jpg"], ["1st", "2nd", "3rd"], ["10.20.3.4", "10.20.3.5"]])
def test_names_with_numbers_in_them_are_no_numbers(tmp_path: Path, values: list[str]) -> None:
    assert kinds(inspected(table(tmp_path, {"it": values * 20})))["it"][0] != "number"


@pytest.mark.parametrize(("name", "values", "reason"), [
    ("id", list(range(1, 61)), "it numbers the rows"),
    ("Unnamed: 0", list(range(60)), "it numbers the rows"),
    ("passenger_id", [i * 17 % 1000 + 1000 for i in range(60)], "another number in each row"),
    ("id", [f"x{i:03}" for i in range(60)], "60 different texts in 60 rows"),
])
def test_names_of_rows_are_left_out_and_told(tmp_path: Path, name: str, values: list[Any], reason: str) -> None:
    found = opened(table(tmp_path, {name: values}))
    assert leaves(found)[name].role == "ignore"
    assert found.findings == (f"Left out: {name!r} ({reason}).",)
    assert opened(tmp_path / "table.csv", {name: ColumnChoice(role="input")}).findings == ()


def test_whole_numbers_with_the_name_of_a_code_are_classes(tmp_path: Path) -> None:
    columns = {"store_type": [i % 4 + 1 for i in range(60)], "rooms": [i % 4 for i in range(60)]}
    data = inspected(table(tmp_path, columns))
    assert kinds(data)["store_type"] == ("category", "input")
    assert leaves(data)["store_type"].classes == ("1", "2", "3", "4")
    assert kinds(data)["rooms"] == ("number", "input")


@pytest.mark.parametrize(("values", "kind"), [
    ("0 1 0 1 0 1 0 1 0 1", "category"),
    ("0.5 1.25 2 3 4 5 6 7 8 9", "number"),
    ("1 2 3 4 5 6 7 8 9 10", "number"),
    ("3 3 5 5 7 7 3 5 7 7", "category"),
    ("-1 1 -1 1 -1 1 -1 1 -1 1", "category"),
    ("yes no yes no yes no yes no yes no", "category"),
    ("1e3 2e3 3.5 1 2 3 4 5 6 7", "number"),
    ("1.0 2.0 1.0 2.0 1.0 2.0 1.0 2.0 1.0 2.0", "category"),
])
def test_the_kind_of_target_is_told(tmp_path: Path, values: str, kind: str) -> None:
    lines = "".join(f"{index / 7},{value}\n" for index, value in enumerate(values.split()))
    data = inspected(written(tmp_path, "a,result\n" + lines))
    assert kinds(data)["result"] == (kind, "target")


def test_the_kind_of_target_can_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, "a,result\n" + "1,3\n2,5\n" * 10)
    assert leaves(inspected(path))["result"].classes == ("3", "5")
    assert kinds(inspected(path, {"result": ColumnChoice(kind="number")}))["result"] == ("number", "target")
    chosen = {"a": ColumnChoice(kind="category", role="target")}
    assert leaves(inspected(path, chosen))["a"].classes == ("1", "2")
    assert kinds(inspected(path, chosen))["result"] == ("number", "input")


def test_classes_are_ordered_as_people_order_them(tmp_path: Path) -> None:
    path = written(tmp_path, "a,y\n" + "".join(f"{i / 7},{[10, 2, 33][i % 3]}\n" for i in range(30)))
    found = opened(path)
    assert leaves(found)["y"].classes == ("2", "10", "33")
    assert raw(found, "y")[:3].tolist() == [1, 0, 2]
    yes = opened(written(tmp_path, "a,y\n" + "".join(f"{i / 7},{'yes' if i % 3 else 'no'}\n" for i in range(30))))
    assert leaves(yes)["y"].classes == ("no", "yes")
    assert raw(yes, "y")[:3].tolist() == [0, 1, 1]


@pytest.mark.parametrize(("header", "target"), [
    ("Label,a,b", "Label"), ("a,survived,b", "survived"), ("a,b,c", "c"), ("a,valence,text", "valence")])
def test_the_target_is_found_by_its_name_or_place(tmp_path: Path, header: str, target: str) -> None:
    path = written(tmp_path, header + "\n" + "".join(f"{i % 3},{i / 7},{i % 4 + 1}\n" for i in range(30)))
    assert [column.name for column in inspected(path).columns if column.role == "target"] == [target]


@pytest.mark.parametrize(("columns", "target"), [
    ({"sold": ["yes", "no", "no"] * 20, "price": [f"about {i} in cash or so, perhaps" for i in range(60)]}, "sold"),
    ({"label": [f"about {i} in cash or so, perhaps" for i in range(60)], "sold": ["yes", "no", "no"] * 20}, "label"),
    ({"sold": ["yes", "no", "no"] * 20, "phone": [4670000000 + i * 7 for i in range(60)]}, "sold"),
    ({"size": [i / 7 for i in range(60)], "invoice_no": [i * 37 % 1009 for i in range(60)]}, "size"),
    ({"size": [i / 7 for i in range(60)], "cost": [i * 37 % 1009 for i in range(60)]}, "cost"),
    ({"size": [i / 7 for i in range(60)], "cost": [10_000_000.5 + i for i in range(60)]}, "cost"),
    ({"size": [i / 7 for i in range(60)], "price": [f"$1,{i:03}.00" for i in range(60)],
      "age": [i * 7 % 61 for i in range(60)]}, "price"),
])
def test_texts_and_numbers_of_things_are_no_targets_beside_better_ones(tmp_path: Path, columns: dict[str, list[Any]],
                                                                       target: str) -> None:
    polars.DataFrame(columns).write_csv(tmp_path / "table.csv")
    roles = {name: role for name, (_, role) in kinds(inspected(tmp_path / "table.csv")).items()}
    assert [name for name, role in roles.items() if role == "target"] == [target]


def test_a_target_that_says_nothing_is_refused_by_name(tmp_path: Path) -> None:
    path = table(tmp_path, {"rooms": [i % 4 for i in range(60)]})
    with pytest.raises(DataError, match="has a number in the target column 'label'") as caught:
        inspected(path, {"label": ColumnChoice(kind="number")})
    assert "another kind" in caught.value.hint


def test_something_is_always_learned_from(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y\n" + "".join(f"{i},{i * i / 7:.3f}\n" for i in range(30)))
    assert kinds(inspected(path)) == {"x": ("number", "input"), "y": ("number", "target")}
    path = written(tmp_path, "name,y\n" + "".join(f"Name{i},{'ab'[i % 2]}\n" for i in range(30)))
    data = inspected(path)
    assert kinds(data) == {"name": ("text", "input"), "y": ("category", "target")}
    assert leaves(data)["name"].settings["tokens"] == "character"
    with pytest.raises(DataError, match=r"no column to learn from: 'x' \(always 1\)"):
        inspected(written(tmp_path, "x,y\n" + "1,a\n1,b\n" * 9))
    path = written(tmp_path, "x,y\n" + "".join(f"{i},{i * i / 7:.3f}\n" for i in range(30)))
    with pytest.raises(DataError, match=r"no column to learn from\.$"):
        inspected(path, {name: ColumnChoice(role="target") for name in "xy"})


def test_missing_cells_and_infinite_numbers(tmp_path: Path) -> None:
    marks = ["", "NA", "n/a", "NaN", "null", "None", "?", "-", "#N/A", "#REF!", "inf", "-1e300", "4", "1,5", "7"]
    path = written(tmp_path, "a;b;y\n" + "".join(f"{i / 7};{mark};{'u' if i % 2 else 'v'}\n"
                                                 for i, mark in enumerate(marks * 4)))
    found = opened(path)
    assert kinds(found)["b"] == ("number", "input")
    values = raw(found, "b")[: len(marks)]
    assert np.isnan(values[:10]).all()
    assert values[10:].tolist() == [np.inf, -1e300, 4, 1.5, 7]
    rows = dataset.load(inspected(path), None)
    assert np.isfinite(rows.prepared("features")).all()
    assert any("'b'" in finding for finding in rows.findings)


def test_rows_without_a_target_are_left_out_and_told(tmp_path: Path) -> None:
    rows = dataset.load(inspected(written(tmp_path, "a,y\n" + "1,u\n2,v\n3,\n" * 10)), None)
    assert "10 rows have no 'y' and were left out." in rows.findings
    used = np.concatenate(list(rows.rows.values()))
    assert len(used) == 20
    assert (rows.prepared("y")[used] >= 0).all()


def test_a_negative_label_is_told(tmp_path: Path) -> None:
    found = opened(written(tmp_path, "a,y\n" + "".join(f"{i / 7},{i % 4 - 1}\n" for i in range(40))))
    assert found.findings[0].startswith("The target 'y' has the negative label -1 in 10 rows")


def test_kinds_and_settings_are_overruled(tmp_path: Path) -> None:
    path = table(tmp_path, {"rooms": [i % 4 for i in range(60)], "name": [f"person {i}" for i in range(60)]})
    chosen = {"rooms": ColumnChoice(kind="category", settings={"encoding": "index"}), "name": ColumnChoice(kind="text"),
              "size": ColumnChoice(settings={"scaling": "min-max"}), "label": ColumnChoice(kind="text")}
    data = inspected(path, chosen)
    assert kinds(data) == {"size": ("number", "input"), "rooms": ("category", "input"), "name": ("text", "input"),
                           "label": ("text", "target")}
    assert [column.name for column in data.columns if column.role == "input"] == [
        "features", "rooms", "name", "label shifted"]
    assert leaves(data)["size"].settings["scaling"] == "min-max"
    assert leaves(data)["rooms"].reason == "chosen"
    odd = opened(path, {"name": ColumnChoice(kind="number")})
    assert "60 cells are like this, and count as empty." in odd.findings[0]


def test_many_classes_are_an_input_of_their_own(tmp_path: Path) -> None:
    path = table(tmp_path, {"city": [f"city {i % 60}" for i in range(600)]})
    assert kinds(inspected(path))["city"] == ("category", "ignore")
    data = inspected(path, {"city": ColumnChoice(role="input")})
    city = data.column("city")
    assert city is not None
    assert (city.kind, city.role, city.settings["encoding"], len(city.classes)) == ("category", "input", "index", 60)


def test_roles_beside_input_and_target(tmp_path: Path) -> None:
    path = table(tmp_path, {"patient": [i // 3 * 7 % 50 for i in range(60)], "how much": [i % 5 for i in range(60)]})
    data = inspected(path, {"patient": ColumnChoice(role="group"), "how much": ColumnChoice(role="weight")})
    assert [(column.name, column.role) for column in data.columns] == [
        ("features", "input"), ("label", "target"), ("how much", "weight"), ("patient", "group")]
    rows = dataset.load(data, None)
    patients = raw(opened(path), "patient")
    sides = [set(patients[part]) for part in rows.rows.values()]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]


def test_a_column_that_names_splits_decides_them(tmp_path: Path) -> None:
    path = table(tmp_path, {"part": [["train", "train", "val", "test"][i // 2 % 4] for i in range(60)]})
    rows = dataset.load(inspected(path), None)
    assert rows.rows["test"].tolist() == [i for i in range(60) if i // 2 % 4 == 3]
    assert rows.rows["validation"].tolist() == [i for i in range(60) if i // 2 % 4 == 2]


def test_nothing_is_lost_of_large_whole_numbers(tmp_path: Path) -> None:
    big = [2**62 + i % 3 for i in range(60)]
    found = opened(table(tmp_path, {"it": big}), {"it": ColumnChoice(kind="category", role="target")})
    assert leaves(found)["it"].classes == tuple(map(str, sorted(set(big))))


ODD_CELLS = [
    "", " ", "NA", "n/a", "None", "?", "-", "#N/A", "#DIV/0!", "1", " 1 ", "1.5", "1,5", "-,5", ".5", "5.", "+2",
    "1e3", "1E-3", "inf", "-Infinity", "nan", "1_000", "1.234,5", "1,234,567", "0x10", "１", "1e400",
    "12345678901234567890", "=SUM(A1)", "yes", "No", "TRUE", "f", "on", "0", "2", "2020-02-30", "2020-02-29",
    "2020-2-9", "2020/02/29", "20200229", "29.02.2020", "29/02/2020", "02/29/2020", "03/04/2020", "2020-02",
    "2020-02-29 13:45", "2020-02-29T13:45:10.250Z", "2020-02-29 13:45:10+02:00", "2020-02-29 25:00", "31-12-1999",
    "12-31-1999", "text", "1 2 3", "[4, -5]", "1.5 2.5",
]
"""What people and programs write into cells."""


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_cells_mean_the_same_in_training_and_in_prediction(cell: str) -> None:
    series = polars.Series([cell, "x"])

    def same(value: float | None, other: float | None) -> bool:
        value, other = (np.nan if found is None else found for found in (value, other))
        return value == other or (np.isnan(value) and np.isnan(other))

    assert same(cells.numbers(series)[0], new_cells.number(cell))
    assert same(cells.booleans(series)[0], new_cells.boolean(cell))
    for order in ("month first", "day first"):
        if not new_cells.NUMBER.fullmatch(cell.strip()):
            assert same(cells.moments(series, order)[0], new_cells.date(cell, order))
    assert cells.tokens(series)[0].tolist() == new_cells.tokens(cell)
    classes = cells.class_names(series)
    assert cells.class_numbers(series, classes)[0] == new_cells.class_numbers([cell], classes)[0]


def test_dates_are_seconds(tmp_path: Path) -> None:
    found = opened(table(tmp_path, {"day": [f"{i % 28 + 1:02}/{i % 12 + 1:02}/2024" for i in range(60)]}))
    assert leaves(found)["day"].settings["order"] == "day first"
    assert raw(found, "day")[14] == datetime(2024, 3, 15, tzinfo=UTC).timestamp()


def test_the_date_that_fills_gaps_is_told_as_a_date(tmp_path: Path) -> None:
    path = table(tmp_path, {"day": ["" if i % 3 == 0 else "2024-01-05" if i % 2 else "2024-01-06" for i in range(60)]})
    found = dataset.load(inspected(path), None).findings
    assert any("filled with 2024-01-0" in finding for finding in found), found
