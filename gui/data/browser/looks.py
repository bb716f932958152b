"""What the network really gets of a sample, asked from the worker once the selection rests."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine import jobs, looks
from engine.project import Data
from gui.session import Session

VERSIONS = 4
"""Random versions of a sample that are shown."""

_REST_MS = 150


@dataclass(frozen=True, slots=True)
class Look:
    """The answer for one row: by column (prepared, augmented), and its texts where a column has some."""

    row: int
    columns: dict[str, looks.Looked]
    texts: dict[str, str]


class Looks(QObject):
    """Asks for one row at a time; the newest wish wins. looked(Look); failed(message, hint)."""

    looked = Signal(object)
    failed = Signal(str, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wish: jobs.Look | None = None
        self._asked: jobs.Look | None = None
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self._ask)

    def ask(self, data: Data, base: Path | None, row: int) -> None:
        """Look at a row soon, unless another one is asked for until then."""
        self._wish = jobs.Look(data, (row,), str(base or ""), VERSIONS)
        self._timer.start()

    def stop(self) -> None:
        """Answer nothing more."""
        self._wish = None
        self._timer.stop()

    def _ask(self) -> None:
        if self._asked is None and self._wish is not None:
            self._asked = self._wish
            self._session.job(self._asked, self._finish, self._fail)

    def _finish(self, result: dict[str, Any]) -> None:
        asked, self._asked = self._asked, None
        columns = looks.taken(result)  # in any case: that deletes the file
        if asked is not None and asked == self._wish:
            texts = {column["name"]: column["texts"]["prepared"][0] for column in result["columns"]
                     if "texts" in column}
            self.looked.emit(Look(asked.rows[0], columns, texts))
        else:
            self._ask()

    def _fail(self, message: str, hint: str) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked == self._wish:
            self.failed.emit(message, hint)
        else:
            self._ask()
