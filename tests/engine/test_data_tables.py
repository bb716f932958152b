"""Tables of all formats, put together of several files, in archives, and with cells that name files."""

import csv
import io
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
import xlsxwriter
from PIL import Image

from engine.data import dataset, sources
from engine.data.files import ignore_progress
from engine.errors import DataError
from engine.project import ColumnChoice
from tests.engine.data_files import IRIS_LIKE, fashion
from tests.engine.tables import inspected, kinds, leaves, opened, raw, written


def rows_of_flowers(count: int = 60) -> list[dict[str, Any]]:
    return [{"length": round(i * 37 % 101 / 7, 3), "petals": i % 9 + 3, "garden": i % 3 == 0,
             "picked": polars.date_range(polars.date(2020, 1, 1), polars.date(2024, 1, 1), eager=True)[i * 11],
             "species": ["setosa", "virginica"][i % 2]} for i in range(count)]


def test_parquet_and_excel_say_the_same_as_csv(tmp_path: Path) -> None:
    frame = polars.DataFrame(rows_of_flowers())
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "b.parquet")
    frame.write_excel(tmp_path / "c.xlsx")
    known = opened(tmp_path / "a.csv")
    for file in ("b.parquet", "c.xlsx"):
        shutil.copy(tmp_path / file, tmp_path / "no suffix")
        assert sources.inspect(tmp_path / "no suffix").source == "table"
        found = opened(tmp_path / "no suffix")
        assert kinds(found) == kinds(known)
        assert found.findings == ()
        for name in leaves(known):
            assert np.array_equal(raw(found, name), raw(known, name)), (file, name)


def test_parquet_columns_of_every_type(tmp_path: Path) -> None:
    count = 40
    polars.DataFrame({
        "tokens": [[i % 7] * (i % 4 + 1) for i in range(count)],
        "vector": polars.Series([[i / 3, i / 7] for i in range(count)], dtype=polars.Array(polars.Float64, 2)),
        "kind": polars.Series([["a", "b"][i % 2] for i in range(count)], dtype=polars.Categorical),
        "big": [2**60 + i for i in range(count)],
        "small": polars.Series([i % 11 for i in range(count)], dtype=polars.UInt8),
        "price": polars.Series([f"{i * i}.25" for i in range(count)]).cast(polars.Decimal(10, 2)),
        "when": polars.Series([i * 10**12 for i in range(count)]).cast(polars.Datetime("us", "Europe/Berlin")),
        "took": polars.Series([i * i * 1000 for i in range(count)]).cast(polars.Duration("ms")),
        "nested": [{"a": i} for i in range(count)],
        "label": [i % 3 == 0 for i in range(count)],
    }).write_parquet(tmp_path / "a.parquet")
    found = opened(tmp_path / "a.parquet")
    assert kinds(found) == {
        "tokens": ("tokens", "input"), "vector": ("vector", "input"), "kind": ("category", "input"),
        "big": ("text", "ignore"), "small": ("number", "input"), "price": ("number", "input"),
        "when": ("date", "input"), "took": ("number", "input"), "nested": ("text", "ignore"),
        "label": ("category", "target")}
    assert raw(found, "tokens")[3].tolist() == [3, 3, 3, 3]
    assert raw(found, "vector").shape == (count, 2)
    assert raw(found, "when")[:2].tolist() == [0, 1e6]
    assert raw(found, "took")[2] == 4
    assert leaves(found)["label"].classes == ("false", "true")
    assert raw(found, "label")[:3].tolist() == [1, 0, 0]


