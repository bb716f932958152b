"""NPZ files of numpy: arrays by name. Headers are checked before memory is taken; objects are refused."""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.files import (
    MAX_INFLATION,
    AnyArray,
    Progress,
    Rows,
    head,
    ignore_progress,
    is_regular,
    open_regular,
    require_memory,
)
from engine.data.idx import as_samples
from engine.data.labels import MAX_CLASSES, class_numbers
from engine.data.opened import Held, Loaded, Opened, RowNames, Values, is_usable, numbered_classes
from engine.errors import DataError
from engine.params import Choice, Param, Text, Value
from engine.project import Column

PARAMS: tuple[Param, ...] = (
    Text(name="input", default="", help="The array that the network reads. Empty: one named x, images, data, ..."),
    Text(name="target", default="", help="The array to predict. Empty: one named y, labels, targets, ..."),
    Choice(name="target_kind", default="auto", choices=("auto", "category", "number"),
           help="Predict a class or a number. Auto: a class for whole numbers, texts and truth values."),
)

INPUT_NAMES = ("x", "image", "images", "data", "features", "feature", "inputs", "input", "samples")
TARGET_NAMES = ("y", "label", "labels", "target", "targets", "outputs", "output")
CLASS_NAMES = ("classes", "class_names", "names")
SPLIT_WORDS = {"train": "train", "training": "train", "val": "validation", "valid": "validation",
               "validation": "validation", "test": "test"}
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, KeyError, OverflowError,
          RuntimeError, NotImplementedError, MemoryError)
"""What zipfile and numpy raise for damaged files."""

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Header:
    """What an array's header says."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    split: str
    base: str


def recognise(path: Path) -> bool:
    """True for a ZIP file with a numpy array in it."""
    if not is_regular(path) or head(path, 2) != b"PK":
        return False
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except DAMAGE:
        return True  # its error is told when it is opened


def open_npz(path: Path, options: dict[str, Value], known: tuple[Column, ...], progress: Progress) -> Opened:
    """Open a file with an input array (n, ...) and a target array (n,), or with x_train, y_train, x_test, y_test."""
    headers = read_headers(path)
    inputs = _chosen(headers, options["input"], INPUT_NAMES, "input", path)
    targets = _chosen(headers, options["target"], TARGET_NAMES, "target", path)
    if set(inputs) != set(targets):
        raise DataError(f"{path} has inputs for {_listed(inputs)} but targets for {_listed(targets)}.",
                        "Every input array needs its target array.")
    _check_lengths(inputs, targets, path)
    splits = [split for split in ("", *SPLITS) if split in inputs]
    labels = np.concatenate([_flat(read_array(path, targets[split])) for split in splits])
    column = input_column(inputs[splits[0]])
    target, values = _target(labels, options["target_kind"], _class_names(headers, path), targets[splits[0]].name)
    counts = [inputs[split].shape[0] for split in splits]
    ends = np.cumsum(counts)
    return Opened(
        columns=(column, target),
        values={column.name: NpzArrays(path, tuple(inputs[split] for split in splits)), target.name: Held(values)},
        names=RowNames(*((split or "sample", count) for split, count in zip(splits, counts, strict=True))),
        files=(path,),
        usable=np.flatnonzero(is_usable(values).reshape(len(values), -1).all(axis=1)),
        fixed={split: np.arange(end - n, end) for split, n, end in zip(splits, counts, ends, strict=True) if split},
    )


class NpzArrays(Values):
    """The samples of one or several arrays, one after the other. They stay in memory once they were read."""

    def __init__(self, path: Path, headers: tuple[Header, ...]) -> None:
        self._path = path
        self._headers = headers
        self._values: AnyArray | None = None

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        if self._values is None:
            parts = []
            for index, header in enumerate(self._headers):
                parts.append(as_samples(read_array(self._path, header)))
                progress((index + 1) / len(self._headers))
            self._values = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return Loaded(self._values if rows is None else self._values[rows], {})


def read_headers(path: Path) -> dict[str, Header]:
    """The headers of all arrays, by name, checked against the file's size. Raises DataError."""
    stored = path.stat().st_size
    headers = {}
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".npy"):
                    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                        raise zipfile.BadZipFile("its compression is not one that numpy writes")
                    name = member.filename.removesuffix(".npy")
                    headers[name] = _header(archive, member, name, path, stored)
    except DAMAGE as error:
        raise _damaged(path, error) from None
    if not headers:
        raise DataError(f"{path} holds no arrays.", "Write it with numpy.savez.")
    return headers


def read_array(path: Path, header: Header, progress: Progress = ignore_progress) -> AnyArray:
    """One array in this machine's byte order. Raises DataError."""
    require_memory(_size(header), f"The array {header.name!r} of {path}")
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive, archive.open(f"{header.name}.npy") as member:
            array = np.lib.format.read_array(member, allow_pickle=False)
    except DAMAGE as error:
        raise _damaged(path, error) from None
    progress(1.0)
    return np.asarray(array, array.dtype.newbyteorder("="))


def read_samples(path: Path, column: Column) -> AnyArray:
    """The array of a file that holds samples of `column`: the only one of its shape, or one with a usual name."""
    headers = [header for header in read_headers(path).values() if header.shape]
    fitting = [header for header in headers if input_column(header).shape == column.shape]
    usual = [header for header in fitting if header.base in INPUT_NAMES]
    if len(fitting) != 1 and len(usual) != 1:
        raise DataError(f"{path} holds {len(fitting)} arrays of samples {column.shape}, which the network reads.",
                        "Keep one such array in the file, or name it x.")
    return as_samples(read_array(path, fitting[0] if len(fitting) == 1 else usual[0]))


