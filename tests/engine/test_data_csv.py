"""Separated values: separators, headers, encodings, and everything that is wrong with files from spreadsheets."""

import bz2
import gzip
import lzma
import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from engine.data import dataset, sources
from engine.data.tables.separated import MAX_LINE_BYTES
from engine.errors import DataError, OptionError
from engine.preparation import restored, tables
from engine.project import ColumnChoice
from tests.engine.data_files import IRIS_LIKE, write_csv
from tests.engine.tables import inspected, kinds, leaves, opened, raw, written

TARGET, INPUT, IGNORE = (ColumnChoice(role=role) for role in ("target", "input", "ignore"))


def test_numbers_and_categories_become_features(tmp_path: Path) -> None:
    data = sources.inspect(write_csv(tmp_path / "any.txt", repeat=10))
    assert data.source == "table"
    features, species = data.columns
    assert (features.name, features.kind, features.role, features.shape) == ("features", "vector", "input", (5,))
    assert [(part.name, part.kind, part.classes) for part in features.parts] == [
        ("sepal length", "number", ()), ("petal length", "number", ()),
        ("colour", "category", ("blue", "green", "red"))]
    assert (species.name, species.kind, species.role) == ("species", "category", "target")
    assert species.classes == ("setosa", "versicolor", "virginica")
    rows = dataset.load(data, None)
    assert rows.prepared("species")[:6].tolist() == [0, 0, 1, 1, 2, 2]
    assert rows.prepared("features")[:2, 2:].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert rows.names[0] == "row 1"


def test_a_chosen_target_and_ignored_columns(tmp_path: Path) -> None:
    chosen = {"petal length": TARGET, "colour": IGNORE, "species": IGNORE}
    data = inspected(write_csv(tmp_path / "a.csv", repeat=5), chosen)
    assert [(column.name, column.kind, column.role) for column in data.columns] == [
        ("features", "vector", "input"), ("petal length", "number", "target"), ("colour", "category", "ignore"),
        ("species", "category", "ignore")]
    rows = dataset.load(data, None)
    prepared = rows.prepared("petal length")
    assert abs(float(prepared[rows.rows["train"]].mean())) < 1e-6
    part = rows.preparation.part("petal length")
    assert np.allclose(np.ravel(restored(part, prepared))[:6], [1.4, 1.4, 4.5, 4.9, 6.0, 5.1])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    assert inspected(written(tmp_path, IRIS_LIKE.replace(",", separator))).columns[0].shape == (5,)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_separator_is_named_as_excel_does(tmp_path: Path, separator: str, ends: str) -> None:
    lines = [f"sep={separator}", separator.join(["a", "b", "y"]),
             *(separator.join([str(i / 7), "dear" if i == 5 else str(i * i), "uv"[i % 2]]) for i in range(30))]
    path = written(tmp_path, ends.join(lines))
    assert kinds(opened(path)) == {"a": ("number", "input"), "b": ("number", "input"), "y": ("category", "target")}
    assert any("line 8 says 'dear'" in finding for finding in opened(path).findings)
    assert sources.inspect(path).source == "table"
    new = tables.read(path, ["a", "b"])
    assert (new.names, len(new.rows), new.lines[5]) == (("a", "b", "y"), 30, 8)


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    path = written(tmp_path, "1.5,2,a\n2.5,3,b\n" * 5)
    found = opened(path)
    assert found.columns[1].name == "column 3"
    assert len(found.names) == 10
    assert len(opened(path, header="yes").names) == 9
    assert len(opened(written(tmp_path, "a,b\n" + "x,u\ny,v\n" * 3), header="no").names) == 7


def test_row_names_without_a_name_of_their_own(tmp_path: Path) -> None:
    text = '"mpg","cyl","am"\n' + "".join(f'"Car {i}",{20 + i / 7:.3f},{4 + i % 3},{i % 2}\n' for i in range(40))
    found = opened(written(tmp_path, text))
    assert set(leaves(found)) == {"row", "mpg", "cyl", "am"}
    assert leaves(found)["row"].role == "ignore"


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "\n\na,b,y\n1.5,2,u\n\n2,3,v\r\n\r\n" + "1,2,u\n2,3,v\n" * 4 + "\n")
    found = opened(path)
    assert len(found.names) == 10
    assert found.findings == ()
    path.write_text(path.read_text() + "4,x,v\n")
    assert any("line 17 says 'x'" in finding for finding in opened(path).findings)


