"""The train panel: every option by its own editor, undone in one step, and what is told of runs."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine import runs
from engine.options import OPTIMIZERS, TRAINING
from gui.document import Document
from gui.session import IDLE, Session
from gui.training.train_options import BASIC
from gui.training.train_panel import TrainPanel
from gui.training.train_status import duration
from tests.gui.dialogs import active
from tests.gui.forms import pick, retype
from tests.gui.trained import small_project


@pytest.fixture
def panel(qtbot: QtBot, document: Document, session: Session) -> TrainPanel:
    return active(qtbot, TrainPanel(document, session), 288, 640)


def test_typing_an_option_is_one_undo_step(panel: TrainPanel, document: Document) -> None:
    retype(panel.options.basic.editor("epochs"), "125")
    assert document.project.options["epochs"] == 125
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Set epochs"
    document.undo_stack.undo()
    assert document.project.options["epochs"] == 10
    assert panel.options.basic.editor("epochs").text() == "10"


def test_a_value_out_of_range_is_told_and_not_taken(panel: TrainPanel, document: Document) -> None:
    retype(panel.options.basic.editor("batch_size"), "0")
    assert "from 1 to" in panel.options.basic.message("batch_size")
    assert document.project.options["batch_size"] == 32
    assert document.undo_stack.count() == 0
    document.new()
    assert panel.options.basic.editor("batch_size").text() == str(document.project.options["batch_size"])
    assert not panel.options.basic.message("batch_size")


def test_choosing_an_optimizer_shows_its_settings(panel: TrainPanel, document: Document) -> None:
    retype(panel.options.components.rate.editor("lr"), "0.05")
    pick(panel.options.components.optimizer.editor("optimizer"), "SGD")
    optimizer = document.project.options.optimizer
    assert optimizer.type == "SGD"
    assert optimizer.params["lr"] == 0.05, "what was set stays set"
    for param in OPTIMIZERS["SGD"].params[1:]:
        assert panel.options.components.settings.editor(param.name)
    document.undo_stack.undo()
    assert panel.options.components.optimizer.editor("optimizer").currentText() == "Adam"


def test_a_schedule_has_settings_of_its_own(panel: TrainPanel, document: Document) -> None:
    pick(panel.options.components.scheduler.editor("scheduler"), "Step")
    retype(panel.options.components.scheduler.editor("gamma"), "0.5")
    scheduler = document.project.options.scheduler
    assert (scheduler.type, scheduler.params["gamma"]) == ("Step", 0.5)


def test_no_declared_option_is_left_out(panel: TrainPanel) -> None:
    for param in TRAINING:
        form = panel.options.basic if param.name in BASIC else panel.options.advanced
        assert form.editor(param.name).accessibleName() == param.label


def test_a_training_that_cannot_start_says_why_next_to_the_button(qtbot: QtBot, panel: TrainPanel) -> None:
    QTest.mouseClick(panel.status.train, Qt.MouseButton.LeftButton)
    assert "no data" in panel.status.detail.text().lower()
    assert panel.status.detail.isVisible()


def test_earlier_runs_are_listed_shown_and_can_be_resumed(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session, trained_runs: dict[str, Path]
) -> None:
    document.new(small_project(tmp_path / "data"))
    document.save(tmp_path / "mine.neuroloom")
    run = runs.create(document.project, document.path)
    run.update(status="stopped", best=0.5, epoch=1.0, epochs=2, training={"loss": 0.6}, validation={"loss": 0.5})
    panel = TrainPanel(document, session)
    qtbot.addWidget(panel)
    panel.show()
    runs_list = panel.runs
    assert runs_list.tree.topLevelItemCount() == 1
    heading = runs_list.tree.topLevelItem(0)
    assert heading.text(0) == "Network on data"
    assert heading.childCount() == 1
    item = heading.child(0)
    assert (item.text(1), item.text(2)) == ("Stopped", "0.5000")
    runs_list.tree.setCurrentItem(item)
    runs_list.tree.setFocus()
    QTest.keyClick(runs_list.tree, Qt.Key.Key_Up)
    assert not runs_list.show_button.isEnabled(), "what runs are of is no run"
    QTest.keyClick(runs_list.tree, Qt.Key.Key_Down)
    assert runs_list.resume_button.isEnabled()
    QTest.mouseClick(runs_list.show_button, Qt.MouseButton.LeftButton)
    assert session.run is not None
    assert session.run.folder == run.folder
    assert panel.status.headline.text() == "Training stopped"
    assert panel.status.number("loss", "validation") == "0.5000"

    run.update(status="completed")
    runs_list.refresh()
    assert not runs_list.resume_button.isEnabled()
    assert session.state == IDLE
    session.show_run(trained_runs["pictures"])
    assert runs_list.tree.currentItem().toolTip(0) == str(trained_runs["pictures"]), "the shown run is the selected one"
    assert panel.status.number("accuracy", "validation") not in ("", "–")


def test_a_run_whose_folder_is_gone_is_no_longer_listed(
    panel: TrainPanel, document: Document, session: Session, tmp_path: Path
) -> None:
    document.new(small_project(tmp_path / "data"))
    document.save(tmp_path / "mine.neuroloom")
    run = runs.create(document.project, document.path)
    session.show_run(run.folder)
    assert panel.runs.tree.topLevelItemCount() == 1
    shutil.rmtree(run.folder)
    panel.runs.refresh()
    assert panel.runs.tree.topLevelItemCount() == 0


def test_only_what_the_shown_run_measures_is_listed(
    panel: TrainPanel, session: Session, document: Document, trained_runs: dict[str, Path]
) -> None:
    session.show_run(trained_runs["pictures"])
    assert panel.status.number("accuracy", "training") not in ("", "–")
    session.show_run(trained_runs["table"])
    assert panel.status.number("accuracy", "training") == ""
    assert panel.status.number("loss", "training") not in ("", "–")
    document.new()
    assert panel.status.number("loss", "training") == ""
    assert "Training" not in [each.text() for each in panel.status.findChildren(QLabel) if each.isVisible()]


def test_going_on_from_the_last_run_is_offered_once_there_is_one(
    panel: TrainPanel, session: Session, document: Document, trained_runs: dict[str, Path]
) -> None:
    box = panel.status.continues
    assert not box.isVisible()
    session.show_run(trained_runs["pictures"])
    assert box.isVisible()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert session.is_continuing
    session.set_continuing(False)
    assert not box.isChecked()


def test_the_parts_stand_side_by_side_where_there_is_room(panel: TrainPanel, qtbot: QtBot) -> None:
    assert panel.options.mapTo(panel, panel.options.rect().topLeft()).y() > 60
    panel.resize(1000, 300)
    qtbot.waitUntil(lambda: panel.options.mapTo(panel, panel.options.rect().topLeft()).x() > 200)


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")])
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_it_tells_what_is_missing_until_nothing_is(
    panel: TrainPanel, document: Document, session: Session, tmp_path: Path
) -> None:
    empty, whole = document.project, small_project(tmp_path)
    assert panel.status.headline.text() == "Not ready to train"
    assert "no data" in panel.status.detail.text()
    session.train()
    assert not panel.status.message.isVisible()  # it is told once
    document.edit("Choose data", whole.replace(graphs=empty.graphs))
    assert "no loss" in panel.status.detail.text()
    document.edit("Draw", whole)
    assert panel.status.headline.text() == "Ready to train"
    document.undo_stack.undo()
    assert panel.status.headline.text() == "Not ready to train"
