"""Tables in files: separated values, Parquet and Excel, one file or several with the same columns, as a `Frame`."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from engine.data.disk.contents import content_of
from engine.data.disk.trees import File, Tree
from engine.data.files import require_memory
from engine.data.splits import SPLIT_NAMES, SPLITS
from engine.data.tables import separated
from engine.data.tables.frames import Frame, plain_types
from engine.errors import DataError
from engine.preparation.tables import unique

if TYPE_CHECKING:
    import polars

Format = Literal["separated", "parquet", "excel", ""]

HEAD_BYTES = 1 << 12
FEW_FILES = 16
LOOK_BYTES = 1 << 18
"""How much of a table is read to tell what it is."""

MAX_SHEET_BYTES = 4 << 30
SMALL_SHEET_BYTES = 64 << 20
MAX_SHEET_INFLATION = 300
"""Sheets are packed to a tenth or a fiftieth; larger files that would unpack into more than this are bombs."""

TITLE_ROWS = 20
"""A sheet's header is looked for in so many rows."""

OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SHEET_PARTS = (b"[Content_Types].xml", b"docProps/", b"_rels/", b"xl/")
ZIP_NAME = 30
"""Where the name of the first entry of a ZIP begins."""


def table_format(file: File) -> Format:
    """What kind of table a file holds, told by its beginning; "" if it is none."""
    start = file.head(HEAD_BYTES)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(OLD_EXCEL) or (start[:2] == b"PK" and start[ZIP_NAME:].startswith(SHEET_PARTS)):
        return "excel"
    if start[:2] not in separated.COMPRESSED and content_of(start) != "text":
        return ""
    return "separated" if separated.looks_separated(separated.beginning(file)) else ""


def read_frame(file: File, header: str = "auto", sheet: str = "") -> Frame:
    """Read a table.

    header  "yes", "no" or "auto": whether the first line names the columns
    sheet   of an Excel file; "": the first that holds a table

    Raises DataError that names the file and the line.
    """
    start = file.head(HEAD_BYTES)
    if start.startswith(b"PAR1"):
        return _read_parquet(file)
    if start.startswith(OLD_EXCEL) or (start[:2] == b"PK" and start[ZIP_NAME:].startswith(SHEET_PARTS)):
        return _read_excel(file, header, sheet)
    frame = separated.read_separated(file, header)
    return replace(frame, data=plain_types(frame.data))


def beginning_of(file: File, header: str = "auto") -> Frame:
    """The first rows of a table, to tell what it is. Raises DataError."""
    if table_format(file) == "separated":
        frame = separated.read_separated(file, header, LOOK_BYTES)
        return replace(frame, data=plain_types(frame.data))
    return read_frame(file, header)


def table_files(tree: Tree) -> Sequence[File]:
    """The files of a tree that hold tables. Of files with the same suffix only a few are tables, but then most of them:
    those of a folder with thousands of pictures are not looked at, and a text with many commas is no table."""
    if tree.single:
        return [tree.single] if table_format(tree.single) else []
    groups: dict[str, list[File]] = {}
    for file in tree.files:
        groups.setdefault(_suffix(file), []).append(file)
    found: list[File] = []
    for group in groups.values():
        tables = [file for file in group if table_format(file)] if len(group) <= FEW_FILES else []
        found += tables if len(tables) * 2 >= len(group) else []
    return sorted(found, key=lambda file: file.name)


def has_media(tree: Tree) -> bool:
    """True if there are pictures or sounds in a tree. One file of each suffix is looked at."""
    looked: set[str] = set()
    for file in () if tree.single else tree.files:
        if (suffix := _suffix(file)) not in looked:
            looked.add(suffix)
            if content_of(file.head(64)) in ("picture", "sound"):
                return True
    return False


def belonging(files: Sequence[File], header: str) -> tuple[Sequence[File], tuple[str, ...]]:
    """Those of several tables that are one data set, with a finding about the others.

    Tables that are named after splits belong together, if there is one to train on; else all that have the same
    columns. Raises DataError if none of this tells.
    """
    if len(files) == 1:
        return files, ()
    names = {file.name: beginning_of(file, header).names for file in files}
    by_split = [file for file in files if split_of(file)]
    main = next((file for file in by_split if split_of(file) == "train"), None)
    chosen = [file for file in (by_split if main else files) if names[file.name] == names[(main or files[0]).name]]
    chosen.sort(key=lambda file: SPLITS.index(split_of(file)) if main else 0)
    if not main and len(chosen) < len(files):
        shown = ", ".join(file.name for file in files[:10])
        raise DataError(f"There are {len(files)} tables with different columns: {shown}.", "Choose one of these files.")
    others = [file.name for file in files if file not in chosen]
    left = (f"Other tables were left out: {', '.join(others[:10])}.",) if others else ()
    return chosen, left


def split_of(file: File) -> str:
    """The split that a file's name tells, "" if it tells none."""
    words = file.base.lower().partition(".")[0].replace("-", "_").split("_")
    return next((SPLIT_NAMES[word] for word in (words[-1], words[0]) if word in SPLIT_NAMES), "")


