"""All rows of one column, from raw values to stored ones: some at a time, in memory or mapped from the cache."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from engine.data import cache
from engine.data.files import AnyArray, Progress, Rows, allocate, ignore_progress, portion, require_memory
from engine.data.opened import Opened
from engine.errors import DataError, StorageError
from engine.preparation import Part, Stored, encode
from engine.preparation.parts import all_usable, is_usable

CHUNK_BYTES = 32 << 20
IN_MEMORY = 256 << 20
"""Bytes of one stored column beyond which it is written into the cache while it is prepared."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A column's stored values.

    damaged  by row, what could not be read
    gaps     by leaf, how many cells held no number; of a vector for each of its numbers
    key      of its entry in the cache
    """

    stored: Stored
    damaged: Mapping[int, str]
    gaps: Mapping[str, list[int]]
    key: str


def encoded(part: Part, opened: Opened, key: str, progress: Progress, in_memory: int | None) -> tuple[Encoded, str]:
    """All rows of a column, and a finding, or "".

    key        of its entry in the cache, where it may be already
    in_memory  stored values of more bytes are written into the cache; None: neither read nor write the cache
    """
    size = len(opened.names) * max(1, prod(part.shape)) * (1 if part.kind in ("image", "mask") else 4)
    finding = ""
    if in_memory is not None and (entry := cache.find(key)):
        return of_entry(entry, key), ""
    if in_memory is not None and size > in_memory:
        try:
            cache.make_room(size)
            with cache.writing(key, lambda: progress(0.0)) as draft:
                if draft:
                    _, damaged, gaps = _filled(part, opened, draft.create, progress)
                    draft.about |= about(damaged, gaps)
            if entry := cache.find(key):
                return of_entry(entry, key), ""
        except StorageError as error:
            _require_half_the_memory(size, error)
            finding = f"{error.message} The data is prepared in memory, each time. {error.hint}"

    if part.parts and size <= IN_MEMORY:  # cells of a table, which are in memory as well
        return Encoded(*_filled(part, opened, None, progress), key), finding

    def create(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> AnyArray:
        return allocate(shape, dtype, f"Column {part.name!r}")

    return Encoded(*_filled(part, opened, create, progress), key), finding


def _require_half_the_memory(size: int, error: StorageError) -> None:
    """What the cache cannot take is prepared in memory, unless it would fill that: raises DataError then."""
    try:
        require_memory(2 * size, "")
    except DataError:
        raise DataError(error.message, error.hint) from error


def _filled(part: Part, opened: Opened, create: Callable[[str, tuple[int, ...], DTypeLike], AnyArray] | None,
            progress: Progress) -> tuple[Stored, dict[int, str], dict[str, list[int]]]:
    """All rows, some at a time, in arrays that `create` makes; None: all at once, in those that they are encoded in."""
    total = len(opened.names)
    step = step_of(part.shape) if create else max(1, total)
    usable = np.zeros(total, bool)
    usable[opened.rows] = True
    arrays: dict[str, AnyArray] = {}
    damaged: dict[int, str] = {}
    gaps: dict[str, AnyArray] = {}
    for start in range(0, total, step):
        rows = np.arange(start, min(start + step, total))
        inner = portion(progress, start / total, (start + len(rows)) / total)
        raw = {}
        for leaf in part.leaves:
            loaded = opened.values[leaf.name].read(None if step >= total else rows, inner)
            raw[leaf.name] = loaded.values
            damaged.update(loaded.damaged)
            if part.role == "input" and _has_gaps(loaded.values):
                missing = np.count_nonzero(~is_usable(loaded.values[usable[rows]]), axis=0)
                gaps[leaf.name] = gaps.get(leaf.name, 0) + (missing if np.ndim(missing) == 1 else np.sum(missing))
        stored = encode(part, raw)
        if create is None:
            arrays = stored.arrays()
            break
        for name, piece in stored.arrays().items():
            if name not in arrays:
                arrays[name] = create(name, (total, *piece.shape[1:]), piece.dtype)
            arrays[name][rows[0] : rows[-1] + 1] = piece
            cache.release(arrays[name])
    return Stored(**arrays), damaged, {
        name: np.atleast_1d(counts).tolist() for name, counts in gaps.items() if np.any(counts)}


def _has_gaps(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind == "f" and not all_usable(values)


def about(damaged: Mapping[int, str], gaps: Mapping[str, list[int]]) -> dict[str, Any]:
    return {"damaged": [[row, problem] for row, problem in sorted(damaged.items())], "gaps": dict(gaps)}


def of_entry(entry: cache.Entry, key: str) -> Encoded:
    arrays = {name: entry.array(name) for name in Stored._fields if f"{name}.npy" in entry.about["files"]}
    return Encoded(Stored(**arrays), dict(entry.about["damaged"]), entry.about["gaps"], key)


@dataclass(frozen=True, slots=True)
class RawRows:
    """Raw values of some rows of one leaf, in chunks, without what cannot be read. Can be gone through again; `tick` is
    called for every chunk and may raise to end it."""

    opened: Opened
    leaf: str
    rows: Rows
    step: int
    tick: Callable[[], None]

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self.rows), self.step):
            self.tick()
            rows = self.rows[start : start + self.step]
            values, damaged = self.opened.values[self.leaf].read(rows, ignore_progress)
            if not damaged:
                yield values
                continue
            whole = [place for place, row in enumerate(rows.tolist()) if row not in damaged]
            yield values[np.array(whole, np.int64)] if isinstance(values, np.ndarray) else [values[i] for i in whole]


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Stored values of some rows, in chunks. Can be gone through again; `tick` as above."""

    values: AnyArray
    rows: Rows
    tick: Callable[[], None]

    def __iter__(self) -> Iterator[AnyArray]:
        step = step_of(self.values.shape[1:])
        for start in range(0, len(self.rows), step):
            self.tick()
            yield np.asarray(self.values[self.rows[start : start + step]])
            cache.release(self.values)


def step_of(shape: tuple[int, ...]) -> int:
    """Rows of that shape that are worked on at a time."""
    return max(4, CHUNK_BYTES // (4 * max(1, prod(shape))))
