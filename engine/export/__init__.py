"""Exports: a trained network as files that other programs open, each one verified before it is reported.

Importing the package is cheap; torch is loaded when something is exported.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.export.formats import FORMATS, ExportSpec

if TYPE_CHECKING:
    from engine.events import AnyEvent
    from engine.params import Value
    from engine.runs import Run

__all__ = ["FORMATS", "ExportSpec", "export"]


def export(run: "Run", format: str, path: Path | str, checkpoint: str = "best",
           emit: "Callable[[AnyEvent], None] | None" = None, *,
           decoding: "Mapping[str, Value] | None" = None) -> dict[str, Any]:
    """Write `run`'s checkpoint to `path` in one of `FORMATS` and verify it, see `engine.export.exporting`. `decoding`:
    how its texts are written where nothing else is chosen, see `engine.decoding.SETTINGS`.

    Returns {"path", "format", "difference", "samples", "notes"}. Raises ExportError or OptionError; then `path` is as
    it was before.
    """
    from engine.export.exporting import exported

    return exported(run, format, Path(path), checkpoint, emit or (lambda event: None),
                    decoding=decoding or {})
