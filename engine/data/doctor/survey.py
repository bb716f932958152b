"""One pass over the samples of a data set, in pieces: which are damaged, which are copies, how long they are."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.browse import SCALARS, Browser, piece_size
from engine.data.files import AnyArray, Progress, Rows, ignore_progress
from engine.data.vocabularies import different_tokens
from engine.preparation.parts import is_usable
from engine.project import Column

Hashes = NDArray[np.uint64]

SECONDS = 60.0
"""So long a pass may take; then what was seen until then has to do."""

LASTING = ("text", "tokens", "audio")
"""Kinds whose samples have lengths."""

SILENCE = 1e-4


@dataclass(slots=True)
class Survey:
    """What was seen of the rows `rows`, sorted.

    hashes     (n,) equal for rows whose inputs are equal
    damaged    by row, what is wrong with it
    blank      by column, the rows with one colour, one class everywhere, silence or no text
    lengths    by column of text, tokens or sound, (n,) words, characters, tokens or samples; 0 if damaged
    different  by column of text, its different words or characters; once they are more than its vocabulary holds, no
               more are noted
    unusable   by input column of arrays, the rows with a number that is missing or infinite
    """

    rows: Rows
    hashes: Hashes
    damaged: dict[int, str] = field(default_factory=dict)
    blank: dict[str, list[int]] = field(default_factory=dict)
    lengths: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    different: dict[str, set[str]] = field(default_factory=dict)
    unusable: dict[str, list[int]] = field(default_factory=dict)


def surveyed(browser: Browser, progress: Progress, seconds: float = SECONDS) -> Survey:
    """Look at all inputs, masks and texts to be written, or at as many rows as `seconds` allow, drawn at random in
    pieces."""
    inputs = [leaf for leaf in browser.leaves if leaf.role == "input"]
    large = [leaf for leaf in browser.leaves if leaf.kind not in SCALARS and (
        leaf in inputs or leaf.kind == "mask" or (leaf.kind == "text" and leaf.role == "target"))]
    found = Survey(np.zeros(0, np.int64), np.zeros(browser.count, np.uint64))
    lengths = {leaf.name: np.zeros(browser.count, np.int64) for leaf in large if leaf.kind in LASTING}
    seen = []
    for piece in _pieces(browser, large, progress, seconds):
        for leaf in large:
            loaded = browser.opened.values[leaf.name].read(piece, ignore_progress)
            found.damaged.update(loaded.damaged)
            _look(found, leaf, piece, loaded.values, lengths)
            if leaf in inputs:
                found.hashes[piece] = _mixed(found.hashes[piece], _hashes(leaf, loaded.values))
        seen.append(piece)
    found.rows = np.sort(np.concatenate(seen)) if seen else found.rows
    for leaf in inputs:
        if leaf.kind in SCALARS:
            found.hashes = _mixed(found.hashes, _number_hashes(browser.array(leaf)))
    found.hashes = found.hashes[found.rows]
    found.lengths = {name: length[found.rows] for name, length in lengths.items()}
    return found


def _pieces(browser: Browser, large: list[Column], progress: Progress, seconds: float) -> Iterator[Rows]:
    """Row numbers in pieces of bounded size, in random order, until the time is over; at once if nothing is large."""
    rows = browser.usable
    if not large:
        yield rows
        return
    size = min(map(piece_size, large))
    starts = np.random.default_rng(0).permutation(np.arange(0, len(rows), size))
    deadline = time.monotonic() + seconds
    for done, start in enumerate(starts, 1):
        yield rows[start : start + size]
        progress(done / len(starts))
        if time.monotonic() > deadline:
            return


def _look(found: Survey, leaf: Column, rows: Rows, values: Any, lengths: Mapping[str, NDArray[np.int64]]) -> None:
    """Note what is blank, unusable and how long."""
    blank: AnyArray = np.zeros(len(rows), bool)
    if leaf.kind == "text":
        lengths[leaf.name][rows] = _text_lengths(values, str(leaf.settings["tokens"]))
        blank = lengths[leaf.name][rows] == 0
        if leaf.settings["tokens"] != "byte-pair":
            different = found.different.setdefault(leaf.name, set())
            if len(different) <= leaf.settings["vocabulary"]:
                different |= different_tokens(values, leaf.settings)
    elif leaf.kind == "tokens":
        lengths[leaf.name][rows] = [len(value) for value in values]
        blank = lengths[leaf.name][rows] == 0
    elif leaf.kind == "audio":
        lengths[leaf.name][rows] = [len(value) for value in values]
        blank = np.array([not len(value) or float(np.abs(value).max()) < SILENCE for value in values])
    elif leaf.kind in ("image", "mask"):
        flat = values.reshape(len(rows), -1)
        blank = flat.min(axis=1) == flat.max(axis=1)
    elif leaf.kind in ("vector", "series"):
        usable = is_usable(values.reshape(len(rows), -1)).all(axis=1)
        found.unusable.setdefault(leaf.name, []).extend(rows[~usable].tolist())
    whole = rows[blank]
    found.blank.setdefault(leaf.name, []).extend(row for row in whole.tolist() if row not in found.damaged)


def _text_lengths(texts: list[str], tokens: str) -> NDArray[np.int64]:
    import polars

    series = polars.Series(texts, dtype=polars.String).fill_null("")
    counts = series.str.len_chars() if tokens == "character" else series.str.count_matches(r"\S+")
    return counts.cast(polars.Int64).to_numpy()


def _hashes(leaf: Column, values: Any) -> Hashes:
    """(n,) numbers that are equal for equal values, and else practically never."""
    if leaf.kind == "text":
        import polars

        return polars.Series(values, dtype=polars.String).hash().to_numpy()
    digests = (blake2b(np.ascontiguousarray(value).data, digest_size=8).digest() for value in values)
    return np.array([int.from_bytes(digest) for digest in digests], np.uint64)


def _number_hashes(values: AnyArray) -> Hashes:
    numbers = np.where(values == 0, 0.0, values.astype(np.float64))  # -0.0 is 0.0
    return np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)


def _mixed(before: Hashes, new: Hashes) -> Hashes:
    """Both in one number (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    mixed = before * np.uint64(0x9E3779B97F4A7C15) + new
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
