"""One node on the canvas: a card that paints itself. No child items, which keeps thousands of nodes cheap."""

from functools import lru_cache
from html import escape

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.analysis.effects import Effect
from engine.layers.spec import Port
from gui.canvas.content import CardContent
from gui.canvas.geometry import (
    CARD_RADIUS,
    CARD_WIDTH,
    MARGIN,
    PORT_RADIUS,
    CardLayout,
    card_layout,
    square,
)
from gui.canvas.ports import PortKey
from gui.canvas.style import CHAIN, DETAIL_ZOOM, FLAKE, ICON, Style, style

TILE = QRectF(9.0, 10.0, 28.0, 28.0)
TEXT_LEFT = 45.0
TEXT_WIDTH = CARD_WIDTH - TEXT_LEFT - 8.0
STRIP = 9.0
"""Width of the band of colour that stands for the icon from afar."""

CHAIN_CENTER = QPointF(CARD_WIDTH - 8.0 - CHAIN / 2, 32.5)
BADGE = QPointF(CARD_WIDTH - 6.0, 4.0)
PILL_LEFT, PILL_HEIGHT, PILL_PADDING = 8.0, 17.0, 7.0
"""The mark of what training does to a node, on the upper edge of its card."""

DIMMED = {"stopped": 0.62, "unused": 0.32}
"""Opacity of what the training phase that is shown does not change."""

FROZEN = Effect("frozen")

TEXT_FLAGS = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
LEFT = Qt.AlignmentFlag.AlignLeft | TEXT_FLAGS
RIGHT = Qt.AlignmentFlag.AlignRight | TEXT_FLAGS


