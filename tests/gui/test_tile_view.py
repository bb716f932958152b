"""The grid of cells: a million of them cost no more than a screenful."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.widgets import theme
from gui.widgets.tile_view import Cell, TileView
from tests.gui.dialogs import active

MANY = 1_000_000


class Cells:
    """Cells that remember who was asked for."""

    def __init__(self) -> None:
        self.asked: set[int] = set()

    def __call__(self, position: int) -> Cell | None:
        self.asked.add(position)
        picture = QImage(40, 20, QImage.Format.Format_RGB888)
        picture.fill(Qt.GlobalColor.red)
        return Cell(f"cell {position}", picture=picture) if position % 2 else Cell(f"cell {position}", text="words")


@pytest.fixture
def cells() -> Cells:
    return Cells()


@pytest.fixture
def view(qtbot: QtBot, cells: Cells) -> TileView:
    return active(qtbot, TileView(cells, side=64), 500, 400)


def test_only_what_is_in_sight_is_asked_for(view: TileView, cells: Cells) -> None:
    view.set_count(MANY)
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    view.grab()
    first, last = view.visible
    assert abs(first - MANY / 2) < 100
    assert last - first < 100
    cells.asked.clear()
    view.grab()
    assert cells.asked == set(range(first, last))


def test_all_cells_can_be_reached(view: TileView) -> None:
    view.set_count(MANY)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.current == MANY - 1
    assert view.viewport().rect().contains(view.rect_of(MANY - 1).toRect())
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.current == 0
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.current == 1 + view.in_a_row


def test_a_click_chooses_the_cell_under_it(qtbot: QtBot, view: TileView) -> None:
    view.set_count(30)
    with qtbot.waitSignal(view.chosen) as told:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.rect_of(9).center().toPoint())
    assert told.args == [9]
    view.set_count(5)
    assert view.current == -1
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.viewport().rect().bottomRight())
    assert view.current == -1


def test_a_cell_that_is_not_there_yet_leaves_its_place(qtbot: QtBot) -> None:
    view = TileView(lambda position: None)
    qtbot.addWidget(view)
    view.resize(300, 300)
    view.set_count(3)
    image = view.grab().toImage()
    scale = image.devicePixelRatio()
    inside = view.rect_of(0).center() * scale
    assert image.pixelColor(inside.toPoint()).name() == theme.colors().grid


def test_no_cells_and_no_room_are_fine(view: TileView) -> None:
    view.set_count(0)
    view.resize(20, 10)
    view.grab()
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.current == -1
    assert view.visible == (0, 0)
