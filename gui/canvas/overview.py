"""Backdrops of the canvas: the grid of dots, the far view of a large graph, and the hint on an empty one."""

from collections import defaultdict
from math import ceil, floor, log2

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

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

HINT = "Drag a layer here, or press Tab to search"
HINT_DETAIL = "Wire layers by dragging from one port to another"


class Overview:
    """A graph seen from afar: rectangles and straight lines from lists that are kept until the graph changes.

    Painting 20,000 items one by one takes 280 ms a frame, this takes 10.
    """

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._cards: dict[str, list[QRectF]] = {}
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
            painter.setPen(_hairline(look.wires[state].color(), 1.5 if is_small else 1.0))
            painter.drawLines(lines)
        for category, cards in self._cards.items():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.category(category))
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
        cards: dict[str, list[QRectF]] = defaultdict(list)
        lines: dict[str, list[QLineF]] = defaultdict(list)
        for item in self._scene.nodes.values():
            cards[item.content.category].append(item.card())
        for wire in self._scene.wires.values():
            lines[wire.state].append(QLineF(wire.start, wire.end))
        self._cards, self._lines, self._is_stale = cards, lines, False


def paint_grid(painter: QPainter, area: QRectF, zoom: float) -> None:
    """The background of `area` (scene coordinates) at `zoom`."""
    look = style()
    painter.fillRect(area, look.background)
    step = DOT_DISTANCE * 2 ** max(0, ceil(log2(LEAST_DOT_DISTANCE / (DOT_DISTANCE * zoom))))
    columns = range(floor(area.left() / step), ceil(area.right() / step) + 1)
    rows = range(floor(area.top() / step), ceil(area.bottom() / step) + 1)
    painter.setPen(look.dots)
    painter.drawPoints([QPointF(column * step, row * step) for column in columns for row in rows])


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
