"""One column from raw values to what a network reads, kind by kind.

    begin          settings with every "auto" resolved; nothing fitted
    fitted         what encoding needs of the training rows: fills, scales, vocabularies
    encode         raw values to stored ones, small on disk
    scaled         what finishing needs of the stored training rows: mean and scale of pictures and sounds
    finish         stored values to float32 (n, *shape), or int64 for classes and tokens
    restored       a network's numbers back in the unit of the data
"""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from . import features, numbers, sounds, texts
from .parts import AnyArray, Part, Preparation, Stored, is_usable

INTEGERS = frozenset({"category", "mask", "text", "tokens", "lengths", "shifted"})
"""Kinds that a network takes as whole numbers."""

THREAD_NUMBERS = 1 << 20
"""A thread encodes so many features at a time: with fewer, threads wait for one another."""


class Facts(Protocol):
    """What is known about a column before anything is read; `engine.project.Column` is one."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def parts(self) -> "tuple[Facts, ...]": ...


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is done to one kind; `fit` is None where encoding needs nothing of the training rows."""

    encode: Callable[[Part, Any], Stored]
    fit: Callable[[Part, numbers.Chunks], dict[str, Any]] | None = None


def begin(column: Facts, normalize: bool) -> Part:
    """A column's preparation before it is fitted. `normalize`: what "auto" means for pictures, sounds and numbers.
    All settings of the column's kind must be given, see engine.kinds."""
    settings = dict(column.settings)
    if settings.get("scaling") == "auto":
        settings["scaling"] = "standardise" if normalize else "none"
    if settings.get("normalize") == "auto":
        plain = "0 to 1" if column.kind == "image" else "none"
        settings["normalize"] = "standardise" if normalize else plain
    kind = "number" if column.kind in ("date", "boolean") and column.role == "target" else column.kind
    if kind != column.kind:
        settings = {"scaling": "standardise" if normalize else "none", "missing": "median"}
    parts = tuple(begin(part, normalize) for part in column.parts)
    return Part(column.name, kind, column.role, tuple(column.shape), tuple(column.classes), settings, {}, parts)


def sample_shape(kind: str, classes: int, settings: Mapping[str, Any]) -> tuple[int, ...] | None:
    """The shape of a prepared sample where the settings decide it; None where the files do."""
    if kind == "audio":
        return sounds.shape(settings)
    if kind in ("text", "tokens", "shifted"):
        return (int(settings["max_length"]),)
    if kind == "date":
        return (features.width(kind, classes, settings),)
    return () if kind in ("number", "boolean", "category", "lengths") else None


def fitted(part: Part, raw: Mapping[str, numbers.Chunks]) -> Part:
    """With what encoding needs of the TRAINING rows. `raw` holds, by leaf name, an iterable over chunks of raw values,
    which may be gone through more than once and is left alone where nothing is to be fitted."""
    if _is_joined(part):
        with ThreadPoolExecutor(_processors()) as pool:
            states = pool.map(lambda leaf: features.fit_leaf(leaf, raw[leaf.name]), part.parts)
            return replace(part, parts=tuple(map(_with_state, part.parts, states)))
    fit = None if part.is_derived else KINDS[part.kind].fit
    return part if fit is None else replace(part, state=fit(part, raw[part.name]))


