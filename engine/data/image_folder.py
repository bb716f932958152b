"""A folder of pictures with a folder per class; optionally train, validation and test folders above these."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.data.files import Progress, Rows, allocate, is_folder, is_regular, listing, portion
from engine.data.opened import Held, Loaded, Opened
from engine.data.pictures import SUFFIXES, is_grey, looks_like_picture, pixels, upright_size
from engine.errors import DataError
from engine.params import Choice, Param, Size, Value
from engine.project import Column

PARAMS: tuple[Param, ...] = (
    Size(name="size", default=None, optional=True, length=2, maximum=4096,
         help="Height and width that every picture is resized to. Empty: their own size, or at most 128 if it varies."),
    Choice(name="channels", default="auto", choices=("auto", "grey", "rgb"),
           help="Read the pictures as grey or as RGB. Auto: grey if they have no colours."),
)

SPLIT_NAMES = {"train": "train", "training": "train", "val": "validation", "valid": "validation",
               "validation": "validation", "dev": "validation", "test": "test", "testing": "test"}
SIZE_SAMPLE = 400
COLOUR_SAMPLE = 40
LARGEST_KEPT = 512
LARGEST_RESIZED = 128
SHOWN = 5
CHUNK = 64
LARGE_BYTES = 8192


@dataclass(slots=True)
class _Layout:
    """What was found: a file, its class and its split ("" where none is given) per row, and what was passed over."""

    files: list[Path] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def recognise(path: Path) -> bool:
    """True for a folder with pictures in it or in the folders below."""
    if not is_folder(path):
        return False
    places = [path, *_folders(path)[:20]]
    return any(_has_pictures(place) for place in places) or any(
        _has_pictures(below) for place in places[1:] for below in _folders(place)[:3])


def open_image_folder(path: Path, options: dict[str, Value], known: tuple[Column, ...], progress: Progress) -> Opened:
    """Open a folder of class folders. The pictures' shape is the one in `known`, or decided by looking at some."""
    root = _root(path)
    layout = _layout(root)
    if not layout.files:
        raise DataError(f"{path} holds no pictures in class folders.",
                        "Put the pictures of each class into a folder of its own: its name is the class.")
    names = _ordered(set(layout.classes))
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[name] for name in layout.classes], np.int64)
    remembered = next((column.shape for column in known if column.kind == "image"), None)
    shape, findings = _shape(layout.files, options, remembered, progress)
    return Opened(
        columns=(Column("image", "image", "input", shape), Column("label", "category", "target", classes=names)),
        values={"image": PictureFiles(layout.files, shape), "label": Held(labels)},
        names=[file.relative_to(root).as_posix() for file in layout.files],
        files=layout.files,
        fixed=_fixed(layout.splits),
        findings=(*findings, *_findings(layout, root)),
    )


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Pictures that are decoded when they are asked for, several at a time. Damaged ones are black."""

    files: list[Path]
    shape: tuple[int, ...]

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        rows = np.arange(len(self.files)) if rows is None else rows
        values = allocate((len(rows), *self.shape), np.uint8, "The pictures")
        values[:] = 0
        damaged: dict[int, str] = {}

        def decode(start: int) -> None:
            for place in range(start, min(start + CHUNK, len(rows))):
                try:
                    values[place] = pixels(self.files[rows[place]], self.shape)
                except DataError as error:
                    damaged[int(rows[place])] = error.message

        starts = range(0, len(rows), CHUNK)
        decoded = _in_threads(decode, starts) if self._are_large(rows) else map(decode, starts)
        for done, _ in enumerate(decoded, 1):
            progress(done / len(starts))
        return Loaded(values, damaged)

    def _are_large(self, rows: Rows) -> bool:
        """True if decoding takes long enough for threads to gain more than they cost."""
        sample = [file for file in _spread([self.files[row] for row in rows], CHUNK) if is_regular(file)]
        return bool(sample) and sum(file.stat().st_size for file in sample) > LARGE_BYTES * len(sample)


def _in_threads(work: Callable[[int], None], items: Iterable[int]) -> Iterator[None]:
    """`work` on all items, a few at a time. What was not begun is dropped when the caller stops."""
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="pictures")
    try:
        for done in as_completed([pool.submit(work, item) for item in items]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _root(path: Path) -> Path:
    """The folder itself, or the only one in it where an archive was unpacked into a folder of its own."""
    folders = _folders(path)
    while len(folders) == 1 and not _has_pictures(folders[0]) and _folders(folders[0]):
        path = folders[0]
        folders = _folders(path)
    return path


def _layout(root: Path) -> _Layout:
    layout = _Layout()
    folders = _folders(root)
    splits = [(SPLIT_NAMES.get(folder.name.lower(), ""), folder) for folder in folders]
    by_split = any(split == "train" and _folders(folder) and not _has_pictures(folder) for split, folder in splits)
    for split, folder in splits if by_split else [("", root)]:
        class_folders = _folders(folder) if not by_split or split else []
        layout.foreign += [file for file in listing(folder) if looks_like_picture(file)]
        for class_folder in class_folders:
            _add_class(layout, class_folder, split)
    return layout


def _add_class(layout: _Layout, folder: Path, split: str) -> None:
    before = len(layout.files)
    for file in _walk(folder):
        if is_regular(file) and (file.suffix.lower() in SUFFIXES or looks_like_picture(file)):
            layout.files.append(file)
        else:
            layout.foreign.append(file)
    added = len(layout.files) - before
    layout.classes += [folder.name] * added
    layout.splits += [split] * added
    if not added:
        layout.empty.append(folder.name)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder. Links to other folders are not followed: they could lead in circles."""
    for entry in listing(folder):
        if not is_folder(entry):
            yield entry
        elif not entry.is_symlink():
            yield from _walk(entry)


