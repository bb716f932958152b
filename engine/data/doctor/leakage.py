"""Columns that give the target away: one alone predicts it on rows that the guess did not see."""

import numpy as np
from numpy.typing import NDArray

from engine.data.browse import SCALARS, Browser
from engine.data.doctor.repairs import ignored
from engine.data.files import AnyArray, Progress, Rows
from engine.data.filters import is_missing
from engine.data.findings import Finding
from engine.preparation.parts import is_usable
from engine.project import Column

SAMPLE = 50_000
MANY_VALUES = 256
FEWEST = 40
ACCURACY = 0.98
LEFT_OVER = 0.2
"""Of the mistakes that always saying the commonest class makes, a leak leaves at most this share."""

EXPLAINED = 0.998
"""Share of a number's variance; the square of a correlation of 0.999."""


def findings(browser: Browser, progress: Progress) -> list[Finding]:
    target = browser.target
    if target is None or target.kind not in SCALARS:
        return []
    answers = browser.array(target)
    rows = np.sort(np.concatenate(list(browser.rows.values())))
    rows = rows[~is_missing(answers)[rows] & is_usable(answers)[rows]]
    rows = np.random.default_rng(0).permutation(rows)[:SAMPLE]
    inputs = [leaf for leaf in browser.leaves if leaf.role == "input" and leaf.kind in SCALARS]
    if len(rows) < FEWEST:
        return []
    found = []
    for done, leaf in enumerate(inputs, 1):
        said = _by_class(browser, leaf, target, rows) if target.classes else _by_number(browser, leaf, answers, rows)
        if said:
            found.append(Finding(
                "leakage", "warning", f"{leaf.name!r} alone {said}. Is it known before {target.name!r} is? If it was "
                "made from it, the network only learns to copy it.", "Ignore the column, if new data does not have it.",
                leaf.name, count=browser.count, repairs=(ignored(browser.data, leaf.name),)))
        progress(done / len(inputs))
    return found


def _by_class(browser: Browser, leaf: Column, target: Column, rows: Rows) -> str:
    """How often the guess from this column alone is right in the half of the rows that it was not learned from."""
    codes = browser.codes(target)[rows]
    half = len(rows) // 2
    guess = _guessed(browser, leaf, rows, codes, len(target.classes))
    accuracy = float((guess == codes[half:]).mean())
    base = float((codes[half:] == np.bincount(codes[:half]).argmax()).mean())
    if accuracy < ACCURACY or 1 - accuracy > LEFT_OVER * (1 - base) or base == 1:
        return ""
    return f"tells the class of {accuracy:.1%} of the rows"


def _by_number(browser: Browser, leaf: Column, answers: AnyArray, rows: Rows) -> str:
    """How much of a number's variance the guess from this column alone explains in the other half of the rows."""
    wanted = answers[rows].astype(np.float64)
    half = len(rows) // 2
    values = browser.array(leaf)[rows]
    present = is_usable(values)
    if not leaf.classes and present.mean() > ACCURACY and values[present].std() > 0 and wanted[present].std() > 0:
        correlation = float(np.corrcoef(values[present], wanted[present])[0, 1])
        if correlation**2 > EXPLAINED:
            return f"moves with the target (correlation {correlation:.4f})"
    spread = float(wanted[half:].var())
    guess = _guessed(browser, leaf, rows, wanted, 0)
    explained = 1 - float(((wanted[half:] - guess) ** 2).mean()) / spread if spread else 0.0
    return f"explains {explained:.1%} of the target" if explained > EXPLAINED else ""


def _guessed(browser: Browser, leaf: Column, rows: Rows, answers: AnyArray, classes: int) -> AnyArray:
    """Answers for the second half of `rows`, learned from the first: the commonest class (`classes` above 0), or the
    mean, of each value; for values that hardly repeat, the answer of the nearest one."""
    half = len(rows) // 2
    values = (browser.codes(leaf) if leaf.classes else browser.array(leaf))[rows].astype(np.float64)
    values = np.where(is_usable(values), values, np.nan)
    different, cells = np.unique(values, return_inverse=True)
    if not leaf.classes and len(different) > min(MANY_VALUES, len(rows) // 8):
        values = np.where(np.isnan(values), np.nanmin(values) - 1, values)
        return answers[:half][_nearest(values[:half], values[half:])]
    sizes = np.bincount(cells[:half], minlength=len(different))
    if classes:
        learned = np.zeros((len(different), classes), np.int64)
        np.add.at(learned, (cells[:half], answers[:half]), 1)
        answer = np.where(sizes > 0, learned.argmax(axis=1), np.bincount(answers[:half]).argmax())
    else:
        sums = np.bincount(cells[:half], answers[:half], len(different))
        answer = np.where(sizes > 0, sums / np.maximum(sizes, 1), answers[:half].mean())
    return answer[cells[half:]]


def _nearest(known: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each number that is asked for, the place of the nearest known one."""
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    after = np.clip(np.searchsorted(ordered, asked), 1, len(known) - 1)
    is_before = asked - ordered[after - 1] <= ordered[after] - asked
    places: NDArray[np.int64] = order[np.where(is_before, after - 1, after)]
    return places
