"""Tables: types, targets, empty cells, separators and everything that is wrong with files from spreadsheets."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from engine.data import dataset, sources
from engine.data.dataset import Dataset
from engine.data.samples import Preview
from engine.errors import DataError, OptionError
from tests.engine.data_files import IRIS_LIKE, write_csv


def loaded(path: Path, **options: object) -> Dataset:
    return dataset.load(sources.inspect(path, options=options), None)


def table(folder: Path, text: str) -> Path:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return folder / "table.csv"


def test_numbers_and_categories_become_features(tmp_path: Path) -> None:
    data = sources.inspect(write_csv(tmp_path / "any.txt", repeat=10))
    assert data.source == "csv"
    features, species = data.columns
    assert (features.name, features.kind, features.role, features.shape) == ("features", "vector", "input", (5,))
    assert (species.name, species.kind, species.role) == ("species", "category", "target")
    assert species.classes == ("setosa", "versicolor", "virginica")
    rows = dataset.load(data, None)
    named = [(feature.column, feature.value) for feature in rows.preparation.part("features").features]
    assert named == [("sepal length", None), ("petal length", None), ("colour", "blue"), ("colour", "green"),
                     ("colour", "red")]
    raw = rows.preparation.restored("features", rows.arrays["features"])
    assert np.allclose(raw[:2], [[5.1, 1.4, 0, 0, 1], [4.9, 1.4, 1, 0, 0]], atol=1e-6)
    assert rows.arrays["species"][:6].tolist() == [0, 0, 1, 1, 2, 2]
    assert rows.names[0] == "row 1"


def test_a_chosen_target_and_ignored_columns(tmp_path: Path) -> None:
    rows = loaded(write_csv(tmp_path / "a.csv", repeat=5), target="petal length", ignore="colour, species")
    assert rows.columns[1].name == "petal length"
    assert rows.columns[1].kind == "number"
    assert rows.columns[0].shape == (1,)
    train = rows.arrays["petal length"][rows.rows["train"]]
    assert abs(float(train.mean())) < 1e-6
    assert abs(float(train.std()) - 1) < 1e-5
    spread = rows.preparation.scale("petal length")
    mean = rows.preparation.part("petal length").mean[0]
    assert np.allclose(rows.arrays["petal length"][:6] * spread + mean, [1.4, 1.4, 4.5, 4.9, 6.0, 5.1])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    assert sources.inspect(table(tmp_path, IRIS_LIKE.replace(",", separator))).columns[0].shape == (5,)


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    rows = loaded(table(tmp_path, "1.5,2,a\n2.5,3,b\n" * 5))
    assert rows.columns[1].name == "column 3"
    assert len(rows.names) == 10
    assert len(loaded(tmp_path / "table.csv", header="yes").names) == 9


def test_a_target_is_found_by_its_name(tmp_path: Path) -> None:
    path = table(tmp_path, "Label,a,b\n" + "x,1,3\ny,2,3\n" * 5)
    assert sources.inspect(path).columns[1].name == "Label"


@pytest.mark.parametrize(("values", "kind"), [
    ("0 1 0 1 0 1 0 1", "category"),
    ("0.5 1.25 2 3 4 5 6 7", "number"),
    ("1 2 3 4 5 6 7 8", "number"),
    ("3 3 5 5 7 7 3 5", "category"),
    ("yes no yes no yes no yes no", "category"),
    ("1e3 2e3 3.5 1 2 3 4 5", "number"),
])
def test_the_kind_of_target_is_told(tmp_path: Path, values: str, kind: str) -> None:
    lines = "".join(f"{index / 7},{value}\n" for index, value in enumerate(values.split()))
    assert sources.inspect(table(tmp_path, "a,result\n" + lines)).columns[1].kind == kind


def test_the_kind_of_target_can_be_chosen(tmp_path: Path) -> None:
    path = table(tmp_path, "a,result\n" + "1,3\n2,5\n" * 10)
    assert sources.inspect(path).columns[1].classes == ("3", "5")
    assert sources.inspect(path, options={"target_kind": "number"}).columns[1].kind == "number"
    assert sources.inspect(path, options={"target": "a", "target_kind": "category"}).columns[1].classes == ("1", "2")


def test_empty_cells_are_filled_by_the_training_median_and_told(tmp_path: Path) -> None:
    text = "a,b,y\n" + "".join(f"{i},{'' if i in (3, 5) else 'NA' if i == 7 else i * 2},{'u' if i % 2 else 'v'}\n"
                              for i in range(40))
    rows = loaded(table(tmp_path, text))
    part = rows.preparation.part("features")
    train = [row for row in rows.rows["train"] if row not in (3, 5, 7)]
    assert part.fill[1] == float(np.median([2.0 * row for row in train]))
    restored = rows.preparation.restored("features", rows.arrays["features"])
    assert np.allclose(restored[[3, 5, 7], 1], part.fill[1])
    assert rows.findings == (f"'b': 3 cells without a usable number were filled with {part.fill[1]:g}, "
                             "the median of the training part.",)
    assert np.isfinite(rows.arrays["features"]).all()


def test_infinite_numbers_count_as_empty(tmp_path: Path) -> None:
    rows = loaded(table(tmp_path, "a,b,y\n" + "1,2,u\n2,3,v\ninf,4,u\n-1e300,5,v\n" * 5))
    assert np.isfinite(rows.arrays["features"]).all()
    assert "10 cells without a usable number" in rows.findings[0]


def test_rows_without_a_target_are_left_out_and_told(tmp_path: Path) -> None:
    rows = loaded(table(tmp_path, "a,y\n" + "1,u\n2,v\n3,\n" * 10))
    assert rows.findings == ("10 rows have no 'y' and were left out.",)
    used = np.concatenate(list(rows.rows.values()))
    assert len(used) == 20
    assert (rows.arrays["y"][used] >= 0).all()


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    path = table(tmp_path, "\n\na,b,y\n1,2,u\n\n2,3,v\r\n\r\n" + "1,2,u\n2,3,v\n" * 4 + "\n")
    rows = loaded(path)
    assert len(rows.names) == 10
    assert rows.findings == ()
    path.write_text(path.read_text() + "4,x,v\n")
    with pytest.raises(DataError, match="line 17 says 'x'"):
        loaded(path)


def test_text_among_numbers_names_column_line_and_text(tmp_path: Path) -> None:
    lines = [f"{i},{i / 3:.3f},{'u' if i % 2 else 'v'}" for i in range(30)]
    lines[10] = "10,twelve,u"
    path = table(tmp_path, "a,b,y\n" + "\n".join(lines) + "\n")
    with pytest.raises(DataError) as caught:
        sources.inspect(path)
    assert "'b'" in caught.value.message
    assert "line 12" in caught.value.message
    assert "'twelve'" in caught.value.message
    assert path.read_text().splitlines()[11] == "10,twelve,u"
    assert loaded(path, ignore="b").columns[0].shape == (1,)


def test_decimal_commas(tmp_path: Path) -> None:
    rows = loaded(table(tmp_path, "a;b;y\n" + "1,5;2;u\n-0,25;3;v\n7;4;u\n" * 5))
    raw = rows.preparation.restored("features", rows.arrays["features"])
    assert np.allclose(raw[:3], [[1.5, 2], [-0.25, 3], [7, 4]])


def test_constant_and_identity_columns_and_free_text(tmp_path: Path) -> None:
    text = "id,same,name,y\n" + "".join(f"{i},7,person {i},{'u' if i % 2 else 'v'}\n" for i in range(80))
    rows = loaded(table(tmp_path, text))
    assert rows.columns[0].shape == (2,)
    assert np.isfinite(rows.arrays["features"]).all()
    assert (rows.arrays["features"][:, 1] == 0).all()
    assert rows.preparation.part("features").scale[1] == 1
    assert rows.findings == ("Column 'name' holds 80 different texts in 80 rows: no category. It was left out.",)


def test_quotes_blanks_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa , b,y\r\n" + b' 1 ,"x, y",u\r\n2,"z",v\r\n' * 6)
    rows = loaded(path)
    assert [feature.column for feature in rows.preparation.part("features").features] == ["a", "b", "b"]
    assert [feature.value for feature in rows.preparation.part("features").features] == [None, "x, y", "z"]


def test_latin_1_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a,größe,y\n".encode("latin-1") + b"1,2,u\n2,3,v\n" * 6)
    rows = loaded(path)
    assert rows.preparation.part("features").features[1].column == "größe"
    assert "not UTF-8 (line 1)" in rows.findings[0]


@pytest.mark.parametrize("header", ["yes", "auto"])
def test_repeated_and_empty_column_names(tmp_path: Path, header: str) -> None:
    rows = loaded(table(tmp_path, "a,a,,y\n" + "1,2,3,u\n2,3,4,v\n" * 6), header=header)
    assert [feature.column for feature in rows.preparation.part("features").features] == ["a", "a 2", "column 3"]


@pytest.mark.parametrize(("content", "message"), [
    (b"", "not a data set|is empty"),
    (b"\n\n", "not a data set|is empty"),
    (b"a,b,y\n", "no rows"),
    (b"a\n1\n2\n3\n", "one column only"),
    (b"a,b,y\n1,2,u\n1,2,3,4,v\n2,3,u\n", "Line 3 .* has 5 cells, the first line 3"),
    (b"a,b,y\n1,2,u\n1,\x00,v\n2,3,u\n", "zero byte in line 3"),
    (b"a,b,y\n1,2,u\n2,3,u\n4,5,u\n", "Only the class 'u'"),
    (b"a,b,y\n1,2,u\n", "Only the class|too few"),
    ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    (gzip.compress(b"a,b\n1,2\n" * 50), "compressed file"),
    (b"name,y\n" + b"".join(b"text %d,%d.5\n" % (i, i) for i in range(100)), "no column to learn from"),
    (b"a,y\n" + b"".join(b"%d,text %d\n" % (i, i) for i in range(100)), "no set of classes"),
    (b"a,y\n" + b"1,\n" * 10, "No class|too few"),
], ids=["empty", "blank", "no rows", "one column", "ragged", "zero byte", "one class", "one row", "utf-16", "gzip",
        "text only", "text target", "no target"])
def test_bad_tables_are_explained(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        sources.inspect(path, "csv")
    assert caught.value.hint


def test_unclosed_quotes_and_huge_cells_end_in_a_clear_error_or_a_table(tmp_path: Path) -> None:
    for content in ('a,b\n1,"x\n2,y\n', "a,b\n1," + "x" * 300_000 + "\n2,3\n", 'a,b\n"1"x,2\n3,4\n'):
        path = table(tmp_path, content)
        with pytest.raises(DataError):
            dataset.load(sources.inspect(path, "csv"), None)


def test_unknown_columns_and_settings(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", repeat=5)
    with pytest.raises(DataError, match="no column named 'price'") as caught:
        sources.inspect(path, options={"target": "price"})
    assert "sepal length" in caught.value.hint
    with pytest.raises(DataError, match="'price' to leave out"):
        sources.inspect(path, options={"ignore": "price"})
    with pytest.raises(OptionError):
        sources.inspect(path, options={"colour": "red"})


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no data at"):
        sources.inspect(tmp_path / "nowhere")
    with pytest.raises(DataError, match="not a data set"):
        sources.inspect(tmp_path)
    (tmp_path / "program").write_bytes(b"\x7fELF" + bytes(range(256)))
    with pytest.raises(DataError, match="not a data set"):
        sources.inspect(tmp_path / "program")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="neither an ordinary file nor a folder"):
        sources.inspect(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="no kind of data set named 'parquet'"):
        sources.inspect(write_csv(tmp_path / "a.csv"), "parquet")


def test_real_tables(shared_data: Path) -> None:
    co2 = loaded(shared_data / "timeseries" / "co2.csv")
    assert co2.findings == ("59 rows have no 'co2' and were left out.",)
    nino = loaded(shared_data / "timeseries" / "elnino.csv", target="JUN")
    assert nino.columns[0].shape == (12,)
    page = Preview(sources.inspect(shared_data / "timeseries" / "sunspots.csv"), None).page(2, split="")
    assert [(float(sample.values["features"][0]), sample.label) for sample in page] == [(1700, "5"), (1701, "11")]
