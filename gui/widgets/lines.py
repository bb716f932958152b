"""A few series of numbers as lines over each other: what a small part of the data looks like."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme

MAX_LINES = 8
MAX_STEPS = 2_000


class Lines(QWidget):
    """Numbers (steps, features), each feature from its lowest to its highest; the first MAX_LINES features."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: NDArray[np.float64] = np.zeros((0, 0))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    def show_numbers(self, numbers: NDArray[np.generic]) -> None:
        self._numbers = np.asarray(numbers, np.float64)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 96)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw(painter, self._numbers, QRectF(0.5, 2.5, self.width() - 1, self.height() - 5))
        painter.end()


def draw(painter: QPainter, numbers: NDArray[np.float64], room: QRectF) -> None:
    """Draw numbers (steps, features) into a rectangle; what is missing leaves out its point."""
    steps = numbers[:: max(1, len(numbers) // MAX_STEPS)]
    for feature in range(min(MAX_LINES, steps.shape[1] if steps.ndim == 2 else 0)):
        values = steps[:, feature]
        whole = np.isfinite(values)
        if not whole.any():
            continue
        low, high = values[whole].min(), values[whole].max()
        x = room.left() + np.flatnonzero(whole) * (room.width() / max(1, len(values) - 1))
        share = (values[whole] - low) / (high - low) if high > low else np.full(len(x), 0.5)
        y = room.bottom() - share * room.height()
        color = QColor(theme.colors().series[feature % len(theme.colors().series)])
        painter.setPen(QPen(color, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]))


def image(numbers: NDArray[np.generic], width: int, height: int, scale: float) -> QImage:
    """A small drawing of numbers (steps, features), `width` by `height` logical pixels."""
    made = QImage(QSize(round(width * scale), round(height * scale)), QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter, np.asarray(numbers, np.float64), QRectF(1, 3, width - 2, height - 6))
    painter.end()
    return made
