"""Folders and archives of recordings, texts, translations, masks and CIFAR files: recognised, typed, split and read."""

import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import dataset, sources
from engine.data.files import ignore_progress
from engine.data.sources import open_data
from engine.errors import DataError
from engine.project import ColumnChoice, Data
from tests.engine.data_files import fashion, write_idx, write_pictures
from tests.engine.test_data_media import recording, saved

LINES = ("one two three", "four five", "six", "seven eight nine ten", "eleven twelve")


def summary(data: Data) -> list[tuple[str, str, str]]:
    return [(column.name, column.kind, column.role) for column in data.columns]


def write_sounds(folder: Path, count: int = 20) -> Path:
    for number in range(count):
        place = folder / ("yes", "no")[number % 2] / f"{number}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(recording(0.1 + number / 100))
    return folder


def write_texts(folder: Path, count: int = 20) -> Path:
    for number in range(count):
        place = folder / ("good", "bad")[number % 2] / f"{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(LINES[number % len(LINES)])
    return folder


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def tarred(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "inside")
    return path


def test_class_folders_of_recordings(tmp_path: Path) -> None:
    data = sources.inspect(write_sounds(tmp_path))
    assert data.source == "audio_folder"
    assert summary(data) == [("sound", "audio", "input"), ("sound lengths", "lengths", "ignore"),
                             ("label", "category", "target")]
    assert data.columns[2].classes == ("no", "yes")
    assert data.columns[0].settings["rate"] == 8000
    assert data.columns[0].settings["seconds"] == pytest.approx(0.3)
    assert data.columns[0].shape == (31, 64)
    loaded = dataset.load(data, None)
    assert loaded.prepared("sound").shape == (20, 31, 64)
    chosen = {"sound": ColumnChoice(settings={"rate": 4000, "seconds": 0.5, "features": "waveform"}),
              "sound lengths": ColumnChoice(role="input")}
    data = sources.inspect(tmp_path, chosen=chosen)
    assert data.columns[0].shape == (1, 2000)
    assert data.columns[1].role == "input"


def test_settings_found_stay_when_recordings_are_added(tmp_path: Path) -> None:
    data = sources.inspect(write_sounds(tmp_path))
    for number in range(30):
        (tmp_path / "yes" / f"new{number}.wav").write_bytes(recording(2.0, 16000))
    opened = open_data(data, None)
    assert opened.columns[0].settings == data.columns[0].settings
    assert sources.CHANGED in opened.findings


def test_spoken_digits_in_their_zip(shared_data: Path) -> None:
    for place in (shared_data / "fsdd" / "fsdd.zip", shared_data / "fsdd"):
        data = sources.inspect(place)
        assert data.source == "audio_folder"
        assert data.path.endswith("fsdd.zip")
        assert data.columns[2].classes == tuple("0123456789")
        speakers = data.columns[3]
        assert (speakers.kind, speakers.role, len(speakers.classes)) == ("category", "ignore", 6)
    opened = open_data(data, None)
    loaded = opened.values["sound"].read(np.arange(0, 3000, 100), ignore_progress)
    assert not loaded.damaged
    assert all(len(samples) for samples in loaded.values)


def test_class_folders_of_texts(tmp_path: Path) -> None:
    data = sources.inspect(write_texts(tmp_path))
    assert data.source == "text_folder"
    assert summary(data)[0] == ("text", "text", "input")
    assert data.columns[2].classes == ("bad", "good")
    opened = open_data(data, None)
    row = opened.names.index("good/0.txt")
    assert opened.values["text"].read(np.array([row]), ignore_progress).values == [LINES[0]]


