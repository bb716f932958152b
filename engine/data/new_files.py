"""New raw files for a trained network: read as the training data was, before preparation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.data import idx, npz
from engine.data.delimited import looks_like_table
from engine.data.files import AnyArray, is_folder, is_regular, listing, missing
from engine.data.pictures import looks_like_picture, pixels
from engine.data.preparation import Preparation
from engine.data.table import read_features
from engine.data.trees import disk_file
from engine.errors import DataError
from engine.project import Column


def read_inputs(preparation: Preparation, paths: Sequence[Path]) -> tuple[dict[str, AnyArray], tuple[str, ...]]:
    """Raw values by input column, (n, *shape), of the samples in `paths`, with a name for each.

    A path is a picture, a folder of pictures, a table, an NPZ file or an IDX images file, whatever its name says; a
    target in it is ignored. Raises DataError for a file that cannot be read or does not fit the network.
    """
    column = _only_input(preparation)
    parts: list[AnyArray] = []
    names: list[str] = []
    for path in _files(paths):
        values, own_names = _read(preparation, column, path)
        parts.append(values)
        names += own_names
    if not parts:
        raise DataError("There is nothing to predict: no file was given.", "Choose at least one file.")
    if not names:
        raise DataError(f"There is nothing to predict: {paths[0]} holds no samples.", "Choose a file with samples.")
    return {column.name: np.concatenate(parts)}, tuple(names)


def _only_input(preparation: Preparation) -> Column:
    inputs = preparation.inputs
    if len(inputs) != 1:
        raise DataError(f"Files can be read for networks with one input; this one has {len(inputs)}.",
                        "Prepare the inputs as arrays.")
    return inputs[0]


def _files(paths: Sequence[Path]) -> list[Path]:
    files = []
    for path in paths:
        if not path.exists():
            raise missing(path)
        if is_folder(path):
            pictures = [file for file in listing(path) if is_regular(file) and looks_like_picture(file)]
            if not pictures:
                raise DataError(f"The folder {path} holds no pictures.", "Choose files.")
            files += pictures
        else:
            files.append(path)
    return files


def _read(preparation: Preparation, column: Column, path: Path) -> tuple[AnyArray, list[str]]:
    """The samples of one file, as the column has them."""
    if not is_regular(path):
        raise DataError(f"{path} is not an ordinary file.", "Choose a file that holds data.")
    if looks_like_picture(path):
        return _picture(column, path), [path.name]
    values: AnyArray
    file = disk_file(path)
    if npz.holds_arrays(file):
        values = npz.read_samples(file, column)
    elif idx.looks_like_idx(file):
        values = idx.as_samples(idx.read(idx.read_header(file)))
    elif column.kind in ("vector", "number"):
        features = preparation.part(column.name).features
        if not features and not looks_like_table(path):
            raise _not_fitting(path, column)
        values = read_features(path, features, column.shape[0] if column.shape else 1)
        values = values.reshape(len(values), *column.shape) if len(column.shape) < 2 else values
    else:
        raise _not_fitting(path, column)
    if values.shape[1:] != column.shape:
        raise DataError(f"The samples of {path} are {values.shape[1:]}; the network reads {column.shape}.",
                        "Use data of the kind that the network was trained on.")
    return values, [path.name] if len(values) == 1 else [f"{path.name} {row + 1}" for row in range(len(values))]


def _picture(column: Column, path: Path) -> AnyArray:
    if column.kind != "image":
        raise DataError(f"{path} is a picture; the network reads {column.kind}s.",
                        "Use a file of the kind that the network was trained on.")
    try:
        return pixels(path, column.shape)[None]
    except DataError as error:
        raise DataError(f"{path} cannot be used: {error.message}.", "Choose another picture.") from None


def _not_fitting(path: Path, column: Column) -> DataError:
    kinds = "a picture (PNG, JPEG, ...)" if column.kind == "image" else "a table (CSV)"
    return DataError(f"{path} is not a file that the network can read.",
                     f"Use {kinds}, an NPZ file or an IDX file like the training data.")
