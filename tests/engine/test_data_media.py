"""Files of pictures, recordings and texts that are damaged, odd or dangerous: listed, never a crash or a hang."""

import io
import os
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from engine.data.disk.media import Masks, Pictures, Sounds, Texts
from engine.data.disk.trees import File, disk_file
from engine.data.files import ignore_progress
from tests.engine.data_files import fashion

MUTANTS = 150


def picture(format: str = "PNG", number: int = 0) -> bytes:
    written = io.BytesIO()
    Image.fromarray(fashion(10)[0][number]).convert("RGB").save(written, format)
    return written.getvalue()


def recording(seconds: float = 0.2, rate: int = 8000, format: str = "WAV") -> bytes:
    import soundfile

    written = io.BytesIO()
    soundfile.write(written, np.sin(np.arange(int(seconds * rate)) / 5).astype(np.float32), rate, format=format)
    return written.getvalue()


def files(folder: Path, contents: Sequence[bytes]) -> list[File]:
    for number, data in enumerate(contents):
        (folder / f"{number:04}").write_bytes(data)
    return [disk_file(folder / f"{number:04}") for number in range(len(contents))]


def mutants(whole: bytes, count: int, seed: int = 0) -> list[bytes]:
    """Cut, with bytes changed, taken out and doubled."""
    random = Random(seed)
    made = []
    for number in range(count):
        data = bytearray(whole)
        place = random.randrange(len(data))
        if number % 3 == 0:
            del data[place:]
        elif number % 3 == 1:
            for _ in range(random.choice((1, 5, 50))):
                data[random.randrange(len(data))] = random.randrange(256)
        else:
            data[place:place] = data[random.randrange(len(data)) :][: random.randrange(100)]
        made.append(bytes(data))
    return made


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
def test_mutated_pictures(tmp_path: Path, format: str) -> None:
    whole = picture(format)
    given = files(tmp_path, [whole, *mutants(whole, MUTANTS)])
    loaded = Pictures(given, (3, 28, 28)).read(None, ignore_progress)
    assert 0 not in loaded.damaged
    assert len(loaded.damaged) > MUTANTS // 10
    for row, what in loaded.damaged.items():
        assert what
        assert not loaded.values[row].any()


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG"])
def test_mutated_recordings(tmp_path: Path, format: str) -> None:
    whole = recording(format=format)
    given = files(tmp_path, [whole, *mutants(whole, MUTANTS)])
    loaded = Sounds(given, 8000, 0.2).read(None, ignore_progress)
    assert 0 not in loaded.damaged
    assert loaded.damaged
    for row, samples in enumerate(loaded.values):
        assert samples.dtype == np.float32
        assert len(samples) <= 1600
        assert np.isfinite(samples).all()
        assert (len(samples) == 0) == (row in loaded.damaged)


def test_a_header_that_promises_hours_takes_no_memory(tmp_path: Path) -> None:
    data = bytearray(recording())
    place = data.index(b"data") + 4
    struct.pack_into("<I", data, place, 2**31 - 1)
    loaded = Sounds(files(tmp_path, [bytes(data)]), 8000, 5.0).read(None, ignore_progress)
    assert len(loaded.values[0]) <= 5 * 8000


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


def nothing(path: Path) -> None:
    """No file at all."""


@pytest.mark.parametrize("make", [fifo, device, loop, Path.mkdir, nothing])
def test_what_is_no_file_is_listed_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.png")
    started = time.monotonic()
    given = [disk_file(tmp_path / "x.png")]
    for values in (Pictures(given, (1, 8, 8)), Sounds(given, 8000, 1.0), Texts(given)):
        loaded = values.read(None, ignore_progress)
        assert list(loaded.damaged) == [0]
    assert time.monotonic() - started < 1


def test_named_files_that_are_not_there(tmp_path: Path) -> None:
    given = [*files(tmp_path, [picture()]), None]
    loaded = Pictures(given, (1, 28, 28)).read(np.array([1, 0]), ignore_progress)
    assert loaded.damaged == {1: "there is no such file"}
    assert not loaded.values[0].any()
    assert loaded.values[1].any()