def input_column(header: Header) -> Column:
    """Pictures: samples of bytes with two or three axes, or of reals (1 or 3, height, width). Else numbers."""
    sample = as_samples(np.empty((0, *header.shape[1:]), header.dtype))
    shape = tuple(sample.shape[1:])
    if header.dtype.kind not in "buif":
        raise DataError(f"The array {header.name!r} holds {header.dtype}, not numbers.", "Choose an array of numbers.")
    if len(shape) == 3 and shape[0] in (1, 3) and (header.dtype == np.uint8 or header.dtype.kind == "f"):
        return Column("image", "image", "input", shape)
    return Column("features", "vector", "input", shape or (1,)) if shape else Column("number", "number", "input")


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, path: Path, stored: int) -> Header:
    with archive.open(member) as file:
        try:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
        except (ValueError, SyntaxError, tokenize.TokenError) as error:
            raise DataError(f"The array {name!r} of {path} has no readable header: {error}.",
                            "Write the file again with numpy.savez.") from None
        offset = file.tell()
    if dtype.hasobject:
        raise DataError(f"The array {name!r} of {path} holds Python objects, which are not read: they could run code.",
                        "Save it as numbers or texts.")
    *words, last = name.lower().replace("-", "_").split("_")
    split = next((SPLIT_WORDS[word] for word in (*words, last) if word in SPLIT_WORDS), "")
    base = "_".join(word for word in (*words, last) if word not in SPLIT_WORDS)
    header = Header(name, shape, dtype, split, base)
    held = min(member.file_size, member.compress_size * MAX_INFLATION, stored * MAX_INFLATION)
    if offset + _size(header) > held or min(shape, default=0) < 0:
        raise DataError(f"The header of the array {name!r} in {path} promises {_size(header):,} bytes of numbers, but "
                        f"the file holds at most {max(0, held - offset):,}.", "The file is damaged: write it again.")
    return header


def _size(header: Header) -> int:
    return int(np.prod(header.shape, dtype=object)) * header.dtype.itemsize


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} is a damaged NPZ file: {error}.", "Copy or download it again.")


def _chosen(headers: Mapping[str, Header], chosen: str, names: tuple[str, ...], what: str,
            path: Path) -> dict[str, Header]:
    """The arrays of one role by split; "" is the split of an array that is not named after one."""
    arrays = {name: header for name, header in headers.items() if header.shape}
    if chosen:
        found = [header for header in arrays.values() if chosen in (header.name, header.base)]
        exact = [header for header in found if header.name == chosen]
        found = exact or found
    else:
        found = next((fitting for name in names
                      if (fitting := [header for header in arrays.values() if header.base == name])), [])
    if any(header.split for header in found):
        found = [header for header in found if header.split]
    if not found:
        listed = ", ".join(f"{header.name} {header.shape}" for header in headers.values())
        problem = f"no array named {chosen!r}" if chosen else f"no array that is known as the {what}"
        raise DataError(f"{path} has {problem}.", f"Choose one of its arrays: {listed}.")
    return {header.split: header for header in found}


def _listed(arrays: Mapping[str, Header]) -> str:
    return ", ".join(header.name for header in arrays.values())


def _check_lengths(inputs: Mapping[str, Header], targets: Mapping[str, Header], path: Path) -> None:
    first = next(iter(inputs.values()))
    for split, header in inputs.items():
        target = targets[split]
        if header.shape[0] != target.shape[0]:
            raise DataError(f"In {path} {header.name!r} holds {header.shape[0]:,} samples but {target.name!r} "
                            f"{target.shape[0]:,}.", "Input and target need one entry per sample.")
        if header.shape[1:] != first.shape[1:] or header.dtype != first.dtype:
            raise DataError(f"In {path} samples of {header.name!r} are {header.dtype} {header.shape[1:]}, those of "
                            f"{first.name!r} {first.dtype} {first.shape[1:]}.", "Make them alike.")
        if 0 in header.shape:
            raise DataError(f"The array {header.name!r} of {path} is empty.", "Choose an array with samples.")


def _flat(labels: AnyArray) -> AnyArray:
    """(n, 1) as (n,); one-hot rows (n, classes) as class numbers."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        return labels[:, 0]
    if labels.ndim != 2 or labels.dtype.kind not in "buif":
        return labels
    is_one_hot = bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())
    return np.argmax(labels, axis=1) if is_one_hot else labels


def _class_names(headers: Mapping[str, Header], path: Path) -> tuple[str, ...]:
    """Names of classes, where an array of texts has them."""
    header = next((headers[name] for name in CLASS_NAMES if name in headers), None)
    if header is None or header.dtype.kind != "U" or len(header.shape) != 1:
        return ()
    return tuple(str(name) for name in read_array(path, header))


def _target(labels: AnyArray, kind: str, names: tuple[str, ...], array: str) -> tuple[Column, AnyArray]:
    if labels.dtype.kind == "U" and labels.ndim == 1:
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) > MAX_CLASSES:
            raise DataError(f"The target {array!r} holds {len(classes):,} different texts: no set of classes.")
        return Column("label", "category", "target", classes=tuple(map(str, classes))), numbers.astype(np.int64)
    if labels.dtype.kind not in "buif":
        raise DataError(f"The target {array!r} holds {labels.dtype}, not numbers or texts.", "Choose another array.")
    is_category = kind == "category" or (kind == "auto" and labels.dtype.kind in "bui")
    if is_category and labels.ndim == 1:
        numbers, count = class_numbers(labels, f"the array {array!r}")
        fits = len(names) >= count and len(set(names)) == len(names)
        return Column("label", "category", "target", classes=names if fits else numbered_classes(count)), numbers
    values = labels.astype(np.float64)
    if labels.ndim == 1:
        return Column("value", "number", "target"), values
    return Column("values", "vector", "target", labels.shape[1:]), values
