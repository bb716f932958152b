"""How files of one kind lie in folders: a folder for each class, folders for the splits above these, or all together,
where the names may say the class."""

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.disk.trees import File, Tree
from engine.data.files import Rows
from engine.data.opened import Held, Values
from engine.data.splits import SPLIT_NAMES, SPLITS
from engine.project import Column

SHOWN = 5
NAME_PARTS = re.compile(r"[_\-. ]+")
MANY_SAMPLES = 5
"""A part of the names is a class if each has so many samples, on average."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one kind, in order.

    prefix   the folder that all lie in, with "/" at the end; "" for the top
    splits   of each file, as the folder above says it; "" where none does
    labels   the class of each file; () where nothing says it
    by_name  the classes are the first part of the files' names
    groups   other parts of the names that repeat, by the name of their column
    foreign  names of what was passed over
    empty    class folders without a file of the kind
    """

    prefix: str
    files: Sequence[File]
    splits: Sequence[str]
    labels: Sequence[str]
    by_name: bool
    groups: dict[str, list[str]]
    foreign: Sequence[str]
    empty: Sequence[str]

    @property
    def names(self) -> list[str]:
        """What to call each row."""
        return [file.name[len(self.prefix) :] for file in self.files]

    @property
    def fixed(self) -> dict[str, Rows]:
        splits = np.array(self.splits)
        return {name: np.flatnonzero(splits == name) for name in SPLITS if (splits == name).any()}

    def columns(self, words: str) -> tuple[tuple[Column, ...], dict[str, Values]]:
        """The target and what else the names say, with their values. `words`: what the files are called."""
        columns: list[Column] = []
        values: dict[str, Values] = {}
        if self.labels:
            column, values["label"] = _category("label", "target", self.labels)
            reason = (f"the first part of {words}' names" if self.by_name else "the folders' names")
            columns.append(_with_reason(column, f"{reason}: {column.reason}"))
        for number, (name, texts) in enumerate(self.groups.items(), 2):
            column, values[name] = _category(name, "ignore", texts)
            columns.append(_with_reason(column, f"part {number} of {words}' names: {column.reason}"))
        return tuple(columns), values

    def findings(self, words: str) -> list[str]:
        """What the user should know. `words`: "pictures"."""
        found = []
        if self.foreign:
            shown = ", ".join(self.foreign[:SHOWN]) + (", ..." if len(self.foreign) > SHOWN else "")
            place = "a class folder" if self.labels and not self.by_name else "their folder"
            count = "1 file is" if len(self.foreign) == 1 else f"{len(self.foreign):,} files are"
            found.append(f"{count} none of the {words} in {place} and left out: {shown}.")
        found += [f"The class folder {name!r} holds no {words}: it is no class." for name in self.empty]
        if not self.labels:
            found.append(f"Nothing says the classes of the {words}: put those of each class into a folder of its own, "
                         "or choose a table that names them.")
        elif any(self.splits):
            trained = {label for label, split in zip(self.labels, self.splits, strict=True) if split == "train"}
            found += [f"The class {name!r} has no training {words}."
                      for name in ordered(set(self.labels) - trained) if trained]
        return found


def layout_of(tree: Tree, chosen: Container[str]) -> Layout:
    """How the files of one kind, those whose names are `chosen`, lie in a tree. Without any there are no `files`."""
    members = [file for file in tree.files if file.name in chosen]
    foreign = [*tree.left_out, *(file.name for file in tree.files if file.name not in chosen)]
    if not members:
        return Layout("", (), (), (), False, {}, sorted(foreign), ())
    prefix = _common_folder(members)
    parts = [file.name[len(prefix) :].split("/") for file in members]
    tops = {part[0] for part in parts if len(part) > 1}
    by_split = any(SPLIT_NAMES.get(top.lower()) == "train" for top in tops)
    splits = [SPLIT_NAMES.get(part[0].lower(), "") if by_split and len(part) > 1 else "" for part in parts]
    folders = [part[bool(split) : -1] if split or not by_split else []
               for part, split in zip(parts, splits, strict=True)]
    has_classes = any(folders)
    kept = [row for row, split in enumerate(splits)
            if (bool(folders[row]) or not has_classes) and (bool(split) or not by_split)]
    foreign += [members[row].name for row in sorted(set(range(len(members))) - set(kept))]
    files = [members[row] for row in kept]
    labels = [folders[row][0] for row in kept] if has_classes else []
    groups: dict[str, list[str]] = {}
    empty: set[str] = set()
    if has_classes:
        depth = prefix.count("/") + by_split
        empty = {name.split("/")[depth] for name in tree.folders
                 if name.startswith(prefix) and name.count("/") == depth} - set(labels)
    else:
        labels, groups = _said_by_names(files)
    return Layout(prefix, files, [splits[row] for row in kept], labels, not has_classes, groups,
                  sorted(name.removeprefix(prefix) for name in foreign), sorted(empty))


def ordered(names: set[str]) -> tuple[str, ...]:
    """Class names in order; 2 before 10."""
    return tuple(sorted(names, key=lambda name: (int(name) if name.isdecimal() else -1, name)))


def _common_folder(files: Sequence[File]) -> str:
    """The folder that all files lie in, with "/" at the end. `files` are sorted: the first and the last tell."""
    first, last = files[0].folder.split("/"), files[-1].folder.split("/")
    common = []
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        common.append(one)
    prefix = "/".join(common)
    return f"{prefix}/" if prefix else ""


def _said_by_names(files: Sequence[File]) -> tuple[list[str], dict[str, list[str]]]:
    """Classes by the first part of the names, such as "cat" of cat.12.jpg and "7" of 7_george_3.wav, and other parts
    that repeat. Names of numbers alone, and names that differ in their build, say nothing."""
    rows = [NAME_PARTS.split(file.stem) for file in files]
    count = len(rows[0])
    if count < 2 or any(len(row) != count for row in rows):
        return [], {}
    columns = list(zip(*rows, strict=True))
    if all(text.isdecimal() for column in columns for text in column):
        return [], {}
    repeating = {number for number, column in enumerate(columns)
                 if 2 <= len(set(column)) <= len(column) // MANY_SAMPLES and min(Counter(column).values()) > 1}
    if 0 not in repeating:
        return [], {}
    groups = {f"name part {number + 1}": list(columns[number]) for number in sorted(repeating - {0})
              if not all(text.isdecimal() for text in columns[number])}
    return list(columns[0]), groups


def _category(name: str, role: str, texts: Sequence[str]) -> tuple[Column, Values]:
    classes = ordered(set(texts))
    numbers = {text: number for number, text in enumerate(classes)}
    values = np.array([numbers[text] for text in texts], np.int64)
    distinct = "1 distinct value" if len(classes) == 1 else f"{len(classes):,} distinct values"
    column = Column(name, "category", "target" if role == "target" else "ignore", classes=classes,
                    reason=f"{distinct} in {len(texts):,} rows")
    return column, Held(values)


def _with_reason(column: Column, reason: str) -> Column:
    return Column(column.name, column.kind, column.role, classes=column.classes, reason=reason)
