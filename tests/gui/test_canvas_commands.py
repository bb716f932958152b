"""Delete, copy, paste, duplicate, rename and nudge, by keys."""

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from engine.analysis.placing import COLUMN
from engine.graph import Edge, Graph
from gui.canvas import clipboard
from tests.gui.canvas_driver import Driver, graph_of, show

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CHAIN = graph_of(("Linear", (0.0, 0.0)), ("ReLU", (300.0, 0.0)), ("Tanh", (600.0, 0.0)),
                 wires=[("linear_1.output", "relu_1.input"), ("relu_1.output", "tanh_1.input")])


@pytest.fixture(autouse=True)
def chain_is_shown(driver: Driver) -> None:
    show(driver.view.document, CHAIN)
    QGuiApplication.clipboard().clear()


def test_delete_removes_nodes_with_their_wires(driver: Driver) -> None:
    driver.view.document.select(["relu_1"])
    driver.key(Qt.Key.Key_Delete)
    assert [node.id for node in driver.graph.nodes] == ["linear_1", "tanh_1"]
    assert driver.graph.edges == ()
    assert set(driver.view.canvas.nodes) == {"linear_1", "tanh_1"}
    driver.undo()
    assert driver.graph == CHAIN


def test_ctrl_delete_keeps_the_wires(driver: Driver) -> None:
    driver.view.document.select(["relu_1"])
    driver.key(Qt.Key.Key_Delete, CTRL)
    assert driver.graph.edges == (Edge("linear_1", "output", "tanh_1", "input"),)
    assert driver.view.document.undo_stack.undoText() == "Dissolve ReLU 1"


def test_nothing_selected_nothing_deleted(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Delete)
    assert driver.graph == CHAIN
    assert not driver.view.actions()["delete"].isEnabled()


def test_copy_and_paste_keep_settings_names_and_inner_wires(driver: Driver) -> None:
    show(driver.view.document, CHAIN.set_params("linear_1", {"out_features": 7}).update("relu_1", name="Bend"))
    driver.view.document.select(["linear_1", "relu_1"])
    driver.key(Qt.Key.Key_C, CTRL)
    driver.key(Qt.Key.Key_V, CTRL)
    assert driver.selection == {"linear_2", "relu_2"}
    assert driver.graph.node("linear_2").params["out_features"] == 7
    assert [driver.graph.node(name).name for name in ("linear_2", "relu_2")] == ["Linear 2", "Bend 1"]
    assert Edge("linear_2", "output", "relu_2", "input") in driver.graph.edges
    assert len(driver.graph.edges) == 3
    assert driver.view.document.undo_stack.undoText() == "Paste 2 layers"


def test_pasting_twice_never_hides_one_card_under_another(driver: Driver) -> None:
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_C, CTRL)
    driver.key(Qt.Key.Key_V, CTRL)
    driver.key(Qt.Key.Key_V, CTRL)
    assert len({node.position for node in driver.graph.nodes}) == 5


def test_paste_lands_at_the_pointer(driver: Driver) -> None:
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_C, CTRL)
    at = driver.at((100.0, 200.0))
    driver.move(at)
    driver.key(Qt.Key.Key_V, CTRL)
    assert driver.graph.node("linear_2").position == (100.0, 200.0)


def test_cut_and_paste_bring_the_layer_back(driver: Driver) -> None:
    driver.view.document.select(["tanh_1"])
    driver.key(Qt.Key.Key_X, CTRL)
    assert "tanh_1" not in driver.graph
    assert driver.view.document.undo_stack.undoText() == "Cut Tanh 1"
    driver.key(Qt.Key.Key_V, CTRL)
    assert driver.graph.node("tanh_1").name == "Tanh 1"
    assert driver.graph.node("tanh_1").position == (600.0, 0.0)


