"""Class numbers and the names of classes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.data.disk.trees import File, Tree
from engine.data.files import AnyArray
from engine.data.opened import numbered_classes
from engine.errors import DataError

MAX_CLASSES = 10_000
CLASS_FILES = ("classes.txt", "labels.txt")


def class_numbers(labels: AnyArray, where: str) -> tuple[NDArray[np.int64], int]:
    """Whole numbers (n,) as class numbers, and how many classes they need. Raises DataError for negative ones."""
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.rint(labels)).all()):
        raise DataError(f"The labels in {where} are not whole numbers.", "Choose a number as the target.")
    numbers = labels.astype(np.int64)
    if len(numbers) and numbers.min() < 0:
        row = int(np.argmax(numbers < 0))
        raise DataError(f"The label of sample {row + 1} in {where} is {numbers[row]}: classes count from 0.",
                        "Correct the labels, or choose a number as the target.")
    count = int(numbers.max()) + 1 if len(numbers) else 0
    if count > MAX_CLASSES:
        raise DataError(f"The labels in {where} go up to {count - 1:,}: that is no set of classes.",
                        "Number the classes 0, 1, 2, ..., or choose a number as the target.")
    return numbers, count


def named_classes(file: File, count: int) -> tuple[tuple[str, ...], list[str]]:
    """Class names from a text file, one a line, and findings. Numbers serve where the file names too few."""
    lines = file.head(1_000_000).decode("utf-8-sig", "replace").splitlines()
    names = tuple(line.strip() for line in lines if line.strip())
    if len(names) < count or len(set(names)) < len(names):
        problem = "names a class twice" if len(names) >= count else f"names {len(names)} classes, the labels {count}"
        return numbered_classes(count), [f"{file.base} {problem}: the classes are shown as numbers."]
    return names, []


def class_names(tree: Tree, folder: str, count: int) -> tuple[tuple[str, ...], list[str]]:
    """Names from classes.txt, one a line, if there is one and it fits."""
    for name in CLASS_FILES:
        if file := tree.beside(f"{folder}/{name}" if folder else name):
            return named_classes(file, count)
    return numbered_classes(count), []


def require_classes(numbers: AnyArray, classes: Sequence[str], column: str) -> None:
    """Raises DataError unless at least two classes occur among the class numbers."""
    present = np.flatnonzero(np.bincount(numbers[numbers >= 0]))
    if len(present) < 2:
        name = f"Only the class {classes[int(present[0])]!r}" if len(present) else "No class"
        raise DataError(f"{name} occurs in {column!r}: there is nothing to tell apart.",
                        "Add samples of at least two classes, or choose another target.")
