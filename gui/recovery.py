"""Recovery after a crash: unsaved work is written to a file of its own within a second of every edit.

The file lies in the state folder, beside a lock that the system frees when the process ends, however it ends. A start
that finds such a file without a living owner offers it. A clean exit, a save and an undo back to the file remove it.
"""

import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from engine import folders, locks, projectfile, storage
from engine.errors import EngineError
from engine.project import Project
from gui.document import Document

DELAY_MS = 500
MAX_BYTES = 1 << 28


class _Unsaved(msgspec.Struct):
    """The content of a recovery file: the project and the file it belongs to ("" if it was never saved)."""

    path: str
    project: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Found:
    """Unsaved work of a program that ended without saving it."""

    file: Path
    project: Project
    path: Path | None
    time: datetime

    @property
    def name(self) -> str:
        return self.path.name if self.path else "an untitled project"


class Recovery(QObject):
    """Keeps the unsaved work of one document on disk, in `file`. failed(error): it could not be written, said once."""

    failed = Signal(object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._folder = folder()
        self.file = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.unsaved"
        self._lock = ExitStack()
        self._is_locked = False
        self._has_failed = False
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self.write)
        document.changed.connect(self._schedule)
        document.undo_stack.cleanChanged.connect(self._schedule)

    def write(self) -> None:
        """Write the unsaved work now, or remove the file if everything is saved."""
        self._timer.stop()
        if self._document.undo_stack.isClean():
            self.file.unlink(missing_ok=True)
            return
        try:
            self._take_lock()
            path = str(self._document.path or "")
            project = msgspec.Raw(projectfile.dumps(self._document.project))
            storage.write(self.file, msgspec.json.encode(_Unsaved(path, project)))
            self._has_failed = False
        except (EngineError, OSError) as error:
            if not self._has_failed:
                self.failed.emit(error)
            self._has_failed = True

    def found(self) -> list[Found]:
        """Unsaved work that no living program owns, newest first. What cannot be read any more is left alone."""
        found = [self._read(file) for file in self._folder.glob("*.unsaved") if file != self.file]
        return sorted((f for f in found if f is not None), key=lambda f: f.time, reverse=True)

    def restore(self, found: Found) -> None:
        """Show unsaved work again; its old file goes when the new one is written."""
        self._document.restore(found.project, found.path)
        self.write()
        self.discard(found)

    def discard(self, found: Found) -> None:
        found.file.unlink(missing_ok=True)
        _lock_path(found.file).unlink(missing_ok=True)

    def close(self) -> None:
        """A clean exit: nothing is left to recover."""
        self._timer.stop()
        self.file.unlink(missing_ok=True)
        _lock_path(self.file).unlink(missing_ok=True)
        self._lock.close()

    def _schedule(self) -> None:
        if not self._timer.isActive():  # not restarted: work is written within the delay, however long one types
            self._timer.start()

    def _take_lock(self) -> None:
        if not self._is_locked:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._is_locked = self._lock.enter_context(locks.hold(_lock_path(self.file)))

    def _read(self, file: Path) -> Found | None:
        if locks.is_held(_lock_path(file)):
            return None
        try:
            unsaved = msgspec.json.decode(storage.read(file, MAX_BYTES), type=_Unsaved)
            path = Path(unsaved.path) if unsaved.path else None
            project = projectfile.loads(bytes(unsaved.project), path.name if path else file.name)
            return Found(file, project, path, datetime.fromtimestamp(file.stat().st_mtime))
        except (EngineError, msgspec.MsgspecError, OSError):
            return None


def folder() -> Path:
    return folders.state() / "recovery"


def _lock_path(file: Path) -> Path:
    return file.with_suffix(".lock")
