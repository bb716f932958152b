"""Raw values to what a network reads. Fitted on the training rows alone; kept with the run; travels with exports."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.data.files import AnyArray, Progress, Rows, allocate, ignore_progress
from engine.data.opened import Feature, is_usable
from engine.errors import DataError
from engine.project import Column

FORMAT = 1
BLOCK_VALUES = 1 << 20

Numbers = NDArray[np.float64]


class ColumnPreparation(msgspec.Struct, frozen=True):
    """How one column is prepared: `(raw / divide - mean) / scale`, gaps filled.

    `fill`, `mean` and `scale` hold one number per channel of an image (axis 1 of (n, channels, height, width)), per
    feature of a vector (its last axis), or a single one. `features` tells where a table's features come from.
    """

    column: Column
    divide: float = 1.0
    fill: tuple[float, ...] = (0.0,)
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    features: tuple[Feature, ...] = ()


class Preparation(msgspec.Struct, frozen=True):
    """The preparation of a data set: enough, alone, to prepare new raw files.

    As JSON (`to_json`), plain numbers, texts and lists:

        {"format": 1,
         "prepared": [
           {"column": {"name": "image", "kind": "image", "role": "input", "shape": [1, 28, 28], "classes": []},
            "divide": 255.0, "fill": [0.286], "mean": [0.286], "scale": [0.353], "features": []},
           {"column": {"name": "features", "kind": "vector", "role": "input", "shape": [3], "classes": []},
            "divide": 1.0, "fill": [5.8, 0, 0], "mean": [5.84, 0, 0], "scale": [0.83, 1, 1],
            "features": [{"column": "length", "value": null},
                         {"column": "colour", "value": "blue"}, {"column": "colour", "value": "red"}]},
           {"column": {"name": "label", "kind": "category", "role": "target", "shape": [], "classes": ["cat", "dog"]},
            "divide": 1.0, "fill": [0.0], "mean": [0.0], "scale": [1.0], "features": []}]}

    kind image     a picture is turned upright (EXIF), laid on white where it is transparent, made grey (shape[0] = 1)
                   or RGB (3), resized to (height, width) = shape[1:] with Pillow's Resampling.BILINEAR if it has
                   another size, and laid out as (channels, height, width); then in float32, per channel,
                   (raw / divide - mean) / scale.
    kind vector    raw numbers as float64; what is missing, infinite or beyond 1e18 either way becomes `fill`;
                   (x - mean) / scale per number of the last axis; float32. A feature with a `value` is 1 where the
                   table's cell is that text, else 0.
    kind number    as a vector of one. A prediction is turned back by x * scale + mean.
    kind category  the class number, int64; `classes` names them.
    """

    prepared: tuple[ColumnPreparation, ...]
    format: int = FORMAT

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(part.column for part in self.prepared)

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that a network reads."""
        return tuple(column for column in self.columns if column.role == "input")

    def reads_as(self, other: "Preparation") -> bool:
        """Raw values mean the same to both: the columns and the features of a table are alike, in the same order."""
        return [(part.column, part.features) for part in self.prepared] == [
            (part.column, part.features) for part in other.prepared]

    def part(self, name: str) -> ColumnPreparation:
        """The preparation of one column. Raises DataError for a name that is not a column."""
        for part in self.prepared:
            if part.column.name == name:
                return part
        names = ", ".join(column.name for column in self.columns)
        raise DataError(f"The data has no column named {name!r}.", f"Its columns: {names}.")

    def apply(self, name: str, raw: AnyArray, progress: Progress = ignore_progress) -> AnyArray:
        """Raw values (n, *shape) prepared: float32 (n, *shape), or int64 (n,) for categories. `raw` is left alone."""
        part = self.part(name)
        if raw.shape[1:] != part.column.shape:
            raise DataError(f"Samples of {name!r} are {part.column.shape}, not {raw.shape[1:]}.",
                            "Use data of the kind that the network was trained on.")
        if part.column.kind == "category":
            return raw.astype(np.int64)
        prepared = allocate(raw.shape, np.float32, f"Column {name!r}")
        for rows in _blocks(len(raw), raw.shape[1:]):
            prepared[rows] = _prepared_block(part, raw[rows])
            progress(rows.stop / len(raw))
        return prepared

    def restored(self, name: str, prepared: AnyArray) -> AnyArray:
        """The inverse of `apply`: pictures as bytes where they came as bytes, numbers in the unit of the data."""
        part = self.part(name)
        if part.column.kind == "category":
            return prepared.astype(np.int64)
        raw: AnyArray = prepared.astype(np.float64) * _along(part.column, part.scale) + _along(part.column, part.mean)
        raw *= part.divide
        return np.clip(np.rint(raw), 0, 255).astype(np.uint8) if part.divide == 255 else raw

    def scale(self, name: str) -> float:
        """What one unit of a prepared target is in the unit of the data: its standard deviation, 1 for categories."""
        part = self.part(name)
        return part.scale[0] * part.divide

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers."""
        built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return built

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Preparation":
        """The inverse of `to_json`. Raises DataError."""
        try:
            preparation = msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            raise DataError(f"The preparation of the data is damaged: {error}.", "Train the network again.") from None
        if preparation.format > FORMAT:
            raise DataError("The preparation of the data was written by a newer version of the program.",
                            "Update the program.")
        return preparation

    def read(self, paths: Sequence[Path | str]) -> tuple[dict[str, AnyArray], tuple[str, ...]]:
        """New raw files for prediction as prepared inputs by column name, with a name per sample. See `new_files`."""
        from engine.data.new_files import read_inputs

        raw, names = read_inputs(self, [Path(path) for path in paths])
        return {name: self.apply(name, values) for name, values in raw.items()}, names


def fit(column: Column, raw: AnyArray, rows: Rows, *, normalize: bool,
        features: tuple[Feature, ...] = ()) -> ColumnPreparation:
    """The preparation of one column, fitted on `rows` of its raw values (n, *shape) and on nothing else.

    Inputs are standardised per channel or feature, targets with one scale for all of their numbers, so that an error
    measured on prepared values can be told in the unit of the data. What does not vary has the scale 1.
    """
    if column.kind == "category":
        return ColumnPreparation(column)
    divide = 255.0 if raw.dtype == np.uint8 and column.kind == "image" else 1.0
    has_gaps = raw.dtype.kind == "f" and column.kind != "image"
    fill = np.zeros(_width(column)) if not has_gaps else _medians(column, raw, rows)
    if normalize:
        mean, scale = _moments(column, raw, rows, fill, divide)
        if column.role == "target":
            scale = np.full_like(scale, np.sqrt(np.mean(scale**2)))
    else:
        mean, scale = np.zeros(_width(column)), np.ones(_width(column))
    one_hot = np.array([feature.value is not None for feature in features], bool)
    if len(one_hot):
        fill, mean, scale = np.where(one_hot, 0, fill), np.where(one_hot, 0, mean), np.where(one_hot, 1, scale)
    scale = np.where((scale > 1e-12 * (1 + np.abs(mean))), scale, 1.0)
    return ColumnPreparation(column, divide, _plain(fill), _plain(mean), _plain(scale), features)


def _prepared_block(part: ColumnPreparation, raw: AnyArray) -> AnyArray:
    """Bytes are prepared in float32, everything else in float64: large numbers keep their differences."""
    fill, mean, scale = (_along(part.column, values) for values in (part.fill, part.mean, part.scale))
    if raw.dtype == np.uint8:
        block = raw.astype(np.float32)
        block /= np.float32(part.divide)
        block -= mean.astype(np.float32)
        block /= scale.astype(np.float32)
        return block
    return (_filled(raw / part.divide, fill) - mean) / scale


def _width(column: Column) -> int:
    """How many numbers `fill`, `mean` and `scale` have."""
    if column.kind == "image":
        return column.shape[0]
    return column.shape[-1] if column.shape else 1


def _along(column: Column, values: Iterable[float]) -> Numbers:
    """One number per channel or feature, shaped so that it lines up with samples (n, *shape)."""
    array = np.array(tuple(values), np.float64)
    if column.kind == "image":
        return array.reshape(-1, 1, 1)
    return array if column.shape else array.reshape(())


def _table(column: Column, values: AnyArray) -> AnyArray:
    """Samples (n, *shape) as (many, channels or features)."""
    if column.kind == "image":
        values = np.moveaxis(values, 1, -1)
    return values.reshape(-1, _width(column))


def _blocks(count: int, shape: tuple[int, ...]) -> Iterable[slice]:
    """Slices of `count` samples of about a million numbers each: they stay in the processor's cache."""
    step = max(1, BLOCK_VALUES // max(1, prod(shape)))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def _medians(column: Column, raw: AnyArray, rows: Rows) -> Numbers:
    """Per channel or feature the median of what is there; 0 where nothing is."""
    values = _table(column, raw[rows])
    medians = np.zeros(values.shape[1])
    for index in range(values.shape[1]):
        present = values[:, index][is_usable(values[:, index])]
        medians[index] = np.median(present) if len(present) else 0.0
    return medians


def _moments(column: Column, raw: AnyArray, rows: Rows, fill: Numbers, divide: float) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation per channel or feature over `rows`: exact for bytes, two passes for the rest."""
    blocks = list(_blocks(len(rows), raw.shape[1:]))
    count = len(rows) * prod(raw.shape[1:]) // _width(column)
    if raw.dtype == np.uint8:
        total, squares = np.zeros((2, _width(column)))
        for block in blocks:
            pixels = _table(column, raw[rows[block]])
            total += pixels.sum(axis=0, dtype=np.int64)
            squares += np.square(pixels, dtype=np.uint16).sum(axis=0, dtype=np.int64)
        mean = total / count
        return mean / divide, np.sqrt(np.maximum(squares / count - mean**2, 0)) / divide
    total, squares = np.zeros((2, _width(column)))
    for block in blocks:
        total += _filled(_table(column, raw[rows[block]]), fill).sum(axis=0)
    mean = total / count
    for block in blocks:
        squares += np.square(_filled(_table(column, raw[rows[block]]), fill) - mean).sum(axis=0)
    return mean, np.sqrt(squares / count)


def _filled(values: AnyArray, fill: Numbers) -> Numbers:
    """float64, with `fill` for what is missing or too large."""
    numbers = values.astype(np.float64)
    return np.where(is_usable(numbers), numbers, fill) if values.dtype.kind == "f" else numbers


def _plain(values: Numbers) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
