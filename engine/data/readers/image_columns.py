"""The input column of picture files: its shape is that of the pictures, or one that suits them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from engine.data.columns import settings_of
from engine.data.disk.contents import spread
from engine.data.disk.media import MAX_PICTURE, ArrayPictures
from engine.data.disk.trees import File
from engine.data.files import Progress, portion
from engine.data.opened import Asked, Values
from engine.errors import DataError
from engine.preparation import pictures
from engine.project import Column

SIZE_SAMPLE = 400
COLOUR_SAMPLE = 40
LARGEST_KEPT = 512
LARGEST_RESIZED = 128


def picture_column(name: str, files: Sequence[File | None], asked: Asked) -> tuple[Column, list[str]]:
    """The input column of picture files, and what the user should know. Raises DataError if none can be read."""
    present = [file for file in files if file]
    settings = settings_of(name, "image", asked.chosen)
    known = asked.known_column(name)
    wanted = settings["size"], settings["channels"]
    if known and (known.settings.get("size"), known.settings.get("channels")) != wanted:
        known = None
    shape, findings = _shape(present, settings, known.shape if known else None, asked.progress)
    return Column(name, "image", "input", shape, reason=f"{len(files):,} picture files", settings=settings), findings


def array_column(column: Column, values: Values, asked: Asked) -> tuple[Column, Values]:
    """A column of pictures that lie in arrays, in the size and the colours that were chosen; others as they are."""
    if column.kind != "image":
        return column, values
    settings = settings_of(column.name, "image", asked.chosen)
    channels = {"grey": 1, "rgb": 3}.get(settings["channels"], column.shape[0])
    shape = (channels, *(settings["size"] or column.shape[1:]))
    changed = msgspec.structs.replace(column, shape=shape, settings=settings)
    return changed, values if shape == column.shape else ArrayPictures(values, shape, settings)


def _shape(files: Sequence[File], settings: Mapping[str, Any], remembered: tuple[int, ...] | None,
           progress: Progress) -> tuple[tuple[int, ...], list[str]]:
    """(channels, height, width), and what the user should know about it."""
    sizes: Counter[tuple[int, int]] = Counter()
    sample = spread(files, SIZE_SAMPLE)
    for index, file in enumerate(sample):
        try:
            with file.open() as stream:
                sizes[pictures.upright_size(stream)] += 1
        except DataError:
            continue  # counted and listed when it is read
        progress(0.5 * index / len(sample))
    if not sizes:
        raise DataError(f"None of the {len(sample)} pictures that were looked at can be read, such as "
                        f"{sample[0].place if sample else 'those that are named'}.", "Check that the files are whole.")
    if remembered:
        shape = remembered
    else:
        size = settings["size"] or _common_size(sizes)
        shape = (_channels(files, settings["channels"], portion(progress, 0.5, 1.0)), *size)
    if set(sizes) == {shape[1:]}:
        return shape, []
    smallest, largest = (f"{width} × {height}" for height, width in (min(sizes), max(sizes)))
    came = f"{smallest} pixels large" if len(sizes) == 1 else f"of different sizes, from {smallest} to {largest} pixels"
    return shape, [f"The pictures are {came}: they are resized to {shape[2]} × {shape[1]} (width × height)."]


def _common_size(sizes: Counter[tuple[int, int]]) -> tuple[int, int]:
    """(height, width) for all: the only size, the size of most, or the one in the middle; large ones made smaller."""
    (size, count), *others = sizes.most_common()
    if count * 2 < sizes.total():
        spread = np.array(list(sizes.elements()))
        size = (int(np.median(spread[:, 0])), int(np.median(spread[:, 1])))
    limit = LARGEST_RESIZED if others else LARGEST_KEPT
    if max(size) <= limit:
        return size
    factor = LARGEST_RESIZED / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _channels(files: Sequence[File], choice: str, progress: Progress) -> int:
    if choice != "auto":
        return 1 if choice == "grey" else 3
    sample = spread(files, COLOUR_SAMPLE)
    for index, file in enumerate(sample):
        try:
            if not pictures.is_grey(file.read(MAX_PICTURE)):
                return 3
        except DataError:
            continue  # counted and listed when it is read
        progress(index / len(sample))
    return 1
