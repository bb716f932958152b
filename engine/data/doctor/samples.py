"""Samples that are damaged, copies of others, or blank."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.data.browse import SCALARS, Browser
from engine.data.doctor.repairs import without_rows
from engine.data.doctor.survey import Survey
from engine.data.files import Rows
from engine.data.findings import DataRepair, Finding
from engine.data.splits import SPLITS
from engine.project import Column

SHOWN = 3
ORDINARY_SHARE = 0.2
"""A table with more copies has few different rows by nature."""


def findings(browser: Browser, seen: Survey) -> list[Finding]:
    found = [*_damage(browser, seen), *_copies(browser, seen)]
    for leaf in browser.leaves:
        found += [*_blank(browser, leaf, seen), *_unusable(leaf, seen)]
    return found


def counted(count: int, one: str, many: str = "") -> str:
    """ "1 file", "1,200 files"."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or one + 's'}"


def _damage(browser: Browser, seen: Survey) -> list[Finding]:
    if not seen.damaged:
        return []
    data, rows = browser.data, sorted(seen.damaged)
    listed = "; ".join(f"{browser.opened.names[row]}: {seen.damaged[row]}" for row in rows[:SHOWN])
    more = "; ..." if len(rows) > SHOWN else "."
    repairs = without_rows(data, np.array(rows), f"Leave out {counted(len(rows), 'damaged sample')}")
    if not data.skips_damaged:
        repairs = (DataRepair("Go on without them", msgspec.structs.replace(data, skips_damaged=True)), *repairs)
    return [Finding(
        "damaged", "warning" if data.skips_damaged else "error",
        f"{counted(len(rows), 'sample')} cannot be read. {listed.rstrip('.')}{more}",
        "They are left out of training. Restore the files from a copy, or go on without them.",
        rows=tuple(rows), count=len(rows), repairs=repairs)]


def _copies(browser: Browser, seen: Survey) -> list[Finding]:
    """Samples that are equal: across splits, within one, and with different labels."""
    inputs = {leaf.name for leaf in browser.leaves if leaf.role == "input"}
    blank = (row for name, rows in seen.blank.items() if name in inputs for row in rows)
    skipped = np.array([*seen.damaged, *blank], np.int64)
    kept = ~np.isin(seen.rows, skipped)
    rows, hashes = seen.rows[kept], seen.hashes[kept]
    if not len(rows) or not inputs:
        return []
    _, group, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    repeated = sizes[group] > 1
    rows, group = rows[repeated], group[repeated]
    if not len(rows):
        return []
    group = np.unique(group, return_inverse=True)[1]
    found = []
    is_contradiction = _differing(group, _labels(browser, rows))[group]
    if is_contradiction.any():
        found.append(_contradictions(browser, rows[is_contradiction]))
    splits = np.array([(*SPLITS, "").index(split) for split in browser.split_of(rows)])
    across = _differing(group, splits)[group] & ~is_contradiction
    keeper = _keepers(group, splits)
    is_table = all(leaf.kind in SCALARS for leaf in browser.leaves if leaf.role == "input")
    within = ~across & ~is_contradiction
    for code, chosen in (("duplicates-across", across), ("duplicates", within)):
        if chosen.any():
            found.append(_duplicates(browser, code, rows[chosen], rows[chosen & ~keeper], is_table=is_table))
    return found


def _differing(group: NDArray[np.int64], values: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """By group number, whether its members have different `values`. Groups are numbered from 0 without gaps."""
    count = int(group.max()) + 1
    if values is None:
        return np.zeros(count, bool)
    lowest, highest = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(lowest, group, values)
    np.maximum.at(highest, group, values)
    differing: NDArray[np.bool_] = lowest != highest
    return differing


def _keepers(group: NDArray[np.int64], splits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """One of each group: that of the test split, else validation, else training, so that no test set shrinks."""
    order = np.lexsort((np.arange(len(group)), -(splits % len(SPLITS)), group))
    keeper = np.zeros(len(group), bool)
    keeper[order[np.unique(group[order], return_index=True)[1]]] = True
    return keeper


def _labels(browser: Browser, rows: Rows) -> NDArray[np.int64] | None:
    target = browser.target
    if target is None or not target.classes or target.kind not in SCALARS:
        return None
    return browser.codes(target)[rows]


def _contradictions(browser: Browser, rows: Rows) -> Finding:
    return Finding(
        "contradiction", "warning",
        f"{counted(len(rows), 'sample')} have an equal twin with another label: at most one of them can be right.",
        "Look at them and correct the labels, or leave them out.", browser.target.name if browser.target else "",
        tuple(rows.tolist()), len(rows), without_rows(browser.data, rows, f"Leave out {counted(len(rows), 'sample')}"))


def _duplicates(browser: Browser, code: str, rows: Rows, copies: Rows, *, is_table: bool) -> Finding:
    is_natural = is_table and len(copies) > ORDINARY_SHARE * browser.count
    if code == "duplicates-across":
        message = (f"{counted(len(copies), 'sample stands', 'samples stand')} in more than one split: the network is "
                   "tested on what it was trained on, and looks better than it is.")
    else:
        message = f"{counted(len(copies), 'sample is', 'samples are')} equal to another one in the same split."
    hint = ("The table has few different rows: that may be as it should be." if is_natural
            else "Leave the copies out; one of each stays, in the test split where it is there.")
    repairs = () if is_natural else without_rows(browser.data, copies,
                                                 f"Leave out {counted(len(copies), 'copy', 'copies')}")
    return Finding(code, "note" if is_table or code == "duplicates" else "warning", message, hint,
                   rows=tuple(rows.tolist()), count=len(copies), repairs=repairs)


def _blank(browser: Browser, leaf: Column, seen: Survey) -> list[Finding]:
    rows = np.array(sorted(seen.blank.get(leaf.name, ())), np.int64)
    if not len(rows):
        return []
    many = {"image": "have one colour only", "audio": "are silent", "mask": "have one class everywhere"}
    one = {"image": "has one colour only", "audio": "is silent", "mask": "has one class everywhere"}
    what = counted(len(rows), f"sample {one.get(leaf.kind, 'is empty')}", f"samples {many.get(leaf.kind, 'are empty')}")
    return [Finding("blank", "warning" if len(rows) > 0.01 * len(seen.rows) else "note",
                    f"{leaf.name!r}: {what}.",
                    "Look at them, and leave them out if nothing can be learned from them.", leaf.name,
                    tuple(rows.tolist()), len(rows),
                    without_rows(browser.data, rows, f"Leave out {counted(len(rows), 'sample')}"))]


def _unusable(leaf: Column, seen: Survey) -> list[Finding]:
    rows = sorted(seen.unusable.get(leaf.name, ()))
    if not rows:
        return []
    what = counted(len(rows), "sample holds", "samples hold")
    return [Finding("missing", "warning", f"{leaf.name!r}: {what} a number that is missing or infinite.",
                    "It is filled in. Look at where these numbers come from.", leaf.name, tuple(rows), len(rows))]
