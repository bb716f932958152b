"""Sound as a drawing: how loud each moment is, with a play head."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme


class Waveform(QWidget):
    """One recording from left to right. pointed(share): the user clicked at this share of its length, 0 to 1."""

    pointed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples: NDArray[np.float32] = np.zeros(0, np.float32)
        self._head = -1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    @property
    def head(self) -> float:
        """Where the play head is, as a share of the length; negative while nothing is played."""
        return self._head

    def show_samples(self, samples: NDArray[np.float32]) -> None:
        self._samples, self._head = samples, -1.0
        self.update()

    def set_head(self, share: float) -> None:
        self._head = share
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 72)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(min(1.0, max(0.0, event.position().x() / max(1, self.width()))))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw(painter, self._samples, self.width(), self.height())
        if self._head >= 0:
            painter.setPen(QPen(QColor(theme.colors().error), 1.5))
            x = self._head * self.width()
            painter.drawLine(QLineF(x, 0, x, self.height()))
        painter.end()


def draw(painter: QPainter, samples: NDArray[np.float32], width: int, height: int) -> None:
    """Draw samples (n,) into (0, 0, width, height), as loud as their loudest moment."""
    colors = theme.colors()
    middle = height / 2
    painter.setPen(QColor(colors.border))
    painter.drawLine(QLineF(0, middle, width, middle))
    if not len(samples) or width < 1:
        return
    low, high = envelope(samples, width)
    scale = 0.92 * middle / max(1e-9, float(max(-low.min(), high.max())))
    painter.setPen(QColor(colors.series[0]))
    tops, bottoms = middle - high * scale - 0.3, middle - low * scale + 0.3
    painter.drawLines([QLineF(QPointF(x + 0.5, top), QPointF(x + 0.5, bottom))
                       for x, (top, bottom) in enumerate(zip(tops.tolist(), bottoms.tolist(), strict=True))])


def image(samples: NDArray[np.float32], width: int, height: int, scale: float) -> QImage:
    """A small drawing of samples (n,), `width` by `height` logical pixels."""
    made = QImage(QSize(round(width * scale), round(height * scale)), QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    draw(painter, samples, width, height)
    painter.end()
    return made


def envelope(samples: NDArray[np.float32], bins: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The lowest and the highest of each of `bins` equal parts of samples (n,), n > 0: (bins,) each."""
    starts = np.arange(bins) * len(samples) // bins
    return np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
