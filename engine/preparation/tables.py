"""New tables (CSV, TSV, ...) as raw values by column, with nothing but the standard library."""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from . import cells, files, pictures, sounds
from .parts import AnyArray, Part

SEPARATORS = "\t;|,"
NAMED_SEPARATOR = re.compile(rf'"?sep=([{SEPARATORS}])"?\r?\n', re.IGNORECASE)
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_ROWS = 200
LARGEST_INFLATED = 1 << 31
LARGEST_CELL = 1 << 27
OTHER_FILES = {b"PAR1": "Parquet", b"PK\x03\x04": "ZIP or Excel", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2",
               b"\xfd7zX": "xz"}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts. `lines` holds the line of the file that each row ends in; columns have unique names."""

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def cells(self, name: str) -> list[str]:
        """A column, stripped. Raises DataError if it is not there."""
        if name not in self.names:
            raise DataError(f"{self.path} lacks the column {name!r} that the network was trained on.",
                            f"Its columns: {', '.join(self.names[:30])}.")
        place = self.names.index(name)
        return [row[place].strip() if place < len(row) else "" for row in self.rows]


def read(path: Path, wanted: Sequence[str]) -> Table:
    """The rows of a table that are not empty. `wanted` are the columns that are looked for: a first line that holds one
    of them is a header; where they have no names of their own, or where none are wanted, columns go by their order.

    Raises DataError that names the line.
    """
    text = decoded(path, files.whole(path))
    csv.field_size_limit(LARGEST_CELL)
    if named := named_separator(text[:16]):
        text = text[text.index("\n"):]
    sample = [line for line in text[:SAMPLE_CHARACTERS].splitlines()[:SAMPLE_ROWS] if line.strip()]
    separator = named or max(SEPARATORS, key=lambda sign: (_consistency(sample, sign), -SEPARATORS.index(sign)))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        found = [(row, reader.line_num) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table: {error}.", "Check the quotes and line ends.") from None
    if not found:
        raise DataError(f"{path} has no rows.", "Choose a table with rows.")
    names = tuple(f"column {index + 1}" for index in range(len(found[0][0])))
    first = [cell.strip() for cell in found[0][0]]
    if has_header(first, wanted):
        names, found = unique(first), found[1:]
    if not found:
        raise DataError(f"{path} has no rows.", "Choose a table with rows below its header.")
    for row, line in found:
        if len(row) > len(names):
            raise DataError(f"Line {line:,} of {path} has {len(row)} cells, the first line {len(names)}.",
                            f"Correct the line; text that contains {separator!r} must stand in double quotes.")
    return Table(path, names, [row for row, _ in found], [line for _, line in found])


def named_separator(start: str) -> str:
    """The separator that Excel's first line `sep=;` names, "" where there is no such line."""
    found = NAMED_SEPARATOR.match(start)
    return found[1] if found else ""


