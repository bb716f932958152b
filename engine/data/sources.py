"""The kinds of data sets that are understood: one `SourceSpec` each. A path's kind is told by looking inside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.data.columns import finished
from engine.data.disk.contents import content
from engine.data.disk.trees import Tree, open_tree
from engine.data.files import AnyArray, Progress, ignore_progress
from engine.data.opened import Asked, Opened, numbered_classes
from engine.data.readers import audio_folder, cifar, idx, image_folder, npz, parallel_text, text_folder
from engine.data.splits import rows_of
from engine.data.tables import series, table
from engine.data.unrecognised import why_not
from engine.errors import DataError
from engine.params import Param, Value, completed
from engine.project import BUNDLED, Column, ColumnChoice, Data, Split

FEW_FILES = 5
SHOWN_PARTS = 8
CHANGED = "The files have changed since they were chosen."
OTHER_ROWS = "Rows were left out by number before the files changed: look at the data again, others may be meant."


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One kind of data set.

    recognise   looks inside a tree; False for anything that is not of this kind. An error only for damaged archives
    open        what was asked for -> Opened. Raises DataError
    has_class_names   False where the files hold class numbers only, so that the user's names for them are kept
    """

    name: str
    title: str
    doc: str
    recognise: Callable[[Tree], bool]
    open: Callable[[Asked], Opened]
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
            title="numpy arrays (NPZ, NPY)",
            doc="A file written with numpy.savez, or NPY files side by side: an array of samples and one of targets, "
                "named x and y, images and labels, or with _train, _val and _test at the end for splits of their own.",
            recognise=npz.recognise,
            open=npz.open_npz,
            params=npz.PARAMS,
            has_class_names=False,
        ),
        SourceSpec(
            name="cifar",
            title="CIFAR-10 or CIFAR-100 (binary version)",
            doc="A folder with data_batch_1.bin and so on, or train.bin and test.bin. Files named test become the test "
                "split; batches.meta.txt names the classes.",
            recognise=cifar.recognise,
            open=cifar.open_cifar,
            has_class_names=False,
        ),
        SourceSpec(
            name="series",
            title="A time series (a table)",
            doc="A table whose rows follow each other in time: a column of dates or years in order, otherwise numbers. "
                "A sample is a window of rows; what comes after it is predicted. The latest rows are the test split.",
            recognise=series.recognise,
            open=series.open_series,
            params=series.PARAMS,
        ),
        SourceSpec(
            name="table",
            title="A table (CSV, TSV, Parquet, Excel)",
            doc="One sample a row. Numbers, classes, dates and texts are told by the cells; cells can name pictures, "
                "recordings and texts beside the table. Files named train and test decide the splits.",
            recognise=table.recognise,
            open=table.open_table,
            params=table.PARAMS,
        ),
        SourceSpec(
            name="image_folder",
            title="A folder of pictures (PNG, JPEG, TIFF, ...)",
            doc="The name of a folder is the class of the pictures in it, or their names begin with it. Folders images "
                "and masks, or names such as a_mask.png, make a data set for segmentation. Folders named train, "
                "validation and test above these decide the splits.",
            recognise=image_folder.recognise,
            open=image_folder.open_image_folder,
            params=image_folder.PARAMS,
        ),
        SourceSpec(
            name="audio_folder",
            title="A folder of recordings (WAV, FLAC, OGG)",
            doc="The name of a folder is the class of the recordings in it, or their names begin with it, such as "
                "yes_anna_3.wav. Folders named train, validation and test above decide the splits.",
            recognise=audio_folder.recognise,
            open=audio_folder.open_audio_folder,
        ),
        SourceSpec(
            name="text_folder",
            title="A folder of text files for each class",
            doc="The name of a folder is the class of the texts in it. Folders named train, validation and test above "
                "the class folders decide the splits.",
            recognise=text_folder.recognise,
            open=text_folder.open_text_folder,
        ),
        SourceSpec(
            name="parallel_text",
            title="Parallel text (two files line by line)",
            doc="Two files of as many lines, such as train.en and train.de: each line of one belongs to the same line "
                "of the other. Pairs named valid and test become these splits.",
            recognise=parallel_text.recognise,
            open=parallel_text.open_parallel_text,
        ),
    )
}


def inspect(
    path: Path | str,
    source: str = "",
    options: Mapping[str, Value] | None = None,
    progress: Progress | None = None,
    *,
    chosen: Mapping[str, ColumnChoice] | None = None,
    previous: Data | None = None,
    base: Path | None = None,
) -> Data:
    """Look at a file, a folder, an archive or "bundled:<name>" and describe it as project data with typed columns.

    source     the kind of data set; "": told by looking inside
    options    the source's settings; those left out have their defaults. None: what `previous` says, if that is the
               same data
    chosen     what the user decided about columns; None: what `previous` says, if that is the same data
    previous   the data chosen until now: its split, normalisation and augmentation are kept, and the rows that were
               left out, if their numbers still mean the same. Where the new data has
               class numbers only, its class names too, if both are the same data in larger or smaller: the columns are
               alike and the labels begin alike. Names are never carried over to other data with as many classes.
    base       the folder of the project file, where `previous` may lie

    Raises DataError, or OptionError for a setting that does not exist.
    """
    text = str(path)
    progress = progress or ignore_progress
    tree = _opened_tree(Data(text, source).located(None), progress)
    spec = _found(tree, source)
    is_same = previous is not None and previous.source == spec.name and _is_at(previous, tree.root, base)
    if options is None and previous and is_same:
        options = previous.options
    settings = completed(spec.params, options or {})
    if chosen is None:
        chosen = previous.chosen if previous and is_same else {}
    opened = _opened(spec, Asked(tree, settings, chosen, (), progress))
    rows_of(opened, previous.split if previous else Split(), opened.rows)
    columns = opened.columns
    if previous and not spec.has_class_names and _begins_like(opened, previous, base):
        columns = _with_known_names(columns, previous.columns)
    stored = text if text.startswith(BUNDLED) else str(tree.root)
    data = Data(stored, spec.name, settings, columns, dict(chosen), fingerprint=opened.fingerprint)
    if previous:
        data = msgspec.structs.replace(data, split=previous.split, normalize=previous.normalize,
                                       augmentation=previous.augmentation, skips_damaged=previous.skips_damaged)
    is_same = is_same and previous is not None and numbers_rows_as(previous, data)
    return msgspec.structs.replace(data, excluded=previous.excluded) if previous and is_same else data


