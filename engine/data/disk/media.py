"""Raw values of files: pictures, masks, recordings and texts, read when they are asked for, many files at a time."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.data.disk.trees import File
from engine.data.files import AnyArray, Progress, Rows, allocate
from engine.data.opened import Loaded, Values
from engine.errors import DataError
from engine.preparation import pictures, sounds

CHUNK = 64
LARGE_BYTES = 8192
MAX_PICTURE = 1 << 30
MAX_SOUND = 4 << 30
MAX_TEXT = 16 << 20

Files = Sequence[File | None]
"""The file of each row; None where a table names one that is not there."""


@dataclass(frozen=True, slots=True)
class Pictures(Values):
    """Picture files as bytes of one shape (channels, height, width). Those that cannot be read are black.

    pages  which picture of its file each row is, for files that hold several
    """

    files: Files
    shape: tuple[int, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    pages: Sequence[int] | None = None

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        rows = np.arange(len(self.files)) if rows is None else rows
        values = allocate((len(rows), *self.shape), np.uint8, "The pictures")

        def decode(place: int, row: int) -> None:
            values[place] = pictures.decode(_bytes(self.files[row], MAX_PICTURE), self.shape, self.settings,
                                            self.pages[row] if self.pages else 0)

        damaged = _all(decode, self.files, rows, progress)
        values[[place for place, row in enumerate(rows) if row in damaged] if damaged else []] = 0
        return Loaded(values, damaged)


@dataclass(frozen=True, slots=True)
class ArrayPictures(Values):
    """Pictures that lie in arrays, brought to the shape that was chosen for them."""

    whole: Values
    shape: tuple[int, ...]
    settings: Mapping[str, Any]

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        loaded = self.whole.read(rows, progress)
        return Loaded(pictures.reshaped(loaded.values, self.shape, self.settings), loaded.damaged)


@dataclass(frozen=True, slots=True)
class Masks(Values):
    """Mask files as class numbers int64 (n, height, width): the places of the pixels' values in the sorted `values`;
    without these 1 for every value above 0. Those that cannot be read are zeros."""

    files: Files
    shape: tuple[int, ...]
    values: Sequence[int] | None
    fit: str = "stretch"
    pages: Sequence[int] | None = None

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        rows = np.arange(len(self.files)) if rows is None else rows
        numbers = allocate((len(rows), *self.shape), np.int64, "The masks")
        numbers[:] = 0

        def decode(place: int, row: int) -> None:
            data, page = _bytes(self.files[row], MAX_PICTURE), self.pages[row] if self.pages else 0
            values = np.unique(pictures.mask_values(data, page)) if self.values is None else np.array(self.values)
            found = pictures.decode_mask(data, values.tolist(), self.shape, self.fit, page)
            numbers[place] = values[found] > 0 if self.values is None else found

        damaged = _all(decode, self.files, rows, progress)
        return Loaded(numbers, damaged)


@dataclass(frozen=True, slots=True)
class Sounds(Values):
    """Recordings as float32 (samples,) at `rate`, at most `seconds` long. Those that cannot be read are empty."""

    files: Files
    rate: int
    seconds: float

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        rows = np.arange(len(self.files)) if rows is None else rows
        values: list[AnyArray] = [np.zeros(0, np.float32)] * len(rows)

        def decode(place: int, row: int) -> None:
            values[place] = sounds.decode(_bytes(self.files[row], MAX_SOUND), self.rate, self.seconds)

        damaged = _all(decode, self.files, rows, progress)
        return Loaded(values, damaged)


@dataclass(frozen=True, slots=True)
class Texts(Values):
    """Text files. Those that cannot be read are ""."""

    files: Files

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        rows = np.arange(len(self.files)) if rows is None else rows
        values = [""] * len(rows)

        def decode(place: int, row: int) -> None:
            values[place] = text_of(_bytes(self.files[row], MAX_TEXT))

        damaged = _all(decode, self.files, rows, progress)
        return Loaded(values, damaged)


def text_of(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or else Windows-1252. Raises DataError, whose message leaves the name out,
    for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(f"it is damaged: {error.reason} at byte {error.start:,}") from None
    if b"\0" in data:
        raise DataError(f"it is no text: byte {data.index(0) + 1:,} is zero")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _bytes(file: File | None, limit: int) -> bytes:
    """Raises DataError, whose message leaves the name out where it can."""
    if file is None:
        raise DataError("there is no such file")
    try:
        return file.read(limit)
    except DataError as error:
        raise DataError(error.message.removeprefix(f"{file.place} ").rstrip(".")) from None


def _all(decode: Callable[[int, int], None], files: Files, rows: Rows, progress: Progress) -> dict[int, str]:
    """`decode(place, row)` for all rows, in chunks; what went wrong, by row. Files that take long are read by several
    threads; of small ones, threads would spend more time on waiting for each other than they gain."""
    damaged: dict[int, str] = {}
    sample = [file.size for row in rows[:: max(1, len(rows) // CHUNK)] if (file := files[row]) is not None]
    are_large = sum(sample) > LARGE_BYTES * len(sample)

    def work(start: int) -> None:
        for place in range(start, min(start + CHUNK, len(rows))):
            row = int(rows[place])
            try:
                decode(place, row)
            except DataError as error:
                damaged[row] = error.message

    starts = range(0, len(rows), CHUNK)
    done = _in_threads(work, starts) if len(starts) > 1 and are_large else map(work, starts)
    for count, _ in enumerate(done, 1):
        progress(count / len(starts))
    return damaged


def _in_threads(work: Callable[[int], None], items: Iterable[int]) -> Iterator[None]:
    """`work` on all items, a few at a time. What was not begun is dropped when the caller stops."""
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="media")
    try:
        for done in as_completed([pool.submit(work, item) for item in items]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)
