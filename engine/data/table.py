"""Tables: columns of numbers and texts become one vector of features and a target."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.delimited import TextTable, read_text_table
from engine.data.files import allocate
from engine.data.opened import Asked, Feature, Held, Opened, RowNames, is_usable
from engine.errors import DataError
from engine.params import Choice, Param, Text
from engine.project import Column

if TYPE_CHECKING:
    import polars

PARAMS: tuple[Param, ...] = (
    Text(name="target", default="",
         help="The column to predict. Empty: one named target, label, class and so on, or the last."),
    Choice(name="target_kind", default="auto", choices=("auto", "category", "number"),
           help="Predict a class or a number. Auto: a class for texts and for few whole numbers."),
    Text(name="ignore", default="", help="Columns to leave out, with commas between."),
    Choice(name="header", default="auto", choices=("auto", "yes", "no"),
           help="Whether the first line names the columns. Auto: found out."),
)

TARGET_NAMES = ("target", "label", "class", "y", "species", "outcome", "output", "category", "diagnosis", "quality")
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "#n/a")
FEW_NUMBERS = 20
MANY_TEXTS = 50
MAX_CLASSES = 1000

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column: numbers (NaN where empty), or else texts (None where empty)."""

    name: str
    numbers: Numbers | None
    texts: "polars.Series"

    def distinct(self) -> list[str]:
        return sorted(self.texts.drop_nulls().unique().to_list())


def open_csv(asked: Asked) -> Opened:
    """Open a delimited text file. Numbers and one-hot coded categories become the input "features"."""
    path, options, progress = asked.tree.root, asked.options, asked.progress
    table = read_text_table(path, options["header"])
    progress(0.5)
    name = _target_name(table, options["target"], path)
    ignored = {part.strip() for part in options["ignore"].split(",")} - {""}
    if unknown := ignored - set(table.names):
        raise DataError(f"{path} has no column named {min(unknown)!r} to leave out.", _columns_hint(table))
    target, values, findings = _target(_cells(table, name, path, options["target_kind"]), options["target_kind"])
    inputs = [_cells(table, other, path) for other in table.names if other != name and other not in ignored]
    features, left_out = _features(inputs)
    if not features:
        raise DataError(f"{path} has no column to learn from beside the target {name!r}.",
                        "Columns of numbers, or of texts that repeat, are needed. " + " ".join(left_out))
    column = Column("features", "vector", "input", (len(features),))
    usable = np.flatnonzero(values >= 0 if target.kind == "category" else is_usable(values))
    if len(usable) < len(values):
        findings.append(f"{len(values) - len(usable):,} rows have no {name!r} and were left out.")
    return Opened(
        columns=(column, target),
        values={column.name: Held(_matrix(features, inputs)), target.name: Held(values)},
        names=RowNames(("row", len(values))),
        files=asked.tree.files,
        usable=usable,
        features=features,
        findings=(*table.findings, *findings, *left_out),
    )


def read_features(path: Path, features: tuple[Feature, ...], count: int) -> Numbers:
    """The features (n, count) of a table with the columns that a network was trained on, in any order.

    Without `features` (the network was not trained on a table) the file must hold `count` columns of numbers.
    Raises DataError that names missing columns.
    """
    wanted = tuple(dict.fromkeys(feature.column for feature in features))
    is_named = any(name != f"column {index + 1}" for index, name in enumerate(wanted))
    table = read_text_table(path, "auto" if is_named or not wanted else "no", frozenset(wanted))
    if not features:
        features = tuple(Feature(name) for name in table.names)
        if len(features) != count:
            raise DataError(f"{path} has {len(features)} columns; the network reads {count} numbers.",
                            "Leave the target out, and keep the order of the training data.")
    if lacking := next((feature.column for feature in features if feature.column not in table.names), ""):
        raise DataError(f"{path} lacks the column {lacking!r} that the network was trained on.", _columns_hint(table))
    kinds = {feature.column: "number" if feature.value is None else "category" for feature in features}
    return _matrix(features, [_cells(table, name, path, kind) for name, kind in kinds.items()])


def _target_name(table: TextTable, chosen: str, path: Path) -> str:
    if chosen:
        if chosen not in table.names:
            raise DataError(f"{path} has no column named {chosen!r} to predict.", _columns_hint(table))
        return chosen
    by_name = {name.lower(): name for name in reversed(table.names)}
    return next((by_name[name] for name in TARGET_NAMES if name in by_name), table.names[-1])


def _columns_hint(table: TextTable) -> str:
    shown = ", ".join(table.names[:30])
    return f"Its columns: {shown}{', ...' if len(table.names) > 30 else ''}."


