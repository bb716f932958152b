"""The target: which classes there are, how many samples of each, and in which split."""

from collections.abc import Sequence

import numpy as np

from engine.data.browse import SCALARS, Browser, shown_number
from engine.data.doctor.repairs import as_kind, split_by, without_rows
from engine.data.doctor.samples import counted
from engine.data.files import Rows
from engine.data.filters import as_number
from engine.data.findings import Finding
from engine.preparation.parts import is_usable
from engine.project import Column

TINY = 5
FEW_SAMPLES = 10
UNBALANCED = 10.0
FEW_NUMBERS = 20
MANY_CLASSES = 50
SHOWN = 5
VERBS = {"train": "train on", "validation": "validate on", "test": "test on"}


def findings(browser: Browser) -> list[Finding]:
    found = _splits(browser)
    target = browser.target
    if target is None or target.kind not in SCALARS:
        return found
    if not target.classes:
        return found + _numbers(browser, target)
    counts = browser.class_counts()
    return found + _untrained(browser, target, counts) + _sizes(browser, target, counts) + _names(browser, target)


def _splits(browser: Browser) -> list[Finding]:
    found = []
    few = {split: rows for split, rows in browser.rows.items() if 0 < len(rows) < FEW_SAMPLES}
    if few:
        sizes = " and ".join(f"{counted(len(rows), 'sample')} to {VERBS[split]}" for split, rows in few.items())
        verb = "is" if len(next(iter(few.values()))) == 1 else "are"
        found.append(Finding(
            "few-samples", "warning", f"There {verb} only {sizes}: what so few say is mostly chance.",
            "Add samples, or change the shares of the splits.",
            rows=tuple(np.sort(np.concatenate(list(few.values()))).tolist()), count=sum(map(len, few.values()))))
    data = browser.data
    group = next((leaf for leaf in browser.leaves if leaf.role == "group"), None)
    if group is not None and data.split.method in ("random", "stratified"):
        found.append(Finding(
            "group-split", "warning", f"Samples of the same {group.name!r} are in more than one split: the network is "
            "tested on groups that it knows.", "", group.name, count=browser.count,
            repairs=(split_by(data, "group", f"Split by {group.name!r}"),)))
    return found


def _untrained(browser: Browser, target: Column, counts: dict[str, dict[str, int]]) -> list[Finding]:
    """Classes that the network never sees, or that occur nowhere."""
    found = []
    for number, name in enumerate(target.classes):
        if counts["train"][name]:
            continue
        tested = counts["validation"][name] + counts["test"][name]
        rows = _rows_with(browser, target, [number])
        if not tested:
            if not (browser.codes(target) == number).any():  # else the user left it out
                found.append(Finding("class-missing", "note", f"The class {name!r} has no samples.",
                                     "Add samples of it.", target.name))
            continue
        repairs = without_rows(browser.data, rows, f"Leave out the class {name!r}")
        if browser.data.split.method not in ("auto", "stratified") and not browser.opened.fixed:
            repairs = (split_by(browser.data, "stratified", "Split by class"), *repairs)
        found.append(Finding(
            "class-missing", "error", f"The class {name!r} has {counted(tested, 'sample')} to test or validate on and "
            "none to train on: the network cannot learn it.", "Add training samples of it, or leave it out.",
            target.name, tuple(rows.tolist()), tested, repairs))
    return found


