"""Delimited text (CSV, TSV, ...) as a table of texts: separator, header and encoding are found out."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.files import head, is_regular, read_bytes
from engine.errors import DataError

if TYPE_CHECKING:
    import polars

SEPARATORS = "\t;|,"
SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 200
LINE = "line of the file"
COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd", b"PK": "ZIP", b"BZ": "bzip2", b"\xfd7": "xz"}
WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TextTable:
    """Cells as texts, None where they are empty; lines without any are left out. `names` are unique.

    `lines` holds the line of the file that each row stands in; text with line breaks in it counts as one.
    """

    names: tuple[str, ...]
    frame: "polars.DataFrame"
    lines: "polars.Series"
    findings: tuple[str, ...] = ()

    def column(self, name: str) -> "polars.Series":
        return self.frame.to_series(self.names.index(name))


def looks_like_table(path: Path) -> bool:
    """True for an ordinary text file most of whose lines have the same number of cells, at least two."""
    if not is_regular(path):
        return False
    start = head(path, SAMPLE_BYTES)
    if not start or b"\0" in start or start[:2] in COMPRESSED:
        return start[:2] in WIDE_TEXT
    rows = _sample_rows(start.decode("utf-8-sig", "replace"))
    share, _, separator = max(_consistency(rows, separator) for separator in SEPARATORS)
    return bool(separator) and len(rows) > 1 and share > 0.5


def read_text_table(path: Path, header: str = "auto", wanted: frozenset[str] | None = None) -> TextTable:
    """Read a file of rows of cells.

    header   "yes", "no" or "auto": the first line is a header if it has no numbers, and stands above numbers or differs
             from all that follows
    wanted   for new files, the columns that are looked for: a first line that holds one of them is a header, and a
             single column is enough. Empty where columns go by their order. None: a data set, with a target

    Raises DataError that names the line.
    """
    text, findings = _decoded(path)
    sample = _sample_rows(text[:SAMPLE_BYTES])
    if not sample:
        raise DataError(f"{path} is empty.", "Choose a table with a header line and rows below it.")
    _, _, separator = max(_consistency(sample, separator) for separator in SEPARATORS)
    if not separator and wanted is None:
        raise DataError(f"{path} has one column only: no comma, semicolon, tab or bar separates cells.",
                        "A table needs a target column and at least one more.")
    first = next(csv.reader([sample[0]], delimiter=separator or ","))
    frame = _parsed(path, text, separator or ",", len(first))
    has_header = header == "yes" or (header == "auto" and _has_header(first, sample[1:], separator or ",", wanted))
    names = _unique(first) if has_header else tuple(f"column {index + 1}" for index in range(len(first)))
    rows = frame.slice(1) if has_header else frame
    if not rows.height:
        raise DataError(f"{path} has a header line but no rows.", "Choose a table with rows.")
    return TextTable(names, rows.drop(LINE), rows.to_series(rows.get_column_index(LINE)), findings)


def _decoded(path: Path) -> tuple[str, tuple[str, ...]]:
    data = read_bytes(path)
    if data[:2] in COMPRESSED:
        raise DataError(f"{path} is a compressed file ({COMPRESSED[data[:2]]}).", "Unpack it first.")
    if data[:2] in WIDE_TEXT:
        raise DataError(f"{path} is written in UTF-16.", "Save it as UTF-8, in a spreadsheet as \"CSV UTF-8\".")
    if (place := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, place) + 1
        raise DataError(f"{path} holds a zero byte in line {line:,}: it is damaged, or no text file.",
                        "Save it again as text with the program that made it.")
    findings: tuple[str, ...] = ()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = data.decode("latin-1")
        findings = (f"The file is not UTF-8 (line {line:,}): it was read as Latin-1.",)
    return text.replace("\r", "\n") if "\n" not in text else text, findings


def _sample_rows(text: str) -> list[str]:
    """The first lines that are not empty; without the last one, which may be cut, where there are more."""
    lines = text[:SAMPLE_BYTES].splitlines()
    if len(text) >= SAMPLE_BYTES and len(lines) > 1:
        lines.pop()
    return [line for line in lines[:SAMPLE_ROWS] if line.strip()]


def _consistency(rows: list[str], separator: str) -> tuple[float, int, str]:
    """How well a separator fits: the share of lines with the commonest number of cells. (0, 0, "") if it does not."""
    try:
        widths = Counter(len(row) for row in csv.reader(rows, delimiter=separator) if row)
    except csv.Error:
        return 0, 0, ""
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return (count / widths.total(), SEPARATORS.index(separator) * -1, separator) if width > 1 else (0, 0, "")


def _parsed(path: Path, text: str, separator: str, width: int) -> "polars.DataFrame":
    import polars

    try:
        table = text.lstrip("\r\n")
        empty_lines = text[: len(text) - len(table)].count("\n")
        frame = polars.read_csv(io.BytesIO(table.encode()), separator=separator, has_header=False, row_index_name=LINE,
                                row_index_offset=1 + empty_lines,
                                schema={f"column {index + 1}": polars.String for index in range(width)})
        return frame.filter(~polars.all_horizontal(polars.exclude(LINE).is_null()))
    except (polars.exceptions.PolarsError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise _ragged(path, text, separator, width) or DataError(
            f"{path} cannot be read as a table: {reason}.", "Check the quotes and line ends.") from None


def _ragged(path: Path, text: str, separator: str, width: int) -> DataError | None:
    """The error for the first line with too many cells, if that is what is wrong."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            if len(row) > width:
                return DataError(f"Line {reader.line_num:,} of {path} has {len(row)} cells, the first line {width}.",
                                 f"Correct the line; text that contains {separator!r} must stand in double quotes.")
    except csv.Error as error:
        return DataError(f"Line {reader.line_num:,} of {path} cannot be read: {error}.", "Correct the line.")
    return None


def _has_header(first: list[str], rest: list[str], separator: str, wanted: frozenset[str] | None) -> bool:
    cells = [cell.strip() for cell in first]
    if wanted:
        return not wanted.isdisjoint(cells)
    if any(_is_number(cell) for cell in cells):
        return False
    below = list(csv.reader(rest, delimiter=separator))
    columns = [[row[index].strip() for row in below if index < len(row)] for index in range(len(cells))]
    if any(any(map(_is_number, column)) for cell, column in zip(cells, columns, strict=True) if cell):
        return True
    return len(set(cells) - {""}) == len(cells) and all(
        cell not in column for cell, column in zip(cells, columns, strict=True))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _unique(cells: list[str]) -> tuple[str, ...]:
    """Column names; empty ones get their number, repeated ones a count."""
    names: list[str] = []
    for index, cell in enumerate(cells):
        name = plain = cell.strip()[:200] or f"column {index + 1}"
        count = 2
        while name in names:
            name, count = f"{plain} {count}", count + 1
        names.append(name)
    return tuple(names)
