"""Image folders: classes, splits, foreign and damaged files, sizes and colours."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import dataset, sources
from engine.data.browse import Browser
from engine.errors import DataError
from engine.preparation import restored
from engine.project import ColumnChoice
from tests.engine.data_files import fashion, write_pictures


def test_a_folder_per_class(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path / "pictures", 100))
    assert data.source == "image_folder"
    assert data.columns[0].shape == (1, 28, 28)
    assert data.columns[1].classes == tuple(f"c{number}" for number in range(10))
    loaded = dataset.load(data, None)
    assert loaded.findings == ()
    images, labels = fashion(100)
    numbers = [int(Path(name).stem) for name in loaded.names]
    assert (loaded.prepared("label") == labels[numbers]).all()
    assert (restored(loaded.preparation.part("image"), loaded.prepared("image"))[:, 0] == images[numbers]).all()
    assert sorted(np.concatenate(list(loaded.rows.values())).tolist()) == list(range(100))


def test_jpeg_and_upper_case_names(tmp_path: Path) -> None:
    write_pictures(tmp_path, 30, ".JPG")
    assert len(dataset.load(sources.inspect(tmp_path), None).names) == 30


def test_split_folders_are_kept(tmp_path: Path) -> None:
    for split, count in (("train", 60), ("val", 30), ("test", 40)):
        write_pictures(tmp_path / split, count)
    loaded = dataset.load(sources.inspect(tmp_path), None)
    for split, folder, count in (("train", "train", 60), ("validation", "val", 30), ("test", "test", 40)):
        assert len(loaded.rows[split]) == count
        assert {loaded.names[row].split("/")[0] for row in loaded.rows[split]} == {folder}


def test_without_a_validation_folder_its_share_is_taken_from_training(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train", 80)
    write_pictures(tmp_path / "test", 40)
    rows = dataset.load(sources.inspect(tmp_path), None).rows
    assert {split: len(part) for split, part in rows.items()} == {"train": 72, "validation": 8, "test": 40}


def test_classes_in_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10", "9", "1", "other"):
        (tmp_path / name).mkdir()
        for index in range(3):
            Image.new("L", (4, 4)).save(tmp_path / name / f"{index}.png")
    assert sources.inspect(tmp_path).columns[1].classes == ("other", "1", "9", "10")


def test_damaged_and_foreign_files_are_counted_and_left_out(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    whole = next((tmp_path / "c0").glob("*.png")).read_bytes()
    (tmp_path / "c0" / "broken.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c0" / "empty.png").write_bytes(b"")
    (tmp_path / "c0" / "text.png").write_text("not a picture")
    (tmp_path / "c0" / "notes.txt").write_text("notes")
    os.mkfifo(tmp_path / "c0" / "a.png")
    (tmp_path / "c0" / "loop.png").symlink_to(tmp_path / "c0" / "loop.png")
    (tmp_path / "c0" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "c0" / "device.png").symlink_to("/dev/zero")
    (tmp_path / "c0" / "up").symlink_to(tmp_path / "c0", target_is_directory=True)
    loaded = dataset.load(sources.inspect(tmp_path), None)
    used = np.concatenate(list(loaded.rows.values()))
    assert len(used) == 60
    said = "\n".join(loaded.findings)
    assert "3 files could not be read" in said
    for name in ("c0/broken.png", "c0/empty.png", "c0/text.png"):
        assert name in said
        assert loaded.names.index(name) not in used
    assert "6 files are none of the pictures in a class folder" in said
    for name in ("notes.txt", "a.png", "loop.png", "gone.png", "device.png"):
        assert f"c0/{name}" in said


def test_a_picture_that_becomes_a_fifo_does_not_hang(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    data = sources.inspect(tmp_path)
    victim = next((tmp_path / "c0").glob("*.png"))
    browser = Browser(data, None)
    victim.unlink()
    os.mkfifo(victim)
    damaged = [sample for sample in browser.raw(np.arange(browser.count)) if sample.damage]
    assert [sample.name for sample in damaged] == [f"c0/{victim.name}"]
    assert "not an ordinary file" in damaged[0].damage


def test_a_folder_loop_ends(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    (tmp_path / "c0" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "round").symlink_to(tmp_path / "round")
    names = dataset.load(sources.inspect(tmp_path), None).names
    assert len(names) == 40


def test_every_picture_damaged(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(DataError, match="None of the 2 pictures"):
        sources.inspect(tmp_path)


def test_an_empty_class_folder_is_no_class(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    (tmp_path / "never").mkdir()
    data = sources.inspect(tmp_path)
    assert "never" not in data.columns[1].classes
    assert "'never' holds no pictures" in " ".join(Browser(data, None).findings)


def test_one_class_only(tmp_path: Path) -> None:
    write_pictures(tmp_path / "all", 60)
    (tmp_path / "one").mkdir()
    (tmp_path / "all" / "c0").rename(tmp_path / "one" / "c0")
    data = sources.inspect(tmp_path / "one")
    assert [column.name for column in data.columns] == ["image"]
    assert any("Nothing says the classes" in finding for finding in Browser(data, None).findings)


def test_one_class_in_every_split(tmp_path: Path) -> None:
    write_pictures(tmp_path / "all", 60)
    for split in ("train", "test"):
        (tmp_path / "one" / split).mkdir(parents=True)
        shutil.copytree(tmp_path / "all" / "c0", tmp_path / "one" / split / "c0")
    with pytest.raises(DataError, match="Only the class 'c0'"):
        sources.inspect(tmp_path / "one")


def test_one_picture(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="too few samples: 1 sample"):
        sources.inspect(tmp_path)


def test_unlabelled_pictures_have_no_target(tmp_path: Path) -> None:
    for number, image in enumerate(fashion(20)[0]):
        Image.fromarray(image).save(tmp_path / f"img_{number}.png")
    data = sources.inspect(tmp_path)
    assert [(column.name, column.role) for column in data.columns] == [("image", "input")]
    loaded = dataset.load(data, None)
    assert loaded.prepared("image").shape == (20, 1, 28, 28)
    assert "into a folder of its own" in " ".join(loaded.findings)


def test_names_that_begin_with_the_class(tmp_path: Path) -> None:
    for number, image in enumerate(fashion(60)[0]):
        Image.fromarray(image).save(tmp_path / f"{('cat', 'dog')[number % 2]}.{number}.png")
    data = sources.inspect(tmp_path)
    assert data.columns[1].classes == ("cat", "dog")
    assert "the first part of pictures' names" in data.columns[1].reason


def test_what_a_folder_holds_is_told_by_its_contents(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    for number, file in enumerate(sorted(tmp_path.rglob("*.png"))):
        file.rename(file.with_name(f"{number}.txt"))
    data = sources.inspect(tmp_path)
    assert data.source == "image_folder"
    assert len(dataset.load(data, None).names) == 60


def test_a_class_that_is_not_trained_is_told(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train", 60)
    write_pictures(tmp_path / "test", 60)
    (tmp_path / "test" / "c0").rename(tmp_path / "test" / "new")
    data = sources.inspect(tmp_path)
    assert "new" in data.columns[1].classes
    assert "The class 'new' has no training pictures." in Browser(data, None).findings


def test_mixed_sizes_are_resized_and_told(tmp_path: Path) -> None:
    for index, size in enumerate([(20, 30), (20, 30), (20, 30), (40, 50), (25, 25)]):
        for name in "ab":
            (tmp_path / name).mkdir(exist_ok=True)
            Image.new("L", size).save(tmp_path / name / f"{index}.png")
    data = sources.inspect(tmp_path)
    assert data.columns[0].shape == (1, 30, 20)
    loaded = dataset.load(data, None)
    assert loaded.prepared("image").shape == (10, 1, 30, 20)
    assert "different sizes" in " ".join(loaded.findings)


def test_large_pictures_become_128_and_a_chosen_size_is_obeyed(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        for index in range(3):
            Image.new("RGB", (1000, 500 + index), "red").save(tmp_path / name / f"{index}.png")
    data = sources.inspect(tmp_path)
    assert data.columns[0].shape == (3, 64, 128)
    chosen = sources.inspect(tmp_path, chosen={"image": ColumnChoice(settings={"size": (16, 24), "channels": "grey"})})
    assert dataset.load(chosen, None).prepared("image").shape == (6, 1, 16, 24)


def test_grey_pictures_stored_as_rgb_are_grey(tmp_path: Path) -> None:
    write_pictures(tmp_path, 30)
    for file in tmp_path.rglob("*.png"):
        Image.open(file).convert("RGB").save(file)
    assert sources.inspect(tmp_path).columns[0].shape == (1, 28, 28)
    Image.new("RGB", (28, 28), "red").save(next(tmp_path.rglob("*.png")))
    assert sources.inspect(tmp_path).columns[0].shape == (3, 28, 28)


def test_the_shape_that_was_chosen_stays_when_pictures_are_added(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    data = sources.inspect(tmp_path)
    for index in range(100):
        Image.new("RGB", (50, 50), "red").save(tmp_path / "c0" / f"new{index}.png")
    loaded = dataset.load(data, None)
    assert loaded.prepared("image").shape == (140, 1, 28, 28)


def test_a_deleted_class_is_noticed(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures", 60)
    data = sources.inspect(tmp_path / "pictures")
    (tmp_path / "pictures" / "c0").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="no longer what it was"):
        dataset.load(data, None)


def test_progress_can_cancel_decoding(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path, 200))

    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        dataset.load(data, None, cancel)
