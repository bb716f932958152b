"""The rows that were found: drawn side by side, or listed in a table. Only what is in sight is read."""

import numpy as np
from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedWidget, QTableView, QWidget

from engine.data.browse import ROW, Browser
from engine.data.files import Rows
from engine.project import Column
from gui.data.browser.cell_delegate import CellDelegate
from gui.data.browser.filter_bar import GRID
from gui.data.browser.query import Query
from gui.data.browser.rows_model import RowsModel
from gui.data.browser.thumbnails import Thumbnails
from gui.data.data_samples import picturable
from gui.widgets import theme
from gui.widgets.tile_view import Cell, TileView

_LINE_HEIGHT = 24
_WIDTHS = {ROW: 76, "number": 84, "boolean": 68, "category": 108, "date": 140, "text": 260, "vector": 260}
"""Of a column of this kind, in pixels, unless its name needs more."""

_WIDTH = 120
_WIDEST_NAME = 240
_ARROW = 32


class RowsView(QStackedWidget):
    """A grid and a table of the same rows, with the same current one.

    chosen(position): the current row is another, -1 for none. sorted_by(column): its header was clicked.
    failed(message): cells cannot be read.
    """

    chosen = Signal(int)
    sorted_by = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._browser: Browser | None = None
        self._rows: Rows = np.zeros(0, np.int64)
        self._column: Column | None = None
        self._position = -1
        self.thumbnails = Thumbnails(self)
        self.grid = TileView(self._cell, self)
        self.grid.setAccessibleName("Samples")
        self.model = RowsModel(self)
        self.table = QTableView(self)
        self.table.setAccessibleName("Rows")
        self._set_up_table()
        self.addWidget(self.grid)
        self.addWidget(self.table)
        self.thumbnails.arrived.connect(self.grid.refresh)
        self.thumbnails.failed.connect(lambda message, hint: self.failed.emit(f"{message} {hint}".strip()))
        self.grid.seen.connect(self._want)
        self.grid.chosen.connect(self._choose)
        self.table.selectionModel().currentRowChanged.connect(self._choose_line)
        self.table.horizontalHeader().sectionClicked.connect(lambda at: self.sorted_by.emit(self.model.columns[at]))

    @property
    def is_reading(self) -> bool:
        return self.thumbnails.is_reading

    @property
    def position(self) -> int:
        """The current row's place in the list, -1 for none."""
        return self._position

    def show_rows(self, browser: Browser | None, rows: Rows, query: Query) -> None:
        """Show these rows; what is selected stays selected if it is among them."""
        current = self._rows[self._position] if self._position >= 0 and browser is self._browser else -1
        is_new = browser is not self._browser
        self._column = None if is_new else self._column
        widths = [self.table.columnWidth(place) for place in range(self.model.columnCount())]
        self._browser, self._rows, self._position = browser, rows, -1
        if is_new:
            self._draw()
        self.model.show(browser, rows, query.sort, descending=query.descending)
        self.grid.set_count(len(rows))
        for place, name in enumerate(self.model.columns):
            self.table.setColumnWidth(place, self._width(name) if is_new else widths[place])
        places = np.flatnonzero(rows == current)
        if len(places):
            self.set_current(int(places[0]))
        else:
            self.chosen.emit(-1)

    def show_as(self, view: str) -> None:
        """Show the rows as "grid" or "table"."""
        self.setCurrentWidget(self.grid if view == GRID else self.table)
        self.setFocusProxy(self.currentWidget())
        self._want(*self.grid.visible)

    def show_column(self, name: str) -> None:
        """Draw this column of the samples."""
        columns = picturable(self._browser) if self._browser else ()
        self._column = next((leaf for leaf in columns if leaf.name == name), None)
        self._draw()

    def set_current(self, position: int) -> None:
        """Select a row by its place in the list and bring it into sight."""
        self._choose(position)

    def stop(self) -> None:
        """Read nothing more."""
        self.thumbnails.want([])

    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setItemDelegate(CellDelegate(self.model, table))
        table.setFont(theme.font(12))
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(_LINE_HEIGHT)
        table.horizontalHeader().setSectionsClickable(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setStretchLastSection(True)

    def _width(self, name: str) -> int:
        """Room for what a column holds, and for its name with the arrow of sorting."""
        leaf = next((leaf for leaf in self._browser.leaves if leaf.name == name), None) if self._browser else None
        metrics = self.table.horizontalHeader().fontMetrics()
        needed = min(_WIDEST_NAME, metrics.horizontalAdvance(name) + _ARROW)
        return max(_WIDTHS.get(leaf.kind if leaf else name, _WIDTH), needed)

    def _draw(self) -> None:
        """Draw the cells anew: another data set or column."""
        self.thumbnails.show(self._browser, self._column, self.grid.side, self.devicePixelRatioF())
        self._want(*self.grid.visible)
        self.grid.refresh()

    def _cell(self, position: int) -> Cell | None:
        return self.thumbnails.cell(int(self._rows[position]))

    def _want(self, first: int, last: int) -> None:
        if self.currentWidget() is self.grid:
            self.thumbnails.want(self._rows[first:last].tolist())

    def _choose_line(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._choose(current.row())

    def _choose(self, position: int) -> None:
        """Grid and table have the same current row."""
        if position != self._position:
            self._position = position
            self.grid.set_current(position)
            self.table.setCurrentIndex(self.model.index(position, 0))
            self.chosen.emit(position)
