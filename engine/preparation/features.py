"""A table's columns as numbers that are joined in one vector: each leaf gives one feature or more."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError
from . import numbers
from .parts import AnyArray, Part, is_usable

SECONDS_A_DAY = 86400

CYCLES = {"month": 12, "weekday": 7, "hour": 24, "minute": 60}
"""Parts of a date that begin again: each gives a sine and a cosine."""

DATE_PARTS = ("year", "month", "day", "weekday", "hour", "minute", "elapsed")


def width(kind: str, classes: int, settings: Mapping[str, Any]) -> int:
    """How many features a leaf gives."""
    flag = int(settings.get("missing") == "flag")
    if kind == "category":
        return classes + (settings.get("unseen") == "class")
    if kind == "date":
        return sum(2 if name in CYCLES else 1 for name in date_parts(settings)) + flag
    return 1 + flag


def date_parts(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The chosen parts of a date. Raises DataError for words that are none."""
    chosen = tuple(dict.fromkeys(name.strip().lower() for name in settings["parts"].split(",") if name.strip()))
    if unknown := next((name for name in chosen if name not in DATE_PARTS), ""):
        raise DataError(f"A date has no part {unknown!r}.", f"Parts: {', '.join(DATE_PARTS)}.")
    return chosen or ("elapsed",)


def fit_leaf(leaf: Part, chunks: numbers.Chunks) -> dict[str, Any]:
    """What a leaf keeps of the training rows."""
    missing = leaf.settings.get("missing", "median")
    if leaf.kind == "category":
        counts = np.zeros(len(leaf.classes), np.int64)
        for chunk in chunks:
            present = np.asarray(chunk)
            counts += np.bincount(present[present >= 0], minlength=len(counts))[: len(counts)]
        return {"absent": np.flatnonzero(counts == 0).tolist()}
    if leaf.kind == "date":
        seconds = np.concatenate([np.asarray(chunk, np.float64) for chunk in chunks] or [np.zeros(0)])
        fill = numbers.fit([seconds], 1, "none", missing)["fill"]
        columns = _date_columns(leaf, np.where(is_usable(seconds), seconds, fill[0]))
        mean, scale = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
        for place, name in enumerate(_date_columns_of(leaf)):
            if name not in CYCLES:
                state = numbers.fit([columns[:, place]], 1, "standardise")
                mean[place], scale[place] = state["mean"][0], state["scale"][0]
        return {"fill": fill, "mean": mean.tolist(), "scale": scale.tolist()}
    held = [np.asarray(chunk) for chunk in chunks]
    return numbers.fit(held, 1, leaf.settings.get("scaling", "none"), missing)


def encode_leaf(leaf: Part, raw: AnyArray, out: AnyArray) -> None:
    """Write a leaf's features of raw values (n,) into `out` (n, width)."""
    if leaf.kind == "category":
        _encode_classes(leaf, raw, out)
        return
    if leaf.kind == "date":
        seconds = raw.astype(np.float64)
        columns = _date_columns(leaf, np.where(is_usable(seconds), seconds, leaf.state["fill"][0]))
        out[:, : columns.shape[1]] = (columns - np.array(leaf.state["mean"])) / np.array(leaf.state["scale"])
    else:
        numbers.encode_into(raw.reshape(-1), leaf.state, leaf.settings.get("scaling", "none"), out[:, 0])
    if leaf.settings.get("missing") == "flag":
        out[:, -1] = ~is_usable(raw)


def _encode_classes(leaf: Part, raw: AnyArray, out: AnyArray) -> None:
    count = len(leaf.classes)
    seen = np.ones(count + 1, bool)
    seen[[*leaf.state.get("absent", ()), count]] = False
    is_seen = seen[np.where((raw >= 0) & (raw < count), raw, count)]
    if leaf.settings["unseen"] == "refuse" and not is_seen.all():
        number = int(raw[np.argmin(is_seen)])
        named = f"The class {leaf.classes[number]!r}" if 0 <= number < count else "An empty cell or a new class"
        raise DataError(f"{named} of {leaf.name!r} was never seen in training.",
                        "Leave the row out, or let unseen classes count as zeros or as a class of their own.")
    out[:] = 0
    rows = np.flatnonzero(is_seen)
    out[rows, raw[rows]] = 1
    if leaf.settings["unseen"] == "class":
        out[:, -1] = ~is_seen


def _date_columns_of(leaf: Part) -> list[str]:
    return [name for name in date_parts(leaf.settings) for _ in range(2 if name in CYCLES else 1)]


def _date_columns(leaf: Part, seconds: AnyArray) -> AnyArray:
    """Seconds since 1970 UTC (n,) as the chosen parts (n, k), not yet standardised."""
    moments = seconds.astype("int64").astype("datetime64[s]")
    days, months, years = (moments.astype(f"datetime64[{unit}]") for unit in "DMY")
    clock = seconds - days.astype(np.int64) * float(SECONDS_A_DAY)
    found: dict[str, AnyArray] = {
        "year": years.astype(np.int64) + 1970,
        "month": (months - years).astype(np.int64),
        "day": (days - months).astype(np.int64) + 1,
        "weekday": (days.astype(np.int64) + 3) % 7,
        "hour": clock / 3600,
        "minute": clock / 60 % 60,
        "elapsed": seconds / SECONDS_A_DAY,
    }
    columns: list[AnyArray] = []
    for name in date_parts(leaf.settings):
        if name in CYCLES:
            angle = found[name] * (2 * np.pi / CYCLES[name])
            columns += [np.sin(angle), np.cos(angle)]
        else:
            columns.append(found[name].astype(np.float64))
    return np.stack(columns, axis=1)
