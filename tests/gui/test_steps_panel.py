"""Stepping through a Loop: from the canvas, by keys and mouse, with a real worker that computes the sample."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import runs
from engine.stepping import step
from gui.main_window import MainWindow
from gui.results.steps_panel import StepsPanel, loops_of
from gui.results.steps_sample import sample_of
from gui.session import Session
from gui.widgets.heat_map import HeatMap
from tests.engine import looped
from tests.engine.training_runs import trained
from tests.gui.dialogs import active

PATIENCE_MS = 60_000


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> StepsPanel:
    made = active(qtbot, StepsPanel(session), 900, 240)
    made.setFocus()
    return made


@pytest.fixture
def shown(qtbot: QtBot, panel: StepsPanel, session: Session, looped_run: Path) -> StepsPanel:
    """The first sample of the test split is there."""
    session.show_run(looped_run)
    qtbot.waitUntil(panel.view.isVisible, timeout=PATIENCE_MS)
    panel.setFocus()
    return panel


def press(key: Qt.Key) -> None:
    QTest.keyClick(QApplication.focusWidget(), key)


def test_what_is_missing_is_said(panel: StepsPanel, session: Session, trained_runs: dict[str, Path]) -> None:
    assert panel.empty.isVisible()
    assert "Train a network with a Loop" in panel.empty.text
    session.show_run(trained_runs["pictures"])
    assert "has no Loop" in panel.empty.text


def test_a_loop_that_the_run_does_not_have_is_said(
    qtbot: QtBot, panel: StepsPanel, session: Session, looped_run: Path
) -> None:
    session.show_run(looped_run)
    panel.show_loop("Reader/another")
    assert "does not have this Loop" in panel.empty.text
    QTest.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.view.isVisible, timeout=PATIENCE_MS)


def test_keys_go_through_the_steps(shown: StepsPanel, looped_run: Path) -> None:
    told = step(runs.open_run(looped_run))
    states = np.array(told["states"]["h"])
    view = shown.view
    [over_time] = view.maps
    assert np.allclose(over_time.numbers, states.T)
    assert over_time.columns == tuple(told["tokens"])
    assert list(view.strips) == ["x in", "h before", "h after", "h change", "gate out"]
    before = np.zeros(looped.STATE)
    for number in range(looped.TIME):
        assert (view.step, over_time.marked) == (number, number)
        assert shown.place.text() == f"Step {number + 1} of {looped.TIME}: {told['tokens'][number]}"
        assert np.allclose(view.strips["x in"].numbers, [told["inputs"]["x"][number]])
        assert np.allclose(view.strips["h before"].numbers, [before])
        assert np.allclose(view.strips["h after"].numbers, [states[number]])
        assert np.allclose(view.strips["h change"].numbers, [states[number] - before])
        assert np.allclose(view.strips["gate out"].numbers, [told["outputs"]["gate"][number]])
        before = states[number]
        press(Qt.Key.Key_Right)
    assert view.step == looped.TIME - 1
    assert not view.actions_by_id["forward"].isEnabled()
    for key, number in ((Qt.Key.Key_Left, looped.TIME - 2), (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, looped.TIME - 1)):
        press(key)
        assert view.step == number


def test_a_click_on_a_column_goes_there(shown: StepsPanel) -> None:
    [over_time] = shown.view.maps
    middle = over_time.column_rect(3).center()
    QTest.mouseClick(over_time, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert shown.view.step == 3
    press(Qt.Key.Key_Left)
    assert shown.view.step == 2
    assert over_time.told_at(middle).startswith("h 3 at step 4 (")
    strip = shown.view.strips["h change"]
    assert strip.told_at(QPointF(2, 9)).startswith("h change 1: ")
    assert not shown.grab().isNull()


def test_playing_stops_at_the_end(qtbot: QtBot, shown: StepsPanel) -> None:
    view = shown.view
    press(Qt.Key.Key_End)
    press(Qt.Key.Key_Space)
    assert (view.step, view.is_playing) == (0, True)
    qtbot.waitUntil(lambda: view.step == 2, timeout=PATIENCE_MS)
    press(Qt.Key.Key_Space)
    assert not view.is_playing
    view.go(looped.TIME - 2)
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not view.is_playing, timeout=PATIENCE_MS)
    assert view.step == looped.TIME - 1
    press(Qt.Key.Key_Space)
    shown.hide()
    assert not view.is_playing


def test_samples_are_gone_through(qtbot: QtBot, shown: StepsPanel) -> None:
    first = shown.name.text()
    assert "1 of 24 in the test data" in first
    press(Qt.Key.Key_PageUp)
    assert shown.name.text() == first
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: "2 of 24" in shown.name.text(), timeout=PATIENCE_MS)
    assert shown.view.step == 1, "the step stays"
    press(Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: shown.name.text() == first, timeout=PATIENCE_MS)


def test_loops_and_times_are_chosen_from_lists(
    qtbot: QtBot, panel: StepsPanel, session: Session, tmp_path: Path
) -> None:
    run, _ = trained(looped.twice(tmp_path), tmp_path / "run")
    session.show_run(run.folder)
    qtbot.waitUntil(panel.view.isVisible, timeout=PATIENCE_MS)
    panel.loops.setFocus()
    press(Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: panel.calls.isVisible() and panel.loops.currentText() == "second", timeout=PATIENCE_MS)
    panel.calls.setFocus()
    press(Qt.Key.Key_Down)
    expected = np.array(step(run, "second", call=1)["states"]["h"]).T
    qtbot.waitUntil(lambda: np.allclose(panel.view.maps[0].numbers, expected), timeout=PATIENCE_MS)
    assert panel.calls.currentText() == "Time 2 of 2"
    assert panel.place.text() == "Step 1 of 6"


def test_nothing_is_computed_out_of_sight(
    qtbot: QtBot, panel: StepsPanel, session: Session, looped_run: Path
) -> None:
    panel.hide()
    session.show_run(looped_run)
    assert "Nothing to step through yet" in panel.empty.text
    panel.show()
    assert "Waking up" in panel.empty.text
    qtbot.waitUntil(panel.view.isVisible, timeout=PATIENCE_MS)


def test_the_canvas_leads_to_the_steps(qtbot: QtBot, looped_run: Path) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    window.document.new(runs.open_run(looped_run).project)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.complete()
    assert not window.docks["steps"].isVisible()
    action = window.actions_by_id["step_through"]
    assert not action.isEnabled()
    window.session.show_run(looped_run)
    window.document.select({"scores"})
    assert not action.isEnabled()
    window.document.select({"loop"})
    assert action.isEnabled()
    assert window.inspector.node.step_button.isVisible()
    window.canvas.setFocus()
    press(Qt.Key.Key_F7)
    panel = window.docks["steps"].widget()
    qtbot.waitUntil(panel.view.isVisible, timeout=PATIENCE_MS)
    assert panel.hasFocus()
    press(Qt.Key.Key_Right)
    assert panel.view.step == 1
    window.document.undo_stack.setClean()
    window.close()


def test_loops_are_named_by_where_they_stand(tmp_path: Path) -> None:
    assert loops_of(looped.reader(tmp_path / "one", 12)) == {"Reader/loop": "loop"}
    project = looped.twice(tmp_path / "two", 12)
    assert loops_of(project) == {"Encoder/first": "first", "Encoder/second": "second"}
    assert loops_of(project.with_graph("Other", project.graphs["Encoder"]))["Other/first"] == "Other: first"


def test_numbers_that_are_none_and_tables_are_shown(qtbot: QtBot) -> None:
    sample = sample_of({
        "steps": 2, "tokens": [], "start": {}, "shapes": {"m": [2, 3], "k": []}, "inputs": {"k": [[4], [5]]},
        "states": {}, "outputs": {"m": [[1, 2, 3, 4, 5, None], [0, 0, 0, 0, 0, -8]]}})
    assert sample.names == ("1", "2")
    assert [strip.text for strip in sample.strips(0)] == ["4", "1 to 5"]
    assert sample.strips(1)[1].numbers.shape == (2, 3)
    assert sample.over_time[0].limit == 8
    shown = HeatMap()
    qtbot.addWidget(shown)
    shown.show_numbers(["", ""], ["", "", ""], sample.strips(0)[1].numbers, 8, lambda row, column, number: f"{number}")
    assert shown._image().pixelColor(2, 1).alpha() == 0
