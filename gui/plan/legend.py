"""What the colours on the canvas mean while a phase of the training is shown."""

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.canvas.node_item import DIMMED
from gui.canvas.style import Style, style
from gui.widgets import theme

SAMPLE = QSize(28, 14)
GAP, BETWEEN = 6.0, 16.0
ENTRIES = ("Updated", "Frozen", "No gradient", "Gradient flows", "Gradient stops")


class Legend(QWidget):
    """Draws a sample of each colour with its name, with the canvas's own pens; what does not fit is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Legend")
        self.setToolTip(
            "Updated: the phase moves these weights, by this factor of the learning rate.\n"
            "Frozen: these weights stay as they are; gradients may pass through.\n"
            "No gradient: nothing of the loss gets here.\n"
            "The bar marks where gradients stop: at a Detach or before frozen layers.")
        theme.notifier().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, font = style(), theme.font(11)
        metrics = QFontMetricsF(font)
        left = 2.0
        for text in ENTRIES:
            end = left + SAMPLE.width() + GAP + metrics.horizontalAdvance(text)
            if end > self.width():
                break
            _paint_sample(painter, look, text, QRectF(QPointF(left, (self.height() - SAMPLE.height()) / 2), SAMPLE))
            painter.setFont(font)
            painter.setPen(look.muted)
            area = QRectF(left + SAMPLE.width() + GAP, 0.0, end, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            left = end + BETWEEN
        painter.end()


def _paint_sample(painter: QPainter, look: Style, text: str, area: QRectF) -> None:
    middle = area.center().y()
    if text.startswith("Gradient"):
        painter.setPen(look.gradients["flowing" if text == "Gradient flows" else "stopped"])
        painter.drawLine(QLineF(area.left(), middle, area.right(), middle))
        if text == "Gradient stops":
            painter.setPen(look.gradient_bar)
            painter.drawLine(QLineF(area.right() - 8.0, area.top(), area.right() - 8.0, area.bottom()))
        return
    state = text.lower()
    painter.setOpacity(1.0 if state in look.effect_fills else DIMMED["stopped"])
    painter.setPen(look.effect_outlines.get(state, look.border))
    painter.setBrush(look.effect_fills.get(state, look.card))
    painter.drawRoundedRect(area.adjusted(1.0, 0.5, -1.0, -0.5), 4.0, 4.0)
    painter.setOpacity(1.0)
    if state == "frozen":
        flake = look.snowflake(painter.device().devicePixelRatioF())
        painter.drawPixmap(QRectF(area.center() - QPointF(5.0, 5.0), QPointF(area.center() + QPointF(5.0, 5.0))), flake,
                           QRectF(flake.rect()))
    elif state == "updated":
        painter.setPen(look.text)
        painter.setFont(theme.font(9))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "×1")