@pytest.mark.parametrize("write", [write_sounds, write_texts, write_pictures])
def test_split_folders_renamed_files_and_archives(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    for split, count in (("train", 40), ("valid", 20), ("test", 20)):
        write(tmp_path / "data" / split, count)
    wanted = sources.inspect(tmp_path / "data")
    for number, file in enumerate(sorted(path for path in (tmp_path / "data").rglob("*") if path.is_file())):
        file.rename(file.with_name(f"{number}.dat"))
    zipped(tmp_path / "data", tmp_path / "z")
    tarred(tmp_path / "data", tmp_path / "t")
    for place in ("data", "z", "t"):
        data = sources.inspect(tmp_path / place)
        assert data.source == wanted.source
        assert summary(data) == summary(wanted)
        opened = open_data(data, None)
        assert {split: len(rows) for split, rows in opened.fixed.items()} == {"train": 40, "validation": 20, "test": 20}


def test_parallel_text_as_two_files(tmp_path: Path) -> None:
    (tmp_path / "text.en").write_text("\n".join(LINES * 4) + "\n")
    (tmp_path / "text.de").write_text("\n".join(line.upper() for line in LINES * 4))
    (tmp_path / "README").write_text("about")
    data = sources.inspect(tmp_path)
    assert data.source == "parallel_text"
    assert summary(data) == [("en", "text", "input"), ("en lengths", "lengths", "ignore"),
                             ("de", "text", "target"), ("de lengths", "lengths", "ignore"),
                             ("de shifted", "shifted", "input")]
    opened = open_data(data, None)
    assert opened.values["de"].read(np.array([1]), ignore_progress).values == ["FOUR FIVE"]
    swapped = sources.inspect(tmp_path, chosen={"en": ColumnChoice(role="target"), "de": ColumnChoice(role="input")})
    assert [column.name for column in swapped.columns if column.role == "input"] == ["en shifted", "de"]


def test_parallel_text_with_splits(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("valid", 2), ("test", 2)):
        (tmp_path / f"{split}.src").write_text("\n".join(LINES * count))
        (tmp_path / f"{split}.tgt").write_text("\n".join(LINES * count))
    opened = open_data(sources.inspect(tmp_path), None)
    assert {split: len(rows) for split, rows in opened.fixed.items()} == {"train": 30, "validation": 10, "test": 10}


def test_empty_lines_of_parallel_text_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(LINES * 4))
    (tmp_path / "b.txt").write_text("\n".join((*LINES * 3, "", *LINES[1:])))
    opened = open_data(sources.inspect(tmp_path), None)
    assert len(opened.rows) == 19
    assert "Lines without text in one of the languages were left out (1)." in opened.findings


def test_parallel_text_of_different_length_names_both(tmp_path: Path) -> None:
    (tmp_path / "text.en").write_text("\n".join(LINES))
    (tmp_path / "text.de").write_text("\n".join(LINES[:4]))
    with pytest.raises(DataError, match=r"text\.en has 5 lines, text\.de 4"):
        sources.inspect(tmp_path, "parallel_text")


