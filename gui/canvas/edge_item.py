"""One wire on the canvas: a curve with the shape that travels along it."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.graph import Edge
from gui.canvas.geometry import Curve, distance_to_wire, square, wire_curves, wire_middle, wire_path
from gui.canvas.style import DETAIL_ZOOM, Style, style

LABEL_HEIGHT = 17.0
LABEL_PADDING = 7.0
LABEL_ROOM = 22.0
"""A label is left out where the wire shows less than this beside it."""

GLOW = 6.0

class EdgeItem(QGraphicsItem):
    """Shows one wire. The scene tells it where its ends are, its state ("ok", "broken", "waiting") and its label."""

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self.edge = edge
        self.start = self.end = QPointF()
        self.state = "ok"
        self.label = ""
        self._curves: list[Curve] = []
        self._path = QPainterPath()
        self._bounds = QRectF()
        self._is_selected = self._is_hovered = self._is_target = False
        self.setZValue(-1.0)

    def set_ends(self, start: QPointF, end: QPointF) -> None:
        if (start, end) != (self.start, self.end):
            self.prepareGeometryChange()
            self.start, self.end = start, end
            self._curves = wire_curves(start, end)
            self._path = wire_path(self._curves)
            self._measure()

    def set_facts(self, state: str, label: str) -> None:
        """What travels along the wire, and whether it can."""
        if (state, label) != (self.state, self.label):
            if label != self.label:
                self.prepareGeometryChange()
            self.state, self.label = state, label
            self._measure()
            self.update()

    def set_selected(self, is_selected: bool) -> None:
        if is_selected != self._is_selected:
            self._is_selected = is_selected
            self.update()

    def set_hovered(self, is_hovered: bool) -> None:
        if is_hovered != self._is_hovered:
            self._is_hovered = is_hovered
            self.update()

    def set_target(self, is_target: bool) -> None:
        """Whether a layer that is dropped now would be inserted here."""
        if is_target != self._is_target:
            self._is_target = is_target
            self.update()

    def distance(self, point: QPointF) -> float:
        return distance_to_wire(point, self._curves)

    def middle(self) -> QPointF:
        return wire_middle(self._curves)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        """The bounding box: cheap, and the scene measures real distances itself."""
        path = QPainterPath()
        path.addRect(self._bounds)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = style()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._is_selected or self._is_target:
            painter.setPen(look.wire_glow)
            painter.drawPath(self._path)
        painter.setPen(self._pen(look))
        painter.drawPath(self._path)
        if option.levelOfDetailFromTransform(painter.worldTransform()) >= DETAIL_ZOOM and self.label:
            self._paint_label(painter, look)

    def _pen(self, look: Style) -> QPen:
        if self._is_target:
            return look.wire_new
        if self._is_selected:
            return look.wire_selected
        if self._is_hovered and self.state == "ok":
            return look.wire_hover
        return look.wires[self.state]

    def _label_rect(self) -> QRectF:
        """Empty where there is no label or no room for it."""
        if not self.label:
            return QRectF()
        width = style().label_metrics.horizontalAdvance(self.label) + 2 * LABEL_PADDING
        if (self.end - self.start).manhattanLength() < width + LABEL_ROOM:
            return QRectF()
        return square(self.middle(), width / 2).adjusted(0, (width - LABEL_HEIGHT) / 2, 0, (LABEL_HEIGHT - width) / 2)

    def _paint_label(self, painter: QPainter, look: Style) -> None:
        rect = self._label_rect()
        if rect.isNull():
            return
        painter.setPen(look.border if self.state != "broken" else look.states["error"])
        painter.setBrush(look.background)
        painter.drawRoundedRect(rect, LABEL_HEIGHT / 2, LABEL_HEIGHT / 2)
        painter.setPen(look.error if self.state == "broken" else look.muted)
        painter.setFont(look.label_font)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.label)

    def _measure(self) -> None:
        curve = self._path.controlPointRect().adjusted(-GLOW, -GLOW, GLOW, GLOW)
        self._bounds = curve.united(self._label_rect().adjusted(-1, -1, 1, 1)) if self.label else curve