def _folders(folder: Path) -> list[Path]:
    return [entry for entry in listing(folder) if is_folder(entry)]


def _has_pictures(folder: Path) -> bool:
    return any(looks_like_picture(file) for file in listing(folder)[:50] if is_regular(file))


def _ordered(names: set[str]) -> tuple[str, ...]:
    """Class names in order; 2 before 10."""
    return tuple(sorted(names, key=lambda name: (int(name) if name.isdecimal() else -1, name)))


def _shape(files: list[Path], options: dict[str, Value], remembered: tuple[int, ...] | None,
           progress: Progress) -> tuple[tuple[int, ...], list[str]]:
    """(channels, height, width), and what the user should know about it."""
    sizes: Counter[tuple[int, int]] = Counter()
    sample = _spread(files, SIZE_SAMPLE)
    for index, file in enumerate(sample):
        try:
            sizes[upright_size(file)] += 1
        except DataError:
            continue  # counted and listed when it is read
        progress(0.5 * index / len(sample))
    if not sizes:
        raise DataError(f"None of the {len(sample)} pictures that were looked at can be read, such as {sample[0]}.",
                        "Check that the files are whole.")
    if remembered:
        shape = remembered
    else:
        size = options["size"] or _common_size(sizes)
        shape = (_channels(files, options["channels"], portion(progress, 0.5, 1.0)), *size)
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


def _channels(files: list[Path], choice: str, progress: Progress) -> int:
    if choice != "auto":
        return 1 if choice == "grey" else 3
    sample = _spread(files, COLOUR_SAMPLE)
    for index, file in enumerate(sample):
        try:
            if not is_grey(file):
                return 3
        except DataError:
            continue  # counted and listed when it is read
        progress(index / len(sample))
    return 1


def _spread(files: list[Path], count: int) -> list[Path]:
    """At most `count` files, evenly spread."""
    return files if len(files) <= count else [files[index * len(files) // count] for index in range(count)]


def _fixed(splits: list[str]) -> dict[str, Rows]:
    names = np.array(splits)
    return {name: np.flatnonzero(names == name) for name in ("train", "validation", "test") if (names == name).any()}


def _findings(layout: _Layout, root: Path) -> list[str]:
    findings = []
    if layout.foreign:
        shown = ", ".join(file.relative_to(root).as_posix() for file in layout.foreign[:SHOWN])
        more = ", ..." if len(layout.foreign) > SHOWN else ""
        count = "1 file is" if len(layout.foreign) == 1 else f"{len(layout.foreign):,} files are"
        findings.append(f"{count} no picture in a class folder and left out: {shown}{more}.")
    for name in dict.fromkeys(layout.empty):
        if name not in layout.classes:
            findings.append(f"The class folder {name!r} holds no pictures: it is no class.")
    if layout.splits[0]:
        trained = {name for name, split in zip(layout.classes, layout.splits, strict=True) if split == "train"}
        untrained = _ordered(set(layout.classes) - trained)
        findings += [f"The class {name!r} has no training pictures." for name in untrained]
    return findings