def has_header(first: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the first line names the columns."""
    if any(name != f"column {index + 1}" for index, name in enumerate(wanted)):
        return not set(wanted).isdisjoint(first)
    return not wanted and not any(cells.number(cell) is not None for cell in first)


def decoded(path: Path, data: bytes) -> str:
    """The text of a file, unpacked if it is a gzip file. UTF-8, UTF-16 with a mark, or else Latin-1."""
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as file:
                data = file.read(LARGEST_INFLATED + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} cannot be unpacked: {error}.", "Check that the file is whole.") from None
        if len(data) > LARGEST_INFLATED:
            raise DataError(f"{path} holds more than {LARGEST_INFLATED / 1e9:.1f} GB of text.", "Use smaller files.")
    if kind := next((name for magic, name in OTHER_FILES.items() if data.startswith(magic)), ""):
        raise DataError(f"{path} is a {kind} file, no table of text.", "Save it as CSV, or use an NPZ file.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if (place := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, place) + 1
        raise DataError(f"{path} holds a zero byte in line {line:,}: it is damaged, or no text file.",
                        "Save it again as text with the program that made it.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def values(table: Table, leaf: Part) -> Any:
    """The raw values of one column, as `encode` takes them. Raises DataError that names the line."""
    texts = table.cells(leaf.name)
    if leaf.kind == "category":
        return _classes(table, leaf, texts)
    if leaf.kind == "text":
        return texts
    if leaf.kind == "tokens":
        return [np.array(cells.tokens(text), np.int64) for text in texts]
    if leaf.kind in ("image", "audio"):
        return _files(table, leaf, texts)
    if leaf.kind in ("vector", "series"):
        return _vectors(table, leaf, texts)
    read_cell: Callable[[str], float | None] = cells.number
    if leaf.kind == "number" and (found := {name: leaf.settings[name] for name in ("thousands", "unit")
                                            if name in leaf.settings}):
        read_cell = lambda text: cells.number(text, **found)  # noqa: E731 -- a name for one of four rules
    elif leaf.kind == "boolean":
        read_cell = lambda text: cells.boolean(text, leaf.classes)  # noqa: E731
    elif leaf.kind == "date":
        read_cell = lambda text: cells.date(text, leaf.settings.get("order", "month first"))  # noqa: E731
    return _numbers(table, leaf.name, texts, read_cell, leaf.kind)


def numbers(table: Table, names: Sequence[str]) -> AnyArray:
    """Columns of numbers, float64 (rows, columns)."""
    return np.stack([_numbers(table, name, table.cells(name), cells.number, "number") for name in names], axis=1)


def moments(table: Table, name: str) -> AnyArray:
    """When each row was, float64 (rows,): numbers, or dates as seconds. Raises DataError that names the line."""

    def read_cell(text: str) -> float | None:
        found = cells.number(text)
        return cells.date(text) if found is None else found if isfinite(found) else None

    return _numbers(table, name, table.cells(name), read_cell, "date")


def _numbers(table: Table, name: str, texts: Sequence[str], read_cell: Callable[[str], float | None],
             kind: str) -> AnyArray:
    found = np.empty(len(texts))
    for row, text in enumerate(texts):
        value = read_cell(text)
        if value is None:
            kinds = {"number": "numbers", "boolean": "yes and no", "date": "dates"}[kind]
            raise DataError(f"Column {name!r} of {table.path} holds {kinds}, but line {table.lines[row]:,} says "
                            f"{text[:60]!r}.", "Correct the cell or empty it.")
        found[row] = value
    return found


def _classes(table: Table, leaf: Part, texts: Sequence[str]) -> AnyArray:
    found = np.array(cells.class_numbers(texts, leaf.classes), np.int64)
    if leaf.settings.get("unseen") == "refuse" and (found < 0).any():
        row = int(np.argmax(found < 0))
        raise DataError(f"Column {leaf.name!r} of {table.path} says {texts[row][:60]!r} in line {table.lines[row]:,}, "
                        "which training never saw.", "Correct the cell, or leave the row out.")
    return found


def _vectors(table: Table, leaf: Part, texts: Sequence[str]) -> AnyArray:
    found = np.empty((len(texts), *leaf.shape))
    for row, text in enumerate(texts):
        said = cells.numbers(text)
        if len(said) != found[row].size:
            raise DataError(f"Column {leaf.name!r} of {table.path} holds {len(said)} numbers in line "
                            f"{table.lines[row]:,}; the network reads {found[row].size}.", "Correct the cell.")
        found[row] = np.array(said).reshape(leaf.shape)
    return found


def _files(table: Table, leaf: Part, texts: Sequence[str]) -> Any:
    """Pictures or recordings whose names, relative to the table's folder, stand in the cells."""
    return stacked(leaf, [media(leaf, table.path.parent / text) for text in texts])


def media(leaf: Part, path: Path) -> AnyArray:
    """One picture (channels, height, width) or recording (samples,) as a part reads it. Raises DataError."""
    data = files.whole(path)
    try:
        if leaf.kind == "image":
            return pictures.decode(data, leaf.shape, leaf.settings)
        return sounds.decode(data, leaf.settings["rate"], leaf.settings["seconds"])
    except DataError as error:
        raise DataError(f"{path} cannot be used: {error.message}.", "Choose another file.") from None


def stacked(leaf: Part, found: list[AnyArray]) -> Any:
    """Pictures as one array, recordings as a list."""
    return np.stack(found) if leaf.kind == "image" and found else found


def _consistency(rows: list[str], separator: str) -> float:
    """How well a separator fits: the share of lines with the commonest number of cells, 0 if that is one."""
    try:
        widths = Counter(len(row) for row in csv.reader(rows, delimiter=separator) if row)
    except csv.Error:
        return 0.0
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return count / widths.total() if width > 1 else 0.0


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Column names; empty ones get their number, repeated ones a count."""
    found: list[str] = []
    for index, name in enumerate(names):
        wanted = plain = name[:200] or f"column {index + 1}"
        count = 2
        while wanted in found:
            wanted, count = f"{plain} {count}", count + 1
        found.append(wanted)
    return tuple(found)
