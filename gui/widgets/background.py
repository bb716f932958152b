"""Slow work beside the window: reading a data set must never stop the window from answering."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import EngineError

Progress = Callable[[float], None]
Work = Callable[[Progress], Any]
"""Does the work. It calls the progress it is given with the finished share; that call ends work which was cancelled."""

_POLL_INTERVAL_MS = 30


class _Cancelled(BaseException):
    """Raised inside work that nobody waits for any more. Not an Exception: no reader may mistake it for a fault."""


@dataclass
class _Task:
    """What the thread and the window share: no Qt, so that the thread can outlive the window's objects."""

    progress: float = 0.0
    outcome: deque[tuple[str, Any]] = field(default_factory=lambda: deque(maxlen=1))
    is_cancelled: bool = False

    def advance(self, share: float) -> None:
        if self.is_cancelled:
            raise _Cancelled
        self.progress = share

    def run(self, work: Work) -> None:
        try:
            self.outcome.append(("finished", work(self.advance)))
        except _Cancelled:
            return
        except EngineError as error:
            self.outcome.append(("failed", error))
        except Exception as error:  # noqa: BLE001 - handed over to the window's thread, which raises it
            self.outcome.append(("broken", error))


class Background(QObject):
    """Does one piece of work at a time in a thread of its own; starting another one drops the one before.

    finished(result), failed(message, hint), progressed(share): of the newest work only. Exactly one of the first two
    comes, unless the work is cancelled. A bug in the work is raised in the window's thread.
    """

    finished = Signal(object)
    failed = Signal(str, str)
    progressed = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: _Task | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_INTERVAL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    def start(self, work: Work) -> None:
        self.cancel()
        self._task = _Task()
        threading.Thread(target=self._task.run, args=(work,), name="background", daemon=True).start()
        self._timer.start()

    def cancel(self) -> None:
        """Drop the work: nothing more is reported, and it ends at its next call of progress."""
        if self._task is not None:
            self._task.is_cancelled = True
            self._task = None
        self._timer.stop()

    def _poll(self) -> None:
        task = self._task
        if task is None:
            return
        if not task.outcome:
            self.progressed.emit(task.progress)
            return
        self._timer.stop()
        self._task = None
        kind, value = task.outcome.pop()
        if kind == "finished":
            self.finished.emit(value)
        elif kind == "failed":
            self.failed.emit(value.message, value.hint)
        else:
            raise value