def test_sheets_of_excel(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    book.add_worksheet("Notes")
    for name, factor in (("First", 1), ("Second", 10)):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["a", "a", None, "y"])
        for row in range(1, 30):
            sheet.write_row(row, 0, [row * factor / 7, f"{row},5", row * row, "uv"[row % 2]])
        sheet.write_formula(5, 0, "=1/0", value="#DIV/0!")
    book.close()
    found = opened(tmp_path / "a.xlsx")
    assert found.findings[0] == "The sheet 'First' was read; there are also 'Notes', 'Second'."
    assert kinds(found) == {"a": ("number", "input"), "a 2": ("number", "input"), "column 3": ("number", "input"),
                            "y": ("category", "target")}
    assert np.isnan(raw(found, "a")[4])
    assert raw(found, "a 2")[0] == 1.5
    assert raw(opened(tmp_path / "a.xlsx", sheet="Second"), "a")[0] == pytest.approx(10 / 7)
    with pytest.raises(DataError, match="no sheet named 'Third'"):
        opened(tmp_path / "a.xlsx", sheet="Third")


def test_odd_cells_of_excel_name_their_row(tmp_path: Path) -> None:
    frame = polars.DataFrame({"a": [*(str(i / 7) for i in range(20)), "=SUM(A1:A3)"], "y": [*("uv" * 10), "u"]})
    frame.write_excel(tmp_path / "a.xlsx")
    assert opened(tmp_path / "a.xlsx").findings == (
        "Column 'a': row 22 says '=SUM(A1:A3)', which is no number. It counts as empty.",)


