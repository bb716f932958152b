"""Tables as data sets: typed columns, the scalar ones joined in one vector, and cells that name files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np

from engine.data.columns import settings_of
from engine.data.disk.contents import content, spread
from engine.data.disk.media import Pictures, Sounds, Texts
from engine.data.disk.trees import File, Tree
from engine.data.files import Rows, ignore_progress
from engine.data.opened import Asked, Held, Opened, RowNames, Values
from engine.data.readers.audio_folder import sound_column
from engine.data.readers.image_columns import picture_column
from engine.data.readers.text_folder import SAMPLE, text_column
from engine.data.tables import cells
from engine.data.tables.frames import Frame
from engine.data.tables.held_files import held_files
from engine.data.tables.inference import MANY_CLASSES, Guess, guessed, odd_finding, overruled
from engine.data.tables.reading import beginning_of, belonging, has_media, read_frames, split_of, table_files
from engine.data.tables.roles import Leaf, with_roles
from engine.data.vocabularies import with_vocabulary
from engine.derived import LENGTHS, SHIFTED
from engine.errors import DataError
from engine.kinds import KINDS
from engine.params import Choice, Param, Text, Value
from engine.preparation.features import width
from engine.preparation.parts import is_usable
from engine.project import Column, ColumnChoice

if TYPE_CHECKING:
    import polars

PARAMS: tuple[Param, ...] = (
    Choice(name="header", default="auto", choices=("auto", "yes", "no"),
           help="Whether the first line names the columns. Auto: found out."),
    Text(name="sheet", default="", help="Of an Excel file. Empty: the first sheet that holds a table."),
)
FEATURES = "features"
MOST_CLASSES = 200_000
NAMED_SHARE = 0.5
HELD_SAMPLE = 16
MEDIA = {"picture": "image", "sound": "audio", "text": "text"}
TABLE_KINDS = ("number", "category", "boolean", "date", "text", "tokens", "vector", "image", "audio")


def recognise(tree: Tree) -> bool:
    """True for a table; for a folder or archive that holds tables and neither pictures nor sounds, or a table whose
    cells name its files."""
    files = table_files(tree)
    if not files:
        return False
    if tree.single or not has_media(tree):
        return True
    return any(_names_files(tree, file) for file in files)


def open_table(asked: Asked) -> Opened:
    """Open a table. Raises DataError that names the line and the column."""
    header = cast(str, asked.options["header"])
    files, left = _chosen_files(asked.tree, header)
    frame, counts = read_frames(files, header, cast(str, asked.options["sheet"]))
    if frame.data.height < 2:
        raise DataError(f"{frame.place} has one row only: too few samples.",
                        "Rows to train on and to test with are needed.")
    asked.progress(0.5)
    for name, choice in asked.chosen.items():
        if (choice.role == "target" or choice.kind) and not name.endswith((LENGTHS, SHIFTED)) \
                and name != FEATURES:
            frame.require(name, "to predict" if choice.role == "target" else f"to take as {choice.kind}")
    named = _Named(asked.tree, files[0].folder)
    leaves = _leaves(asked, frame, named)
    built = [_built(asked, frame, leaf, named) for leaf in leaves]
    columns = _joined([column for column, _ in built], frame.names)
    if not any(column.role == "input" for column in columns):
        left_out = _left_out(leaves, asked.chosen)
        raise DataError(f"{frame.place} has no column to learn from{f': {left_out}' if left_out else '.'}",
                        "Columns of numbers, classes, dates, texts or names of files are needed.")
    values = {column.name: cells_of for column, cells_of in built}
    usable, lacking = _usable(frame.place, leaves, values)
    media = [file for leaf in leaves if leaf.guess.files and leaf.role != "ignore" and not held_files(frame, leaf.name)
             for file in named.of(leaf.name, frame)]
    asked.progress(1.0)
    told = [odd_finding(frame, leaf.name, leaf.guess) for leaf in leaves if leaf.role != "ignore"]
    told += [_negative_labels(frame, column) for column, _ in built]
    return Opened(
        columns=columns,
        values=values,
        names=_row_names(files, counts),
        files=[*files, *media],
        usable=usable,
        fixed=_fixed(files, counts),
        findings=(*left, *frame.findings, *filter(None, told), *lacking, *named.findings,
                  *([f"Left out: {found}"] if (found := _left_out(leaves, asked.chosen)) else [])),
    )


@dataclass(slots=True)
class _Named:
    """The files that cells name, and what to tell about them."""

    tree: Tree
    folder: str
    findings: tuple[str, ...] = ()
    found: "dict[str, list[File | None]] | None" = None

    def kind(self, sample: Sequence[str]) -> str:
        """What the files are that cells name: "image", "audio" or "text"; "" if they name none."""
        if self.tree.kind == "file" and not all("." in cell[-6:] for cell in sample):
            return ""
        files = [self.tree.find(cell, self.folder) for cell in dict.fromkeys(sample)]
        present = [file for file in files if file]
        if len(present) <= NAMED_SHARE * len(files):
            return ""
        kind, count = Counter(MEDIA.get(content(file), "") for file in present).most_common(1)[0]
        if kind == "text" and not all("." in cell[-6:] for cell in sample):
            return ""
        return kind if count * 2 > len(present) else ""

    def of(self, name: str, frame: Frame) -> "list[File | None]":
        """The file of each row."""
        self.found = {} if self.found is None else self.found
        if name not in self.found and (held := held_files(frame, name)):
            self.found[name] = list(held)
        if name not in self.found:
            texts = cells.texts(frame.data[name]).to_list()
            files = [self.tree.find(text, self.folder) if text else None for text in texts]
            self.found[name] = files
            if lost := [row for row, file in enumerate(files) if file is None]:
                more = f" ({len(lost):,} rows name files that are not there)" if len(lost) > 1 else ""
                self.findings += (f"Column {name!r}: {frame.where(lost[0])} names the file {texts[lost[0]]!r}, which "
                                  f"is not there{more}.",)
            if not self.tree.single and (unnamed := self._unnamed([file for file in files if file])):
                more = f" and {len(unnamed) - 1:,} more files are" if len(unnamed) > 1 else " is"
                self.findings += (f"{unnamed[0]}{more} named by no row of the table.",)
        return self.found[name]

    def _unnamed(self, files: Sequence[File]) -> list[str]:
        """Files of the tree with the suffixes of those that are named."""
        suffixes = {file.base.rpartition(".")[2] for file in files}
        names = {file.name for file in files}
        return [file.name for file in self.tree.files
                if file.base.rpartition(".")[2] in suffixes and file.name not in names]


def _names_files(tree: Tree, file: File) -> bool:
    try:
        frame = beginning_of(file)
    except DataError:
        return False
    named = _Named(tree, file.folder)
    return any(_media_kind(frame.data[name], named) in ("image", "audio") for name in frame.names)


def _media_kind(series: "polars.Series", named: _Named) -> str:
    import polars

    if series.dtype not in (polars.String, polars.Float64):
        return ""
    present = series.drop_nulls()
    sample = cells.texts(present.gather_every(max(1, len(present) // 16)).head(16)).drop_nulls().to_list()
    return named.kind(sample) if sample else ""


def _held_kind(frame: Frame, name: str) -> str:
    """What the files are that lie in the cells of a column: "image" or "audio"; "" if there are none."""
    held = [file for file in spread(held_files(frame, name), HELD_SAMPLE) if file]
    kind, count = Counter(MEDIA.get(content(file), "") for file in held).most_common(1)[0] if held else ("", 0)
    return kind if kind != "text" and count > NAMED_SHARE * len(held) else ""


def _chosen_files(tree: Tree, header: str) -> tuple[Sequence[File], tuple[str, ...]]:
    files = [tree.single] if tree.single else table_files(tree)
    if len(files) > 1 and has_media(tree):
        files = [file for file in files if _names_files(tree, file)] or files
    if not files:
        raise DataError(f"{tree.root} holds no table.", "Choose a CSV, TSV, Parquet or Excel file.")
    return belonging(files, header)


def _leaves(asked: Asked, frame: Frame, named: _Named) -> list[Leaf]:
    guesses: dict[str, Guess] = {}
    for position, name in enumerate(frame.names):
        series = frame.data[name]
        guess = guessed(name, series, position, named.kind)
        if kind := _held_kind(frame, name):
            guess = Guess(kind, "its cells hold files", files=True)
        if guess.is_unique and not asked.tree.single and (kind := _media_kind(series, named)) in ("image", "audio"):
            guess = Guess(kind, "its cells name files", files=True)
        if (kind := asked.chosen[name].kind if name in asked.chosen else "") and kind in KINDS:
            if kind not in TABLE_KINDS:
                raise DataError(f"Column {name!r} of {frame.place} cannot be taken as {KINDS[kind].title.lower()}.",
                                f"Kinds of a table's columns: {', '.join(TABLE_KINDS)}.")
            guess = overruled(guess, kind, series)
            if kind in ("image", "audio"):
                guess = Guess(kind, "chosen", files=True)
        guesses[name] = guess
    return with_roles(frame.names, {name: frame.data[name] for name in frame.names}, guesses, asked.chosen)


def _built(asked: Asked, frame: Frame, leaf: Leaf, named: _Named) -> tuple[Column, Values]:
    """A column and its raw values."""
    import polars

    name, guess = leaf.name, leaf.guess
    classes: tuple[str, ...] = ()
    kind = guess.kind
    if kind == "category":
        classes = cells.class_names(leaf.series)
        if len(classes) > MOST_CLASSES and leaf.role != "ignore":
            raise DataError(f"Column {name!r} of {frame.place} holds {len(classes):,} different values: that is no set "
                            "of classes.", "Leave it out, or choose another kind for it.")
        if len(classes) > MOST_CLASSES:
            kind, classes = "text", ()
    found = dict(guess.settings)
    has_vocabulary = kind in ("text", "tokens") and not guess.files and leaf.role in ("input", "target")
    known = asked.known_column(name)
    if has_vocabulary and known and known.kind == kind:
        found = known.settings
    elif has_vocabulary and kind == "text":
        found = {**_text_settings(asked, leaf), **found}
    settings = settings_of(name, kind, asked.chosen, found)
    if kind == "category" and settings["encoding"] == "auto" and len(classes) > MANY_CLASSES and leaf.role == "input":
        settings["encoding"] = "index"
    column = Column(name, kind, leaf.role, guess.shape if kind == "vector" else (), classes, guess.reason, settings)
    if guess.files and leaf.role != "ignore":
        return _media(asked, frame, column, named)
    if kind == "number" and leaf.series.dtype == polars.Float64 and not leaf.series.null_count():
        return column, Held(leaf.series.to_numpy())
    values = cells.CellValues(leaf.series, cells.converter(kind, classes, settings, guess.width))
    return with_vocabulary(column, values, len(leaf.series), asked) if has_vocabulary else column, values


def _text_settings(asked: Asked, leaf: Leaf) -> dict[str, Value]:
    """The length that most texts do not exceed: in characters, if these are the tokens."""
    texts = leaf.series.drop_nulls()
    sample = cells.texts(texts.gather_every(max(1, len(texts) // SAMPLE)).head(SAMPLE)).to_list()
    tokens = settings_of(leaf.name, "text", asked.chosen, dict(leaf.guess.settings))["tokens"]
    if tokens == "character":
        sample = [" ".join(text) for text in sample]
    return dict(text_column(leaf.name, sample, asked, "").settings)


def _media(asked: Asked, frame: Frame, column: Column, named: _Named) -> tuple[Column, Values]:
    """A column of names of files, and what is in the files."""
    files = named.of(column.name, frame)
    if not any(files):
        raise DataError(f"No cell of column {column.name!r} of {frame.place} names a file that is there.",
                        "Put the files beside the table, or choose another kind for the column.")
    if column.kind == "audio":
        heard = msgspec.structs.replace(column, settings=sound_column(column.name, files, asked).settings)
        return heard, Sounds(files, heard.settings["rate"], heard.settings["seconds"])
    if column.kind == "text":
        return column, Texts(files)
    found, findings = picture_column(column.name, files, asked)
    named.findings += tuple(findings)
    shaped = msgspec.structs.replace(column, shape=found.shape)
    return shaped, Pictures(files, found.shape, column.settings)


def _joined(columns: Sequence[Column], names: Sequence[str]) -> tuple[Column, ...]:
    """Scalar inputs in one vector; then the other inputs, what is predicted, and the rest."""
    parts = tuple(column for column in columns if column.role == "input" and KINDS[column.kind].joins
                  and column.settings.get("encoding") != "index")
    count = sum(width(part.kind, len(part.classes), part.settings) for part in parts)
    name = FEATURES if FEATURES not in names else "joined features"
    first = (Column(name, "vector", "input", (count,), parts=parts, reason="columns of the table"),)
    order = {"input": 0, "target": 1, "weight": 2, "group": 3, "split": 4, "ignore": 5}
    rest = sorted((column for column in columns if column not in parts), key=lambda column: order[column.role])
    return (*(first if parts else ()), *rest)


def _usable(place: str, leaves: Sequence[Leaf], values: "dict[str, Values]") -> tuple[Rows | None, tuple[str, ...]]:
    """The rows with all targets, None for all rows, and what to tell about the others."""
    usable: Rows | None = None
    findings = []
    for leaf in leaves:
        if leaf.role != "target" or leaf.guess.files or leaf.guess.kind in ("tokens", "vector"):
            continue
        if leaf.guess.kind == "text":
            has = (cells.texts(leaf.series).fill_null("").str.strip_chars() != "").to_numpy()
        else:
            array = values[leaf.name].read(None, ignore_progress).values
            has = array >= 0 if leaf.guess.kind == "category" else is_usable(array)
        if not has.any():
            raise DataError(f"No row of {place} has a {leaf.guess.kind} in the target column {leaf.name!r}.",
                            "Choose another column to predict, or another kind for this one.")
        if not has.all():
            count = int(np.count_nonzero(~has))
            lead = "1 row has" if count == 1 else f"{count:,} rows have"
            findings.append(f"{lead} no {leaf.name!r} and {'was' if count == 1 else 'were'} left out.")
            rows = np.flatnonzero(has)
            usable = rows if usable is None else np.intersect1d(usable, rows)
    return usable, tuple(findings)


def _negative_labels(frame: Frame, column: Column) -> str:
    """A finding about a class -1 among classes that count from 0; "" if there is none."""
    if column.role != "target" or column.kind != "category" or len(column.classes) < 3:
        return ""
    numbers = [name for name in column.classes if name.lstrip("-").isdigit()]
    negative = [name for name in numbers if name.startswith("-")]
    if len(numbers) < len(column.classes) or len(negative) != 1 or "0" not in numbers or "1" not in numbers:
        return ""
    series = frame.data[column.name]
    count = int((cells.class_numbers(series, (negative[0],)) == 0).sum())
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return (f"The target {column.name!r} has the negative label {negative[0]} in {rows}: "
            "often it means that the class is not known. Empty these cells if so.")


def _left_out(leaves: Sequence[Leaf], chosen: Mapping[str, ColumnChoice]) -> str:
    """The columns that were left out without having been asked to, with the reasons."""
    found = [f"{leaf.name!r} ({leaf.guess.reason})" for leaf in leaves
             if leaf.role == "ignore" and not (leaf.name in chosen and chosen[leaf.name].role)]
    return f"{', '.join(found[:20])}{', ...' if len(found) > 20 else ''}." if found else ""


def _row_names(files: Sequence[File], counts: Sequence[int]) -> RowNames:
    if len(files) == 1:
        return RowNames(("row", counts[0]))
    return RowNames(*((f"{file.base} row", count) for file, count in zip(files, counts, strict=True)))


def _fixed(files: Sequence[File], counts: Sequence[int]) -> dict[str, Rows]:
    """The rows of files that are named after splits."""
    found: dict[str, list[Rows]] = {}
    start = 0
    for file, count in zip(files, counts, strict=True):
        if len(files) > 1 and (split := split_of(file)):
            found.setdefault(split, []).append(np.arange(start, start + count))
        start += count
    return {split: np.concatenate(rows) for split, rows in found.items()}
