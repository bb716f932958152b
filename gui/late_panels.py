"""The panels that are made after the window was painted for the first time, one at a time, so that it answers soon."""

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from engine.project import Data
from gui.docks import Docks
from gui.document import Document
from gui.session import Session

INTERVAL_MS = 20
"""Between two panels: time for the window to paint and to take a click."""

Browse = Callable[[Sequence[int] | None, str, int | None, Data | None], None]
"""Shows these rows (None: all) of some data (None: the project's), which are so called, and selects one."""


class LatePanels(QObject):
    """Fills the docks that are empty at first, in the order in which they are likely to be looked at."""

    def __init__(self, docks: Docks, document: Document, session: Session, browse: Browse, parent: QObject) -> None:
        super().__init__(parent)
        self._docks, self._document, self._session, self._browse = docks, document, session, browse
        self._missing = deque(("charts", "training", "data", "log", "code", "test", "try", "steps"))
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._make_next)

    @property
    def is_finished(self) -> bool:
        return not self._missing

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._missing and not self._timer.isActive():
            self._timer.start()

    def finish(self) -> None:
        """Make all that are missing, now."""
        while self._missing:
            self._make_next()

    def stop(self) -> None:
        """Make no more."""
        self._missing.clear()
        self._timer.stop()

    def _make_next(self) -> None:
        if self._missing:
            dock = self._missing.popleft()
            self._docks.put(dock, self._made(dock))
        if not self._missing:
            self._timer.stop()

    def _browse_rows(self, rows: Sequence[int] | None, title: str) -> None:
        self._browse(rows, title, None, None)

    def _browse_run(self, rows: Sequence[int], title: str, row: int | None) -> None:
        run = self._session.run
        self._browse(rows, title, row, run.project.data if run else None)

    def _browse_row(self, row: int) -> None:
        self._browse(None, "", row, None)

    def _made(self, dock: str) -> QWidget:  # noqa: PLR0911 - one panel for each dock
        document, session = self._document, self._session
        match dock:
            case "charts":
                from gui.charts.panel import ChartsPanel

                return ChartsPanel(session)
            case "training":
                from gui.training.train_panel import TrainPanel

                return TrainPanel(document, session)
            case "data":
                from gui.data.data_panel import DataPanel

                data_panel = DataPanel(document, session)
                data_panel.browse.connect(self._browse_rows)
                data_panel.samples.opened.connect(self._browse_row)
                return data_panel
            case "log":
                from gui.log_panel import LogPanel

                return LogPanel(session)
            case "code":
                from gui.design.code_panel import CodePanel

                return CodePanel(document, session)
            case "test":
                from gui.results.test_panel import TestPanel

                test_panel = TestPanel(session)
                test_panel.browse.connect(self._browse_run)
                return test_panel
            case "try":
                from gui.results.try_panel import TryPanel

                return TryPanel(session)
            case "steps":
                from gui.results.steps_panel import StepsPanel

                steps_panel = StepsPanel(session)
                steps_panel.emptied.connect(self._docks[dock].close)
                return steps_panel
        raise ValueError(f"no panel is made for the dock {dock!r}")
