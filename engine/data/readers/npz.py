"""Arrays of numpy by name: in one NPZ file, or NPY files in a folder. Headers are checked before memory is taken;
objects are refused."""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import msgspec
import numpy as np

from engine.data.columns import settings_of
from engine.data.disk.trees import File, Tree
from engine.data.files import AnyArray, Progress, Rows, require_memory
from engine.data.labels import MAX_CLASSES, class_numbers
from engine.data.opened import Asked, Held, Loaded, Opened, RowNames, Values, numbered_classes
from engine.data.readers.idx import as_samples
from engine.data.readers.image_columns import array_column
from engine.data.readers.large_arrays import ArrayFile, LargeArrays, are_large
from engine.errors import DataError
from engine.kinds import KINDS
from engine.params import Choice, Param, Text
from engine.preparation.arrays import MAX_INFLATION, USUAL_NAMES
from engine.preparation.parts import is_usable
from engine.project import Column

PARAMS: tuple[Param, ...] = (
    Text(name="input", default="", help="The array that the network reads. Empty: one named x, images, data, ..."),
    Text(name="target", default="", help="The array to predict. Empty: one named y, labels, targets, ..."),
    Choice(name="target_kind", default="auto", choices=("auto", "category", "number"),
           help="Predict a class or a number. Auto: a class for whole numbers, texts and truth values."),
)

TARGET_NAMES = ("y", "label", "labels", "target", "targets", "outputs", "output")
CLASS_NAMES = ("classes", "class_names", "names")
SPLIT_WORDS = {"train": "train", "training": "train", "val": "validation", "valid": "validation",
               "validation": "validation", "test": "test"}
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, KeyError, OverflowError,
          RuntimeError, NotImplementedError, MemoryError)
"""What zipfile and numpy raise for damaged files."""

SPLITS = ("train", "validation", "test")
NPY = b"\x93NUMPY"
MANY_FILES = 200
HEAD_BYTES = 1 << 10


