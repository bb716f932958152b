"""Samples that lose on the way to one size: texts and sounds that are cut, pictures that are bent or blown up; and
vocabularies that are larger than their texts."""

import numpy as np
from numpy.typing import NDArray

from engine.data.browse import Browser
from engine.data.disk.headers import durations, picture_sizes
from engine.data.disk.media import Files
from engine.data.doctor.repairs import with_setting, without_rows
from engine.data.doctor.samples import counted
from engine.data.doctor.survey import Survey
from engine.data.files import Progress, Rows
from engine.data.findings import Finding
from engine.preparation.texts import mark_count, specials
from engine.project import Column

SAMPLE = 5_000
"""Headers of more files are not read."""

CUT_SHARE = 0.05
BENT = 1.5
"""So many times wider or higher than the network's pictures is bent."""

BLOWN_UP = 2.0
LONGEST = 65536
ROOMY = 2.0
"""A vocabulary so many times larger than what it is for makes networks larger and slower for nothing."""


def findings(browser: Browser, seen: Survey, progress: Progress) -> list[Finding]:
    found: list[Finding] = []
    for leaf in browser.leaves:
        if leaf.name in seen.different and len(seen.rows) == len(browser.usable):
            found += _vocabulary(browser, leaf, len(seen.different[leaf.name]))
        if leaf.role != "input" and leaf.kind != "text":
            continue
        files = browser.files(leaf)
        if leaf.kind == "image" and files is not None:
            found += _pictures(browser, leaf, files, _drawn(seen), progress)
        elif leaf.kind == "audio" and files is not None:
            seconds = durations(files, _drawn(seen), progress)
            found += _cut(browser, leaf, np.array(list(seconds), np.int64), np.array(list(seconds.values())))
        elif leaf.kind == "audio":
            found += _cut(browser, leaf, seen.rows, seen.lengths[leaf.name] / float(leaf.settings["rate"]))
        elif leaf.name in seen.lengths:
            found += _cut(browser, leaf, seen.rows, seen.lengths[leaf.name].astype(np.float64))
    return found


def _drawn(seen: Survey) -> Rows:
    whole = np.setdiff1d(seen.rows, np.fromiter(seen.damaged, np.int64, len(seen.damaged)))
    return np.sort(np.random.default_rng(0).permutation(whole)[:SAMPLE])


def _cut(browser: Browser, leaf: Column, rows: Rows, lengths: NDArray[np.float64]) -> list[Finding]:
    """Samples longer than what is kept of them: seconds of sound, words or characters of text."""
    units = {"word": "words", "character": "characters"}
    unit = "seconds" if leaf.kind == "audio" else units.get(leaf.settings.get("tokens", ""), "tokens")
    marks = 0 if unit == "seconds" else mark_count(leaf)
    limit = float(leaf.settings["seconds"]) if unit == "seconds" else leaf.settings["max_length"] - marks
    cut = lengths > limit
    if not len(lengths) or cut.mean() <= CUT_SHARE:
        return []
    long = float(np.quantile(lengths, 0.99))
    if unit == "seconds":
        kept = float(np.ceil(long * 10) / 10)
        repair = with_setting(browser.data, leaf.name, "seconds", kept, f"Keep {kept:g} seconds")
    else:
        tokens = min(int(np.ceil(long)), LONGEST - marks)
        repair = with_setting(browser.data, leaf.name, "max_length", tokens + marks, f"Keep {tokens:,} {unit}")
    return [Finding(
        "cut", "note", f"{leaf.name!r}: {cut.mean():.0%} of the samples are longer than the {limit:g} {unit} that are "
        f"kept. Half of all have more than {np.median(lengths):.3g}, the longest {lengths.max():,.3g}.",
        "Longer samples cost time and memory.", leaf.name, tuple(rows[cut].tolist()), int(cut.sum()), (repair,))]


def _vocabulary(browser: Browser, leaf: Column, different: int) -> list[Finding]:
    """Far fewer words or characters than there is room for."""
    needed, room = different + specials(leaf), int(leaf.settings["vocabulary"])
    if not different or room < needed * ROOMY:
        return []
    return [Finding(
        "vocabulary", "note", f"{leaf.name!r}: the vocabulary has room for {room:,} tokens, but its texts hold "
        f"{different:,} different {leaf.settings['tokens']}s.",
        "Layers that read or write it are as large as the vocabulary.", leaf.name, (), 0,
        (with_setting(browser.data, leaf.name, "vocabulary", needed, f"Make it {needed:,}"),))]


def _pictures(browser: Browser, leaf: Column, files: Files, rows: Rows, progress: Progress) -> list[Finding]:
    """Pictures of another shape than the network's, or much smaller."""
    sizes = picture_sizes(files, rows, progress)
    if not sizes:
        return []
    rows, own = np.array(list(sizes), np.int64), np.array(list(sizes.values()), np.float64)
    height, width = leaf.shape[1:]
    found = []
    bent = np.abs(np.log(own[:, 1] / own[:, 0] * height / width)) > np.log(BENT)
    if bent.any() and leaf.settings.get("fit") == "stretch":
        found.append(Finding(
            "bent", "note", f"{leaf.name!r}: {counted(int(bent.sum()), 'picture is', 'pictures are')} of another shape "
            f"than {width} × {height} and bent by stretching.", "", leaf.name, tuple(rows[bent].tolist()),
            int(bent.sum()), (with_setting(browser.data, leaf.name, "fit", "pad", "Pad them"),
                              with_setting(browser.data, leaf.name, "fit", "crop", "Crop them"))))
    small = rows[(own * BLOWN_UP <= np.array([height, width])).all(axis=1)]
    if len(small):
        found.append(Finding(
            "small-pictures", "note", f"{leaf.name!r}: {counted(len(small), 'picture is', 'pictures are')} at most "
            f"half as large as the {width} × {height} that the network reads, and blown up.",
            "Look at them; with a smaller size for all, nothing is lost.", leaf.name, tuple(small.tolist()), len(small),
            without_rows(browser.data, small, f"Leave out {counted(len(small), 'picture')}")))
    return found
