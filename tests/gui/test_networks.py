"""Several networks in one window, as a person works with them: tabs, grouping, entering, leaving, placing."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar
from pytestqt.qtbot import QtBot

from engine.composition import reorder_graphs
from engine.graph import Edge, Graph, Node
from engine.project import Column, Data, Project
from gui.canvas.workspace import Workspace
from gui.document import Document
from tests.gui.canvas_driver import Driver, chain, graph_of
from tests.gui.dialogs import active

CTRL, SHIFT, ALT = (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier,
                    Qt.KeyboardModifier.AltModifier)
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
BODY = graph_of(("Input", (0.0, 0.0)), ("Linear", (220.0, 0.0)), ("Output", (440.0, 0.0)),
                wires=[("input_1.output", "linear_1.input"), ("linear_1.output", "output_1.input")],
                ).set_params("input_1", {"shape": (8,)}).set_params("linear_1", {"out_features": 8})
MAIN = graph_of(("Input", (0.0, 0.0)), ("Output", (440.0, 0.0))).set_params("input_1", {"shape": (8,)}).add(
    Node("network_1", "Network", "Body", {"graph": "Body"}, (220.0, 0.0))).replace_edges((), (
        Edge("input_1", "output", "network_1", "input_1"), Edge("network_1", "output_1", "output_1", "input")))


class Room(Driver):
    """The hands on tabs and canvas of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.canvas)
        self.workspace, self.tabs, self.document = workspace, workspace.tabs, workspace.canvas.document

    @property
    def names(self) -> list[str]:
        return list(self.document.project.graphs)

    def tab(self, place: int) -> QPoint:
        return self.tabs.tabRect(place).center()

    def choose(self, place: int) -> None:
        QTest.mouseClick(self.tabs, LEFT, NONE, self.tab(place))

    def double_click_tab(self, place: int) -> None:
        self.choose(place)
        QTest.mouseDClick(self.tabs, LEFT, NONE, self.tab(place))

    def trigger(self, name: str) -> None:
        self.view.actions()[name].trigger()


@pytest.fixture
def room(qtbot: QtBot) -> Room:
    document = Document()
    workspace = active(qtbot, Workspace(document), 1000, 700)
    document.setParent(workspace)
    document.new(Project({"Main": MAIN, "Body": BODY}))
    workspace.canvas.setFocus()
    return Room(workspace)


def test_a_tab_for_each_network_shows_it(room: Room) -> None:
    assert room.tabs.names == ["Main", "Body"]
    assert "tested, tried and exported" in room.tabs.tabToolTip(0)
    room.choose(1)
    assert room.document.shown == "Body"
    assert set(room.view.canvas.nodes) == {"input_1", "linear_1", "output_1"}
    room.choose(0)
    assert set(room.view.canvas.nodes) == {"input_1", "network_1", "output_1"}


def test_each_tab_keeps_its_sight_and_its_own_selection(room: Room) -> None:
    room.view.set_zoom(0.5)
    center = room.view.mapToScene(room.view.viewport().rect().center())
    room.document.select(["input_1"])
    room.choose(1)
    assert room.document.selection == set()
    room.view.set_zoom(2.0)
    room.choose(0)
    assert room.view.zoom == pytest.approx(0.5)
    again = room.view.mapToScene(room.view.viewport().rect().center())
    assert (again - center).manhattanLength() < 5
    room.choose(1)
    assert room.view.zoom == pytest.approx(2.0)


def test_a_new_network_is_shown_and_taken_back(room: Room) -> None:
    room.key(Qt.Key.Key_T, CTRL)
    assert room.names == ["Main", "Body", "Network"]
    assert room.document.shown == "Network"
    room.undo()
    assert room.names == ["Main", "Body"]
    assert room.document.shown == "Main"
    room.document.undo_stack.redo()
    assert room.document.shown == "Network"
    room.tabs.setFocus()
    QTest.mouseClick(room.workspace.add_button, LEFT)
    assert room.document.shown == "Network 2"
    assert room.view.hasFocus()


def test_undo_shows_the_network_where_the_change_was(room: Room) -> None:
    room.choose(1)
    room.view.add_layer("ReLU")
    room.choose(0)
    room.undo()
    assert room.document.shown == "Body"
    assert room.document.graph == BODY
    room.choose(0)
    room.document.undo_stack.redo()
    assert room.document.shown == "Body"


def test_undoing_what_no_network_shows_stays_where_one_is(room: Room) -> None:
    room.document.edit("Notes", room.document.project.replace(notes="x"))
    room.choose(1)
    room.undo()
    assert room.document.shown == "Body"


