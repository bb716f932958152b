"""Columns of numbers, dates and categories: constant, with gaps, or with values that are far off."""

import numpy as np
from numpy.typing import NDArray

from engine.data.browse import SCALARS, Browser, shown
from engine.data.doctor.repairs import ignored, with_setting, without_rows
from engine.data.doctor.samples import counted
from engine.data.files import AnyArray, Progress
from engine.data.filters import is_missing
from engine.data.findings import Finding
from engine.preparation.parts import is_usable
from engine.project import Column

FAR = 10.0
"""So many robust deviations (1.4826 times the median distance from the median) away is an outlier."""

FEW = 0.01
MANY_GAPS = 0.5


def findings(browser: Browser, progress: Progress) -> list[Finding]:
    found: list[Finding] = []
    leaves = [leaf for leaf in browser.leaves if leaf.kind in SCALARS and leaf.role not in ("group", "split")]
    for done, leaf in enumerate(leaves, 1):
        values = browser.array(leaf)[browser.usable]
        present = values[~is_missing(values)]
        if leaf.role in ("input", "ignore") and not (len(present) and (present != present[0]).any()):
            found.append(_constant(browser, leaf, present))
        elif leaf.role != "ignore":
            found += _gaps(browser, leaf, values)
            if leaf.kind == "number":
                found += _outliers(browser, leaf, values)
            if leaf.role == "weight" and (present < 0).any():
                found.append(_negative_weights(browser, leaf, values))
        progress(done / len(leaves))
    return found


def _constant(browser: Browser, leaf: Column, present: AnyArray) -> Finding:
    what = f"holds only {shown(leaf, present[0])!r}" if len(present) else "is empty"
    if leaf.role == "ignore":
        return Finding("constant", "note", f"{leaf.name!r} {what}: it is ignored.", "", leaf.name, count=browser.count)
    return Finding("constant", "warning", f"{leaf.name!r} {what}: nothing can be learned from it.", "", leaf.name,
                   count=browser.count, repairs=(ignored(browser.data, leaf.name),))


def _gaps(browser: Browser, leaf: Column, values: AnyArray) -> list[Finding]:
    """Empty cells, and numbers too large to compute with."""
    found = []
    missing = browser.usable[is_missing(values)]
    infinite = browser.usable[~is_missing(values) & ~is_usable(values)]
    if len(missing) and (leaf.role != "target" or browser.opened.usable is None):
        share = len(missing) / len(values)
        repairs = [ignored(browser.data, leaf.name)] if share > MANY_GAPS and leaf.role == "input" else []
        if leaf.role == "input" and leaf.settings.get("missing", "flag") != "flag":
            repairs.append(with_setting(browser.data, leaf.name, "missing", "flag", "Tell the network where gaps are"))
        hint = "" if leaf.role != "input" else "They are filled in; see how under the column's preparation."
        found.append(Finding(
            "missing", "warning" if share > MANY_GAPS else "note",
            f"{leaf.name!r}: {counted(len(missing), 'cell is', 'cells are')} empty ({_percent(share)}).", hint,
            leaf.name, tuple(missing.tolist()), len(missing), tuple(repairs)))
    if len(infinite):
        text = f"Leave out {counted(len(infinite), 'row')}"
        found.append(Finding(
            "infinite", "warning",
            f"{leaf.name!r}: {counted(len(infinite), 'number is', 'numbers are')} infinite or too large to compute "
            "with.", "They count as empty.", leaf.name, tuple(infinite.tolist()), len(infinite),
            without_rows(browser.data, infinite, text)))
    return found


def _outliers(browser: Browser, leaf: Column, values: NDArray[np.float64]) -> list[Finding]:
    usable = is_usable(values)
    middle = np.median(values[usable]) if usable.any() else 0.0
    deviation = 1.4826 * np.median(np.abs(values[usable] - middle)) if usable.any() else 0.0
    if deviation == 0:
        return []
    is_far = usable & (np.abs(values - middle) > FAR * deviation)
    rows = browser.usable[is_far]
    if not 0 < len(rows) <= max(1, FEW * len(values)):
        return []
    farthest = shown(leaf, max(values[is_far], key=lambda value: abs(value - middle)))
    repairs = without_rows(browser.data, rows, f"Leave out {counted(len(rows), 'row')}")
    if leaf.role == "input" and leaf.settings.get("scaling", "auto") not in ("quantile", "log"):
        repairs = (with_setting(browser.data, leaf.name, "scaling", "quantile", "Scale by rank"), *repairs)
    return [Finding("outliers", "note", f"{leaf.name!r}: {counted(len(rows), 'value lies', 'values lie')} far from all "
                    f"others, such as {farthest} where the middle is {shown(leaf, middle)}.",
                    "If they are mistakes, correct them or leave them out; if not, scale by rank.", leaf.name,
                    tuple(rows.tolist()), len(rows), repairs)]


def _negative_weights(browser: Browser, leaf: Column, values: NDArray[np.float64]) -> Finding:
    rows = browser.usable[values < 0]
    return Finding("negative-weight", "error",
                   f"{leaf.name!r}: {counted(len(rows), 'weight is', 'weights are')} below 0.",
                   "A sample counts at least 0 times: correct the column, or give it another role.", leaf.name,
                   tuple(rows.tolist()), len(rows))


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"
