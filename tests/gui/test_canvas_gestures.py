"""Dragging layers in, moving, selecting and panning by real mouse events."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.graph import Edge
from tests.gui.canvas_driver import NONE, Driver, chain, graph_of, show

ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
TWO = (("Linear", (0.0, 0.0)), ("ReLU", (300.0, 0.0)))
WIRED = Edge("linear_1", "output", "relu_1", "input")


def test_a_layer_dragged_in_lies_under_the_pointer_on_the_grid(driver: Driver) -> None:
    at = QPoint(433, 291)
    driver.drop_layer("Linear", at)
    node = driver.graph.node("linear_1")
    assert node.name == "Linear 1"
    assert all(coordinate % 10 == 0 for coordinate in node.position)
    assert driver.view.canvas.nodes["linear_1"].card().contains(driver.view.mapToScene(at))
    assert driver.selection == {"linear_1"}
    assert driver.view.document.undo_stack.undoText() == "Add Linear 1"
    driver.undo()
    assert not driver.graph.nodes


def test_all_settings_of_a_new_node_are_stored(driver: Driver) -> None:
    driver.drop_layer("Conv2d", QPoint(300, 300))
    assert set(driver.graph.node("conv2d_1").params) >= {"out_channels", "kernel_size", "stride", "padding"}


def test_what_is_not_a_layer_is_not_taken(driver: Driver) -> None:
    data = QMimeData()
    data.setText("Linear")
    event = QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE)
    event.setAccepted(True)
    QApplication.sendEvent(driver.view.viewport(), event)
    assert not event.isAccepted()
    driver.drop_layer("NoSuchLayer", QPoint(300, 300))
    assert not driver.graph.nodes


def test_a_layer_dropped_on_a_wire_goes_into_it_and_what_follows_makes_room(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO, wires=[("linear_1.output", "relu_1.input")]))
    driver.hover_layer("Dropout", driver.wire(WIRED))
    driver.drop_layer("Dropout", driver.wire(WIRED))
    assert set(driver.graph.edges) == {
        Edge("linear_1", "output", "dropout_1", "input"), Edge("dropout_1", "output", "relu_1", "input"),
    }
    places = [driver.graph.node(name).position[0] for name in ("linear_1", "dropout_1", "relu_1")]
    assert places[1] >= places[0] + 200
    assert places[2] >= places[1] + 200
    driver.undo()
    assert driver.graph.edges == (WIRED,)
    assert driver.graph.node("relu_1").position == (300.0, 0.0)


def test_alt_keeps_a_dropped_layer_off_the_wire(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO, wires=[("linear_1.output", "relu_1.input")]))
    driver.drop_layer("Dropout", driver.wire(WIRED), ALT)
    assert driver.graph.edges == (WIRED,)
    assert "dropout_1" in driver.graph


def test_moving_a_node_snaps_and_is_one_undo_step(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO))
    start = driver.node("linear_1")
    driver.drag(start, start + QPoint(53, 97))
    assert driver.graph.node("linear_1").position == (50.0, 100.0)
    assert driver.view.document.undo_stack.count() == 1
    assert driver.view.document.undo_stack.undoText() == "Move Linear 1"
    driver.undo()
    assert driver.graph.node("linear_1").position == (0.0, 0.0)
    item = driver.view.canvas.nodes["linear_1"]
    assert (item.x(), item.y()) == (0.0, 0.0)


def test_alt_moves_off_the_grid(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO))
    start = driver.node("linear_1")
    driver.drag(start, start + QPoint(53, 97), ALT)
    assert driver.graph.node("linear_1").position == (53.0, 97.0)


def test_selected_nodes_move_together_and_their_wires_follow(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO, wires=[("linear_1.output", "relu_1.input")]))
    driver.click(driver.node("linear_1"))
    driver.click(driver.node("relu_1"), SHIFT)
    assert driver.selection == {"linear_1", "relu_1"}
    start = driver.node("relu_1")
    driver.drag(start, start + QPoint(0, 60))
    assert [node.position for node in driver.graph.nodes] == [(0.0, 60.0), (300.0, 60.0)]
    wire, canvas = driver.view.canvas.wires[WIRED], driver.view.canvas
    assert wire.start == canvas.nodes["linear_1"].port_center("output", True)
    assert wire.end == canvas.nodes["relu_1"].port_center("input", False)


def test_escape_during_a_move_puts_everything_back(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO))
    start = driver.node("linear_1")
    driver.press(start)
    driver.move(start + QPoint(80, 80))
    assert driver.view.canvas.nodes["linear_1"].x() == 80.0
    driver.key(Qt.Key.Key_Escape)
    assert driver.view.canvas.nodes["linear_1"].x() == 0.0
    driver.release(start + QPoint(80, 80))
    assert driver.view.document.undo_stack.count() == 0


def test_an_undo_during_a_move_ends_the_move(driver: Driver) -> None:
    driver.drop_layer("Linear", QPoint(300, 300))
    driver.press(driver.node("linear_1"))
    driver.move(driver.node("linear_1") + QPoint(80, 80))
    driver.undo()
    driver.release(QPoint(500, 500))
    assert not driver.graph.nodes
    assert not driver.view.canvas.nodes


def test_a_node_without_wires_moved_onto_a_wire_goes_into_it(driver: Driver) -> None:
    nodes = (*TWO, ("Dropout", (150.0, 200.0)))
    show(driver.view.document, graph_of(*nodes, wires=[("linear_1.output", "relu_1.input")]))
    driver.drag(driver.node("dropout_1"), driver.wire(WIRED))
    assert Edge("linear_1", "output", "dropout_1", "input") in driver.graph.edges
    assert Edge("dropout_1", "output", "relu_1", "input") in driver.graph.edges
    assert driver.view.document.undo_stack.count() == 1


@pytest.mark.parametrize("adding", [SHIFT, CTRL])
def test_clicks_select_shift_or_ctrl_toggles_and_empty_canvas_clears(
    driver: Driver, adding: Qt.KeyboardModifier
) -> None:
    show(driver.view.document, graph_of(*TWO))
    driver.click(driver.node("linear_1"))
    assert driver.selection == {"linear_1"}
    driver.click(driver.node("relu_1"))
    assert driver.selection == {"relu_1"}
    driver.click(driver.port("linear_1", "output"), adding)
    assert driver.selection == {"linear_1", "relu_1"}
    driver.click(driver.node("linear_1"), adding)
    driver.click(driver.node("relu_1"), adding)
    assert driver.selection == set()
    driver.click(driver.node("relu_1"))
    driver.click(driver.at((250.0, 300.0)))
    assert driver.selection == set()
    assert driver.view.document.undo_stack.count() == 0


def test_a_rubber_band_selects_what_it_touches(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO, ("Tanh", (0.0, 200.0))))
    driver.drag(driver.at((-40.0, -40.0)), driver.at((350.0, 100.0)))
    assert driver.selection == {"linear_1", "relu_1"}
    driver.drag(driver.at((-40.0, 180.0)), driver.at((40.0, 220.0)), SHIFT)
    assert driver.selection == {"linear_1", "relu_1", "tanh_1"}
    driver.drag(driver.at((-40.0, 400.0)), driver.at((40.0, 450.0)))
    assert driver.selection == set()


def test_a_rubber_band_that_touches_no_node_selects_wires(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO, wires=[("linear_1.output", "relu_1.input")]))
    driver.drag(driver.at((230.0, -40.0)), driver.at((270.0, 60.0)))
    assert driver.view.canvas.selected_wires == {WIRED}


def test_middle_button_and_space_pan(driver: Driver) -> None:
    show(driver.view.document, graph_of(*TWO))
    for button, is_space_held in ((Qt.MouseButton.MiddleButton, False), (Qt.MouseButton.LeftButton, True)):
        before = driver.node("linear_1")
        if is_space_held:
            QTest.keyPress(driver.view, Qt.Key.Key_Space)
        driver.drag(before, before + QPoint(120, -40), button=button)
        QTest.keyRelease(driver.view, Qt.Key.Key_Space)
        assert driver.node("linear_1") == before + QPoint(120, -40)
    assert driver.view.document.undo_stack.count() == 0


def test_dragging_at_the_edge_scrolls_the_canvas(driver: Driver, qtbot) -> None:
    show(driver.view.document, chain(3))
    driver.press(driver.node("linear_1"))
    driver.move(QPoint(600, 350))
    driver.move(QPoint(995, 350))
    before = driver.view.mapToScene(0, 0).x()
    qtbot.waitUntil(lambda: driver.view.mapToScene(0, 0).x() > before + 40)
    driver.release(QPoint(995, 350))
    assert driver.view.canvas.nodes["linear_1"].card().contains(driver.view.mapToScene(QPoint(995, 350)))