def test_text_among_numbers_names_column_line_and_text(tmp_path: Path) -> None:
    lines = [f"{i / 7:.2f},{i / 3:.3f},{'u' if i % 2 else 'v'}" for i in range(30)]
    lines[10] = "10,twelve,u"
    lines[11] = "10,=SUM(B1:B3),u"
    path = written(tmp_path, "a,b,y\n" + "\n".join(lines) + "\n")
    found = opened(path)
    assert found.findings == ("Column 'b': line 12 says 'twelve', which is no number. 2 cells are like this, and count "
                              "as empty.",)
    assert path.read_text().splitlines()[11] == "10,twelve,u"
    assert np.flatnonzero(np.isnan(raw(found, "b"))).tolist() == [10, 11]
    assert raw(found, "b")[12] == 4
    assert opened(path, {"b": IGNORE}).findings == ()


def test_decimal_commas(tmp_path: Path) -> None:
    found = opened(written(tmp_path, "a;b;y\n" + "1,5;2;u\n-0,25;3;v\n7;4;u\n" * 5))
    assert raw(found, "a")[:3].tolist() == [1.5, -0.25, 7]
    assert found.findings == ()


def test_quotes_blanks_and_a_byte_order_mark(tmp_path: Path) -> None:
    found = opened(written(tmp_path, b"\xef\xbb\xbfa , b,y\r\n" + b' 1 ,"x, y",u\r\n2,"z",v\r\n' * 6))
    assert leaves(found)["a"].kind == "number"
    assert leaves(found)["b"].classes == ("x, y", "z")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    found = opened(written(tmp_path, ("a,größe,y\n" + "1.5,2,ä\n2,3,ö\n" * 6).encode(encoding)))
    assert set(leaves(found)) == {"a", "größe", "y"}
    assert leaves(found)["y"].classes == ("ä", "ö")
    assert found.findings == (("The file is not UTF-8 (line 1): it was read as Latin-1.",)
                              if encoding == "latin-1" else ())


