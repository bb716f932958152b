"""The palette as a person uses it: look through it, search, drag, add."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine import layers
from engine.composition import add_graph
from engine.graph import Graph, Node
from engine.project import Project
from gui.design.palette import CONTENTS, KEY, Palette
from gui.document import Document
from gui.widgets import mime
from tests.gui.canvas_driver import chain
from tests.gui.dialogs import active


@pytest.fixture
def palette(qtbot: QtBot) -> Palette:
    document = Document()
    palette = active(qtbot, Palette(document), 232, 500)
    document.setParent(palette)
    return palette


def test_every_layer_is_listed_below_its_category(palette: Palette) -> None:
    assert palette.keys() == [
        spec.type for name in layers.categories() for spec in layers.CATALOGUE.values() if spec.category == name
    ]
    for spec in layers.CATALOGUE.values():
        item = palette.item(spec.type)
        assert item.parent().text(0) == spec.category
        assert spec.doc in item.toolTip(0)
        assert not item.icon(0).isNull()


def test_the_networks_of_the_project_come_first(palette: Palette) -> None:
    document = palette._document
    document.edit("Add a body", add_graph(document.project, "Body", chain(4)))
    assert palette.keys()[:2] == ["Network:Network", "Network:Body"]
    assert palette.item("Network:Body").data(0, CONTENTS) == "2 ReLU, Linear"
    document.undo_stack.undo()
    assert palette.tree.topLevelItem(0).text(0) == layers.categories()[0]


def test_the_networks_stay_where_none_can_be_placed_and_say_why(palette: Palette) -> None:
    document = palette._document
    cell, outer = chain(2), Graph((Node("loop_1", "Loop", "Loop 1", {"graph": "Cell"}),))
    document.new(Project({"Outer": outer, "Cell": cell}))
    shown = palette.keys()
    for tab, can_place in (("Outer", [False, True]), ("Cell", [False, False])):
        document.show(tab)
        items = [palette.item(f"Network:{name}") for name in ("Outer", "Cell")]
        assert palette.keys() == shown
        assert [bool(item.flags() & Qt.ItemFlag.ItemIsDragEnabled) for item in items] == can_place
    assert "Outer contains Cell, which is shown" in items[0].toolTip(0)
    assert "Cell is the network that is shown" in items[1].toolTip(0)
    added: list[str] = []
    palette.chosen.connect(added.append)
    place = palette.tree.visualItemRect(items[0]).center()
    QTest.mouseDClick(palette.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert added == []
    palette.grab()


def test_words_find_layers_by_their_other_names(palette: Palette) -> None:
    QTest.keyClicks(palette.search, "dense")
    assert palette.keys()[0] == "Linear"
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert len(palette.keys()) == len(layers.CATALOGUE)


def test_what_cannot_be_found_is_said(palette: Palette) -> None:
    QTest.keyClicks(palette.search, "qqqqqqq")
    assert palette.keys() == []
    assert not palette.tree.isVisible()


def test_enter_in_the_search_adds_the_best_and_arrows_choose_another(palette: Palette, qtbot: QtBot) -> None:
    QTest.keyClicks(palette.search, "conv")
    first, second = palette.keys()[:2]
    with qtbot.waitSignal(palette.chosen) as chosen:
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert chosen.args == [first]
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette.chosen) as chosen:
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert chosen.args == [second]


def test_double_click_adds_a_layer(palette: Palette, qtbot: QtBot) -> None:
    item = palette.item("Linear")
    palette.tree.scrollToItem(item)
    place = palette.tree.visualItemRect(item).center()
    with qtbot.waitSignal(palette.chosen) as chosen:
        QTest.mouseClick(palette.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(palette.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["Linear"]


def test_a_category_is_not_added_but_folded_and_stays_so(palette: Palette, qtbot: QtBot) -> None:
    added: list[str] = []
    palette.chosen.connect(added.append)
    top = palette.tree.topLevelItem(1)
    middle = palette.tree.visualItemRect(top).center()
    QTest.mouseClick(palette.tree.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert not top.isExpanded()
    assert added == []
    again = Palette(palette._document)
    qtbot.addWidget(again)
    assert [again.tree.topLevelItem(row).isExpanded() for row in (0, 1)] == [True, False]


def test_layers_are_dragged_and_categories_are_not(palette: Palette) -> None:
    item = palette.item("Conv2d")
    assert item.flags() & Qt.ItemFlag.ItemIsDragEnabled
    assert not item.parent().flags() & Qt.ItemFlag.ItemIsDragEnabled
    data = palette.tree.drag_data(item.data(0, KEY))
    assert data.hasFormat(mime.LAYER)
    assert mime.layer_key(data) == "Conv2d"
