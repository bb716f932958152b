"""What the values of one column are like: figures and a histogram for each split and each class."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.browse import SCALARS, Browser
from engine.data.disk.headers import durations, picture_sizes
from engine.data.files import AnyArray, Progress, Rows, ignore_progress, portion
from engine.data.filters import is_missing
from engine.preparation.parts import is_usable
from engine.project import Column

MOST_ROWS = 100_000
MOST_FILES = 2_000
"""More pictures, sounds or masks than these are not decoded for statistics."""

BINS = 40
MOST_CLASSES = 50
MOST_NAMES = 200
EDGE = 0.005
"""This share of the values at either end may lie outside the bins' range, so that an outlier does not flatten all."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one split (`label` ""), of one class (`split` ""), or all (both "").

    count    rows that were looked at; missing: those of them without a value
    facts    "mean", "deviation", "least", "lower quartile", "median", "upper quartile", "most", and more for pictures
    counts   rows by bin or name; for masks pixels
    """

    split: str
    label: str
    count: int
    missing: int
    facts: dict[str, float]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """One column. The bins are the same for all groups: values beyond their ends count in the first and the last.

    measure  what the numbers are: "value", "seconds since 1970", "words", "tokens", "seconds", "brightness", "mean of
             the sample", "samples" of a class or "pixels" of it
    sampled  rows that were looked at; total: all that there are
    edges    (bins + 1,) of the bins, () where `names` say what is counted
    sizes    of pictures, how often each occurs: ("640 × 480", 12), commonest first
    """

    column: str
    kind: str
    measure: str
    sampled: int
    total: int
    groups: tuple[Group, ...]
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Measured:
    """(n,) numbers, NaN where there is none, and further (n,) figures by name that are only averaged."""

    values: Numbers
    more: dict[str, Numbers]


def statistics(browser: Browser, name: str, progress: Progress = ignore_progress) -> Statistics:
    """Figures of the column `name`, computed when asked for. Of more than 100,000 rows, or 2,000 pictures or sounds,
    some are drawn, always the same. Raises DataError for a column that there is not."""
    leaf = browser.leaf(name)
    total = browser.count
    most = MOST_FILES if leaf.kind in ("image", "audio", "mask") else MOST_ROWS
    rows = np.arange(total)
    if total > most:
        rows = np.sort(np.random.default_rng(0).choice(total, most, replace=False))
    if leaf.kind == "mask":
        return _of_mask(browser, leaf, rows, progress)
    if leaf.classes or leaf.kind == "boolean":
        return _of_classes(browser, leaf, rows)
    measured = _measured(browser, leaf, rows, portion(progress, 0.0, 0.9))
    edges = _edges(measured.values)
    groups = [_group(split, label, measured, chosen, edges) for split, label, chosen in _groups(browser, rows)]
    sizes = _sizes(browser, leaf, rows, portion(progress, 0.9, 1.0))
    return Statistics(name, leaf.kind, _MEASURES.get(leaf.kind, "mean of the sample"), len(rows), total, tuple(groups),
                      tuple(edges.tolist()), sizes=sizes)


_MEASURES = {"number": "value", "date": "seconds since 1970", "text": "words", "tokens": "tokens", "audio": "seconds",
             "image": "brightness"}


def _groups(browser: Browser, rows: Rows) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Split, class and which of `rows` belong to them: all, then each split, then each class."""
    splits = np.array(browser.split_of(rows))
    groups = [("", "", np.ones(len(rows), bool)), *((split, "", splits == split) for split in browser.rows)]
    target = browser.target
    if target is not None and target.classes and target.kind in SCALARS:
        codes = browser.codes(target)[rows]
        groups += [("", label, codes == number) for number, label in enumerate(target.classes[:MOST_CLASSES])]
    return groups


def _of_classes(browser: Browser, leaf: Column, rows: Rows) -> Statistics:
    names = (leaf.classes or ("no", "yes"))[:MOST_NAMES]
    codes = browser.codes(leaf)[rows]
    groups = [
        Group(split, label, int(chosen.sum()), int((codes[chosen] < 0).sum()), {},
              tuple(np.bincount(codes[chosen & (codes >= 0)], minlength=len(names))[: len(names)].tolist()))
        for split, label, chosen in _groups(browser, rows)
    ]
    return Statistics(leaf.name, leaf.kind, "samples", len(rows), browser.count, tuple(groups), names=names)


