"""Gestures: one object from press to release. Each shows what would happen and ends in at most one edit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QInputEvent, QPainter

from engine.graph import Edge
from engine.layers.spec import LayerSpec
from gui.canvas.edge_item import EdgeItem
from gui.canvas.edits import can_splice, counted, spliced
from gui.canvas.geometry import Position, snapped
from gui.canvas.style import style

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView

DRAG_DISTANCE = 4
"""Pixels the pointer moves before a press becomes a drag."""

Modifier = Qt.KeyboardModifier


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is, in scene and in viewport coordinates, and which modifier keys are down."""

    scene: QPointF
    screen: QPoint
    modifiers: Modifier

    @classmethod
    def at(cls, view: "CanvasView", position: QPointF, event: QInputEvent) -> "Pointer":
        screen = position.toPoint()
        return cls(view.mapToScene(screen), screen, event.modifiers())

    @property
    def is_adding(self) -> bool:
        """Whether Shift or Ctrl is down: what is pressed is added to the selection, or taken out of it."""
        return bool(self.modifiers & (Modifier.ShiftModifier | Modifier.ControlModifier))

    @property
    def is_free(self) -> bool:
        """Whether Alt is down: no snapping to the grid or into wires."""
        return bool(self.modifiers & Modifier.AltModifier)


class Gesture:
    """What the pointer is doing. The view feeds it until it is finished, or cancelled by Escape or a foreign edit."""

    cursor = Qt.CursorShape.ArrowCursor
    scrolls_at_edges = False

    def __init__(self, view: "CanvasView", pressed: Pointer) -> None:
        self.view = view
        self.pressed = pressed
        self.is_dragging = False

    def move(self, pointer: Pointer) -> None:
        """The pointer moved."""
        way = pointer.screen - self.pressed.screen
        self.is_dragging = self.is_dragging or way.manhattanLength() >= DRAG_DISTANCE
        if self.is_dragging:
            self.drag(pointer)

    def finish(self, pointer: Pointer) -> None:
        """The button was released."""
        if self.is_dragging:
            self.drop(pointer)
        else:
            self.click(pointer)

    def drag(self, pointer: Pointer) -> None:
        """Show what dropping here would do."""

    def drop(self, pointer: Pointer) -> None:
        """Do it."""

    def click(self, pointer: Pointer) -> None:
        """The button was released where it was pressed."""

    def cancel(self) -> None:
        """Leave everything as it was before the press."""

    def paint(self, painter: QPainter) -> None:
        """Paint over the canvas, in scene coordinates."""


class Pan(Gesture):
    """Moves the view."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: "CanvasView", pressed: Pointer) -> None:
        super().__init__(view, pressed)
        self._last = pressed.screen

    def drag(self, pointer: Pointer) -> None:
        self.view.scroll_by(self._last - pointer.screen)
        self._last = pointer.screen


class RubberBand(Gesture):
    """Selects what a frame touches: the nodes, or if it touches none, the wires whose middle is in it."""

    scrolls_at_edges = True

    def __init__(self, view: "CanvasView", pressed: Pointer) -> None:
        super().__init__(view, pressed)
        self._area = QRectF()
        document, canvas = view.document, view.canvas
        self._before = (document.selection, canvas.selected_wires)
        self._kept = self._before if pressed.is_adding else (frozenset(), frozenset())

    def drag(self, pointer: Pointer) -> None:
        self._area = QRectF(self.pressed.scene, pointer.scene).normalized()
        nodes = self.view.canvas.nodes_in(self._area)
        wires = frozenset() if nodes else self.view.canvas.wires_in(self._area)
        self._select(self._kept[0] | nodes, self._kept[1] | wires)
        self.view.viewport().update()

    def drop(self, pointer: Pointer) -> None:
        self._area = QRectF()
        self.view.viewport().update()

    def click(self, pointer: Pointer) -> None:
        self._select(*self._kept)

    def cancel(self) -> None:
        self._area = QRectF()
        self._select(*self._before)
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if not self._area.isNull():
            painter.setPen(style().band)
            painter.setBrush(style().ghost_fill)
            painter.drawRect(self._area)

    def _select(self, nodes: frozenset[str], wires: frozenset[Edge]) -> None:
        self.view.document.select(nodes)
        self.view.canvas.select_wires(wires)


class Move(Gesture):
    """Drags the selected nodes. One node without wires can be dropped into a wire."""

    cursor = Qt.CursorShape.SizeAllCursor
    scrolls_at_edges = True

    def __init__(self, view: "CanvasView", pressed: Pointer, grabbed: str) -> None:
        super().__init__(view, pressed)
        self._grabbed = grabbed
        self._splice = Splice(view)
        self._was_selected = grabbed in view.document.selection
        self._positions: dict[str, Position] = {}
        if pressed.is_adding:
            view.document.select(view.document.selection ^ {grabbed})
        elif not self._was_selected:
            view.select_nodes({grabbed})
        nodes = view.document.graph.by_id()
        self._starts = {node_id: nodes[node_id].position for node_id in view.document.selection | {grabbed}}
        self._can_splice = len(self._starts) == 1 and not view.canvas.wires_at(grabbed)

    def drag(self, pointer: Pointer) -> None:
        way = pointer.scene - self.pressed.scene
        start = self._starts[self._grabbed]
        wanted = (start[0] + way.x(), start[1] + way.y())
        end = wanted if pointer.is_free else snapped(wanted)
        dx, dy = end[0] - start[0], end[1] - start[1]
        self._positions = {node_id: (x + dx, y + dy) for node_id, (x, y) in self._starts.items()}
        self.view.canvas.place(self._positions)
        if self._can_splice:
            node = self.view.document.graph.node(self._grabbed)
            self._splice.aim(pointer, self.view.document.library.spec(node), self._middle())

    def drop(self, pointer: Pointer) -> None:
        wire = self._splice.end()
        graph = self.view.document.graph.move(self._positions)
        if wire is not None:
            node = graph.node(self._grabbed)
            self.view.commit(f"Insert {node.name} into a wire", spliced(graph, node, self.view.document.library, wire))
        else:
            self.view.commit(f"Move {counted(graph, self._starts.keys())}", graph)
        self.view.canvas.place({})

    def click(self, pointer: Pointer) -> None:
        if self._was_selected and not pointer.is_adding:
            self.view.select_nodes({self._grabbed})

    def cancel(self) -> None:
        self._splice.end()
        self.view.canvas.place({})

    def _middle(self) -> QPointF:
        return self.view.canvas.nodes[self._grabbed].card().center()


class Splice:
    """The wire into which a dragged layer would be inserted, highlighted while the pointer is on it."""

    def __init__(self, view: "CanvasView") -> None:
        self._view = view
        self._item: EdgeItem | None = None

    def aim(self, pointer: Pointer, spec: LayerSpec | None, middle: QPointF) -> None:
        """Take the wire under the pointer or else under the `middle` of the card. Alt keeps off."""
        item = None
        if not pointer.is_free and can_splice(spec):
            reach = self._view.reach
            item = self._view.canvas.wire_near(pointer.scene, reach) or self._view.canvas.wire_near(middle, reach)
        self._highlight(item)

    def end(self) -> Edge | None:
        """The wire that was aimed at. It is no longer highlighted."""
        edge = self._item.edge if self._item else None
        self._highlight(None)
        return edge

    def _highlight(self, item: EdgeItem | None) -> None:
        if item is not self._item:
            if self._item is not None:
                self._item.set_target(False)
            if item is not None:
                item.set_target(True)
            self._item = item
