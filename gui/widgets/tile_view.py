"""Cells side by side, however many there are: only those that are seen exist."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from gui.widgets import icons, theme

_GAP = 8
_CAPTION_HEIGHT = 20
_LARGEST = 2**31 - 1
"""Pixels that a scroll bar can count."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One sample: its picture, or else a text, over a caption. A damaged one carries a warning sign."""

    caption: str
    tip: str = ""
    picture: QImage | None = None
    text: str = ""
    is_damaged: bool = False


class TileView(QAbstractScrollArea):
    """A grid of `count` cells that asks `cell_at(position)` while it paints; None stands for one that is still read.

    A grid that shows all is as tall as its cells and never scrolls.

    seen(first, last): these positions (without `last`) are in sight now. chosen(position): the current cell is another.
    clicked(position): the user clicked a cell, perhaps again, or pressed Enter on it.
    """

    seen = Signal(int, int)
    chosen = Signal(int)
    clicked = Signal(int)

    def __init__(self, cell_at: Callable[[int], Cell | None], parent: QWidget | None = None, *, side: int = 96,
                 shows_all: bool = False) -> None:
        super().__init__(parent)
        self._cell_at, self._side, self._shows_all = cell_at, side, shows_all
        self._count, self._current = 0, -1
        if shows_all:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._tell_seen)
        theme.notifier().changed.connect(self.refresh)

    @property
    def side(self) -> int:
        """Width and height of a picture in logical pixels."""
        return self._side

    @property
    def count(self) -> int:
        return self._count

    @property
    def current(self) -> int:
        """Position of the chosen cell, -1 for none."""
        return self._current

    @property
    def in_a_row(self) -> int:
        return max(1, (self.viewport().width() - _GAP) // (self._side + _GAP))

    @property
    def visible(self) -> tuple[int, int]:
        """Positions in sight: the first, and the one after the last."""
        top, height = self.verticalScrollBar().value(), self._cell_size().height()
        first = top // height * self.in_a_row
        last = ((top + self.viewport().height()) // height + 1) * self.in_a_row
        return min(first, self._count), min(last, self._count)

    def set_count(self, count: int) -> None:
        """Show so many cells, from the first on; none is chosen."""
        self._count, self._current = count, -1
        self._measure()
        self.verticalScrollBar().setValue(0)
        self.refresh()
        self._tell_seen()

    def set_current(self, position: int) -> None:
        """Choose a cell and bring it into sight."""
        position = max(-1, min(position, self._count - 1))
        if position >= 0:
            bar, height = self.verticalScrollBar(), self._cell_size().height()
            top = position // self.in_a_row * height
            lowest = top + height + _GAP - self.viewport().height()
            bar.setValue(min(top, max(bar.value(), lowest)))
        if position != self._current:
            self._current = position
            self.refresh()
            self.chosen.emit(position)

    def refresh(self) -> None:
        """Paint again: cells have changed."""
        self.viewport().update()

    def rect_of(self, position: int) -> QRectF:
        """Where a cell is on the viewport."""
        size, columns = self._cell_size(), self.in_a_row
        width = (self.viewport().width() - _GAP) / columns
        row, column = divmod(position, columns)
        return QRectF(_GAP + column * width, _GAP + row * size.height() - self.verticalScrollBar().value(),
                      width - _GAP, size.height() - _GAP)

    def position_at(self, point: QPoint) -> int:
        """The cell under a point of the viewport, -1 for none."""
        first, last = self.visible
        return next((place for place in range(first, last) if self.rect_of(place).contains(QPointF(point))), -1)

    def sizeHint(self) -> QSize:
        return QSize(5 * self._side, 4 * self._side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()
        self._tell_seen()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position().toPoint())
        if position >= 0:
            self.set_current(position)
            self.clicked.emit(position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = max(1, self.viewport().height() // self._cell_size().height()) * self.in_a_row
        key = Qt.Key
        goals = {
            key.Key_Left: self._current - 1, key.Key_Right: self._current + 1,
            key.Key_Up: self._current - self.in_a_row, key.Key_Down: self._current + self.in_a_row,
            key.Key_PageUp: self._current - page, key.Key_PageDown: self._current + page,
            key.Key_Home: 0, key.Key_End: self._count - 1,
        }
        if event.key() in goals and self._count:
            self.set_current(max(0, min(goals[key(event.key())], self._count - 1)))
        elif event.key() in (key.Key_Return, key.Key_Enter) and self._current >= 0:
            self.clicked.emit(self._current)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            position = self.position_at(event.pos())
            cell = self._cell_at(position) if position >= 0 else None
            QToolTip.showText(event.globalPos(), cell.tip if cell else "", self)
            return True
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(theme.colors().surface))
        painter.setFont(theme.font(11))
        metrics = QFontMetrics(painter.font())
        first, last = self.visible
        for position in range(first, last):
            self._paint_cell(painter, metrics, self.rect_of(position), position)
        painter.end()

    def _paint_cell(self, painter: QPainter, metrics: QFontMetrics, place: QRectF, position: int) -> None:
        colors = theme.colors()
        cell, is_current = self._cell_at(position), position == self._current
        if is_current:
            painter.setPen(QPen(QColor(colors.accent), 1.5))
            painter.setBrush(QColor(colors.selection))
            painter.drawRoundedRect(place, 5, 5)
        room = QRectF(place.left() + 2, place.top() + 2, place.width() - 4, self._side)
        if cell is None or (cell.picture is None and cell.text):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.grid if cell is None else colors.raised))
            painter.drawRoundedRect(room, 4, 4)
        if cell is None:
            return
        painter.setPen(QColor(colors.text))
        if cell.picture is not None:
            painter.drawImage(_centred(cell.picture, room), cell.picture)
        elif cell.text:
            lines = room.adjusted(6, 4, -6, -4)
            lines.setHeight(lines.height() // metrics.lineSpacing() * metrics.lineSpacing())  # no line is cut
            painter.drawText(lines, Qt.TextFlag.TextWordWrap, cell.text)
        if cell.is_damaged:
            sign = icons.pixmap("triangle-alert", 20, colors.error, self.devicePixelRatioF())
            painter.drawPixmap(room.center() - QPointF(10, 10), sign)
        below = QRectF(place.left() + 3, room.bottom() + 2, place.width() - 6, _CAPTION_HEIGHT)
        painter.setPen(QColor(colors.text if is_current else colors.muted))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter,
                         metrics.elidedText(cell.caption, Qt.TextElideMode.ElideRight, int(below.width())))

    def _cell_size(self) -> QSize:
        return QSize(self._side + _GAP, self._side + _CAPTION_HEIGHT + 2 * _GAP)

    def _measure(self) -> None:
        height, room = self._cell_size().height(), self.viewport().height()
        whole = -(-self._count // self.in_a_row) * height + _GAP
        if self._shows_all:
            self.setFixedHeight(whole)
            room = whole
        bar = self.verticalScrollBar()
        bar.setRange(0, min(_LARGEST, max(0, whole - room)))
        bar.setPageStep(room)
        bar.setSingleStep(height // 2)

    def _tell_seen(self) -> None:
        self.refresh()
        self.seen.emit(*self.visible)


def _centred(picture: QImage, room: QRectF) -> QRectF:
    size = picture.deviceIndependentSize()
    return QRectF(room.center().x() - size.width() / 2, room.center().y() - size.height() / 2, size.width(),
                  size.height())
