"""Which rows are trained on, validated on and tested on: fixed by a seed, and by class where there are classes."""

from collections.abc import Mapping

import numpy as np

from engine.data.files import AnyArray, Rows, ignore_progress
from engine.data.labels import require_classes
from engine.data.opened import Opened
from engine.errors import DataError
from engine.project import Split

SPLITS = ("train", "validation", "test")


def split_rows(rows: Rows, split: Split, classes: AnyArray | None = None,
               fixed: Mapping[str, Rows] | None = None) -> dict[str, Rows]:
    """`rows` divided into "train", "validation" and "test": sorted, disjoint and complete; the same for the same seed.

    classes   class numbers of *all* rows of the data set: every split then gets its share of each class
    fixed     rows whose split the data itself decides. A test set of its own replaces the share `split.test`, a
              validation set of its own the share `split.validation`; rows that are not mentioned are training rows.

    The test share is taken of all rows, the validation share of what is left. A share above 0 gives at least one row.
    Raises DataError where there are too few rows.
    """
    fixed = fixed or {}
    own = {name: np.intersect1d(fixed[name], rows) for name in ("validation", "test") if name in fixed}
    rest = np.setdiff1d(rows, np.concatenate([np.zeros(0, np.int64), *own.values()]))
    generator = np.random.default_rng(split.seed)
    parts: dict[str, Rows] = {}
    for name, share in (("test", split.test), ("validation", split.validation)):
        if name in own:
            parts[name] = own[name]
        else:
            parts[name] = _drawn(rest, share, classes, generator)
            rest = np.setdiff1d(rest, parts[name])
    parts["train"] = rest
    _check(parts, split, len(rows))
    return {name: parts[name] for name in SPLITS}


def rows_of(opened: Opened, split: Split, usable: Rows) -> dict[str, Rows]:
    """The splits of an opened data set over its `usable` rows. Raises DataError where no split is possible."""
    target = opened.column_with("target")
    if target is None or target.kind != "category":
        return split_rows(usable, split, None, opened.fixed)
    classes = opened.values[target.name].read(None, ignore_progress).values
    require_classes(classes[usable], target.classes, target.name)
    return split_rows(usable, split, classes, opened.fixed)


def _drawn(rows: Rows, share: float, classes: AnyArray | None, generator: np.random.Generator) -> Rows:
    """About `share` of `rows`, at random; the same share of every class, and not the only row of a class."""
    wanted = max(1, round(len(rows) * share)) if share > 0 else 0
    if wanted == 0 or len(rows) <= wanted:
        return rows[:0]
    shuffled = generator.permutation(rows)
    if classes is None:
        return np.sort(shuffled[:wanted])
    by_class = [shuffled[classes[shuffled] == number] for number in np.unique(classes[rows])]
    exact = np.array([len(group) for group in by_class]) * (wanted / len(rows))
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable"):
        if counts.sum() == wanted:
            break
        counts[index] += counts[index] + 1 < len(by_class[index])
    return np.sort(np.concatenate([group[:count] for group, count in zip(by_class, counts, strict=True)]))


def _check(parts: Mapping[str, Rows], split: Split, count: int) -> None:
    wants = {"train": True, "validation": split.validation > 0, "test": split.test > 0}
    for name in SPLITS:
        if wants[name] and not len(parts[name]):
            samples = "1 sample" if count == 1 else f"{count} samples"
            raise DataError(f"There are too few samples: {samples} leave none for the {name} split.",
                            "Add samples, or change the shares of the splits.")
