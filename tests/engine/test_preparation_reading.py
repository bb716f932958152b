"""New files for a trained network are read exactly as the same samples were for training, or refused in words."""

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
import soundfile
from PIL import Image

from engine.data import dataset, sources
from engine.data.dataset import Dataset
from engine.errors import DataError
from engine.preparation import Part, Preparation, prepared, read_new
from engine.project import Column, ColumnChoice
from tests.engine.data_files import IRIS_LIKE, fashion, idx_bytes, write_csv, write_idx, write_pictures
from tests.engine.preparing import made

TRAINED_ON = "length,width,colour,label\n" + "5.1,1.4,red,a\n4.9,1.5,blue,b\n3,2,green,a\n2.5,1.1,red,b\n" * 8
HEADER = "length,width,colour\n"

READ = {
    "as in training": (f"{HEADER}1,2,red\n4,5,blue\n", [[1, 2, "red"], [4, 5, "blue"]]),
    "another order and separator": ("colour;width;length\nred;1;5\n", [[5, 1, "red"]]),
    "decimal commas": (f'{HEADER}"1,5",2,red\n"-,7",3,red\n', [[1.5, 2, "red"], [-0.7, 3, "red"]]),
    "words for missing numbers": ("length\twidth\tcolour\n?\tNA\tred\n#N/A\t \tgreen\n",
                                  [[None, None, "red"], [None, None, "green"]]),
    "numbers too large": (f"{HEADER}1e300,-1e19,violet\ninf,-inf,red\n", [[None, None, ""], [None, None, "red"]]),
    "short and empty rows": (f"{HEADER}1,2\n\n,,\n3,4, blue \n", [[1, 2, ""], [3, 4, "blue"]]),
    "a byte order mark": (f"\ufeff{HEADER}1,2,red\n", [[1, 2, "red"]]),
    "old line ends": (HEADER.replace("\n", "\r") + "1,2,red\r", [[1, 2, "red"]]),
    "quoted line ends": (f'{HEADER}1,2,"re\nd"\n', [[1, 2, ""]]),
    "a target and other columns": ("label,width,more,colour,length\na,1,x,green,2\n", [[2, 1, "green"]]),
}
REFUSED = {
    "text among numbers": f"{HEADER}1,2,red\nlong,2,red\n",
    "digits with underscores": f"{HEADER}1_000,2,red\n",
    "hexadecimal numbers": f"{HEADER}0x10,2,red\n",
    "points and commas": f'{HEADER}"1.234,5",2,red\n',
    "a column that is lacking": "length,width\n1,2\n",
    "no header": "1,2,red\n",
    "no rows": HEADER,
    "nothing": "",
    "too many cells": f"{HEADER}1,2,red,4\n",
    "a zero byte": f"{HEADER}1,2\0,red\n",
}


def loaded(path: Path, **chosen: ColumnChoice) -> Dataset:
    return dataset.load(sources.inspect(path, chosen=chosen or None), None)


def read(preparation: Preparation, *paths: Path | str) -> tuple[dict[str, Any], tuple[str, ...]]:
    raw, names = read_new(preparation, paths)
    return prepared(preparation, raw), names


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    path = tmp_path_factory.mktemp("table") / "train.csv"
    path.write_text(TRAINED_ON)
    return loaded(path).preparation


@pytest.mark.parametrize("case", READ)
def test_tables_as_people_write_them(table: Preparation, tmp_path: Path, case: str) -> None:
    content, rows = READ[case]
    (tmp_path / "new.csv").write_text(content, encoding="utf-8", newline="")
    raw, _ = read_new(table, [tmp_path / "new.csv"])
    colours = next(leaf for leaf in table.part("features").parts if leaf.name == "colour").classes
    assert [colours[number] if number >= 0 else "" for number in raw["colour"]] == [row[2] for row in rows]
    for place, name in enumerate(("length", "width")):
        numbers = np.array([np.nan if row[place] is None else row[place] for row in rows])
        assert np.array_equal(np.where(np.abs(raw[name]) <= 1e18, raw[name], np.nan), numbers, equal_nan=True)