def test_a_tab_is_renamed_by_double_click(room: Room) -> None:
    room.double_click_tab(1)
    room.type("Encoder")
    room.key(Qt.Key.Key_Return)
    assert room.names == ["Main", "Encoder"]
    assert room.document.shown == "Encoder"
    assert room.document.project.graphs["Main"].node("network_1").params["graph"] == "Encoder"
    assert room.view.hasFocus()
    room.undo()
    assert room.document.project.graphs == {"Main": MAIN, "Body": BODY}


def test_a_tab_is_renamed_by_f2_and_keeps_its_sight(room: Room) -> None:
    room.choose(1)
    room.view.set_zoom(0.5)
    room.tabs.setFocus()
    room.key(Qt.Key.Key_F2)
    room.type("Encoder")
    room.key(Qt.Key.Key_Return)
    assert room.document.shown == "Encoder"
    assert room.view.zoom == pytest.approx(0.5)


def test_a_name_that_is_taken_is_refused(room: Room) -> None:
    room.double_click_tab(1)
    room.type("Main")
    room.key(Qt.Key.Key_Return)
    assert room.names == ["Main", "Body"]
    assert "already a network named" in room.messages[0]


def test_closing_refuses_what_is_placed_and_takes_what_is_not(room: Room) -> None:
    room.view.networks.remove("Body")
    assert "placed in Main" in room.messages[0]
    room.view.networks.remove("Main")
    assert room.names == ["Body"]
    assert "Ctrl+Z" in room.messages[1]
    assert room.document.shown == "Body"
    assert room.tabs.tabButton(0, room.tabs.ButtonPosition.RightSide) is None
    room.undo()
    assert room.document.shown == "Main"


def test_the_context_menu_of_a_tab(room: Room) -> None:
    menu = room.tabs.context_menu(1)
    texts = [action.text().replace("&", "") for action in menu.actions() if action.text()]
    assert texts == ["Rename", "Duplicate", "Remove", "New network"]
    next(action for action in menu.actions() if "uplicate" in action.text()).trigger()
    assert room.names == ["Main", "Body", "Body 2"]
    menu.close()
    menu.deleteLater()


def test_tabs_are_reordered_by_dragging_as_one_step(room: Room) -> None:
    room.key(Qt.Key.Key_T, CTRL)
    start = room.tab(2)
    QTest.mousePress(room.tabs, LEFT, NONE, start)
    for step in range(1, 9):
        _move(room.tabs, start + QPoint(-40 * step, 0))
    QTest.mouseRelease(room.tabs, LEFT, NONE, room.tabs.rect().topLeft() + QPoint(4, 8))
    assert room.names[0] == "Network"
    assert room.document.undo_stack.undoText() == "Reorder networks"
    assert room.document.project.main == "Network"
    assert "Network is the first network now" in room.messages[0]
    room.undo()
    assert room.names == room.tabs.names == ["Main", "Body", "Network"]


def _move(tabs: QTabBar, to: QPoint) -> None:
    """Move the pointer with the left button held down."""
    QApplication.sendEvent(tabs, QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), QPointF(tabs.mapToGlobal(to)), Qt.MouseButton.NoButton, LEFT, NONE))


def test_double_click_enters_and_escape_leaves(room: Room) -> None:
    assert not room.workspace.breadcrumb.isVisible()
    room.double_click(room.node("network_1"))
    assert room.document.shown == "Body"
    assert room.workspace.breadcrumb.isVisible()
    assert room.workspace.breadcrumb.names == ["Main", "Body"]
    room.document.select(["linear_1"])
    room.key(Qt.Key.Key_Escape)
    assert room.document.shown == "Body"
    room.key(Qt.Key.Key_Escape)
    assert room.document.shown == "Main"
    assert room.document.selection == {"network_1"}
    assert not room.workspace.breadcrumb.isVisible()
    room.key(Qt.Key.Key_Escape)
    room.key(Qt.Key.Key_Escape)
    assert room.document.shown == "Main"


def test_return_enters_and_alt_up_leaves(room: Room) -> None:
    assert not room.view.actions()["enter"].isEnabled()
    room.document.select(["network_1"])
    room.key(Qt.Key.Key_Return)
    assert room.document.shown == "Body"
    room.key(Qt.Key.Key_Up, ALT)
    assert room.document.shown == "Main"
    assert not room.view.actions()["leave"].isEnabled()


def test_the_way_back_ends_where_one_goes_by_tab_or_the_node_is_gone(room: Room) -> None:
    room.double_click(room.node("network_1"))
    room.choose(0)
    assert room.view.networks.trail.steps == ()
    room.double_click(room.node("network_1"))
    room.document.edit("Delete", room.document.project.with_graph("Main", MAIN.remove(["network_1"])))
    assert room.view.networks.trail.steps == ()
    assert room.document.shown == "Body"