def test_copied_layers_are_text_that_can_be_pasted_from_anywhere(driver: Driver) -> None:
    driver.view.document.select(["linear_1", "relu_1"])
    driver.key(Qt.Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().mimeData().text()
    data = QMimeData()
    data.setText("\n" + text)
    assert clipboard.read(data) == CHAIN.subgraph(["linear_1", "relu_1"])


@pytest.mark.parametrize("text", ["", "hello", "{", "[]", '{"program": "Neuroloom"}', '{"a": ' * 5000, "\x00\ud800"])
def test_text_that_is_no_network_is_refused_with_a_message(driver: Driver, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    QGuiApplication.clipboard().setMimeData(data)
    driver.view.commands.paste()
    assert driver.graph == CHAIN
    assert len(driver.messages) == 1
    assert driver.messages[0]


def test_a_pasted_layer_of_an_unknown_kind_is_shown_as_a_placeholder(driver: Driver) -> None:
    strange = CHAIN.update("relu_1", type="FluxCapacitor")
    QGuiApplication.clipboard().setMimeData(clipboard.written(Graph(strange.nodes[:2], strange.edges[:1])))
    driver.view.commands.paste()
    item = driver.view.canvas.nodes["fluxcapacitor_1"]
    assert item.content.state == "error"
    assert "FluxCapacitor" in item.content.subtitle
    assert [port.name for port in item.content.inputs] == ["input"]
    driver.view.grab()


def test_duplicate_and_duplicate_with_wires(driver: Driver) -> None:
    driver.view.document.select(["relu_1"])
    driver.key(Qt.Key.Key_D, CTRL)
    assert driver.selection == {"relu_2"}
    assert driver.graph.into("relu_2") == ()
    driver.view.document.select(["relu_1"])
    driver.key(Qt.Key.Key_D, CTRL | SHIFT)
    assert driver.graph.into("relu_3") == (Edge("linear_1", "output", "relu_3", "input"),)
    assert driver.view.document.undo_stack.count() == 2


def test_select_all_and_nothing(driver: Driver) -> None:
    driver.key(Qt.Key.Key_A, CTRL)
    assert driver.selection == {"linear_1", "relu_1", "tanh_1"}
    driver.key(Qt.Key.Key_Escape)
    assert driver.selection == set()


def test_arrows_nudge_the_selection_as_one_step(driver: Driver) -> None:
    driver.view.document.select(["linear_1"])
    for _ in range(3):
        driver.key(Qt.Key.Key_Right)
    driver.key(Qt.Key.Key_Down, SHIFT)
    assert driver.graph.node("linear_1").position == (30.0, 1.0)
    assert driver.view.document.undo_stack.count() == 1
    driver.undo()
    assert driver.graph == CHAIN


def test_arrows_select_where_nothing_is_selected(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Right)
    assert driver.selection == {"relu_1"}
    driver.key(Qt.Key.Key_Right, CTRL)
    assert driver.selection == {"tanh_1"}
    driver.key(Qt.Key.Key_Left, CTRL)
    assert driver.selection == {"relu_1"}
    assert "ReLU 1" in driver.view.accessibleDescription()


def test_rename_in_place(driver: Driver) -> None:
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_F2)
    driver.type("  Hidden   layer ")
    assert driver.graph == CHAIN
    driver.key(Qt.Key.Key_Return)
    assert driver.graph.node("linear_1").name == "Hidden layer"
    assert driver.view.document.undo_stack.undoText() == "Rename Linear 1 to Hidden layer"
    assert driver.view.hasFocus()


def test_letters_and_delete_in_the_name_are_not_shortcuts(driver: Driver) -> None:
    driver.double_click(driver.node("linear_1"))
    driver.type("fw")
    driver.key(Qt.Key.Key_Backspace)
    driver.key(Qt.Key.Key_A, CTRL)
    driver.key(Qt.Key.Key_Delete)
    driver.key(Qt.Key.Key_Escape)
    assert driver.graph == CHAIN
    assert driver.selection == {"linear_1"}


def test_an_output_may_be_called_like_an_input_for_together_they_are_a_state(driver: Driver) -> None:
    graph = driver.graph
    for type in ("Input", "Input", "Output"):
        graph = graph.add(graph.new_node(type, {}, (0.0, 400.0)))
    one, other, output = (node.id for node in graph.nodes[-3:])
    driver.view.document.edit_graph("Add", graph.update(one, name="h").update(other, name="x").update(output, name="y"))
    for node_id in (output, other):
        driver.view.document.select([node_id])
        driver.key(Qt.Key.Key_F2)
        driver.type("h")
        driver.key(Qt.Key.Key_Return)
    assert driver.graph.node(output).name == "h"
    assert driver.graph.node(other).name == "x"


def test_a_name_that_is_taken_is_refused(driver: Driver) -> None:
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_F2)
    driver.type("Tanh 1")
    driver.key(Qt.Key.Key_Return)
    assert driver.graph == CHAIN
    assert "Tanh 1" in driver.messages[0]


