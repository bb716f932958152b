"""Notices that the files of the data changed while the window was away."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.data.disk.trees import open_tree
from engine.errors import DataError
from gui.widgets.background import Background, Progress


class FileWatch(QObject):
    """Compares the files at a place with how they were at the look before. changed: they differ, or are gone."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place: Path | None = None
        self._stamp = ""
        self._looking = Background(self)
        self._looking.finished.connect(self._take)

    @property
    def is_busy(self) -> bool:
        return self._looking.is_busy

    def look(self, place: Path) -> None:
        """Look, in the background. The first look at a place is what later ones are compared with."""
        if place != self._place:
            self._looking.cancel()
            self._place, self._stamp = place, ""
        if not self._looking.is_busy:
            self._looking.start(lambda progress: _stamp(place, progress))

    def _take(self, stamp: str) -> None:
        before, self._stamp = self._stamp, stamp
        if before and stamp != before:
            self.changed.emit()


def _stamp(place: Path, progress: Progress) -> str:
    """Another text when the files are others, or gone."""
    try:
        return open_tree(place, progress).fingerprint()
    except DataError as error:
        return error.message