def _cells(table: TextTable, name: str, path: Path, kind: str = "auto") -> _Cells:
    """A column's cells: numbers if they are (or must be: kind "number"). Raises DataError for texts among them."""
    import polars

    texts = table.column(name)
    if kind != "category":  # most columns of numbers hold nothing else, and need no second look
        numbers = texts.cast(polars.Float64, strict=False)
        if numbers.null_count() == texts.null_count() < len(texts):
            return _Cells(name, _filled(numbers), texts)
    texts = texts.str.strip_chars()
    texts = texts.set(texts.str.to_lowercase().is_in(MISSING), None)
    present = len(texts) - texts.null_count()
    if kind == "category":
        return _Cells(name, None, texts)
    numbers = texts.cast(polars.Float64, strict=False)
    if numbers.null_count() > texts.null_count():
        with_points = texts.str.replace(r"^([-+]?\d*),(\d+)$", "${1}.${2}").cast(polars.Float64, strict=False)
        numbers = with_points if with_points.null_count() == texts.null_count() else numbers
    texts_among = numbers.is_null() & texts.is_not_null()
    count = int(texts_among.sum())
    if count and (kind == "number" or (count < present and count <= max(1, present // 5))):
        row = int(np.argmax(texts_among.to_numpy()))
        more = f" ({count:,} cells are like this)" if count > 1 else ""
        raise DataError(f"Column {name!r} of {path} holds numbers, but line {table.lines[row]:,} says "
                        f"{str(texts[row])[:60]!r}{more}.",
                        "Correct the cell or empty it" + ("." if kind == "number" else ", or leave the column out."))
    if count:
        return _Cells(name, None, texts)
    return _Cells(name, _filled(numbers), texts)


def _filled(numbers: "polars.Series") -> Numbers:
    return numbers.fill_null(np.nan).to_numpy().astype(np.float64, copy=False)


def _target(cells: _Cells, kind: str) -> tuple[Column, NDArray[np.float64] | NDArray[np.int64], list[str]]:
    """The target column with its values: class numbers (-1 where empty) or numbers (NaN where empty)."""
    import polars

    if cells.numbers is not None and not _are_classes(cells.numbers, kind):
        return Column(cells.name, "number", "target"), cells.numbers, []
    if cells.numbers is not None and _are_whole(cells.numbers):
        whole = sorted({int(number) for number in cells.numbers[np.isfinite(cells.numbers)]})
        values = np.full(len(cells.numbers), -1, np.int64)
        present = np.isfinite(cells.numbers)
        values[present] = np.searchsorted(whole, cells.numbers[present])
        return Column(cells.name, "category", "target", classes=tuple(map(str, whole))), values, []
    names = cells.distinct()
    rows = len(cells.texts) - cells.texts.null_count()
    if len(names) > MAX_CLASSES or (kind == "auto" and len(names) > max(FEW_NUMBERS, rows // 2)):
        raise DataError(f"The target {cells.name!r} holds {len(names):,} different texts in {rows:,} rows: that is no "
                        "set of classes.", "Choose another column as the target.")
    codes = cells.texts.replace_strict(polars.Series(names), polars.int_range(len(names), eager=True), default=-1,
                                       return_dtype=polars.Int64) if names else polars.Series([-1] * len(cells.texts))
    return Column(cells.name, "category", "target", classes=tuple(names)), codes.fill_null(-1).to_numpy(), []


def _are_classes(numbers: Numbers, kind: str) -> bool:
    if kind != "auto":
        return kind == "category"
    distinct = np.unique(numbers[np.isfinite(numbers)])
    return _are_whole(numbers) and len(distinct) <= FEW_NUMBERS and len(distinct) * 2 <= np.isfinite(numbers).sum()


def _are_whole(numbers: Numbers) -> bool:
    present = numbers[~np.isnan(numbers)]
    return bool((np.isfinite(present) & (np.abs(present) < 2**53)).all() and (present == np.rint(present)).all())


def _features(inputs: Iterable[_Cells]) -> tuple[tuple[Feature, ...], list[str]]:
    """The features of all input columns, and a finding for each column that was left out."""
    features: list[Feature] = []
    findings = []
    for cells in inputs:
        if cells.texts.null_count() == len(cells.texts):
            findings.append(f"Column {cells.name!r} is empty and was left out.")
        elif cells.numbers is not None:
            features.append(Feature(cells.name))
        elif (count := cells.texts.n_unique()) > MANY_TEXTS:
            findings.append(f"Column {cells.name!r} holds {count:,} different texts in {len(cells.texts):,} rows: no "
                            "category. It was left out.")
        else:
            features += [Feature(cells.name, text) for text in cells.distinct()]
    return tuple(features), findings


def _matrix(features: tuple[Feature, ...], columns: Iterable[_Cells]) -> Numbers:
    """(rows, features): numbers as they are, NaN where empty; 1 where a cell is the feature's text, else 0."""
    by_name = {cells.name: cells for cells in columns}
    rows = len(by_name[features[0].column].texts)
    matrix = allocate((rows, len(features)), np.float64, "The table")
    for index, feature in enumerate(features):
        cells = by_name[feature.column]
        if feature.value is None:
            assert cells.numbers is not None
            matrix[:, index] = cells.numbers
        else:
            matrix[:, index] = (cells.texts == feature.value).fill_null(False).to_numpy()
    return matrix
