"""What the data browser shows: rows found, sorted and shown as cells, raw samples, the same splits as training has."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.data import dataset, sources
from engine.data.browse import Browser
from engine.errors import DataError
from engine.project import ColumnChoice
from tests.engine.data_files import fashion, write_idx, write_pictures

PEOPLE = """name,age,born,city,member,note,joined
Ann,31,1990-05-04,Rome,yes,likes long walks by the sea,10.5
Bob,,1985-01-01,Oslo,no,reads Books on old ships,11
cleo,45,1979-12-31,Rome,yes,sings in a choir on Sunday,12.25
Dan,28,1996-02-29,oslo,no,plays chess with old friends,13
Eve,31,1990-05-05,Kyiv,yes,paints the sea and the sky,14
Finn,60,1964-07-07,Rome,no,writes long letters to nobody,1e9
"""


@pytest.fixture
def people(tmp_path: Path) -> Browser:
    path = tmp_path / "people.csv"
    header, *rows = PEOPLE.splitlines(keepends=True)
    path.write_text(header + "".join(rows) * 10, encoding="utf-8")
    chosen = {"name": ColumnChoice(kind="text", role="ignore"), "age": ColumnChoice(kind="number", role="input"),
              "born": ColumnChoice(kind="date", role="input"), "city": ColumnChoice(kind="category", role="target"),
              "member": ColumnChoice(kind="boolean", role="input"), "note": ColumnChoice(kind="text", role="input"),
              "joined": ColumnChoice(kind="number", role="input")}
    return Browser(sources.inspect(path, chosen=chosen), None)


def ages(browser: Browser, rows: np.ndarray) -> list[str]:
    return [cells["age"] for cells in browser.cells(rows)]


def test_raw_samples_of_pictures(tmp_path: Path) -> None:
    browser = Browser(sources.inspect(write_idx(tmp_path)), None)
    images, labels = fashion(240)
    samples = browser.raw(browser.rows["test"][:20])
    assert [sample.row for sample in samples] == list(range(200, 220))
    assert (np.stack([sample.values["image"][0] for sample in samples]) == images[200:220]).all()
    assert [sample.label for sample in samples] == [str(label) for label in labels[200:220]]
    assert [(sample.name, sample.split, sample.place) for sample in samples[:1]] == [("t10k 1", "test", None)]


def test_splits_and_counts_are_those_of_training(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path, 100))
    browser, loaded = Browser(data, None), dataset.load(data, None)
    counts = browser.class_counts()
    for split, rows in loaded.rows.items():
        assert (browser.rows[split] == rows).all()
        assert list(counts[split].values()) == np.bincount(loaded.prepared("label", rows), minlength=10).tolist()
        assert set(browser.split_of(rows)) == {split}
    assert browser.count == 100


def test_damaged_pictures_are_marked_and_files_have_places(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    (tmp_path / "c0" / "zz.png").write_bytes(b"broken")
    browser = Browser(sources.inspect(tmp_path), None)
    samples = browser.raw(np.arange(browser.count))
    assert [sample.name for sample in samples if sample.damage] == ["c0/zz.png"]
    assert all(sample.place == tmp_path / sample.name for sample in samples)
    assert browser.cells(np.array([0]))[0]["image"] == samples[0].name


def test_data_that_lies_class_by_class_is_shown_mixed(tmp_path: Path) -> None:
    browser = Browser(sources.inspect(write_pictures(tmp_path, 100)), None)
    mixed = browser.mixed("train")
    assert sorted(mixed.tolist()) == browser.rows["train"].tolist()
    assert len({sample.label for sample in browser.raw(mixed[:12])}) > 3
    assert (browser.mixed("train") == mixed).all()


def test_cells_show_what_the_files_say(people: Browser) -> None:
    first, second, *_ = people.cells(np.arange(6))
    assert first["name"] == "Ann"
    assert first["age"] == "31"
    assert first["born"] == "1990-05-04"
    assert first["city"] == "Rome"
    assert first["member"] == "yes"
    assert first["note"] == "likes long walks by the sea"
    assert first["joined"] == "10.5"
    assert second["age"] == ""


@pytest.mark.parametrize(("where", "first"), [
    ("age > 30", [0, 2, 4, 5]), ("age > 30 and city = Rome", [0, 2, 5]), ("age = missing", [1]),
    ("born < 1980", [2, 5]), ("born = 1990-05", [0, 4]), ("member = yes and age < 40", [0, 4]),
    ("note: SEA", [0, 4]), ("old", [1, 3]), ("sea and Kyiv", [4]), ("rome", [0, 2, 5]), ("45", [2]),
    ("name = Dan", [3]), ("nothing like this", []),
])
def test_rows_are_found(people: Browser, where: str, first: list[int]) -> None:
    rows = people.order(where=where)
    assert rows.tolist() == [row + 6 * repeat for repeat in range(10) for row in first]


def test_rows_of_a_split_and_a_class(people: Browser) -> None:
    rows = people.order("test", label="Kyiv")
    assert set(rows.tolist()) <= set(people.rows["test"].tolist())
    assert {cells["city"] for cells in people.cells(rows)} <= {"Kyiv"}
    assert len(people.order(label="Kyiv")) == 10
    assert not len(people.order(label="KYIV")), "a label is meant as it is written"
    assert len(people.order("train")) == len(people.rows["train"])


def test_rows_are_sorted_with_empty_cells_last(people: Browser) -> None:
    assert ages(people, people.order(sort="age"))[::10] == ["28", "31", "31", "45", "60", ""]
    assert ages(people, people.order(sort="age", descending=True))[::10] == ["60", "45", "31", "31", "28", ""]
    names = [cells["name"] for cells in people.cells(people.order(sort="name"))]
    assert names[::10] == ["Ann", "Bob", "cleo", "Dan", "Eve", "Finn"]
    assert people.cells(people.order(sort="born")[:1])[0]["born"] == "1964-07-07"
    cities = [cells["city"].lower() for cells in people.cells(people.order(sort="city"))]
    assert cities == sorted(cities)
    assert people.order(sort="#", descending=True)[0] == 59
    assert (people.order() == np.arange(60)).all()


def test_rows_of_numbers_are_shown_and_sorted_by_the_first(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    np.save(tmp_path / "points.npy", points)
    browser = Browser(sources.inspect(tmp_path / "points.npy"), None)
    [column] = browser.table_columns
    assert browser.cells(np.array([3])) == [{column.name: f"{points[3, 0]:.6g}, {points[3, 1]:.6g}"}]
    rows = browser.order(sort=column.name)
    assert points[rows, 0].tolist() == sorted(points[:, 0].tolist())
    with pytest.raises(DataError, match="to filter by"):
        browser.order(where=f"{column.name} > 3")


def test_long_rows_of_numbers_are_cut_visibly(tmp_path: Path) -> None:
    np.savez(tmp_path / "long.npz", x=np.ones((50, 300), np.float32), y=np.arange(50) % 2)
    browser = Browser(sources.inspect(tmp_path / "long.npz"), None)
    [cells] = browser.cells(np.array([0]))
    assert [text for text in cells.values() if text.startswith("1, 1, 1") and text.endswith(", …")]


def test_what_makes_no_sense_is_refused(people: Browser) -> None:
    with pytest.raises(DataError, match="no column named 'size'"):
        people.order(where="size > 3")
    with pytest.raises(DataError, match="no column named 'size'"):
        people.order(sort="size")


def test_excluded_rows_are_shown_but_in_no_split(people: Browser) -> None:
    without = Browser(msgspec.structs.replace(people.data, excluded=(0, 7)), None)
    assert without.split_of(np.array([0, 7])) == ["", ""]
    assert without.count == 60
    assert sum(map(len, without.rows.values())) == 58


def test_many_rows(tmp_path: Path) -> None:
    count = 200_000
    numbers = np.random.default_rng(0).integers(0, 1000, count)
    path = tmp_path / "large.csv"
    path.write_text("a,b,kind\n" + "\n".join(f"{n},{n / 8},{'xyz'[n % 3]}" for n in numbers.tolist()), encoding="utf-8")
    browser = Browser(sources.inspect(path), None)
    rows = browser.order(where="a > 990 and kind = y", sort="b", descending=True)
    expected = numbers[(numbers > 990) & (numbers % 3 == 1)]
    assert numbers[rows].tolist() == sorted(expected.tolist(), reverse=True)
    assert browser.cells(rows[:1])[0]["kind"] == "y"
