"""Picture files as arrays of bytes, whatever their mode, depth, orientation or transparency."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.files import head, open_regular
from engine.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8")
EXIF_PLACES = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""

ORIENTATION = 0x0112

DAMAGE = (OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError, AttributeError, OverflowError,
          struct.error, zlib.error, MemoryError)
"""What Pillow raises for damaged pictures."""


def looks_like_picture(path: Path) -> bool:
    """By the first bytes of an ordinary file."""
    first = head(path, 12)
    return first.startswith(MAGIC) or (first[:4] == b"RIFF" and first[8:] == b"WEBP")


def upright_size(path: Path) -> tuple[int, int]:
    """(height, width) as the picture is seen, from its header. Raises DataError, whose message leaves the name out."""
    with _opened(path) as image:
        width, height = image.size
        is_turned = bool(EXIF_PLACES & image.info.keys()) and image.getexif().get(ORIENTATION) in TURNED
    return (width, height) if is_turned else (height, width)


def is_grey(path: Path) -> bool:
    """True if no pixel has a colour. Raises DataError as `pixels` does."""
    with _opened(path) as image:
        if image.mode in ("1", "L", "LA", "I;16", "I;16B", "I"):
            return True
        colours = np.asarray(image.convert("RGB"))
    return bool((colours[..., :1] == colours[..., 1:]).all())


def pixels(path: Path, shape: tuple[int, ...]) -> Pixels:
    """A picture as bytes of `shape` (channels, height, width), where 1 channel is grey and 3 are RGB.

    It is turned upright, laid on white where it is transparent and resized if it has another size; 16 bits a pixel
    become 8; of an animation the first picture counts. Raises DataError, whose message leaves the file's name out.
    """
    channels, height, width = shape
    with _opened(path) as image:
        flat = _flattened(_upright(image), "L" if channels == 1 else "RGB")
        if flat.size != (width, height):
            flat = flat.resize((width, height), _pillow().Resampling.BILINEAR)
        array: Pixels = np.asarray(flat)
    return array[None] if channels == 1 else array.transpose(2, 0, 1)


def _upright(image: "Image") -> "Image":
    if image.format == "PNG":
        image.load()  # what a PNG says of its orientation may come after the pixels
    if not EXIF_PLACES & image.info.keys():
        return image
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _flattened(image: "Image", mode: str) -> "Image":
    """Without transparency, palette and depths other than 8 bits."""
    if image.mode.startswith("I"):
        deep = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        image = _pillow().fromarray(((deep + 128) // 257).astype(np.uint8))
    if image.has_transparency_data:
        opaque = image.convert("RGBA")
        image = _pillow().alpha_composite(_pillow().new("RGBA", opaque.size, "white"), opaque)
    return image if image.mode == mode else image.convert(mode)


@contextmanager
def _opened(path: Path) -> Iterator["Image"]:
    pillow = _pillow()
    with open_regular(path) as file:
        try:
            with pillow.open(file, formats=FORMATS) as image:
                yield image
        except (pillow.DecompressionBombError, pillow.DecompressionBombWarning):
            raise DataError(f"it has more than {pillow.MAX_IMAGE_PIXELS:,} pixels") from None
        except DAMAGE as error:
            if isinstance(error, OSError) and str(error).startswith("cannot identify"):
                raise DataError("it is not a picture that can be read (PNG, JPEG, BMP, GIF or WebP)") from None
            raise DataError(f"it is damaged ({str(error) or type(error).__name__})") from None


@cache
def _pillow() -> ModuleType:
    """Pillow, with its limit on pixels as an error, and without its remarks on damaged EXIF data."""
    from PIL import Image

    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.init()
    return Image
