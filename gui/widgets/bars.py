"""Named horizontal bars: how often each class occurs, or how likely it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme

_ROW_HEIGHT = 18
MAX_ROWS = 60


@dataclass(frozen=True)
class Bar:
    """One bar. `share` is 0 to 1 of the full length; `text` is read at its end."""

    name: str
    share: float
    text: str


class Bars(QWidget):
    """Bars below each other, as high as they need. One can stand out. The tooltip has the names that are cut off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self._left_out = 0
        self._standing_out = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        theme.notifier().changed.connect(self.update)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What is shown."""
        return self._bars

    def show_bars(self, bars: Sequence[Bar], standing_out: int = -1) -> None:
        self._bars, self._left_out = tuple(bars[:MAX_ROWS]), max(0, len(bars) - MAX_ROWS)
        self._standing_out = standing_out
        self.setToolTip("\n".join(f"{bar.name}: {bar.text}" for bar in self._bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, _ROW_HEIGHT * (len(self._bars) + bool(self._left_out)))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        metrics = QFontMetrics(painter.font())
        names = min(max((metrics.horizontalAdvance(bar.name) for bar in self._bars), default=0) + 8, self.width() * 0.4)
        texts = max((metrics.horizontalAdvance(bar.text) for bar in self._bars), default=0) + 8
        room = max(8.0, self.width() - names - texts)
        alignment = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for line, bar in enumerate(self._bars):
            top = line * _ROW_HEIGHT
            stands_out = line == self._standing_out
            painter.setPen(QColor(colors.text if stands_out else colors.muted))
            painter.drawText(QRectF(0, top, names - 6, _ROW_HEIGHT), alignment,
                             metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, int(names - 6)))
            groove = QRectF(names, top + 5, room, _ROW_HEIGHT - 10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.grid))
            painter.drawRoundedRect(groove, 3, 3)
            groove.setWidth(max(2.0, room * min(1.0, bar.share)))
            painter.setBrush(QColor(colors.accent if stands_out else colors.series[0]))
            painter.drawRoundedRect(groove, 3, 3)
            painter.setPen(QColor(colors.text))
            painter.drawText(QRectF(self.width() - texts, top, texts, _ROW_HEIGHT), alignment, bar.text)
        if self._left_out:
            painter.setPen(QColor(colors.muted))
            painter.drawText(QPoint(0, _ROW_HEIGHT * len(self._bars) + 13), f"and {self._left_out:,} more")
        painter.end()
