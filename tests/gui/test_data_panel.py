"""The data panel: choosing, dropping, looking, splitting, checking; all of it undoable."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from engine import projectfile
from engine.project import BUNDLED, ColumnChoice, Data
from gui.data.data_panel import DataPanel
from gui.data.data_place import EXAMPLES
from gui.data.data_samples import SHOWN
from gui.document import Document
from gui.widgets import settings
from tests.gui.data_panels import chosen_in, new_panel, opened, pets, settle, table  # noqa: F401 - the panel is a fixture
from tests.gui.dialogs import answer, choose
from tests.gui.drops import drop, drop_data
from tests.gui.forms import retype
from tests.gui.trained import CLASSES, small_data


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
    assert [entry.column.name for entry in panel.columns.entries] == ["image", "label"]
    assert panel.samples.grid.count == SHOWN
    assert [bar.name for bar in panel.samples.classes.bars] == list(CLASSES)
    assert panel.split.sizes.text() == "Training: 9,000\nValidation: 1,000\nTest: 2,000"
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
    assert data.source == "table"
    assert settings.remembered("recent_data") == [str(tmp_path / "flowers.csv")]
    assert panel.samples.table.rowCount() == SHOWN


def test_a_folder_is_dropped(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    assert drop(panel, small_data(tmp_path / "idx", 200))
    settle(qtbot, panel)
    assert document.project.data is not None
    assert document.project.data.source == "idx"


def test_what_is_no_data_is_not_taken(panel: DataPanel, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setText("hello")
    assert not drop_data(panel, mime)
    assert not drop(panel, tmp_path / "a.neuroloom"), "the window opens projects"


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
    panel.sections["Split"].header.click()
    retype(panel.split.form.editor("validation"), "0.5")
    settle(qtbot, panel)
    assert chosen_in(document).split.validation == 0.5
    assert "Validation: 24" in panel.split.sizes.text(), "half of what the test leaves"
    QTest.mouseClick(panel.split.form.editor("normalize"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert chosen_in(document).normalize is False
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert chosen_in(document).split.validation == 0.1
    settle(qtbot, panel)


def test_only_the_settings_of_the_chosen_method_are_shown(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.sections["Split"].header.click()
    method = panel.split.form.editor("method")
    assert isinstance(method, QComboBox)
    with pytest.raises(KeyError):
        panel.split.form.editor("folds")
    QTest.keyClicks(method, "k-fold")
    method.textActivated.emit("k-fold")
    settle(qtbot, panel)
    assert chosen_in(document).split.method == "k-fold"
    assert panel.split.form.editor("folds").isVisible()
    with pytest.raises(KeyError):
        panel.split.form.editor("test")
    assert "Test: 12" in panel.split.sizes.text()


def test_shares_that_leave_nothing_to_learn_from_are_refused_as_they_are_typed(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.sections["Split"].header.click()
    retype(panel.split.form.editor("validation"), "0.85")
    settle(qtbot, panel)
    split = chosen_in(document).split
    assert split.validation + split.test < 1
    assert projectfile.loads(projectfile.dumps(document.project)) == document.project


def test_the_wheel_changes_no_choice_in_passing(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    before = document.project
    for combo in panel.findChildren(QComboBox):
        shown = combo.currentIndex()
        middle = QPointF(combo.rect().center())
        QApplication.sendEvent(combo, QWheelEvent(
            middle, combo.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))
        assert combo.currentIndex() == shown
    assert document.project is before


def test_the_column_of_a_group_split_is_no_input(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.split.edited.emit("method", "group")
    panel.split.edited.emit("column", "width")
    settle(qtbot, panel)
    data = chosen_in(document)
    assert (data.split.method, data.split.column) == ("group", "width")
    assert next(leaf.role for leaf in data.leaves if leaf.name == "width") == "group"
    assert sum(map(int, (line.split(": ")[1] for line in panel.split.sizes.text().splitlines()))) == 60


def test_a_split_that_cannot_be_is_told_and_undone(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.split.edited.emit("method", "group")
    settle(qtbot, panel)
    assert "group" in panel.place.told
    assert panel.place.notice.isVisible()
    document.undo_stack.undo()
    settle(qtbot, panel)
    assert not panel.place.notice.isVisible()


def test_damaged_pictures_are_told_with_their_rows(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    folder = pets(tmp_path)
    whole = folder / "cat" / "1.png"
    whole.write_bytes(whole.read_bytes()[:40])
    opened(qtbot, panel, folder)
    finding = next(finding for finding in panel.findings.findings if finding.code == "damaged")
    assert len(finding.rows) == 1
    assert "(" in panel.sections["Checks"].header.text()
    asked: list[tuple[object, str]] = []
    panel.browse.connect(lambda rows, title: asked.append((rows, title)))
    place = panel.findings.findings.index(finding)
    button = panel.findings.buttons(place)[0]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked[0][0] == finding.rows
    QTest.mouseClick(panel.place.browse, Qt.MouseButton.LeftButton)
    assert asked[1] == (None, "")


def test_consent_to_skip_damaged_files_is_taken_back_and_given(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    folder = pets(tmp_path)
    (folder / "cat" / "1.png").write_bytes(b"no picture")
    opened(qtbot, panel, folder)
    panel.sections["How it is read"].header.click()
    QTest.mouseClick(panel.settings.form.editor("skip_damaged"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    settle(qtbot, panel)
    assert chosen_in(document).skips_damaged is False
    place, finding = next((place, finding) for place, finding in enumerate(panel.findings.findings)
                          if finding.code == "damaged")
    assert finding.severity == "error"
    consent = next(b for b in panel.findings.buttons(place) if b.accessibleName() == "Go on without them")
    QTest.mouseClick(consent, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert chosen_in(document).skips_damaged is True


def test_a_repair_is_one_step(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    rows = [f"{4 + i % 5},{i % 3},{i % 2},{'rose' if i % 2 else 'tulip'}" for i in range(60)]
    path = tmp_path / "leaky.csv"
    path.write_text("\n".join(["length,width,code,kind", *rows]))
    opened(qtbot, panel, path)
    before = document.project
    place, finding = next((place, finding) for place, finding in enumerate(panel.findings.findings)
                          if finding.code == "leakage")
    repair = next(b for b in panel.findings.buttons(place) if b.accessibleName() == finding.repairs[0].text)
    QTest.mouseClick(repair, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    leaf = next(leaf for leaf in chosen_in(document).leaves if leaf.name == finding.column)
    assert leaf.role == "ignore"
    assert all(finding.code != "leakage" for finding in panel.findings.findings)
    document.undo_stack.undo()
    assert document.project == before
    settle(qtbot, panel)


def test_rows_are_left_out_and_taken_back(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    folder = pets(tmp_path)
    for number in range(2):
        (folder / "cat" / f"{number}.png").write_bytes(b"no picture")
    opened(qtbot, panel, folder)
    panel.sections["Split"].header.click()
    place, finding = next((place, finding) for place, finding in enumerate(panel.findings.findings)
                          if finding.code == "damaged")
    leave_out = next(b for b in panel.findings.buttons(place) if b.accessibleName() == finding.repairs[-1].text)
    assert not panel.split.take_back.isVisible()
    QTest.mouseClick(leave_out, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert len(chosen_in(document).excluded) == 2
    assert panel.split.take_back.text() == "Take back 2 rows"
    assert all(finding.code != "damaged" for finding in panel.findings.findings)
    QTest.mouseClick(panel.split.take_back, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert chosen_in(document).excluded == ()
    assert not panel.split.take_back.isVisible()


def test_files_that_changed_are_noticed_when_the_window_comes_back(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    path = table(tmp_path)
    opened(qtbot, panel, path)
    assert not panel.place.notice.isVisible()
    panel.editor.change("Leave out", excluded=(0, 4))
    path.write_text(path.read_text() + "\n5,1,rose\n6,2,tulip")
    QApplication.sendEvent(panel, QEvent(QEvent.Type.ActivationChange))
    settle(qtbot, panel)
    assert "changed" in panel.place.told
    assert panel.place.notice.isVisible()
    QTest.mouseClick(panel.place.again, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert not panel.place.notice.isVisible()
    assert sum(int(line.split(": ")[1]) for line in panel.split.sizes.text().splitlines()) == 62
    assert chosen_in(document).excluded == ()
    assert panel.message.text().startswith("2 rows that you left out are back")
    path.unlink()
    QApplication.sendEvent(panel, QEvent(QEvent.Type.ActivationChange))
    settle(qtbot, panel)
    assert "flowers.csv" in panel.place.told


def test_data_that_moved_is_found_again_with_all_that_was_decided(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    path = table(tmp_path)
    opened(qtbot, panel, path)
    panel.column.chosen.emit("width", ColumnChoice("category"), "kind", 1)
    panel.split.edited.emit("validation", 0.25)
    panel.editor.change("Leave out", excluded=(0, 4))
    settle(qtbot, panel)
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / path.name)
    QApplication.sendEvent(panel, QEvent(QEvent.Type.ActivationChange))
    settle(qtbot, panel)
    assert panel.place.notice.isVisible()
    before = chosen_in(document)
    opened(qtbot, panel, moved)
    data = chosen_in(document)
    assert data.path == str(moved)
    assert (data.columns, data.chosen, data.split) == (before.columns, before.chosen, before.split)
    assert data.excluded == (0, 4)
    assert not panel.place.notice.isVisible()
    assert document.undo_stack.undoText() == "Find the data again"


def test_the_starter_network_is_one_step_and_asks_before_it_replaces(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    assert panel.starter.property("primary"), "it stands out while there is no network for the data"
    QTest.mouseClick(panel.starter, Qt.MouseButton.LeftButton)
    drawn = document.graph
    assert not panel.starter.property("primary")
    assert {"Input", "Linear", "CrossEntropy"} <= {node.type for node in drawn.nodes}
    assert not document.analysis.errors
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
    assert panel.reading.cancel.isVisible()
    QTest.mouseClick(panel.reading.cancel, Qt.MouseButton.LeftButton)
    assert not panel.editor.is_looking
    assert not panel.reading.isVisible()
    settle(qtbot, panel)
    assert document.project.data is None


def test_prepared_data_is_counted_and_cleared(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.sections["Prepared data"].header.click()
    settle(qtbot, panel)
    assert "None at present" in panel.cache.text.text()
    assert not panel.cache.clear.isEnabled()


def test_a_project_without_columns_is_looked_at(qtbot: QtBot, panel: DataPanel, document: Document,
                                                 tmp_path: Path) -> None:
    document.edit("Choose data", document.project.replace(data=Data(str(table(tmp_path)), "table")))
    settle(qtbot, panel)
    assert [column.role for column in chosen_in(document).columns] == ["input", "target"]


def test_no_button_is_wider_than_its_panel(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    for section in panel.sections.values():
        section.header.setChecked(True)
    settle(qtbot, panel)
    for button in panel.findChildren(QPushButton):
        if button.isVisible():
            right = button.mapTo(panel, QPoint(button.width(), 0)).x()
            assert right <= panel.width(), button.text()
