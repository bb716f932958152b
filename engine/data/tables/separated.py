"""Separated values (CSV, TSV, ...): encoding, separator, header and types are found out, and memory is bounded.

Columns of numbers are read as numbers at once; only columns with anything else in them are read as texts.
"""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from engine.data.disk.trees import File
from engine.data.files import BLOCK_BYTES, require_memory
from engine.data.tables.frames import Frame, repeated_names
from engine.errors import DataError
from engine.preparation.cells import is_missing
from engine.preparation.tables import named_separator, unique

if TYPE_CHECKING:
    import polars

SEPARATORS = "\t;|,"
SAMPLE_BYTES = 1 << 18
SAMPLE_ROWS = 200
MAX_LINE_BYTES = 64 << 20
RETRIES = 12
LINE = "line of the file"
LINE_FEED = ord("\n")
COMPRESSED: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
OTHER_COMPRESSED = {b"\x28\xb5": "Zstandard", b"PK": "ZIP"}
WIDE_TEXT = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def beginning(file: File, count: int = SAMPLE_BYTES) -> bytes:
    """The first bytes of the text in a file, unpacked; b"" for what cannot be read."""
    start = file.head(count)
    if start[:2] not in COMPRESSED:
        return start
    found = bytearray()
    try:
        for block in _unpacked(file, count):
            found += block
            if len(found) >= count:
                break
    except DataError:
        pass
    return bytes(found[:count])


def looks_separated(start: bytes) -> bool:
    """True for the beginning of a text most of whose lines have the same number of cells, at least two."""
    if not start or start[:2] in OTHER_COMPRESSED:
        return False
    if encoding := WIDE_TEXT.get(start[:2]):
        start = start[2:].decode(encoding, "ignore").encode()
    if b"\0" in start:
        return False
    text = start.decode("utf-8-sig", "replace")
    if text.lstrip()[:1] in ("{", "<", "["):  # JSON and markup also have commas
        return False
    rows = _sample_rows(text)
    share, _, separator = max(_consistency(rows, separator) for separator in SEPARATORS)
    return bool(separator) and len(rows) > 1 and share > 0.5


def read_separated(file: File, header: str = "auto", most_bytes: int | None = None) -> Frame:
    """Read a file of rows of cells.

    header      "yes", "no" or "auto": the first line is a header if it has no numbers, and stands above numbers or
                differs from all that follows
    most_bytes  read no more than about so much of its beginning

    Raises DataError that names the line.
    """
    if most_bytes is None and (numbers := _all_numbers(file, header)):
        return numbers
    data, findings = _text(file, most_bytes)
    if named := named_separator(data[:16].decode(errors="ignore")):
        data = data[data.index(b"\n"):]
    sample = _sample_rows(data[:SAMPLE_BYTES].decode(errors="ignore"))
    if not sample:
        raise DataError(f"{file.place} is empty.", "Choose a table with a header line and rows below it.")
    _, width, separator = max(_consistency(sample, separator) for separator in named or SEPARATORS)
    if not separator:
        raise DataError(f"{file.place} has one column only: no comma, semicolon, tab or bar separates cells.",
                        "A table needs a target column and at least one more.")
    rows = list(csv.reader(sample, delimiter=separator))
    first = rows[0]
    has_header = header == "yes" or (header == "auto" and _has_header(first, rows[1:]))
    if has_header and width == len(first) + 1:  # row names without a name of their own, as R writes them
        first = ["row", *first]
    if has_header and (repeated := repeated_names(first)):
        findings = (*findings, f"Several columns are named {repeated!r}: the later ones got a number.")
    frame = _parsed(file.place, data, separator, [first, *rows[1:]], has_header)
    if not frame.height:
        raise DataError(f"{file.place} has a header line but no rows.", "Choose a table with rows.")
    names = unique([cell.strip() for cell in first] if has_header else [""] * len(first))
    lines = frame.to_series(0)
    cells = frame.drop(LINE)
    cells.columns = list(names)
    short = _short_lines(data, separator, cells, lines)
    return Frame(cells, file.place, lines, findings=(*findings, *short))


