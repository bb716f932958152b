"""One phase of the plan as a chip that can be chosen and dragged to another place."""

from math import ceil

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QWidget

from gui.widgets import theme

HEIGHT, NARROWEST, CROWDED = 42, 130, 300
"""A chip is as wide as its texts, where there is room; where there is not, it need not be wider than CROWDED."""

TEXT_LEFT, PADDING, RADIUS = 30.0, 10.0, 8.0
NUMBER = QRectF(8.0, 13.0, 16.0, 16.0)
BADGE = 14.0


class PhaseChip(QAbstractButton):
    """Shows the number, name and a line of detail of one phase. Checked while the phase is shown.

    dragged, dropped: the chip is held over, or let go at, this point of the screen.
    renamed: a double click or F2 asks for another name.
    walked: an arrow key asks for the chip before (-1) or behind (1); moved: with Ctrl, to change places with it.
    """

    dragged = Signal(QPoint)
    dropped = Signal(QPoint)
    renamed = Signal()
    walked = Signal(int)
    moved = Signal(int)
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._number, self._detail, self._times, self._severity = 0, "", "", ""
        self._pressed_at = QPoint()
        self._is_dragging = False
        theme.notifier().changed.connect(self.update)

    @property
    def detail(self) -> str:
        return self._detail + self._times

    @property
    def severity(self) -> str:
        """Of the worst problem of the phase, "" for none: shown as a badge."""
        return self._severity

    def show_phase(self, number: int, name: str, detail: str, times: str, severity: str) -> None:
        """`times`: when it is used, behind the detail; it is seen whole where the detail is cut short."""
        self._number, self._detail, self._severity = number, detail, severity
        self._times = f" · {times}" if times else ""
        self.setText(name)
        self.setAccessibleName(f"Phase {number}: {name}, {self.detail}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        name = QFontMetricsF(_name_font()).horizontalAdvance(self.text()) + (BADGE + 6.0 if self._severity else 0.0)
        detail = QFontMetricsF(_detail_font()).horizontalAdvance(self.detail)
        return QSize(ceil(max(TEXT_LEFT + max(name, detail) + PADDING, NARROWEST)), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(CROWDED, HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(self.rect()).adjusted(1.0, 1.0, -1.0, -1.0)
        is_marked = self.isChecked() or self.hasFocus()
        edge = colors.accent if is_marked else colors.muted if self.underMouse() else colors.border
        painter.setPen(QPen(QColor(edge), 2.0 if self.hasFocus() else 1.5 if self.isChecked() else 1.0))
        painter.setBrush(QColor(colors.selection if self.isChecked() else colors.raised))
        painter.drawRoundedRect(card, RADIUS, RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.accent if self.isChecked() else colors.wire))
        painter.drawEllipse(NUMBER)
        painter.setPen(QColor(colors.on_accent if self.isChecked() else colors.surface))
        painter.setFont(theme.font(10, QFont.Weight.DemiBold))
        painter.drawText(NUMBER, Qt.AlignmentFlag.AlignCenter, str(self._number))
        self._paint_texts(painter, colors)
        painter.end()

    def _paint_texts(self, painter: QPainter, colors: theme.Colors) -> None:
        width = self.width() - TEXT_LEFT - PADDING
        lines = ((self.text(), "", _name_font(), colors.text, 5.0, width - (BADGE + 4.0 if self._severity else 0.0)),
                 (self._detail, self._times, _detail_font(), colors.text if self.isChecked() else colors.muted, 22.0,
                  width))
        for text, kept, font, color, top, room in lines:
            painter.setFont(font)
            painter.setPen(QColor(color))
            metrics = QFontMetricsF(font)
            left = room - metrics.horizontalAdvance(kept)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, left) + kept
            painter.drawText(QRectF(TEXT_LEFT, top, room, 16.0),
                             Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        if self._severity:
            badge = QRectF(self.width() - PADDING - BADGE + 2.0, 6.0, BADGE, BADGE)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.error if self._severity == "error" else colors.warning))
            painter.drawEllipse(badge)
            painter.setPen(QColor(colors.raised))
            painter.setFont(theme.font(10, QFont.Weight.DemiBold))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, "!")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at, self._is_dragging = event.position().toPoint(), False
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        way = event.position().toPoint() - self._pressed_at
        self._is_dragging = self._is_dragging or way.manhattanLength() >= QApplication.startDragDistance()
        if self._is_dragging:
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._is_dragging:
            super().mouseReleaseEvent(event)
            return
        self._is_dragging = False
        self.setDown(False)
        self.dropped.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.renamed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, with_ctrl = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            way = -1 if key == Qt.Key.Key_Left else 1
            (self.moved if with_ctrl else self.walked).emit(way)
        elif key == Qt.Key.Key_F2:
            self.renamed.emit()
        elif key == Qt.Key.Key_Delete:
            self.removed.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


def _name_font() -> QFont:
    return theme.font(12, QFont.Weight.DemiBold)


def _detail_font() -> QFont:
    return theme.font(11)
