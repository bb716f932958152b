"""Rows of a data set as a table model: texts are asked for in blocks, and only for what is in sight."""

from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.data.browse import NAME, ROW, Browser
from engine.data.files import Rows
from engine.data.opened import RowNames

_BLOCK = 32
_BLOCKS_KEPT = 128
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

TITLES = {ROW: "Row", NAME: "Name"}
"""Of the columns before those of the data: the row's number, and its name if it has one of its own."""

_UP, _DOWN = "  ↑", "  ↓"

_Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
    """Rows of a browser, one a line. The columns are the row's number, its name and all that can be told in a cell."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._browser: Browser | None = None
        self._rows: Rows = np.zeros(0, np.int64)
        self._blocks: OrderedDict[int, list[dict[str, str]]] = OrderedDict()
        self._columns: tuple[str, ...] = ()
        self._own: tuple[str, ...] = ()
        self._arrow: dict[str, str] = {}
        self._right: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """What the browser calls the columns, in order."""
        return self._columns

    def show(self, browser: Browser | None, rows: Rows, sort: str = "", *, descending: bool = False) -> None:
        """Show these rows instead, which are sorted by the column `sort`."""
        self.beginResetModel()
        self._browser, self._rows = browser, rows
        self._arrow = {sort: _DOWN if descending else _UP}
        self._blocks.clear()
        leaves = browser.table_columns if browser else ()
        names = tuple(leaf.name for leaf in leaves)
        own = () if browser is None else (ROW,) if isinstance(browser.opened.names, RowNames) else (ROW, NAME)
        self._own = tuple(column for column in own if column not in names)
        self._columns = (*self._own, *names)
        self._right = frozenset(leaf.name for leaf in leaves if leaf.kind == "number") | {ROW}
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.text(index.row(), index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(section)
        column = self._columns[section]
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (TITLES[column] if column in self._own else column) + self._arrow.get(column, "")

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Numbers stand on the right, so that they can be compared."""
        return _RIGHT if self._columns[column] in self._right else _LEFT

    def text(self, line: int, column: int) -> str:
        """What a cell says."""
        row, name = int(self._rows[line]), self._columns[column]
        if self._browser is None:
            return ""
        if name in self._own:
            return f"{row + 1:,}" if name == ROW else self._browser.opened.names[row]
        block, place = divmod(line, _BLOCK)
        if block not in self._blocks:
            start = block * _BLOCK
            self._blocks[block] = self._browser.cells(self._rows[start : start + _BLOCK])
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return self._blocks[block][place].get(name, "")
