"""Scaling of numbers: gaps filled, brought to a range that networks learn from, and back again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .parts import AnyArray, all_usable, is_usable

Chunks = Iterable[Any]
"""Raw values of the training rows, some rows at a time. It can be gone through more than once."""

Numbers = NDArray[np.float64]
Floats = NDArray[np.float32]

SAMPLE_ROWS = 1 << 17
SAMPLE_NUMBERS = 1 << 23
"""Medians and quantiles are exact up to so many rows and numbers, and taken from evenly spread rows beyond."""

KNOTS = 257
"""So many quantiles describe a distribution."""

BLOCK_NUMBERS = 1 << 18
"""Arrays are worked on in blocks of about so many numbers: they stay in the processor's cache."""


def fit(chunks: Chunks, width: int, scaling: str, missing: str = "median", *,
        is_shared: bool = False) -> dict[str, Any]:
    """The state of `width` features over chunks (m, ..., width).

    missing    "median", "mean" or "zero" fills gaps ("flag" as the median)
    scaling    "none", "standardise", "min-max", "log" (standardised logarithms) or "quantile"
    is_shared  one scale for all features, so that an error can be told in the unit of the data
    """
    sample = thinned(chunks, width) if missing in ("median", "flag") or scaling == "quantile" else None
    fill = np.zeros(width)
    if missing in ("median", "flag"):
        assert sample is not None
        fill = np.array([_median(sample[:, index]) for index in range(width)])
    elif missing == "mean":
        fill = _moments(_curved(chunks, width, ""), width)[0]
    state: dict[str, Any] = {"fill": fill.tolist(), "mean": [0.0] * width, "scale": [1.0] * width}
    if scaling == "quantile":
        assert sample is not None
        state["knots"] = [_knots(sample[:, index]) for index in range(width)]
    elif scaling == "min-max":
        low, high = _range(chunks, width)
        state |= {"mean": low.tolist(), "scale": _steady(high - low, low).tolist()}
    elif scaling in ("standardise", "log"):
        mean, scale = _moments(_curved(chunks, width, scaling, fill), width)
        if is_shared:
            scale = np.full(width, np.sqrt(np.mean(scale**2)))
        state |= {"mean": mean.tolist(), "scale": _steady(scale, mean).tolist()}
    return state


def encoded(values: AnyArray, state: Mapping[str, Any], scaling: str) -> Floats:
    """Raw numbers (n, ..., width) as the network reads them."""
    width = len(state["fill"])
    flat = values.reshape(-1, width) if width > 1 else values.reshape(-1)
    out = np.empty(flat.shape, np.float32)
    encode_into(flat, state, scaling, out)
    return out.reshape(values.shape)