def test_clicking_elsewhere_keeps_the_name(driver: Driver) -> None:
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_F2)
    driver.type("Kept")
    driver.click(driver.at((300.0, 300.0)))
    assert driver.graph.node("linear_1").name == "Kept"


def test_selected_nodes_are_wired_in_a_row(driver: Driver) -> None:
    show(driver.view.document, Graph(CHAIN.nodes))
    driver.key(Qt.Key.Key_A, CTRL)
    driver.key(Qt.Key.Key_W)
    assert set(driver.graph.edges) == set(CHAIN.edges)
    assert driver.view.document.undo_stack.count() == 1


def test_every_action_is_complete_and_keys_are_unique(driver: Driver) -> None:
    keys = [key.toString() for action in driver.view.actions().values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    for name, action in driver.view.actions().items():
        assert action.text(), name
        assert action.toolTip(), name


def test_the_context_menu_fits_what_is_under_the_pointer(driver: Driver) -> None:
    view, canvas = driver.view, driver.view.canvas
    for target, wanted in ((canvas.nodes["relu_1"], "dissolve"), (None, "fit_all"),
                           (next(iter(canvas.wires.values())), "insert_layer")):
        menu = view.context_menu(target)
        assert view.actions()[wanted] in menu.actions()
        menu.close()
        menu.deleteLater()


def test_adding_a_layer_puts_it_behind_the_selected_node(driver: Driver) -> None:
    driver.view.document.select(["tanh_1"])
    added = driver.view.add_layer("Linear")
    assert Edge("tanh_1", "output", added, "input") in driver.graph.edges
    assert driver.graph.node(added).position == (600.0 + COLUMN, 0.0)
    assert driver.selection == {added}
    driver.undo()
    assert driver.graph == CHAIN
    driver.view.document.select(["relu_1"])
    added = driver.view.add_layer("Linear")
    assert driver.graph.into(added) == ()


def test_adding_layers_without_a_selection_never_hides_a_card(driver: Driver) -> None:
    driver.view.document.select([])
    for _ in range(3):
        driver.view.document.select([])
        driver.view.add_layer("Linear")
    cards = [item.card() for item in driver.view.canvas.nodes.values()]
    assert not any(a.intersects(b) for i, a in enumerate(cards) for b in cards[i + 1:])


def test_an_unknown_layer_is_refused(driver: Driver) -> None:
    assert driver.view.add_layer("NoSuchLayer") == ""
    assert "NoSuchLayer" in driver.messages[0]


def test_right_click_selects_what_the_menu_is_about(driver: Driver, qtbot: QtBot) -> None:
    view, at = driver.view, driver.node("relu_1")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, view.viewport().mapToGlobal(at))
    QApplication.sendEvent(view.viewport(), event)
    assert driver.selection == {"relu_1"}
    menu = next(child for child in view.findChildren(QMenu) if child.isVisible())
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not view.findChildren(QMenu))
    assert driver.graph == CHAIN
