"""Why nothing could be made of a file or a folder: a sentence about what lies there."""

import zipfile
from collections import Counter

from engine.data.disk.contents import content_of, spread
from engine.data.disk.trees import File, Tree
from engine.data.tables.separated import SEPARATORS, WIDE_TEXT, beginning
from engine.errors import DataError

HEAD_BYTES = 1 << 16
SAMPLE = 64
SENTENCE_WORDS = 3
KNOWN = {
    b"%PDF": "a PDF document", b"SQLite format 3": "an SQLite database", b"\x89HDF": "an HDF5 file",
    b"7z\xbc\xaf": "a 7-Zip archive", b"Rar!": "a RAR archive",
    b"ID3": "an MP3 recording", b"\xff\xfb": "an MP3 recording",
    b"\x28\xb5\x2f\xfd": "a file packed by Zstandard", b"\x80": "a Python pickle, which may run code",
    b"\x7fELF": "a program", b"MZ": "a program", b"\xd0\xcf\x11\xe0": "an old Office document",
    b"ARROW1": "an Arrow file", b"MATLAB 5": "a MATLAB file",
}
PARTS = {"word/": "a Word document", "ppt/": "a PowerPoint document"}
VIDEO = b"ftyp"


def why_not(tree: Tree) -> str:
    """What is wrong with a tree that is no data set of any kind."""
    if tree.single:
        return f"{tree.root} {_why_not_file(tree.single)}"
    files = spread(tree.files, SAMPLE)
    if not any(file.size for file in files):
        empty = "The only file" if len(tree.files) == 1 else f"All {len(tree.files):,} files"
        return f"{empty} in {tree.root} {'is' if len(tree.files) == 1 else 'are'} empty."
    if len(tree.files) == 1:
        return f"{tree.root} holds one file, {tree.files[0].name}, which {_why_not_file(tree.files[0])}"
    [(reason, count)] = Counter(_why_not_file(file) for file in files).most_common(1)
    named = next(file.name for file in files if _why_not_file(file) == reason)
    those = f"its {len(tree.files):,} files" if count == len(files) else f"most of its {len(tree.files):,} files"
    return f"{tree.root} is not a data set that can be read: of {those} each {reason.removesuffix('.')} ({named})."


def _why_not_file(file: File) -> str:
    """What the file does instead of holding data, as "is empty."."""
    if not file.size:
        return "is empty."
    start = beginning(file, HEAD_BYTES)
    if start[4:8] == VIDEO:
        return "is a video, which is not read: save its pictures in a folder for each class."
    if (known := next((title for magic, title in KNOWN.items() if start.startswith(magic)), "")):
        return f"is {known}, which is not read."
    if start.startswith(b"PK"):
        return _why_not_zip(file)
    if content_of(start[:512]) != "text":
        return "is not a data set that can be read: its bytes are of no kind that is known."
    encoding = WIDE_TEXT.get(start[:2], "utf-8-sig")
    return _why_not_text(start.decode(encoding, "replace"))


def _why_not_zip(file: File) -> str:
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (DataError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return "is a damaged ZIP file: copy or download it again."
    title = next((title for part, title in PARTS.items() if any(name.startswith(part) for name in names)), "")
    return f"is {title}, which is not read." if title else "is an archive inside of it: unpack that one first."


def _why_not_text(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()][:SAMPLE]
    if not lines:
        return "is empty: it holds nothing but blanks."
    if lines[0].lstrip().startswith(("{", "[")):
        each = "a JSON object in each line" if len(lines) > 1 and lines[1].startswith("{") else "JSON"
        return f"holds {each}, which is not read: save it as CSV, with a line for each sample."
    if lines[0].lstrip().startswith("<"):
        return "holds markup (HTML or XML), which is not read: save its table as CSV."
    return _why_no_table(lines)


def _why_no_table(lines: list[str]) -> str:
    widths = {separator: [line.count(separator) + 1 for line in lines] for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda sign: sum(width > 1 for width in widths[sign]))
    has_cells = sum(width > 1 for width in widths[separator]) * 2 > len(lines)
    if len(lines) == 1:
        return "has a header line but no rows." if has_cells else "has one line only: there are no samples in it."
    words = sum(len(line.split()) for line in lines) / len(lines)
    if words / max(1.0, sum(widths[separator]) / len(lines)) >= SENTENCE_WORDS or (
            not has_cells and words >= SENTENCE_WORDS):
        return ("is a text without classes: put texts in a folder for each class, or in a table with a column for the "
                "class, or choose a folder with two such files that belong together line by line.")
    if not has_cells:
        return "has one column only: a table needs a target column and at least one more."
    counts = widths[separator]
    other = next((place for place, count in enumerate(counts) if count != counts[0]), 0)
    return (f"has lines with different numbers of cells: {counts[0]} in the first, {counts[other]} in line "
            f"{other + 1} of those that are not empty. A table has as many in each.")
