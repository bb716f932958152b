"""What the columns of a table are for: what is predicted, what is learned from, what is left out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.data.tables import cells
from engine.data.tables.inference import EMPTY, Guess, as_classes
from engine.project import ColumnChoice, ColumnRole

if TYPE_CHECKING:
    import polars

TARGET_NAMES = (
    "target", "targets", "label", "labels", "class", "y", "species", "outcome", "output", "category", "diagnosis",
    "quality", "survived", "sentiment", "emotion", "intent", "valence", "rating", "stars", "score", "price",
    "saleprice", "medv", "churn", "spam")
"""What people call the column to predict, the surest names first."""

SURE_NAMES = TARGET_NAMES[:6]
"""These are predicted even if they hold free texts."""

NUMBER_NAMES = re.compile(r"(^|[_\W])(id|ids|phone|telephone|tel|mobile|fax|iban|isbn|ean|barcode|serial|number|nr|no|"
                          r"account|ticket|invoice|order)([_\W](id|no|nr|number))?$", re.I)
LONG_NUMBER = 1e7
"""Whole numbers from here on that never come again are those of phones, accounts, articles."""

SPOKEN_NAMES = ("transcript", "transcription", "sentence", "caption", "text", "normalized_text", "utterance")
"""Texts that belong to recordings or pictures."""

USER_NAMES = re.compile(r"^(user|customer|reviewer|client|visitor|u)[_ ]?(id|idx|no)?$", re.I)
ITEM_NAMES = re.compile(
    r"^(item|movie|film|product|book|song|track|artist|anime|game|joke|i)[_ ]?(id|idx|no)?$|^(asin|isbn)$", re.I)
RATING_NAMES = re.compile(r"^(rating|ratings|stars|score|overall|rate)$", re.I)
FIRST_TEXTS = ("source", "src", "question", "input", "original", "sentence1", "text1", "article", "document")
SECOND_TEXTS = ("target", "tgt", "answer", "output", "translation", "sentence2", "text2", "summary", "highlights")
LANGUAGE = re.compile(
    r"^(en|de|fr|es|it|pt|nl|pl|ru|uk|cs|sv|da|no|fi|tr|ar|he|hi|ja|ko|zh|vi|el|ro|hu|la|eo)([-_][a-z]{2,4})?$|"
    r"^(english|german|french|spanish|italian|portuguese|dutch|polish|russian|ukrainian|czech|swedish|danish|norwegian|"
    r"finnish|turkish|arabic|hebrew|hindi|japanese|korean|chinese|vietnamese|greek|romanian|hungarian|latin)$", re.I)
ALIKE = 0.6
"""Correlation of the lengths of texts that say the same in two languages."""

MANY_RATINGS = 100


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column of a table with what it is and what it is for."""

    name: str
    series: "polars.Series"
    guess: Guess
    role: ColumnRole

    def as_role(self, role: ColumnRole) -> "Leaf":
        return replace(self, role=role)

    def left_out(self, reason: str) -> "Leaf":
        return replace(self, role="ignore", guess=replace(self.guess, reason=reason))


def with_roles(names: Sequence[str], series: Mapping[str, "polars.Series"], guesses: Mapping[str, Guess],
               chosen: Mapping[str, ColumnChoice]) -> list[Leaf]:
    """The columns with their roles: as chosen, else as their names and cells suggest."""
    fixed = {name: chosen[name].role for name in names if name in chosen and chosen[name].role}
    leaves = [Leaf(name, series[name], guesses[name], fixed.get(name) or guesses[name].use) for name in names]
    leaves = _ratings(leaves, fixed, chosen) or _translation(leaves, fixed) or leaves
    if not any(leaf.role == "target" for leaf in leaves):
        leaves = _with_target(leaves, fixed)
    leaves = [_as_target(leaf, chosen) if leaf.role == "target" else leaf for leaf in leaves]
    if not any(leaf.role == "input" for leaf in leaves):
        leaves = _promoted(leaves, fixed)
    return leaves


