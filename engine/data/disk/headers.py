"""What the headers of picture and sound files say, without decoding them."""

from collections.abc import Callable
from typing import BinaryIO, TypeVar

from engine.data.disk.media import Files
from engine.data.files import Progress, Rows
from engine.errors import DataError
from engine.preparation import pictures, sounds

T = TypeVar("T")


def picture_sizes(files: Files, rows: Rows, progress: Progress) -> dict[int, tuple[int, int]]:
    """By row (height, width), as the pictures are seen. Damaged files are left out."""
    return _read(files, rows, progress, pictures.upright_size)


def durations(files: Files, rows: Rows, progress: Progress) -> dict[int, float]:
    """By row the seconds of a recording. Damaged files are left out."""
    return _read(files, rows, progress, sounds.duration)


def _read(files: Files, rows: Rows, progress: Progress, look: Callable[[BinaryIO], T]) -> dict[int, T]:
    found: dict[int, T] = {}
    for done, row in enumerate(rows.tolist(), 1):
        file = files[row]
        if file is not None:
            try:
                with file.open() as stream:
                    found[row] = look(stream)
            except DataError:
                pass  # counted and listed when it is read
        if done % 100 == 0:
            progress(done / len(rows))
    return found
