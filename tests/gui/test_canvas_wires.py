"""Drawing, moving, cutting and refusing wires by real mouse events."""

from PySide6.QtCore import QPoint, Qt

from engine.graph import Edge
from tests.gui.canvas_driver import Driver, graph_of, show

ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
THREE = (("Linear", (0.0, 0.0)), ("ReLU", (300.0, 0.0)), ("Tanh", (300.0, 200.0)))
TO_RELU = Edge("linear_1", "output", "relu_1", "input")
TO_TANH = Edge("linear_1", "output", "tanh_1", "input")
WIRED = ("linear_1.output", "relu_1.input")


def test_a_wire_is_drawn_from_output_to_input(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE))
    driver.drag(driver.port("linear_1", "output"), driver.port("relu_1", "input"))
    assert driver.graph.edges == (TO_RELU,)
    assert driver.view.document.undo_stack.undoText() == "Wire Linear 1 to ReLU 1"
    driver.undo()
    assert driver.graph.edges == ()
    assert not driver.view.canvas.wires


def test_a_wire_is_drawn_from_input_to_output(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE))
    driver.drag(driver.port("relu_1", "input"), driver.port("linear_1", "output"))
    assert driver.graph.edges == (TO_RELU,)


def test_a_wire_snaps_to_a_port_nearby(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE))
    driver.drag(driver.port("linear_1", "output"), driver.port("tanh_1", "input") - QPoint(18, 12))
    assert driver.graph.edges == (TO_TANH,)


def test_a_wire_dropped_on_a_card_finds_its_port(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Linear", (0.0, 0.0)), ("Input", (0.0, 200.0)), ("MSE", (300.0, 0.0)),
                                        wires=[("linear_1.output", "mse_1.prediction")]))
    driver.drag(driver.port("input_1", "output"), driver.node("mse_1"))
    assert Edge("input_1", "output", "mse_1", "target") in driver.graph.edges
    assert len(driver.graph.edges) == 2


def test_a_new_wire_replaces_the_one_in_the_port(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, ("Sigmoid", (0.0, 200.0)), wires=[WIRED]))
    driver.drag(driver.port("sigmoid_1", "output"), driver.port("relu_1", "input"))
    assert driver.graph.edges == (Edge("sigmoid_1", "output", "relu_1", "input"),)
    driver.undo()
    assert driver.graph.edges == (TO_RELU,)


def test_a_port_that_takes_several_wires_keeps_them(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Linear", (0.0, 0.0)), ("Linear", (0.0, 200.0)), ("Add", (300.0, 100.0))))
    driver.drag(driver.port("linear_1", "output"), driver.port("add_1", "inputs"))
    driver.drag(driver.port("linear_2", "output"), driver.port("add_1", "inputs"))
    assert [edge.source for edge in driver.graph.into("add_1")] == ["linear_1", "linear_2"]


def test_a_wired_input_gives_its_wire_to_another_port(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED]))
    driver.drag(driver.port("relu_1", "input"), driver.port("tanh_1", "input"))
    assert driver.graph.edges == (TO_TANH,)
    assert driver.view.document.undo_stack.count() == 1


def test_a_wire_picked_up_and_put_back_is_no_edit(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED]))
    port = driver.port("relu_1", "input")
    driver.press(port)
    driver.move(port - QPoint(60, 60))
    assert not driver.view.canvas.wires[TO_RELU].isVisible()
    driver.move(port)
    driver.release(port)
    assert driver.graph.edges == (TO_RELU,)
    assert driver.view.canvas.wires[TO_RELU].isVisible()
    assert driver.view.document.undo_stack.count() == 0


def test_a_wire_picked_up_and_dropped_on_empty_canvas_is_deleted(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED]))
    driver.drag(driver.port("relu_1", "input"), driver.at((150.0, 350.0)))
    assert driver.graph.edges == ()
    driver.undo()
    assert driver.graph.edges == (TO_RELU,)


def test_escape_while_wiring_changes_nothing(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED]))
    driver.press(driver.port("relu_1", "input"))
    driver.move(driver.at((150.0, 350.0)))
    driver.key(Qt.Key.Key_Escape)
    driver.release(driver.at((150.0, 350.0)))
    assert driver.graph.edges == (TO_RELU,)
    assert driver.view.canvas.wires[TO_RELU].isVisible()


