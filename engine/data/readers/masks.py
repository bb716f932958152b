"""Pictures with a mask each, for segmentation: folders images and masks, names such as a.png and a_mask.png, or stacks
of pictures whose pages belong together."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from engine.data.columns import settings_of
from engine.data.disk.contents import spread
from engine.data.disk.media import Files, Masks, Pictures
from engine.data.disk.trees import File
from engine.data.files import AnyArray, Progress, Rows, allocate, portion
from engine.data.labels import class_names
from engine.data.opened import Asked, Loaded, Opened, Values, numbered_classes
from engine.data.readers.image_columns import picture_column
from engine.data.splits import SPLIT_NAMES, SPLITS
from engine.errors import DataError
from engine.preparation import pictures
from engine.project import Column

MASK_WORDS = re.compile(r"(?<![a-z])(masks?|segmentations?|segs?|annotations?|labels?|gt|ground_?truth|targets?)"
                        r"(?![a-z])")
IMAGE_WORDS = re.compile(r"(?<![a-z])(images?|imgs?|im|photos?|pictures?|inputs?|originals?|jpegimages)(?![a-z])")
JOINTS = re.compile(r"[_\-. ]+")
PAIRED_SHARE = 0.5
SAMPLE = 400
MANY_VALUES = 32
"""Masks with more different values count every object by itself: all of them become one class."""

FEW_PAIRS = 16
TILE = 64
SHOWN = 5


class Pair(NamedTuple):
    """A row: the same page of a picture and of its mask."""

    image: File
    mask: File
    page: int = 0


def pairs_of(files: Sequence[File]) -> list[tuple[File, File]]:
    """Pictures with their masks, if most masks have a picture: paths that are alike but for the words that say what is
    what."""
    masks = [file for file in files if MASK_WORDS.search(file.name.lower())]
    if not masks:
        return []
    named = {file.name for file in masks}
    images: dict[str, list[File]] = {}
    for file in files:
        if file.name not in named:
            images.setdefault(_key(file), []).append(file)
    pairs = [(found[0], mask) for mask in masks if len(found := images.get(_key(mask), [])) == 1]
    is_unique = len({image.name for image, _ in pairs}) == len(pairs)
    return pairs if is_unique and len(pairs) > PAIRED_SHARE * len(masks) else []


def open_masks(asked: Asked, files: Sequence[File], pairs: list[tuple[File, File]]) -> Opened:
    """Pictures as the input, their masks as the target."""
    rows = [row for image, mask in sorted(pairs, key=lambda pair: pair[0].name) for row in _pages(image, mask)]
    images, masks = [row.image for row in rows], [row.mask for row in rows]
    pages = [row.page for row in rows] if any(row.page for row in rows) else None
    may_cut = _may_cut(asked.options["tiles"], len(rows))
    image, findings = picture_column("image", images, replace(asked, known=()) if may_cut else asked)
    values_found = _values(masks, pages, portion(asked.progress, 0.5, 1.0))
    classes, is_counted = _classes(values_found)
    names_given, said = class_names(asked.tree, "", len(classes))
    if not is_counted and len(names_given) == len(classes) and names_given != numbered_classes(len(classes)):
        classes = names_given
    findings += said
    settings = settings_of("mask", "mask", asked.chosen)
    shape = tuple(settings["size"] or image.shape[1:])
    several = "every object has a number of its own: all are one class" if is_counted else f"{len(classes)} values"
    target = Column("mask", "mask", "target", shape, classes=classes, settings=settings,
                    reason=f"masks that go with the pictures, {several}")
    inputs: Values = Pictures(images, image.shape, image.settings, pages)
    targets: Values = Masks(masks, shape, None if is_counted else values_found, image.settings["fit"], pages)
    names = [row.image.name if pages is None else f"{row.image.name} {row.page + 1}" for row in rows]
    paired = {file.name for pair in pairs for file in pair}
    lonely = [file.name for file in files if file.name not in paired]
    if lonely:
        shown = ", ".join(lonely[:SHOWN]) + (", ..." if len(lonely) > SHOWN else "")
        findings.append(f"Pictures and masks without counterpart were left out ({len(lonely):,}): {shown}.")
    side = _side(asked.options["tiles"], image.shape, shape) if may_cut else 0
    if side:
        grid = (shape[0] // side, shape[1] // side)
        image, target = _cut(image, side), _cut(target, side)
        inputs, targets = Tiles(inputs, image.shape, grid, len(rows)), Tiles(targets, target.shape, grid, len(rows))
        per_row = grid[0] * grid[1]
        names = [f"{name} tile {tile + 1}" for name in names for tile in range(per_row)]
        images = [file for file in images for _ in range(per_row)]
        findings.append(f"The pictures are cut into {per_row} tiles of {side} × {side} pixels each.")
    return Opened(columns=(image, target), values={"image": inputs, "mask": targets}, names=names, files=images,
                  fixed=_fixed(images), findings=tuple(findings))


@dataclass(frozen=True, slots=True)
class Tiles(Values):
    """Pictures or masks cut into squares, row after row: `shape` (..., height, width) of one tile, `grid` tiles down
    and across, of `count` whole ones."""

    whole: Values
    shape: tuple[int, ...]
    grid: tuple[int, int]
    count: int

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        per_whole = self.grid[0] * self.grid[1]
        rows = np.arange(self.count * per_whole) if rows is None else rows
        values: AnyArray | None = None
        damaged: dict[int, str] = {}
        owners = np.unique(rows // per_whole)
        height, width = self.shape[-2:]
        for done, owner in enumerate(owners, 1):
            loaded = self.whole.read(np.array([owner]), lambda share: None)
            if values is None:
                values = allocate((len(rows), *self.shape), loaded.values.dtype, "The tiles")
            for place in np.flatnonzero(rows // per_whole == owner):
                down, across = divmod(int(rows[place]) % per_whole, self.grid[1])
                values[place] = loaded.values[0][..., down * height : (down + 1) * height,
                                                 across * width : (across + 1) * width]
                if loaded.damaged:
                    damaged[int(rows[place])] = loaded.damaged[int(owner)]
            progress(done / len(owners))
        return Loaded(np.zeros((0, *self.shape), np.uint8) if values is None else values, damaged)


def _key(file: File) -> str:
    """The path without suffix, joints and the words for pictures and masks."""
    name = file.name.lower().rpartition(".")[0] or file.name.lower()
    return JOINTS.sub("", IMAGE_WORDS.sub("", MASK_WORDS.sub("", name)))


def _pages(image: File, mask: File) -> list[Pair]:
    """A pair for each page of stacks that have as many."""
    counts = set()
    for file in (image, mask):
        if file.head(4) not in (b"II*\0", b"MM\0*"):
            return [Pair(image, mask)]
        try:
            with file.open() as stream:
                counts.add(pictures.pages(stream))
        except DataError:
            return [Pair(image, mask)]
    return [Pair(image, mask, page) for page in range(counts.pop())] if len(counts) == 1 else [Pair(image, mask)]


def _values(masks: Sequence[File], pages: Sequence[int] | None, progress: Progress) -> list[int]:
    """The values of the pixels of some masks, in order."""
    values: set[int] = set()
    rows = spread(range(len(masks)), SAMPLE)
    for index, row in enumerate(rows):
        try:
            with masks[row].open() as stream:
                found = pictures.mask_values(stream, pages[row] if pages else 0)
        except DataError:
            continue  # counted and listed when it is read
        values.update(np.unique(found).tolist())
        progress(index / len(rows))
    if len(values) < 2:
        what = f"only the value {values.pop()}" if values else "nothing that can be read"
        raise DataError(f"The masks hold {what}, such as {masks[0].place}: there is nothing to tell apart.",
                        "Masks have another value for each class.")
    return sorted(values)


def _classes(values: Sequence[int]) -> tuple[tuple[str, ...], bool]:
    """Names of the classes, and whether the values only count objects."""
    is_counted = len(values) > MANY_VALUES
    if is_counted or (len(values) == 2 and values[0] == 0):
        return ("background", "foreground"), is_counted
    return tuple(str(value) if value < 256 else f"#{value:06x}" for value in values), False


def _may_cut(choice: str, count: int) -> bool:
    """Whether tiles are wished for, or good for so few pictures."""
    return choice != "none" and (choice != "auto" or count < FEW_PAIRS)


def _side(choice: str, image: tuple[int, ...], mask: tuple[int, ...]) -> int:
    """The side of the tiles; 0 where there would be fewer than four, or pictures and masks differ in size."""
    side = TILE if choice == "auto" else int(choice)
    return side if image[1:] == mask and 2 * side <= min(mask) else 0


def _cut(column: Column, side: int) -> Column:
    return Column(column.name, column.kind, column.role, (*column.shape[:-2], side, side), column.classes,
                  column.reason, column.settings)


def _fixed(files: Files) -> dict[str, Rows]:
    """By a folder anywhere above, if one is for training."""
    splits = np.array([next((SPLIT_NAMES[part] for part in file.folder.lower().split("/") if part in SPLIT_NAMES), "")
                       if file else "" for file in files])
    found = Counter(splits.tolist())
    return {name: np.flatnonzero(splits == name) for name in SPLITS if found[name]} if found["train"] else {}
