"""The window as a whole: parts work together, actions are complete, the layout is remembered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QMenu, QPushButton, QToolBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine import projectfile
from engine.options import with_option
from gui import app, files
from gui.commands_dialog import CommandsDialog
from gui.design.code_panel import CodePanel
from gui.docks import DOCKS
from gui.main_window import MainWindow
from gui.widgets import settings, theme
from tests.gui.dialogs import answer, messages_of, opened

PATIENCE_MS = 60_000
LAPTOP = QSize(1280, 800)
COMBO_FRAME = 34
"""Pixels of a combo box beside its text: borders, padding and the arrow."""


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    with opened(qtbot) as window:
        window.files.new_from(files.EXAMPLE)
        window.resize(LAPTOP)
        window.complete()
        yield window


def menu_actions(menu: QMenu) -> list[QAction]:
    found = []
    for action in menu.actions():
        found += menu_actions(action.menu()) if action.menu() else [] if action.isSeparator() else [action]
    return found


def test_the_example_is_ready_to_train(qtbot: QtBot) -> None:
    window = app.create_window(None)
    qtbot.addWidget(window)
    assert window.document.path is None
    assert window.session.refusal() is None
    assert window.problems.counts == (0, 0)


def test_the_steps_are_put_away_when_a_run_without_a_loop_is_shown(
    window: MainWindow, looped_run: Path, trained_runs: dict[str, Path]
) -> None:
    window.session.show_run(looped_run)
    window.docks.raise_dock("steps")
    assert window.docks["steps"].isVisible()
    window.session.show_run(trained_runs["pictures"])
    assert not window.docks["steps"].isVisible()
    assert not window.docks["steps"].toggleViewAction().isChecked()


@pytest.mark.parametrize(("action", "message"), [
    ("group_network", "nothing to make a network of"), ("group_block", "nothing to make a network of"),
    ("ungroup", "nothing to ungroup"), ("remove_network", "at least one network")])
def test_what_networks_refuse_stays_until_it_is_read(window: MainWindow, action: str, message: str) -> None:
    window.document.select(())
    window.canvas.setFocus()
    window.actions_by_id[action].trigger()
    (box,) = messages_of(window)
    assert message in box.text()
    assert box.informativeText()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert not messages_of(window)


def test_every_action_is_in_a_menu_with_a_tooltip_and_no_key_twice(window: MainWindow) -> None:
    listed = [action for top in window.menuBar().actions() for action in menu_actions(top.menu())]
    for name, action in window.actions_by_id.items():
        assert action in listed, f"{name} is in no menu"
        assert action.toolTip(), name
        assert action.statusTip(), name
    keys = [key.toString() for action in listed for key in action.shortcuts()]
    assert sorted(keys) == sorted(set(keys))


def test_keys_undo_and_redo(window: MainWindow) -> None:
    before = window.document.project
    window.canvas.add_layer("Dropout")
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.project == before
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.document.project != before
    assert window.actions_by_id["undo"].text() == "&Undo add Dropout 1"


def test_selecting_a_layer_brings_the_inspector_forward_unless_it_was_closed(qtbot: QtBot, window: MainWindow) -> None:
    dock = window.docks["inspector"]
    with qtbot.waitSignal(dock.visibilityChanged, check_params_cb=lambda is_seen: not is_seen):
        window.docks.raise_dock("training")
    with qtbot.waitSignal(dock.visibilityChanged, check_params_cb=bool):
        window.document.select(["linear_1"])
    window.document.select([])
    dock.close()
    window.document.select(["linear_1"])
    assert not dock.isVisible()


def test_the_palette_adds_to_the_canvas_and_the_inspector_follows(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = window.palette_panel.search
    assert field.hasFocus()
    QTest.keyClicks(field, "dropout")
    QTest.keyClick(field, Qt.Key.Key_Return)
    (chosen,) = window.document.selection
    assert window.document.graph.node(chosen).type == "Dropout"
    assert window.inspector.node.isVisible()
    assert window.inspector.node.name.text() == "Dropout 1"


def test_problems_are_counted_on_their_tab(window: MainWindow) -> None:
    window.canvas.add_layer("Conv2d")
    assert window.docks["problems"].windowTitle().startswith("Problems (")
    window.document.undo_stack.undo()
    assert window.docks["problems"].windowTitle() == "Problems"


def test_code_is_live_and_marks_the_selected_layer(window: MainWindow, qtbot: QtBot) -> None:
    window.docks.raise_dock("code")
    panel = window.docks["code"].widget()
    assert isinstance(panel, CodePanel)
    qtbot.waitUntil(lambda: "nn.Linear(784, 128)" in panel.text.toPlainText())
    linear = next(node for node in window.document.graph.nodes if node.type == "Linear")
    window.document.select((linear.id,))
    marked = [mark.cursor.block().text() for mark in panel.text.extraSelections()]
    assert any("nn.Linear(784, 128)" in line for line in marked)
    window.document.edit_graph("Widen", window.document.graph.set_params(linear.id, {"out_features": 99}))
    qtbot.waitUntil(lambda: "nn.Linear(784, 99)" in panel.text.toPlainText())
    QTest.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == panel.text.toPlainText()
    window.document.edit_graph("Break", window.document.graph.remove((linear.id,)))
    qtbot.waitUntil(lambda: not panel.save_button.isEnabled())


def test_only_devices_that_are_found_are_offered(qtbot: QtBot, window: MainWindow) -> None:
    document, box = window.document, window.training_bar.device
    chosen = with_option(document.project.options, "device", "mps")
    document.edit("Choose device", document.project.replace(options=chosen))
    assert box.currentText() == "Apple GPU (MPS)"  # nobody knows yet
    with qtbot.waitSignal(window.session.devices_changed, timeout=PATIENCE_MS):
        window.session.warm()
    assert "cpu" in window.session.devices
    assert box.currentText().endswith("not found") == ("mps" not in window.session.devices)
    document.undo_stack.undo()
    assert [box.itemData(row) for row in range(box.count())] == ["auto", *window.session.devices]


def test_the_device_is_an_undoable_option(window: MainWindow) -> None:
    box = window.training_bar.device
    assert box.currentData() == "auto"
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert window.document.project.options["device"] == "cpu"
    window.document.undo_stack.undo()
    assert box.currentData() == "auto"


def test_train_on_a_broken_design_says_why_and_shows_the_problems(window: MainWindow) -> None:
    linear = next(node for node in window.document.graph.nodes if node.type == "Flatten")
    window.document.edit_graph("Break", window.document.graph.dissolve((linear.id,)))
    window.actions_by_id["train"].trigger()
    assert window.session.state == "idle"
    (box,) = messages_of(window)
    assert box.text()
    box.close()
    assert window.problems.isVisible()


def test_closing_while_training_asks_and_ends_the_worker(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=60_000)
    asked = answer("Keep open")
    assert not window.close()
    assert "Stop the training" in asked[0]
    assert window.session.state == "running"
    answer("Stop and close")
    assert window.close()
    assert window.session.run is not None
    assert window.session.run.info().status in ("stopped", "completed")


def test_the_theme_is_switched_live_and_remembered(window: MainWindow) -> None:
    actions = {action.objectName(): action for top in window.menuBar().actions() for action in menu_actions(top.menu())}
    actions["dark"].trigger()
    assert theme.colors().is_dark
    assert settings.remembered("theme") == "dark"
    actions["light"].trigger()
    assert not theme.colors().is_dark


def test_the_layout_is_remembered_and_reset(window: MainWindow, qtbot: QtBot) -> None:
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.docks["inspector"])
    window.docks["log"].close()
    window.docks.save()
    with opened(qtbot) as other:
        assert other.dockWidgetArea(other.docks["inspector"]) == Qt.DockWidgetArea.LeftDockWidgetArea
        assert other.docks["log"].isHidden()
        other.actions_by_id["reset_layout"].trigger()
        for spec in DOCKS:
            assert other.dockWidgetArea(other.docks[spec.id]) == spec.area
            assert other.docks[spec.id].isHidden() != spec.is_open


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_nothing_is_clipped_on_a_small_laptop(window: MainWindow, qapp: QApplication, choice: theme.Choice) -> None:
    theme.apply(qapp, choice)
    assert window.size() == LAPTOP, "the panels need more room than a small laptop has"
    for spec in DOCKS:
        window.docks.raise_dock(spec.id)
        qapp.processEvents()
        assert clipped(window) == [], spec.id
    theme.apply(qapp, "light")


def test_no_menu_is_open_unasked(window: MainWindow, qapp: QApplication) -> None:
    for spec in DOCKS:
        window.docks.raise_dock(spec.id)
        qapp.processEvents()
    assert [menu for menu in window.findChildren(QMenu) if menu.isVisible() or not menu.isWindow()] == []


def clipped(window: QWidget) -> list[str]:
    """Texts of visible labels, buttons and boxes that have less room than they need, or lie outside their parent."""
    found = []
    for kind in (QLabel, QPushButton, QToolButton, QComboBox):
        for widget in window.findChildren(kind):
            if not widget.isVisible() or widget.visibleRegion().isEmpty():
                continue
            text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
            is_wrapping = isinstance(widget, QLabel) and widget.wordWrap()
            needed = widget.sizeHint().width()
            if isinstance(widget, QComboBox):
                needed = widget.fontMetrics().horizontalAdvance(text) + COMBO_FRAME
            if text and not is_wrapping and needed > widget.width():
                found.append(f"{kind.__name__} {text!r}: {widget.width()} of {needed}")
    return found


def test_the_toolbar_fits_without_an_overflow_button(window: MainWindow) -> None:
    bar = window.findChild(QToolBar, "toolbar")
    assert window.findChild(QToolButton, "train_button").isVisible()
    assert all(bar.widgetForAction(action).isVisible() for action in bar.actions())


def test_any_command_is_found_by_its_name_and_done(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, CommandsDialog)
    rows = [top.child(row).text(0) for i in range(dialog.tree.topLevelItemCount())
            for top in [dialog.tree.topLevelItem(i)] for row in range(top.childCount())]
    assert {"Save", "Train", "Duplicate"} <= set(rows)
    assert len(rows) == len(window.actions_by_id)
    QTest.keyClicks(dialog.search, "select all")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert len(window.document.selection) == len(window.document.graph.nodes)
    assert not dialog.isVisible()


def test_the_version_is_shown(window: MainWindow) -> None:
    window.actions_by_id["about"].trigger()
    dialog = QApplication.activeModalWidget()
    assert "Version" in " ".join(label.text() for label in dialog.findChildren(QLabel))
    dialog.close()


def test_a_fault_is_reported_once_with_the_work_safe(window: MainWindow, capsys: pytest.CaptureFixture[str]) -> None:
    reporter = app.Reporter(window)
    window.canvas.add_layer("Dropout")
    fault = RuntimeError("a fault made for this test")
    for _ in range(3):
        reporter(RuntimeError, fault, None)
    (box,) = messages_of(window)
    assert "a fault made for this test" in box.detailedText()
    assert window.recovery.file.exists()
    assert len(list((settings.folders.data() / "faults").iterdir())) == 1
    box.close()
    capsys.readouterr()


def test_the_saved_example_opens_by_path(qtbot: QtBot, tmp_path) -> None:
    path = tmp_path / "mine.neuroloom"
    path.write_bytes(files.EXAMPLE.read_bytes())
    window = app.create_window(path)
    qtbot.addWidget(window)
    assert window.document.path == path
    assert window.document.project == projectfile.load(path)
