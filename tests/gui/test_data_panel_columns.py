"""The columns in the data panel: what they are, why, and that every decision about them can be overruled and undone."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from engine.kinds import KINDS
from engine.project import Column, ColumnChoice
from gui.data.column_settings import AS_FOUND, kinds_for, overruled, params_of
from gui.data.column_text import COMES_ALONG, KIND_ICONS, ROLE_TITLES, described, given
from gui.data.columns_view import second_line
from gui.data.data_panel import DataPanel
from gui.document import Document
from tests.gui.data_panels import chosen_in, new_panel, opened, pets, settle, table  # noqa: F401 - the panel is a fixture


def pick(panel: DataPanel, name: str, title: str) -> None:
    """Choose an entry of a combo box of the column's form, as the mouse does."""
    box = panel.column.form.editor(name)
    assert isinstance(box, QComboBox)
    assert box.findText(title) >= 0, [box.itemText(i) for i in range(box.count())]
    box.setFocus()
    box.setCurrentText(title)
    box.textActivated.emit(title)
    panel.columns.list.setFocus()


def leaf(document: Document, name: str) -> Column:
    return next(leaf for leaf in chosen_in(document).leaves if leaf.name == name)


def test_every_column_is_listed_with_its_role_and_reason(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    entries = {entry.column.name: entry for entry in panel.columns.entries}
    assert list(entries) == ["features", "length", "width", "kind"]
    assert entries["length"].is_part
    assert not entries["kind"].is_part
    assert all(entry.column.reason for name, entry in entries.items() if name != "features")
    assert "(3)" in panel.sections["Columns"].header.text()
    index = panel.columns.list.model().index(3, 0)
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert "Category · 2 classes" in tip
    assert entries["kind"].column.reason in tip


def test_what_is_computed_stands_below_its_column(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    words = ("one", "two", "three", "four", "five")
    rows = [f"{words[row % 5]} {words[row // 5 % 5]} {row}\t{words[row // 25 % 5]} {row} is it" for row in range(120)]
    (tmp_path / "pairs.tsv").write_text("\n".join(["english\tgerman", *rows]))
    opened(qtbot, panel, tmp_path / "pairs.tsv")
    assert [(entry.column.name, entry.is_part) for entry in panel.columns.entries] == [
        ("english", False), ("english lengths", True), ("german", False), ("german lengths", True),
        ("german shifted", True)]
    assert "(2)" in panel.sections["Columns"].header.text()
    tip = panel.columns.list.model().index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "comes along" in tip
    assert "ignored" not in tip.lower()
    panel.columns.choose("english lengths")
    pick(panel, "role", "Input")
    settle(qtbot, panel)
    assert [column.name for column in chosen_in(document).columns if column.role == "input"] == [
        "english", "english lengths", "german shifted"]
    pick(panel, "role", COMES_ALONG)
    settle(qtbot, panel)
    assert chosen_in(document).columns[1].role == "ignore"


def test_a_column_is_chosen_with_mouse_and_keys(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    assert not panel.column.isVisible()
    view = panel.columns.list
    place = view.visualRect(view.model().index(1, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.columns.current == "length"
    assert panel.column.isVisible()
    assert panel.column.reason.text().startswith("Number: ")
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert panel.columns.current == "kind"
    assert panel.column.given.text() == "The network gets one class number below 2."


def test_a_kind_is_overruled_and_taken_back(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.columns.choose("width")
    pick(panel, "kind", "Category")
    settle(qtbot, panel)
    assert leaf(document, "width").kind == "category"
    assert chosen_in(document).chosen["width"] == ColumnChoice("category")
    assert document.undo_stack.undoText() == "Set kind of width"
    assert panel.columns.current == "width", "it stays chosen"
    pick(panel, "kind", AS_FOUND)
    settle(qtbot, panel)
    assert leaf(document, "width").kind == "number"
    assert "width" not in chosen_in(document).chosen
    document.undo_stack.undo()
    assert leaf(document, "width").kind == "category"
    settle(qtbot, panel)


def test_a_column_is_ignored(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.columns.choose("width")
    pick(panel, "role", "Ignored")
    settle(qtbot, panel)
    assert leaf(document, "width").role == "ignore"
    assert next(column.shape for column in chosen_in(document).columns if column.role == "input") == (1,)
    document.undo_stack.undo()
    settle(qtbot, panel)
    assert leaf(document, "width").role == "input"


def test_the_only_input_changes_places_with_the_target(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    rows = [f"one two w{row % 7} w{row % 9} x{row}\teins zwei v{row % 7} v{row % 9} y{row}" for row in range(60)]
    (tmp_path / "pairs.tsv").write_text("\n".join(["english\tgerman", *rows]))
    opened(qtbot, panel, tmp_path / "pairs.tsv")
    assert [leaf(document, name).role for name in ("english", "german")] == ["input", "target"]
    panel.columns.choose("english")
    pick(panel, "role", "Target")
    settle(qtbot, panel)
    assert not panel.message.isVisible()
    assert [leaf(document, name).role for name in ("english", "german")] == ["target", "input"]


def test_another_target_is_chosen_beside_the_one_that_was_found(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.columns.choose("width")
    pick(panel, "role", "Target")
    settle(qtbot, panel)
    assert leaf(document, "width").role == "target"
    assert not panel.message.isVisible()
    assert leaf(document, "kind").role == "target", "the network must not read what it was to predict"
    document.undo_stack.undo()
    assert leaf(document, "width").role == "input"
    assert "kind" not in chosen_in(document).chosen
    settle(qtbot, panel)


def test_preparation_is_set_and_stays_when_the_next_column_is_chosen(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.columns.choose("length")
    pick(panel, "scaling", "min-max")
    settle(qtbot, panel)
    assert leaf(document, "length").settings["scaling"] == "min-max"
    panel.columns.choose("width")
    box = panel.column.form.editor("scaling")
    assert isinstance(box, QComboBox)
    assert box.currentText() == "auto"
    panel.columns.choose("length")
    box = panel.column.form.editor("scaling")
    assert isinstance(box, QComboBox)
    assert box.currentText() == "min-max"


def test_a_setting_that_was_found_is_chosen_and_taken_back(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    rows = [f"{row % 7} x {row} of them\t{row} is it" for row in range(120)]
    (tmp_path / "pairs.tsv").write_text("\n".join(["english\tgerman", *rows]))
    opened(qtbot, panel, tmp_path / "pairs.tsv")
    panel.columns.choose("english")
    [back] = [button for button in panel.column.form.findChildren(QToolButton)
              if button.accessibleName() == "Reset Vocabulary"]
    assert leaf(document, "english").settings["vocabulary"] == 120 + 3 + 2
    assert not back.isVisible(), "nobody chose it"
    field = panel.column.form.editor("vocabulary")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "8000")
    settle(qtbot, panel)
    assert leaf(document, "english").settings["vocabulary"] == 8000
    assert back.isVisible()
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert leaf(document, "english").settings["vocabulary"] == 120 + 3 + 2
    assert field.text() == "125"
    assert "english" not in chosen_in(document).chosen
    assert not back.isVisible()


def test_changes_build_on_each_other_while_the_disk_is_looked_at(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.columns.choose("width")
    pick(panel, "kind", "Category")
    panel.columns.choose("length")
    pick(panel, "scaling", "log")
    panel.split.edited.emit("validation", 0.25)
    assert panel.editor.is_looking
    settle(qtbot, panel)
    data = chosen_in(document)
    assert leaf(document, "width").kind == "category"
    assert leaf(document, "length").settings["scaling"] == "log"
    assert data.split.validation == 0.25


def test_undo_gives_up_the_look_that_builds_on_it(
    qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path
) -> None:
    opened(qtbot, panel, table(tmp_path))
    panel.columns.choose("width")
    pick(panel, "kind", "Category")
    document.undo_stack.undo()
    settle(qtbot, panel)
    assert document.project.data is None
    assert panel.empty.isVisible()


def test_pictures_are_resized(qtbot: QtBot, panel: DataPanel, document: Document, tmp_path: Path) -> None:
    opened(qtbot, panel, pets(tmp_path))
    panel.columns.choose("image")
    field = panel.column.form.editor("size")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    QTest.keyClicks(field, "16")
    settle(qtbot, panel)
    assert chosen_in(document).columns[0].shape == (1, 16, 16)
    assert "16 × 16" in second_line(panel.columns.entries[0].column)
    assert document.undo_stack.count() == 2, "typing is one step"


def test_many_columns_are_searched_by_name(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    opened(qtbot, panel, table(tmp_path))
    assert not panel.columns.search.isVisible()
    names = [f"gene {number}" for number in range(400)]
    rows = [",".join(f"{(row * column) % 7}.5" for column in range(400)) + (",a" if row % 2 else ",b")
            for row in range(40)]
    (tmp_path / "wide.csv").write_text("\n".join([",".join([*names, "kind"]), *rows]))
    opened(qtbot, panel, tmp_path / "wide.csv")
    assert panel.columns.search.isVisible()
    QTest.keyClicks(panel.columns.search, "GENE 39")
    seen = {entry.column.name for row, entry in enumerate(panel.columns.entries)
            if not panel.columns.list.isRowHidden(row)}
    assert seen == {"gene 39", *(f"gene {number}" for number in range(390, 400))}
    panel.columns.search.clear()
    assert not panel.columns.list.isRowHidden(0)


def test_every_kind_and_role_has_a_name_an_icon_and_a_form() -> None:
    assert set(KIND_ICONS) == set(KINDS)
    for kind in KINDS:
        column = Column("x", kind, "input", (2, 3), ("a", "b"))
        assert described(column).startswith(KINDS[kind].title)
        assert given(column).startswith("The network gets ")
        assert kind in kinds_for(column, "table")
        names = [param.name for param in params_of(column, ColumnChoice(), "table")]
        assert len(names) == len(set(names)), "kind and role are no settings of any kind"
    assert set(ROLE_TITLES) == {"input", "target", "weight", "group", "split", "ignore"}


def test_settings_go_with_their_kind() -> None:
    choice = ColumnChoice("number", "", {"scaling": "log"})
    assert overruled(choice, "kind", "Category") == ColumnChoice("category")
    assert overruled(choice, "role", "Target") == ColumnChoice("number", "target", {"scaling": "log"})
    assert overruled(choice, "missing", "zero").settings == {"scaling": "log", "missing": "zero"}