def _as_target(leaf: Leaf, chosen: Mapping[str, ColumnChoice]) -> Leaf:
    is_kind_chosen = leaf.name in chosen and chosen[leaf.name].kind not in ("", "boolean")
    if is_kind_chosen or leaf.guess.reason == RATING:
        return leaf
    if leaf.guess.kind == "date":
        seconds = cells.moments(leaf.series, leaf.guess.settings.get("order", ""))
        reason = f"{leaf.guess.reason}, in seconds since 1970"
        return replace(leaf, series=seconds, guess=Guess("number", reason, odd=leaf.guess.odd))
    return replace(leaf, guess=as_classes(leaf.guess, leaf.series))


def _with_target(leaves: list[Leaf], fixed: Mapping[str, ColumnRole | str]) -> list[Leaf]:
    """With the column that is most probably the one to predict, if there is one."""
    free = [leaf for leaf in leaves if leaf.name not in fixed]
    media = [leaf for leaf in leaves if leaf.role == "input" and leaf.guess.files]
    by_name = {leaf.name.lower(): leaf for leaf in reversed(free)
               if leaf.role != "split" and not leaf.guess.files and leaf.guess.reason != EMPTY}
    name = ""
    if media:
        spoken = next((by_name[name] for name in SPOKEN_NAMES if name in by_name), None)
        if spoken and spoken.guess.kind == "text":
            return [leaf.as_role("target") if leaf is spoken else leaf if leaf in media or leaf.name in fixed
                    else leaf.left_out(f"it is neither {media[0].name!r} nor {spoken.name!r}") for leaf in leaves]
    useful = [leaf for leaf in free if leaf.role == "input" and not leaf.guess.files]
    scalar = [leaf for leaf in useful if leaf.guess.kind in ("number", "category", "boolean")]
    name = next((by_name[name].name for name in TARGET_NAMES if name in by_name
                 and (name in SURE_NAMES or not scalar or not _is_told_in_words(by_name[name]))), "")
    if not name:
        telling = next((leaf for leaf in reversed(scalar) if not _numbers_things(leaf)), None)
        others = [leaf.name for leaf in free if leaf.guess.kind in ("text", "tokens", "category")
                  and not leaf.guess.files and leaf.guess.distinct != 1 and leaf.guess.reason != EMPTY]
        name = telling.name if telling else scalar[-1].name if scalar else others[-1] if others else ""
    return [leaf.as_role("target") if leaf.name == name else leaf for leaf in leaves]


def _is_told_in_words(leaf: Leaf) -> bool:
    """Whether a column holds texts that are no classes either."""
    return leaf.guess.kind == "text" and as_classes(leaf.guess, leaf.series).kind == "text"


def _numbers_things(leaf: Leaf) -> bool:
    """Whether numbers name what a row is about and measure nothing: long whole ones, or such with the name of one, all
    of them different."""
    if leaf.guess.kind != "number":
        return False
    values = cells.numbers(leaf.series, leaf.guess.settings).drop_nulls()
    is_long = bool(len(values)) and float(values.min()) >= LONG_NUMBER  # type: ignore[arg-type]
    return (is_long or bool(NUMBER_NAMES.search(leaf.name))) and bool((values == values.round()).all()) \
        and values.n_unique() == len(values)


def _promoted(leaves: list[Leaf], fixed: Mapping[str, ColumnRole | str]) -> list[Leaf]:
    """With something to learn from, where everything was left out: names, else numbers of rows."""
    for are_numbers in (False, True):
        found = [leaf.name for leaf in leaves if leaf.role == "ignore" and leaf.name not in fixed
                 and leaf.guess.distinct > 1 and (leaf.guess.kind == "number") is are_numbers]
        if found:
            return [leaf.as_role("input") if leaf.name in found else leaf for leaf in leaves]
    return leaves


RATING = "how much the user likes it"