def read_frames(files: Sequence[File], header: str, sheet: str) -> tuple[Frame, Sequence[int]]:
    """Several tables with the same columns one below the other, and the number of rows of each."""
    import polars

    frames = [read_frame(file, header, sheet) for file in files]
    if len(frames) == 1:
        return frames[0], [frames[0].data.height]
    for name in frames[0].names:
        if len({frame.data.schema.get(name) for frame in frames}) > 1:
            frames = [_as_text(frame, name) for frame in frames]
    lines = [polars.int_range(frame.first, frame.first + frame.data.height, eager=True, dtype=polars.UInt32)
             if frame.lines is None else frame.lines for frame in frames]
    counts = [frame.data.height for frame in frames]
    return Frame(polars.concat([frame.data for frame in frames]), frames[0].place, polars.concat(lines),
                 unit=frames[0].unit, findings=tuple(found for frame in frames for found in frame.findings),
                 sections=tuple(zip((file.name for file in files), counts, strict=True))), counts


def _as_text(frame: Frame, name: str) -> Frame:
    from engine.data.tables.cells import texts

    frame.require(name, f"as {frame.place} has")
    return replace(frame, data=frame.data.with_columns(texts(frame.data[name]).alias(name)))


def _suffix(file: File) -> str:
    return file.base.rpartition(".")[2].lower() if "." in file.base else ""


def _read_parquet(file: File) -> Frame:
    import polars

    damaged = DataError(f"{file.place} is a damaged Parquet file.", "Get the file again, or write it again.")
    try:
        with _source(file) as source:
            schema = polars.read_parquet_schema(source)
            source.seek(0)
            rows = polars.scan_parquet(source).select(polars.len()).collect().item()
            require_memory(rows * max(1, len(schema)), file.place)
            source.seek(0)
            data = polars.read_parquet(source)
    except DataError:
        raise
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError, ValueError, OverflowError,
            MemoryError):
        raise damaged from None
    if not data.height or not data.width:
        raise DataError(f"{file.place} has no rows.", "Choose a table with rows.")
    data.columns = list(unique([name.strip() for name in data.columns]))
    return Frame(plain_types(data), file.place, unit="row")


def _source(file: File) -> Any:
    return io.BytesIO(file.read())


def _read_excel(file: File, header: str, sheet: str) -> Frame:
    import fastexcel
    import polars

    content = file.read()
    _require_honest(file, content)
    try:
        book = fastexcel.read_excel(content)
        names = book.sheet_names
        if sheet and sheet not in names:
            raise DataError(f"{file.place} has no sheet named {sheet!r}.", f"Its sheets: {', '.join(names)}.")
        found = None
        for name in [sheet] if sheet else names:
            found = _sheet(book, name, header)
            if found is not None:
                break
    except (fastexcel.FastExcelError, polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError,
            ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise DataError(f"{file.place} is a damaged Excel file ({reason}).",
                        "Open it in a spreadsheet and save it again.") from None
    if found is None:
        raise DataError(f"{file.place} has no sheet with a header and rows below it.", "Choose a table with rows.")
    data, above = found
    others = [other for other in names if other != name]
    findings = (f"The sheet {name!r} was read; there are also {', '.join(map(repr, others[:10]))}.",) if others else ()
    return Frame(plain_types(data), file.place, first=1 + above, unit="row", findings=findings)


def _sheet(book: Any, name: str, header: str) -> "tuple[polars.DataFrame, int] | None":
    """A sheet's cells, and how many rows stand above them; None for one without rows."""
    import polars

    begin = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=TITLE_ROWS, dtypes="string").to_polars()
    rows = [["" if cell is None else str(cell).strip() for cell in row] for row in begin.rows()]
    above = _title_rows(rows)
    cells = rows[above] if above < len(rows) else []
    has_header = header == "yes" or (header == "auto" and not any(map(separated.is_number, cells)))
    place = {"header_row": above} if has_header else {"header_row": None, "skip_rows": above}
    data = book.load_sheet(name, schema_sample_rows=None, **place).to_polars()
    if not data.height or not data.width:
        return None
    data.columns = list(unique(cells if has_header else [""] * data.width))
    last = polars.any_horizontal(polars.all().is_not_null())
    return data.slice(0, data.select(last.arg_true().max() + 1).item() or 0), above + has_header


def _title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows of a sheet are empty or belong to its title: texts in at most half of the columns."""
    width = max((sum(map(bool, row)) for row in rows), default=0)
    for place, row in enumerate(rows):
        said = [cell for cell in row if cell]
        if len(said) * 2 > width or any(map(separated.is_number, said)):
            return place
    return 0


def _require_honest(file: File, content: bytes) -> None:
    """Raises DataError for an Excel file that would unpack into more than this machine can hold."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{file.place} is a damaged Excel file ({error}).",
                        "Open it in a spreadsheet and save it again.") from None
    if total > max(SMALL_SHEET_BYTES, min(MAX_SHEET_BYTES, MAX_SHEET_INFLATION * len(content))):
        raise DataError(f"{file.place} would unpack into {total / 1e9:,.1f} GB, which is no honest Excel file.",
                        "Save the table as CSV.")
    require_memory(total, file.place)
