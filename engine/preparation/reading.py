"""New files for a trained network as raw values: read as the training data was."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from . import arrays, files, pictures, sounds, tables
from .parts import AnyArray, Part, Preparation, is_usable

WANTED = {"image": "a picture (PNG, JPEG, ...)", "audio": "a recording (WAV, FLAC, OGG)", "text": "a text file",
          "tokens": "a text file of whole numbers"}
WHOLE_NUMBER = re.compile(rb"-?\d{1,18}")


class _Samples:
    """Raw values by leaf name, and a name for each sample."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {}
        self.names: list[str] = []

    def add(self, path: Path, title: str, raw: dict[str, Any]) -> None:
        """Samples of one file, as it is called. Raises DataError if its columns do not have one length."""
        counts = {len(values) for values in raw.values()}
        if len(counts) != 1:
            raise DataError(f"The inputs in {path} have different numbers of samples: {sorted(counts)}.",
                            "Give every input one value for each sample.")
        [count] = counts
        for name, values in raw.items():
            self.values.setdefault(name, []).append(values)
        self.names += [title] if count == 1 else [f"{title} {row + 1}" for row in range(count)]

    def together(self) -> dict[str, Any]:
        return {name: np.concatenate(parts) if isinstance(parts[0], np.ndarray) else [one for part in parts
                                                                                      for one in part]
                for name, parts in self.values.items()}


def read_new(preparation: Preparation, paths: Sequence[Path | str],
             names: Sequence[str] = ()) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Raw values by leaf name of all samples in `paths`, as `prepared` takes them, and a name for each sample.

    A path is a picture, a recording, a text, a folder of them, a table, or arrays (NPZ, NPY, IDX), whatever its name
    says. A network with several inputs reads tables that have a column, or NPZ files that have an array, for each of
    the columns it was trained on; targets in them are ignored. `names` are the columns that are read, derived ones too,
    all inputs if none are given. Raises DataError for a file that cannot be read or does not fit.
    """
    parts = preparation.origins(names) if names else preparation.inputs
    found = _Samples()
    for path, name in _files(parts, [Path(path) for path in paths]):
        found.add(path, name, _read(parts, path))
    if not paths:
        raise DataError("There is nothing to predict: no file was given.", "Choose at least one file.")
    if not found.names:
        raise DataError(f"There is nothing to predict: {paths[0]} holds no samples.", "Choose a file with samples.")
    return found.together(), tuple(found.names)


def _files(parts: Sequence[Part], paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """The files themselves, and those in folders, and folders in these, that are of the kind that is read; and what
    they are called."""
    found = []
    for path in paths:
        if not path.is_dir():
            found.append((path, path.name))
            continue
        inside = [(file, file.relative_to(path).as_posix()) for file in _below(path) if _is_sample(parts, file)]
        if not inside:
            kinds = {"image": "pictures", "audio": "recordings", "text": "texts"}
            if len(parts) > 1 or parts[0].kind not in kinds:
                raise DataError(f"{path} is a folder; this network reads tables or arrays.", "Choose a file.")
            raise DataError(f"The folder {path} and those in it hold no {kinds[parts[0].kind]}.", "Choose files.")
        found += inside
    return found


def _below(folder: Path) -> list[Path]:
    """All ordinary files in a folder and the folders in it, without hidden ones; links to folders are not followed."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        files_here = [Path(place, name) for name in sorted(names) if not name.startswith((".", "__"))]
        found += [file for file in files_here if file.is_file()]
    return found


def _is_sample(parts: Sequence[Part], path: Path) -> bool:
    kind = parts[0].kind if len(parts) == 1 else ""
    start = files.head(path, 12)
    if kind == "text":
        return bool(start) and b"\0" not in start and not pictures.is_picture(start)
    return pictures.is_picture(start) if kind == "image" else sounds.is_sound(start) if kind == "audio" else False


def _read(parts: Sequence[Part], path: Path) -> dict[str, Any]:
    """The raw values of one file's samples, by leaf."""
    start = files.head(path, 12)
    if not start:
        raise DataError(f"{path} is empty.", "Choose a file that holds data.")
    if pictures.is_picture(start):
        return _only(parts, path, "image", "picture")
    if sounds.is_sound(start):
        return _only(parts, path, "audio", "recording")
    leaves = [leaf for part in parts for leaf in (part.leaves if part.kind == "vector" else (part,))]
    if arrays.holds_arrays(path):
        found = arrays.read(path)
        return {leaf.name: arrays.values(path, found, leaf, len(leaves) == 1) for leaf in leaves}
    if len(parts) == 1 and not _is_table(path, leaves):
        return {parts[0].name: _alone(parts[0], path)}
    table = tables.read(path, [leaf.name for leaf in leaves])
    return {leaf.name: tables.values(table, leaf) for leaf in leaves}


