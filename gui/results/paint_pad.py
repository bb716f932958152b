"""A square to draw on, white on black as handwriting data is, or to show an opened picture on."""

from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme

SIDE = 280
"""Pixels a side of the drawing, whatever size it is shown in."""

MAX_SHOWN_PIXELS = 4096


class PaintPad(QWidget):
    """Draw with the left button, or drop a picture file.

    drawn: a stroke changed the drawing; sent while drawing. dropped(path): a file was dropped here.
    """

    drawn = Signal()
    dropped = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
        self._drawing.fill(0)
        self._picture: QImage | None = None
        self._last: QPointF | None = None
        self.is_blank = True
        self.can_draw = True
        self.brush = 24
        self.setAcceptDrops(True)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Drawing area")
        theme.notifier().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(170, 170)

    def clear(self) -> None:
        self._drawing.fill(0)
        self._picture, self.is_blank = None, True
        self.update()

    def show_picture(self, path: Path) -> None:
        """Show a picture file instead of the drawing; one that cannot be shown leaves the pad empty."""
        self.clear()
        picture = QImage(str(path))
        if not picture.isNull() and max(picture.width(), picture.height()) <= MAX_SHOWN_PIXELS:
            self._picture = picture
        self.update()

    def drawing(self, width: int, height: int) -> QImage:
        """The drawing in grey, `width` by `height` pixels."""
        return self._drawing.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio,
                                    Qt.TransformationMode.SmoothTransformation)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.can_draw:
            if self._picture is not None:
                self.clear()
            self._last = self._position(event)
            self._stroke(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is not None:
            self._stroke(self._position(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.dropped.emit(files[0])

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = self._area()
        painter.fillRect(area, QColor(0, 0, 0))
        if self._picture is not None:
            size = self._picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(area.topLeft(), size)
            place.moveCenter(area.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._picture.width() > area.width())
            painter.drawImage(place, self._picture)
        else:
            painter.drawImage(area, self._drawing)
            if self.is_blank:
                painter.setPen(QColor("#9aa3b2"))
                painter.setFont(theme.font(12))
                text = "Draw here\nor drop a picture" if self.can_draw else "Drop a picture here"
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QColor(colors.border))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.end()

    def _area(self) -> QRect:
        side = min(self.width(), self.height())
        area = QRect(0, 0, side, side)
        area.moveCenter(self.rect().center())
        return area

    def _position(self, event: QMouseEvent) -> QPointF:
        area = self._area()
        scale = SIDE / max(1, area.width())
        return (event.position() - QPointF(area.topLeft())) * scale

    def _stroke(self, to: QPointF) -> None:
        painter = QPainter(self._drawing)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(255, 255, 255), self.brush, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(self._last or to, to + QPointF(0.01, 0))
        painter.end()
        self._last, self.is_blank = to, False
        self.update()
        self.drawn.emit()
