"""Arrays in NPZ, NPY and IDX files as raw values by column. Nothing in a file is ever executed, and no header makes
more memory be taken than the file can fill."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import DataError
from . import cells, files, pictures
from .parts import AnyArray, Part

NPY = b"\x93NUMPY"
USUAL_NAMES = ("x", "image", "images", "data", "features", "feature", "inputs", "input", "samples")
IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
DOCUMENTS = (b"[Content_Types].xml", b"docProps/", b"_rels/", b"xl/", b"mimetype")
"""What Excel, Word and OpenDocument files begin with."""

MAX_INFLATION = 1040
"""Deflate cannot make a file more than 1,032 times smaller: a header that promises more is lying."""

DAMAGE = (ValueError, OSError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
          NotImplementedError)


def holds_arrays(path: Path) -> bool:
    """By the contents: an NPZ, NPY or IDX file, the last also packed by gzip. Raises DataError if it cannot be read."""
    start = files.head(path, 8)
    if start.startswith(b"PK\x03\x04"):
        return not is_document(path)
    return start.startswith(NPY) or _is_idx(_unpacked_head(path, start))


def is_document(path: Path) -> bool:
    """Whether a ZIP file is a spreadsheet or a text document, told by its first entry. Raises DataError."""
    return files.head(path, 128)[30:].startswith(DOCUMENTS)


def read(path: Path) -> dict[str, AnyArray]:
    """All arrays of a file by name; the only array of a file that names none is called "". Raises DataError."""
    start = files.head(path, 8)
    try:
        if start.startswith(b"PK"):
            with files.open_regular(path) as file, zipfile.ZipFile(file) as archive:
                return {info.filename.removesuffix(".npy"): _member(archive, info)
                        for info in archive.infolist() if info.filename.endswith(".npy")}
        if start.startswith(NPY):
            data = files.whole(path)
            return {"": _array(io.BytesIO(data), len(data))}
        return {"": _idx(files.whole(path))}
    except DAMAGE as error:
        raise DataError(f"{path} cannot be read as arrays: {error}.",
                        "Save the arrays again, without objects.") from None


def values(path: Path, arrays: Mapping[str, AnyArray], leaf: Part, is_only: bool) -> Any:
    """The raw values of one column, as `encode` takes them: the array of its name, or, for the only input of a network,
    the only array of its shape or the one with a usual name. Raises DataError."""
    if arrays and not any(array.ndim and len(array) for array in arrays.values()):
        raise DataError(f"{path} holds no samples.", "Choose a file with samples.")
    fitting = {name: found for name, array in arrays.items() if (found := _as_raw(array, leaf)) is not None}
    if leaf.kind == "image" and not fitting:
        fitting = {name: pictures.reshaped(found, leaf.shape, leaf.settings) for name, array in arrays.items()
                   if _is_pictures(found := _as_pictures(array))}
    usual = [name for name in fitting if name.lower() in USUAL_NAMES]
    chosen = [leaf.name] if leaf.name in fitting else []
    if is_only and not chosen:
        chosen = list(fitting) if len(fitting) == 1 else usual
    if len(chosen) != 1:
        raise DataError(f"{path} holds {len(fitting)} arrays of samples {leaf.shape}, which the network reads as "
                        f"{leaf.name!r}.", f"Keep one such array in the file, or name it {leaf.name!r}.")
    return fitting[chosen[0]]


def _as_raw(array: AnyArray, leaf: Part) -> Any:
    """An array as raw values of a column, None where it is no such thing."""
    if not array.ndim or not len(array):
        return None
    found: Any = None
    if leaf.kind in ("text", "category"):
        found = _said(array, leaf) if array.ndim == 1 else None
    elif leaf.kind in ("audio", "tokens"):
        found = _sequences(array, leaf.kind) if array.ndim == 2 and array.dtype.kind in "buif" else None
    elif leaf.kind == "date" and array.dtype.kind == "M" and array.ndim == 1:
        found = np.where(np.isnat(array), np.nan, array.astype("datetime64[ms]").astype(np.int64) / 1000)
    elif array.dtype.kind in "buif":
        shaped = _as_pictures(array) if leaf.kind == "image" else array
        wanted = () if leaf.kind in ("number", "boolean", "date") else leaf.shape
        found = shaped if shaped.shape[1:] == wanted else None
    return found


def _said(array: AnyArray, leaf: Part) -> Any:
    """Texts (n,), or classes by name or number."""
    if array.dtype.kind == "U":
        texts = [str(text) for text in array]
        return texts if leaf.kind == "text" else np.array(cells.class_numbers(texts, leaf.classes), np.int64)
    return array.astype(np.int64) if leaf.kind == "category" and array.dtype.kind in "bui" else None


def _sequences(array: AnyArray, kind: str) -> list[AnyArray] | None:
    """Rows of (n, length); what fills them up at the end, NaN in sounds and -1 in tokens, is taken off."""
    if not array.shape[1] or (kind == "tokens" and array.dtype.kind == "f"):
        return None
    filler = np.isnan(array) if kind == "audio" and array.dtype.kind == "f" else array == (-1 if kind == "tokens" else
                                                                                       np.inf)
    lengths = array.shape[1] - np.argmin(filler[:, ::-1], axis=1)
    lengths[filler.all(axis=1)] = 0
    dtype = np.float32 if kind == "audio" else np.int64
    return [row[:length].astype(dtype) for row, length in zip(array, lengths, strict=True)]


def _as_pictures(array: AnyArray) -> AnyArray:
    """(n, height, width) as (n, 1, height, width); colours, where they come last, put first."""
    if array.ndim == 3:
        return array[:, None]
    if array.ndim == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
        return array.transpose(0, 3, 1, 2)
    return array


def _is_pictures(array: AnyArray) -> bool:
    """Pictures of any size, grey or RGB."""
    return array.ndim == 4 and array.shape[1] in (1, 3) and array.size > 0 and array.dtype.kind in "uf"


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> AnyArray:
    if info.file_size > MAX_INFLATION * max(info.compress_size, 1) + 4096:
        raise ValueError(f"{info.filename} says it is {info.file_size:,} bytes, which its {info.compress_size:,} "
                         "packed bytes cannot hold")
    with archive.open(info) as file:
        return _array(file, info.file_size)  # type: ignore[arg-type]


def _array(file: BinaryIO, size: int) -> AnyArray:
    """An array in NumPy's format; `size` is what the file has."""
    version = np.lib.format.read_magic(file)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = reader(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not loaded")
    count = prod(shape)
    if count * dtype.itemsize > size:
        raise ValueError(f"its header promises {count * dtype.itemsize:,} bytes, the file has {size:,}")
    data = file.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise ValueError("it ends too early")
    array = np.frombuffer(data, dtype, count)
    return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)


def _idx(data: bytes) -> AnyArray:
    if data[:2] == b"\x1f\x8b":
        limit = MAX_INFLATION * len(data)
        with gzip.open(io.BytesIO(data)) as file:
            data = file.read(min(limit, files.LARGEST))
    if not _is_idx(data[:8]):
        raise ValueError("it is neither an NPZ, an NPY nor an IDX file")
    dtype, axes = np.dtype(IDX_TYPES[data[2]]), data[3]
    shape = struct.unpack_from(f">{axes}I", data, 4)
    if 4 + 4 * axes + prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"its header promises samples {shape}, which is not what the file has")
    array = np.frombuffer(data, dtype, offset=4 + 4 * axes).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _is_idx(start: bytes) -> bool:
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in IDX_TYPES and 1 <= start[3] <= 8


def _unpacked_head(path: Path, start: bytes) -> bytes:
    if start[:2] != b"\x1f\x8b":
        return start
    try:
        with files.open_regular(path) as file, gzip.open(file) as unpacked:
            return unpacked.read(8)
    except DAMAGE:
        return b""
