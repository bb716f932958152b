"""Drives a real canvas as a person does: mouse, keys and drops, in scene coordinates."""

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine import layers
from engine.graph import Edge, Graph
from gui.canvas.view import CanvasView
from gui.document import Document
from gui.widgets import mime

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
STEPS = 6

Place = tuple[float, float]


def graph_of(*nodes: tuple[str, Place], wires: Iterable[tuple[str, str]] = ()) -> Graph:
    """Nodes by type and position, with default settings; wires as ("linear_1.output", "relu_1.input")."""
    graph = Graph()
    for layer_type, position in nodes:
        graph = graph.add(graph.new_node(layer_type, layers.CATALOGUE[layer_type].defaults(), position))
    return graph.replace_edges((), [Edge(*a.split("."), *b.split(".")) for a, b in wires])


def chain(count: int) -> Graph:
    """Input, then Linear and ReLU in turns, wired in a row, ten to a line."""
    graph = Graph()
    for number in range(count):
        layer_type = "Input" if number == 0 else ("Linear", "ReLU")[number % 2]
        params = layers.CATALOGUE[layer_type].defaults() | ({"shape": (8,)} if number == 0 else {})
        position = (300.0 * (number % 10), 200.0 * (number // 10))
        graph = graph.add(graph.new_node(layer_type, params, position))
    ids = [node.id for node in graph.nodes]
    return graph.replace_edges((), (Edge(a, "output", b, "input") for a, b in pairwise(ids)))


def show(document: Document, graph: Graph) -> None:
    """Open an unsaved project with that graph."""
    project = document.project
    document.new(project.with_graph(project.main, graph))


class Driver:
    """The hands on one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view
        self.messages: list[str] = []
        view.message.connect(self.messages.append)
        view.networks.refused.connect(lambda message, hint: self.messages.append(f"{message} {hint}"))

    @property
    def graph(self) -> Graph:
        return self.view.document.graph

    @property
    def selection(self) -> frozenset[str]:
        return self.view.document.selection

    def at(self, point: QPointF | Place) -> QPoint:
        """Where a scene point is in the viewport."""
        return self.view.mapFromScene(QPointF(*point) if isinstance(point, tuple) else point)

    def node(self, node_id: str) -> QPoint:
        return self.view.viewport().mapFromGlobal(self.view.node_center(node_id))

    def port(self, node_id: str, port: str) -> QPoint:
        return self.view.viewport().mapFromGlobal(self.view.port_position(node_id, port))

    def wire(self, edge: Edge) -> QPoint:
        return self.at(self.view.canvas.wires[edge].middle())

    def press(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        QTest.mousePress(self.view.viewport(), button, modifiers, at)

    def move(self, to: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        viewport = self.view.viewport()
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(to), QPointF(viewport.mapToGlobal(to)),
                            Qt.MouseButton.NoButton, button, modifiers)
        QApplication.sendEvent(viewport, event)

    def release(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseRelease(self.view.viewport(), button, modifiers, at)

    def click(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.press(at, modifiers)
        self.release(at, modifiers)

    def double_click(self, at: QPoint) -> None:
        self.click(at)
        QTest.mouseDClick(self.view.viewport(), LEFT, NONE, at)

    def drag(self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE,
             button: Qt.MouseButton = LEFT) -> None:
        self.press(start, modifiers, button)
        for step in range(1, STEPS + 1):
            self.move(start + (end - start) * step / STEPS, modifiers, button)
        self.release(end, modifiers, button)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press a key on whatever in the window has the focus."""
        QTest.keyClick(self.view.window().focusWidget() or self.view, key, modifiers)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.view.window().focusWidget(), text)

    def hover_layer(self, layer_type: str, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> QMimeData:
        """Drag a layer in from the palette, up to `at`."""
        data = mime.layer_data(layer_type)
        copy, viewport = Qt.DropAction.CopyAction, self.view.viewport()
        enter = QDragEnterEvent(at, copy, data, LEFT, modifiers)
        QApplication.sendEvent(viewport, enter)
        QApplication.sendEvent(viewport, QDragMoveEvent(at, copy, data, LEFT, modifiers))
        return data

    def drop_layer(self, layer_type: str, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        data = self.hover_layer(layer_type, at, modifiers)
        drop = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, LEFT, modifiers)
        QApplication.sendEvent(self.view.viewport(), drop)

    def undo(self) -> None:
        self.view.document.undo_stack.undo()
