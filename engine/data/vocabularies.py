"""The different words and characters of texts, or numbers of token sequences, and the vocabulary that has room for
them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from engine.data.columns import USUAL_VOCABULARY, is_chosen
from engine.data.files import ignore_progress
from engine.data.opened import Asked, Values
from engine.kinds import Settings
from engine.preparation.texts import specials
from engine.project import Column

MOST = {"text": 20_000_000, "tokens": 5_000_000}
"""So many characters, or numbers, are looked through in about a second; more keep the usual vocabulary."""

PIECE = 10_000
"""Samples that are looked through together."""


def different_tokens(texts: Sequence[str | None], settings: Settings) -> set[str]:
    """Words or characters as `engine.preparation.texts` cuts texts into them."""
    import polars

    series = polars.Series(texts, dtype=polars.String).fill_null("").str.normalize("NFC")
    if settings["lowercase"]:
        series = series.str.replace_all("Σ", "σ").str.to_lowercase()  # as letter by letter: no "ς" at the end
    if settings["tokens"] == "character":
        return set().union(*series)
    return set(series.str.extract_all(r"\w+|[^\w\s]+").explode().drop_nulls().unique())


def with_vocabulary(column: Column, values: Values, count: int, asked: Asked) -> Column:
    """The column of `count` texts or token sequences with the vocabulary that all of them need, unless another was
    chosen or is known."""
    known = asked.known_column(column.name)
    if (known and known.kind == column.kind) or is_chosen(column.name, "vocabulary", asked.chosen):
        return column
    return msgspec.structs.replace(column, settings={**column.settings, "vocabulary": _needed(column, values, count)})


def _needed(column: Column, values: Values, count: int) -> int:
    """Room for every word, character or number and for the special tokens, at most the usual vocabulary. That also for
    byte-pair tokens, of which there are as many as one likes, and for very much text."""
    if column.settings.get("tokens") == "byte-pair":
        return USUAL_VOCABULARY
    found: set[Any] = set()
    length = 0
    for start in range(0, count, PIECE):
        samples = values.read(np.arange(start, min(count, start + PIECE)), ignore_progress).values
        length += sum(map(len, samples))
        if length > MOST[column.kind]:
            return USUAL_VOCABULARY
        found |= different_tokens(samples, column.settings) if column.kind == "text" else \
            set(np.concatenate(samples).tolist())
        if len(found) + specials(column) >= USUAL_VOCABULARY:
            return USUAL_VOCABULARY
    return len(found) + specials(column)