def test_a_click_in_the_breadcrumb_goes_back_several_steps(room: Room) -> None:
    outer = Graph((Node("network_1", "Network", "Main", {"graph": "Main"}),))
    room.document.new(Project({"Top": outer, "Main": MAIN, "Body": BODY}))
    room.double_click(room.node("network_1"))
    room.double_click(room.node("network_1"))
    assert room.workspace.breadcrumb.names == ["Top", "Main", "Body"]
    QTest.mouseClick(room.workspace.breadcrumb.button(0), LEFT)
    assert room.document.shown == "Top"


def test_a_selection_becomes_a_network_and_layers_again(room: Room) -> None:
    room.document.new(Project({"Main": chain(4)}))
    before = room.graph
    room.key(Qt.Key.Key_A, CTRL)
    room.key(Qt.Key.Key_G, CTRL)
    assert room.names == ["Main", "Network"]
    assert room.document.shown == "Main"
    (placement,) = room.selection
    assert room.graph.node(placement).type == "Network"
    assert {node.type for node in room.graph.nodes} == {"Input", "Network"}
    room.key(Qt.Key.Key_G, CTRL | ALT)
    assert room.names == ["Main"]
    assert room.graph.by_id() == before.by_id()
    assert room.selection == {node.id for node in before.nodes if node.type != "Input"}
    room.undo()
    room.undo()
    assert room.graph == before


def test_a_selection_becomes_a_block(room: Room) -> None:
    room.document.new(Project({"Main": chain(4)}))
    room.document.select(["linear_1", "relu_1"])
    room.key(Qt.Key.Key_G, CTRL | SHIFT)
    (placement,) = room.selection
    assert room.graph.node(placement).type == "Block"
    assert room.graph.node(placement).params == {"graph": "Block", "repeat": 1}


def test_what_cannot_be_grouped_is_told(room: Room) -> None:
    room.document.new(Project({"Main": chain(4)}))
    room.document.select(["relu_1", "relu_2"])
    room.key(Qt.Key.Key_G, CTRL)
    assert room.names == ["Main"]
    assert "lies between" in room.messages[0]


def test_a_placed_network_shows_its_ports_shape_and_colour(room: Room) -> None:
    content = room.view.canvas.nodes["network_1"].content
    assert [port.name for port in content.inputs] == ["input_1"]
    assert content.footer == "8"
    assert content.weight_set is not None
    left = room.graph.add(Node("network_2", "Network", "Left", {"graph": "Body"}),
                          Node("block_1", "Block", "Stack", {"graph": "Body", "repeat": 3}),
                          Node("network_3", "Network", "Nothing", {"graph": ""}))
    room.document.edit_graph("Add", left)
    nodes = room.view.canvas.nodes
    assert nodes["network_2"].content.weight_set == content.weight_set
    assert nodes["network_2"].content.subtitle == "Body"
    assert nodes["block_1"].content.weight_set is None
    assert (nodes["block_1"].content.subtitle, nodes["block_1"].content.copies) == ("Body × 3", 3)
    assert (nodes["network_3"].content.subtitle, nodes["network_3"].content.state) == ("no network chosen", "error")
    room.view.grab()


def test_a_change_inside_is_seen_where_the_network_is_placed(room: Room) -> None:
    room.choose(1)
    room.document.edit_graph("Widen", BODY.set_params("linear_1", {"out_features": 5}))
    room.choose(0)
    assert room.view.canvas.nodes["network_1"].content.footer == "5"


def test_a_network_is_dragged_in_and_wired(room: Room) -> None:
    room.choose(0)
    room.drop_layer("Network:Body", room.at((220.0, 300.0)))
    (added,) = room.selection
    assert room.graph.node(added).name == "Body 2"
    assert room.graph.node(added).params == {"graph": "Body"}
    room.drag(room.port("input_1", "output"), room.port(added, "input_1"))
    assert Edge("input_1", "output", added, "input_1") in room.graph.edges


def test_a_source_that_is_pulled_out_of_a_network_has_the_shape_that_it_takes(room: Room) -> None:
    room.document.edit_graph("Unwire", room.graph.remove(("input_1",)))
    port = room.port("network_1", "input_1")
    room.drag(port, port + QPoint(-60, 90))
    room.type("noise")
    room.key(Qt.Key.Key_Return)
    (added,) = room.selection
    assert room.graph.node(added).params == {"distribution": "normal", "shape": (8,)}
    assert Edge(added, "output", "network_1", "input_1") in room.graph.edges