def test_mixed_encodings_name_the_line(tmp_path: Path) -> None:
    text = ("a,b,y\n" + "1,2,ä\n2,3,ö\n" * 6).encode() + "1,2,ä\n".encode("latin-1")
    found = opened(written(tmp_path, text))
    assert leaves(found)["y"].classes == ("ä", "ö")
    assert found.findings[0].startswith("Line 14 of the file")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_tables(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    found = opened(written(tmp_path, pack((IRIS_LIKE * 1).encode()), "any"))
    assert found.columns[0].shape == (5,)


def test_a_cut_packed_table_is_explained(tmp_path: Path) -> None:
    text = "a,b,y\n" + "".join(f"{i * 7919 % 1000},{i},{i % 2}\n" for i in range(5000))
    with pytest.raises(DataError, match="damaged"):
        inspected(written(tmp_path, gzip.compress(text.encode())[:-2000], "cut.gz"))


def test_old_line_ends(tmp_path: Path) -> None:
    assert len(opened(written(tmp_path, IRIS_LIKE.replace("\n", "\r"))).names) == 6


@pytest.mark.parametrize("header", ["yes", "auto"])
def test_repeated_and_empty_column_names(tmp_path: Path, header: str) -> None:
    found = opened(written(tmp_path, "a,a,,y\n" + "1.5,2,3,u\n2,3,4,v\n" * 6), header=header)
    assert list(leaves(found)) == ["a", "a 2", "column 3", "y"]
    assert found.findings == ("Several columns are named 'a': the later ones got a number.",)


def test_short_lines_are_told(tmp_path: Path) -> None:
    found = opened(written(tmp_path, "a,b,y\n" + "1.5,2,u\n2,3,v\n" * 6 + "7\n4,5\n"))
    assert found.findings[0] == ("2 lines have too few cells (1 of 3, the first of them line 14): those that are "
                                 "missing count as empty.")
    assert found.findings[1] == "2 rows have no 'y' and were left out."


@pytest.mark.parametrize(("content", "message"), [
    (b"", "is empty"),
    (b"\n\n", "is empty"),
    (b"a,b,y\n", "no rows"),
    (b"a\n1\n2\n3\n", "one column only"),
    (b"a,b,y\n1,2,u\n1,2,3,4,v\n2,3,u\n", "Line 3 .* has 5 cells, the first line 3"),
    (b"a,b,y\n1,2,u\n1,\x00,v\n2,3,u\n", "zero byte in line 3"),
    (b"a,b,y\n1.5,2,u\n2,3,u\n4,5,u\n", "Only the class 'u'"),
    (b"a,b,y\n1.5,2,u\n", "Only the class|too few"),
    (b"a,y\n" + b"1,\n" * 10, "No class|too few|no column"),
    (b"\x28\xb5\x2f\xfd" + b"a,b\n" * 20, "compressed file"),
], ids=["empty", "blank", "no rows", "one column", "ragged", "zero byte", "one class", "one row", "no target",
        "zstandard"])
def test_bad_tables_are_explained(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        sources.inspect(path, "table")
    assert caught.value.hint


def test_unclosed_quotes_and_long_cells_end_in_a_clear_error_or_a_table(tmp_path: Path) -> None:
    for content, message in (('\na,b\n1,x\n2,"y\n3,u\n', "Line 4 .* quotes are not closed"),
                             ('a,b\n"1"x,2\n3,4\n', "Line 2 .* cannot be read")):
        with pytest.raises(DataError, match=message):
            inspected(written(tmp_path, content))
    assert len(opened(written(tmp_path, "a,b\n1.5," + "x" * 300_000 + "\n2,u\n3,v" * 9)).names) == 19


def test_a_cell_of_two_gigabytes_is_refused_before_it_is_held(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b,y\n1,2,u\n3,")
    os.truncate(path, 2 << 30)
    start = time.perf_counter()
    with pytest.raises(DataError, match="zero byte in line 3"):
        inspected(path)
    assert time.perf_counter() - start < 1
    path.write_bytes(b"a,b,y\n1,2,u\n3," + b"7" * (MAX_LINE_BYTES + (8 << 20)))
    with pytest.raises(DataError, match=r"Line 3 .* is longer than 64 MB"):
        inspected(path)
    path.write_bytes(gzip.compress(b"a,b,y\n1,2,u\n3," + b"7" * (MAX_LINE_BYTES + (8 << 20)), 1))
    with pytest.raises(DataError, match=r"Line 3 .* is longer than 64 MB"):
        inspected(path)


def test_unknown_columns_and_settings(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", repeat=5)
    with pytest.raises(DataError, match="no column named 'price' to predict") as caught:
        inspected(path, {"price": TARGET})
    assert "sepal length" in caught.value.hint
    with pytest.raises(DataError, match="no column named 'price' to take as text"):
        inspected(path, {"price": ColumnChoice(kind="text")})
    with pytest.raises(DataError, match="cannot be taken as mask"):
        inspected(path, {"colour": ColumnChoice(kind="mask")})
    with pytest.raises(OptionError):
        inspected(path, colour="red")


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no data at"):
        sources.inspect(tmp_path / "nowhere")
    (tmp_path / "program").write_bytes(b"\x7fELF" + bytes(range(256)))
    with pytest.raises(DataError, match="is a program"):
        sources.inspect(tmp_path / "program")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="neither an ordinary file nor a folder"):
        sources.inspect(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="no kind of data set named 'parquet'"):
        sources.inspect(write_csv(tmp_path / "a.csv"), "parquet")


PIECES = ["1", "2.5", "", "NA", "x", "1,5", '"a,b"', '"a\nb"', '"', "''", "é", "\ufeff", "2020-01-01", "[1,2]", "1 2 3",
          "inf", "-1e300", "=A1", "true", "no", "9" * 20, "a" * 500, "\t", ";", "0", "-0", " 7 ", "nan", "\u202e",
          "0x1f", "12:30"]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_a_file_holds_it_is_opened_or_refused_with_a_reason(tmp_path: Path, seed: int) -> None:
    generator = random.Random(seed)
    width, separator = generator.randint(1, 5), generator.choice(",;\t|")
    pools = [generator.sample(PIECES, generator.randint(1, 6)) for _ in range(width)]
    lines = [separator.join(generator.choice(pools[index % width])
                            for index in range(width if generator.random() > 0.03 else generator.randint(1, 6)))
             for _ in range(generator.randint(0, 40))]
    if generator.random() < 0.7:
        lines.insert(0, separator.join(f"c{index}" for index in range(width)))
    text = generator.choice(["\n", "\r\n", "\r"]).join(lines)
    content = bytearray(text.encode(generator.choice(["utf-8", "utf-8", "utf-16", "latin-1"]), "replace"))
    for _ in range(generator.choice([0, 0, 3]) if content else 0):
        content[generator.randrange(len(content))] = generator.randrange(256)
    try:
        found = opened(written(tmp_path, bytes(content)))
    except DataError:
        return
    for name in leaves(found):
        assert len(raw(found, name)) == len(found.names)
