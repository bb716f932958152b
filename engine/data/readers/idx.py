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
from math import prod
from typing import BinaryIO, cast

import numpy as np

from engine.data.disk.trees import File, Tree
from engine.data.files import (
    BLOCK_BYTES,
    AnyArray,
    Progress,
    Rows,
    allocate,
    ignore_progress,
    portion,
)
from engine.data.labels import class_names, class_numbers
from engine.data.opened import Asked, Held, Loaded, Opened, RowNames, Values
from engine.data.readers.image_columns import array_column
from engine.data.readers.large_arrays import ArrayFile, LargeArrays, are_large
from engine.errors import DataError
from engine.preparation.arrays import MAX_INFLATION
from engine.project import Column

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
START_BYTES = 4096
LEVELS = 3
MANY_FILES = 200
NAME = re.compile(r"idx\d[-._]?(u?byte|short|int|float|double)", re.IGNORECASE)
ROLE_WORDS = re.compile(r"images?|labels?|targets?|idx\d|u?byte|\.gz$|[-_. ]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IdxFile:
    """The header of one file. `shape` counts samples first; the numbers begin after `offset` bytes."""

    file: File
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
        return _key(self.file)

    @property
    def split(self) -> str:
        """The split that the file's name speaks of."""
        if "test" in self.key or "t10k" in self.key:
            return "test"
        return "validation" if "val" in self.key else "train"


def recognise(tree: Tree) -> bool:
    """True for an IDX file, and for a tree with a folder that holds some."""
    return looks_like_idx(tree.single) if tree.single else bool(_home(tree))


def open_idx(asked: Asked) -> Opened:
    """Open a folder of images and labels files, or one images file with its labels beside it."""
    pairs = _pairs(asked.tree)
    images = _samples([image for image, _ in pairs])
    labels = np.concatenate([read(label) for _, label in pairs])
    column, inputs = array_column(_input_column(pairs[0][0]), images, asked)
    findings: list[str] = []
    if labels.dtype.kind == "f":
        target = Column("value", "number", "target", reason=f"the numbers in {pairs[0][1].file.base}")
    else:
        labels, count = class_numbers(labels, pairs[0][1].file.place)
        names, findings = class_names(asked.tree, pairs[0][0].file.folder, count)
        target = Column("label", "category", "target", classes=names, reason=f"whole numbers below {count}")
    counts = [image.shape[0] for image, _ in pairs]
    return Opened(
        columns=(column, target),
        values={column.name: inputs, target.name: Held(labels)},
        names=RowNames(*((image.key or "image", image.shape[0]) for image, _ in pairs)),
        files=[part.file for pair in pairs for part in pair],
        fixed=_fixed([image.split for image, _ in pairs], counts) if len(pairs) > 1 else {},
        findings=tuple(findings),
    )


def _samples(files: list[IdxFile]) -> Values:
    parts = [ArrayFile(idx.file, idx.dtype, idx.shape, idx.offset) for idx in files]
    if are_large(parts) and not any(idx.is_compressed for idx in files):
        return LargeArrays(parts, as_samples)
    return IdxImages(tuple(files))


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
        values = allocate((count, *first.shape[1:]), np.dtype(first.dtype).newbyteorder("="), first.file.place)
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


def read_header(file: File) -> IdxFile:
    """The header of an IDX file, checked against the size of the file. Raises DataError."""
    start, is_compressed = _start(file)
    if len(start) < 4 or not _is_magic(start):
        found = " ".join(f"{byte:02x}" for byte in start[:4]) or "nothing"
        raise DataError(f"{file.place} is not an IDX file: it begins with {found} instead of 00 00, a type and the "
                        "number of axes.", "Download it again, or choose another file.")
    axes = start[3]
    if len(start) < 4 + 4 * axes:
        raise _cut(file, 4 + 4 * axes, len(start))
    idx = IdxFile(file, TYPES[start[2]], struct.unpack_from(f">{axes}I", start, 4), is_compressed)
    stored = file.size
    if 0 in idx.shape:
        raise DataError(f"{file.place} holds no samples: its header says {idx.shape}.", "Choose a file with data.")
    if idx.is_compressed and idx.size > stored * MAX_INFLATION:
        raise DataError(f"The header of {file.place} promises {idx.size:,} bytes, which cannot come out of {stored:,} "
                        "compressed bytes.", "The file is damaged: download it again.")
    if not idx.is_compressed and stored < idx.offset + idx.size:
        raise _cut(file, idx.offset + idx.size, stored)
    if not idx.is_compressed and stored > idx.offset + idx.size:
        raise _surplus(file, idx.offset + idx.size)
    return idx


def read(idx: IdxFile, progress: Progress = ignore_progress) -> AnyArray:
    """All numbers of a file, in this machine's byte order: (samples, ...). Raises DataError if it is cut or damaged."""
    values = allocate(idx.shape, idx.dtype, idx.file.place)
    target = values.reshape(-1).view(np.uint8)
    found = 0
    with _stream(idx.file) as stream:
        try:
            stream.read(idx.offset)
            while found < len(target):
                block = target[found : found + BLOCK_BYTES]
                got = stream.readinto(block.data)  # type: ignore[attr-defined]
                if not got:
                    raise _cut(idx.file, idx.offset + idx.size, idx.offset + found)
                found += got
                progress(found / len(target))
            has_more = bool(stream.read(1))
        except EOFError:
            raise _cut(idx.file, idx.offset + idx.size, idx.offset + found) from None
        except (OSError, zlib.error) as error:
            raise DataError(f"{idx.file.place} is damaged after {idx.offset + found:,} of {idx.offset + idx.size:,} "
                            f"bytes: {error}.", "Download it again.") from None
    if has_more:
        raise _surplus(idx.file, idx.offset + idx.size)
    return values.astype(np.dtype(idx.dtype).newbyteorder("="), copy=False)


def looks_like_idx(file: File) -> bool:
    """By its first bytes; a damaged file with the name of an IDX file counts, so that its error can be told."""
    first = file.head(4)
    if first[:2] == GZIP:
        first = _start(file)[0]
    return _is_magic(first) or bool(NAME.search(file.base))


def _key(file: File) -> str:
    return ROLE_WORDS.sub("", file.base).lower()


def _is_magic(start: bytes) -> bool:
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in TYPES and 1 <= start[3] <= 8


def _cut(file: File, expected: int, found: int) -> DataError:
    return DataError(f"{file.place} is cut off: by its header it holds {expected:,} bytes, found {found:,}.",
                     "Copy or download it again.")


def _surplus(file: File, expected: int) -> DataError:
    return DataError(f"{file.place} goes on after the {expected:,} bytes that its header tells of.",
                     "The file is damaged or of another format: download it again.")


@contextmanager
def _stream(file: File) -> Iterator[BinaryIO]:
    with file.open() as stream:
        is_compressed = stream.read(2) == GZIP
        stream.seek(0, os.SEEK_SET)
        yield cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb")) if is_compressed else stream


def _start(file: File) -> tuple[bytes, bool]:
    """The header, unpacked, as far as it can be read; and whether the file is compressed."""
    packed = file.head(START_BYTES)
    if packed[:2] != GZIP:
        return packed[: 4 + 4 * 8], False
    start = b""
    with suppress(zlib.error):
        start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, 4 + 4 * 8)
    return start[: 4 + 4 * start[3]] if len(start) > 3 else start, True


