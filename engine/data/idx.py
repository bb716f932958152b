"""IDX files, the format of MNIST and Fashion-MNIST: pairs of an images and a labels file, plain or gzip-compressed.

An IDX file begins with two zero bytes, a type code, the number of axes and each axis' length (32 bits, big-endian).
"""

import gzip
import os
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from math import prod
from pathlib import Path

import numpy as np

from engine.data.files import (
    BLOCK_BYTES,
    MAX_INFLATION,
    AnyArray,
    Progress,
    Rows,
    allocate,
    head,
    ignore_progress,
    is_folder,
    is_regular,
    listing,
    missing,
    open_regular,
    portion,
)
from engine.data.labels import class_numbers, named_classes
from engine.data.opened import Held, Loaded, Opened, RowNames, Values, numbered_classes
from engine.errors import DataError
from engine.params import Value
from engine.project import Column

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
CLASS_FILES = ("classes.txt", "labels.txt")
DAMAGE = (EOFError, OSError, zlib.error)
NAME = re.compile(r"idx\d[-._]?(u?byte|short|int|float|double)", re.IGNORECASE)
ROLE_WORDS = re.compile(r"images?|labels?|targets?|idx\d|u?byte|\.gz$|[-_. ]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IdxFile:
    """The header of one file. `shape` counts samples first; the numbers begin after `offset` bytes."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    is_compressed: bool

    @property
    def offset(self) -> int:
        return 4 + 4 * len(self.shape)

    @property
    def size(self) -> int:
        """Bytes of the numbers, by the header."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def key(self) -> str:
        """What an images file and its labels file have in common: "train" of train-images-idx3-ubyte.gz."""
        return ROLE_WORDS.sub("", self.path.name).lower()

    @property
    def split(self) -> str:
        """The split that the file's name speaks of."""
        if "test" in self.key or "t10k" in self.key:
            return "test"
        return "validation" if "val" in self.key else "train"


def recognise(path: Path) -> bool:
    """True for an IDX file, and for a folder that holds one."""
    if is_regular(path):
        return _looks_like_idx(path)
    return is_folder(path) and _home(path) is not None


def open_idx(path: Path, options: dict[str, Value], known: tuple[Column, ...], progress: Progress) -> Opened:
    """Open a folder of images and labels files, or one images file with its labels beside it."""
    pairs = _pairs(path)
    images = IdxImages(tuple(image for image, _ in pairs))
    labels = np.concatenate([read(label) for _, label in pairs])
    column = _input_column(pairs[0][0])
    findings: list[str] = []
    if labels.dtype.kind == "f":
        target = Column("value", "number", "target")
    else:
        labels, count = class_numbers(labels, str(pairs[0][1].path))
        names, findings = _class_names(pairs[0][0].path.parent, count)
        target = Column("label", "category", "target", classes=names)
    counts = [image.shape[0] for image, _ in pairs]
    return Opened(
        columns=(column, target),
        values={column.name: images, target.name: Held(labels)},
        names=RowNames(*((image.key or "image", image.shape[0]) for image, _ in pairs)),
        files=[file.path for pair in pairs for file in pair],
        fixed=_fixed([image.split for image, _ in pairs], counts) if len(pairs) > 1 else {},
        findings=tuple(findings),
    )


class IdxImages(Values):
    """The samples of one or several files, one after the other. They stay in memory once they were read."""

    def __init__(self, files: tuple[IdxFile, ...]) -> None:
        self._files = files
        self._values: AnyArray | None = None

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        if self._values is None:
            self._values = self._read_all(progress)
        return Loaded(self._values if rows is None else self._values[rows], {})

    def _read_all(self, progress: Progress) -> AnyArray:
        total = sum(file.size for file in self._files)
        count = sum(file.shape[0] for file in self._files)
        first = self._files[0]
        values = allocate((count, *first.shape[1:]), np.dtype(first.dtype).newbyteorder("="), str(first.path))
        row = done = 0
        for file in self._files:
            part = read(file, portion(progress, done / total, (done + file.size) / total))
            values[row : row + len(part)] = part
            row, done = row + len(part), done + file.size
        return as_samples(values)


def as_samples(values: AnyArray) -> AnyArray:
    """(n, height, width) bytes as pictures (n, 1, height, width); colours, where they come last, put first."""
    if values.dtype == np.uint8 and values.ndim == 3:
        return values[:, None]
    if values.dtype == np.uint8 and values.ndim == 4 and values.shape[1] not in (1, 3) and values.shape[3] in (1, 3):
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return values


def read_header(path: Path) -> IdxFile:
    """The header of an IDX file, checked against the size of the file. Raises DataError."""
    start = _start(path)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES or not 1 <= start[3] <= 8:
        found = " ".join(f"{byte:02x}" for byte in start[:4]) or "nothing"
        raise DataError(f"{path} is not an IDX file: it begins with {found} instead of 00 00, a type and the number "
                        "of axes.", "Download it again, or choose another file.")
    axes = start[3]
    if len(start) < 4 + 4 * axes:
        raise _cut(path, 4 + 4 * axes, len(start))
    idx = IdxFile(path, TYPES[start[2]], struct.unpack_from(f">{axes}I", start, 4), head(path, 2) == GZIP)
    stored = path.stat().st_size
    if 0 in idx.shape:
        raise DataError(f"{path} holds no samples: its header says {idx.shape}.", "Choose a file with data.")
    if idx.is_compressed and idx.size > stored * MAX_INFLATION:
        raise DataError(f"The header of {path} promises {idx.size:,} bytes, which cannot come out of {stored:,} "
                        "compressed bytes.", "The file is damaged: download it again.")
    if not idx.is_compressed and stored < idx.offset + idx.size:
        raise _cut(path, idx.offset + idx.size, stored)
    if not idx.is_compressed and stored > idx.offset + idx.size:
        raise _surplus(path, idx.offset + idx.size)
    return idx


def read(file: IdxFile, progress: Progress = ignore_progress) -> AnyArray:
    """All numbers of a file, in this machine's byte order: (samples, ...). Raises DataError if it is cut or damaged."""
    values = allocate(file.shape, file.dtype, str(file.path))
    target = values.reshape(-1).view(np.uint8)
    found = 0
    with _stream(file.path) as stream:
        try:
            stream.read(file.offset)
            while found < len(target):
                got = stream.readinto(target[found : found + BLOCK_BYTES].data)
                if not got:
                    raise _cut(file.path, file.offset + file.size, file.offset + found)
                found += got
                progress(found / len(target))
            has_more = bool(stream.read(1))
        except EOFError:
            raise _cut(file.path, file.offset + file.size, file.offset + found) from None
        except (OSError, zlib.error) as error:
            raise DataError(f"{file.path} is damaged after {file.offset + found:,} of {file.offset + file.size:,} "
                            f"bytes: {error}.", "Download it again.") from None
    if has_more:
        raise _surplus(file.path, file.offset + file.size)
    return values.astype(np.dtype(file.dtype).newbyteorder("="), copy=False)


def _cut(path: Path, expected: int, found: int) -> DataError:
    return DataError(f"{path} is cut off: by its header it holds {expected:,} bytes, found {found:,}.",
                     "Copy or download it again.")


def _surplus(path: Path, expected: int) -> DataError:
    return DataError(f"{path} goes on after the {expected:,} bytes that its header tells of.",
                     "The file is damaged or of another format: download it again.")


@contextmanager
def _stream(path: Path) -> Iterator[gzip.GzipFile | BufferedReader]:
    with open_regular(path) as file:
        is_compressed = file.read(2) == GZIP
        file.seek(0, os.SEEK_SET)
        yield gzip.GzipFile(fileobj=file, mode="rb") if is_compressed else file


def _start(path: Path) -> bytes:
    """The header, unpacked, as far as it can be read."""
    start = b""
    with _stream(path) as stream, suppress(*DAMAGE):
        start = stream.read(4)
        if len(start) == 4:
            start += stream.read(4 * min(start[3], 8))
    return start


def _looks_like_idx(path: Path) -> bool:
    """By its first bytes; a damaged file with the name of an IDX file counts, so that its error can be told."""
    first = head(path, 4)
    if first[:2] == GZIP:
        first = _start(path)[:4]
    has_magic = len(first) == 4 and first[:2] == b"\0\0" and first[2] in TYPES and 1 <= first[3] <= 8
    return has_magic or bool(NAME.search(path.name))


def _home(folder: Path) -> Path | None:
    """The folder itself, or the only one up to two levels below, that holds IDX files (such as FashionMNIST/raw)."""
    level = [folder]
    for _ in range(3):
        homes = [place for place in level if any(_looks_like_idx(file) for file in _files(place))]
        if homes:
            return homes[0] if len(homes) == 1 else None
        level = [entry for place in level for entry in listing(place)[:100] if is_folder(entry)][:100]
    return None


def _files(folder: Path) -> list[Path]:
    return [entry for entry in listing(folder)[:200] if is_regular(entry)]


def _pairs(path: Path) -> list[tuple[IdxFile, IdxFile]]:
    """Images and labels that belong together: training first, then validation, then test."""
    folder = path.parent if is_regular(path) else _home(path)
    if folder is None:
        raise missing(path) if not path.exists() else DataError(
            f"{path} holds no IDX files.", "Choose the folder with train-images-idx3-ubyte and its labels.")
    headers = [read_header(file) for file in _files(folder) if _looks_like_idx(file) or file == path]
    headers.sort(key=lambda file: not file.is_compressed)
    by_key = {(file.key, len(file.shape) > 1): file for file in headers}  # the plain one, where both lie there
    images = [file for (_, is_image), file in by_key.items() if is_image]
    labels = [file for (_, is_image), file in by_key.items() if not is_image]
    if is_regular(path):
        images = [file for file in headers if file.path == path and len(file.shape) > 1]
    if not images:
        raise DataError(f"No images were found in {path}: only labels.", "Choose the folder or the images file.")
    pairs = []
    for image in images:
        label = by_key.get((image.key, False)) or (labels[0] if len(images) == len(labels) == 1 else None)
        if label is None:
            raise DataError(f"The labels of {image.path.name} are not beside it in {folder}.",
                            "Put the labels file (its name is the same with \"labels\" for \"images\") there.")
        pairs.append((image, label))
    return sorted(_checked(pairs), key=lambda pair: ("train", "validation", "test").index(pair[0].split))


def _checked(pairs: list[tuple[IdxFile, IdxFile]]) -> list[tuple[IdxFile, IdxFile]]:
    first = pairs[0][0]
    for image, label in pairs:
        if image.shape[0] != label.shape[0]:
            raise DataError(f"{image.path.name} holds {image.shape[0]:,} samples but {label.path.name} "
                            f"{label.shape[0]:,} labels.", "Use the labels file that belongs to these images.")
        if image.shape[1:] != first.shape[1:] or image.dtype != first.dtype:
            raise DataError(f"The samples of {image.path.name} are {image.shape[1:]}, those of {first.path.name} "
                            f"{first.shape[1:]}.", "Keep data of different sizes in different folders.")
    splits = [image.split for image, _ in pairs]
    if len(set(splits)) < len(splits):
        names = ", ".join(image.path.name for image, _ in pairs)
        raise DataError(f"{first.path.parent} holds several data sets: {names}.", "Choose one of these files.")
    return pairs


def _fixed(splits: list[str], counts: list[int]) -> dict[str, Rows]:
    ends = np.cumsum(counts)
    return {split: np.arange(end - count, end) for split, count, end in zip(splits, counts, ends, strict=True)}


def _input_column(file: IdxFile) -> Column:
    shape = as_samples(np.empty((0, *file.shape[1:]), np.dtype(file.dtype).newbyteorder("="))).shape[1:]
    is_image = file.dtype == ">u1" and len(shape) == 3 and shape[0] in (1, 3)
    return Column("image", "image", "input", shape) if is_image else Column("features", "vector", "input", shape)


def _class_names(folder: Path, count: int) -> tuple[tuple[str, ...], list[str]]:
    """Names from classes.txt, one a line, if there is one and it fits."""
    for name in CLASS_FILES:
        if is_regular(folder / name):
            return named_classes(folder / name, count)
    return numbered_classes(count), []
