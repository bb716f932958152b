"""Numbers from 0 to 1 as a table of shades, with a name for each row and column: where a network looked."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.widgets import theme

_LARGEST_CELL = 34
_LONGEST_NAME = 90
_GAP = 6


class HeatMap(QWidget):
    """The darker (on a dark theme: the brighter) a cell, the larger its number. Pointing at one tells it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._weights: tuple[tuple[float, ...], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.notifier().changed.connect(self.update)

    @property
    def rows(self) -> tuple[str, ...]:
        return self._rows

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    def show_weights(self, rows: Sequence[str], columns: Sequence[str], weights: Sequence[Sequence[float]]) -> None:
        """`weights` has a row for each name in `rows`, with a number for each in `columns`."""
        self._rows, self._columns = tuple(rows), tuple(columns)
        self._weights = tuple(map(tuple, weights))
        self.setAccessibleName(f"Where the network looked: {len(rows)} tokens written, {len(columns)} read")
        self.update()

    def weight_at(self, point: QPointF) -> str:
        """What the cell at a point says, "" beside the cells."""
        row, column = self._place(point)
        if not (0 <= row < len(self._rows) and 0 <= column < len(self._columns)):
            return ""
        return f"{self._rows[row]} looks at {self._columns[column]}: {self._weights[row][column]:.1%}"

    def sizeHint(self) -> QSize:
        return QSize(280, 180)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.weight_at(QPointF(event.pos())), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows or not self._columns:
            return
        painter, colors = QPainter(self), theme.colors()
        painter.setFont(theme.font(11))
        cells, accent = self._cells(), QColor(colors.accent)
        width, height = cells.width() / len(self._columns), cells.height() / len(self._rows)
        for row, weights in enumerate(self._weights):
            for column, weight in enumerate(weights):
                accent.setAlphaF(min(1.0, max(0.0, weight)))
                painter.fillRect(QRectF(cells.left() + column * width, cells.top() + row * height,
                                        width - 1, height - 1), accent)
        painter.setPen(QColor(colors.border))
        painter.drawRect(cells)
        painter.setPen(QColor(colors.text))
        metrics = painter.fontMetrics()
        for row in _legible(len(self._rows), height, metrics.height()):
            area = QRectF(0, cells.top() + row * height, cells.left() - _GAP, height)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             metrics.elidedText(self._rows[row], Qt.TextElideMode.ElideRight, round(area.width())))
        for column in _legible(len(self._columns), width, metrics.height()):
            painter.save()
            painter.translate(cells.left() + (column + 0.5) * width + metrics.height() / 3, cells.top() - _GAP)
            painter.rotate(-90)
            painter.drawText(0, 0, metrics.elidedText(self._columns[column], Qt.TextElideMode.ElideRight,
                                                      round(cells.top() - _GAP)))
            painter.restore()
        painter.end()

    def _cells(self) -> QRectF:
        """Where the cells are: right of the names of rows and below those of columns, which stand on end."""
        metrics = QFontMetrics(theme.font(11))
        left, top = (min(_LONGEST_NAME, max(map(metrics.horizontalAdvance, names), default=0)) + 2 * _GAP
                     for names in (self._rows, self._columns))
        side = min(_LARGEST_CELL, (self.width() - left - 1) / max(1, len(self._columns)),
                   (self.height() - top - 1) / max(1, len(self._rows)))
        return QRectF(left, top, max(1.0, side) * len(self._columns), max(1.0, side) * len(self._rows))

    def _place(self, point: QPointF) -> tuple[int, int]:
        cells = self._cells()
        row = (point.y() - cells.top()) / cells.height() * len(self._rows)
        column = (point.x() - cells.left()) / cells.width() * len(self._columns)
        return int(row // 1), int(column // 1)


def _legible(count: int, size: float, needed: int) -> range:
    """The names of so many lines that there is room for: all, or every second, third, ..."""
    return range(0, count, max(1, -(-needed // max(1, round(size)))))