@pytest.mark.parametrize("case", REFUSED)
def test_tables_that_cannot_be_read(table: Preparation, tmp_path: Path, case: str) -> None:
    (tmp_path / "new.csv").write_text(REFUSED[case], encoding="utf-8", newline="")
    with pytest.raises(DataError, match=r"new\.csv"):
        read(table, tmp_path / "new.csv")


def test_other_encodings_and_packed_tables(table: Preparation, tmp_path: Path) -> None:
    for name, content in (("wide.csv", f"{HEADER}1,2,red\n".encode("utf-16")),
                          ("packed.csv.gz", gzip.compress(f"{HEADER}1,2,red\n".encode())),
                          ("latin.csv", f"{HEADER}1,2,red\n3,4,r\xe9d\n".encode("latin-1"))):
        (tmp_path / name).write_bytes(content)
        assert read_new(table, [tmp_path / name])[0]["length"][0] == 1
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(HEADER.encode() * 1000)[:-20])
    with pytest.raises(DataError, match="cannot be unpacked"):
        read(table, tmp_path / "cut.csv.gz")


def test_a_refused_cell_is_named_with_its_line(table: Preparation, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(REFUSED["text among numbers"])
    with pytest.raises(DataError, match=r"'length' of .*new.csv holds numbers, but line 3 says 'long'"):
        read(table, tmp_path / "new.csv")


def test_a_picture_is_prepared_as_in_training(tmp_path: Path) -> None:
    data = loaded(write_pictures(tmp_path, 60))
    files = [tmp_path / name for name in data.names]
    inputs, names = read(data.preparation, *files[:20])
    assert (inputs["image"] == data.prepared("image", np.arange(20))).all()
    assert names == tuple(file.name for file in files[:20])
    inputs, names = read(data.preparation, tmp_path / "c0")
    assert len(names) == len(inputs["image"]) == sum(name.startswith("c0/") for name in data.names)


def test_pictures_of_another_kind_and_stacks(tmp_path: Path) -> None:
    data = loaded(write_idx(tmp_path / "idx"))
    Image.fromarray(fashion(1)[0][0]).convert("RGB").save(tmp_path / "colour.png")
    Image.fromarray(fashion(1)[0][0]).resize((280, 280), Image.Resampling.NEAREST).save(tmp_path / "large.jpg")
    inputs, _ = read(data.preparation, tmp_path / "colour.png", str(tmp_path / "large.jpg"))
    assert inputs["image"].shape == (2, 1, 28, 28)
    assert (inputs["image"][0] == data.prepared("image", np.arange(1))[0]).all()
    assert np.abs(inputs["image"][1] - inputs["image"][0]).mean() < 0.2
    first, second = (Image.fromarray(picture) for picture in fashion(2)[0])
    first.save(tmp_path / "stack.tif", save_all=True, append_images=[second])
    inputs, names = read(data.preparation, tmp_path / "stack.tif")
    assert (inputs["image"] == data.prepared("image", np.arange(2))).all()
    assert names == ("stack.tif 1", "stack.tif 2")


@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file(tmp_path: Path, packed: bool) -> None:
    data = loaded(write_idx(tmp_path))
    content = idx_bytes(fashion(5)[0])
    (tmp_path / "new").write_bytes(gzip.compress(content) if packed else content)
    inputs, names = read(data.preparation, tmp_path / "new")
    assert (inputs["image"] == data.prepared("image", np.arange(5))).all()
    assert names[4] == "new 5"


def test_npz_and_npy_files(tmp_path: Path) -> None:
    images, labels = fashion(60)
    np.savez(tmp_path / "train.npz", x=images, y=labels)
    data = loaded(tmp_path / "train.npz")
    np.savez(tmp_path / "new.npz", whatever=images[:5])
    np.savez(tmp_path / "two.npz", whatever=images[5:9], x=images[:5])
    np.save(tmp_path / "new.npy", images[:5])
    for file in ("train.npz", "new.npz", "two.npz", "new.npy"):
        inputs, _ = read(data.preparation, tmp_path / file)
        assert (inputs["image"][:5] == data.prepared("image", np.arange(5))).all()
    large = np.repeat(np.repeat(images[:5], 2, axis=1), 2, axis=2)
    np.savez(tmp_path / "large.npz", x=np.repeat(large[..., None], 3, axis=-1))
    inputs, _ = read(data.preparation, tmp_path / "large.npz")
    assert np.abs(inputs["image"] - data.prepared("image", np.arange(5))).mean() < 0.1, "of another size and in colour"
    np.savez(tmp_path / "other.npz", x=images[:, 0])
    with pytest.raises(DataError, match="holds 0 arrays of samples"):
        read(data.preparation, tmp_path / "other.npz")


@pytest.mark.parametrize(("kind", "shape"), [("tokens", (4,)), ("audio", (1, 1600))])
def test_arrays_without_a_step_are_refused(tmp_path: Path, kind: str, shape: tuple[int, ...]) -> None:
    np.savez(tmp_path / "empty.npz", x=np.zeros((3, 0), np.int64))
    part = Part("x", kind, "input", shape)
    with pytest.raises(DataError, match="holds 0 arrays of samples"):
        read_new(Preparation((part,)), [tmp_path / "empty.npz"])


def test_arrays_that_lie_or_hold_objects_are_refused(tmp_path: Path) -> None:
    data = loaded(write_idx(tmp_path / "idx"))
    np.save(tmp_path / "objects.npy", np.array([None, 1]), allow_pickle=True)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 28, 28)})
    (tmp_path / "lying.npy").write_bytes(header.getvalue() + bytes(100))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(1000))
    np.savez(tmp_path / "whole.npz", x=fashion(9)[0])
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:-60])
    (tmp_path / "lying.idx").write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 28, 28) + bytes(50))
    for name in ("objects.npy", "lying.npy", "bomb.npz", "cut.npz", "lying.idx"):
        with pytest.raises(DataError, match=name):
            read(data.preparation, tmp_path / name)


