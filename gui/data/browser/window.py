"""The data browser's window: all rows of the project's data, found, sorted and looked at closely."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.data.browse import Browser
from engine.data.files import Rows, portion
from engine.project import Data, Project
from gui.data.browser.filter_bar import FilterBar
from gui.data.browser.looks import Looks
from gui.data.browser.originals import Closeup, closeup
from gui.data.browser.query import Query
from gui.data.browser.rows_view import RowsView
from gui.data.browser.sample_detail import SampleDetail
from gui.data.browser.statistics_view import StatisticsView
from gui.document import Document
from gui.session import Session
from gui.widgets import icons, settings, theme
from gui.widgets.background import Background, Progress
from gui.widgets.empty_state import EmptyState

WIDTH, HEIGHT = 1120, 720
DETAIL_WIDTH = 380
_TYPING_MS = 250
"""Rest of the keys after which a condition is looked at."""


@dataclass(frozen=True)
class _Found:
    """An answer: the rows of a query in an opened data set."""

    browser: Browser
    query: Query
    rows: Rows


class BrowserWindow(QWidget):
    """One for each main window; it closes with it. It reads in the background, and only while it is in sight."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumSize(720, 440)
        self.resize(WIDTH, HEIGHT)
        self._document = document
        self._browser: Browser | None = None
        self._opened: tuple[Data, Path | None] | None = None
        self._opening = self._opened
        self._is_opening = False
        self._query = Query()
        self._goal: int | None = None
        self._shown: Closeup | None = None
        self._of_run: Data | None = None
        self._rows: Rows = np.zeros(0, np.int64)
        self._finding, self._reading = Background(self), Background(self)
        self._finding.finished.connect(self._take)
        self._finding.failed.connect(self._refuse)
        self._finding.progressed.connect(self._show_progress)
        self._reading.finished.connect(self._show_sample)
        self._reading.failed.connect(lambda message, hint: self.detail.clear(f"{message} {hint}".strip()))
        self._typing = QTimer(self, interval=_TYPING_MS, singleShot=True)
        self._typing.timeout.connect(self._find)
        self._looks = Looks(session, self)
        self.filters, self.list = FilterBar(self), RowsView(self)
        self.detail, self.statistics = SampleDetail(self), StatisticsView(self)
        self._looks.looked.connect(self.detail.show_look)
        self._looks.failed.connect(lambda message, hint: self.detail.say(f"{message} {hint}".strip()))
        self.empty = EmptyState("database", "No data yet", "Choose data in the Data panel; it is shown here.", self)
        self._build()
        self._connect()
        theme.notifier().changed.connect(self._show_again)
        self.restoreGeometry(settings.remembered_bytes("browser_geometry"))
        self.splitter.restoreState(settings.remembered_bytes("browser_splitter"))

    @property
    def is_busy(self) -> bool:
        """Something is being read, found or counted."""
        return (self._finding.is_busy or self._reading.is_busy or self._typing.isActive() or self.list.is_reading
                or self.statistics.is_counting)

    @property
    def rows(self) -> Rows:
        """The numbers of the rows that are listed, in order."""
        return self._rows

    @property
    def query(self) -> Query:
        return self._query

    def browse(self, rows: Sequence[int] | None = None, title: str = "", row: int | None = None,
               data: Data | None = None) -> None:
        """Come into sight with these rows only (None: all); `title` says what they are. `row` is selected.

        `data` is what the rows are of, as a run keeps it; None: what the project has now.
        """
        self._goal = row
        self._of_run = None if data is None or self._is_same(data) else data
        self._query = Query(only=None if rows is None else tuple(rows), title=title)
        self.filters.show_query(self._query)
        self.show()
        self.raise_()
        self.activateWindow()
        self.list.setFocus()
        self._find()

    def _is_same(self, data: Data) -> bool:
        """A run learned from what the project has now: its path is absolute, the project's perhaps not."""
        now = self._document.project.data
        return (now is not None and data.located(None) == now.located(self._document.folder)
                and msgspec.structs.replace(data, path=now.path) == now)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._stop()
        settings.remember_bytes("browser_geometry", self.saveGeometry())
        settings.remember_bytes("browser_splitter", self.splitter.saveState())
        super().closeEvent(event)

    def _build(self) -> None:
        self.sides = QTabWidget(self)
        self.sides.setDocumentMode(True)
        self.sides.tabBar().setDrawBase(False)
        self.sides.addTab(self.detail, icons.icon("scan"), "Sample")
        self.sides.addTab(self.statistics, icons.icon("chart-line"), "Columns")
        self.splitter = QSplitter(self)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.sides)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([WIDTH - DETAIL_WIDTH, DETAIL_WIDTH])
        self.sides.setMinimumWidth(320)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filters)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.empty, 1)

    def _connect(self) -> None:
        self.filters.changed.connect(self._change)
        self.filters.view_changed.connect(self.list.show_as)
        self.filters.column_changed.connect(self.list.show_column)
        self.list.chosen.connect(self._choose)
        self.list.sorted_by.connect(lambda column: self._change(self._query.sorted_by(column)))
        self.list.failed.connect(self.filters.say)
        self.sides.currentChanged.connect(self._show_side)
        self._document.changed.connect(self._follow)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filters.focus_search)
        for key in (QKeySequence.StandardKey.Close, QKeySequence(Qt.Key.Key_Escape)):
            QShortcut(QKeySequence(key), self, self.close)

    def _follow(self, before: Project, after: Project) -> None:
        """The project has other data: what was asked for made sense for the old one."""
        if self.isVisible() and before.data != after.data:
            self._of_run = None
            if before.data is None or after.data is None or before.data.path != after.data.path:
                self._query = Query()
                self.filters.show_query(self._query)
            self._find()

    def _change(self, query: Query) -> None:
        """The user asks for something else."""
        is_typed = query.where != self._query.where
        self._of_run = self._of_run if query.only is not None else None
        self._query = query
        self.filters.show_query(query)
        if is_typed:
            self._typing.start()
        else:
            self._find()

    def _find(self) -> None:
        """Open the data, if it is not open, and find the rows that are asked for."""
        self._typing.stop()
        data, base = self._document.project.data, self._document.folder
        if self._of_run is not None:
            data, base = self._of_run, None
        for part in (self.filters, self.splitter):
            part.setVisible(data is not None)
        self.empty.setVisible(data is None)
        self.setWindowTitle("Data browser" if data is None else f"Data browser – {data.located(base).name}")
        if data is None:
            self._forget()
            return
        query, browser = self._query, self._browser if self._opened == (data, base) else None

        def work(progress: Progress) -> _Found:
            opened = browser or Browser(data, base, portion(progress, 0.0, 0.9))
            return _Found(opened, query, query.rows(opened))

        self._opening = (data, base)
        self._is_opening = browser is None
        self._show_progress(0.0)
        self._finding.start(work)

    def _take(self, found: _Found) -> None:
        is_new = found.browser is not self._browser
        self._rows, self._browser, self._opened = found.rows, found.browser, self._opening
        if is_new:
            self.detail.show_browser(found.browser)
            self.statistics.show_browser(found.browser)
        self.list.show_rows(found.browser, found.rows, found.query)
        if is_new:
            self.filters.show_browser(found.browser)
        self.filters.say_count(len(found.rows), found.browser.count)
        goal, self._goal = self._goal, None
        places = np.flatnonzero(found.rows == goal) if goal is not None else []
        if len(places):
            self.list.set_current(int(places[0]))
        elif not len(found.rows):
            self.detail.clear("No sample fits what you asked for.")

    def _show_progress(self, share: float) -> None:
        self.filters.say(f"Opening… {share:.0%}" if self._is_opening else "")

    def _refuse(self, message: str, hint: str) -> None:
        self.filters.say(f"{message} {hint}".strip(), is_error=True)

    def _choose(self, position: int) -> None:
        """Read the chosen sample, and ask what the network gets of it."""
        browser = self._browser
        if browser is None or not 0 <= position < len(self._rows):
            self._looks.stop()
            self._reading.cancel()
            self.detail.clear()
            return
        row = int(self._rows[position])
        self._reading.start(lambda progress: closeup(browser, row, progress))

    def _show_sample(self, shown: Closeup) -> None:
        self._shown = shown
        self.detail.show_sample(shown)
        if self._opened is not None and not shown.sample.damage:
            self.detail.say("Preparing what the network gets…")
            self._looks.ask(*self._opened, shown.sample.row)

    def _show_side(self, side: int) -> None:
        if self.sides.widget(side) is self.statistics:
            self.statistics.start()

    def _show_again(self) -> None:
        """The colours are others."""
        if self._shown is not None and self.detail.sample is self._shown.sample and self.isVisible():
            self._show_sample(self._shown)

    def _forget(self) -> None:
        self._stop()
        self._browser = self._opened = None
        self._rows = np.zeros(0, np.int64)
        self.list.show_rows(None, self._rows, Query())
        self.detail.show_browser(None)
        self.statistics.show_browser(None)

    def _stop(self) -> None:
        self._typing.stop()
        for work in (self._finding, self._reading):
            work.cancel()
        self._looks.stop()
        self.list.stop()
        self.detail.stop()
        self.statistics.stop()