def _all_numbers(file: File, header: str) -> Frame | None:
    """A plain file that holds nothing but numbers and empty cells below its header, read at once; None for any other.
    What is odd about a text (zero bytes, endless lines, quotes, another encoding) makes a cell that is no number, and
    short and empty lines have no last cell: they are left to those who look closer."""
    import polars

    start = file.head(SAMPLE_BYTES)
    if not file.path or len(start) < SAMPLE_BYTES or not start.isascii() or start[:1] in b"\r\n" or any(
            odd in start for odd in (b'"', b"\0")) or start[:2] in (*COMPRESSED, *OTHER_COMPRESSED):
        return None
    sample = _sample_rows(start.decode())
    width, separator = max(_consistency(sample, separator) for separator in SEPARATORS)[1:] if sample else (0, "")
    rows = [line.split(separator) for line in sample] if separator else []
    if len(rows) < 2 or any(len(row) != width for row in rows) or polars.String in _guessed(rows[1:], width) or any(
            cell and is_missing(cell) for row in rows[1:] for cell in row):
        return None
    has_header = header == "yes" or (header == "auto" and _has_header(rows[0], rows[1:]))
    names = unique([cell.strip() for cell in rows[0]] if has_header else [""] * width)
    if has_header and repeated_names(rows[0]):
        return None
    require_memory(3 * file.size, file.place)
    try:
        cells = polars.read_csv(file.path, separator=separator, has_header=False, skip_rows=int(has_header),
                                quote_char=None, schema=dict.fromkeys(names, polars.Float64))
    except (polars.exceptions.PolarsError, OSError, OverflowError, polars.exceptions.PanicException):
        return None
    if not cells.height or cells.to_series(-1).null_count():
        return None
    return Frame(cells.rechunk(), file.place, first=1 + has_header)