def test_a_table_without_a_header(tmp_path: Path) -> None:
    rows = "".join(IRIS_LIKE.splitlines(keepends=True)[1:])
    (tmp_path / "train.csv").write_text(rows * 5)
    data = loaded(tmp_path / "train.csv")
    (tmp_path / "new.csv").write_text("5.1,1.4,red\n4.9,1.4,blue\n")
    inputs, _ = read(data.preparation, tmp_path / "new.csv")
    assert (inputs["features"] == data.prepared("features", np.arange(2))).all()


def test_the_table_that_was_trained_on(tmp_path: Path) -> None:
    data = loaded(write_csv(tmp_path / "train.csv", repeat=5))
    whole, names = read(data.preparation, tmp_path / "train.csv")
    assert (whole["features"] == data.prepared("features")).all()
    assert names[29] == "train.csv 30"
    rows = "".join(f"{number % 7 + 0.5},{('1.0', '0.0', '')[number % 3]},{'ab'[number % 2]}\n" for number in range(60))
    flagged = loaded(write_csv(tmp_path / "flags.csv", f"size,is_new,kind\n{rows}"))
    assert [leaf.kind for leaf in flagged.columns[0].parts] == ["number", "boolean"]
    assert (read(flagged.preparation, tmp_path / "flags.csv")[0]["features"] == flagged.prepared("features")).all()


def test_a_table_for_a_network_trained_on_arrays(tmp_path: Path) -> None:
    values = np.arange(60.0).reshape(20, 3)
    np.savez(tmp_path / "train.npz", x=values, y=np.arange(20) % 2)
    data = loaded(tmp_path / "train.npz")
    (tmp_path / "new.csv").write_text("a,b,c\n0,1,2\n3,4,5\n")
    (tmp_path / "bare.csv").write_text("0,1,2\n3,4,5\n")
    for name in ("new.csv", "bare.csv"):
        inputs, _ = read(data.preparation, tmp_path / name)
        assert (inputs["features"] == data.prepared("features", np.arange(2))).all()
    (tmp_path / "new.csv").write_text("a,b\n0,1\n")
    with pytest.raises(DataError, match="has 2 columns; the network reads 3 numbers"):
        read(data.preparation, tmp_path / "new.csv")