def test_decompression_bombs_are_refused_before_decoding(tmp_path: Path) -> None:
    """169 million pixels of one colour, in a PNG of some hundred kilobytes."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = 13000
    rows = zlib.compress(bytes((side + 1) * 1000), 9)
    png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
           + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    started = time.monotonic()
    loaded = Pictures(files(tmp_path, [png]), (1, 28, 28)).read(None, ignore_progress)
    assert "pixels" in loaded.damaged[0]
    assert time.monotonic() - started < 1


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, format, **options)
    return written.getvalue()


def test_odd_pictures_are_read_as_people_see_them(tmp_path: Path) -> None:
    grey = np.tile(np.arange(28, dtype=np.uint8) * 9, (28, 1))
    plain = Image.fromarray(grey)
    turned = Image.Exif()
    turned[0x0112] = 6
    rgba = plain.convert("RGBA")
    rgba.putalpha(0)
    contents = [
        saved(Image.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        saved(plain.convert("RGB").convert("CMYK"), "TIFF"),
        saved(plain, "GIF", save_all=True, append_images=[Image.new("L", (28, 28), 255)]),
        saved(plain.rotate(90), "PNG", exif=turned),
        saved(Image.fromarray(grey.astype(np.uint16)), "TIFF"),
        saved(rgba, "PNG"),
        saved(plain.convert("1"), "PNG"),
        saved(plain.convert("P"), "PNG"),
    ]
    loaded = Pictures(files(tmp_path, contents), (1, 28, 28)).read(None, ignore_progress)
    assert not loaded.damaged
    for row in (0, 1, 2, 3, 4, 7):
        assert np.abs(loaded.values[row, 0].astype(int) - grey).max() <= 1, row
    assert (loaded.values[5] == 255).all()
    assert set(np.unique(loaded.values[6])) == {0, 255}


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_quick_way_gives_the_bytes_that_pillow_gives(tmp_path: Path, mode: str) -> None:
    images, _ = fashion(64)
    random = np.random.default_rng(0)
    pictures = [Image.fromarray(image if mode == "L" else random.integers(0, 256, (28, 28, 3), np.uint8))
                for image in images]
    given = files(tmp_path, [saved(image, "PNG") for image in pictures])
    shape = (1 if mode == "L" else 3, 28, 28)
    loaded = Pictures(given, shape).read(None, ignore_progress)
    wanted = np.stack([np.asarray(image).reshape(28, 28, -1).transpose(2, 0, 1) for image in pictures])
    assert (loaded.values == wanted).all()


def test_threads_and_no_threads_give_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    large = [saved(Image.fromarray(random.integers(0, 256, (90, 90, 3), np.uint8)), "PNG") for _ in range(150)]
    given = files(tmp_path, [*large[:70], b"broken", *large[70:]])
    shares: list[float] = []
    loaded = Pictures(given, (3, 90, 90)).read(None, shares.append)
    assert list(loaded.damaged) == [70]
    assert shares[-1] == 1.0
    for row in (0, 69, 71, 150):
        alone = Pictures(given, (3, 90, 90)).read(np.array([row]), ignore_progress)
        assert (alone.values[0] == loaded.values[row]).all()


def test_masks(tmp_path: Path) -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[5:10, 5:10] = 255
    given = files(tmp_path, [saved(Image.fromarray(mask), "PNG"), saved(Image.fromarray(mask // 2), "PNG"), b"x"])
    loaded = Masks(given, (20, 20), [0, 255]).read(None, ignore_progress)
    assert (loaded.values[0] == mask // 255).all()
    assert loaded.values.dtype == np.int64
    assert "127" in loaded.damaged[1]
    assert set(loaded.damaged) == {1, 2}
    counted = Masks(given, (10, 10), None).read(np.array([1]), ignore_progress)
    assert set(np.unique(counted.values)) == {0, 1}


@pytest.mark.parametrize(("data", "text"), [
    (b"plain", "plain"), ("grün".encode(), "grün"), ("grün".encode("utf-8-sig"), "grün"),
    ("grün".encode("cp1252"), "grün"), ("grün".encode("utf-16"), "grün"), (b"", ""),
])
def test_texts_in_any_usual_encoding(tmp_path: Path, data: bytes, text: str) -> None:
    loaded = Texts(files(tmp_path, [data])).read(None, ignore_progress)
    assert loaded.values == [text]
    assert not loaded.damaged


def test_what_is_no_text_is_listed(tmp_path: Path) -> None:
    loaded = Texts(files(tmp_path, [b"good", b"ab\0cd", b"\xff\xfea"])).read(None, ignore_progress)
    assert set(loaded.damaged) == {1, 2}
    assert "byte 3" in loaded.damaged[1]
    assert loaded.values == ["good", "", ""]


def test_a_text_that_is_far_too_large_is_listed(tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(2 << 30)
    loaded = Texts([disk_file(tmp_path / "large.txt")]).read(None, ignore_progress)
    assert "at most" in loaded.damaged[0]
