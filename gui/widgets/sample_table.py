"""Samples of a table: a row each, with their label first."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from gui.widgets import theme

MAX_COLUMNS = 50
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class SampleTable(QTableWidget):
    """Read-only rows of numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFont(theme.font(11))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)

    def show_rows(self, header: Sequence[str], rows: Sequence[Sequence[str]], lists: Collection[str] = ()) -> None:
        """Show texts, at most MAX_COLUMNS a row. Those of the columns `lists` may be longer than what is in sight, and
        are read from the left."""
        header = header[:MAX_COLUMNS]
        self.clear()
        self.setColumnCount(len(header))
        self.setRowCount(len(rows))
        self.setHorizontalHeaderLabels(list(header))
        for place, name in enumerate(header):
            if name in lists:
                self.horizontalHeaderItem(place).setTextAlignment(_LEFT)
            for line, row in enumerate(rows):
                item = QTableWidgetItem(row[place])
                item.setTextAlignment(_RIGHT if place and name not in lists else _LEFT)
                self.setItem(line, place, item)