def mixed() -> Preparation:
    """Two inputs: a text, and a vector of a date, a yes or no, and a number."""
    leaves = (Column("when", "date", "input", settings={"order": "day first"}), Column("member", "boolean", "input"),
              Column("age", "number", "input"))
    parts = (made(Column("comment", "text", "input", (6,), settings={"max_length": 6}), {"comment": ["good", "bad"]}),
             made(Column("features", "vector", "input", (9,), parts=leaves),
                  {"when": np.array([0.0, 1e9]), "member": np.array([0.0, 1]), "age": np.array([1.0, 9])}))
    return Preparation(parts)


def test_several_inputs_come_from_the_columns_of_a_table_or_the_arrays_of_a_file(tmp_path: Path) -> None:
    preparation = mixed()
    (tmp_path / "new.csv").write_text('age,comment,when,member\n9,"good, ""very"" good",09/09/2001 01:46:40,yes\n')
    raw, _ = read_new(preparation, [tmp_path / "new.csv"])
    assert raw["comment"] == ['good, "very" good']
    assert (raw["when"][0], raw["member"][0], raw["age"][0]) == (1e9, 1, 9)
    np.savez(tmp_path / "new.npz", age=[9.0], comment=['good, "very" good'], member=[True],
             when=np.array(["2001-09-09T01:46:40"], "datetime64[s]"))
    by_table, by_arrays = (read(preparation, tmp_path / name)[0] for name in ("new.csv", "new.npz"))
    assert by_table.keys() == by_arrays.keys() == {"comment", "comment lengths", "features"}
    assert all((by_table[name] == by_arrays[name]).all() for name in by_table)
    (tmp_path / "note.txt").write_text("good")
    with pytest.raises(DataError, match=r"note\.txt lacks the column"):
        read(preparation, tmp_path / "note.txt")
    Image.new("L", (3, 3)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="is a picture; the network reads 2 inputs"):
        read(preparation, tmp_path / "a.png")


@pytest.mark.parametrize(("column", "cell", "message"), [
    ("when", "31/31/2001", "holds dates"), ("member", "perhaps", "holds yes and no"), ("age", "old", "holds numbers")])
def test_cells_of_another_kind(tmp_path: Path, column: str, cell: str, message: str) -> None:
    cells = {"age": "1", "comment": "x", "when": "1.2.2003", "member": "no", column: cell}
    (tmp_path / "new.csv").write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    with pytest.raises(DataError, match=f"{column!r} of .* {message}, but line 2 says {cell!r}"):
        read(mixed(), tmp_path / "new.csv")


def test_texts_by_themselves_in_folders_and_tables(tmp_path: Path) -> None:
    preparation = Preparation(mixed().parts[:1])
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("bad, bad")
    (tmp_path / "texts" / "old").mkdir()
    (tmp_path / "texts" / "old" / "b.txt").write_text("good\nold")
    (tmp_path / "texts" / ".hidden").mkdir()
    (tmp_path / "texts" / ".hidden" / "c.txt").write_text("bad")
    (tmp_path / "table.csv").write_text("comment\ngood\n")
    raw, names = read_new(preparation, [tmp_path / "texts", tmp_path / "table.csv"])
    assert raw["comment"] == ["bad, bad", "good\nold", "good"]
    assert names == ("a.txt", "old/b.txt", "table.csv")
    (tmp_path / "long.csv").write_text(f"comment\n{'good ' * 60_000}\n")
    assert len(read_new(preparation, [tmp_path / "long.csv"])[0]["comment"][0]) == 299_999
    inputs, _ = read(preparation, tmp_path / "texts" / "a.txt")
    assert inputs["comment lengths"].tolist() == [3]


