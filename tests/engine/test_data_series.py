"""Time series: tables whose rows follow each other in time, as windows and what comes after them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import dataset, sources
from engine.data.opened import Opened
from engine.errors import DataError
from engine.preparation import read_new
from engine.project import ColumnChoice, Data
from tests.engine.tables import raw, written


def seen(path: Path, chosen: dict[str, ColumnChoice] | None = None, **options: Any) -> tuple[Data, Opened]:
    data = sources.inspect(path, "series" if options else "", options=options, chosen=chosen)
    return data, sources.open_data(data, None)


def days(folder: Path, count: int = 200, columns: int = 2) -> Path:
    """A value a day: row i holds i, 1000 + i, and so on."""
    first = np.datetime64("2020-01-01")
    lines = []
    for i in range(count):
        values = ",".join(str(1000 * column + i + 0.5) for column in range(columns))
        lines.append(f"{first + i},{values}")
    header = "day," + ",".join(f"v{column}" for column in range(columns))
    return written(folder, "\n".join([header, *lines]) + "\n")


def test_real_series_are_recognised(shared_data: Path) -> None:
    months = "JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC"
    for name, shape, columns in (("co2", (24, 1), "co2"), ("sunspots", (24, 1), "SUNACTIVITY"),
                                 ("elnino", (13, 12), months)):
        data, found = seen(shared_data / "timeseries" / f"{name}.csv")
        assert data.source == "series"
        window, horizon = data.columns
        assert (window.name, window.kind, window.role, window.shape) == ("window", "series", "input", shape)
        assert window.settings["columns"] == columns
        assert (horizon.name, horizon.kind, horizon.role, horizon.shape) == ("horizon", "vector", "target", (1,))
        loaded = dataset.load(data, None)
        assert all(len(rows) for rows in loaded.rows.values())
        assert np.isfinite(loaded.prepared("window")).all()
        assert found.reach == 1


def test_gaps_of_co2_are_filled_from_the_past_and_told(shared_data: Path) -> None:
    _, found = seen(shared_data / "timeseries" / "co2.csv")
    assert found.findings == ("'co2': 59 gaps were filled with the value before.",
                              "52 windows are followed by gaps and were left out.")
    window = raw(found, "window")
    assert window[0, 5:8, 0].tolist() == [316.9, 316.9, 317.5]


def test_windows_and_what_follows(tmp_path: Path) -> None:
    data, found = seen(days(tmp_path), window=5, horizon=3, stride=2, targets="v0")
    assert data.columns[0].shape == (5, 2)
    assert data.columns[1].shape == (3,)
    window, horizon = raw(found, "window"), raw(found, "horizon")
    assert len(window) == len(found.names) == (200 - 8) // 2 + 1
    assert window[1, :, 0].tolist() == [2.5, 3.5, 4.5, 5.5, 6.5]
    assert window[1, :, 1].tolist() == [1002.5, 1003.5, 1004.5, 1005.5, 1006.5]
    assert horizon[1].tolist() == [7.5, 8.5, 9.5]
    assert found.reach == 2
    assert np.array_equal(found.values["window"].read(np.array([7, 3]), lambda share: None).values, window[[7, 3]])


def test_several_targets_and_chosen_columns(tmp_path: Path) -> None:
    path = days(tmp_path, columns=3)
    chosen = {"window": ColumnChoice(settings={"columns": "v2, v0"})}
    data, found = seen(path, chosen, window=4, horizon=2, targets="v1, v2")
    assert data.columns[0].shape == (4, 2)
    assert data.columns[1].shape == (2, 2)
    assert raw(found, "window")[0].tolist() == [[2000.5, 0.5], [2001.5, 1.5], [2002.5, 2.5], [2003.5, 3.5]]
    assert raw(found, "horizon")[0].tolist() == [[1004.5, 2004.5], [1005.5, 2005.5]]
    with pytest.raises(DataError, match="no column named 'v9' to predict"):
        seen(path, targets="v9")
    with pytest.raises(DataError, match="no column named 'v9' to read"):
        seen(path, {"window": ColumnChoice(settings={"columns": "v9"})}, window=4)


def test_splits_go_by_time_and_no_step_is_predicted_in_two_of_them(tmp_path: Path) -> None:
    data, found = seen(days(tmp_path), window=6, horizon=2)
    rows = dataset.load(data, None).rows
    assert found.times is not None
    steps = {split: {int(step) + offset for step in found.times[part] for offset in (6, 7)}
             for split, part in rows.items()}
    assert max(steps["train"]) < min(steps["validation"])
    assert max(steps["validation"]) < min(steps["test"])
    assert max(steps["test"]) == 199


def test_rows_are_put_in_order(tmp_path: Path) -> None:
    path = days(tmp_path, columns=1)
    header, *lines = path.read_text().splitlines()
    data, found = seen(written(tmp_path, "\n".join([header, *reversed(lines)]) + "\n"))
    assert data.source == "series"
    assert raw(found, "window")[0, :3, 0].tolist() == [0.5, 1.5, 2.5]
    assert data.columns[0].settings["time"] == "day"
    preparation = dataset.load(data, None).preparation
    again, _ = read_new(preparation, [path])
    assert np.array_equal(again["window"][: len(raw(found, "window"))], raw(found, "window"))
    assert again["window"][-1, -1, 0] == 199.5
    without_days = written(tmp_path, "".join(f"{line.partition(',')[2]}\n" for line in [header, *lines]), "plain.csv")
    assert read_new(preparation, [without_days])[0]["window"][0, :3, 0].tolist() == [0.5, 1.5, 2.5]
    odd = written(tmp_path, f"{header}\nsoon,1\n" + "\n".join(lines) + "\n", "odd.csv")
    with pytest.raises(DataError, match=r"'day' of .* holds dates, but line 2 says 'soon'"):
        read_new(preparation, [odd])


def test_the_user_says_which_column_says_when(tmp_path: Path) -> None:
    rows = "".join(f"2020-01-{i % 28 + 1:02},{99 - i},{i}\n" for i in range(100))
    path = written(tmp_path, f"day,turn,v\n{rows}")
    data = sources.inspect(path, "series", chosen={"window": ColumnChoice(settings={"time": "turn"})})
    found = sources.open_data(data, None)
    assert raw(found, "window")[0, :3, -1].tolist() == [99, 98, 97]
    with pytest.raises(DataError, match="no column named 'when' to put the rows in order"):
        sources.inspect(path, "series", chosen={"window": ColumnChoice(settings={"time": "when"})})


@pytest.mark.parametrize("text", [
    "day,v,label\n" + "".join(f"2020-01-{i + 1:02},{i / 7},{i % 2}\n" for i in range(28)),
    "day,v\n" + "".join(f"2020-01-{i % 5 + 1:02},{i / 7}\n" for i in range(28)),
    "day,v,colour\n" + "".join(f"2020-01-{i + 1:02},{i / 7},{'ab'[i % 2]}\n" for i in range(28)),
    "x,v\n" + "".join(f"{i + 2},{i / 7}\n" for i in range(28)),
    "day,v\n" + "".join(f"2020-01-{i + 1:02},{i / 7}\n" for i in range(8)),
], ids=["label", "not in order", "categories", "no moments", "short"])
def test_ordinary_tables_are_no_series(tmp_path: Path, text: str) -> None:
    assert sources.inspect(written(tmp_path, text)).source == "table"


def test_any_table_of_numbers_can_be_taken_as_series(tmp_path: Path) -> None:
    path = written(tmp_path, "x,v\n" + "".join(f"{i % 7},{i / 7}\n" for i in range(100)))
    data, found = seen(path, window=3)
    assert data.columns[0].settings["columns"] == "x, v"
    assert raw(found, "window")[0, :, 0].tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="do not fit in"):
        seen(path, window=100)
    with pytest.raises(DataError, match="no column of plain numbers"):
        seen(written(tmp_path, "a,b\n" + "x,u\ny,v\nz,u\n" * 9), window=3)


def test_new_rows_are_read_as_windows(tmp_path: Path) -> None:
    data, _ = seen(days(tmp_path), window=6)
    loaded = dataset.load(data, None)
    lines = "".join(f"2021-01-{i + 1:02},{1000 + i},{i}\n" for i in range(9))
    new = written(tmp_path, f"day,v1,v0\n{lines}", "new.csv")
    values, names = read_new(loaded.preparation, [new])
    assert values["window"].shape == (4, 6, 2)
    assert values["window"][0, :, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert len(names) == 4
