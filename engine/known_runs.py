"""The runs that a project knows: those in its default places, those assigned to it, and others beside them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from glob import escape
from pathlib import Path

import msgspec

from engine import storage
from engine.errors import EngineError, RunError, StorageError
from engine.runs import Run, default_parents, stem

_MAX_LIST = 1 << 20
_DATED = f"-{8 * '[0-9]'}-{6 * '[0-9]'}*"
"""How the folder of a run goes on behind the name of its project."""


def recent(project_path: Path | None, limit: int = 50) -> list[Run]:
    """The runs in the default places of a project and those assigned to it, the newest first. Damaged ones are left
    out."""
    return _newest((*_own(project_path), *_assigned(project_path)))[:limit]


def others(project_path: Path | None, known: Iterable[Run], limit: int = 50) -> list[Run]:
    """The runs of whatever project that lie where those of a project are put, but for the known ones."""
    folders = {path.parent for path in default_parents(project_path)[0].glob("*/run.json")}
    return _newest(folders - {run.folder for run in known})[:limit]


def _newest(folders: Iterable[Path]) -> list[Run]:
    found = []
    for run in map(Run, dict.fromkeys(folders)):
        with suppress(RunError):  # damaged ones are left out
            found.append((run.info().created, run))
    return [run for _, run in sorted(found, key=lambda dated: dated[0], reverse=True)]


def assign(found: Iterable[Run], project_path: Path) -> None:
    """Have runs listed with a project that is saved after they were begun. They stay where they are, so that whoever
    trains or uses them is not disturbed. Raises StorageError."""
    path, own = _list_of_assigned(project_path), _own(project_path)
    assigned = _listed(path)
    new = [run.folder for run in found if run.folder not in (*assigned, *own)]
    if new:
        with suppress(OSError):  # told when the list is written
            path.parent.mkdir(parents=True, exist_ok=True)
        storage.write(path, msgspec.json.format(msgspec.json.encode([str(folder) for folder in (*assigned, *new)])))


def _own(project_path: Path | None) -> list[Path]:
    """The run folders in the default places of a project."""
    pattern = f"{escape(stem(project_path))}{_DATED}/run.json"
    return [path.parent for parent in default_parents(project_path) for path in parent.glob(pattern)]


def _assigned(project_path: Path | None) -> list[Path]:
    """The run folders elsewhere that were assigned to a project; none if the list cannot be read."""
    with suppress(EngineError):
        return _listed(_list_of_assigned(project_path)) if project_path else []
    return []


def _listed(path: Path) -> list[Path]:
    """The run folders in a list of them, which may not be there. Raises StorageError."""
    if not os.path.exists(path):  # noqa: PTH110 -- Path.exists raises for names that are too long
        return []
    try:
        found = msgspec.json.decode(storage.read(path, _MAX_LIST), type=list[str])
    except msgspec.DecodeError as error:
        raise StorageError(f"{path} is damaged: {error}.", "Remove it, or put it right.") from error
    return [Path(folder) for folder in found if "\0" not in folder]


def _list_of_assigned(project_path: Path) -> Path:
    """Beside the project's own runs, so that it goes where the project goes."""
    return default_parents(project_path)[0] / f"{stem(project_path)}.elsewhere.json"