def encode_into(values: AnyArray, state: Mapping[str, Any], scaling: str, out: AnyArray) -> None:
    """Write raw numbers (n, width), or (n,) of one feature, as the network reads them into `out` of the same shape.
    Computed in float64: large numbers keep their differences."""
    fill, mean, scale = (np.array(state[name], np.float64) for name in ("fill", "mean", "scale"))
    factor = 1 / scale
    step = max(1, BLOCK_NUMBERS // len(fill))
    for start in range(0, len(values), step):
        block = _filled(values[start : start + step], fill)
        if scaling == "quantile":
            columns = block.reshape(len(block), len(fill))
            block = np.stack([np.interp(columns[:, index], *knots) for index, knots in enumerate(state["knots"])],
                             1).reshape(block.shape)
        elif scaling == "log":
            block = _logarithm(block)
        np.multiply(block - mean, factor, out=out[start : start + step], casting="unsafe")


def decoded(values: AnyArray, state: Mapping[str, Any], scaling: str) -> Numbers:
    """The inverse of `encoded`, in the unit of the data."""
    numbers: Numbers = values.astype(np.float64) * np.array(state["scale"]) + np.array(state["mean"])
    if scaling == "quantile":
        return np.stack([np.interp(numbers[..., index], knots[1], knots[0])
                         for index, knots in enumerate(state["knots"])], -1)
    return np.sign(numbers) * np.expm1(np.minimum(np.abs(numbers), 700)) if scaling == "log" else numbers


def thinned(chunks: Chunks, width: int) -> AnyArray:
    """Evenly spread rows (m, width) of all chunks, all of them if they are few enough."""
    kept: list[AnyArray] = []
    stride, offset, count = 1, 0, 0
    limit = max(1, min(SAMPLE_ROWS, SAMPLE_NUMBERS // width))
    for chunk in chunks:
        rows = np.asarray(chunk).reshape(-1, width)
        kept.append(rows[offset::stride])
        offset = (offset - len(rows)) % stride
        count += len(kept[-1])
        while count > limit:
            together = np.concatenate(kept) if len(kept) > 1 else kept[0]
            offset = (offset + stride * (len(together) % 2)) % (stride * 2)
            kept, stride = [together[::2]], stride * 2
            count = len(kept[0])
        kept[-1] = np.array(kept[-1])
    return np.concatenate(kept) if kept else np.zeros((0, width))


def _median(values: AnyArray) -> float:
    present = values[is_usable(values)]
    return float(np.median(present)) if len(present) else 0.0


def _knots(values: AnyArray) -> list[list[float]]:
    """Quantiles of the values, and the normal scores of their ranks; equal values share the mean of their ranks."""
    present = values[is_usable(values)].astype(np.float64)
    if not len(present):
        return [[0.0], [0.0]]
    count = min(KNOTS, len(present))
    ranks = (np.arange(count) + 0.5) / count
    places, where = np.unique(np.quantile(present, ranks), return_inverse=True)
    shares = np.bincount(where, ranks) / np.bincount(where)
    return [places.tolist(), [NormalDist().inv_cdf(share) for share in shares.tolist()]]


def _curved(chunks: Chunks, width: int, scaling: str, fill: Numbers | None = None) -> Callable[[], Iterator[Numbers]]:
    """The chunks as (m, width) numbers before they are standardised; without `fill`, gaps stay NaN."""

    def blocks() -> Iterator[Numbers]:
        step = max(1, BLOCK_NUMBERS // width)
        for chunk in chunks:
            rows = np.asarray(chunk).reshape(-1, width)
            for start in range(0, len(rows), step):
                block = _filled(rows[start : start + step], np.full(width, np.nan) if fill is None else fill)
                yield _logarithm(block) if scaling == "log" else block

    return blocks


def _moments(blocks: Callable[[], Iterator[Numbers]], width: int) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each feature, in two passes; NaN is left out."""
    total, count, squares = np.zeros(width), np.zeros(width), np.zeros(width)
    for block in blocks():
        sums = block.sum(axis=0)
        if np.isnan(sums).any():
            gaps = np.isnan(block)
            sums = np.sum(block, axis=0, where=~gaps)
            count -= gaps.sum(axis=0)
        total += sums
        count += len(block)
    mean = total / np.maximum(count, 1)
    for block in blocks():
        away = block - mean
        np.square(away, out=away)
        sums = away.sum(axis=0)
        squares += np.sum(away, axis=0, where=~np.isnan(away)) if np.isnan(sums).any() else sums
    return mean, np.sqrt(squares / np.maximum(count, 1))


def _range(chunks: Chunks, width: int) -> tuple[Numbers, Numbers]:
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    for chunk in chunks:
        rows = np.asarray(chunk).reshape(-1, width).astype(np.float64)
        usable = is_usable(rows)
        low = np.minimum(low, np.where(usable, rows, np.inf).min(axis=0, initial=np.inf))
        high = np.maximum(high, np.where(usable, rows, -np.inf).max(axis=0, initial=-np.inf))
    is_known = low <= high
    return np.where(is_known, low, 0.0), np.where(is_known, high, 0.0)


def _steady(scale: Numbers, mean: Numbers) -> Numbers:
    """What does not vary has the scale 1."""
    return np.where(scale > 1e-12 * (1 + np.abs(mean)), scale, 1.0)


def _filled(values: AnyArray, fill: Numbers) -> Numbers:
    """float64, with `fill` for what is missing or too large."""
    numbers: Numbers = values.astype(np.float64, copy=False)
    if values.dtype.kind != "f" or all_usable(numbers):
        return numbers
    return np.where(is_usable(numbers), numbers, fill)


def _logarithm(numbers: Numbers) -> Numbers:
    """log(1 + x), mirrored below 0."""
    result: Numbers = np.sign(numbers) * np.log1p(np.abs(numbers))
    return result
