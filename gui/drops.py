"""Files and folders that are dragged from the desktop: what they are to the window."""

from pathlib import Path

from PySide6.QtGui import QDropEvent

from engine.projectfile import SUFFIX


def dropped_path(event: QDropEvent) -> Path | None:
    """The one local file or folder that is dragged; None for anything else."""
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None


def project_path(event: QDropEvent) -> Path | None:
    """The project file that is dragged, None for anything else."""
    path = dropped_path(event)
    return path if path and path.suffix == SUFFIX else None


def data_path(event: QDropEvent) -> Path | None:
    """The file or folder that is dragged and may hold data, None for anything else."""
    path = dropped_path(event)
    return path if path and path.suffix != SUFFIX else None