def _unpacked(file: File, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The file's bytes in blocks, unpacked where they are packed."""
    start = file.head(2)
    if start in OTHER_COMPRESSED:
        raise DataError(f"{file.place} is a compressed file ({OTHER_COMPRESSED[start]}).", "Unpack it first.")
    try:
        with file.open() as raw:
            stream: Any = raw
            if start in COMPRESSED:
                stream = COMPRESSED[start](raw)
            while block := stream.read(size):
                yield block
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DataError(f"{file.place} is damaged: {str(error) or 'it ends too early'}.",
                        "Get the file again.") from None
    except OSError as error:
        raise DataError(f"{file.place} cannot be read: {error.strerror or error}.", "Get the file again.") from None


def _text(file: File, most: int | None) -> tuple[bytes, tuple[str, ...]]:
    """The whole text as UTF-8 with line feeds, and findings. What cannot be a table is refused before it is held."""
    if most is None and file.path and (plain := _plain(file)) is not None:
        return plain, ()
    check = _Check(file.place)
    parts: list[bytes] = []
    total = 0
    decoder: codecs.IncrementalDecoder | None = None
    for raw in _unpacked(file):
        start = 0
        if not total:
            encoding = WIDE_TEXT.get(raw[:2], "")
            decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
            start = 2 if encoding else len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0
        block = raw[start:] if start else raw
        parts.append(bytes(check.checked(decoder.decode(block).encode() if decoder else block)))
        total += len(raw)
        require_memory(3 * total, file.place)
        if most and total >= most:
            parts.append(parts.pop().rpartition(b"\n")[0])
            break
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    return (data, ()) if check.is_utf8(most is None) else _repaired(data)


def _plain(file: File) -> bytes | None:
    """The whole of a file that can be taken as it is, None if it cannot: it is looked through in small blocks, then
    read at once, which is faster than to put the blocks together."""
    start = file.head(len(codecs.BOM_UTF8))
    if start[:2] in COMPRESSED or start[:2] in OTHER_COMPRESSED or start[:2] in WIDE_TEXT or start == codecs.BOM_UTF8:
        return None
    check = _Check(file.place)
    buffer = bytearray(BLOCK_BYTES)
    with file.open() as stream:
        while count := cast(BufferedReader, stream).readinto(buffer):
            check.checked(buffer if count == len(buffer) else buffer[:count])
    require_memory(3 * file.size, file.place)
    return file.read() if check.is_utf8(True) and not check.is_old else None


class _Check:
    """Looks at a text block by block: zero bytes and endless lines are refused; line ends become line feeds.

    is_old  lines end as they did on old Macs, with carriage returns alone
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._lines = 0
        self._run = 0
        self.is_old: bool | None = None
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True

    def checked(self, block: bytes | bytearray) -> bytes | bytearray:
        if self.is_old is None:
            self.is_old = b"\n" not in block and b"\r" in block
        if self.is_old:
            block = block.replace(b"\r", b"\n")
        if (place := block.find(b"\0")) >= 0:
            line = self._lines + block.count(b"\n", 0, place) + 1
            raise DataError(f"{self._place} holds a zero byte in line {line:,}: it is damaged, or no text file.",
                            "Save it again as text with the program that made it.")
        end = block.find(b"\n")
        if self._run + (len(block) if end < 0 else end) > MAX_LINE_BYTES:
            raise DataError(f"Line {self._lines + 1:,} of {self._place} is longer than {MAX_LINE_BYTES >> 20} MB: "
                            "that is no row of a table.", "Correct the line; a quote may be missing.")
        self._run = self._run + len(block) if end < 0 else len(block) - block.rfind(b"\n") - 1
        self._lines += int(np.count_nonzero(np.frombuffer(block, np.uint8) == LINE_FEED))  # quicker than block.count
        if self._is_utf8 and not (block.isascii() and not self._utf8.getstate()[0]):
            try:
                self._utf8.decode(block)
            except UnicodeDecodeError:
                self._is_utf8 = False
        return block

    def is_utf8(self, is_whole: bool) -> bool:
        return self._is_utf8 and not (is_whole and self._utf8.getstate()[0])


def _repaired(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The text with those lines that are not UTF-8 read as Latin-1."""
    lines = data.split(b"\n")
    odd: list[int] = []
    good = 0
    for index, line in enumerate(lines):
        if line.isascii():
            continue
        try:
            line.decode()
            good += 1
        except UnicodeDecodeError:
            lines[index] = line.decode("latin-1").encode()
            odd.append(index + 1)
    if good:
        many = f"Line {odd[0]:,}" if len(odd) == 1 else f"Line {odd[0]:,} and {len(odd) - 1:,} more"
        found = f"{many} of the file are no UTF-8, as the others are, and were read as Latin-1."
    else:
        found = f"The file is not UTF-8 (line {odd[0]:,}): it was read as Latin-1."
    return b"\n".join(lines), (found,)


def _sample_rows(text: str) -> list[str]:
    """The first lines that are not empty; without the last one, which may be cut, where there are more."""
    cut = text[:SAMPLE_BYTES]
    lines = cut.split("\n") if "\n" in cut else cut.splitlines()
    if len(text) >= SAMPLE_BYTES - 8 and len(lines) > 1:
        lines.pop()
    return [line.rstrip("\r") for line in lines[:SAMPLE_ROWS] if line.strip()]


def _consistency(rows: list[str], separator: str) -> tuple[float, int, str]:
    """How well a separator fits: the share of lines with the commonest number of cells, and that number. (0, 0, "") if
    it does not."""
    try:
        widths = Counter(len(row) for row in csv.reader(rows, delimiter=separator) if row)
    except csv.Error:
        return 0, 0, ""
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return (count / widths.total(), width, separator) if width > 1 else (0, 0, "")


def _has_header(first: list[str], below: list[list[str]]) -> bool:
    cells = [cell.strip() for cell in first]
    if any(is_number(cell) for cell in cells):
        return False
    columns = [[row[index].strip() for row in below if index < len(row)] for index in range(len(cells))]
    if any(any(map(is_number, column)) for cell, column in zip(cells, columns, strict=True) if cell):
        return True
    return len(set(cells) - {""}) == len(cells) and all(
        cell not in column for cell, column in zip(cells, columns, strict=True))


def is_number(cell: str) -> bool:
    """True for a cell that holds a number, with a decimal point or a decimal comma."""
    try:
        float(cell.replace(",", ".", 1))
    except ValueError:
        return False
    return "_" not in cell


def _parsed(place: str, data: bytes, separator: str, sample: list[list[str]], has_header: bool) -> "polars.DataFrame":
    """The cells, with the line of each row in the first column.

    Columns are read as numbers where a sample of rows has nothing else below the first; what turns out to hold
    other things is read again as texts. Marks of empty cells are looked for only where they were seen: looking for all
    that there are takes as long as all the rest.
    """
    import polars

    text = data.lstrip(b"\r\n")
    offset = 1 + data.count(b"\n", 0, len(data) - len(text)) + has_header
    width, below = len(sample[0]), sample[1:]
    dtypes, marks = _guessed(below, width), {cell for row in below for cell in row if cell and is_missing(cell)}
    for attempt in range(RETRIES + 1):
        try:
            frame = polars.read_csv(
                text, separator=separator, has_header=False, skip_rows=int(has_header), row_index_name=LINE,
                row_index_offset=offset, null_values=sorted(marks) or None,
                schema={f"column {index + 1}": dtype for index, dtype in enumerate(dtypes)})
            break
        except (polars.exceptions.PolarsError, OverflowError, polars.exceptions.PanicException) as error:
            reason = str(error).splitlines()[0]
            found = re.search(r"parse `(.*)` as dtype .* column number (\d+)", reason)
            if polars.Float64 not in dtypes:
                if "empty" in reason or "no data" in reason.lower():
                    return polars.DataFrame(schema={LINE: polars.UInt32, "column": polars.String})
                raise _wrong_line(place, data, separator, width) or DataError(
                    f"{place} cannot be read as a table: {reason}.", "Check the quotes and line ends.") from None
            if not found or attempt >= RETRIES - 1:
                dtypes = [polars.String] * width
            elif is_missing(found[1]) and found[1] not in marks:
                marks.add(found[1])
            else:
                dtypes[int(found[2]) - 1] = polars.String
    if all(series.null_count() for series in frame.get_columns()[1:]):
        frame = frame.filter(~polars.all_horizontal(polars.exclude(LINE).is_null()))
    return frame


def _guessed(below: list[list[str]], width: int) -> list[Any]:
    """The type of each column by a sample of its cells: Float64 where it holds nothing else than numbers."""
    import polars

    dtypes: list[Any] = []
    for index in range(width):
        cells = [row[index] for row in below if index < len(row)]
        cells = [cell for cell in cells if not is_missing(cell)]
        dtypes.append(polars.Float64 if cells and all(map(_is_plain_number, cells)) else polars.String)
    return dtypes


def _is_plain_number(cell: str) -> bool:
    """True if the cell is a number as it stands, and exact in float64 if it is a whole one."""
    return is_number(cell) and "," not in cell and not (cell.lstrip("+-").isdigit() and len(cell.lstrip("+-0")) > 15)


def _wrong_line(place: str, data: bytes, separator: str, width: int) -> DataError | None:
    """The error for the first line with too many cells or with a quote that is not closed, if that is what is wrong."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", "replace", newline=""), delimiter=separator,
                        strict=True)
    begin = 1
    try:
        for row in reader:
            if len(row) > width:
                return DataError(f"Line {reader.line_num:,} of {place} has {len(row)} cells, the first line {width}.",
                                 f"Correct the line; text that contains {separator!r} must stand in double quotes.")
            begin = reader.line_num + 1
    except csv.Error as error:
        reason = "its quotes are not closed" if "end of data" in str(error) else str(error)
        return DataError(f"Line {begin:,} of {place} cannot be read: {reason}.", "Correct the quotes in this line.")
    return None


def _short_lines(data: bytes, separator: str, cells: "polars.DataFrame", lines: "polars.Series") -> tuple[str, ...]:
    """A finding if lines have too few cells. Where cells hold line breaks, lines cannot be told and it is left out."""
    last = cells.to_series(cells.width - 1)
    if not last.null_count():
        return ()
    texts = data.rstrip(b"\r\n").split(b"\n")
    if len(texts) < lines[-1] or (b'"' in data and len(texts) > lines[-1]):
        return ()
    mark = separator.encode()
    short = [line for line in lines.filter(last.is_null()).to_list()
             if b'"' not in texts[line - 1] and texts[line - 1].count(mark) + 1 < cells.width]
    if not short:
        return ()
    count = texts[short[0] - 1].count(mark) + 1
    lead = f"Line {short[0]:,} has" if len(short) == 1 else f"{len(short):,} lines have"
    where = "" if len(short) == 1 else f", the first of them line {short[0]:,}"
    return (f"{lead} too few cells ({count} of {cells.width}{where}): those that are missing count as empty.",)
