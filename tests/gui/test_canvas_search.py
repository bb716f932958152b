"""The search at the pointer."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from engine.graph import Edge
from gui.canvas.edits import Place
from gui.canvas.search_popup import SearchPopup
from gui.widgets import theme
from tests.gui.canvas_driver import Driver, graph_of, show

SHIFT = Qt.KeyboardModifier.ShiftModifier


def popup_of(driver: Driver) -> SearchPopup:
    return driver.view.findChild(SearchPopup)


def found(driver: Driver) -> list[str]:
    return [entry.title for entry in popup_of(driver).model.entries]


def test_tab_letters_and_enter_add_a_layer(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Tab)
    assert popup_of(driver).isVisible()
    driver.type("dense")
    assert found(driver)[0] == "Linear"
    driver.key(Qt.Key.Key_Return)
    assert [node.type for node in driver.graph.nodes] == ["Linear"]
    assert not popup_of(driver).isVisible()
    assert driver.view.hasFocus()
    assert driver.selection == {"linear_1"}


def test_a_chain_is_built_by_keys_alone(driver: Driver) -> None:
    for text in ("input", "dense", "relu", "dense"):
        driver.key(Qt.Key.Key_A, SHIFT)
        driver.type(text)
        driver.key(Qt.Key.Key_Return)
    assert [node.id for node in driver.graph.nodes] == ["input_1", "linear_1", "relu_1", "linear_2"]
    assert [(edge.source, edge.target) for edge in driver.graph.edges] == [
        ("input_1", "linear_1"), ("linear_1", "relu_1"), ("relu_1", "linear_2"),
    ]
    positions = [node.position for node in driver.graph.nodes]
    assert positions == sorted(positions)
    assert len({y for _, y in positions}) == 1


def test_double_click_on_empty_canvas_adds_there(driver: Driver) -> None:
    at = driver.at((120.0, 80.0))
    driver.double_click(at)
    driver.type("relu")
    driver.key(Qt.Key.Key_Return)
    assert driver.view.canvas.nodes["relu_1"].card().contains(driver.view.mapToScene(at))


def test_arrows_choose_and_letters_that_match_nothing_add_nothing(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Tab)
    driver.type("conv")
    second = found(driver)[1]
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Return)
    assert driver.graph.nodes[0].type == second
    driver.key(Qt.Key.Key_Tab)
    driver.type("qqqqq")
    assert found(driver) == []
    driver.key(Qt.Key.Key_Return)
    assert len(driver.graph.nodes) == 1


def test_escape_and_leaving_close_it_without_adding(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Tab)
    driver.type("relu")
    driver.key(Qt.Key.Key_Escape)
    assert not popup_of(driver).isVisible()
    driver.key(Qt.Key.Key_Tab)
    driver.click(driver.at((300.0, 300.0)))
    assert not popup_of(driver).isVisible()
    assert not driver.graph.nodes


def test_keys_of_the_search_are_not_shortcuts_of_the_canvas(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Linear", (0.0, 0.0))))
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_Tab)
    driver.type("f")
    driver.key(Qt.Key.Key_Delete)
    driver.key(Qt.Key.Key_Backspace)
    driver.key(Qt.Key.Key_Tab)
    assert popup_of(driver).isVisible()
    assert "linear_1" in driver.graph


def test_a_wire_dropped_on_empty_canvas_asks_for_what_can_follow(driver: Driver) -> None:
    graph = graph_of(("Input", (0.0, 0.0)))
    show(driver.view.document, graph.set_params("input_1", {"shape": (1, 28, 28)}))
    driver.drag(driver.port("input_1", "output"), driver.at((350.0, 120.0)))
    types = found(driver)
    assert types[0] == "Conv2d"
    assert "Flatten" in types
    assert "Input" not in types
    assert "BatchNorm1d" not in types
    driver.type("flat")
    driver.key(Qt.Key.Key_Return)
    assert driver.graph.edges == (Edge("input_1", "output", "flatten_1", "input"),)
    x, y = driver.graph.node("flatten_1").position
    assert abs(x - 350) <= 5
    assert abs(y + 24 - 120) <= 5
    driver.undo()
    assert [node.id for node in driver.graph.nodes] == ["input_1"]


@pytest.mark.parametrize(("typed", "said"), [
    ("loop", "Loop has no ports until it places a network"), ("batchnorm1d", "BatchNorm1d does not fit here"),
    ("qqqqq", "No layer matches")])
def test_what_a_dropped_wire_does_not_find_is_explained(driver: Driver, typed: str, said: str) -> None:
    graph = graph_of(("Input", (0.0, 0.0)))
    show(driver.view.document, graph.set_params("input_1", {"shape": (1, 28, 28)}))
    driver.drag(driver.port("input_1", "output"), driver.at((350.0, 120.0)))
    driver.type(typed)
    assert found(driver) == []
    assert popup_of(driver).nothing.text() == said


def test_a_wire_from_an_input_asks_for_what_can_come_before(driver: Driver) -> None:
    show(driver.view.document, graph_of(("CrossEntropy", (300.0, 0.0))))
    driver.drag(driver.port("crossentropy_1", "target"), driver.at((100.0, 200.0)))
    assert found(driver)[0] == "Input"
    assert "CrossEntropy" not in found(driver)
    driver.key(Qt.Key.Key_Return)
    assert driver.graph.edges == (Edge("input_1", "output", "crossentropy_1", "target"),)
    assert driver.graph.node("input_1").position[0] < 100


def test_a_layer_is_searched_for_a_wire(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Linear", (0.0, 0.0)), ("Tanh", (300.0, 0.0)),
                                        wires=[("linear_1.output", "tanh_1.input")]))
    driver.double_click(driver.wire(driver.graph.edges[0]))
    assert "CrossEntropy" not in found(driver)
    driver.type("dropout")
    driver.key(Qt.Key.Key_Return)
    assert Edge("linear_1", "output", "dropout_1", "input") in driver.graph.edges
    assert Edge("dropout_1", "output", "tanh_1", "input") in driver.graph.edges


def test_an_undo_while_it_is_open_closes_it(driver: Driver) -> None:
    driver.view.add_layer("Input")
    port = driver.port("input_1", "output")
    driver.drag(port, port + QPoint(200, 200))
    assert popup_of(driver).isVisible()
    driver.undo()
    assert not popup_of(driver).isVisible()
    assert not driver.graph.nodes


def test_the_popup_is_wholly_visible_wherever_it_opens(driver: Driver) -> None:
    for corner in ((990, 690), (2, 2), (990, 2)):
        driver.view.ask_layer(QPoint(*corner), Place(), None)
        assert driver.view.rect().contains(popup_of(driver).geometry())
        popup_of(driver).close_search()


def test_the_dropped_wire_stays_in_sight_until_the_search_closes(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Input", (0.0, 0.0))))
    start = driver.port("input_1", "output")
    driver.drag(start, start + QPoint(200, 0))
    on_wire, accent = start + QPoint(60, 0), QColor(theme.colors().accent)
    assert driver.view.grab().toImage().pixelColor(on_wire) == accent
    driver.key(Qt.Key.Key_Escape)
    assert driver.view.grab().toImage().pixelColor(on_wire) != accent
