"""How numbers are spread: a histogram for each of a few groups, over each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.widgets import theme

_AXIS_HEIGHT = 18


@dataclass(frozen=True, slots=True)
class Spread:
    """One group: its name and how many of it fall into each bin."""

    name: str
    counts: tuple[int, ...]


class Histogram(QWidget):
    """Outlines of groups that share the bins, each as shares of its own samples, so that small groups are seen.

    The colour of a group is that of its place among the theme's series, see `color_of`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edges: tuple[float, ...] = ()
        self._groups: tuple[Spread, ...] = ()
        self._tell: Callable[[float], str] = "{:.4g}".format
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    @property
    def groups(self) -> tuple[Spread, ...]:
        """What is shown."""
        return self._groups

    def show_groups(self, edges: Sequence[float], groups: Sequence[Spread],
                    tell: Callable[[float], str] = "{:.4g}".format) -> None:
        """`edges` are one more than the bins; `tell` writes one of them."""
        self._edges, self._groups, self._tell = tuple(edges), tuple(groups), tell
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 150)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        bins = len(self._edges) - 1
        place = int(event.position().x() / max(1, self.width()) * bins)
        if 0 <= place < bins:
            low, high = self._edges[place : place + 2]
            counts = "\n".join(f"{group.name}: {group.counts[place]:,}" for group in self._groups)
            text = f"{self._tell(low)} to {self._tell(high)}\n{counts}"
            QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.colors()
        floor = self.height() - _AXIS_HEIGHT
        painter.setPen(QColor(colors.border))
        painter.drawLine(0, floor, self.width(), floor)
        if len(self._edges) > 1:
            self._paint_ends(painter, floor)
            shares = [np.asarray(group.counts) / max(1, sum(group.counts)) for group in self._groups]
            highest = max((float(share.max()) for share in shares), default=0.0) or 1.0
            for place, share in enumerate(shares):
                self._paint_group(painter, share / highest, floor, color_of(place), is_alone=len(shares) == 1)
        painter.end()

    def _paint_group(self, painter: QPainter, heights: "np.ndarray[tuple[int], np.dtype[np.float64]]", floor: int,
                     color: QColor, *, is_alone: bool) -> None:
        step = self.width() / len(heights)
        outline = QPolygonF([QPointF(0, floor)])
        for place, height in enumerate(heights.tolist()):
            top = floor - height * (floor - 6)
            outline.append(QPointF(place * step, top))
            outline.append(QPointF((place + 1) * step, top))
        outline.append(QPointF(self.width(), floor))
        fill = QColor(color)
        fill.setAlpha(120 if is_alone else 40)
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(fill)
        painter.drawPolygon(outline)

    def _paint_ends(self, painter: QPainter, floor: int) -> None:
        painter.setFont(theme.font(11))
        painter.setPen(QColor(theme.colors().muted))
        below = QRectF(0, floor + 2, self.width(), _AXIS_HEIGHT - 2)
        low, high = self._tell(self._edges[0]), self._tell(self._edges[-1])
        middle = self._tell((self._edges[0] + self._edges[-1]) / 2)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, high)
        if 3 * QFontMetrics(painter.font()).horizontalAdvance(low + high) < 2 * self.width():
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, middle)


def color_of(place: int) -> QColor:
    """The colour of the group at this place."""
    series = theme.colors().series
    return QColor(series[place % len(series)])
