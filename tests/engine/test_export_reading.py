"""The exported predict.py reads new files exactly as the program does, or refuses them in words."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from engine.data import dataset, sources
from engine.data.preparation import Preparation
from engine.errors import DataError
from engine.project import RESOURCES

TRAINED_ON = "length,width,colour,label\n" + "5.1,1.4,red,a\n4.9,1.5,blue,b\n3,2,green,a\n" * 8
HEADER = "length,width,colour\n"

READ = {
    "as in training": f"{HEADER}1,2,red\n4,5,blue\n",
    "another order and separator": "colour;width;length\nred;1;5\n",
    "decimal commas": f'{HEADER}"1,5",2,red\n"-,7",3,red\n',
    "words for missing numbers": "length\twidth\tcolour\n?\tNA\tred\n",
    "numbers too large": f"{HEADER}1e300,-1e19,violet\ninf,-inf,red\n",
    "short and empty rows": f"{HEADER}1,2\n\n,,\n3,4, blue \n",
    "a byte order mark": f"\ufeff{HEADER}1,2,red\n",
    "old line ends": HEADER.replace("\n", "\r") + "1,2,red\r",
    "quoted line ends": f'{HEADER}1,2,"re\nd"\n',
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


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("exported_predict", RESOURCES / "export" / "predict.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    path = tmp_path_factory.mktemp("table") / "train.csv"
    path.write_text(TRAINED_ON)
    return dataset.load(sources.inspect(path), None).preparation


@pytest.fixture(scope="module")
def pictures(small_fashion: Path) -> Preparation:
    return dataset.load(sources.inspect(small_fashion), None).preparation


def read_by(script: ModuleType, preparation: Preparation, path: Path) -> tuple[list[str], np.ndarray]:
    names = [column.name for column in preparation.inputs]
    model = script.Model(None, {"inputs": names, "outputs": [], "preparation": preparation.to_json()})
    found, [values] = model.read([path])
    return found, values


def assert_equal(script: ModuleType, preparation: Preparation, path: Path) -> None:
    expected, names = preparation.read([path])
    found, values = read_by(script, preparation, path)
    assert tuple(found) == names
    [wanted] = expected.values()
    assert values.dtype == wanted.dtype
    assert np.array_equal(values, wanted)


def assert_refused(script: ModuleType, preparation: Preparation, path: Path) -> None:
    with pytest.raises(DataError):
        preparation.read([path])
    with pytest.raises(script.InputError, match=path.name):
        read_by(script, preparation, path)


@pytest.mark.parametrize("case", READ)
def test_a_table_is_read_as_the_program_reads_it(script, table, tmp_path: Path, case: str) -> None:
    (tmp_path / "new.csv").write_text(READ[case], encoding="utf-8", newline="")
    assert_equal(script, table, tmp_path / "new.csv")


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_the_program_refuses_is_refused(script, table, tmp_path: Path, case: str) -> None:
    (tmp_path / "new.csv").write_text(REFUSED[case], encoding="utf-8", newline="")
    assert_refused(script, table, tmp_path / "new.csv")


def test_other_encodings(script, table, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"1,2,r\xe9d\n")
    assert_equal(script, table, tmp_path / "latin.csv")
    (tmp_path / "wide.csv").write_bytes(f"{HEADER}1,2,red\n".encode("utf-16"))
    assert_refused(script, table, tmp_path / "wide.csv")


def test_a_refused_cell_is_named_with_its_line(script, table, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(REFUSED["text among numbers"])
    with pytest.raises(script.InputError, match=r"'length' of .*new.csv holds numbers, but line 3 says 'long'"):
        read_by(script, table, tmp_path / "new.csv")


def test_arrays(script, tmp_path: Path) -> None:
    values = np.arange(60.0).reshape(20, 3)
    np.savez(tmp_path / "train.npz", x=values, y=np.arange(20) % 2)
    preparation = dataset.load(sources.inspect(tmp_path / "train.npz"), None).preparation
    for array in (values, values.astype(np.float32) + 1e-3, np.array([[1, np.nan, -np.inf]]), np.array([[1, 9e18, 2]]),
                  np.array([[1, 9 * 10**18, 2]]), values > 3):
        np.savez(tmp_path / "new.npz", new=array)
        assert_equal(script, preparation, tmp_path / "new.npz")
    np.savez(tmp_path / "two.npz", new=values, x=values + 1)
    assert_equal(script, preparation, tmp_path / "two.npz")
    for array in (np.array([["a", "b", "c"]]), np.array([[None, 1, 2]]), values[:, :2], values[:0]):
        np.savez(tmp_path / "new.npz", new=array)
        assert_refused(script, preparation, tmp_path / "new.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "two.npz").read_bytes()[:-60])
    assert_refused(script, preparation, tmp_path / "cut.npz")
    (tmp_path / "headed.csv").write_text("a,b,c\n1,2,3\nnan,5,6\n")
    assert_equal(script, preparation, tmp_path / "headed.csv")


def test_pictures(script, pictures, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    turned = Image.Exif()
    turned[0x112] = 6
    Image.fromarray(random.integers(0, 256, (40, 30), np.uint8)).save(tmp_path / "large.png")
    Image.fromarray(random.integers(0, 256, (28, 28, 4), np.uint8)).save(tmp_path / "transparent.png")
    Image.fromarray(random.integers(0, 65536, (28, 28)).astype(np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray(random.integers(0, 256, (40, 30, 3), np.uint8)).save(tmp_path / "turned.jpg", exif=turned)
    (tmp_path / "without ending").write_bytes((tmp_path / "large.png").read_bytes())
    for path in tmp_path.iterdir():
        assert_equal(script, pictures, path)
    (tmp_path / "cut.png").write_bytes((tmp_path / "large.png").read_bytes()[:-200])
    (tmp_path / "text.png").write_text("hello")
    for name in ("cut.png", "text.png"):
        assert_refused(script, pictures, tmp_path / name)


def test_a_prediction_of_pictures_comes_back_as_bytes(script, pictures) -> None:
    prepared = np.linspace(-3, 3, 784, dtype=np.float32).reshape(1, 1, 28, 28)
    part = script.Model(None, {"preparation": pictures.to_json()}).parts["image"]
    assert np.array_equal(script.restored(part, prepared), pictures.restored("image", prepared))
