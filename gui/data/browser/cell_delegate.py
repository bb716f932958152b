"""Paints a cell of the table: one text, and nothing that only lists with icons and check boxes need."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.data.browser.rows_model import RowsModel
from gui.widgets import theme

_LEFT, _RIGHT = 6, 6
_NARROW = 4
"""Pixels of a letter at least: a text with room for these is not measured."""


class CellDelegate(QStyledItemDelegate):
    """Asks the model once for a cell, where Qt's own asks eight times."""

    def __init__(self, model: RowsModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem,
              index: QModelIndex | QPersistentModelIndex) -> None:
        colors, place, column = theme.colors(), option.rect, index.column()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(place, QColor(colors.selection))
        text = self._model.text(index.row(), column)
        if not text:
            return
        place = place.adjusted(_LEFT, 0, -_RIGHT, 0)
        if len(text) * _NARROW > place.width() // 2:
            text = QFontMetrics(option.font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.setPen(QColor(colors.text))
        painter.drawText(place, self._model.alignment(column), text)