@dataclass(frozen=True, slots=True)
class Header:
    """What an array's header says. The array is `member` of an NPZ file, or, if that is "", an NPY file, where its
    numbers begin after `offset` bytes."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    split: str
    base: str
    file: File
    member: str = ""
    offset: int = 0
    is_fortran: bool = False


def recognise(tree: Tree) -> bool:
    """True for an NPZ or NPY file, and for a folder or archive with some at its top."""
    return any(holds_arrays(file) for file in _candidates(tree))


def holds_arrays(file: File) -> bool:
    """True for an NPY file, and for a ZIP file with numpy arrays in it."""
    start = file.head(HEAD_BYTES)
    if start.startswith(NPY):
        return True
    if start[:2] != b"PK":
        return False
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (DataError, *DAMAGE):
        first = start[30 : 30 + int.from_bytes(start[26:28], "little")]
        return first.endswith(b".npy")  # its error is told when it is opened


def open_npz(asked: Asked) -> Opened:
    """Open arrays with an input array (n, ...) and a target array (n,), or with x_train, y_train, x_test, y_test.
    Without any target there is none."""
    where = str(asked.tree.root)
    headers = _all_headers(asked.tree)
    inputs = _chosen(headers, asked.options["input"], USUAL_NAMES, where)
    targets = _chosen(headers, asked.options["target"], TARGET_NAMES, where, is_target=True)
    if targets and set(inputs) != set(targets):
        raise DataError(f"{where} has inputs for {_listed(inputs)} but targets for {_listed(targets)}.",
                        "Every input array needs its target array.")
    _check_lengths(inputs, targets, where)
    splits = [split for split in ("", *SPLITS) if split in inputs]
    arrays = _samples([inputs[split] for split in splits])
    column, pictures = array_column(_as_chosen(inputs[splits[0]], asked), arrays, asked)
    counts = [inputs[split].shape[0] for split in splits]
    ends = np.cumsum(counts)
    opened = Opened(
        columns=(column,),
        values={column.name: pictures},
        names=RowNames(*((split or "sample", count) for split, count in zip(splits, counts, strict=True))),
        files=tuple({header.file.name: header.file for header in (*inputs.values(), *targets.values())}.values()),
        fixed={split: np.arange(end - n, end) for split, n, end in zip(splits, counts, ends, strict=True) if split},
    )
    if not targets:
        return opened
    labels = np.concatenate([_flat(read_array(targets[split])) for split in splits])
    target, values = _target(labels, asked.options["target_kind"], _class_names(headers), targets[splits[0]].name)
    return replace(opened, columns=(column, target), values={**opened.values, target.name: Held(values)},
                   usable=np.flatnonzero(is_usable(values).reshape(len(values), -1).all(axis=1)))


def _samples(headers: list[Header]) -> Values:
    parts = [ArrayFile(header.file, header.dtype.str, header.shape, header.offset) for header in headers]
    if are_large(parts) and not any(header.member or header.is_fortran for header in headers):
        return LargeArrays(parts, as_samples)
    return NpzArrays(tuple(headers))


class NpzArrays(Values):
    """The samples of one or several arrays, one after the other. They stay in memory once they were read."""

    def __init__(self, headers: tuple[Header, ...]) -> None:
        self._headers = headers
        self._values: AnyArray | None = None

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        if self._values is None:
            parts = []
            for index, header in enumerate(self._headers):
                parts.append(as_samples(read_array(header)))
                progress((index + 1) / len(self._headers))
            self._values = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return Loaded(self._values if rows is None else self._values[rows], {})


def read_headers(file: File) -> dict[str, Header]:
    """The headers of all arrays of a file, by name, checked against its size. Raises DataError."""
    if file.head(len(NPY)) == NPY:
        with file.open() as stream:
            header = _header(stream, file.stem, file, "", file.size)
        return {header.name: header}
    stored = file.size
    headers = {}
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".npy"):
                    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                        raise zipfile.BadZipFile("its compression is not one that numpy writes")
                    held = min(member.file_size, member.compress_size * MAX_INFLATION, stored * MAX_INFLATION)
                    name = member.filename.removesuffix(".npy")
                    with archive.open(member) as inner:
                        headers[name] = _header(cast(BinaryIO, inner), name, file, member.filename, held)
    except DAMAGE as error:
        raise _damaged(file, error) from None
    if not headers:
        raise DataError(f"{file.place} holds no arrays.", "Write it with numpy.savez.")
    return headers


def read_array(header: Header) -> AnyArray:
    """One array in this machine's byte order. Raises DataError."""
    require_memory(_size(header), f"The array {header.name!r} of {header.file.place}")
    try:
        with header.file.open() as stream:
            if header.member:
                with zipfile.ZipFile(stream) as archive, archive.open(header.member) as member:
                    array = np.lib.format.read_array(member, allow_pickle=False)
            else:
                array = np.lib.format.read_array(stream, allow_pickle=False)
    except DAMAGE as error:
        raise _damaged(header.file, error) from None
    return np.asarray(array, array.dtype.newbyteorder("="))


def input_column(header: Header) -> Column:
    """Pictures: samples of bytes with two or three axes, or of reals (1 or 3, height, width). Else numbers."""
    sample = as_samples(np.empty((0, *header.shape[1:]), header.dtype))
    shape = tuple(sample.shape[1:])
    if header.dtype.kind not in "buif":
        raise DataError(f"The array {header.name!r} holds {header.dtype}, not numbers.", "Choose an array of numbers.")
    reason = f"{header.dtype} in {' × '.join(map(str, header.shape[1:])) or 'single numbers'}"
    if len(shape) == 3 and shape[0] in (1, 3) and (header.dtype == np.uint8 or header.dtype.kind == "f"):
        return Column("image", "image", "input", shape, reason=reason)
    if not shape:
        return Column("number", "number", "input", reason=reason)
    return Column("features", "vector", "input", shape, reason=reason)