def _ratings(leaves: list[Leaf], fixed: Mapping[str, ColumnRole | str],
             chosen: Mapping[str, ColumnChoice]) -> list[Leaf] | None:
    """The columns of a table of ratings: who, what, how much, when. None if it is none."""
    found = _named(leaves) or _alike(leaves)
    if not found or any(name in chosen and chosen[name].kind for name in found):
        return None
    user, item, rating = found
    if user in fixed or item in fixed or fixed.get(rating, "target") != "target":
        return None
    done = []
    for leaf in leaves:
        if leaf.name in (user, item):
            distinct = leaf.guess.distinct or leaf.series.n_unique()
            reason = f"{distinct:,} {'users' if leaf.name == user else 'things that are rated'} in " \
                     f"{len(leaf.series):,} ratings"
            guess = Guess("category", reason, settings={"encoding": "index"}, distinct=distinct)
            done.append(Leaf(leaf.name, leaf.series, guess, "input"))
        elif leaf.name == rating:
            done.append(Leaf(leaf.name, leaf.series, Guess("number", RATING), "target"))
        else:
            done.append(leaf if leaf.name in fixed else leaf.left_out("who rates what says enough"))
    return done


def _named(leaves: Sequence[Leaf]) -> tuple[str, str, str] | None:
    """The columns that are named as users, items and ratings."""
    names = []
    for pattern in (USER_NAMES, ITEM_NAMES, RATING_NAMES):
        fits = [leaf for leaf in leaves if pattern.match(leaf.name)
                and (pattern is not RATING_NAMES or leaf.guess.kind in ("number", "boolean"))]
        if not fits:
            return None
        names.append(fits[0].name)
    return names[0], names[1], names[2]


def _alike(leaves: Sequence[Leaf]) -> tuple[str, str, str] | None:
    """The first three of three or four columns without names of their own, if they look like ratings: two of whole
    numbers that come again and again, in pairs that do not, one of few values, and perhaps a moment."""
    import polars

    if len(leaves) not in (3, 4) or any(not leaf.name.startswith("column ") for leaf in leaves):
        return None
    if any(leaf.series.dtype != polars.Float64 or leaf.series.null_count() for leaf in leaves):
        return None
    user, item, rating = (leaf.series for leaf in leaves[:3])
    rows = len(user)
    if rows < MANY_RATINGS or rating.n_unique() > 11 or not rating.is_between(0, 10).all():
        return None
    for who in (user, item):
        if not (who == who.round()).all() or not 10 <= who.n_unique() <= rows / 2:
            return None
    pairs = polars.DataFrame({"user": user, "item": item}).n_unique()
    is_moment = len(leaves) == 3 or float(leaves[3].series.min() or 0) > 1e8  # type: ignore[arg-type]
    return (leaves[0].name, leaves[1].name, leaves[2].name) if pairs > 0.95 * rows and is_moment else None


def _translation(leaves: list[Leaf], fixed: Mapping[str, ColumnRole | str]) -> list[Leaf] | None:
    """Two columns of texts that say the same: the first is read, the second predicted. None if there are none, or if
    others were chosen to be predicted and it was not."""
    import polars

    texts = [leaf for leaf in leaves if leaf.series.dtype == polars.String and not leaf.guess.files
             and leaf.guess.kind == "text" and leaf.guess.reason != EMPTY
             and fixed.get(leaf.name, "target") == "target"]
    if len(texts) < 2:
        return None
    by_name = {leaf.name.lower(): leaf for leaf in texts}
    first = next((by_name[name] for name in FIRST_TEXTS if name in by_name), None)
    second = next((by_name[name] for name in SECOND_TEXTS if name in by_name and by_name[name] is not first), None)
    if not (first and second):
        languages = [leaf for leaf in texts if LANGUAGE.match(leaf.name)]
        first, second = (languages[0], languages[1]) if len(languages) > 1 else (None, None)
    if not (first and second) and all(leaf.name.startswith("column ") for leaf in leaves) and _say_the_same(*texts[:2]):
        first, second = texts[:2]
    if not (first and second) or first.name in fixed or ("target" in fixed.values() and second.name not in fixed):
        return None
    return [replace(leaf, guess=replace(leaf.guess, kind="text"), role="input" if leaf is first else "target")
            if leaf in (first, second) else leaf if leaf.name in fixed
            else leaf.left_out(f"it is neither {first.name!r} nor {second.name!r}") for leaf in leaves]


def _say_the_same(first: Leaf, second: Leaf) -> bool:
    lengths = [leaf.series.head(10_000).str.len_chars().fill_null(0).to_numpy() for leaf in (first, second)]
    if min(float(np.std(values)) for values in lengths) == 0:
        return False
    return float(np.corrcoef(lengths[0], lengths[1])[0, 1]) > ALIKE
