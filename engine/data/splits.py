"""Which rows are trained on, validated on and tested on: fixed by a seed, and by what the data says about its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.data.files import AnyArray, Rows, ignore_progress
from engine.data.labels import require_classes
from engine.data.opened import Opened
from engine.errors import DataError
from engine.project import Column, Split

SPLITS = ("train", "validation", "test")

SPLIT_NAMES = {"train": "train", "training": "train", "val": "validation", "valid": "validation",
               "validation": "validation", "dev": "validation", "test": "test", "testing": "test"}
"""How people call the splits, in names of folders and in a column that says the split."""

SPLITTING = ("number", "category", "boolean", "date", "text")
"""Kinds of columns whose values can say what belongs together."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides a split, each (n,) over *all* rows of the data set.

    classes  class numbers: every split gets its share of each class
    groups   whole numbers: rows with the same one stay on one side
    times    the earliest rows are trained on, the latest tested on. In order of time, samples that are fewer than
             `reach` apart predict some of the same steps: those that do so with a later split are left out. What a
             sample reads may lie in an earlier split: it is known by then
    fixed    rows whose split the data itself decides. A test set of its own replaces the share `test`, a validation set
             of its own the share `validation`; rows that are not mentioned are divided as the others
    """

    classes: AnyArray | None = None
    groups: AnyArray | None = None
    times: AnyArray | None = None
    reach: int = 0
    fixed: Mapping[str, Rows] = field(default_factory=dict)


def split_rows(rows: Rows, split: Split, facts: Facts = Facts()) -> dict[str, Rows]:
    """`rows` divided into "train", "validation" and "test": sorted, disjoint, and complete but for samples that reach
    over a border in time; the same for the same seed.

    The test share is taken of all rows, the validation share of what is left. A share above 0 gives at least one row.
    Raises DataError where there are too few rows.
    """
    own = {name: without(rows, without(rows, facts.fixed[name])) for name in ("validation", "test")
           if name in facts.fixed}
    rest = without(rows, *own.values())
    generator = np.random.default_rng(split.seed)
    parts = dict(own)
    if split.method == "k-fold" and "test" not in own:
        parts["test"] = _fold(rest, split, facts, generator)
        rest = without(rest, parts["test"])
    for name, share in (("test", split.test), ("validation", split.validation)):
        if name not in parts:
            parts[name] = _drawn(rest, share, facts, generator)
            rest = without(rest, parts[name])
    parts["train"] = rest
    if facts.times is not None and facts.reach > 1:
        _part_in_time(parts, np.argsort(np.argsort(facts.times, kind="stable")), facts.reach)
    _check(parts, split, len(rows))
    return {name: parts[name] for name in SPLITS}


def without(rows: Rows, *others: Rows) -> Rows:
    """`rows` in their order but for those that are among `others`; millions take milliseconds."""
    is_other = np.zeros(int(rows.max(initial=-1)) + 1, bool)
    for part in others:
        is_other[part[part < len(is_other)]] = True
    return rows[~is_other[rows]]


def rows_of(opened: Opened, split: Split, usable: Rows) -> dict[str, Rows]:
    """The splits of an opened data set over its `usable` rows. Raises DataError where no split is possible."""
    target = opened.column_with("target")
    classes = None
    if target is not None and target.kind == "category":
        classes = _values(opened, target)
        require_classes(classes[usable], target.classes, target.name)
    return split_rows(usable, split, _facts(opened, split, classes, usable))


def class_findings(parts: Mapping[str, Rows], classes: AnyArray, names: tuple[str, ...]) -> list[str]:
    """Classes that are tested but never trained on, a sentence each."""
    labels = {split: classes[rows] for split, rows in parts.items()}
    counts = {split: np.bincount(part[part >= 0], minlength=len(names)) for split, part in labels.items()}
    found = []
    for split in ("validation", "test"):
        for number in np.flatnonzero((counts[split] > 0) & (counts["train"] == 0)).tolist():
            count = int(counts[split][number])
            samples = "1 sample" if count == 1 else f"{count:,} samples"
            found.append(f"The class {names[number]!r} has {samples} in the {split} split and none to train on: the "
                         "network cannot learn it. Split by class, or take these samples out.")
    return found


def _facts(opened: Opened, split: Split, classes: AnyArray | None, usable: Rows) -> Facts:
    """What the chosen method, or else the data, wants to be respected."""
    method = split.method
    if method == "auto":
        roles = {leaf.role for column in opened.columns for leaf in column.leaves}
        method = ("column" if "split" in roles else "group" if "group" in roles else "time" if opened.reach > 0
                  else "stratified" if classes is not None else "random")
    fixed = dict(opened.fixed)
    if method == "random":
        return Facts(fixed=fixed)
    if method == "stratified":
        if classes is None:
            raise DataError("There are no classes to split by.", "Choose a random split, or a category as the target.")
        return Facts(classes, fixed=fixed)
    if method == "time":
        return Facts(times=_times(opened, split, usable), reach=opened.reach, fixed=fixed)
    if method == "group":
        return Facts(groups=_groups(opened, _said_by(opened, split, "group")), fixed=fixed)
    if method == "column":
        return Facts(classes, fixed=_named(opened, _said_by(opened, split, "split"), usable))
    if split.fold >= split.folds or split.folds < 2:
        raise DataError(f"There is no fold {split.fold} of {split.folds}.",
                        "Folds count from 0, and there are at least 2.")
    has_groups = any(leaf.role == "group" for column in opened.columns for leaf in column.leaves)
    groups = _groups(opened, _said_by(opened, split, "group")) if has_groups or split.column else None
    return Facts(None if groups is not None else classes, groups, fixed=fixed)


def _said_by(opened: Opened, split: Split, role: str) -> Column:
    """The column that the split goes by: the chosen one, or the one with the role."""
    leaves = [leaf for column in opened.columns for leaf in column.leaves]
    found = next((leaf for leaf in leaves if (leaf.name == split.column if split.column else leaf.role == role)), None)
    if found is None or found.name not in opened.values:
        names = ", ".join(leaf.name for leaf in leaves if leaf.name in opened.values)
        what = f"no column named {split.column!r}" if split.column else f"no column with the role {role!r}"
        raise DataError(f"The split goes by {role}, and there is {what}.", f"Choose one of these: {names}.")
    if found.kind not in SPLITTING:
        raise DataError(f"The split goes by {role}, and {found.name!r} holds values of the kind {found.kind}.",
                        "Choose a column of numbers, classes, dates or texts.")
    return found


def _values(opened: Opened, column: Column) -> AnyArray:
    values: AnyArray = opened.values[column.name].read(None, ignore_progress).values
    return values


def _groups(opened: Opened, column: Column) -> NDArray[np.int64]:
    """A number per row; rows without an entry are a group each."""
    values = np.asarray(_values(opened, column))
    is_empty = np.isnan(values) if values.dtype.kind == "f" else values < 0 if column.kind == "category" else \
        values == ""
    numbers = np.unique(values, return_inverse=True)[1].astype(np.int64).reshape(-1)
    numbers[is_empty] = len(numbers) + np.arange(np.count_nonzero(is_empty))
    return numbers


def _times(opened: Opened, split: Split, usable: Rows) -> AnyArray:
    if opened.times is not None and not split.column:
        return opened.times
    leaves = [leaf for column in opened.columns for leaf in column.leaves if leaf.name in opened.values]
    column = next((leaf for leaf in leaves
                   if (leaf.name == split.column if split.column else leaf.kind == "date")), None)
    if column is None or column.kind not in ("date", "number"):
        what = f"{split.column!r} is no column of dates or numbers" if split.column else "there is no column of dates"
        raise DataError(f"The split goes by time, and {what}.", "Choose a column that says when, or another split.")
    times = _values(opened, column)
    if np.isnan(times[usable]).any():
        row = int(usable[np.argmax(np.isnan(times[usable]))])
        raise DataError(f"The split goes by time, and {opened.names[row]} has no {column.name!r}.",
                        "Fill it in, leave the row out, or choose another split.")
    return times


def _named(opened: Opened, column: Column, usable: Rows) -> dict[str, Rows]:
    """The usable rows of each split as a column names them: train, validation or valid, test."""
    values = opened.values[column.name].read(usable, ignore_progress).values
    if column.kind == "category":
        texts = np.array([*column.classes, ""])[values]
    else:
        texts = np.array([f"{value:g}" if isinstance(value, float) else str(value) for value in values])
    fixed = {name: np.zeros(0, np.int64) for name in SPLITS}
    for text in np.unique(texts).tolist():
        name = SPLIT_NAMES.get(text.strip().lower())
        rows = usable[texts == text]
        if name is None:
            raise DataError(f"The column {column.name!r} says {text!r} in {opened.names[int(rows[0])]}: that is no "
                            "split.", "Write train, validation or test in every row, or leave the row out.")
        fixed[name] = np.union1d(fixed[name], rows)
    return {name: rows for name, rows in fixed.items() if len(rows)}


def _fold(rows: Rows, split: Split, facts: Facts, generator: np.random.Generator) -> Rows:
    """The rows of one of `split.folds` parts of equal size, each with its share of every class, or of whole groups."""
    shuffled = generator.permutation(rows)
    if facts.groups is not None:
        distinct = generator.permutation(np.unique(facts.groups[rows]))
        return rows[np.isin(facts.groups[rows], distinct[split.fold :: split.folds])]
    if facts.classes is not None:
        shuffled = shuffled[np.argsort(facts.classes[shuffled], kind="stable")]
    return np.sort(shuffled[split.fold :: split.folds])


def _drawn(rows: Rows, share: float, facts: Facts, generator: np.random.Generator) -> Rows:
    """About `share` of `rows`, sorted, and never all of them."""
    wanted = max(1, round(len(rows) * share)) if share > 0 else 0
    if wanted == 0 or len(rows) <= wanted:
        return rows[:0]
    if facts.times is not None:
        return np.sort(rows[np.argsort(facts.times[rows], kind="stable")][len(rows) - wanted :])
    if facts.groups is not None:
        return _drawn_groups(rows, wanted, facts.groups, generator)
    shuffled = generator.permutation(rows)
    return _drawn_by_class(rows, shuffled, wanted, facts.classes) if facts.classes is not None else \
        np.sort(shuffled[:wanted])


def _drawn_groups(rows: Rows, wanted: int, groups: AnyArray, generator: np.random.Generator) -> Rows:
    """Whole groups at random, as many as come closest to `wanted` rows; at least one, and one is left."""
    distinct, sizes = np.unique(groups[rows], return_counts=True)
    if len(distinct) < 2:
        return rows[:0]
    order = generator.permutation(len(distinct))
    count = int(np.argmin(np.abs(np.cumsum(sizes[order])[:-1] - wanted))) + 1
    return rows[np.isin(groups[rows], distinct[order[:count]])]


def _drawn_by_class(rows: Rows, shuffled: Rows, wanted: int, classes: AnyArray) -> Rows:
    """The same share of every class, and not the only row of a class."""
    by_class = [shuffled[classes[shuffled] == number] for number in np.flatnonzero(np.bincount(classes[rows] + 1)) - 1]
    exact = np.array([len(group) for group in by_class]) * (wanted / len(rows))
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable"):
        if counts.sum() == wanted:
            break
        counts[index] += counts[index] + 1 < len(by_class[index])
    return np.sort(np.concatenate([group[:count] for group, count in zip(by_class, counts, strict=True)]))


def _part_in_time(parts: dict[str, Rows], ranks: AnyArray, reach: int) -> None:
    """Leave out the samples that predict a step of a later split; `ranks` are places in the order of time."""
    for index, name in enumerate(SPLITS):
        later = [ranks[parts[other]].min() for other in SPLITS[index + 1 :] if len(parts[other])]
        if later:
            parts[name] = parts[name][ranks[parts[name]] + reach <= min(later)]


def _check(parts: Mapping[str, Rows], split: Split, count: int) -> None:
    wants = {"train": True, "validation": split.validation > 0, "test": split.test > 0}
    for name in SPLITS:
        if wants[name] and not len(parts[name]):
            samples = "1 sample" if count == 1 else f"{count} samples"
            raise DataError(f"There are too few samples: {samples}, and none is left for the {name} split.",
                            "Add samples, or change the shares of the splits.")
