"""The test panel: numbers, the confusion matrix and the mistakes of real runs, and what is told without one."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from gui.results.confusion import ConfusionMatrix
from gui.results.test_panel import EXACT, TestPanel
from gui.session import Session
from gui.widgets import theme
from tests.gui.dialogs import active
from tests.gui.trained import CLASSES

PATIENCE_MS = 60_000


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> TestPanel:
    return active(qtbot, TestPanel(session), 760, 232)


@pytest.fixture
def matrix(qtbot: QtBot) -> ConfusionMatrix:
    made = active(qtbot, ConfusionMatrix(), 300, 200)
    made.show_counts([[8, 2], [0, 10]], ["cat", "dog"])
    return made


def shown(session: Session, run: Path) -> dict[str, Any]:
    """Show a run; what its test has found."""
    session.show_run(run)
    assert session.run is not None
    result = session.run.evaluation("test")
    assert result is not None
    return result


def choose(combo: QComboBox, text: str) -> None:
    combo.setCurrentText(text)
    combo.activated.emit(combo.currentIndex())


def test_without_a_run_it_says_what_to_do(panel: TestPanel) -> None:
    assert "Train" in panel.empty.text
    assert not panel.scores.test.isEnabled()


def test_a_tested_run_is_shown_with_its_mistakes(
    qtbot: QtBot, panel: TestPanel, session: Session, trained_runs: dict[str, Path]
) -> None:
    result = shown(session, trained_runs["pictures"])
    accuracy = panel.scores.findChild(QLabel, "accuracy")
    assert accuracy.text() == f"{result['metrics']['accuracy']:.1%}"
    assert panel.matrix.isVisible()
    qtbot.waitUntil(lambda: not panel.mistakes.item(0).icon().isNull(), timeout=PATIENCE_MS)
    surest = result["wrong"][0]
    assert surest["truth"] in panel.mistakes.item(0).toolTip()
    assert panel.mistakes.count() == min(60, result["wrong_count"])
    with qtbot.waitSignal(panel.browse) as wanted:
        panel.mistakes.itemClicked.emit(panel.mistakes.item(1))
    rows, title, row = wanted.args
    assert title == f"{panel.mistakes.count()} mistakes"
    assert row == rows[1] == result["wrong"][1]["row"]


def test_a_click_on_a_cell_shows_its_mistakes(
    qtbot: QtBot, panel: TestPanel, session: Session, trained_runs: dict[str, Path]
) -> None:
    result = shown(session, trained_runs["pictures"])
    surest = result["wrong"][0]
    truth, predicted = CLASSES.index(surest["truth"]), CLASSES.index(surest["predicted"])
    place = panel.matrix.cell(truth, predicted).center().toPoint()
    QTest.mouseMove(panel.matrix, place)
    assert surest["predicted"] in panel._pointed.text()
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=place)
    expected = sum((w["truth"], w["predicted"]) == (surest["truth"], surest["predicted"]) for w in result["wrong"])
    assert panel.mistakes.count() == expected
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=place)
    assert panel.mistakes.count() == min(60, result["wrong_count"])
    with qtbot.waitSignal(panel.browse) as wanted:
        panel.mistakes.itemClicked.emit(panel.mistakes.item(1))
    rows, title, row = wanted.args
    assert title == f"{panel.mistakes.count()} mistakes"
    assert row == rows[1] == result["wrong"][1]["row"]
    qtbot.waitUntil(lambda: not panel._pictures.is_busy, timeout=PATIENCE_MS)


def test_a_regression_is_a_scatter(panel: TestPanel, session: Session, trained_runs: dict[str, Path]) -> None:
    result = shown(session, trained_runs["table"])
    assert panel.scatter.isVisible()
    assert panel.scatter.points == result["samples"]
    assert not panel.mistakes.isVisible()


def test_texts_have_their_mistakes_and_how_many_are_written_exactly(
    qtbot: QtBot, panel: TestPanel, session: Session, translation_run: Path
) -> None:
    session.show_run(translation_run)
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS) as tested:
        QTest.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
        assert "Testing" in panel.empty.text
        assert not panel.empty.button.isVisible()
    [result] = tested.args
    exact = panel.scores.findChild(QLabel, EXACT)
    assert exact.text() == f"{result['written']['exact']:.1%}"
    assert panel.mistakes.isVisible()
    assert result["wrong"][0]["truth"] in panel.mistakes.item(0).toolTip()
    assert not panel.outputs.isVisible()

    assert panel.written.isVisible()
    first, told = panel.written.topLevelItem(0), result["written"]["texts"]
    assert [panel.written.headerItem().text(column) for column in range(3)] == ["Read", "Wanted", "Written"]
    assert [first.text(column) for column in range(3)] == [told[0]["read"], told[0]["truth"], told[0]["text"]]
    assert not told[0]["is_exact"]
    panel.written.setFocus()
    panel.written.setCurrentItem(panel.written.topLevelItem(1))
    with qtbot.waitSignal(panel.browse) as wanted:
        QTest.keyClick(panel.written, Qt.Key.Key_Return)
    assert wanted.args == [[text["row"] for text in told], f"{len(told)} texts", told[1]["row"]]
    qtbot.waitUntil(lambda: not panel._pictures.is_busy, timeout=PATIENCE_MS)


def test_written_texts_of_sounds_have_the_names_of_samples(panel: TestPanel) -> None:
    text = {"row": 3, "name": "a.wav", "read": "", "truth": "abc", "text": "ab", "is_exact": False}
    panel._show_result({"split": "test", "samples": 1, "loss": 1.0, "metrics": {}, "written": {
        "samples": 1, "exact": 0.0, "output": "out", "target": "letters", "texts": [text]}})
    assert panel.written.isVisible()
    assert panel.written.topLevelItem(0).text(0) == "a.wav"
    assert not panel.outputs.isVisible()


def test_of_several_outputs_one_is_chosen(
    qtbot: QtBot, panel: TestPanel, session: Session, two_targets_run: Path
) -> None:
    session.show_run(two_targets_run)
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS):
        QTest.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert [panel.outputs.itemText(row) for row in range(panel.outputs.count())] == ["buys", "spend"]
    assert panel.matrix.isVisible()
    assert panel.mistakes.isVisible()
    choose(panel.outputs, "spend")
    assert panel.scatter.isVisible()
    assert panel.scatter.points
    assert not panel.mistakes.isVisible()
    choose(panel.outputs, "buys")
    assert panel.matrix.isVisible()
    assert panel.mistakes.isVisible()


def test_a_network_without_a_target_has_no_suspicious_labels(
    qtbot: QtBot, panel: TestPanel, session: Session, generator_run: Path
) -> None:
    session.show_run(generator_run)
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS):
        QTest.mouseClick(panel.scores.test, Qt.MouseButton.LeftButton)
    assert not panel.suspicious.isVisible()
    names = [caption.text() for caption in panel.scores.findChildren(QLabel)]
    assert "Train discriminator loss" in names


def test_another_split_is_tested_by_the_worker(
    qtbot: QtBot, panel: TestPanel, session: Session, trained_runs: dict[str, Path]
) -> None:
    session.show_run(trained_runs["pictures"])
    panel.scores.split.setCurrentIndex(1)
    panel.scores.split.activated.emit(1)
    assert panel.empty.isVisible()
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS):
        QTest.mouseClick(panel.scores.test, Qt.MouseButton.LeftButton)
        assert panel.scores.progress.isVisible()
    assert panel.matrix.isVisible()
    assert not panel.scores.progress.isVisible()
    assert "held back" in panel.scores.samples.text()

    broken = session.run.folder.parent / "broken"
    broken.mkdir()
    for name in ("run.json", "project.neuroloom", "model.py"):
        (broken / name).write_bytes((session.run.folder / name).read_bytes())
    session.show_run(broken)
    with qtbot.waitSignal(session.test_failed, timeout=PATIENCE_MS):
        QTest.mouseClick(panel.scores.test, Qt.MouseButton.LeftButton)
    assert panel.scores.message.isVisible()
    assert not panel.scores.progress.isVisible()
    qtbot.waitUntil(lambda: not panel._pictures.is_busy, timeout=PATIENCE_MS)


def test_cells_are_coloured_by_what_they_say(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    picture = matrix.grab().toImage()

    def colour(truth: int, predicted: int) -> QColor:
        corner = matrix.cell(truth, predicted).topLeft().toPoint()
        return picture.pixelColor(corner.x() + 4, corner.y() + 4)

    right = QColor(theme.colors().series[0])
    assert colour(1, 1).rgb() == right.rgb(), "all of a class recognised: the full colour"
    assert colour(1, 0).rgb() == QColor(theme.colors().raised).rgb(), "never taken for another: no colour"
    assert colour(0, 1).rgb() not in (right.rgb(), QColor(theme.colors().raised).rgb())


def test_a_cell_is_told_in_words(matrix: ConfusionMatrix) -> None:
    assert matrix.described(0, 1) == "2 of 10 cat were taken for dog (20.0%)"
    assert matrix.described(1, 1) == "10 of 10 dog were recognised (100.0%)"


def test_many_classes_and_none_are_painted(matrix: ConfusionMatrix) -> None:
    names = [f"class number {number}" for number in range(120)]
    matrix.show_counts([[1] * 120 for _ in names], names)
    assert not matrix.grab().isNull()
    matrix.show_counts([], [])
    assert not matrix.grab().isNull()
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton)
    assert matrix.selection == (-1, -1)
