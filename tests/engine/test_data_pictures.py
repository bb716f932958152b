"""Picture files of every mode, depth and orientation."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.pictures import pixels, upright_size
from engine.errors import DataError
from tests.engine.data_files import fashion

GREY = fashion(1)[0][0]


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_grey_is_unchanged(tmp_path: Path) -> None:
    assert (pixels(saved(tmp_path / "a.png", Image.fromarray(GREY)), (1, 28, 28))[0] == GREY).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    deep = saved(tmp_path / "a.png", Image.fromarray(GREY.astype(np.uint16) * 257))
    assert (pixels(deep, (1, 28, 28))[0] == GREY).all()


def test_one_bit_and_palette(tmp_path: Path) -> None:
    one_bit = saved(tmp_path / "a.png", Image.fromarray(GREY > 100))
    assert (pixels(one_bit, (1, 28, 28))[0] == np.where(GREY > 100, 255, 0)).all()
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putdata([0, 1])
    assert pixels(saved(tmp_path / "b.png", palette), (3, 1, 2))[:, 0].T.tolist() == [[255, 0, 0], [0, 0, 255]]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    red = saved(tmp_path / "a.jpg", Image.new("RGB", (16, 16), "red").convert("CMYK"), quality=95)
    colour = pixels(red, (3, 16, 16))[:, 8, 8].astype(int)
    assert colour[0] > 200
    assert colour[1:].max() < 50


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    clear = saved(tmp_path / "a.png", Image.new(mode, (3, 3), (0, 0, 0, 0) if mode == "RGBA" else (0, 0)))
    assert (pixels(clear, (1, 3, 3)) == 255).all()


def test_transparent_colour_of_a_palette_becomes_white(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.putdata([0, 1])
    file = saved(tmp_path / "a.png", palette, transparency=0)
    assert pixels(file, (3, 1, 2))[:, 0].T.tolist() == [[255, 255, 255], [10, 20, 30]]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_exif_orientation_is_applied(tmp_path: Path, suffix: str) -> None:
    wide = Image.new("L", (20, 10))
    wide.paste(255, (0, 0, 10, 10))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = saved(tmp_path / f"a{suffix}", wide, exif=exif)
    assert upright_size(file) == (20, 10)
    upright = pixels(file, (1, 20, 10))[0]
    assert upright[2:8].mean() > 250
    assert upright[12:18].mean() < 5


def test_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 4), shade) for shade in (10, 200)]
    file = tmp_path / "a.gif"
    frames[0].save(file, save_all=True, append_images=frames[1:])
    assert (pixels(file, (1, 4, 4)) == 10).all()


def test_colours_come_first_and_height_before_width(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.png", Image.new("RGB", (7, 5), (1, 2, 3)))
    assert pixels(file, (3, 5, 7))[:, 4, 6].tolist() == [1, 2, 3]
    assert pixels(file, (3, 10, 3)).shape == (3, 10, 3)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 13_000, 13_000, 8, 2, 0, 0, 0)
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
                     + chunk(b"IEND", b""))
    with pytest.raises(DataError, match="more than"):
        pixels(bomb, (3, 28, 28))
    with pytest.raises(DataError, match="more than"):
        upright_size(bomb)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".webp", ".bmp"])
def test_every_truncation_is_a_clear_error_or_a_picture(tmp_path: Path, suffix: str) -> None:
    whole = saved(tmp_path / f"a{suffix}", Image.fromarray(GREY)).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    refused = []
    for size in range(0, len(whole), max(1, len(whole) // 60)):
        cut.write_bytes(whole[:size])
        try:
            assert pixels(cut, (1, 28, 28)).shape == (1, 28, 28)
        except DataError as error:
            refused.append(error.message)
    assert len(refused) > 30
    assert all("damaged" in message or "not a picture" in message for message in refused)
