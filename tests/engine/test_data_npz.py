"""NPZ files: arrays found by name, headers that lie, objects."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import dataset, sources
from engine.data.dataset import Dataset
from engine.data.files import ignore_progress
from engine.data.readers import large_arrays
from engine.data.readers.large_arrays import LargeArrays
from engine.errors import DataError
from engine.preparation import restored, unit
from engine.project import ColumnChoice
from tests.engine.data_files import fashion


def saved(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def loaded(path: Path, **options: object) -> Dataset:
    return dataset.load(sources.inspect(path, options=options), None)


def test_pictures_and_labels(tmp_path: Path) -> None:
    images, labels = fashion(100)
    path = saved(tmp_path / "data.npz", x=images, y=labels)
    data = sources.inspect(path)
    assert data.source == "npz"
    assert [(column.kind, column.shape, len(column.classes)) for column in data.columns] == [
        ("image", (1, 28, 28), 0), ("category", (), 10)]
    rows = dataset.load(data, None)
    assert (rows.prepared("label") == labels).all()
    assert (restored(rows.preparation.part("image"), rows.prepared("image"))[:, 0] == images).all()


@pytest.mark.parametrize("names", [("x_train", "y_train", "x_test", "y_test"),
                                   ("train_images", "train_labels", "test_images", "test_labels")])
def test_own_splits(tmp_path: Path, names: tuple[str, ...]) -> None:
    images, labels = fashion(100)
    arrays = dict(zip(names, (images[:70], labels[:70, None], images[70:], labels[70:, None]), strict=True))
    rows = loaded(saved(tmp_path / "data.npz", **arrays))
    assert rows.rows["test"].tolist() == list(range(70, 100))
    assert len(rows.rows["validation"]) == 7


def test_class_names_travel_in_the_file(shared_data: Path) -> None:
    rows = loaded(shared_data / "quickdraw20" / "quickdraw20.npz")
    assert rows.columns[1].classes[:3] == ("airplane", "apple", "bicycle")
    assert np.bincount(rows.prepared("label")[rows.rows["test"]]).tolist() == [20] * 20


@pytest.mark.parametrize(("inputs", "kind", "shape"), [
    (np.zeros((20, 5)), "vector", (5,)),
    (np.zeros((20, 7, 3), np.float32), "vector", (7, 3)),
    (np.zeros((20, 3, 8, 8), np.float32), "image", (3, 8, 8)),
    (np.zeros((20, 8, 8, 3), np.uint8), "image", (3, 8, 8)),
    (np.zeros(20), "number", ()),
    (np.zeros((20, 4), np.int32), "vector", (4,)),
])
def test_the_kind_of_input(tmp_path: Path, inputs: object, kind: str, shape: tuple[int, ...]) -> None:
    rows = loaded(saved(tmp_path / "data.npz", x=inputs, y=np.arange(20) % 2))
    assert (rows.columns[0].kind, rows.columns[0].shape) == (kind, shape)
    prepared = rows.prepared(rows.columns[0].name)
    assert prepared.shape == (20, *shape)
    assert prepared.dtype == np.float32


@pytest.mark.parametrize(("targets", "kind", "classes"), [
    (np.arange(20) % 3, "category", ("0", "1", "2")),
    (np.eye(2)[np.arange(20) % 2], "category", ("0", "1")),
    (np.array(["cat", "dog"] * 10), "category", ("cat", "dog")),
    (np.arange(20) % 2 == 0, "category", ("0", "1")),
    (np.linspace(0, 1, 20), "number", ()),
    (np.linspace(0, 1, 40).reshape(20, 2), "vector", ()),
])
def test_the_kind_of_target(tmp_path: Path, targets: object, kind: str, classes: tuple[str, ...]) -> None:
    rows = loaded(saved(tmp_path / "data.npz", x=np.random.default_rng(0).random((20, 4)), y=targets))
    assert (rows.columns[1].kind, rows.columns[1].classes) == (kind, classes)


def test_vector_targets_share_one_scale(tmp_path: Path) -> None:
    values = np.stack([np.arange(20.0), 10 * np.arange(20.0)], axis=1)
    rows = loaded(saved(tmp_path / "data.npz", x=values, y=values))
    part = rows.preparation.part("values")
    assert part.state["scale"][0] == part.state["scale"][1] == unit(part)
    assert np.allclose(restored(rows.preparation.part("values"), rows.prepared("values")), values, atol=1e-4)


def test_named_arrays_are_chosen(tmp_path: Path) -> None:
    path = saved(tmp_path / "data.npz", left=np.zeros((20, 4)), right=np.ones((20, 2)), kind=np.arange(20) % 2)
    with pytest.raises(DataError, match="known as the input") as caught:
        sources.inspect(path)
    assert "left (20, 4), right (20, 2), kind (20,)" in caught.value.hint
    assert loaded(path, input="right", target="kind").columns[0].shape == (2,)
    with pytest.raises(DataError, match="no array named 'up'"):
        sources.inspect(path, options={"input": "up", "target": "kind"})


def test_missing_numbers_are_filled_and_missing_targets_left_out(tmp_path: Path) -> None:
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20.0)
    x[3, 1], y[5] = np.nan, np.nan
    rows = loaded(saved(tmp_path / "data.npz", x=x, y=y))
    assert np.isfinite(rows.prepared("features")).all()
    assert "'feature 2': 1 cell without a usable number was filled" in rows.findings[0]
    assert 5 not in np.concatenate(list(rows.rows.values()))


def test_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.array([{"a": 1}] * 5, dtype=object), y=np.arange(5))
    with pytest.raises(DataError, match=r"'x' .* holds Python objects"):
        sources.inspect(path)


def test_lengths_differ(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'x' holds 20 samples but 'y' 19"):
        sources.inspect(saved(tmp_path / "data.npz", x=np.zeros((20, 2)), y=np.arange(19)))


def test_a_test_set_without_targets(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x_train=np.zeros((9, 2)), y_train=np.arange(9) % 2, x_test=np.zeros((3, 2)))
    with pytest.raises(DataError, match=r"needs its target|has inputs for x_train, x_test"):
        sources.inspect(path)


def test_negative_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sample 2 .* is -1"):
        sources.inspect(saved(tmp_path / "data.npz", x=np.zeros((3, 2)), y=np.array([0, -1, 1])))


@pytest.mark.parametrize("shape", ["(1099511627776, 4)", "(1000, 4)", "(-5, 4)", "(99999999999999999999, 4)"])
def test_a_lying_header_takes_no_memory(tmp_path: Path, shape: str) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((20, 4)))
    raw = buffer.getvalue()
    old = raw[10 : 10 + int.from_bytes(raw[8:10], "little")]
    new = old.replace(b"(20, 4)", shape.encode()).rstrip() + b"\n"
    lying = raw[:8] + len(new).to_bytes(2, "little") + new + raw[10 + len(old) :]
    path = tmp_path / "data.npz"
    labels = io.BytesIO()
    np.save(labels, np.arange(20) % 2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", lying)
        archive.writestr("y.npy", labels.getvalue())
    with pytest.raises(DataError, match=r"promises|no readable header"):
        sources.inspect(path)


def npy(array: object) -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=True)
    return written.getvalue()


def test_npy_files_with_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy(np.array([{"a": 1}] * 5, dtype=object)))
    (tmp_path / "y.npy").write_bytes(npy(np.arange(5)))
    with pytest.raises(DataError, match=r"'x' of .*x\.npy holds Python objects"):
        sources.inspect(tmp_path)


@pytest.mark.parametrize("shape", ["(1099511627776, 4)", "(1000, 4)", "(-5, 4)", "(99999999999999999999, 4)"])
def test_npy_files_with_a_lying_header(tmp_path: Path, shape: str) -> None:
    raw = npy(np.zeros((20, 4)))
    old = raw[10 : 10 + int.from_bytes(raw[8:10], "little")]
    new = old.replace(b"(20, 4)", shape.encode()).rstrip() + b"\n"
    (tmp_path / "x.npy").write_bytes(raw[:8] + len(new).to_bytes(2, "little") + new + raw[10 + len(old) :])
    (tmp_path / "y.npy").write_bytes(npy(np.arange(20) % 2))
    with pytest.raises(DataError, match=r"promises|no readable header"):
        sources.inspect(tmp_path / "x.npy")


@pytest.mark.parametrize("size", [0, 5, 6, 8, 10, 64, 127, 128, 300])
def test_cut_npy_files(tmp_path: Path, size: int) -> None:
    (tmp_path / "x.npy").write_bytes(npy(np.zeros((20, 4)))[:size])
    (tmp_path / "y.npy").write_bytes(npy(np.arange(20) % 2))
    with pytest.raises(DataError) as caught:
        sources.inspect(tmp_path / "x.npy")
    assert str(tmp_path / "x.npy") in caught.value.message


def test_an_npz_bomb_takes_no_memory(tmp_path: Path) -> None:
    """Four gigabytes of zeros, packed into four megabytes: more than the file may inflate to."""
    path = tmp_path / "bomb.npz"
    header = npy(np.zeros((0, 4)))[:128].replace(b"(0, 4)", b"(9999999999, 4)")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header + bytes(4_000_000))
        archive.writestr("y.npy", npy(np.arange(5)))
    with pytest.raises(DataError, match=r"promises|no readable header"):
        sources.inspect(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_in_arrays_come_in_the_size_that_was_chosen(tmp_path: Path, dtype: type) -> None:
    images, labels = fashion(60)
    pictures = np.repeat(images[:, None], 3, axis=1).astype(dtype)
    path = saved(tmp_path / "data.npz", x=pictures, y=labels)
    data = sources.inspect(path, chosen={"image": ColumnChoice(settings={"size": (14, 10), "channels": "grey"})})
    assert data.columns[0].shape == (1, 14, 10)
    opened = sources.open_data(data, None)
    found = opened.values["image"].read(np.array([3]), ignore_progress).values
    assert found.dtype == dtype
    truth = np.asarray(Image.fromarray(images[3]).resize((10, 14), Image.Resampling.BILINEAR))
    assert np.abs(found[0, 0].astype(float) - truth).max() <= 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_file(tmp_path: Path, share: float) -> None:
    images, labels = fashion(50)
    path = saved(tmp_path / "data.npz", x=images, y=labels)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match="damaged"):
        sources.inspect(path)


def test_every_damaged_byte_is_an_error_or_the_same_kind_of_data(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.npz", x=np.arange(40).reshape(20, 2), y=np.arange(20) % 2).read_bytes()
    path = tmp_path / "data.npz"
    refused = []
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert len(dataset.load(sources.inspect(path), None).names) == 20
        except DataError as error:
            refused.append(error.message)
    assert all(refused)
    assert len(refused) > len(whole) // 6


@pytest.mark.parametrize("split", [False, True])
def test_large_npy_files_are_read_by_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: bool) -> None:
    monkeypatch.setattr(large_arrays, "LARGE_BYTES", 1000)
    images, labels = fashion(60)
    for name, rows in (("_train", slice(0, 40)), ("_test", slice(40, 60))) if split else (("", slice(0, 60)),):
        (tmp_path / f"x{name}.npy").write_bytes(npy(images[rows]))
        (tmp_path / f"y{name}.npy").write_bytes(npy(labels[rows]))
    data = sources.inspect(tmp_path)
    values = sources.open_data(data, None).values["image"]
    assert isinstance(values, LargeArrays)
    rows = np.array([59, 3, 4, 5, 41, 39, 0])
    assert (values.read(rows, ignore_progress).values[:, 0] == images[rows]).all()
    assert (values.read(None, ignore_progress).values[:, 0] == images).all()
    assert values.read(rows[:0], ignore_progress).values.shape == (0, 1, 28, 28)
    with next(tmp_path.glob("x*.npy")).open("rb+") as file:
        file.truncate(1000)
    with pytest.raises(DataError, match="ends before sample"):
        values.read(None, ignore_progress)


def test_an_array_of_many_gigabytes_opens_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (5_000_000, 1000)})
        file.truncate(file.tell() + 20_000_000_000)
    (tmp_path / "y.npy").write_bytes(npy(np.arange(5_000_000) % 2))
    opened = sources.open_data(sources.inspect(tmp_path), None)
    found = opened.values["features"].read(np.array([0, 4_999_999]), ignore_progress).values
    assert found.shape == (2, 1000)
    assert not found.any()
