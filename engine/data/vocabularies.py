"""The different words and characters of texts, and the vocabulary that has room for them."""

from collections.abc import Sequence

import msgspec
import numpy as np

from engine.data.columns import USUAL_VOCABULARY, is_chosen
from engine.data.files import ignore_progress
from engine.data.opened import Asked, Values
from engine.kinds import Settings
from engine.preparation.texts import specials
from engine.project import Column

MOST_CHARACTERS = 20_000_000
"""So much text is looked through in about a second; more than that keeps the usual vocabulary."""

PIECE = 10_000
"""Texts that are looked through together."""


def different_tokens(texts: Sequence[str | None], settings: Settings) -> set[str]:
    """Words or characters as `engine.preparation.texts` cuts texts into them."""
    import polars

    series = polars.Series(texts, dtype=polars.String).fill_null("").str.normalize("NFC")
    if settings["lowercase"]:
        series = series.str.to_lowercase()
    if settings["tokens"] == "character":
        return set().union(*series)
    return set(series.str.extract_all(r"\w+|[^\w\s]+").explode().drop_nulls().unique())


def with_vocabulary(column: Column, values: Values, count: int, asked: Asked) -> Column:
    """The column of `count` texts with the vocabulary that all of them need, unless another was chosen or is known."""
    known = asked.known_column(column.name)
    if (known and known.kind == column.kind) or is_chosen(column.name, "vocabulary", asked.chosen):
        return column
    return msgspec.structs.replace(column, settings={**column.settings, "vocabulary": _needed(column, values, count)})


def _needed(column: Column, values: Values, count: int) -> int:
    """Room for every word or character and for the special tokens, at most the usual vocabulary. That also for
    byte-pair tokens, of which there are as many as one likes, and for very much text."""
    if column.settings["tokens"] == "byte-pair":
        return USUAL_VOCABULARY
    found: set[str] = set()
    characters = 0
    for start in range(0, count, PIECE):
        texts = values.read(np.arange(start, min(count, start + PIECE)), ignore_progress).values
        characters += sum(map(len, texts))
        if characters > MOST_CHARACTERS:
            return USUAL_VOCABULARY
        found |= different_tokens(texts, column.settings)
        if len(found) + specials(column) >= USUAL_VOCABULARY:
            return USUAL_VOCABULARY
    return len(found) + specials(column)
