"""The data panel: choosing, dropping, looking, splitting, and the starter network; all of it undoable."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.project import BUNDLED
from gui.data.data_panel import EXAMPLES, DataPanel
from gui.data.data_samples import PAGE
from gui.document import Document
from gui.session import Session
from gui.widgets import settings
from tests.gui.dialogs import answer, choose
from tests.gui.drops import drop, drop_data
from tests.gui.trained import CLASSES, small_data

PATIENCE_MS = 30_000


@pytest.fixture
def panel(qtbot: QtBot, document: Document, session: Session) -> Iterator[DataPanel]:
    made = DataPanel(document, session)
    qtbot.addWidget(made)
    made.resize(232, 640)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    settle(qtbot, made)


def settle(qtbot: QtBot, panel: DataPanel) -> None:
    """Wait until nothing is read any more."""
    qtbot.waitUntil(lambda: not panel.is_reading, timeout=PATIENCE_MS)
    # what was cancelled ends at its next look around
    qtbot.waitUntil(lambda: all(t.name != "background" for t in threading.enumerate()), timeout=PATIENCE_MS)


def opened(qtbot: QtBot, panel: DataPanel, path: Path) -> None:
    panel.open(path)
    settle(qtbot, panel)


def table(folder: Path, text: str = "") -> Path:
    path = folder / "flowers.csv"
    rows = [f"{4 + i % 5},{i % 3},{'rose' if i % 2 else 'tulip'}" for i in range(60)]
    path.write_text(text or "\n".join(["length,width,kind", *rows]))
    return path


def test_at_first_data_can_be_chosen(panel: DataPanel) -> None:
    assert panel.empty.isVisible()
    assert panel.empty.button.isVisible()
    texts = [action.text() for action in panel.empty.button.menu().actions()]
    assert "File…" in texts
    assert "Folder…" in texts
    assert set(EXAMPLES.values()) < set(texts)


def test_the_example_has_a_button_of_its_own(qtbot: QtBot, panel: DataPanel, document: Document) -> None:
    QTest.mouseClick(panel.empty.alternative, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert document.project.data is not None
    assert document.project.data.path == BUNDLED + next(iter(EXAMPLES))


def test_the_example_is_chosen_with_two_clicks_and_undone_with_one(
    qtbot: QtBot, panel: DataPanel, document: Document
) -> None:
    action = next(a for a in panel.empty.button.menu().actions() if a.text() in EXAMPLES.values())
    action.trigger()
    settle(qtbot, panel)
    data = document.project.data
    assert data is not None
    assert data.path == BUNDLED + "fashion-mnist-small"
    assert not panel.empty.isVisible()
    assert "28 × 28" in panel.columns.text()
    assert panel.samples.grid.count() == PAGE
    assert panel.samples.grid.verticalScrollBar().maximum() == 0, "every tile is seen without a second scroll bar"
    assert [bar.name for bar in panel.samples.classes.bars] == list(CLASSES)
    assert document.undo_stack.undoText() == "Choose data"
    document.undo_stack.undo()
    assert document.project.data is None
    assert panel.empty.isVisible()


def test_a_file_is_chosen_with_the_dialog(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    choose(table(tmp_path))
    next(a for a in panel.empty.button.menu().actions() if a.text() == "File…").trigger()
    settle(qtbot, panel)
    data = document.project.data
    assert data is not None
    assert data.source == "csv"
    assert settings.remembered("recent_data") == [str(tmp_path / "flowers.csv")]
    assert panel.samples.table.rowCount() == PAGE
    assert panel.samples.table.horizontalHeaderItem(1).text() == "length"


def test_a_folder_is_dropped(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    assert drop(panel, small_data(tmp_path / "idx", 200))
    settle(qtbot, panel)
    assert document.project.data is not None
    assert document.project.data.source == "idx"


def test_text_that_is_dragged_is_not_taken(panel: DataPanel) -> None:
    mime = QMimeData()
    mime.setText("hello")
    assert not drop_data(panel, mime)


@pytest.mark.parametrize("name", ["nothing.csv", "noise.bin"])
def test_what_cannot_be_read_is_told_in_place_and_changes_nothing(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path, name: str
) -> None:
    opened(qtbot, panel, table(tmp_path))
    before = document.project
    if name == "noise.bin":
        (tmp_path / name).write_bytes(bytes(range(256)) * 40)
    opened(qtbot, panel, tmp_path / name)
    assert name in panel.message.text()
    assert panel.message.isVisible()
    assert document.project is before


def test_splits_are_edited_like_everything_else(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    field = panel.split.editor("validation")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.5")
    settle(qtbot, panel)
    assert document.project.data.split.validation == 0.5
    panel.samples.split.setCurrentIndex(1)
    panel.samples.split.activated.emit(1)
    settle(qtbot, panel)
    assert panel.samples._place.text().endswith("of 24"), "half of what the test leaves"
    QTest.mouseClick(panel.split.editor("normalize"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert document.project.data.normalize is False
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.project.data.split.validation == 0.1
    settle(qtbot, panel)


def test_another_target_is_read_anew(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    assert [c.name for c in document.project.data.columns if c.role == "target"] == ["kind"]
    field = panel.options.editor("target")
    assert isinstance(field, QLineEdit)
    for letter in "width":
        QTest.keyClicks(field, letter)
        settle(qtbot, panel)
    assert [c.name for c in document.project.data.columns if c.role == "target"] == ["width"]
    assert not panel.message.isVisible()


def test_pages_are_turned(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    assert not panel.samples.back.isEnabled()
    first = panel.samples._place.text()
    QTest.mouseClick(panel.samples.forward, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert first.startswith(f"1–{PAGE}")
    assert panel.samples._place.text().startswith(f"{PAGE + 1}–")
    assert panel.samples.back.isEnabled()


def test_damaged_pictures_are_told(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for number in range(6):
            picture = QImage(12, 12, QImage.Format.Format_Grayscale8)
            picture.fill(40 * number)
            picture.save(str(tmp_path / "pets" / kind / f"{number}.png"))
    whole = tmp_path / "pets" / "cat" / "1.png"
    whole.write_bytes(whole.read_bytes()[:40])
    opened(qtbot, panel, tmp_path / "pets")
    tips: list[str] = []
    for place in range(3):
        panel.samples.split.setCurrentIndex(place)
        panel.samples.split.activated.emit(place)
        settle(qtbot, panel)
        tips += [panel.samples.grid.item(row).toolTip() for row in range(panel.samples.grid.count())]
    assert len(tips) == 12
    damaged = [tip for tip in tips if tip.split(": ", 1)[1] not in ("cat", "dog")]
    assert len(damaged) == 1
    assert "1.png" in damaged[0]


def test_the_starter_network_is_one_step_and_asks_before_it_replaces(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    QTest.mouseClick(panel.starter, Qt.MouseButton.LeftButton)
    drawn = document.graph
    assert {"Input", "Linear", "CrossEntropy"} <= {node.type for node in drawn.nodes}
    assert document.analysis.is_trainable
    document.edit_graph("Remove", drawn.remove([drawn.nodes[0].id]))
    changed = document.graph
    asked = answer("Cancel")
    QTest.mouseClick(panel.starter, Qt.MouseButton.LeftButton)
    assert "not empty" in asked[0]
    assert document.graph == changed
    answer("Replace")
    QTest.mouseClick(panel.starter, Qt.MouseButton.LeftButton)
    assert document.graph == drawn
    document.undo_stack.undo()
    assert document.graph == changed


def test_reading_can_be_cancelled(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    panel.open(small_data(tmp_path / "idx"))
    assert panel.cancel.isVisible()
    QTest.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert not panel.is_reading
    assert not panel.cancel.isVisible()
    assert document.project.data is None
