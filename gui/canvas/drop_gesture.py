"""A layer or network dragged in from the palette."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from gui.canvas.edits import Place
from gui.canvas.geometry import CARD_RADIUS, CARD_WIDTH, FOOTER, HEADER, Position, snapped
from gui.canvas.gestures import Gesture, Pointer, Splice
from gui.canvas.style import style
from gui.placeable import Placeable

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView


class Drop(Gesture):
    """Shows where the layer would land and which wire it would go into, and adds it there."""

    scrolls_at_edges = True

    def __init__(self, view: "CanvasView", pressed: Pointer, entry: Placeable) -> None:
        super().__init__(view, pressed)
        self._entry = entry
        self._splice = Splice(view)
        self._position = self._corner(pressed)
        self.is_dragging = True

    def drag(self, pointer: Pointer) -> None:
        self._position = self._corner(pointer)
        self._splice.aim(pointer, self._entry.spec, self._card().center())
        self.view.viewport().update()

    def drop(self, pointer: Pointer) -> None:
        self.view.viewport().update()
        self.view.commands.add(self._entry.key, Place(position=self._position, into=self._splice.end()))

    def cancel(self) -> None:
        self._splice.end()
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        look, card = style(), self._card()
        painter.setPen(look.ghost)
        painter.setBrush(look.ghost_fill)
        painter.drawRoundedRect(card, CARD_RADIUS, CARD_RADIUS)
        painter.setPen(look.text)
        painter.setFont(look.title_font)
        painter.drawText(card.adjusted(0, HEADER / 2, 0, 0), Qt.AlignmentFlag.AlignCenter, self._entry.title)

    def _corner(self, pointer: Pointer) -> Position:
        corner = pointer.scene - QPointF(CARD_WIDTH / 2, HEADER / 2)
        wanted = (corner.x(), corner.y())
        return wanted if pointer.is_free else snapped(wanted)

    def _card(self) -> QRectF:
        return QRectF(*self._position, CARD_WIDTH, HEADER + FOOTER)
