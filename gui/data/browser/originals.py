"""The selected sample as its files have it: pictures in their own shape, recordings in their whole length."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.data.browse import Browser, Sample
from engine.data.disk.media import Pictures, Sounds
from engine.errors import DataError
from engine.preparation import pictures, sounds
from engine.project import Column
from gui.widgets.background import Progress

LARGEST_SIDE = 800
"""Pixels of a picture that are kept a side; no screen shows more of it here."""

LONGEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Closeup:
    """A sample with the values of its files, and how large those are, in words, by column."""

    sample: Sample
    sizes: dict[str, str]


def closeup(browser: Browser, row: int, progress: Progress) -> Closeup:
    """One row with its files' own pictures and sounds, where those have more than the network is given."""
    sample = browser.raw(np.array([row], np.int64), progress)[0]
    values, sizes = dict(sample.values), {}
    for leaf in browser.leaves:
        if leaf.name in values and not sample.damage:
            progress(1.0)
            try:
                found = _original(browser, leaf, row)
            except DataError as error:  # it was whole a moment ago
                return Closeup(replace(sample, damage=error.message), {})
            if found is not None:
                values[leaf.name], sizes[leaf.name] = found
    return Closeup(replace(sample, values=values), sizes)


def _original(browser: Browser, leaf: Column, row: int) -> tuple[Any, str] | None:
    read = browser.opened.values[leaf.name]
    if not isinstance(read, Pictures | Sounds):
        return None
    file = read.files[row]
    if file is None:
        return None
    if isinstance(read, Sounds):
        with file.open() as stream:
            seconds = sounds.duration(stream)
        with file.open() as stream:
            heard = sounds.decode(stream, read.rate, min(seconds, LONGEST_SECONDS))
        return heard, f"{seconds:.2f} s"
    page = read.pages[row] if read.pages else 0
    with file.open() as stream:
        height, width = pictures.upright_size(stream)
    scale = min(1.0, LARGEST_SIDE / max(height, width))
    shape = (3, max(1, round(height * scale)), max(1, round(width * scale)))
    with file.open() as stream:
        return pictures.decode(stream, shape, page=page), f"{width:,} × {height:,}"
