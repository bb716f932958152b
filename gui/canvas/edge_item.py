"""One wire on the canvas: a curve with the shape that travels along it."""

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.graph import Edge
from gui.canvas.geometry import Curve, distance_to_wire, wire_curves, wire_middle, wire_path
from gui.canvas.style import DETAIL_ZOOM, Style, style

LABEL_HEIGHT = 17.0
LABEL_PADDING = 7.0
LABEL_ROOM = 22.0
"""A label is left out where the wire shows less than this beside it."""

TIGHT_ROOM = 10.0
"""The same for a label above a wire that is no steeper than FLAT."""

FLAT = 12.0
GLOW = 6.0
BAR_DISTANCE, BAR_LENGTH = 12.0, 18.0
"""Of the bar at which gradients end: how far before the end of the wire, and how long."""


class EdgeItem(QGraphicsItem):
    """Shows one wire. The scene tells it where its ends are, its state ("ok", "broken", "waiting") and its label.

    gradient  while a phase of the training is shown: "flowing", "stopped" where it ends, "none"; "" at other times
    """

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self.edge = edge
        self.start = self.end = QPointF()
        self.state = "ok"
        self.label = ""
        self.gradient = ""
        self._curves: list[Curve] = []
        self._path = QPainterPath()
        self._bounds = self._label_area = QRectF()
        self._is_pill = False
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

    def set_gradient(self, gradient: str) -> None:
        if gradient != self.gradient:
            self.gradient = gradient
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
        if self.gradient == "stopped":
            self._paint_bar(painter, look)
        if option.levelOfDetailFromTransform(painter.worldTransform()) >= DETAIL_ZOOM and self.label:
            self._paint_label(painter, look)

    def _pen(self, look: Style) -> QPen:
        if self._is_target:
            return look.wire_new
        if self._is_selected:
            return look.wire_selected
        if self._is_hovered and self.state == "ok":
            return look.wire_hover
        return look.gradients[self.gradient] if self.gradient and self.state == "ok" else look.wires[self.state]

    def _paint_bar(self, painter: QPainter, look: Style) -> None:
        """Across the wire, shortly before its end."""
        place = self._path.percentAtLength(max(0.0, self._path.length() - BAR_DISTANCE))
        way = QLineF.fromPolar(BAR_LENGTH / 2, self._path.angleAtPercent(place) + 90.0).p2()
        middle = self._path.pointAtPercent(place)
        painter.setPen(look.gradient_bar)
        painter.drawLine(middle - way, middle + way)

    def _paint_label(self, painter: QPainter, look: Style) -> None:
        if self._label_area.isNull():
            return
        if self._is_pill:
            painter.setPen(look.border if self.state != "broken" else look.states["error"])
            painter.setBrush(look.background)
            painter.drawRoundedRect(self._label_area, LABEL_HEIGHT / 2, LABEL_HEIGHT / 2)
        painter.setPen(look.error if self.state == "broken" else look.muted)
        painter.setFont(look.label_font if self._is_pill else look.tight_font)
        text = self.label if self._is_pill else _tightened(self.label)
        painter.drawText(self._label_area, Qt.AlignmentFlag.AlignCenter, text)

    def _measure(self) -> None:
        """Bounds, and where the label goes: in a pill on the wire, above a short one, or nowhere."""
        self._label_area, self._is_pill = QRectF(), False
        self._bounds = self._path.controlPointRect().adjusted(-GLOW, -GLOW, GLOW, GLOW)
        if not self.label:
            return
        look, way, middle = style(), self.end - self.start, self.middle()
        width = look.label_metrics.horizontalAdvance(self.label) + 2 * LABEL_PADDING
        tight = look.tight_metrics.horizontalAdvance(_tightened(self.label)) + 2.0
        if way.manhattanLength() >= width + LABEL_ROOM:
            self._label_area, self._is_pill = _centered(middle, width), True
        elif abs(way.y()) <= FLAT and way.x() >= tight + TIGHT_ROOM:
            self._label_area = _centered(middle - QPointF(0.0, LABEL_HEIGHT / 2 + 1.0), tight)
        self._bounds = self._bounds.united(self._label_area.adjusted(-1, -1, 1, 1))


def _centered(middle: QPointF, width: float) -> QRectF:
    return QRectF(middle.x() - width / 2, middle.y() - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)


def _tightened(label: str) -> str:
    return label.replace(" ", "")
