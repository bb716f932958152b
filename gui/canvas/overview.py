"""Backdrops of the canvas: the grid of dots, the far view of a large graph, and the hint on an empty one."""

from collections import defaultdict
from math import ceil, log2

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from gui.canvas.geometry import CARD_RADIUS, GRID
from gui.canvas.scene import CanvasScene
from gui.canvas.style import Style, style

DOT_DISTANCE = 2 * GRID
LEAST_DOT_DISTANCE = 16.0
"""Dots are thinned out so that on screen they stay this far apart."""

FINE = 1_000
"""Nodes up to which even the far view is painted with smooth edges."""

MARK = 12.0
"""How far outside a card its mark is drawn."""

Kind = tuple[str, int | None] | str
"""What cards are coloured by: category and set of weights, or what the training phase that is shown does to them."""

HINT = "Drag a layer here, or press Tab to search"
HINT_DETAIL = "Wire layers by dragging from one port to another"


class Overview:
    """A graph seen from afar: rectangles and straight lines from lists that are kept until the graph changes.

    Painting 20,000 items one by one takes 280 ms a frame, this takes 10.
    """

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._cards: dict[Kind, list[QRectF]] = {}
        self._lines: dict[str, list[QLineF]] = {}
        self._is_stale = True
        scene.repaired.connect(self.invalidate)

    def invalidate(self) -> None:
        self._is_stale = True

    def paint(self, painter: QPainter) -> None:
        """Paint the whole graph, in scene coordinates."""
        if self._is_stale:
            self._collect()
        look = style()
        is_small = len(self._scene.nodes) <= FINE
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, is_small)
        for state, lines in self._lines.items():
            pen = look.gradients[state] if state in look.gradients else look.wires[state]
            painter.setPen(_hairline(pen.color(), 1.5 if is_small else 1.0))
            painter.drawLines(lines)
        for kind, cards in self._cards.items():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.far_effects[kind] if isinstance(kind, str) else look.tile(*kind))
            if is_small:
                for card in cards:
                    painter.drawRoundedRect(card, CARD_RADIUS, CARD_RADIUS)
            else:
                painter.drawRects(cards)
        self._paint_marks(painter, look)

    def _paint_marks(self, painter: QPainter, look: Style) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        selected = [self._scene.nodes[node_id].card() for node_id in self._scene.document.selection]
        wrong = [item.card() for item in self._scene.nodes.values() if item.content.state == "error"]
        for cards, color in ((wrong, look.error), (selected, look.accent)):
            if cards:
                painter.setPen(_hairline(color, 2.0))
                painter.drawRects([card.adjusted(-MARK, -MARK, MARK, MARK) for card in cards])

    def _collect(self) -> None:
        cards: dict[Kind, list[QRectF]] = defaultdict(list)
        lines: dict[str, list[QLineF]] = defaultdict(list)
        for item in self._scene.nodes.values():
            kind = item.effect.state if item.effect else (item.content.category, item.content.weight_set)
            cards[kind].append(item.card())
        for wire in self._scene.wires.values():
            state = wire.gradient if wire.gradient and wire.state == "ok" else wire.state
            lines[state].append(QLineF(wire.start, wire.end))
        self._cards, self._lines, self._is_stale = cards, lines, False


class DotGrid:
    """The background. Its dots are drawn once per zoom into a picture that is a little larger than the view.

    Painting 2,400 smooth dots takes 13 ms, moving the picture a fraction of one.
    """

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._picture = QPixmap()

    def paint(self, painter: QPainter, area: QRectF, scale: float) -> None:
        """Paint `area` (scene coordinates); `scale` is the device's pixels per logical pixel."""
        look, transform = style(), painter.worldTransform()
        zoom = transform.m11()
        step = zoom * DOT_DISTANCE * 2 ** max(0, ceil(log2(LEAST_DOT_DISTANCE / (DOT_DISTANCE * zoom))))
        shown = transform.mapRect(area)
        painter.save()
        painter.resetTransform()
        painter.fillRect(shown, look.background)
        left = shown.left() - (shown.left() - transform.dx()) % step
        top = shown.top() - (shown.top() - transform.dy()) % step
        painter.setClipRect(shown)
        corner = QPointF(round(left - step / 2), round(top - step / 2))
        painter.drawPixmap(corner, self._drawn(shown, step, scale, look))
        painter.restore()

    def _drawn(self, shown: QRectF, step: float, scale: float, look: Style) -> QPixmap:
        """Rows of dots in the middle of squares of `step` pixels, enough to cover `shown` from any offset."""
        key = (step, scale, look)
        width, height = ceil(shown.width() + 2 * step), ceil(shown.height() + 2 * step)
        known = self._picture.deviceIndependentSize()
        if key == self._key and known.width() >= width and known.height() >= height:
            return self._picture
        row = _transparent(width, ceil(step), scale)
        pen = QPainter(row)
        pen.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen.setPen(look.dots)
        pen.drawPoints([QPointF((column + 0.5) * step, step / 2) for column in range(ceil(width / step))])
        pen.end()
        self._picture = _transparent(width, height, scale)
        pen = QPainter(self._picture)
        for number in range(ceil(height / step)):
            pen.drawPixmap(QPointF(0, round(number * step)), row)
        pen.end()
        self._key = key
        return self._picture


def _transparent(width: int, height: int, scale: float) -> QPixmap:
    picture = QPixmap(ceil(width * scale), ceil(height * scale))
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def paint_hint(painter: QPainter, area: QRectF) -> None:
    """What to do with an empty canvas, in the middle of `area` (viewport coordinates)."""
    look = style()
    painter.setPen(look.muted)
    painter.setFont(look.hint_font)
    painter.drawText(area.translated(0, -12), Qt.AlignmentFlag.AlignCenter, HINT)
    painter.setFont(look.small_font)
    painter.drawText(area.translated(0, 14), Qt.AlignmentFlag.AlignCenter, HINT_DETAIL)


def _hairline(color: QColor, width: float = 1.0) -> QPen:
    pen = QPen(color, width)
    pen.setCosmetic(True)
    return pen