def cifar(label_bytes: int, count: int, seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    records = random.integers(0, 256, (count, label_bytes + 3072), np.uint8)
    records[:, 0] = np.arange(count) % (10 if label_bytes == 1 else 20)
    if label_bytes == 2:
        records[:, 1] = np.arange(count) % 100
    return records.tobytes()


def test_cifar_10(tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(cifar(1, 40, number))
    (tmp_path / "test_batch.bin").write_bytes(cifar(1, 20))
    (tmp_path / "batches.meta.txt").write_text("".join(f"kind {number}\n" for number in range(10)) + "\n")
    data = sources.inspect(tmp_path)
    assert data.source == "cifar"
    assert summary(data) == [("image", "image", "input"), ("label", "category", "target")]
    assert data.columns[0].shape == (3, 32, 32)
    assert data.columns[1].classes[3] == "kind 3"
    opened = open_data(data, None)
    assert {split: len(rows) for split, rows in opened.fixed.items()} == {"train": 200, "test": 20}
    raw = np.frombuffer(cifar(1, 20), np.uint8).reshape(20, 3073)
    loaded = opened.values["image"].read(np.arange(200, 220), ignore_progress).values
    assert (loaded.reshape(20, -1) == raw[:, 1:]).all()
    assert (opened.values["label"].read(np.arange(200, 220), ignore_progress).values == raw[:, 0]).all()


def test_cifar_100_whatever_the_files_are_called(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(cifar(2, 300))
    data = sources.inspect(zipped(tmp_path, tmp_path.with_suffix(".zip")))
    assert data.source == "cifar"
    assert [(column.name, column.role, len(column.classes)) for column in data.columns] == [
        ("image", "input", 0), ("label", "target", 100), ("group", "ignore", 20)]


def write_masks(folder: Path, image: str, mask: str, count: int = 20) -> list[np.ndarray]:
    masks = []
    for number, picture in enumerate(fashion(count)[0]):
        masks.append(np.where(picture > 100, 255, 0).astype(np.uint8))
        for name, array in ((image, picture), (mask, masks[-1])):
            place = folder / name.format(number)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(saved(Image.fromarray(array), "PNG"))
    return masks


@pytest.mark.parametrize(("image", "mask"), [
    ("images/{0}.png", "masks/{0}.png"), ("{0}.png", "{0}_mask.png"), ("x/imgs/{0}.png", "x/labels/{0}.png"),
    ("train/image_{0}.jpg", "train/mask_{0}.png"),
])
def test_masks_beside_pictures(tmp_path: Path, image: str, mask: str) -> None:
    masks = write_masks(tmp_path, image, mask)
    data = sources.inspect(tmp_path)
    assert data.source == "image_folder"
    assert summary(data) == [("image", "image", "input"), ("mask", "mask", "target")]
    assert data.columns[1].classes == ("background", "foreground")
    assert data.columns[1].shape == (28, 28)
    opened = open_data(data, None)
    row = next(row for row, name in enumerate(opened.names) if Path(name).stem.strip("image_") == "7")
    assert (opened.values["mask"].read(np.array([row]), ignore_progress).values[0] == masks[7] // 255).all()
    loaded = dataset.load(data, None)
    assert loaded.prepared("mask").shape == (20, 28, 28)


def test_pictures_without_a_mask_are_told(tmp_path: Path) -> None:
    write_masks(tmp_path, "images/{0}.png", "masks/{0}.png")
    (tmp_path / "masks" / "3.png").unlink()
    opened = open_data(sources.inspect(tmp_path), None)
    assert len(opened.names) == 19
    assert "Pictures and masks without counterpart were left out (1): images/3.png." in opened.findings


def test_masks_of_several_classes_and_their_names(tmp_path: Path) -> None:
    for number, picture in enumerate(fashion(20)[0]):
        for name, array in (("images", picture), ("masks", picture // 100)):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.png").write_bytes(saved(Image.fromarray(array), "PNG"))
    assert sources.inspect(tmp_path).columns[1].classes == ("0", "1", "2")
    (tmp_path / "classes.txt").write_text("nothing\ndark\nbright\n")
    assert sources.inspect(tmp_path).columns[1].classes == ("nothing", "dark", "bright")


def test_empty_masks_are_refused(tmp_path: Path) -> None:
    write_masks(tmp_path, "images/{0}.png", "masks/{0}.png")
    for file in (tmp_path / "masks").iterdir():
        file.write_bytes(saved(Image.new("L", (28, 28)), "PNG"))
    with pytest.raises(DataError, match="only the value 0"):
        sources.inspect(tmp_path)


def test_class_folders_that_speak_of_masks_are_classes(tmp_path: Path) -> None:
    write_pictures(tmp_path / "all", 60)
    (tmp_path / "faces").mkdir()
    (tmp_path / "all" / "c0").rename(tmp_path / "faces" / "with_mask")
    (tmp_path / "all" / "c1").rename(tmp_path / "faces" / "without_mask")
    assert sources.inspect(tmp_path / "faces").columns[1].classes == ("with_mask", "without_mask")


def test_pages_of_stacks_are_samples(tmp_path: Path) -> None:
    images = fashion(12)[0]
    for name, arrays in (("cells_img.tif", images), ("cells_mask.tif", [image // 128 * 255 for image in images])):
        first, *others = [Image.fromarray(array) for array in arrays]
        first.save(tmp_path / name, "TIFF", save_all=True, append_images=others)
    data = sources.inspect(tmp_path, options={"tiles": "none"})
    opened = open_data(data, None)
    assert len(opened.names) == 12
    read = opened.values["image"].read(np.array([5, 0]), ignore_progress)
    assert (read.values[0, 0] == images[5]).all()
    masks = opened.values["mask"].read(np.array([5]), ignore_progress).values
    assert (masks[0] == images[5] // 128).all()


def test_few_large_pictures_are_cut_into_tiles(shared_data: Path) -> None:
    data = sources.inspect(shared_data / "nuclei")
    assert data.columns[0].shape == (1, 64, 64)
    assert data.columns[1].classes == ("background", "foreground")
    opened = open_data(data, None)
    tiles = opened.values["image"].read(None, ignore_progress).values
    assert tiles.shape == (64, 1, 64, 64)
    whole = np.asarray(Image.open(shared_data / "nuclei" / "nuclei_img2d.tif"))
    assert (tiles.reshape(8, 8, 64, 64).transpose(0, 2, 1, 3).reshape(512, 512) == whole).all()
    some = opened.values["mask"].read(np.array([63, 9]), ignore_progress).values
    truth = np.asarray(Image.open(shared_data / "nuclei" / "nuclei_mask2d.tif")) > 0
    assert (some[0] == truth[448:, 448:]).all()
    assert (some[1] == truth[64:128, 64:128]).all()


def test_clothes_in_their_zip(shared_data: Path) -> None:
    data = sources.inspect(shared_data / "clothing64" / "clothing64.zip")
    assert data.source == "image_folder"
    assert data.columns[0].shape == (3, 64, 64)
    assert len(data.columns[1].classes) == 10
    opened = open_data(data, None)
    assert {split: len(rows) for split, rows in opened.fixed.items()} == {
        "train": 3068, "validation": 341, "test": 372}
    assert not opened.values["image"].read(np.arange(0, 3781, 20), ignore_progress).damaged


def test_pictures_with_boxes_open_as_pictures(shared_data: Path) -> None:
    data = sources.inspect(shared_data / "bccd-detection")
    assert summary(data) == [("image", "image", "input")]
    assert len(open_data(data, None).names) == 364


def test_idx_and_arrays_in_archives(tmp_path: Path) -> None:
    write_idx(tmp_path / "idx", compressed=True)
    data = sources.inspect(zipped(tmp_path / "idx", tmp_path / "idx.zip"))
    assert data.source == "idx"
    assert dataset.load(data, None).prepared("image").shape == (240, 1, 28, 28)
    images, labels = fashion(50)
    (tmp_path / "npy").mkdir()
    for name, array in (("x.npy", images), ("y.npy", labels)):
        written = io.BytesIO()
        np.save(written, array)
        (tmp_path / "npy" / name).write_bytes(written.getvalue())
    for place in (tmp_path / "npy", tmp_path / "npy" / "x.npy", zipped(tmp_path / "npy", tmp_path / "npy.zip"),
                  tarred(tmp_path / "npy", tmp_path / "npy.tgz")):
        data = sources.inspect(place)
        assert data.source == "npz"
        assert summary(data) == [("image", "image", "input"), ("label", "category", "target")]
    (tmp_path / "npy" / "y.npy").unlink()
    data = sources.inspect(tmp_path / "npy" / "x.npy")
    assert summary(data) == [("image", "image", "input")]


def test_data_that_moved_says_so(tmp_path: Path) -> None:
    data = sources.inspect(write_sounds(tmp_path / "here"))
    (tmp_path / "here").rename(tmp_path / "there")
    with pytest.raises(DataError, match="There is no data at") as caught:
        open_data(data, None)
    assert "put it back" in caught.value.hint


def test_an_empty_folder_and_an_empty_archive(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    zipped(tmp_path / "empty", tmp_path / "empty.zip")
    (tmp_path / "nothing.bin").write_bytes(b"")
    for name in ("empty", "empty.zip"):
        with pytest.raises(DataError, match="holds no files"):
            sources.inspect(tmp_path / name)
    with pytest.raises(DataError, match=r"nothing\.bin is empty"):
        sources.inspect(tmp_path / "nothing.bin")


def test_choices_stay_with_the_same_data_only(tmp_path: Path) -> None:
    chosen = {"image": ColumnChoice(settings={"size": (8, 8)})}
    first = sources.inspect(write_pictures(tmp_path / "one"), chosen=chosen)
    assert sources.inspect(tmp_path / "one", previous=first).columns[0].shape == (1, 8, 8)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert sources.inspect(tmp_path / "two", previous=first).columns[0].shape == (1, 28, 28)


def test_the_files_that_changed_are_noticed(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path))
    assert sources.CHANGED not in open_data(data, None).findings
    victim = next(tmp_path.rglob("*.png"))
    victim.write_bytes(victim.read_bytes() + b" ")
    assert sources.CHANGED in open_data(data, None).findings