def refusal(path: Path) -> DataError | None:
    """Why a table cannot be opened, None if it can."""
    try:
        opened(path)
    except DataError as error:
        return error
    return None


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx"])
def test_damaged_files_are_explained(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    frame = polars.DataFrame(rows_of_flowers())
    frame.write_parquet(tmp_path / name) if name.endswith("parquet") else frame.write_excel(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    refused = 0
    for seed in range(20):
        generator = random.Random(seed)
        content = bytearray(whole)
        for _ in range(generator.randint(1, 8)):
            content[generator.randrange(4, len(content))] = generator.randrange(256)
        cut = content if seed % 3 else content[: generator.randrange(4, len(content))]
        error = refusal(written(tmp_path, bytes(cut), name))
        refused += error is not None
        assert error is None or (name in error.message and error.hint)
    assert refused > 5
    capfd.readouterr()


def test_an_excel_bomb_is_refused(tmp_path: Path) -> None:
    polars.DataFrame(rows_of_flowers()).write_excel(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as archive, \
            archive.open("xl/worksheets/bomb.xml", "w", force_zip64=True) as bomb:
        for _ in range(100):
            bomb.write(bytes(1 << 20))
    with pytest.raises(DataError, match="no honest Excel file"):
        opened(tmp_path / "a.xlsx")


def test_tables_inside_archives(tmp_path: Path) -> None:
    frame = polars.DataFrame(rows_of_flowers())
    parts = {"data/flowers.csv": frame.write_csv().encode(), "README.md": b"# Flowers\nPicked in spring.\n"}
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    frame.write_csv(tmp_path / "a.csv")
    found = sources.inspect(tmp_path / "a.zip")
    assert found.source == "table"
    assert kinds(found) == kinds(inspected(tmp_path / "a.csv"))
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flowers", buffer.getvalue())
    assert kinds(inspected(tmp_path / "b.zip", None)) == kinds(found)


def test_files_named_after_splits_are_one_data_set(tmp_path: Path) -> None:
    lines = IRIS_LIKE.splitlines()
    written(tmp_path, "\n".join([lines[0], *lines[1:] * 5]), "train.csv")
    written(tmp_path, "\n".join([lines[0], *lines[1:]]), "test.csv")
    written(tmp_path, "id,species\n1,setosa\n2,setosa\n", "sample_submission.csv")
    data = sources.inspect(tmp_path)
    found = dataset.load(data, None)
    assert len(found.names) == 36
    assert found.rows["test"].tolist() == list(range(30, 36))
    assert found.names[30] == "test.csv row 1"
    assert "Other tables were left out: sample_submission.csv." in found.findings
    written(tmp_path, "\n".join([lines[0], *lines[1:], "x,1,red,setosa"]), "test.csv")
    assert "line 8 of test.csv says 'x'" in sources.open_data(data, None).findings[2]


def test_tables_with_different_columns_are_no_data_set(tmp_path: Path) -> None:
    written(tmp_path, IRIS_LIKE, "a.csv")
    written(tmp_path, "x,y\n1.5,a\n2,b\n3,a\n", "b.csv")
    with pytest.raises(DataError, match=r"different columns: a\.csv, b\.csv"):
        sources.inspect(tmp_path)


def test_texts_with_commas_are_no_tables(tmp_path: Path) -> None:
    for index in range(6):
        place = tmp_path / "ab"[index % 2]
        place.mkdir(exist_ok=True)
        text = "One, two.\nThree, four.\nFive, six.\n" if index == 0 else "It rains.\nIt pours, as ever, here.\nYes.\n"
        written(place, text, f"{index}.txt")
    assert sources.inspect(tmp_path).source == "text_folder"


def pictures(folder: Path, count: int = 30) -> list[tuple[str, int]]:
    """Picture files with their classes."""
    folder.mkdir(parents=True)
    images, labels = fashion(count)
    for index in range(count):
        Image.fromarray(images[index]).save(folder / f"item{index:03}.png")
    return [(f"item{index:03}", int(labels[index])) for index in range(count)]


def labels_file(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.mark.parametrize("form", ["{0}.png", "{0}", "pictures/{0}.png", "./pictures/{0}.png", "pictures\\{0}.png"])
def test_cells_that_name_pictures(tmp_path: Path, form: str) -> None:
    found = pictures(tmp_path / "set" / "pictures")
    labels_file(tmp_path / "set" / "labels.csv", [(form.format(name), f"c{label}") for name, label in found],
                ("file", "label"))
    data = sources.inspect(tmp_path / "set")
    assert data.source == "table"
    assert kinds(data) == {"file": ("image", "input"), "label": ("category", "target")}
    assert data.columns[0].shape == (1, 28, 28)
    assert np.array_equal(raw(sources.open_data(data, None), "file")[:, 0], fashion(30)[0])


def test_a_table_beside_its_pictures(tmp_path: Path) -> None:
    found = pictures(tmp_path / "pictures")
    rows = [(f"pictures/{name}.png", f"{label}", f"{label * 7 % 5 / 3:.3f}") for name, label in found]
    data = sources.inspect(labels_file(tmp_path / "any.csv", rows, ("picture", "label", "weight")))
    assert kinds(data) == {"picture": ("image", "input"), "label": ("category", "target"),
                           "weight": ("number", "input")}
    opened_data = sources.open_data(data, None)
    before = data.fingerprint
    (tmp_path / "pictures" / "item003.png").write_bytes(b"damaged")
    again = sources.inspect(tmp_path / "any.csv")
    assert again.fingerprint != before
    values = opened_data.values["picture"].read(np.arange(2, 5), ignore_progress)
    assert list(values.damaged) == [3]


def test_names_of_files_that_are_not_there(tmp_path: Path) -> None:
    found = pictures(tmp_path / "set")
    rows = [(f"{name}.png", f"c{label}") for name, label in found[:-2]] + [("lost.png", "c1"), ("../item000.png", "c1")]
    labels_file(tmp_path / "set" / "labels.csv", rows, ("file", "label"))
    opened_data = sources.open_data(sources.inspect(tmp_path / "set"), None)
    assert opened_data.findings[:2] == (
        "Column 'file': line 30 names the file 'lost.png', which is not there (2 rows name files that are not there).",
        "item028.png and 1 more files are named by no row of the table.")
    assert sorted(opened_data.values["file"].read(None, ignore_progress).damaged) == [28, 29]
    loaded = dataset.load(sources.inspect(tmp_path / "set"), None)
    assert len(np.concatenate(list(loaded.rows.values()))) == 28


def test_pictures_named_by_numbers_in_an_archive(tmp_path: Path) -> None:
    images, labels = fashion(30)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("trainLabels.csv", "id,label\n" + "".join(f"{i + 1},c{labels[i]}\n" for i in range(30)))
        for index in range(30):
            buffer = io.BytesIO()
            Image.fromarray(images[index]).save(buffer, "PNG")
            archive.writestr(f"train/{index + 1}.png", buffer.getvalue())
    data = sources.inspect(tmp_path / "a.zip")
    assert data.source == "table"
    assert kinds(data) == {"id": ("image", "input"), "label": ("category", "target")}
    assert np.array_equal(raw(sources.open_data(data, None), "id")[:, 0], images)


def test_pictures_without_a_table_that_names_them_are_no_table(tmp_path: Path) -> None:
    pictures(tmp_path / "set" / "a")
    pictures(tmp_path / "set" / "b")
    written(tmp_path / "set", IRIS_LIKE, "notes.csv")
    assert sources.inspect(tmp_path / "set").source == "image_folder"


@pytest.mark.parametrize("form", ["bytes", "structure"])
def test_pictures_in_the_cells_of_a_parquet_file(tmp_path: Path, form: str) -> None:
    images, labels = fashion(30)
    cells: list[Any] = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "PNG")
        cells.append(buffer.getvalue() if form == "bytes" else {"bytes": buffer.getvalue(), "path": "a.png"})
    cells[4] = cells[4][:60] if form == "bytes" else {"bytes": cells[4]["bytes"][:60], "path": ""}
    polars.DataFrame({"image": cells, "label": labels}).write_parquet(tmp_path / "a.parquet")
    data = sources.inspect(tmp_path / "a.parquet")
    assert kinds(data) == {"image": ("image", "input"), "label": ("category", "target")}
    loaded = sources.open_data(data, None).values["image"].read(None, ignore_progress)
    assert list(loaded.damaged) == [4]
    assert np.array_equal(loaded.values[5:, 0], images[5:])
    assert dataset.load(data, None).prepared("image").shape == (30, 1, 28, 28)


def test_texts_in_files(tmp_path: Path) -> None:
    rows = []
    for index in range(20):
        written(tmp_path, f"text number {index} is here", f"{index}.txt")
        rows.append((f"{index}.txt", "ab"[index % 2]))
    data = sources.inspect(labels_file(tmp_path / "all.csv", rows, ("file", "label")))
    assert kinds(data) == {"file": ("text", "input"), "label": ("category", "target")}
    assert raw(sources.open_data(data, None), "file")[7] == "text number 7 is here"


@pytest.mark.parametrize(("header", "separator"), [
    ("userId,movieId,rating,timestamp", ","), ("user_id;item_id;score", ";"), ("", "\t")])
def test_ratings(tmp_path: Path, header: str, separator: str) -> None:
    generator = np.random.default_rng(0)
    width = len(header.split(separator)) if header else 4
    pairs = generator.choice(60 * 80, 1500, replace=False)
    cells = [[pair // 80 + 1, pair % 80 * 3 + 1, generator.integers(1, 6), 880_000_000 + row][:width]
             for row, pair in enumerate(pairs)]
    lines = [separator.join(map(str, row)) for row in cells]
    data = inspected(written(tmp_path, "\n".join(([header] if header else []) + lines) + "\n"))
    user, item, rating = data.columns[:3]
    assert [(column.kind, column.role) for column in (user, item, rating)] == [
        ("category", "input"), ("category", "input"), ("number", "target")]
    assert (len(user.classes), len(item.classes)) == (60, 80)
    assert user.settings["encoding"] == item.settings["encoding"] == "index"
    assert all(column.role == "ignore" for column in data.columns[3:])
    found = sources.inspect(data.path, chosen={rating.name: ColumnChoice(role="target")}, previous=data)
    assert found.columns == data.columns, "what was found can be chosen"


@pytest.mark.parametrize("header", ["en\tde", "source\ttarget", "English\tGerman", "question\tanswer", ""])
def test_two_columns_of_texts_that_say_the_same(tmp_path: Path, header: str) -> None:
    pairs = [" ".join(f"w{i * j % 31}" for j in range(i % 7 + 1)) + str(i) for i in range(200)]
    lines = [f"{text}\t{text[::-1]}" for text in pairs]
    data = inspected(written(tmp_path, "\n".join(([header] if header else []) + lines) + "\n"))
    texts = [column for column in data.columns if column.kind == "text"]
    assert [(column.kind, column.role) for column in texts] == [("text", "input"), ("text", "target")]


def test_texts_that_say_the_same_with_one_more_target(tmp_path: Path) -> None:
    texts = [" ".join(f"w{i * j % 31}" for j in range(3)) + f" {i}" for i in range(200)]
    lines = [f"{text},{text[::-1]},{'ab'[row % 2]},{row}.5" for row, text in enumerate(texts)]
    path = written(tmp_path, "\n".join(["english,german,topic,length", *lines]) + "\n")
    roles = {name: role for name, (_, role) in kinds(inspected(path)).items()}
    assert roles == {"english": "input", "german": "target", "topic": "ignore", "length": "ignore"}
    target = ColumnChoice(role="target")
    both = kinds(inspected(path, {"german": target, "topic": target}))
    assert {name: role for name, (_, role) in both.items()} == {**roles, "topic": "target"}
    assert kinds(inspected(path, {"topic": target}))["length"] == ("number", "input"), "it is no translation"


def test_texts_with_a_label_and_a_value(shared_data: Path) -> None:
    for name in ("tweets", "movieReviewSnippets", "amazonReviewSnippets", "nytEditorialSnippets"):
        data = sources.inspect(shared_data / "vader-sentiment" / f"{name}.csv.gz")
        assert data.source == "table"
        assert {name: found[1] for name, found in kinds(data).items()} == {
            "text": "input", "valence": "target", "id": "ignore"}
        assert kinds(data)["text"] == ("text", "input")
        assert kinds(data)["valence"] == ("number", "target")
    whole = sources.inspect(shared_data / "vader-sentiment")
    found = sources.open_data(whole, None)
    assert len(found.names) == 23_703
    assert found.names[-1] == "tweets.csv.gz row 4200"


def test_a_million_rows_are_read_as_numbers_at_once(tmp_path: Path) -> None:
    """Columns of numbers never become texts: the slow way would show in the type of the frame."""
    from engine.data.disk.trees import disk_file
    from engine.data.tables.reading import read_frame

    values = np.random.default_rng(0).normal(size=(5000, 21)).astype(np.float32)
    polars.DataFrame(values).write_csv(tmp_path / "a.csv")
    frame = read_frame(disk_file(tmp_path / "a.csv"))
    assert set(frame.data.dtypes) == {polars.Float64}
    assert np.allclose(frame.data.to_numpy(), values)


def test_a_column_can_be_a_target_of_its_own_choice(tmp_path: Path) -> None:
    polars.DataFrame(rows_of_flowers()).write_csv(tmp_path / "a.csv")
    two = {"species": ColumnChoice(role="target"), "length": ColumnChoice(role="target")}
    assert [column.name for column in inspected(tmp_path / "a.csv", two).columns if column.role == "target"] == [
        "length", "species"]
    none = {"species": ColumnChoice(role="ignore"), "length": ColumnChoice(role="target")}
    assert kinds(inspected(tmp_path / "a.csv", none))["length"] == ("number", "target")
    picked = inspected(tmp_path / "a.csv", {"picked": ColumnChoice(role="target")})
    assert kinds(picked)["picked"] == ("number", "target")
