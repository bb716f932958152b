"""The canvas widget: turns mouse, keys and drops into gestures and commands."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from engine.graph import Graph
from engine.layers.networks import COMPOSITES
from gui import placeable
from gui.canvas import actions
from gui.canvas.commands import ARROWS, Commands
from gui.canvas.drop_gesture import Drop
from gui.canvas.edge_item import EdgeItem
from gui.canvas.edge_scroller import EdgeScroller
from gui.canvas.edits import Place
from gui.canvas.geometry import CARD_WIDTH, GRID, HEADER
from gui.canvas.gestures import Gesture, Move, Pan, Pointer, RubberBand
from gui.canvas.networks import Networks
from gui.canvas.node_item import NodeItem
from gui.canvas.ports import PortRef
from gui.canvas.rename_editor import RenameEditor
from gui.canvas.scene import CanvasScene, Target
from gui.canvas.search_popup import SearchPopup
from gui.canvas.sights import Sights
from gui.canvas.style import style
from gui.canvas.viewport import CanvasViewport
from gui.canvas.wire_gesture import Wire, paint_loose_wire
from gui.document import Document
from gui.placeable import Placeable
from gui.widgets import mime

Button = Qt.MouseButton
Key = Qt.Key


class CanvasView(CanvasViewport):
    """Shows and edits the graph of a document.

    message(str): something was refused or done unseen; the text says it and is meant for the status bar.
    effects_left: what a phase of the training does should no longer be shown.
    """

    message = Signal(str)
    effects_left = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        self.document = document
        super().__init__(CanvasScene(document), parent)
        self.canvas.setParent(self)
        self.setObjectName("canvas")
        self.setAccessibleName("Network canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self._gesture: Gesture | None = None
        self._pointer: QPoint | None = None
        self._is_space_down = self._is_committing = False
        self._scroller = EdgeScroller(self._scroll_in_gesture, self)
        self._loose_wire: tuple[PortRef, QPointF] | None = None
        self._popup = SearchPopup(document, self)
        self._popup.closed.connect(self._drop_loose_wire)
        self._rename = RenameEditor(self)
        self.commands = Commands(self)
        self.networks = Networks(document, self)
        self.networks.told.connect(self.message)
        self.networks.begun.connect(self.setFocus)
        self._sights = Sights(self)
        self._actions = actions.build(self.commands, self.networks, self)
        document.changed.connect(self._follow_change)
        document.shown_changed.connect(self._follow_shown)
        document.opened.connect(self._sights.forget)
        document.redrawn.connect(self.commands.fit_all)
        document.selection_changed.connect(self._follow_selection)
        self.networks.trail.changed.connect(self._follow_selection)
        self.canvas.wires_selected.connect(self._follow_selection)
        self._follow_selection()

    # What the rest of the window and the gestures use

    def actions(self) -> dict[str, QAction]:
        """The canvas's actions by id, for menus and toolbars (in place of QWidget's plain list)."""
        return dict(self._actions)

    def add_layer(self, key: str) -> str:
        """Add a layer or network where it fits: behind the selected node if it has a free output. The id of the new
        node."""
        return self.commands.add(key)

    def select_nodes(self, node_ids: Iterable[str]) -> None:
        """Select these nodes and nothing else."""
        self.canvas.select_wires(())
        self.document.select(node_ids)

    def commit(self, text: str, graph: Graph, merge: str = "") -> None:
        """Make an edit of the user's, as one undo step."""
        self._is_committing = True
        try:
            self.document.edit_graph(text, graph, merge)
        finally:
            self._is_committing = False

    def ask_layer(self, at: QPoint, place: Place, likely: Sequence[Placeable] | None, is_filter: bool = True,
                  loose_end: QPointF | None = None) -> None:
        """Open the search at `at` (in the viewport); the chosen layer is added at `place`.

        The wire that was dropped, if any, is shown up to its `loose_end` until the search is closed.
        """
        self._popup.ask(at, likely, is_filter, lambda key: self.commands.add(key, place))
        self._loose_wire = (place.wire_to, loose_end) if place.wire_to and loose_end else None

    def _drop_loose_wire(self) -> None:
        self._loose_wire = None
        self.viewport().update()

    def rename_node(self, node_id: str) -> None:
        """Edit a node's name where it stands."""
        self.reveal(node_id)
        card = self.canvas.nodes[node_id].card()
        title = QRectF(card.left() + HEADER - 6, card.top() + 4, CARD_WIDTH - HEADER, 24)
        name = self.document.graph.node(node_id).name
        self._rename.edit(self.mapFromScene(title).boundingRect(), style().title_font, name,
                          lambda text: self.commands.set_name(node_id, text))

    def pointer_in_view(self) -> QPoint | None:
        """Where the pointer is in the viewport; None outside of it."""
        return self._pointer

    def context_menu(self, target: Target) -> QMenu:
        """The menu for what lies under the pointer."""
        is_node = isinstance(target, NodeItem | PortRef)
        table = actions.ON_NODE if is_node else actions.ON_WIRE if isinstance(target, EdgeItem) else actions.ON_CANVAS
        return actions.menu(self._actions, table, self)

    def paint_overlay(self, painter: QPainter) -> None:
        if self._loose_wire is not None and self._loose_wire[0].node in self.canvas.nodes:
            paint_loose_wire(painter, self.canvas, *self._loose_wire)
        if self._gesture is not None:
            self._gesture.paint(painter)

    def set_zoom(self, zoom: float, at: QPoint | None = None) -> None:
        self._rename.finish(is_kept=True)
        super().set_zoom(zoom, at)

    # Gestures

    def _begin(self, gesture: Gesture) -> None:
        self._gesture = gesture
        self.viewport().setCursor(gesture.cursor)

    def _move_gesture(self, pointer: Pointer) -> None:
        assert self._gesture is not None
        self._gesture.move(pointer)
        if self._gesture.is_dragging and self._gesture.scrolls_at_edges:
            self._scroller.follow(pointer.screen, self.viewport().rect())

    def _finish_gesture(self, pointer: Pointer) -> None:
        gesture = self._end_gesture()
        if gesture is not None:
            gesture.finish(pointer)

    def _cancel_gesture(self) -> None:
        gesture = self._end_gesture()
        if gesture is not None:
            gesture.cancel()

    def _end_gesture(self) -> Gesture | None:
        gesture, self._gesture = self._gesture, None
        self._scroller.stop()
        self._show_cursor()
        return gesture

    def _scroll_in_gesture(self, way: QPoint) -> None:
        """The pointer is held at an edge: move on, with the scene under it."""
        self.scroll_by(way)
        if self._gesture is not None and self._pointer is not None:
            modifiers = Qt.KeyboardModifier.NoModifier
            self._move_gesture(Pointer(self.mapToScene(self._pointer), self._pointer, modifiers))

    def _gesture_for(self, event: QMouseEvent, pointer: Pointer) -> Gesture | None:
        """What a press begins."""
        if event.button() == Button.MiddleButton or (event.button() == Button.LeftButton and self._is_space_down):
            return Pan(self, pointer)
        if event.button() != Button.LeftButton:
            return None
        target = self.canvas.target_at(pointer.scene, self.reach)
        if isinstance(target, PortRef):
            return Wire(self, pointer, target)
        if isinstance(target, NodeItem):
            return Move(self, pointer, target.node_id)
        if isinstance(target, EdgeItem):
            self._press_wire(target, pointer)
            return None
        return RubberBand(self, pointer)

    def _press_wire(self, item: EdgeItem, pointer: Pointer) -> None:
        if pointer.is_free:
            self.commands.cut_wire(item.edge)
        elif pointer.is_adding:
            self.canvas.select_wires(self.canvas.selected_wires ^ {item.edge})
        else:
            self.document.select(())
            self.canvas.select_wires({item.edge})

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._gesture is None:
            gesture = self._gesture_for(event, Pointer.at(self, event.position(), event))
            if gesture is not None:
                self._begin(gesture)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position().toPoint()
        pointer = Pointer.at(self, event.position(), event)
        if self._gesture is not None:
            self._move_gesture(pointer)
        else:
            self.canvas.hover(self.canvas.target_at(pointer.scene, self.reach))
            self._show_cursor()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None and not event.buttons():
            self._finish_gesture(Pointer.at(self, event.position(), event))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        pointer = Pointer.at(self, event.position(), event)
        target = self.canvas.target_at(pointer.scene, self.reach)
        if event.button() != Button.LeftButton or isinstance(target, PortRef):
            self.mousePressEvent(event)
        elif isinstance(target, NodeItem):
            self.select_nodes({target.node_id})
            if self.networks.selected(COMPOSITES):
                self.networks.enter()
            else:
                self.commands.rename()
        elif isinstance(target, EdgeItem):
            self.commands.insert_layer()
        else:
            self._pointer = pointer.screen
            self.select_nodes(())
            self.commands.search()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.canvas.hover(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._cancel_gesture()
        at = event.pos()
        target = self.canvas.target_at(self.mapToScene(at), self.reach)
        node = target.node if isinstance(target, PortRef) else target.node_id if isinstance(target, NodeItem) else ""
        if node and node not in self.document.selection:
            self.select_nodes({node})
        elif isinstance(target, EdgeItem) and target.edge not in self.canvas.selected_wires:
            self.document.select(())
            self.canvas.select_wires({target.edge})
        menu = self.context_menu(target)
        menu.aboutToHide.connect(lambda: self._remember_pointer(at))
        menu.popup(event.globalPos())

    def _remember_pointer(self, at: QPoint) -> None:
        """What is chosen from the context menu happens where it was opened."""
        self._pointer = at

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Key(event.key())
        if key == Key.Key_Escape:
            self._escape()
        elif key == Key.Key_Space:
            self._is_space_down = True
            self._show_cursor()
        elif key in ARROWS:
            self._arrow(key, event.modifiers())
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
            self._show_cursor()
        else:
            event.ignore()

    def _escape(self) -> None:
        if self._gesture is not None:
            self._cancel_gesture()
        elif self.document.selection or self.canvas.selected_wires:
            self.select_nodes(())
        elif self.canvas.shows_effects:
            self.effects_left.emit()
        else:
            self.networks.leave()

    def _arrow(self, key: Key, modifiers: Qt.KeyboardModifier) -> None:
        """Arrows move the selected nodes by the grid, with Shift by one; with Ctrl, or none selected, they select."""
        if modifiers & Qt.KeyboardModifier.ControlModifier or not self.document.selection:
            self.commands.select_towards(key)
        else:
            self.commands.nudge(key, 1 if modifiers & Qt.KeyboardModifier.ShiftModifier else GRID)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._is_space_down = False
        super().focusOutEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Tab opens the search; Shift+Tab leaves the canvas."""
        return False if is_next else super().focusNextPrevChild(is_next)

    def _show_cursor(self) -> None:
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._is_space_down else Qt.CursorShape.ArrowCursor)

    # Drops from the palette

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        entry = placeable.find(self.document.library, mime.layer_key(event.mimeData()))
        if entry is None:
            event.ignore()
            return
        self._cancel_gesture()
        self._begin(Drop(self, Pointer.at(self, event.position(), event), entry))
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self._gesture, Drop):
            self._pointer = event.position().toPoint()
            self._move_gesture(Pointer.at(self, event.position(), event))
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._cancel_gesture()

    def dropEvent(self, event: QDropEvent) -> None:
        if isinstance(self._gesture, Drop):
            pointer = Pointer.at(self, event.position(), event)
            self._gesture.move(pointer)
            self._finish_gesture(pointer)
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            event.acceptProposedAction()
        else:
            event.ignore()

    # Following the document

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.canvas.tooltip_at(self.mapToScene(event.pos()), self.reach)
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def _follow_change(self, before: object, after: object) -> None:
        if not self._is_committing:
            self._interrupt()
        self._follow_selection()

    def _follow_shown(self) -> None:
        self._interrupt()
        self._sights.change()

    def _interrupt(self) -> None:
        """What is under the user's hand is no longer there."""
        self._cancel_gesture()
        self._popup.close_search()
        self._rename.finish(is_kept=False)

    def _follow_selection(self) -> None:
        nodes, wires = self.document.selection, self.canvas.selected_wires
        actions.enable(self._actions, len(nodes), len(wires), self.networks)
        self.setAccessibleDescription(self._described_selection())
        if self.is_far:
            self.viewport().update()

    def _described_selection(self) -> str:
        """What a screen reader says of the selection."""
        items = [self.canvas.nodes[n].content for n in self.document.selection if n in self.canvas.nodes]
        if len(items) != 1:
            return f"{len(items)} of {len(self.canvas.nodes)} layers selected"
        return ", ".join(text for text in (items[0].name, items[0].subtitle, items[0].state, items[0].footer) if text)