def _as_chosen(header: Header, asked: Asked) -> Column:
    """The input as the kind that the user says it is, if its samples have the axes for it. Raises DataError."""
    column = input_column(header)
    kind = asked.chosen[column.name].kind if column.name in asked.chosen else ""
    rank = len(column.shape)
    fits = {"": True, column.kind: True, "vector": rank > 0, "series": rank == 2, "image": rank == 3,
            "tokens": rank == 1 and header.dtype.kind in "iu"}
    if not fits.get(kind):
        raise DataError(f"The array {header.name!r} cannot be taken for the kind {KINDS[kind].title.lower()}: its "
                        f"samples are {header.dtype} of the shape {column.shape}.",
                        "Images have three axes, series two; tokens are whole numbers in one.")
    found = {"max_length": column.shape[0]} if kind == "tokens" else {}
    settings = settings_of(column.name, kind or column.kind, asked.chosen, found)
    return msgspec.structs.replace(column, kind=kind or column.kind, settings=settings)


def _candidates(tree: Tree) -> list[File]:
    if tree.single:
        return [tree.single]
    top = tree.neighbours() or tree.files
    return list(top) if len(top) <= MANY_FILES else []


def _all_headers(tree: Tree) -> dict[str, Header]:
    """The arrays of a tree by name. A single file whose name speaks of one array, such as x.npy, brings the arrays
    beside it with it."""
    files = [file for file in _candidates(tree) if holds_arrays(file)]
    single = tree.single
    if single and single.head(len(NPY)) == NPY and _split_and_base(single.stem)[1] in (*USUAL_NAMES, *TARGET_NAMES):
        files += [file for file in tree.neighbours()[:MANY_FILES]
                  if file.name != single.name and file.head(len(NPY)) == NPY]
    if not files:
        raise DataError(f"{tree.root} holds no arrays.", "Write them with numpy.savez.")
    headers: dict[str, Header] = {}
    for file in files:
        for name, header in read_headers(file).items():
            if name in headers:
                raise DataError(f"{headers[name].file.place} and {file.place} both hold an array {name!r}.",
                                "Choose one of the files.")
            headers[name] = header
    return headers


def _header(stream: BinaryIO, name: str, file: File, member: str, held: int) -> Header:
    """The header at the beginning of a stream of at most `held` bytes."""
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(stream)
    except (ValueError, SyntaxError, tokenize.TokenError) as error:
        raise DataError(f"The array {name!r} of {file.place} has no readable header: {error}.",
                        "Write the file again with numpy.savez.") from None
    if dtype.hasobject:
        raise DataError(f"The array {name!r} of {file.place} holds Python objects, which are not read: they could run "
                        "code.", "Save it as numbers or texts.")
    offset = stream.tell()
    header = Header(name, shape, dtype, *_split_and_base(name), file, member, offset, is_fortran)
    if offset + _size(header) > held or min(shape, default=0) < 0:
        raise DataError(f"The header of the array {name!r} in {file.place} promises {_size(header):,} bytes of "
                        f"numbers, but the file holds at most {max(0, held - offset):,}.",
                        "The file is damaged: write it again.")
    return header


def _split_and_base(name: str) -> tuple[str, str]:
    """What an array's name says: "x_train" is the training part of "x"."""
    words = name.lower().replace("-", "_").split("_")
    split = next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), "")
    return split, "_".join(word for word in words if word not in SPLIT_WORDS)


def _size(header: Header) -> int:
    return int(np.prod(header.shape, dtype=object)) * header.dtype.itemsize


def _damaged(file: File, error: Exception) -> DataError:
    kind = "NPY" if file.head(len(NPY)) == NPY else "NPZ"
    return DataError(f"{file.place} is a damaged {kind} file: {error}.", "Copy or download it again.")


