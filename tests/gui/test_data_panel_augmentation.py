"""Augmentation in the data panel: steps are added, set, moved and removed, and shown before and after by the worker."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from engine.augmentation import augmentation, fitting
from gui.data.augmentation_preview import SAMPLES, VERSIONS
from gui.data.data_panel import DataPanel
from gui.document import Document
from tests.gui.data_panels import chosen_in, new_panel, opened, pets, settle, table  # noqa: F401 - a fixture
from tests.gui.forms import retype

PATIENCE_MS = 60_000


def types(document: Document) -> list[str]:
    return [step.type for step in chosen_in(document).augmentation]


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions()]


def test_steps_are_added_set_moved_and_removed(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, pets(tmp_path))
    panel.sections["Augmentation"].header.click()
    view = panel.augmentation
    menu = view.add.menu()
    menu.aboutToShow.emit()
    assert texts(menu) == [spec.title for spec in fitting(chosen_in(document).columns)]
    for title in ("Rotate", "Flip"):
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == title).trigger()
    assert types(document) == ["Rotate", "Flip"]
    assert document.undo_stack.undoText() == "Add flip"
    field = view.cards[0].form.editor("degrees")
    retype(field, "30")
    assert chosen_in(document).augmentation[0].params["degrees"] == 30
    assert field.hasFocus(), "typing goes on"
    QTest.mouseClick(view.cards[1].up, Qt.MouseButton.LeftButton)
    assert types(document) == ["Flip", "Rotate"]
    assert view.cards[1].form.editor("degrees").text() == "30"
    QTest.mouseClick(view.cards[0].remove, Qt.MouseButton.LeftButton)
    assert types(document) == ["Rotate"]
    for expected in (["Flip", "Rotate"], ["Rotate", "Flip"]):
        document.undo_stack.undo()
        assert types(document) == expected
    settle(qtbot, panel)


def test_pictures_before_and_after_are_shown(qtbot: QtBot, panel: DataPanel, document: Document,
                                             tmp_path: Path) -> None:
    opened(qtbot, panel, pets(tmp_path))
    panel.sections["Augmentation"].header.click()
    assert not panel.preview.isVisible()
    panel.augmentation.append("Erase")
    qtbot.waitUntil(lambda: bool(panel.preview.cells), timeout=PATIENCE_MS)
    shown = [cell for cell in panel.preview.cells if not cell.pixmap().isNull()]
    assert len(shown) == SAMPLES * (1 + VERSIONS)
    first = panel.preview.cells[-1]
    QTest.mouseClick(panel.preview.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(panel.preview.cells) and panel.preview.cells[-1] is not first, timeout=PATIENCE_MS)
    document.undo_stack.undo()
    assert not panel.preview.isVisible()
    settle(qtbot, panel)


def test_a_table_offers_what_fits_it_and_tells_what_does_not(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.sections["Augmentation"].header.click()
    menu = panel.augmentation.add.menu()
    menu.aboutToShow.emit()
    assert "Noise" in texts(menu)
    assert "Flip" not in texts(menu)
    panel.editor.change("Add flip", augmentation=(augmentation("Flip"),))
    settle(qtbot, panel)
    assert panel.augmentation.cards[0].problem.isVisible()
    assert "the data has none" in panel.augmentation.cards[0].problem.text()
    opened(qtbot, panel, pets(tmp_path))
    assert types(document) == ["Flip"], "what fits the new data is kept"
    panel.augmentation.append("Rotate")
    opened(qtbot, panel, tmp_path / "flowers.csv")
    assert types(document) == []
