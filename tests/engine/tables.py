"""What the tests of tables share: small files, opened as data sets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.data import sources
from engine.data.files import ignore_progress
from engine.data.opened import Opened
from engine.project import Column, ColumnChoice, Data


def written(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def inspected(path: Path, chosen: Mapping[str, ColumnChoice] | None = None, **options: Any) -> Data:
    return sources.inspect(path, "" if not path.is_file() else "table", options=options, chosen=chosen)


def opened(path: Path, chosen: Mapping[str, ColumnChoice] | None = None, **options: Any) -> Opened:
    return sources.open_data(inspected(path, chosen, **options), None)


def leaves(data: Data | Opened) -> dict[str, Column]:
    """The columns of the file, by name."""
    return {leaf.name: leaf for column in data.columns for leaf in column.leaves if leaf.kind != "lengths"}


def kinds(data: Data | Opened) -> dict[str, tuple[str, str]]:
    """Kind and role of each column of the file."""
    return {name: (leaf.kind, leaf.role) for name, leaf in leaves(data).items()}


def raw(found: Opened, name: str) -> Any:
    """The raw values of all rows."""
    return found.values[name].read(None, ignore_progress).values