def test_recordings_by_themselves_and_named_by_a_table(tmp_path: Path) -> None:
    settings = {"rate": 8000, "seconds": 0.5, "features": "waveform"}
    sound = np.sin(np.arange(4000) / 9).astype(np.float32) / 2
    part = made(Column("sound", "audio", "input", (1, 4000), settings=settings), {"sound": [sound]})
    (tmp_path / "clips").mkdir()
    for name in ("a.wav", "b.flac"):
        soundfile.write(tmp_path / "clips" / name, sound, 8000)
    (tmp_path / "list.csv").write_text("sound,other\nclips/a.wav,1\nclips/b.flac,2\n")
    (tmp_path / "broken.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    for path in (tmp_path / "clips", tmp_path / "list.csv"):
        inputs, names = read(Preparation((part,)), path)
        assert len(names) == 2
        assert np.allclose(inputs["sound"], prepared([part], {"sound": [sound, sound]})["sound"], atol=1e-3)
    with pytest.raises(DataError, match=r"broken\.wav cannot be used"):
        read(Preparation((part,)), tmp_path / "broken.wav")
    (tmp_path / "list.csv").write_text("sound,other\nclips/c.wav,1\n")
    with pytest.raises(DataError, match=r"c\.wav"):
        read(Preparation((part,)), tmp_path / "list.csv")


def test_windows_of_a_table(tmp_path: Path) -> None:
    column = Column("window", "series", "input", (4, 2), settings={"columns": "wind, sun", "scaling": "none"})
    preparation = Preparation((made(column, {"window": np.zeros((3, 4, 2))}),))
    (tmp_path / "new.csv").write_text("day,sun,wind\n" + "".join(f"{i},{i},{i * 10}\n" for i in range(6)))
    inputs, names = read(preparation, tmp_path / "new.csv")
    assert inputs["window"][:, :, 1].tolist() == [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    assert inputs["window"][2, :, 0].tolist() == [20, 30, 40, 50]
    assert len(names) == 3
    (tmp_path / "new.csv").write_text("day,sun,wind\n0,1,2\n1,,3\n2,4,\n3,5,6\n")
    assert read(preparation, tmp_path / "new.csv")[0]["window"].tolist() == [[[2, 1], [3, 1], [3, 4], [6, 5]]]
    (tmp_path / "new.csv").write_text("day,sun,wind\n0,1,2\n")
    with pytest.raises(DataError, match="1 rows of 2 numbers; the network reads windows of 4 rows"):
        read(preparation, tmp_path / "new.csv")


def test_a_spreadsheet_is_no_array_file(table: Preparation, tmp_path: Path) -> None:
    polars.DataFrame({"size": [1.0, 2.0]}).write_excel(tmp_path / "new.xlsx")
    with pytest.raises(DataError, match="is a ZIP or Excel file") as caught:
        read(table, tmp_path / "new.xlsx")
    assert caught.value.hint.startswith("Save it as CSV")


@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused_at_once(table: Preparation, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "nothing").mkdir()
    for name, message in (("pipe.png", "not an ordinary file"), ("empty.csv", "is empty"), ("loop", "cannot be read"),
                          ("gone.csv", "no data at"), ("nothing", "is a folder; this network reads tables")):
        with pytest.raises(DataError, match=message) as caught:
            read(table, tmp_path / name)
        assert name in caught.value.message
    with pytest.raises(DataError, match="not an ordinary file"):
        read(table, Path("/dev/zero"))
    with pytest.raises(DataError, match="no file was given"):
        read(table)


def test_files_of_another_kind(table: Preparation, tmp_path: Path) -> None:
    pictures = loaded(write_idx(tmp_path / "idx")).preparation
    broken = tmp_path / "broken.png"
    Image.fromarray(fashion(1)[0][0]).save(broken)
    Image.fromarray(fashion(1)[0][0]).save(tmp_path / "a.png")
    broken.write_bytes(broken.read_bytes()[:-100])
    write_csv(tmp_path / "a.csv")
    (tmp_path / "flat").write_bytes(idx_bytes(fashion(5)[0][:, 0]))
    for name, message in (("broken.png", "cannot be used: it is damaged"), ("a.csv", "not a file that the network"),
                          ("flat", r"holds 0 arrays of samples \(1, 28, 28\)")):
        with pytest.raises(DataError, match=message) as caught:
            read(pictures, tmp_path / name)
        assert name in caught.value.message
    with pytest.raises(DataError, match="is a picture; the network reads"):
        read(table, tmp_path / "a.png")
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    (tmp_path / "table.parquet").write_bytes(b"PAR1" + bytes(100))
    for name in ("book.xlsx", "table.parquet"):
        with pytest.raises(DataError, match=name):
            read(table, tmp_path / name)
