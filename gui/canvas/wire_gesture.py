"""Drawing a wire from a port to another port, to a card, or to empty canvas."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from engine.graph import Edge, Graph
from gui.canvas.edits import Place
from gui.canvas.geometry import CARD_WIDTH, HEADER, PORT_RADIUS, wire_curves, wire_path
from gui.canvas.gestures import Gesture, Pointer
from gui.canvas.node_item import NodeItem
from gui.canvas.ports import PortRef, edge_between
from gui.canvas.scene import CanvasScene
from gui.canvas.style import style
from gui.canvas.wiring import drawn, endings, followers, refusal

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView

SNAP_REACH = 25
"""Pixels within which a wire snaps to a port."""


def paint_loose_wire(painter: QPainter, canvas: CanvasScene, start: PortRef, tip: QPointF) -> None:
    """Paint a wire that is being drawn, from a port to `tip`."""
    fixed, look = canvas.port_center(start), style()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(look.wire_new)
    painter.drawPath(wire_path(wire_curves(fixed, tip) if start.is_output else wire_curves(tip, fixed)))
    painter.setBrush(look.accent)
    painter.drawEllipse(tip, PORT_RADIUS - 1, PORT_RADIUS - 1)


class Wire(Gesture):
    """Draws a new wire, or picks up the one that ends at the pressed input to put it elsewhere.

    Dropped on empty canvas, a new wire asks for the layer to add there, and a picked up one is deleted.
    """

    cursor = Qt.CursorShape.CrossCursor
    scrolls_at_edges = True

    def __init__(self, view: "CanvasView", pressed: Pointer, port: PortRef) -> None:
        super().__init__(view, pressed)
        graph = view.document.graph
        wires = () if port.is_output else graph.into(port.node, port.name)
        self._lifted: Edge | None = wires[-1] if wires else None
        self._start = PortRef(wires[-1].source, wires[-1].source_port, True) if wires else port
        self._base: Graph = graph.disconnect(*wires[-1:])
        self._end: PortRef | None = None
        self._tip = pressed.scene
        self._allowed, self._fitting = endings(
            self._base, view.document.analysis, view.document.library, self._start)

    def drag(self, pointer: Pointer) -> None:
        canvas = self.view.canvas
        canvas.offer({**self._fitting, self._start.node: frozenset((self._start.key,))})
        if self._lifted:
            canvas.hide_wire(self._lifted)
        self._tip = pointer.scene
        self._end = canvas.port_near(pointer.scene, SNAP_REACH / self.view.zoom, self._allowed) or self._port_of_card()
        canvas.hover(self._end)
        self.view.viewport().update()

    def drop(self, pointer: Pointer) -> None:
        target = self.view.canvas.target_at(pointer.scene, self.view.reach)
        self._leave()
        edge = edge_between(self._start, self._end) if self._end else None
        if edge is not None:
            self._commit(edge)
        elif isinstance(target, PortRef):
            self._refuse(target)
        elif isinstance(target, NodeItem):
            self._refuse_card(target)
        elif self._lifted:
            self.view.commit("Delete a wire", self._base)
        else:
            self._ask(pointer)

    def click(self, pointer: Pointer) -> None:
        if pointer.is_adding:
            self.view.document.select(self.view.document.selection ^ {self.pressed_node})
        else:
            self.view.select_nodes({self.pressed_node})

    def cancel(self) -> None:
        self._leave()

    @property
    def pressed_node(self) -> str:
        return self._lifted.target if self._lifted else self._start.node

    def paint(self, painter: QPainter) -> None:
        if not self.is_dragging:
            return
        canvas = self.view.canvas
        paint_loose_wire(painter, canvas, self._start, canvas.port_center(self._end) if self._end else self._tip)

    def _port_of_card(self) -> PortRef | None:
        """For a wire held over a card: its first free port that fits, else its first that is allowed."""
        item = self.view.canvas.target_at(self._tip, self.view.reach)
        if not isinstance(item, NodeItem):
            return None
        fitting = self._fitting.get(item.node_id, frozenset())
        allowed = self._allowed.get(item.node_id, frozenset())
        keys = [key for key in item.ports() if key in allowed]
        keys.sort(key=lambda key: (key not in fitting, key in item.wired and not key[1]))
        return PortRef(item.node_id, *keys[0]) if keys else None

    def _commit(self, edge: Edge) -> None:
        names = {node.id: node.name for node in self._base.nodes}
        text = f"Wire {names[edge.source]} to {names[edge.target]}"
        library = self.view.document.library
        self.view.commit(text, self._base if edge in self._base.edges else drawn(self._base, edge, library))

    def _refuse(self, target: PortRef) -> None:
        edge = edge_between(self._start, target)
        if edge is not None:
            self.view.message.emit(refusal(self._base, edge))
        elif target != self._start:
            self.view.message.emit("A wire runs from an output to an input.")

    def _refuse_card(self, item: NodeItem) -> None:
        """The card has no port that may take the wire: say why, by its first one if it has any."""
        keys = [key for key in item.ports() if key[1] != self._start.is_output]
        if keys:
            self._refuse(PortRef(item.node_id, *keys[0]))
        else:
            side = "input" if self._start.is_output else "output"
            self.view.message.emit(f"{item.content.name} has no {side} to wire to.")

    def _ask(self, pointer: Pointer) -> None:
        left = 0.0 if self._start.is_output else CARD_WIDTH
        corner = pointer.scene - QPointF(left, HEADER / 2)
        self.view.ask_layer(
            pointer.screen,
            Place(position=(corner.x(), corner.y()), wire_to=self._start),
            followers(self.view.document, self._start),
            loose_end=pointer.scene,
        )

    def _leave(self) -> None:
        self.view.canvas.offer(None)
        self.view.canvas.hover(None)
        self.view.canvas.show_wires()
        self.view.viewport().update()
