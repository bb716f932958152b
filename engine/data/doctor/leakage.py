"""Columns that give the target away: one alone predicts it on rows that the guess did not see."""

import numpy as np
from numpy.typing import NDArray

from engine.data.browse import SCALARS, Browser
from engine.data.doctor.repairs import ignored
from engine.data.files import AnyArray, Progress, Rows
from engine.data.filters import is_missing
from engine.data.findings import Finding
from engine.data.opened import is_usable
from engine.project import Column

SAMPLE = 50_000
BINS = 256
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
    """How well the commonest class of each value, learned from half of the rows, is right in the other half."""
    cells, codes = _cells(browser, leaf, rows), browser.codes(target)[rows]
    half = len(rows) // 2
    learned = np.zeros((int(cells.max()) + 1, len(target.classes)), np.int64)
    np.add.at(learned, (cells[:half], codes[:half]), 1)
    commonest = int(np.bincount(codes[:half]).argmax())
    guess = np.where(learned.sum(axis=1) > 0, learned.argmax(axis=1), commonest)
    accuracy = float((guess[cells[half:]] == codes[half:]).mean())
    base = float((codes[half:] == commonest).mean())
    if accuracy < ACCURACY or 1 - accuracy > LEFT_OVER * (1 - base) or base == 1:
        return ""
    return f"tells the class of {accuracy:.1%} of the rows"


def _by_number(browser: Browser, leaf: Column, answers: AnyArray, rows: Rows) -> str:
    """How much of a number's variance the mean of each value, learned from half of the rows, explains in the other."""
    wanted = answers[rows].astype(np.float64)
    half = len(rows) // 2
    if leaf.kind in ("number", "date"):
        values = browser.array(leaf)[rows]
        present = is_usable(values)
        if present.sum() >= FEWEST and values[present].std() > 0 and wanted[present].std() > 0:
            correlation = float(np.corrcoef(values[present], wanted[present])[0, 1])
            if present.mean() > ACCURACY and correlation**2 > EXPLAINED:
                return f"moves with the target (correlation {correlation:.4f})"
    cells = _cells(browser, leaf, rows)
    count = int(cells.max()) + 1
    if count * 4 > half:
        return ""
    sizes = np.bincount(cells[:half], minlength=count)
    means = np.bincount(cells[:half], wanted[:half], count) / np.maximum(sizes, 1)
    guess = np.where(sizes > 0, means, wanted[:half].mean())[cells[half:]]
    spread = float(wanted[half:].var())
    explained = 1 - float(((wanted[half:] - guess) ** 2).mean()) / spread if spread else 0.0
    return f"explains {explained:.1%} of the target" if explained > EXPLAINED else ""


def _cells(browser: Browser, leaf: Column, rows: Rows) -> NDArray[np.int64]:
    """(n,) small whole numbers: class numbers, or bins with as many rows each; 0 where the cell is empty."""
    if leaf.classes:
        return browser.codes(leaf)[rows] + 1
    values = browser.array(leaf)[rows]
    present = is_usable(values)
    if not present.any():
        return np.zeros(len(rows), np.int64)
    edges = np.unique(values[present])
    if len(edges) > BINS:
        edges = np.unique(np.quantile(values[present], np.linspace(0, 1, BINS + 1)[:-1]))
    return np.where(present, np.searchsorted(edges, values, side="right"), 0)
