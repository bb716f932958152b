"""The confusion matrix as a picture: true classes down, predicted classes across."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme

_MAX_NAMED = 40
"""With more classes than this, names would not be readable."""


class ConfusionMatrix(QWidget):
    """Counts of (true class, predicted class).

    What is right is in one colour, what is wrong in another, the stronger the larger its share of the true class.
    Pointing at a cell tells it in words; a click chooses it, a second one lets go.

    pointed(text): what the cell under the mouse says, "" outside. chosen(truth, predicted): class numbers, or -1, -1.
    """

    pointed = Signal(str)
    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = np.zeros((0, 0), np.int64)
        self._classes: tuple[str, ...] = ()
        self._chosen = self._hovered = (-1, -1)
        self.setMouseTracking(True)
        self.setMinimumSize(200, 130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix")
        theme.notifier().changed.connect(self.update)

    def show_counts(self, counts: Sequence[Sequence[int]], classes: Sequence[str]) -> None:
        """Show counts[truth][predicted] of these classes."""
        self._counts = np.asarray(counts, np.int64).reshape(len(classes), len(classes))
        self._classes = tuple(classes)
        self._chosen = self._hovered = (-1, -1)
        self.update()

    @property
    def selection(self) -> tuple[int, int]:
        """The chosen (truth, predicted), (-1, -1) for none."""
        return self._chosen

    def sizeHint(self) -> QSize:
        return QSize(320, 140)

    def cell(self, truth: int, predicted: int) -> QRectF:
        """Where a cell is painted."""
        area = self._area()
        width, height = area.width() / len(self._classes), area.height() / len(self._classes)
        return QRectF(area.left() + predicted * width, area.top() + truth * height, width, height)

    def described(self, truth: int, predicted: int) -> str:
        """A cell in words."""
        count, total = int(self._counts[truth, predicted]), int(self._counts[truth].sum())
        share = f"{count / max(total, 1):.1%}"
        name = self._classes[truth]
        if truth == predicted:
            return f"{count:,} of {total:,} {name} were recognised ({share})"
        return f"{count:,} of {total:,} {name} were taken for {self._classes[predicted]} ({share})"

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._classes:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(10))
        self._paint_cells(painter)
        if self._are_named:
            self._paint_names(painter)
        colors = theme.colors()
        for place, color in ((self._hovered, colors.muted), (self._chosen, colors.text)):
            if place != (-1, -1):
                painter.setPen(QPen(QColor(color), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.cell(*place).adjusted(1, 1, -1, -1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._place(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover((-1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place(event.position())
        self._chosen = (-1, -1) if place == self._chosen else place
        self.update()
        self.chosen.emit(*self._chosen)

    @property
    def _are_named(self) -> bool:
        return len(self._classes) <= _MAX_NAMED

    def _hover(self, place: tuple[int, int]) -> None:
        if place != self._hovered:
            self._hovered = place
            self.update()
            self.pointed.emit(self.described(*place) if place != (-1, -1) else "")

    def _place(self, point: QPointF) -> tuple[int, int]:
        area = self._area()
        if not self._classes or not area.contains(point):
            return -1, -1
        last = len(self._classes) - 1
        truth = min(last, int((point.y() - area.top()) / area.height() * len(self._classes)))
        return truth, min(last, int((point.x() - area.left()) / area.width() * len(self._classes)))

    def _area(self) -> QRectF:
        """Where the cells are: what the names leave."""
        if not self._are_named or not self._classes:
            return QRectF(self.rect()).adjusted(4, 4, -4, -4)
        metrics = QFontMetrics(theme.font(10))
        longest = max(metrics.horizontalAdvance(name) for name in self._classes)
        left = min(longest + 10, self.width() * 0.25)
        widest = (self.width() - left - 4) / len(self._classes)
        top = metrics.height() + 4 if longest < widest else min(longest + 10, self.height() * 0.32)
        return QRectF(left, top, self.width() - left - 4, self.height() - top - 4)

    def _paint_cells(self, painter: QPainter) -> None:
        fills = self._fills()
        height, width, _ = fills.shape
        painter.drawImage(self._area(), QImage(fills.data, width, height, 3 * width, QImage.Format.Format_RGB888))
        if not self._are_named:
            return
        painter.setPen(QColor(theme.colors().surface))
        area, cell = self._area(), self.cell(0, 0)
        for number in range(1, len(self._classes)):
            x, y = area.left() + number * cell.width(), area.top() + number * cell.height()
            painter.drawLines([QLineF(x, area.top(), x, area.bottom()), QLineF(area.left(), y, area.right(), y)])
        metrics = QFontMetrics(painter.font())
        widest = metrics.horizontalAdvance(f"{int(self._counts.max(initial=0)):,}")
        if cell.width() < widest + 4 or cell.height() < metrics.height() - 2:
            return
        for truth, predicted in np.argwhere(self._counts):
            painter.setPen(QColor("#000000" if fills[truth, predicted].mean() > 127 else "#ffffff"))
            painter.drawText(self.cell(truth, predicted), Qt.AlignmentFlag.AlignCenter,
                             f"{int(self._counts[truth, predicted]):,}")

    def _fills(self) -> NDArray[np.uint8]:
        """The colour of every cell: (classes, classes, 3)."""
        colors = theme.colors()
        base, right, wrong = (np.array(QColor(color).getRgb()[:3], float)
                              for color in (colors.raised, colors.series[0], colors.series[1]))
        shares = (self._counts / np.maximum(self._counts.sum(axis=1, keepdims=True), 1))[:, :, np.newaxis]
        fills = base + (wrong - base) * np.minimum(1.0, 1.2 * np.sqrt(shares))
        diagonal = np.arange(len(shares))
        fills[diagonal, diagonal] = base + (right - base) * shares[diagonal, diagonal]
        return np.ascontiguousarray(fills.astype(np.uint8))

    def _paint_names(self, painter: QPainter) -> None:
        metrics = QFontMetrics(painter.font())
        painter.setPen(QColor(theme.colors().muted))
        area, cell = self._area(), self.cell(0, 0)
        is_upright = area.top() < metrics.height() + 5
        elide = Qt.TextElideMode.ElideRight
        shows_rows = cell.height() > metrics.height() - 4
        for number, name in enumerate(self._classes):
            if shows_rows:
                row = QRectF(0, self.cell(number, 0).top(), area.left() - 5, cell.height())
                painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                                 metrics.elidedText(name, elide, int(area.left() - 6)))
            column = self.cell(0, number)
            if is_upright:
                above = QRectF(column.left(), 0, column.width(), area.top())
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, name)
            elif cell.width() > metrics.height() - 4:
                painter.save()
                painter.translate(column.center().x(), area.top() - 4)
                painter.rotate(-90)
                painter.drawText(QRectF(0, -metrics.height() / 2, area.top() - 4, metrics.height()),
                                 Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                                 metrics.elidedText(name, elide, int(area.top() - 6)))
                painter.restore()
