"""The kinds of data sets that are understood: one `SourceSpec` each. A path's kind is told by looking inside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from engine.data import delimited, idx, image_folder, npz, table
from engine.data.files import AnyArray, Progress, ignore_progress, is_folder, is_regular, missing
from engine.data.opened import Opened, numbered_classes
from engine.data.splits import rows_of
from engine.errors import DataError
from engine.params import Param, Value, completed
from engine.project import BUNDLED, Column, Data, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One kind of data set.

    recognise   looks inside a path; False for anything that is not of this kind, and never an error
    open        (path, options, columns remembered from an earlier look or (), progress) -> Opened. Raises DataError
    has_class_names   False where the files hold class numbers only, so that the user's names for them are kept
    """

    name: str
    title: str
    doc: str
    recognise: Callable[[Path], bool]
    open: Callable[[Path, dict[str, Value], tuple[Column, ...], Progress], Opened]
    params: tuple[Param, ...] = ()
    has_class_names: bool = True


SOURCES: dict[str, SourceSpec] = {
    spec.name: spec
    for spec in (
        SourceSpec(
            name="idx",
            title="IDX files (MNIST, Fashion-MNIST)",
            doc="A folder with images and labels files such as train-images-idx3-ubyte.gz, or one images file with "
                "its labels beside it. Files named t10k or test become the test split; classes.txt names the classes.",
            recognise=idx.recognise,
            open=idx.open_idx,
            has_class_names=False,
        ),
        SourceSpec(
            name="npz",
            title="numpy arrays (NPZ)",
            doc="A file written with numpy.savez: an array of samples and one of targets, named x and y, images and "
                "labels, or with _train, _val and _test at the end for splits of their own.",
            recognise=npz.recognise,
            open=npz.open_npz,
            params=npz.PARAMS,
            has_class_names=False,
        ),
        SourceSpec(
            name="image_folder",
            title="A folder of pictures for each class (PNG, JPEG)",
            doc="The name of a folder is the class of the pictures in it. Folders named train, validation and test "
                "above the class folders decide the splits.",
            recognise=image_folder.recognise,
            open=image_folder.open_image_folder,
            params=image_folder.PARAMS,
        ),
        SourceSpec(
            name="csv",
            title="A table (CSV, TSV)",
            doc="One sample a line. Columns of numbers and of texts that repeat become the input; one column is the "
                "target. Separator and header are found out.",
            recognise=delimited.looks_like_table,
            open=table.open_csv,
            params=table.PARAMS,
        ),
    )
}


def inspect(
    path: Path | str,
    source: str = "",
    options: Mapping[str, Value] | None = None,
    progress: Progress | None = None,
    *,
    previous: Data | None = None,
    base: Path | None = None,
) -> Data:
    """Look at a file, a folder or "bundled:<name>" and describe it as project data with typed columns.

    source     the kind of data set; "": told by looking inside
    options    the source's settings; those left out have their defaults
    previous   the data chosen until now: its split and normalisation are kept. Where the new data has class numbers
               only, its class names too, if both are the same data in larger or smaller: the columns are alike and
               the labels begin alike. Names are never carried over to other data with as many classes.
    base       the folder of the project file, where `previous` may lie

    Raises DataError, or OptionError for a setting that does not exist.
    """
    text = str(path)
    place = Data(text, source).located(None)
    spec = _found(place, source)
    settings = completed(spec.params, options or {})
    opened = spec.open(place, settings, (), progress or ignore_progress)
    rows_of(opened, previous.split if previous else Split(), opened.rows)
    stored = text if text.startswith(BUNDLED) else str(place.absolute())
    columns = opened.columns
    if previous and not spec.has_class_names and _begins_like(opened, previous, base):
        columns = _with_known_names(columns, previous.columns)
    data = Data(stored, spec.name, settings, columns)
    return msgspec.structs.replace(data, split=previous.split, normalize=previous.normalize) if previous else data


def open_data(data: Data, base: Path | None, progress: Progress = ignore_progress) -> Opened:
    """Open a project's data. Raises DataError if it is not there, or no longer what the project remembers."""
    place = data.located(base)
    spec = _found(place, data.source)
    opened = spec.open(place, completed(spec.params, data.options), data.columns, progress)
    if not data.columns:
        return opened
    columns = opened.columns if spec.has_class_names else _with_known_names(opened.columns, data.columns)
    for new, known in zip(columns, data.columns, strict=False):
        if new != known:
            raise _changed(place, f"{known.name!r} was {_described(known)} and is now {new.name!r}, {_described(new)}")
    if len(columns) != len(data.columns):
        raise _changed(place, f"it had {len(data.columns)} columns and has {len(columns)}")
    return replace(opened, columns=columns)


def _found(place: Path, source: str) -> SourceSpec:
    if not is_regular(place) and not is_folder(place):
        if place.exists():
            raise DataError(f"{place} is neither an ordinary file nor a folder.", "Choose a file or folder with data.")
        raise missing(place)
    if source:
        if source not in SOURCES:
            raise DataError(f"There is no kind of data set named {source!r}.", f"Kinds: {', '.join(SOURCES)}.")
        return SOURCES[source]
    spec = next((spec for spec in SOURCES.values() if spec.recognise(place)), None)
    if spec is None:
        kinds = "; ".join(spec.title for spec in SOURCES.values())
        raise DataError(f"{place} is not a data set that can be read.", f"What can be read: {kinds}.")
    return spec


def _with_known_names(columns: tuple[Column, ...], known: tuple[Column, ...]) -> tuple[Column, ...]:
    """`columns` with the class names of `known` for classes that have only numbers, if everything else is the same."""
    names = {(column.name, len(column.classes)): column.classes for column in known}
    inputs = [column for column in columns if column.role == "input"]
    if inputs != [column for column in known if column.role == "input"]:
        return columns
    return tuple(
        msgspec.structs.replace(column, classes=names.get((column.name, len(column.classes)), column.classes))
        if column.classes == numbered_classes(len(column.classes)) else column
        for column in columns
    )


def _begins_like(opened: Opened, previous: Data, base: Path | None) -> bool:
    """True if the training labels of both are the same, as far as both have them."""
    try:
        before = open_data(previous, base)
    except DataError:
        return False
    new, old = _training_labels(opened), _training_labels(before)
    count = min(len(new), len(old))
    return count > 0 and np.array_equal(new[:count], old[:count])


def _training_labels(opened: Opened) -> AnyArray:
    target = opened.column_with("target")
    rows = opened.fixed.get("train", opened.rows)
    return opened.values[target.name].read(rows, ignore_progress).values if target else rows[:0]


def _described(column: Column) -> str:
    if column.kind == "category":
        return f"a category of {len(column.classes)} classes"
    return f"{column.kind} {column.shape}" if column.shape else column.kind


def _changed(place: Path, what: str) -> DataError:
    return DataError(f"The data in {place} is no longer what it was when it was chosen: {what}.",
                     "Choose the data again, then check the network's inputs.")
