"""The data doctor: looks at a whole data set and says what is wrong with it, which rows show it and what can be done.

    survey    one pass over the samples: damage, copies, blank samples, lengths
    samples   what the survey found: damaged files, duplicates, contradictions, blanks
    sizes     what is cut, bent or blown up to come to one size
    labels    the target: classes, their balance, their split
    columns   numbers and categories: constant, empty, far off
    leakage   columns that give the target away
    repairs   the changed data that a finding offers
"""

from engine.data.browse import Browser
from engine.data.doctor import columns, labels, leakage, samples, sizes
from engine.data.doctor.survey import surveyed
from engine.data.files import Progress, ignore_progress, portion
from engine.data.findings import SEVERITIES, Finding
from engine.data.sources import CHANGED
from engine.errors import DataError


def unreadable(error: DataError) -> Finding:
    """The finding for data that cannot be opened or divided."""
    return Finding("unreadable", "error", error.message, error.hint, count=1)


def examine(browser: Browser, progress: Progress = ignore_progress) -> tuple[Finding, ...]:
    """Everything that is noticed about an opened data set, the worst first.

    Memory stays bounded, and so does time: of much data a part is looked at, and a finding says so. `progress` is told
    the finished share and may raise to cancel.
    """
    found = [Finding("changed", "warning", sentence, "Look again, so that the project knows them as they are now.")
             if sentence == CHANGED else Finding("reading", "note", sentence) for sentence in browser.findings]
    found += labels.findings(browser)
    found += columns.findings(browser, portion(progress, 0.0, 0.1))
    found += leakage.findings(browser, portion(progress, 0.1, 0.2))
    seen = surveyed(browser, portion(progress, 0.2, 0.9))
    found += samples.findings(browser, seen)
    found += sizes.findings(browser, seen, portion(progress, 0.9, 1.0))
    if len(seen.rows) < len(browser.usable):
        found.append(Finding(
            "part", "note", f"Damaged files and copies were looked for in {len(seen.rows):,} of "
            f"{len(browser.usable):,} samples, drawn at random: a look at all of them takes long.",
            count=len(seen.rows)))
    progress(1.0)
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