class NodeItem(QGraphicsItem):
    """Shows one node. The scene sets what it shows; it decides nothing.

    fitting  while a wire is drawn: the ports it may end at, others are dimmed; None when no wire is drawn
    effect   while a phase of the training is shown: what it does to the node
    """

    def __init__(self, node_id: str, content: CardContent) -> None:
        super().__init__()
        self.node_id = node_id
        self.content = content
        self.layout = _layout(content)
        self.wired: frozenset[PortKey] = frozenset()
        self.fitting: frozenset[PortKey] | None = None
        self.effect: Effect | None = None
        self._is_selected = self._is_hovered = False
        self._hot_port: PortKey | None = None

    def set_content(self, content: CardContent) -> None:
        if content != self.content:
            self.prepareGeometryChange()
            self.content, self.layout = content, _layout(content)
            self.update()

    def set_wired(self, ports: frozenset[PortKey]) -> None:
        if ports != self.wired:
            self.wired = ports
            self.update()

    def set_fitting(self, ports: frozenset[PortKey] | None) -> None:
        if ports != self.fitting:
            self.fitting = ports
            self.update()

    def set_effect(self, effect: Effect | None) -> None:
        if effect != self.effect:
            self.effect = effect
            self.update()

    def set_selected(self, is_selected: bool) -> None:
        if is_selected != self._is_selected:
            self._is_selected = is_selected
            self.setZValue(1.0 if is_selected else 0.0)
            self.update()

    def set_hovered(self, is_hovered: bool, port: PortKey | None = None) -> None:
        if (is_hovered, port) != (self._is_hovered, self._hot_port):
            self._is_hovered, self._hot_port = is_hovered, port
            self.update()

    @property
    def mark(self) -> Effect | None:
        """What is marked on the card: what the phase that is shown does to its weights; without one, that they are
        frozen."""
        if self.effect is None:
            return FROZEN if self.content.is_frozen else None
        return self.effect if self.effect.state in ("updated", "frozen") else None

    def card(self) -> QRectF:
        """The card in scene coordinates, without shadow and ports."""
        return self.layout.rect.translated(self.pos())

    def port_center(self, name: str, is_output: bool) -> QPointF:
        """Where wires to a port end, in scene coordinates."""
        return self.pos() + self.layout.port(name, is_output)

    def ports(self) -> list[PortKey]:
        return [(name, False) for name in self.layout.inputs] + [(name, True) for name in self.layout.outputs]

    def port_tooltip(self, name: str, is_output: bool) -> str:
        ports = self.content.outputs if is_output else self.content.inputs
        port = next((port for port in ports if port.name == name), Port(name))
        role = "output" if is_output else "optional input" if port.optional else "input"
        return f"<qt>{escape(port.title)} ({role})</qt>"

    def boundingRect(self) -> QRectF:
        return self.layout.rect.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.layout.rect)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = style()
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        is_detailed = zoom >= DETAIL_ZOOM
        is_dimmed = self.fitting is not None and not self.fitting
        painter.setOpacity(0.4 if is_dimmed else DIMMED.get(self.effect.state, 1.0) if self.effect else 1.0)
        self._paint_card(painter, look, is_detailed)
        if not is_detailed:
            self._paint_from_afar(painter, look)
        else:
            self._paint_header(painter, look, zoom * (widget.devicePixelRatioF() if widget else 1.0))
            self._paint_footer(painter, look)
            self._paint_port_names(painter, look)
        self._paint_ports(painter, look)
        if self.content.state in ("error", "warning"):
            self._paint_badge(painter, look)
        if (mark := self.mark) is not None:
            self._paint_pill(painter, look, mark, zoom * (widget.devicePixelRatioF() if widget else 1.0))
        painter.setOpacity(1.0)

    def _paint_card(self, painter: QPainter, look: Style, is_detailed: bool) -> None:
        rect = self.layout.rect
        painter.setPen(Qt.PenStyle.NoPen)
        if is_detailed:
            for depth, brush in zip((3.0, 1.0), look.shadows, strict=True):
                painter.setBrush(brush)
                painter.drawRoundedRect(
                    rect.adjusted(-depth + 1, depth - 1, depth - 1, depth + 1), CARD_RADIUS + 2, CARD_RADIUS + 2
                )
        if self._is_selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.glow)
            painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), CARD_RADIUS + 3, CARD_RADIUS + 3)
        painter.setPen(self._outline(look))
        painter.setBrush(look.effect_fills.get(self.effect.state, look.card) if self.effect else look.card)
        for depth in (6.0, 3.0) if self.content.copies > 1 else ():
            painter.drawRoundedRect(rect.translated(depth, depth), CARD_RADIUS, CARD_RADIUS)
        painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)
        if is_detailed and self.layout.footer is not None:
            painter.setPen(look.rule)
            painter.drawLine(QPointF(10.0, self.layout.footer), QPointF(CARD_WIDTH - 10.0, self.layout.footer))

    def _outline(self, look: Style):
        if self.content.state == "error":
            return look.states["error"]
        if self._is_selected:
            return look.selected
        if self.content.state == "waiting":
            return look.states["waiting"]
        if self.effect is not None and self.effect.state in look.effect_outlines:
            return look.effect_outlines[self.effect.state]
        return look.hover_border if self._is_hovered else look.border

    def _paint_header(self, painter: QPainter, look: Style, pixels: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.tile(self.content.category, self.content.weight_set))
        painter.drawRoundedRect(TILE, 7.0, 7.0)
        glyph = look.glyph(self.content.icon, pixels)
        painter.drawPixmap(square(TILE.center(), ICON / 2), glyph, QRectF(glyph.rect()))
        painter.setPen(look.text)
        painter.setFont(look.title_font)
        title = look.title_metrics.elidedText(self.content.name, Qt.TextElideMode.ElideRight, TEXT_WIDTH)
        painter.drawText(QRectF(TEXT_LEFT, 8.0, TEXT_WIDTH, 17.0), LEFT, title)
        painter.setPen(look.muted)
        painter.setFont(look.small_font)
        width = TEXT_WIDTH
        if self.content.weight_set is not None:
            chain = look.chain(self.content.weight_set, pixels)
            painter.drawPixmap(square(CHAIN_CENTER, CHAIN / 2), chain, QRectF(chain.rect()))
            width -= CHAIN + 4.0
        subtitle = look.small_metrics.elidedText(self.content.subtitle, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(TEXT_LEFT, 25.0, width, 15.0), LEFT, subtitle)

    def _paint_from_afar(self, painter: QPainter, look: Style) -> None:
        """Colour, name and shape only, as large as the card allows."""
        area = self.layout.rect.adjusted(STRIP + 9.0, 0.0, -8.0, 0.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.tile(self.content.category, self.content.weight_set))
        painter.drawPath(_strip(self.layout.height))
        is_shape = bool(self.content.footer) and self.content.state in ("ok", "warning")
        middle = self.layout.height / 2
        painter.setPen(look.text)
        painter.setFont(look.far_font)
        title = look.far_metrics.elidedText(self.content.name, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QRectF(area.left(), middle - (24.0 if is_shape else 12.0), area.width(), 24.0), LEFT, title)
        if is_shape:
            painter.setPen(look.muted)
            painter.setFont(look.far_small_font)
            painter.drawText(QRectF(area.left(), middle + 2.0, area.width(), 20.0), LEFT, self.content.footer)

    def _paint_footer(self, painter: QPainter, look: Style) -> None:
        if self.layout.footer is None:
            return
        area = QRectF(12.0, self.layout.footer, CARD_WIDTH - 24.0, self.layout.height - self.layout.footer)
        painter.setPen(look.error if self.content.state == "error" else look.muted)
        painter.setFont(look.small_font)
        text = look.small_metrics.elidedText(self.content.footer, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, LEFT if self.content.state in ("error", "waiting") else RIGHT, text)

    def _paint_port_names(self, painter: QPainter, look: Style) -> None:
        painter.setPen(look.muted)
        painter.setFont(look.small_font)
        has_both = len(self.content.inputs) > 1 and len(self.content.outputs) > 1
        width = (CARD_WIDTH - 24.0) / 2 - 4.0 if has_both else CARD_WIDTH - 24.0
        for ports, heights, left, align in (
            (self.content.inputs, self.layout.inputs, 12.0, LEFT),
            (self.content.outputs, self.layout.outputs, CARD_WIDTH - 12.0 - width, RIGHT),
        ):
            for port in ports if len(ports) > 1 else ():
                title = look.small_metrics.elidedText(port.title, Qt.TextElideMode.ElideRight, width)
                painter.drawText(QRectF(left, heights[port.name] - 10.0, width, 20.0), align, title)

    def _paint_ports(self, painter: QPainter, look: Style) -> None:
        for ports, is_output in ((self.content.inputs, False), (self.content.outputs, True)):
            for port in ports:
                self._paint_port(painter, look, port, is_output)

    def _paint_port(self, painter: QPainter, look: Style, port: Port, is_output: bool) -> None:
        key = (port.name, is_output)
        is_hot = key == self._hot_port
        is_offered = self.fitting is not None and key in self.fitting
        radius = PORT_RADIUS + (2.5 if is_hot else 1.0 if is_offered else 0.0)
        if self.fitting and not is_offered:
            painter.setOpacity(0.35)
        is_free_option = port.optional and key not in self.wired
        painter.setPen(look.port_hot if is_hot or is_offered else look.port_optional if is_free_option else look.port)
        painter.setBrush(
            look.port_hot_fill if is_hot else look.port_wired if key in self.wired else look.port_fill
        )
        center = self.layout.port(port.name, is_output)
        if port.variadic:
            painter.drawRoundedRect(square(center, radius).adjusted(0, -3.5, 0, 3.5), radius, radius)
        else:
            painter.drawEllipse(center, radius, radius)
        if self.fitting and not is_offered:
            painter.setOpacity(1.0)

    def _paint_pill(self, painter: QPainter, look: Style, effect: Effect, pixels: float) -> None:
        """The factor of the learning rate, or a snowflake."""
        text = effect.factor_text
        width = look.small_metrics.horizontalAdvance(text) + 2 * PILL_PADDING if text else PILL_HEIGHT + 2.0
        area = QRectF(PILL_LEFT, -PILL_HEIGHT / 2, width, PILL_HEIGHT)
        painter.setPen(look.effect_outlines[effect.state])
        painter.setBrush(look.accent if text else look.card)
        painter.drawRoundedRect(area, PILL_HEIGHT / 2, PILL_HEIGHT / 2)
        if text:
            painter.setPen(look.on_accent)
            painter.setFont(look.small_font)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        else:
            flake = look.snowflake(pixels)
            painter.drawPixmap(square(area.center(), FLAKE / 2), flake, QRectF(flake.rect()))

    def _paint_badge(self, painter: QPainter, look: Style) -> None:
        painter.setPen(look.card.color())
        painter.setBrush(look.error if self.content.state == "error" else look.warning)
        painter.drawEllipse(BADGE, 8.0, 8.0)
        painter.setPen(look.card.color())
        painter.setFont(look.small_font)
        painter.drawText(square(BADGE, 8.0), Qt.AlignmentFlag.AlignCenter, "!")


@lru_cache(maxsize=64)
def _strip(height: float) -> QPainterPath:
    """The left end of a card of that height."""
    card, band = QPainterPath(), QPainterPath()
    card.addRoundedRect(QRectF(0.5, 0.5, CARD_WIDTH - 1.0, height - 1.0), CARD_RADIUS, CARD_RADIUS)
    band.addRect(QRectF(0.0, 0.0, STRIP, height))
    return card.intersected(band)


def _layout(content: CardContent) -> CardLayout:
    inputs = tuple(port.name for port in content.inputs)
    return card_layout(inputs, tuple(port.name for port in content.outputs), content.has_footer)