def _chosen(headers: Mapping[str, Header], chosen: str, names: tuple[str, ...], where: str, *,
            is_target: bool = False) -> dict[str, Header]:
    """The arrays of one role by split; "" is the split of an array that is not named after one. A single array needs
    no name to be the input; without a target that is named or chosen there is none, if there is but one array."""
    arrays = {name: header for name, header in headers.items() if header.shape}
    if chosen:
        found = [header for header in arrays.values() if chosen in (header.name, header.base)]
        exact = [header for header in found if header.name == chosen]
        found = exact or found
    else:
        found = next((fitting for name in names
                      if (fitting := [header for header in arrays.values() if header.base == name])), [])
        if not found and len(arrays) == 1:
            found = [] if is_target else list(arrays.values())
            if is_target:
                return {}
    if any(header.split for header in found):
        found = [header for header in found if header.split]
    if not found:
        listed = ", ".join(f"{header.name} {header.shape}" for header in headers.values())
        what = "target" if is_target else "input"
        problem = f"no array named {chosen!r}" if chosen else f"no array that is known as the {what}"
        raise DataError(f"{where} has {problem}.", f"Choose one of its arrays: {listed}.")
    return {header.split: header for header in found}


def _listed(arrays: Mapping[str, Header]) -> str:
    return ", ".join(header.name for header in arrays.values())


def _check_lengths(inputs: Mapping[str, Header], targets: Mapping[str, Header], where: str) -> None:
    first = next(iter(inputs.values()))
    for split, header in inputs.items():
        if targets and header.shape[0] != targets[split].shape[0]:
            raise DataError(f"In {where} {header.name!r} holds {header.shape[0]:,} samples but {targets[split].name!r} "
                            f"{targets[split].shape[0]:,}.", "Input and target need one entry per sample.")
        if header.shape[1:] != first.shape[1:] or header.dtype != first.dtype:
            raise DataError(f"In {where} samples of {header.name!r} are {header.dtype} {header.shape[1:]}, those of "
                            f"{first.name!r} {first.dtype} {first.shape[1:]}.", "Make them alike.")
        if 0 in header.shape:
            raise DataError(f"The array {header.name!r} of {where} is empty.", "Choose an array with samples.")


def _flat(labels: AnyArray) -> AnyArray:
    """(n, 1) as (n,); one-hot rows (n, classes) as class numbers."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        return labels[:, 0]
    if labels.ndim != 2 or labels.dtype.kind not in "buif":
        return labels
    is_one_hot = bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())
    return np.argmax(labels, axis=1) if is_one_hot else labels


def _class_names(headers: Mapping[str, Header]) -> tuple[str, ...]:
    """Names of classes, where an array of texts has them."""
    header = next((headers[name] for name in CLASS_NAMES if name in headers), None)
    if header is None or header.dtype.kind != "U" or len(header.shape) != 1:
        return ()
    return tuple(str(name) for name in read_array(header))


def _target(labels: AnyArray, kind: str, names: tuple[str, ...], array: str) -> tuple[Column, AnyArray]:
    if labels.dtype.kind == "U" and labels.ndim == 1:
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) > MAX_CLASSES:
            raise DataError(f"The target {array!r} holds {len(classes):,} different texts: no set of classes.")
        return Column("label", "category", "target", classes=tuple(map(str, classes)),
                      reason=f"{len(classes)} distinct texts in {len(labels):,} rows"), numbers.astype(np.int64)
    if labels.dtype.kind not in "buif":
        raise DataError(f"The target {array!r} holds {labels.dtype}, not numbers or texts.", "Choose another array.")
    is_category = kind == "category" or (kind == "auto" and labels.dtype.kind in "bui")
    if is_category and labels.ndim == 1:
        numbers, count = class_numbers(labels, f"the array {array!r}")
        fits = len(names) >= count and len(set(names)) == len(names)
        return Column("label", "category", "target", classes=names if fits else numbered_classes(count),
                      reason=f"whole numbers below {count} in {len(labels):,} rows"), numbers
    values = labels.astype(np.float64)
    if labels.ndim == 1:
        return Column("value", "number", "target", reason=f"{labels.dtype} numbers"), values
    return Column("values", "vector", "target", labels.shape[1:], reason=f"{labels.dtype} numbers"), values
