"""Picture files of every mode, depth and orientation."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import DataError
from engine.preparation.pictures import (
    Pixels,
    decode,
    decode_mask,
    encoded_mask,
    mask_values,
    pages,
    upright_size,
)
from tests.engine.data_files import fashion

GREY = fashion(1)[0][0]


def pixels(path: Path, shape: tuple[int, ...], **settings: str) -> Pixels:
    """What the file decodes to, whether its bytes are given or the file, opened."""
    quick = decode(path.read_bytes(), shape, settings)
    with path.open("rb") as file:
        assert (decode(file, shape, settings) == quick).all(), "the quick way gives what Pillow gives"
    return quick


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
    assert upright_size(file.read_bytes()) == (20, 10)
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
        upright_size(bomb.read_bytes())


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


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("channels", [1, 3])
def test_ordinary_pngs_are_the_same_by_the_quick_way(tmp_path: Path, mode: str, channels: int) -> None:
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, 256, (31, 17) if mode == "L" else (31, 17, 3), np.uint8))
    file = saved(tmp_path / "a.png", image)
    expected = np.asarray(image.convert("L" if channels == 1 else "RGB")).reshape(31, 17, channels).transpose(2, 0, 1)
    assert (pixels(file, (channels, 31, 17)) == expected).all()
    assert pixels(file, (channels, 10, 20)).shape == (channels, 10, 20)


def test_every_changed_byte_is_an_error_or_what_pillow_makes_of_it(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.png", Image.fromarray(GREY)).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(whole)
        changed[random.integers(len(whole))] ^= 1 << random.integers(8)
        (tmp_path / "b.png").write_bytes(changed)
        found = []
        for source in (bytes(changed), (tmp_path / "b.png").open("rb")):
            try:
                found.append(decode(source, (1, 28, 28)).tobytes())
            except DataError as error:
                found.append(error.message)
            if not isinstance(source, bytes):
                source.close()
        assert found[0] == found[1]


def test_another_shape_is_stretched_cropped_or_padded(tmp_path: Path) -> None:
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    file = saved(tmp_path / "a.png", Image.fromarray(wide))
    assert (pixels(file, (1, 10, 10), fit="crop")[0, 2:8, 2:8] == 200).all()
    padded = pixels(file, (1, 30, 30), fit="pad")[0]
    assert (padded[12:18, 12:18] == 200).all()
    assert (padded[:9] == 0).all()
    stretched = pixels(file, (1, 30, 30), fit="stretch")[0]
    assert (stretched[:, 12:18] == 200).all()


def test_masks_are_class_numbers_and_keep_them_at_another_size(tmp_path: Path) -> None:
    numbers = np.repeat(np.array([[0, 1, 2, 1]]), 4, axis=0)
    file = saved(tmp_path / "a.png", Image.fromarray(np.array([0, 128, 255], np.uint8)[numbers])).read_bytes()
    assert np.unique(mask_values(file)).tolist() == [0, 128, 255]
    assert (decode_mask(file, (0, 128, 255), (4, 4)) == numbers).all()
    assert np.unique(decode_mask(file, (0, 128, 255), (9, 9))).tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="holds the value 128"):
        decode_mask(file, (0, 255), (4, 4))
    assert (mask_values(encoded_mask(numbers, 3)) == numbers).all()


def test_masks_of_colours_and_bits(tmp_path: Path) -> None:
    colours = Image.new("RGB", (2, 1), (255, 0, 0))
    colours.putpixel((1, 0), (0, 0, 255))
    assert mask_values(saved(tmp_path / "a.png", colours).read_bytes()).tolist() == [[0xFF0000, 0x0000FF]]
    bits = saved(tmp_path / "b.png", Image.fromarray(np.array([[True, False]])))
    assert mask_values(bits.read_bytes()).tolist() == [[255, 0]]


def test_pages_of_a_stack(tmp_path: Path) -> None:
    first, *rest = [Image.new("L", (3, 3), shade) for shade in (10, 20, 30)]
    first.save(tmp_path / "a.tif", save_all=True, append_images=rest)
    data = (tmp_path / "a.tif").read_bytes()
    assert pages(data) == 3
    assert [int(decode(data, (1, 3, 3), page=page)[0, 0, 0]) for page in range(3)] == [10, 20, 30]
    with pytest.raises(DataError, match="damaged"):
        decode(data, (1, 3, 3), page=3)