def _home(tree: Tree) -> list[File]:
    """The files of the one folder, at the top or up to two levels below, that holds IDX files (such as
    FashionMNIST/raw). Folders of many files are none."""
    folders: dict[str, list[File]] = {}
    for file in tree.files:
        if file.name.count("/") < LEVELS:
            folders.setdefault(file.folder, []).append(file)
    for level in range(LEVELS):
        homes = [found for folder, files in folders.items()
                 if len(files) <= MANY_FILES and (folder.count("/") + bool(folder)) == level
                 and (found := [file for file in files if looks_like_idx(file)])]
        if homes:
            return homes[0] if len(homes) == 1 else []
    return []


def _pairs(tree: Tree) -> list[tuple[IdxFile, IdxFile]]:
    """Images and labels that belong together: training first, then validation, then test."""
    single = tree.single
    files = _home(tree)
    if single:  # its labels first: many other files may lie there
        near = sorted(tree.neighbours(), key=lambda file: _key(file) != _key(single))[:MANY_FILES]
        files = [single, *(file for file in near if file.name != single.name and looks_like_idx(file))]
    if not files:
        raise DataError(f"{tree.root} holds no IDX files.", "Choose the folder with train-images-idx3-ubyte and its "
                        "labels.")
    headers = sorted((read_header(file) for file in files), key=lambda idx: not idx.is_compressed)
    by_key = {(idx.key, len(idx.shape) > 1): idx for idx in headers}  # the plain one, where both lie there
    images = [idx for (_, is_image), idx in by_key.items() if is_image]
    labels = [idx for (_, is_image), idx in by_key.items() if not is_image]
    if single:
        images = [idx for idx in headers if idx.file is single and len(idx.shape) > 1]
    if not images:
        raise DataError(f"No images were found in {tree.root}: only labels.", "Choose the folder or the images file.")
    pairs = []
    for image in images:
        label = by_key.get((image.key, False)) or (labels[0] if len(images) == len(labels) == 1 else None)
        if label is None:
            raise DataError(f"The labels of {image.file.base} are not beside it in {tree.root}.",
                            "Put the labels file (its name is the same with \"labels\" for \"images\") there.")
        pairs.append((image, label))
    return sorted(_checked(pairs), key=lambda pair: ("train", "validation", "test").index(pair[0].split))


def _checked(pairs: list[tuple[IdxFile, IdxFile]]) -> list[tuple[IdxFile, IdxFile]]:
    first = pairs[0][0]
    for image, label in pairs:
        if image.shape[0] != label.shape[0]:
            raise DataError(f"{image.file.place} holds {image.shape[0]:,} samples but {label.file.base} "
                            f"{label.shape[0]:,} labels.", "Use the labels file that belongs to these images.")
        if image.shape[1:] != first.shape[1:] or image.dtype != first.dtype:
            raise DataError(f"The samples of {image.file.place} are {image.shape[1:]}, those of {first.file.base} "
                            f"{first.shape[1:]}.", "Keep data of different sizes in different folders.")
    splits = [image.split for image, _ in pairs]
    if len(set(splits)) < len(splits):
        names = ", ".join(image.file.base for image, _ in pairs)
        raise DataError(f"There are several data sets beside each other: {names}.",
                        f"Choose one of these files, not {first.file.place.removesuffix(first.file.name)}.")
    return pairs


def _fixed(splits: list[str], counts: list[int]) -> dict[str, Rows]:
    ends = np.cumsum(counts)
    return {split: np.arange(end - count, end) for split, count, end in zip(splits, counts, ends, strict=True)}


def _input_column(idx: IdxFile) -> Column:
    shape = as_samples(np.empty((0, *idx.shape[1:]), np.dtype(idx.dtype).newbyteorder("="))).shape[1:]
    is_image = idx.dtype == ">u1" and len(shape) == 3 and shape[0] in (1, 3)
    axes = " × ".join(map(str, idx.shape[1:]))
    if is_image:
        return Column("image", "image", "input", shape, reason=f"bytes in {axes}")
    return Column("features", "vector", "input", shape, reason=f"numbers in {axes}")
