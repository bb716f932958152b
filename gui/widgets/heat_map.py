"""Numbers as a table of shades, with a name for each row and column: where a network looked, or what a state was."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.widgets import theme

_LARGEST_CELL = 34
_LONGEST_NAME = 90
_GAP = 6
_FONT_SIZE = 11
_SMALLEST_APART = 5
"""From this size on lines are left between cells."""

Told = Callable[[int, int, float], str]
"""What a cell says, of its row and column, counted from 0, and its number."""


class HeatMap(QWidget):
    """The stronger a cell's colour, the larger its number; negative numbers have a colour of their own. Pointing at a
    cell tells it. One column can be marked.

    column_chosen(number): a column was clicked, or the pressed mouse came to it.
    """

    column_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._numbers: NDArray[np.float64] = np.zeros((0, 0))
        self._limit = 1.0
        self._is_compact = True
        self._marked = -1
        self._told: Told = self._as_share
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.notifier().changed.connect(self.update)

    @property
    def rows(self) -> tuple[str, ...]:
        return self._rows

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    @property
    def numbers(self) -> NDArray[np.float64]:
        """(rows, columns); what is missing is NaN."""
        return self._numbers

    @property
    def marked(self) -> int:
        """The number of the column that is marked, -1 for none."""
        return self._marked

    def show_weights(self, rows: Sequence[str], columns: Sequence[str], weights: ArrayLike) -> None:
        """Shares from 0 to 1: a row for each name in `rows`, with a number for each in `columns`."""
        self._show(rows, columns, weights, 1.0, self._as_share, is_compact=True)
        self.setAccessibleName(f"Where the network looked: {len(rows)} tokens written, {len(columns)} read")

    def show_numbers(self, rows: Sequence[str], columns: Sequence[str], numbers: ArrayLike, limit: float,
                     told: Told) -> None:
        """Any numbers (rows, columns); those of `limit` and beyond, or its negative, have the strongest colour."""
        self._show(rows, columns, numbers, limit, told, is_compact=False)

    def _show(self, rows: Sequence[str], columns: Sequence[str], numbers: ArrayLike, limit: float, told: Told, *,
              is_compact: bool) -> None:
        self._rows, self._columns, self._marked = tuple(rows), tuple(columns), -1
        self._numbers = np.asarray(numbers, np.float64).reshape(len(rows), len(columns))
        self._limit, self._told, self._is_compact = limit, told, is_compact
        self.update()

    def mark(self, column: int) -> None:
        """Mark one column, -1 for none."""
        if column != self._marked:
            self._marked = column
            self.update()

    def told_at(self, point: QPointF) -> str:
        """What the cell at a point says, "" beside the cells."""
        row, column = self._place(point)
        if not (0 <= row < len(self._rows) and 0 <= column < len(self._columns)):
            return ""
        return self._told(row, column, float(self._numbers[row, column]))

    def column_rect(self, column: int) -> QRectF:
        """Where the cells of a column are painted."""
        cells, _ = self._cells()
        width = cells.width() / len(self._columns)
        return QRectF(cells.left() + column * width, cells.top(), width, cells.height())

    def named_rows(self) -> range:
        """The rows whose names are shown: all, if there is room."""
        cells, _ = self._cells()
        return _legible(len(self._rows), cells.height() / max(1, len(self._rows)),
                        QFontMetrics(theme.font(_FONT_SIZE)).ascent())

    def named_columns(self) -> range:
        """The columns whose names are shown: all, if there is room."""
        cells, is_upright = self._cells()
        needed = 1 if is_upright else QFontMetrics(theme.font(_FONT_SIZE)).ascent()
        return _legible(len(self._columns), cells.width() / max(1, len(self._columns)), needed)

    def sizeHint(self) -> QSize:
        return QSize(280, 180)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(QPointF(event.pos())), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()  # who shows the map gets the focus
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._choose(event)

    def _choose(self, event: QMouseEvent) -> None:
        _, column = self._place(event.position())
        if event.buttons() & Qt.MouseButton.LeftButton and 0 <= column < len(self._columns):
            self.column_chosen.emit(column)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows or not self._columns:
            return
        painter, colors = QPainter(self), theme.colors()
        painter.setFont(theme.font(_FONT_SIZE))
        cells, is_upright = self._cells()
        width, height = cells.width() / len(self._columns), cells.height() / len(self._rows)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, min(width, height) < 1)
        painter.drawImage(cells, self._image())
        painter.setPen(QColor(colors.surface))
        if min(width, height) >= _SMALLEST_APART:
            painter.drawLines([QLineF(x, cells.top(), x, cells.bottom())
                               for x in (cells.left() + column * width for column in range(1, len(self._columns)))])
            painter.drawLines([QLineF(cells.left(), y, cells.right(), y)
                               for y in (cells.top() + row * height for row in range(1, len(self._rows)))])
        painter.setPen(QColor(colors.border))
        painter.drawRect(cells)
        self._paint_names(painter, cells, is_upright)
        if 0 <= self._marked < len(self._columns):
            painter.setPen(QPen(QColor(colors.text), 2))
            painter.drawRect(self.column_rect(self._marked).adjusted(0, -1, 0, 1))
        painter.end()

    def _image(self) -> QImage:
        """A pixel for each cell."""
        colors = theme.colors()
        above, below = (QColor(name).rgb() & 0xFFFFFF for name in (colors.accent, colors.series[1]))
        shares = np.nan_to_num(self._numbers / self._limit if self._limit else self._numbers).clip(-1, 1)
        alphas = np.rint(np.abs(shares) * 255).astype(np.uint32)
        pixels = np.ascontiguousarray((alphas << 24) | np.where(shares < 0, np.uint32(below), np.uint32(above)))
        rows, columns = pixels.shape
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32).copy()

    def _paint_names(self, painter: QPainter, cells: QRectF, is_upright: bool) -> None:
        metrics, colors = painter.fontMetrics(), theme.colors()
        width, height = cells.width() / len(self._columns), cells.height() / len(self._rows)
        painter.setPen(QColor(colors.text))
        for row in self.named_rows():
            area = QRectF(0, cells.top() + row * height, cells.left() - _GAP, height)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             metrics.elidedText(self._rows[row], Qt.TextElideMode.ElideRight, round(area.width())))
        for column in self.named_columns():
            painter.setPen(QColor(colors.accent if column == self._marked else colors.text))
            middle = cells.left() + (column + 0.5) * width
            if is_upright:
                painter.drawText(QRectF(middle - width / 2, 0, width, cells.top() - _GAP / 2),
                                 Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, self._columns[column])
                continue
            painter.save()
            painter.translate(middle + metrics.height() / 3, cells.top() - _GAP)
            painter.rotate(-90)
            painter.drawText(0, 0, metrics.elidedText(self._columns[column], Qt.TextElideMode.ElideRight,
                                                      round(cells.top() - _GAP)))
            painter.restore()

    def _cells(self) -> tuple[QRectF, bool]:
        """Where the cells are: right of the names of rows and below those of columns; and whether these have room
        beside each other: else they stand on end. Compact cells are no larger than is readable, but as wide as the
        names where there is room for that."""
        metrics = QFontMetrics(theme.font(_FONT_SIZE))
        across, down = (max(map(metrics.horizontalAdvance, names), default=0) for names in (self._rows, self._columns))
        left = min(_LONGEST_NAME, across) + 2 * _GAP if across else 1
        for top in (metrics.height() + _GAP if down else 1, min(_LONGEST_NAME, down) + 2 * _GAP):
            width = (self.width() - left - 2) / max(1, len(self._columns))
            height = (self.height() - top - 2) / max(1, len(self._rows))
            if self._is_compact:
                height = min(_LARGEST_CELL, max(1.0, height))
                width = min(max(height, down + _GAP, metrics.ascent()), max(1.0, width))
            is_upright = down + _GAP <= width or not down
            if is_upright:
                break
        return QRectF(left, top, max(0.1, width) * len(self._columns), max(0.1, height) * len(self._rows)), is_upright

    def _place(self, point: QPointF) -> tuple[int, int]:
        """The row and column at a point; numbers that none has outside of the cells."""
        cells, _ = self._cells()
        row = (point.y() - cells.top()) / cells.height() * len(self._rows)
        column = (point.x() - cells.left()) / cells.width() * len(self._columns)
        return int(row // 1), int(column // 1)

    def _as_share(self, row: int, column: int, number: float) -> str:
        return f"{self._rows[row]} looks at {self._columns[column]}: {number:.1%}"


def _legible(count: int, size: float, needed: int) -> range:
    """The names of so many lines that there is room for: all, or every second, third, ..."""
    return range(0, count, max(1, -(-needed // max(1, round(size)))))