def encode(part: Part, raw: Mapping[str, Any]) -> Stored:
    """Raw values by leaf name as stored arrays (n, ...). `raw` is left alone. Raises DataError for another shape."""
    if not _is_joined(part):
        return KINDS[part.kind].encode(part, raw[part.name])
    widths = [features.width(leaf.kind, len(leaf.classes), leaf.settings) for leaf in part.parts]
    count = len(raw[part.parts[0].name])
    values = np.empty((count, sum(widths)), np.float32)
    _check_shape(part, values)
    ends = np.cumsum(widths)
    step = max(1, THREAD_NUMBERS // max(1, sum(widths)))

    def write(start: int) -> None:
        block = slice(start, start + step)
        turned = np.empty((sum(widths), min(step, count - start)), np.float32)  # each feature's numbers side by side
        for leaf, width, end in zip(part.parts, widths, ends, strict=True):
            features.encode_leaf(leaf, np.asarray(raw[leaf.name][block]), turned[end - width : end].T)
        values[block] = turned.T

    if count <= step:
        write(0)
        return Stored(values)
    with ThreadPoolExecutor(_processors()) as pool:
        for _ in pool.map(write, range(0, count, step)):
            pass
    return Stored(values)


def scaled(part: Part, chunks: numbers.Chunks) -> Part:
    """With what `finish` needs of the stored values of the TRAINING rows. Other kinds than pictures and sounds are
    final when they are stored, and are given back as they are."""
    if part.kind not in ("image", "audio"):
        return part
    how = part.settings["normalize"]
    is_bytes = next((np.asarray(chunk).dtype == np.uint8 for chunk in chunks), True)
    divide = 255.0 if part.kind == "image" and is_bytes and how != "none" else 1.0
    width = part.shape[0] if part.kind == "image" or part.shape[0] == 1 else part.shape[-1]
    mean, scale = np.zeros(width), np.ones(width)
    if how == "standardise":
        mean, scale = _moments(part, chunks, divide, width)
    elif how in ("0 to 1", "-1 to 1") and part.kind == "audio":
        low, high = _extremes(chunks)
        mean, scale = np.full(width, low), np.full(width, max(high - low, 1e-12))
    if how == "-1 to 1":
        mean, scale = mean + scale / 2, scale / 2
    state = {"divide": divide, "mean": mean.tolist(), "scale": scale.tolist()}
    if part.kind == "image":
        state["white"] = 255.0 if is_bytes else 1.0
    return replace(part, state={**part.state, **state})


def finish_factors(part: Part) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """(multiply, add), float32 arrays that broadcast over stored samples (n, *shape), so that the network's numbers are
    `stored * multiply + add`; None where stored values are what the network takes but for their type."""
    if "divide" not in part.state:
        return None
    scale = np.array(part.state["scale"], np.float64)
    multiply, add = 1 / (scale * part.state["divide"]), -np.array(part.state["mean"]) / scale
    if part.kind == "image":
        multiply, add = multiply.reshape(-1, 1, 1), add.reshape(-1, 1, 1)
    return multiply.astype(np.float32), add.astype(np.float32)


def finish(part: Part, stored: AnyArray) -> AnyArray:
    """Stored values (n, ...) as the network takes them: float32 (n, *shape), or int64 for classes and tokens."""
    if part.kind in INTEGERS:
        return np.asarray(stored).astype(np.int64)
    factors = finish_factors(part)
    if factors is None:
        return np.asarray(stored).astype(np.float32, copy=False)
    values = np.asarray(stored).astype(np.float32)
    values *= factors[0]
    values += factors[1]
    return values


def restored(part: Part, values: AnyArray) -> AnyArray:
    """The inverse of `encode` and `finish` for numbers that a network puts out, (n, *shape): pictures as bytes where
    they were stored as bytes, numbers in the unit of the data. Classes and tokens stay as they are."""
    if part.kind in INTEGERS or _is_joined(part):
        return np.asarray(values)
    if part.kind in ("number", "vector", "series"):
        return _numbers_restored(part, np.asarray(values))
    factors = finish_factors(part)
    if factors is None:
        return np.asarray(values, np.float64)
    raw = (np.asarray(values, np.float64) - factors[1]) / factors[0]
    if part.kind == "image" and part.state["divide"] == 255:
        return np.clip(np.rint(raw), 0, 255).astype(np.uint8)
    return np.asarray(raw)


def unit(part: Part) -> float:
    """What one unit of a prepared target is in the unit of the data: its scale. 1 for classes, and where the scaling is
    no straight line (logarithms, quantiles)."""
    if part.kind not in ("number", "vector", "series") or part.settings.get("scaling") in ("log", "quantile"):
        return 1.0
    return float(part.state.get("scale", [1.0])[0])


def prepared(parts: Preparation | Iterable[Part], raw: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Raw values by leaf name as the network takes them, by column name: of all columns whose leaves are there, and of
    what is derived from them."""
    found: dict[str, AnyArray] = {}
    for part in parts.parts if isinstance(parts, Preparation) else parts:
        if not part.is_derived and all(leaf.name in raw for leaf in part.leaves):
            for name, values in encode(part, raw).columns(part.name).items():
                found[name] = finish(part, values) if name == part.name else values.astype(np.int64)
    return found


def _with_state(part: Part, state: dict[str, Any]) -> Part:
    return replace(part, state=state)


def _processors() -> int:
    """So many threads are of use: numpy computes in several at a time."""
    return min(4, os.cpu_count() or 1)


def _is_joined(part: Part) -> bool:
    return part.kind == "vector" and bool(part.parts)


def _moments(part: Part, chunks: numbers.Chunks, divide: float, width: int) -> tuple[AnyArray, AnyArray]:
    """Mean and deviation of each channel or band: exact sums for bytes, which lie channel by channel."""
    total, squares = np.zeros(width), np.zeros(width)
    count = 0
    for chunk in chunks:
        values = np.asarray(chunk)
        values = values.reshape(len(values), width, -1) if part.kind == "image" else values.reshape(-1, width, 1)
        count += values.shape[0] * values.shape[2]
        if values.dtype == np.uint8:
            total += values.sum(axis=(0, 2), dtype=np.int64)
            squares += np.square(values, dtype=np.uint16).sum(axis=(0, 2), dtype=np.int64)
        else:
            total += values.sum(axis=(0, 2), dtype=np.float64)
            squares += np.square(values, dtype=np.float64).sum(axis=(0, 2))
    mean = total / max(count, 1)
    scale = np.sqrt(np.maximum(squares / max(count, 1) - mean**2, 0)) / divide
    mean = mean / divide
    return mean, np.where(scale > 1e-6 * (1e-6 + np.abs(mean)), scale, 1.0)


def _extremes(chunks: numbers.Chunks) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for chunk in chunks:
        low, high = min(low, float(np.min(chunk, initial=np.inf))), max(high, float(np.max(chunk, initial=-np.inf)))
    return (low, high) if low < high else (0.0, 1.0)


def _width(part: Part) -> int:
    return part.shape[-1] if part.shape else 1


def _fit_numbers(part: Part, chunks: numbers.Chunks) -> dict[str, Any]:
    return numbers.fit(chunks, _width(part), part.settings["scaling"], part.settings.get("missing", "median"),
                       is_shared=part.role == "target")


def _encode_numbers(part: Part, raw: Any) -> Stored:
    values = _check_shape(part, np.asarray(raw))
    encoded = numbers.encoded(values.reshape(-1, _width(part)), part.state, part.settings["scaling"])
    return Stored(encoded.reshape(values.shape))


def _numbers_restored(part: Part, values: AnyArray) -> AnyArray:
    flat = values.reshape(-1, _width(part))
    return numbers.decoded(flat, part.state, part.settings["scaling"]).reshape(values.shape)


def _encode_boolean(part: Part, raw: Any) -> Stored:
    values = np.asarray(raw, np.float64).reshape(-1, 1)
    return Stored(numbers.encoded(values, part.state, "none")[:, 0])


def _encode_date(part: Part, raw: Any) -> Stored:
    seconds = np.asarray(raw, np.float64)
    values = np.empty((len(seconds), *part.shape), np.float32)
    features.encode_leaf(part, seconds, values)
    return Stored(values)


def _encode_category(part: Part, raw: Any) -> Stored:
    """Class numbers. An input with the encoding "index" has one class more for what training never saw, unless the
    setting "unseen" refuses it; a target's -1 stays and is in no split."""
    values = np.asarray(raw).astype(np.int64)
    if part.role != "input":
        return Stored(values)
    is_unseen = (values < 0) | (values >= len(part.classes)) | np.isin(values, part.state.get("absent", ()))
    if part.settings["encoding"] == "index" and part.settings["unseen"] != "refuse":
        return Stored(np.where(is_unseen, len(part.classes), values))
    if is_unseen.any():
        number = int(values[np.argmax(is_unseen)])
        named = f"class {part.classes[number]!r}" if 0 <= number < len(part.classes) else "value without a class"
        raise DataError(f"{part.name!r} has a {named} that training never saw.",
                        "Leave the row out, or choose another setting for unseen classes.")
    return Stored(values)


def _fit_category(part: Part, chunks: numbers.Chunks) -> dict[str, Any]:
    return features.fit_leaf(part, chunks) if part.role == "input" else {}


def _encode_image(part: Part, raw: Any) -> Stored:
    values = _check_shape(part, np.asarray(raw))
    if values.dtype == np.uint8:
        return Stored(values)
    return Stored(np.where(is_usable(values), values, 0).astype(np.float32))


def _encode_mask(part: Part, raw: Any) -> Stored:
    values = _check_shape(part, np.asarray(raw))
    return Stored(values.astype(np.uint8 if len(part.classes) <= 256 else np.int32))


def _check_shape(part: Part, values: AnyArray) -> AnyArray:
    if values.shape[1:] != part.shape:
        raise DataError(f"Samples of {part.name!r} are {part.shape}, not {values.shape[1:]}.",
                        "Use data of the kind that the network was trained on.")
    return values


KINDS: dict[str, _Kind] = {
    "number": _Kind(_encode_numbers, _fit_numbers),
    "vector": _Kind(_encode_numbers, _fit_numbers),
    "series": _Kind(_encode_numbers, _fit_numbers),
    "boolean": _Kind(_encode_boolean, features.fit_leaf),
    "date": _Kind(_encode_date, features.fit_leaf),
    "category": _Kind(_encode_category, _fit_category),
    "image": _Kind(_encode_image),
    "mask": _Kind(_encode_mask),
    "text": _Kind(texts.encode_text, texts.fit_text),
    "tokens": _Kind(texts.encode_tokens, texts.fit_tokens),
    "audio": _Kind(sounds.encode),
}