def _alone(part: Part, path: Path) -> Any:
    """The samples of the only input in a file that is no table of named cells."""
    if part.kind in ("text", "tokens"):
        return _plain_text(part, path)
    if part.kind == "series":
        return _windows(path, part)
    if part.kind == "vector" and len(part.shape) == 1:
        return _numbers(path, part)
    raise _not_fitting(path, part)


def _only(parts: Sequence[Part], path: Path, kind: str, title: str) -> dict[str, Any]:
    """A picture or a recording by itself: the only input is of its kind."""
    if len(parts) == 1 and parts[0].kind == kind:
        return {parts[0].name: tables.stacked(parts[0], _media(parts[0], path))}
    if len(parts) > 1:
        raise DataError(f"{path} is a {title}; the network reads {len(parts)} inputs: "
                        f"{', '.join(part.name for part in parts)}.",
                        "Use a table with a column for each, in which cells may name files, or an NPZ file.")
    raise DataError(f"{path} is a {title}; the network reads {parts[0].kind}s.",
                    "Use a file of the kind that the network was trained on.")


def _media(part: Part, path: Path) -> list[AnyArray]:
    """A picture, all of a TIFF file's, or a recording."""
    if part.kind == "image" and files.head(path, 4) in (b"II*\0", b"MM\0*"):
        data = files.whole(path)
        try:
            return [pictures.decode(data, part.shape, part.settings, page) for page in range(pictures.pages(data))]
        except DataError as error:
            raise DataError(f"{path} cannot be used: {error.message}.", "Choose another file.") from None
    return [tables.media(part, path)]


def _is_table(path: Path, leaves: Sequence[Part]) -> bool:
    """Whether samples of these columns are looked for by the names of a table's columns. Texts and files also come by
    themselves; then only a table that has the column is one."""
    only = leaves[0]
    if len(leaves) > 1 or only.kind in ("number", "boolean", "date", "category"):
        return True
    if only.kind in ("vector", "series", "mask"):
        return False
    try:
        return only.name in tables.read(path, [only.name]).names
    except DataError:
        return False


def _plain_text(part: Part, path: Path) -> list[Any]:
    text = tables.decoded(path, files.whole(path))
    if part.kind == "text":
        return [text]
    return [np.array([int(found) for found in WHOLE_NUMBER.findall(text.encode())], np.int64)]


def _numbers(path: Path, part: Part) -> AnyArray:
    """A vector that was an array: all columns of the table, in their order."""
    if b"\0" in files.head(path, 8):
        raise _not_fitting(path, part)
    table = tables.read(path, [])
    if len(table.names) != part.shape[0]:
        raise DataError(f"{path} has {len(table.names)} columns; the network reads {part.shape[0]} numbers.",
                        "Leave the target out, and keep the order of the training data.")
    return tables.numbers(table, table.names)


def _windows(path: Path, part: Part) -> AnyArray:
    """All windows of rows in a table, (n, steps, features), in order of time: the last one is what comes before the
    future. A table without the column that says when is in order as it stands."""
    steps, features = part.shape
    names = [name.strip() for name in part.settings.get("columns", "").split(",") if name.strip()]
    table = tables.read(path, names)
    rows = tables.numbers(table, names or table.names[-features:])
    if (time := part.settings.get("time", "")) in table.names:
        rows = rows[np.argsort(tables.moments(table, time), kind="stable")]
    rows = _without_gaps(rows)
    if len(rows) < steps or rows.shape[1] != features:
        raise DataError(f"{path} has {len(rows):,} rows of {rows.shape[1]} numbers; the network reads windows of "
                        f"{steps} rows with {features}.",
                        "Use a table with the columns of the training data and enough rows.")
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(rows, steps, axis=0).transpose(0, 2, 1))


def _without_gaps(rows: AnyArray) -> AnyArray:
    """Rows (n, features) in which a missing number is the one before it, as in the training data."""
    places = np.where(is_usable(rows), np.arange(len(rows))[:, None], 0)
    return np.asarray(np.take_along_axis(rows, np.maximum.accumulate(places, axis=0), axis=0))


def _not_fitting(path: Path, part: Part) -> DataError:
    return DataError(f"{path} is not a file that the network can read.",
                     f"Use {WANTED.get(part.kind, 'a table (CSV)')} or an NPZ file like the training data.")
