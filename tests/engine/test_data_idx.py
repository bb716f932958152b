"""IDX files: whole, compressed, cut, lying."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.data import dataset, sources
from engine.data.browse import Browser
from engine.errors import DataError
from engine.preparation import restored
from engine.project import Data, Split
from tests.engine.data_files import BUNDLED, fashion, idx_bytes, write_idx

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
def test_a_folder_is_read_with_its_own_test_set(tmp_path: Path, compressed: bool) -> None:
    folder = write_idx(tmp_path / "any name", compressed=compressed)
    data = sources.inspect(folder)
    assert data.source == "idx"
    assert [(column.name, column.kind, column.role, column.shape) for column in data.columns] == [
        ("image", "image", "input", (1, 28, 28)), ("label", "category", "target", ())]
    assert data.columns[1].classes == tuple("0123456789")
    loaded = dataset.load(data, None)
    assert loaded.prepared("image").dtype == np.float32
    assert loaded.prepared("image").shape == (240, 1, 28, 28)
    assert loaded.rows["test"].tolist() == list(range(200, 240))
    assert len(loaded.rows["train"]) == 180
    assert len(loaded.rows["validation"]) == 20
    images, labels = fashion(240)
    assert (loaded.prepared("label") == labels).all()
    assert (restored(loaded.preparation.part("image"), loaded.prepared("image"))[:, 0] == images).all()
    assert loaded.names[0] == "train 1"
    assert loaded.names[239] == "t10k 40"


def test_the_whole_of_fashion_mnist(shared_data: Path) -> None:
    loaded = dataset.load(sources.inspect(shared_data / "fashion-mnist"), None)
    assert {split: len(rows) for split, rows in loaded.rows.items()} == {
        "train": 54000, "validation": 6000, "test": 10000}
    assert np.bincount(loaded.prepared("label")[loaded.rows["validation"]]).tolist() == [600] * 10
    train = loaded.prepared("image")[loaded.rows["train"]]
    assert abs(float(train.mean(dtype=np.float64))) < 1e-5
    assert abs(float(train.std(dtype=np.float64)) - 1) < 1e-5


def test_the_bundled_data_needs_no_path_and_names_its_classes() -> None:
    data = sources.inspect("bundled:fashion-mnist-small")
    assert data.path == "bundled:fashion-mnist-small"
    assert data.columns[1].classes[0] == "T-shirt/top"
    assert data.columns[1].classes[9] == "Ankle boot"
    sizes = {split: len(rows) for split, rows in Browser(data, None).rows.items()}
    assert sizes == {"train": 9000, "validation": 1000, "test": 2000}


def test_one_images_file_is_split_by_shares(tmp_path: Path) -> None:
    folder = write_idx(tmp_path)
    loaded = dataset.load(sources.inspect(folder / IMAGES), None)
    assert {split: len(rows) for split, rows in loaded.rows.items()} == {"train": 144, "validation": 16, "test": 40}


def test_a_folder_in_a_folder_is_found(tmp_path: Path) -> None:
    write_idx(tmp_path / "FashionMNIST" / "raw")
    assert sources.inspect(tmp_path).columns[0].shape == (1, 28, 28)


def test_numbers_and_vectors(tmp_path: Path) -> None:
    values = np.arange(60, dtype=np.float32).reshape(20, 3)
    (tmp_path / "train-images").write_bytes(idx_bytes(values, 0x0D))
    (tmp_path / "train-labels").write_bytes(idx_bytes(values[:, 0], 0x0D))
    loaded = dataset.load(sources.inspect(tmp_path), None)
    assert [column.kind for column in loaded.columns] == ["vector", "number"]
    assert np.allclose(restored(loaded.preparation.part("features"), loaded.prepared("features")), values, atol=1e-4)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 9, 15, 16, 17, 1000, 16 + 200 * 784 - 1])
def test_a_cut_file_tells_expected_and_found_bytes(tmp_path: Path, size: int) -> None:
    file = write_idx(tmp_path, test=0) / IMAGES
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(DataError) as caught:
        sources.inspect(tmp_path)
    assert str(file) in caught.value.message
    assert caught.value.hint
    if size >= 4:
        assert f"found {size:,}" in caught.value.message
    if size >= 16:
        assert f"{16 + 200 * 784:,}" in caught.value.message


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_a_cut_compressed_file(tmp_path: Path, share: float) -> None:
    file = write_idx(tmp_path, test=0, compressed=True) / f"{IMAGES}.gz"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match=r"cut off|damaged"):
        dataset.load(sources.inspect(tmp_path), None)


def test_a_cut_compressed_file_of_one_byte_less_is_noticed(tmp_path: Path) -> None:
    file = write_idx(tmp_path, test=0, compressed=True) / f"{IMAGES}.gz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match="cut off"):
        dataset.load(sources.inspect(tmp_path), None)


def test_a_damaged_compressed_file(tmp_path: Path) -> None:
    file = write_idx(tmp_path, test=0, compressed=True) / f"{IMAGES}.gz"
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2 :] = bytes(len(whole) - len(whole) // 2)
    file.write_bytes(whole)
    with pytest.raises(DataError, match=r"damaged|cut off"):
        dataset.load(sources.inspect(tmp_path), None)


def test_a_wrong_beginning_is_shown(tmp_path: Path) -> None:
    file = write_idx(tmp_path, test=0) / IMAGES
    file.write_bytes(b"\x7fELF" + file.read_bytes()[4:])
    with pytest.raises(DataError, match="begins with 7f 45 4c 46"):
        sources.inspect(tmp_path)


def test_surplus_bytes(tmp_path: Path) -> None:
    file = write_idx(tmp_path, test=0) / IMAGES
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(DataError, match="goes on after"):
        sources.inspect(tmp_path)


def test_a_header_that_promises_too_much_takes_no_memory(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, test=0, compressed=True)
    header = bytes([0, 0, 8, 3]) + (2**32 - 1).to_bytes(4, "big") + (4096).to_bytes(4, "big") * 2
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(header + bytes(100)))
    with pytest.raises(DataError, match="cannot come out of"):
        sources.inspect(folder)


def test_label_count_differs(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, test=0)
    (folder / LABELS).write_bytes(idx_bytes(np.zeros(199, np.uint8)))
    with pytest.raises(DataError, match=r"200 samples but .* 199 labels"):
        sources.inspect(folder)


def test_labels_are_missing(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, test=0)
    (folder / LABELS).unlink()
    with pytest.raises(DataError, match=f"labels of {IMAGES} are not beside it"):
        sources.inspect(folder)


def test_negative_labels_name_the_sample(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, count=10, test=0)
    (folder / LABELS).write_bytes(idx_bytes(np.array([0, 1, -1, 0, 1, 0, 1, 0, 1, 0], np.int8), 0x09))
    with pytest.raises(DataError, match=r"sample 3 .* is -1"):
        sources.inspect(folder)


def test_one_class_only(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, count=10, test=0)
    (folder / LABELS).write_bytes(idx_bytes(np.full(10, 4, np.uint8)))
    with pytest.raises(DataError, match="Only the class '4'"):
        sources.inspect(folder)


def test_one_sample(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, count=1, test=0)
    with pytest.raises(DataError):
        sources.inspect(folder)


def test_class_names_from_a_file_that_fits(tmp_path: Path) -> None:
    folder = write_idx(tmp_path)
    (folder / "classes.txt").write_text("\n".join(f"kind {number}" for number in range(10)))
    assert sources.inspect(folder).columns[1].classes[3] == "kind 3"
    (folder / "classes.txt").write_text("a\nb\n")
    data = sources.inspect(folder)
    assert data.columns[1].classes == tuple("0123456789")
    assert "classes.txt names 2 classes" in " ".join(Browser(data, None).findings)


def test_names_follow_to_the_whole_of_the_same_data_but_not_to_other_data(tmp_path: Path) -> None:
    bundled = sources.inspect(BUNDLED)
    chosen = Data(bundled.path, bundled.source, columns=bundled.columns, split=Split(0.2, 0.1, 7), normalize=False)
    same = sources.inspect(write_idx(tmp_path / "same"), previous=chosen)
    assert same.columns[1].classes == bundled.columns[1].classes
    assert same.split == chosen.split
    assert not same.normalize
    other = write_idx(tmp_path / "other")
    labels = np.roll(fashion(200)[1], 1).astype(np.uint8)
    (other / LABELS).write_bytes(idx_bytes(labels))
    assert sources.inspect(other, previous=chosen).columns[1].classes == tuple("0123456789")


def test_given_names_stay_when_the_data_is_loaded(tmp_path: Path) -> None:
    bundled = sources.inspect(BUNDLED)
    data = Data(str(write_idx(tmp_path)), "idx", columns=bundled.columns)
    assert dataset.load(data, None).columns[1].classes[0] == "T-shirt/top"


def test_data_that_changed_its_shape_is_refused(tmp_path: Path) -> None:
    data = sources.inspect(write_idx(tmp_path, count=20, test=0))
    (tmp_path / IMAGES).write_bytes(idx_bytes(fashion(20)[0][:, :20]))
    with pytest.raises(DataError, match="no longer what it was"):
        dataset.load(data, None)


def test_a_folder_relative_to_the_project(tmp_path: Path) -> None:
    write_idx(tmp_path / "images", count=20, test=0)
    loaded = dataset.load(Data("images", "idx"), tmp_path)
    assert len(loaded.names) == 20


def test_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, count=20, test=0)
    data = sources.inspect(folder)
    before = dataset.load(data, None).fingerprint
    assert dataset.load(data, None).fingerprint == before
    labels = (folder / LABELS).read_bytes()
    (folder / LABELS).unlink()
    (folder / LABELS).write_bytes(labels[:-1] + b"\1")
    assert dataset.load(data, None).fingerprint != before


def test_progress_grows_and_can_cancel(tmp_path: Path) -> None:
    data = sources.inspect(write_idx(tmp_path))
    shares: list[float] = []
    dataset.load(data, None, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        dataset.load(data, None, cancel)
