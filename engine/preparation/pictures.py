"""Pictures as arrays of bytes, whatever their mode, depth, orientation or transparency."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image, Resampling

Pixels = NDArray[np.uint8]
Source = bytes | BinaryIO
"""The whole of a picture file, or the file, opened."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"})
PNG = b"\x89PNG\r\n\x1a\n"
MAGIC = (PNG, b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*")
EXIF_PLACES = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""

ORIENTATION = 0x0112
PLAIN_CHUNKS = frozenset({b"IHDR", b"IDAT", b"IEND", b"pHYs", b"tIME", b"sBIT", b"gAMA", b"cHRM", b"sRGB", b"bKGD"})
"""Parts of a PNG that change nothing of how its pixels are read."""

GREY_SHARES = (0.299, 0.587, 0.114)
"""How much red, green and blue count in grey (ITU-R 601), as in Pillow."""

LARGEST_QUICK = 1 << 24
"""Pixels; larger pictures go to Pillow, which refuses bombs."""

DAMAGE = (OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError, AttributeError, OverflowError,
          struct.error, zlib.error, MemoryError)
"""What Pillow raises for damaged pictures."""


def is_picture(head: bytes) -> bool:
    """By the first twelve bytes of a file."""
    return head.startswith(MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def upright_size(source: Source) -> tuple[int, int]:
    """(height, width) as the picture is seen, from its header. Raises DataError, whose message leaves the name out."""
    with _opened(source) as image:
        width, height = image.size
        is_turned = bool(EXIF_PLACES & image.info.keys()) and image.getexif().get(ORIENTATION) in TURNED
    return (width, height) if is_turned else (height, width)


def pages(source: Source) -> int:
    """How many pictures a file holds, one behind another."""
    with _opened(source) as image:
        return int(getattr(image, "n_frames", 1))


def is_grey(source: Source) -> bool:
    """True if no pixel has a colour. Raises DataError as `decode` does."""
    with _opened(source) as image:
        if image.mode in ("1", "L", "LA", "I;16", "I;16B", "I", "F"):
            return True
        colours = np.asarray(image.convert("RGB"))
    return bool((colours[..., :1] == colours[..., 1:]).all())


def decode(source: Source, shape: Sequence[int], settings: Mapping[str, Any] | None = None, page: int = 0) -> Pixels:
    """A picture as bytes of `shape` (channels, height, width), where 1 channel is grey and 3 are RGB.

    It is turned upright, laid on white where it is transparent and brought to the size as the setting "fit" says, if it
    has another; 16 bits a pixel become 8; of an animation the first picture counts. Raises DataError, whose message
    leaves the file's name out.
    """
    channels, height, width = shape
    fit = (settings or {}).get("fit", "stretch")
    quick = _decoded_quickly(source) if page == 0 and isinstance(source, bytes) else None
    if quick is not None and quick.shape[:2] == (height, width) and (quick.ndim == 2 or channels == 3):
        if quick.ndim == 2:
            return quick[None] if channels == 1 else np.repeat(quick[None], channels, axis=0)
        return quick.transpose(2, 0, 1)
    with _opened(source, page) as image:
        flat = _flattened(_upright(image), "L" if channels == 1 else "RGB")
        array: Pixels = np.asarray(_sized(flat, (width, height), fit, _pillow().Resampling.BILINEAR))
    return array[None] if channels == 1 else array.transpose(2, 0, 1)


def reshaped(pixels: NDArray[Any], shape: Sequence[int], settings: Mapping[str, Any] | None = None) -> NDArray[Any]:
    """Pictures that are arrays already, bytes or reals (n, channels, height, width), in another `shape`: colours are
    mixed to grey or grey is repeated, and the size is brought about as `decode` does."""
    channels, height, width = shape
    if pixels.shape[1] != channels:
        if channels == 1:
            mixed = np.tensordot(pixels.astype(np.float32), np.array(GREY_SHARES, np.float32), (1, 0))[:, None]
            pixels = np.rint(mixed).astype(np.uint8) if pixels.dtype == np.uint8 else mixed
        else:
            pixels = np.repeat(pixels[:, :1], channels, axis=1)
    if pixels.shape[2:] == (height, width):
        return pixels
    pillow, fit = _pillow(), (settings or {}).get("fit", "stretch")
    kind = np.dtype(np.uint8) if pixels.dtype == np.uint8 else np.dtype(np.float32)
    found = np.empty((len(pixels), channels, height, width), kind)
    for number, channel in np.ndindex(*found.shape[:2]):
        image = pillow.fromarray(np.ascontiguousarray(pixels[number, channel], kind))
        found[number, channel] = np.asarray(_sized(image, (width, height), fit, pillow.Resampling.BILINEAR))
    return found


def mask_values(source: Source, page: int = 0) -> NDArray[np.int64]:
    """What the pixels (height, width) of a mask hold: palette places, grey values, or colours as 65536 R + 256 G + B.
    Raises DataError as `decode` does."""
    with _opened(source, page) as image:
        upright = _upright(image)
        if upright.mode not in ("1", "L", "P", "I", "I;16", "I;16B"):
            colours = np.asarray(upright.convert("RGB")).astype(np.int64)
            grey = (colours[..., :1] == colours[..., 1:]).all()
            return colours[..., 0] if grey else colours @ np.array([65536, 256, 1])
        values = np.asarray(upright).astype(np.int64)
    return values * 255 if upright.mode == "1" else values


def decode_mask(source: Source, values: Sequence[int], shape: Sequence[int], fit: str = "stretch",
                page: int = 0) -> NDArray[np.int64]:
    """A mask as class numbers of `shape` (height, width): places in the sorted `values` of `mask_values`. Brought to
    another size without mixing. Raises DataError as `decode` does, also for a value that is not in `values`."""
    found = mask_values(source, page)
    known = np.asarray(values, np.int64)
    numbers = np.searchsorted(known, found).clip(0, len(known) - 1)
    if (known[numbers] != found).any():
        strange = int(found[known[numbers] != found][0])
        raise DataError(f"the mask holds the value {strange}, which is no class")
    if found.shape == tuple(shape):
        return numbers
    pillow = _pillow()
    picture = pillow.fromarray(numbers.astype(np.int32))
    return np.asarray(_sized(picture, (shape[1], shape[0]), fit, pillow.Resampling.NEAREST)).astype(np.int64)


def encoded_picture(pixels: Pixels) -> bytes:
    """A picture (channels, height, width) as a PNG file."""
    written = io.BytesIO()
    _pillow().fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(written, "PNG")
    return written.getvalue()


def encoded_mask(numbers: NDArray[np.int64], classes: int) -> bytes:
    """Class numbers (height, width) as a PNG file whose pixels are the numbers, each shown in a colour of its own."""
    steps = np.arange(256)
    shades = np.stack([steps * 97 % 256, steps * 57 % 256, steps * 167 % 256], axis=1)
    if classes == 2:
        shades[1] = 255
    picture = _pillow().fromarray(numbers.astype(np.uint8)).convert("P")
    picture.putpalette(shades.astype(np.uint8).reshape(-1).tolist())
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _decoded_quickly(data: bytes) -> Pixels | None:
    """The pixels of an ordinary PNG, (height, width) grey or (height, width, 3) RGB, by a library that is faster than
    Pillow and gives the same; None where it is not sure to."""
    cv2 = _opencv()
    if cv2 is None or not _is_plain_png(data):
        return None
    pixels: Pixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    width, height, _, colours = struct.unpack_from(">IIBB", data, 16)
    if pixels is None or pixels.dtype != np.uint8 or pixels.shape != (height, width, 3)[: 3 if colours else 2]:
        return None
    return pixels[..., ::-1] if colours else pixels


def _is_plain_png(data: bytes) -> bool:
    """A whole PNG of 8-bit grey or RGB pixels whose checksums are right, and nothing else that would change them."""
    if not data.startswith(PNG) or len(data) < 33:
        return False
    width, height, depth, colours, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if depth != 8 or colours not in (0, 2) or interlaced or not 0 < width * height <= LARGEST_QUICK:
        return False
    place, kind = len(PNG), b""
    while kind != b"IEND" and place + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + size
        if kind not in PLAIN_CHUNKS or end > len(data):
            return False
        if zlib.crc32(data[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            return False
        place = end
    return kind == b"IEND"


def _sized(image: "Image", size: tuple[int, int], fit: str, resampling: "Resampling") -> "Image":
    """Brought to (width, height): stretched, cropped at the centre, or padded with zeros."""
    if image.size == size:
        return image
    if fit == "stretch":
        return image.resize(size, resampling)
    from PIL import ImageOps

    if fit == "crop":
        return ImageOps.fit(image, size, resampling)
    return ImageOps.pad(image, size, resampling, color=0)


def _upright(image: "Image") -> "Image":
    if image.format == "PNG":
        image.load()  # what a PNG says of its orientation may come after the pixels
    if not EXIF_PLACES & image.info.keys():
        return image
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _flattened(image: "Image", mode: str) -> "Image":
    """Without transparency, palette and depths other than 8 bits. Real numbers up to 1 count from 0 to 1."""
    if image.mode == "F":
        real = np.nan_to_num(np.asarray(image), nan=0.0, posinf=0.0, neginf=0.0)
        real = real * 255 if real.max(initial=0) <= 1 else real
        image = _pillow().fromarray(np.clip(np.rint(real), 0, 255).astype(np.uint8))
    if image.mode.startswith("I"):
        deep = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        is_deep = deep.max(initial=0) > 255  # some programs write bytes as 16 bits
        image = _pillow().fromarray((((deep + 128) // 257) if is_deep else deep).astype(np.uint8))
    if image.has_transparency_data:
        opaque = image.convert("RGBA")
        image = _pillow().alpha_composite(_pillow().new("RGBA", opaque.size, "white"), opaque)
    return image if image.mode == mode else image.convert(mode)


@contextmanager
def _opened(source: Source, page: int = 0) -> Iterator["Image"]:
    pillow = _pillow()
    try:
        with pillow.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            if page:
                image.seek(page)
            yield image
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning):
        raise DataError(f"it has more than {pillow.MAX_IMAGE_PIXELS:,} pixels") from None
    except DAMAGE as error:
        if isinstance(error, OSError) and str(error).startswith("cannot identify"):
            raise DataError("it is not a picture that can be read (PNG, JPEG, BMP, GIF, WebP or TIFF)") from None
        raise DataError(f"it is damaged ({str(error) or type(error).__name__})") from None


@cache
def _pillow() -> ModuleType:
    """Pillow, with its limit on pixels as an error, and without its remarks on damaged EXIF data."""
    from PIL import Image

    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.init()
    return Image


@cache
def _opencv() -> ModuleType | None:
    """OpenCV, where it is installed, on one thread: whoever decodes many pictures has threads of their own."""
    try:
        import cv2
    except ImportError:
        return None
    cv2.setNumThreads(1)
    return cv2
