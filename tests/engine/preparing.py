"""A column prepared in one step: what the tests of the preparation share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.data.fitting import part_of
from engine.preparation import Part, encode, finish, fitted, scaled
from engine.project import Column


def made(column: Column, raw: Mapping[str, Any], rows: Sequence[int] | slice = slice(None), *,
         normalize: bool = True, chunk: int = 7) -> Part:
    """The preparation of a column, fitted on `rows` of its raw values, which come in chunks of a few."""
    training = {name: Chunks(taken(values, rows), chunk) for name, values in raw.items()}
    part = fitted(part_of(column, normalize), training)
    return scaled(part, Chunks(taken(encode(part, raw).values, rows), chunk))


def prepared(part: Part, raw: Mapping[str, Any]) -> Any:
    """What a network reads of raw values."""
    return finish(part, encode(part, raw).values)


def taken(values: Any, rows: Sequence[int] | slice) -> Any:
    if isinstance(values, np.ndarray):
        return values[rows]
    return values[rows] if isinstance(rows, slice) else [values[row] for row in rows]


class Chunks:
    """Values a few at a time, as often as they are asked for."""

    def __init__(self, values: Any, size: int) -> None:
        self._values, self._size = values, size

    def __iter__(self) -> Any:
        return (self._values[start : start + self._size] for start in range(0, len(self._values), self._size))