def numbers_rows_as(data: Data, other: Data) -> bool:
    """Whether a row's number means the same row to both, which are looks at one place: nothing there was changed since,
    and it is read in the same way."""
    params = SOURCES[data.source].params if data.source in SOURCES else ()
    known = {param.name for param in params}
    options = [completed(params, {name: value for name, value in look.options.items() if name in known})
               for look in (data, other)]
    return data.source == other.source and options[0] == options[1] and (
        "" in (data.fingerprint, other.fingerprint) or data.fingerprint == other.fingerprint)


def changes(data: Data, fingerprint: str) -> tuple[str, ...]:
    """Findings about files that are no longer as the project remembers them."""
    if data.fingerprint in ("", fingerprint):
        return ()
    return (CHANGED, OTHER_ROWS) if data.excluded else (CHANGED,)


def open_data(data: Data, base: Path | None, progress: Progress = ignore_progress, tree: Tree | None = None) -> Opened:
    """Open a project's data. Raises DataError if it is not there, or no longer what the project remembers; that its
    files have changed otherwise is a finding. `tree`: its files, where they have been listed already."""
    tree = tree or open_tree(data.located(base), progress)
    spec = _found(tree, data.source)
    opened = _opened(spec, Asked(tree, completed(spec.params, data.options), data.chosen, data.columns, progress))
    opened = replace(opened, findings=(*changes(data, opened.fingerprint), *opened.findings))
    if not data.columns:
        return opened
    columns = opened.columns if spec.has_class_names else _with_known_names(opened.columns, data.columns)
    found, remembered = _own(columns), _own(data.columns)
    for new, known in zip(found, remembered, strict=False):
        if _looks(new) != _looks(known):
            raise _changed(tree.root, f"{known.name!r} was {_described(known)} and is now {new.name!r}, "
                                      f"{_described(new)}")
    if len(found) != len(remembered):
        raise _changed(tree.root, f"it had {len(remembered)} columns and has {len(found)}")
    return replace(opened, columns=columns)


def _opened_tree(place: Path, progress: Progress) -> Tree:
    """The files at a path; of a folder that holds a data set in one archive, and little more, those in the archive."""
    tree = open_tree(place, progress)
    if tree.kind == "folder" and len(tree.files) <= FEW_FILES:
        packed = [file.path for file in tree.files if content(file) == "packed"]
        if len(packed) == 1 and packed[0] and (inner := open_tree(packed[0], progress)).kind == "archive":
            return inner
    return tree


def _opened(spec: SourceSpec, asked: Asked) -> Opened:
    opened = spec.open(asked)
    return replace(opened, columns=finished(opened.columns, asked.chosen, asked.known),
                   fingerprint=asked.tree.fingerprint(opened.files))


def _found(tree: Tree, source: str) -> SourceSpec:
    if source:
        if source not in SOURCES:
            raise DataError(f"There is no kind of data set named {source!r}.", f"Kinds: {', '.join(SOURCES)}.")
        return SOURCES[source]
    if not tree.files:
        raise DataError(f"{tree.root} holds no files.", "Choose a file or folder with data.")
    spec = next((spec for spec in SOURCES.values() if spec.recognise(tree)), None)
    if spec is None:
        kinds = "; ".join(spec.title for spec in SOURCES.values())
        raise DataError(why_not(tree), f"What can be read: {kinds}.")
    return spec


def _is_at(data: Data, root: Path, base: Path | None) -> bool:
    return data.located(base).absolute() == root


def _own(columns: tuple[Column, ...]) -> list[Column]:
    """Without what is derived: that follows from them."""
    return [column for column in columns if not column.is_derived]


def _looks(column: Column) -> tuple[Any, ...]:
    """What must stay as it was; reasons may change with the files, settings are the user's."""
    return column.name, column.kind, column.role, column.shape, column.classes, tuple(map(_looks, column.parts))


def _with_known_names(columns: tuple[Column, ...], known: tuple[Column, ...]) -> tuple[Column, ...]:
    """`columns` with the class names of `known` for classes that have only numbers, if everything else is the same."""
    names = {(column.name, len(column.classes)): column.classes for column in known}
    inputs, others = ([_looks(column) for column in _own(some) if column.role == "input"] for some in (columns, known))
    if inputs != others:
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
    if column.parts:
        return "put together from " + ", ".join(part.name for part in column.parts[:SHOWN_PARTS])
    return f"{column.kind} {column.shape}" if column.shape else column.kind


def _changed(place: Path, what: str) -> DataError:
    return DataError(f"The data in {place} is no longer what it was when it was chosen: {what}.",
                     "Choose the data again, then check the network's inputs.")
