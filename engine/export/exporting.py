"""One export from start to end: write aside, verify, and only then move into place."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine import storage
from engine.errors import ExportError
from engine.events import AnyEvent, Progressed
from engine.export.formats import FORMATS, ExportSpec
from engine.export.model import load
from engine.export.source import is_exported
from engine.export.verification import verify
from engine.params import Value
from engine.runs import Run


def exported(run: Run, format: str, path: Path, checkpoint: str, emit: Callable[[AnyEvent], None],
             *, decoding: Mapping[str, Value]) -> dict[str, Any]:
    """See `engine.export.export`. What stood at `path` is replaced in one step, and only by a verified export."""
    spec = FORMATS.get(format)
    if spec is None:
        raise ExportError(f"There is no format named {format!r}.", f"Formats: {', '.join(FORMATS)}.")
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 -- keeps a symbolic link in place of its target
    _refuse_unsafe(spec, path, run)
    emit(Progressed("Reading samples", 0.0))
    model = load(run, checkpoint, emit, decoding)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".neuroloom-export-", dir=path.parent) as name:
            written = Path(name) / path.name
            emit(Progressed("Writing", 0.3))
            notes = spec.write(model, written)
            emit(Progressed("Verifying in a fresh process", 0.6))
            difference = verify(spec, model, written)
            emit(Progressed("Moving into place", 1.0))  # the last place where a cancelled export leaves nothing
            _replace(written, path, Path(name) / "replaced")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error
    return {
        "path": str(path), "format": format, "difference": difference, "samples": model.count, "notes": list(notes),
    }


def _refuse_unsafe(spec: ExportSpec, path: Path, run: Run) -> None:
    """Never replace what is not an earlier export: a folder with other things in it, or the run itself."""
    if path in (run.folder.resolve(), *run.folder.resolve().parents):
        raise ExportError(f"{path} holds the run itself.", "Choose a name of its own for the export.")
    if path.parent.name == "checkpoints" and (path.parent.parent / "run.json").exists():
        raise ExportError(f"{path.parent} holds the checkpoints of a run.", "Choose another folder for the export.")
    if spec.is_folder and path.exists():
        if not path.is_dir():
            raise ExportError(f"{path} is a file, and {spec.label} is written as a folder.", "Choose a folder's name.")
        if any(path.iterdir()) and not is_exported(path):
            raise ExportError(f"The folder {path} holds other files.", "Choose a new folder for the export.")
    if not spec.is_folder and path.is_dir():
        raise ExportError(f"{path} is a folder, and {spec.label} is written as a file.",
                          f"For example {path / ('network' + spec.suffix)}")
    if path.exists() and not spec.is_folder and path.suffix.lower() not in ("", spec.suffix, *spec.others):
        raise ExportError(f"{path} is there already, and by its name it is no {spec.label} file.",
                          f"Choose a name that ends in {spec.suffix}, or delete the file first.")


def _replace(written: Path, path: Path, aside: Path) -> None:
    """Move into place. A folder cannot replace a folder in one step: the old one is kept aside until the new stands."""
    if not written.is_dir():
        storage.adopt(written, path)
        return
    if path.exists():
        path.rename(aside)
    try:
        written.rename(path)
    except OSError:
        if aside.exists():
            aside.rename(path)
        raise
