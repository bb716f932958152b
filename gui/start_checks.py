"""What fits of the weights that the open document starts from: asked of the worker, told to the document."""

from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from engine import jobs, projectfile, runs
from engine.analysis.starting import Fit, file_of, paths
from gui.document import Document

if TYPE_CHECKING:
    from gui.session import Session

DELAY_MS = 300
"""After an edit, before it is checked again what fits."""

_Key = tuple[object, ...]
"""What a check depends on: the path, its file, when that was written and how large it is, the networks,
and which of them are trained."""


class StartChecks(QObject):
    """Looks a moment after an edit, when the user comes back from another program, and when a training starts.

    changed: something else is known.
    """

    changed = Signal()

    def __init__(self, document: Document, session: "Session") -> None:
        super().__init__(session)
        self._document, self._session = document, session
        self._known: dict[str, tuple[_Key, Fit]] = {}
        self._asked: set[str] = set()
        self._is_stopped = False
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self.look)
        document.changed.connect(self._wait)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication), "a session belongs to a window"
        application.applicationStateChanged.connect(self._return)

    def fit(self, address: str) -> Fit | None:
        """What is known of a start, None while it is not; "": of the whole."""
        found = self._known.get(address)
        return found[1] if found and found[1].path == paths(self._document.project).get(address) else None

    def look(self) -> None:
        """Ask what fits, of what changed since it was asked last."""
        wanted = self._wanted()
        self._known = {address: found for address, found in self._known.items() if wanted.get(address) == found[0]}
        for address in wanted.keys() - self._known.keys() - self._asked:
            self._ask(address, wanted[address])
        self._tell()

    def stop(self) -> None:
        """Look no more."""
        self._is_stopped = True
        self._timer.stop()

    def _wait(self) -> None:
        if not self._is_stopped and (self._known or paths(self._document.project)):
            self._timer.start()

    def _return(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self._wait()

    def _wanted(self) -> dict[str, _Key]:
        """What to check: the starts whose files are there."""
        project, folder = self._document.project, self._document.folder
        found: dict[str, _Key] = {}
        for address, path in paths(project).items():
            file = file_of(path, folder)
            if stamp := _stamp(file):
                found[address] = (path, file, *stamp, project.graphs, project.main, project.plan)
        return found

    def _ask(self, address: str, key: _Key) -> None:
        project = self._document.project
        path = paths(project)[address]

        def answered(fit: Fit) -> None:
            self._asked.discard(address)
            if self._wanted().get(address) == key:
                self._known[address] = (key, fit)
                self._tell()
            else:
                self.look()

        def finished(result: dict[str, Any]) -> None:
            answered(Fit(path, result["matched"], result["total"], tuple(result["misfits"])))

        self._asked.add(address)
        text = projectfile.dumps(runs.anchored(project, self._document.path)).decode()
        self._session.job(jobs.Match(text, address), finished,
                          lambda message, hint: answered(Fit(path, failure=(message, hint))))

    def _tell(self) -> None:
        self._document.judge_starts({address: fit for address, (_, fit) in self._known.items()})
        self.changed.emit()


def _stamp(file: Path) -> tuple[int, int] | None:
    """Size and time of a file; None if there is none."""
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns) if S_ISREG(status.st_mode) else None