def _sizes(browser: Browser, target: Column, counts: dict[str, dict[str, int]]) -> list[Finding]:
    trained = {name: count for name, count in counts["train"].items() if count}
    if len(trained) < 2:
        return [Finding("one-class", "error", f"All training samples are of the class {next(iter(trained), '')!r}: "
                        "there is nothing to tell apart.", "Add samples of another class, or choose another target.",
                        target.name, count=len(trained))]
    found = []
    total = {name: sum(counts[split][name] for split in counts) for name in trained}
    tiny = [name for name in trained if total[name] < TINY]
    if tiny:
        rows = _rows_with(browser, target, [target.classes.index(name) for name in tiny])
        found.append(Finding(
            "tiny-class", "warning", f"{counted(len(tiny), 'class has', 'classes have')} fewer than {TINY} samples: "
            f"{_listed(tiny)}.", "So few teach nothing that holds for others: add samples, or leave them out.",
            target.name, tuple(rows.tolist()), len(tiny),
            without_rows(browser.data, rows, f"Leave out {counted(len(tiny), 'class', 'classes')}")))
    most, least = max(trained, key=trained.__getitem__), min(trained, key=trained.__getitem__)
    if trained[most] >= UNBALANCED * trained[least]:
        found.append(Finding(
            "imbalance", "warning", f"The classes are unbalanced: {trained[most]:,} training samples of {most!r}, "
            f"{trained[least]:,} of {least!r}. A network that always says {most!r} is right in "
            f"{trained[most] / sum(trained.values()):.0%} of the cases.",
            "Set the training option Balance, and judge by the confusion matrix rather than by accuracy.",
            target.name, count=len(trained)))
    return found


def _names(browser: Browser, target: Column) -> list[Finding]:
    """Class names that are numbers: some below zero, gaps, or too many to be classes."""
    numbers = [as_number(name) for name in target.classes]
    values = np.array([number for number in numbers if number is not None])
    if len(values) < len(numbers):
        return []
    found = []
    rows = _rows_with(browser, target, np.flatnonzero(values < 0))
    if len(rows) and len(values) > 2:  # -1 and 1 are the two classes of many
        found.append(Finding(
            "negative-label", "warning", f"{counted(len(rows), 'label is', 'labels are')} below 0, which often means "
            "\"unknown\": they count as classes of their own.", "Leave these rows out if they have no label.",
            target.name, tuple(rows.tolist()), len(rows),
            without_rows(browser.data, rows, f"Leave out {counted(len(rows), 'row')}")))
    if len(values) > MANY_CLASSES and len(values) * 4 > browser.count:
        found.append(Finding(
            "many-classes", "warning", f"{target.name!r} has {len(values):,} classes in {browser.count:,} rows, all of "
            "them numbers: it may be a quantity.", "", target.name, count=len(values),
            repairs=(as_kind(browser.data, target.name, "number", "Predict it as a number"),)))
    whole = np.sort(values[values >= 0])
    if len(whole) > 1 and (whole == np.rint(whole)).all() and whole[-1] > 2 * len(whole):
        found.append(Finding(
            "label-gaps", "note", f"The labels go up to {whole[-1]:.0f}, but only {len(whole):,} different ones occur.",
            "Check that none is out of range: each label that occurs is a class.", target.name, count=len(whole)))
    return found


def _numbers(browser: Browser, target: Column) -> list[Finding]:
    """A number target with so few values that they may be classes."""
    values = browser.array(target)[browser.usable]
    different = np.unique(values[is_usable(values)])
    if not len(different):
        return [Finding("one-class", "error", f"{target.name!r} holds no number that can be learned.",
                        "Choose another target.", target.name, count=len(values))]
    if len(different) == 1:
        return [Finding("one-class", "error", f"{target.name!r} is {shown_number(different[0])} in every row: there is "
                        "nothing to predict.", "Choose another target.", target.name, count=len(values))]
    if len(different) > FEW_NUMBERS or len(different) * 10 > browser.count:
        return []
    return [Finding("few-values", "note", f"{target.name!r} is a number with {len(different)} different values: "
                    f"{_listed([shown_number(value) for value in different])}. They may be classes.", "", target.name,
                    count=len(different),
                    repairs=(as_kind(browser.data, target.name, "category", "Predict it as a class"),))]


def _rows_with(browser: Browser, target: Column, classes: Sequence[int] | Rows) -> Rows:
    return browser.usable[np.isin(browser.codes(target)[browser.usable], classes)]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