def _of_mask(browser: Browser, leaf: Column, rows: Rows, progress: Progress) -> Statistics:
    """Pixels of each class."""
    pixels = np.zeros((len(rows), len(leaf.classes)), np.int64)
    place = 0
    for part, masks in browser.chunks(leaf, rows, progress):
        for number in range(len(leaf.classes)):
            pixels[place : place + len(part), number] = (masks == number).reshape(len(part), -1).sum(axis=1)
        place += len(part)
    groups = [Group(split, label, int(chosen.sum()), 0, {}, tuple(pixels[chosen].sum(axis=0).tolist()))
              for split, label, chosen in _groups(browser, rows)]
    return Statistics(leaf.name, leaf.kind, "pixels", len(rows), browser.count, tuple(groups), names=leaf.classes)


def _measured(browser: Browser, leaf: Column, rows: Rows, progress: Progress) -> _Measured:
    if leaf.kind in SCALARS:
        values = browser.array(leaf)[rows].astype(np.float64)
        return _Measured(np.where(is_missing(values) | ~is_usable(values), np.nan, values), {})
    files = browser.files(leaf)
    if leaf.kind == "audio" and files is not None:
        seconds = durations(files, rows, progress)
        return _Measured(np.array([seconds.get(row, np.nan) for row in rows.tolist()]), {})
    measure = _LARGE.get(leaf.kind, _means)
    parts = [measure(values, leaf) for _, values in browser.chunks(leaf, rows, progress)]
    if not parts:
        return _Measured(np.zeros(0), {})
    return _Measured(np.concatenate([part.values for part in parts]),
                     {name: np.concatenate([part.more[name] for part in parts]) for name in parts[0].more})


def _means(values: AnyArray, leaf: Column) -> _Measured:
    """Of arrays and series: the mean of each sample's numbers, without those that are missing."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    usable = is_usable(flat)
    count = usable.sum(axis=1)
    sums = np.where(usable, flat, 0.0).sum(axis=1)
    return _Measured(np.where(count > 0, sums / np.maximum(count, 1), np.nan), {})


def _brightness(pictures: AnyArray, leaf: Column) -> _Measured:
    channels = pictures.reshape(*pictures.shape[:2], -1).astype(np.float64)
    means, deviations = channels.mean(axis=2), channels.std(axis=2)
    names = ("red", "green", "blue") if pictures.shape[1] == len("rgb") else ("grey",)
    more = {f"{name} {what}": column for what, figures in (("mean", means), ("deviation", deviations))
            for name, column in zip(names, figures.T, strict=False)}
    return _Measured(means.mean(axis=1), more)


def _words(texts: Any, leaf: Column) -> _Measured:
    import polars

    counts = polars.Series(texts, dtype=polars.String).fill_null("").str.count_matches(r"\S+")
    return _Measured(counts.cast(polars.Float64).to_numpy(), {})


def _lengths(values: Any, leaf: Column) -> _Measured:
    """Tokens, or seconds of sound."""
    unit = float(leaf.settings.get("rate", 16000)) if leaf.kind == "audio" else 1.0
    return _Measured(np.array([len(value) / unit for value in values], np.float64), {})


_LARGE: dict[str, Callable[[Any, Column], _Measured]] = {
    "image": _brightness, "text": _words, "tokens": _lengths, "audio": _lengths}


def _edges(values: Numbers) -> Numbers:
    """(bins + 1,) edges: a bin for each number where there are few whole ones, else bins of equal width."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.array([0.0, 1.0])
    different = np.unique(present)
    if len(different) <= BINS and (different == np.rint(different)).all() and different[-1] - different[0] < BINS:
        return np.arange(different[0], different[-1] + 2) - 0.5
    low, high = np.quantile(present, (EDGE, 1 - EDGE))
    spread = (high - low) / 2
    low, high = max(present.min(), low - spread), min(present.max(), high + spread)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


def _group(split: str, label: str, measured: _Measured, chosen: NDArray[np.bool_], edges: Numbers) -> Group:
    values = measured.values[chosen]
    present = values[~np.isnan(values)]
    facts = {}
    if len(present):
        least, lower, median, upper, most = np.quantile(present, (0, 0.25, 0.5, 0.75, 1)).tolist()
        facts = {"mean": float(present.mean()), "deviation": float(present.std()), "least": least,
                 "lower quartile": lower, "median": median, "upper quartile": upper, "most": most,
                 **{name: float(more[chosen].mean()) for name, more in measured.more.items()}}
    counts = np.histogram(np.clip(present, edges[0], edges[-1]), edges)[0]
    return Group(split, label, len(values), len(values) - len(present), facts, tuple(counts.tolist()))


def _sizes(browser: Browser, leaf: Column, rows: Rows, progress: Progress) -> tuple[tuple[str, int], ...]:
    """The sizes of pictures that are files of their own, from their headers."""
    files = browser.files(leaf)
    if leaf.kind != "image" or files is None:
        return ()
    counts = Counter(f"{width} × {height}" for height, width in picture_sizes(files, rows, progress).values())
    return tuple(counts.most_common(MOST_NAMES))