def test_a_loop_onto_itself_is_refused_with_a_reason(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE))
    driver.drag(driver.port("linear_1", "output"), driver.port("linear_1", "input"))
    assert driver.graph.edges == ()
    assert "cannot be wired to itself" in driver.messages[0]


def test_a_circle_is_refused_with_a_reason(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED]))
    driver.drag(driver.port("relu_1", "output"), driver.port("linear_1", "input"))
    assert driver.graph.edges == (TO_RELU,)
    assert "loop" in driver.messages[0]
    assert "ReLU 1" in driver.messages[0]


def test_two_outputs_are_not_wired(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE))
    driver.drag(driver.port("linear_1", "output"), driver.port("relu_1", "output"))
    assert not driver.graph.edges or driver.graph.edges == (TO_RELU,)
    driver.messages.clear()
    show(driver.view.document, graph_of(("Linear", (0.0, 0.0)), ("Input", (300.0, 0.0))))
    driver.drag(driver.port("linear_1", "output"), driver.port("input_1", "output"))
    assert driver.graph.edges == ()
    assert driver.messages == ["A wire runs from an output to an input."]


def test_ports_whose_shapes_do_not_fit_are_dimmed_but_not_forbidden(driver: Driver) -> None:
    graph = graph_of(("Input", (0.0, 0.0)), ("Linear", (300.0, 0.0)), ("Conv2d", (300.0, 200.0)))
    show(driver.view.document, graph.set_params("input_1", {"shape": (8,)}))
    driver.press(driver.port("input_1", "output"))
    driver.move(driver.at((250.0, 300.0)))
    nodes = driver.view.canvas.nodes
    assert nodes["linear_1"].fitting == {("input", False)}
    assert nodes["conv2d_1"].fitting == frozenset()
    driver.move(driver.port("conv2d_1", "input"))
    driver.release(driver.port("conv2d_1", "input"))
    edge = Edge("input_1", "output", "conv2d_1", "input")
    assert driver.graph.edges == (edge,)
    assert nodes["linear_1"].fitting is None
    assert driver.view.canvas.wires[edge].state == "broken"
    assert nodes["conv2d_1"].content.state == "error"


def test_alt_click_cuts_a_wire(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED]))
    driver.click(driver.wire(TO_RELU), ALT)
    assert driver.graph.edges == ()


def test_wires_are_selected_and_deleted(driver: Driver) -> None:
    show(driver.view.document, graph_of(*THREE, wires=[WIRED, ("linear_1.output", "tanh_1.input")]))
    driver.click(driver.wire(TO_RELU))
    assert driver.view.canvas.selected_wires == {TO_RELU}
    driver.click(driver.wire(TO_TANH), SHIFT)
    assert driver.view.canvas.selected_wires == {TO_RELU, TO_TANH}
    driver.key(Qt.Key.Key_Delete)
    assert driver.graph.edges == ()
    assert len(driver.graph.nodes) == 3
    assert driver.view.document.undo_stack.undoText() == "Delete 2 wires"
    driver.undo()
    assert set(driver.graph.edges) == {TO_RELU, TO_TANH}


def test_the_first_wire_that_cannot_work_is_broken_and_those_behind_it_wait(driver: Driver) -> None:
    graph = graph_of(("Input", (0.0, 0.0)), ("Conv2d", (300.0, 0.0)), ("ReLU", (600.0, 0.0)),
                     wires=[("input_1.output", "conv2d_1.input"), ("conv2d_1.output", "relu_1.input")])
    show(driver.view.document, graph.set_params("input_1", {"shape": (8,)}))
    states = {edge.target: item.state for edge, item in driver.view.canvas.wires.items()}
    assert states == {"conv2d_1": "broken", "relu_1": "waiting"}
    assert driver.view.canvas.wires[Edge("input_1", "output", "conv2d_1", "input")].label == "8"
    assert driver.view.canvas.nodes["relu_1"].content.footer == "Waits for Conv2d 1"