def test_inputs_of_a_placed_network_name_no_column(room: Room) -> None:
    room.choose(1)
    room.document.edit_graph("Name a column", BODY.set_params("input_1", {"column": "x"}))
    assert "column" not in room.view.canvas.nodes["input_1"].content.subtitle
    room.document.edit("Reorder", reorder_graphs(room.document.project, ("Body", "Main")))
    assert "column x" in room.view.canvas.nodes["input_1"].content.subtitle, "the main network is used with data"


def test_only_an_input_that_data_enters_by_takes_a_column(room: Room) -> None:
    column = Column("age", "number", "input", (3,))
    room.document.edit("Choose data", room.document.project.replace(data=Data("x.csv", "csv", columns=(column,))))

    def added() -> object:
        node_id = room.view.add_layer("Input")
        return room.graph.node(node_id).params["column"]

    assert added() == "age"
    room.choose(1)
    assert added() == "", "others place it"
    room.key(Qt.Key.Key_T, CTRL)
    assert added() == "age", "a loss may come, and the shape is right for a network that others place, too"


def test_the_search_finds_networks_but_never_what_leads_back(room: Room) -> None:
    popup = room.view._popup
    room.trigger("search")
    room.type("bod")
    assert popup.model.entries[0].title == "Body"
    room.key(Qt.Key.Key_Return)
    assert room.graph.nodes[-1].params == {"graph": "Body"}
    room.choose(1)
    room.trigger("search")
    room.type("main")
    assert "Main" not in [entry.title for entry in popup.model.entries]
    room.key(Qt.Key.Key_Escape)


def test_a_dropped_wire_finds_blocks_and_loops_of_networks_that_fit(room: Room) -> None:
    room.document.edit_graph("A sequence", MAIN.add(Node("steps", "Input", "steps", {"shape": (7, 8)}, (0.0, 220.0))))
    popup = room.view._popup
    room.drag(room.port("steps", "output"), room.at((300.0, 400.0)))
    titles = [entry.title for entry in popup.model.entries]
    assert "Loop of Body" in titles
    assert "Block of Body" not in titles, "it takes a single step"
    room.type("loop")
    assert [entry.title for entry in popup.model.entries] == ["Loop of Body"]
    room.key(Qt.Key.Key_Return)
    made = room.graph.nodes[-1]
    assert (made.type, made.name, made.params) == ("Loop", "Body 2", {"graph": "Body"})
    assert room.graph.into(made.id) == (Edge("steps", "output", made.id, "input_1"),)
    assert room.document.analysis.nodes[made.id].state != "error"


def test_layers_are_copied_from_tab_to_tab(room: Room) -> None:
    room.choose(1)
    room.document.select(["input_1", "linear_1"])
    room.key(Qt.Key.Key_C, CTRL)
    room.key(Qt.Key.Key_T, CTRL)
    room.view.setFocus()
    room.key(Qt.Key.Key_V, CTRL)
    assert {node.id for node in room.graph.nodes} == {"input_1", "linear_1"}
    assert len(room.graph.edges) == 1
    assert room.document.project.graphs["Body"] == BODY


def test_deleting_the_last_placement_keeps_the_network(room: Room) -> None:
    room.document.select(["network_1"])
    room.key(Qt.Key.Key_Delete)
    assert room.names == room.tabs.names == ["Main", "Body"]


def test_a_wire_that_is_selected_stays_in_its_network(room: Room) -> None:
    same = Project({"Main": chain(2), "Twin": chain(2)})
    room.document.new(same)
    room.view.canvas.select_wires(room.view.canvas.wires)
    room.choose(1)
    assert room.view.canvas.selected_wires == frozenset()


def test_networks_are_reached_and_renamed_by_keys(room: Room) -> None:
    room.key(Qt.Key.Key_PageDown, CTRL)
    assert room.document.shown == "Body"
    room.key(Qt.Key.Key_PageDown, CTRL)
    assert room.document.shown == "Main"
    room.key(Qt.Key.Key_PageUp, CTRL)
    room.key(Qt.Key.Key_F2, SHIFT)
    room.type("Encoder")
    room.key(Qt.Key.Key_Return)
    assert room.names == ["Main", "Encoder"]
    room.trigger("remove_network")
    assert "placed in Main" in room.messages[0]


def test_names_from_files_are_shown_in_one_short_line(room: Room) -> None:
    names = ["<b>&bold" * 9, "two\nlines", "a" * 5000, *(f"Network {number}" for number in range(30))]
    room.document.new(Project(dict.fromkeys(names, BODY)))
    assert room.tabs.tabText(1) == "two lines"
    assert all(len(room.tabs.tabText(place)) < 40 for place in range(room.tabs.count()))
    room.workspace.resize(500, 400)
    assert room.workspace.add_button.geometry().right() <= 500
    room.document.select(["linear_1"])
    room.workspace.grab()
