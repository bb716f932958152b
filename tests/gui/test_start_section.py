"""Starting from earlier weights, and freezing, in the inspector: chosen by menu or file, checked before a training."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot
from safetensors.numpy import save

from engine import projectfile, runs
from engine.analysis.freezing import is_frozen
from engine.codegen import emit
from gui.design.inspector import Inspector
from gui.design.problems_panel import ProblemsPanel
from gui.design.start_section import A_RUN, AT_RANDOM, StartSection
from gui.document import Document
from gui.session import Session
from tests.engine import compositions
from tests.gui.dialogs import active, choose
from tests.gui.trained import small_project

PATIENCE_MS = 60_000


@pytest.fixture
def opened(document: Document, trained_runs: dict[str, Path], tmp_path: Path) -> Document:
    """A saved project whose network is that of the run of pictures."""
    projectfile.save(small_project(tmp_path / "data"), tmp_path / "small.neuroloom")
    document.open(tmp_path / "small.neuroloom")
    return document


@pytest.fixture
def inspector(opened: Document, session: Session, trained_runs: dict[str, Path], qtbot: QtBot) -> Inspector:
    session.show_run(trained_runs["pictures"])
    return active(qtbot, Inspector(opened, session), 292, 700)


def of_type(document: Document, layer_type: str) -> list[str]:
    return [node.id for node in document.graph.nodes if node.type == layer_type]


def pick(section: StartSection, text: str) -> None:
    """Open the menu with the keyboard and choose an entry by its beginning."""
    menu = section.choice.menu()
    section.choice.setFocus()
    menu.aboutToShow.emit()
    action = next(action for action in menu.actions() if action.text().startswith(text))
    menu.setActiveAction(action)
    action.trigger()


def offered(section: StartSection) -> list[str]:
    section.choice.menu().aboutToShow.emit()
    return [action.text() for action in section.choice.menu().actions() if not action.isSeparator()]


def told(section: StartSection) -> str:
    texts = (section.fits, section.partial, section.error, section.detail)
    return " ".join(text.text() for text in texts if not text.isHidden()).replace("\u200b", "")


def test_a_network_starts_from_a_run_and_what_fits_is_told(
    inspector: Inspector, opened: Document, trained_runs: dict[str, Path], qtbot: QtBot
) -> None:
    section = inspector.project.start
    assert section.isVisible()
    assert (section.choice.text(), section.path.isVisible()) == (AT_RANDOM, False)
    pick(section, "Run of")
    assert opened.project.starts == {"Network": trained_runs["pictures"].as_posix()}
    assert section.choice.text() == A_RUN
    assert "Checking" in told(section)
    qtbot.waitUntil(lambda: "fit" in told(section) and "Checking" not in told(section), timeout=PATIENCE_MS)
    assert section.fits.isVisible()
    assert "All" in told(section)

    opened.edit_graph("Widen", opened.graph.set_params(of_type(opened, "Linear")[0], {"out_features": 7}))
    qtbot.waitUntil(section.partial.isVisible, timeout=PATIENCE_MS)
    assert "start at random" in told(section)
    assert "Other shape" in told(section)
    (partial,) = (problem for problem in opened.problems if problem.code == "start-partial")
    assert partial.severity == "warning"
    assert partial.graph == "Network"
    opened.undo_stack.undo()
    opened.undo_stack.undo()
    assert opened.project.starts == {}
    assert section.choice.text() == AT_RANDOM
    assert told(section) == ""


def test_runs_of_other_projects_are_offered_apart_and_any_folder_of_a_run(
    inspector: Inspector, opened: Document, session: Session, trained_runs: dict[str, Path], qtbot: QtBot
) -> None:
    section = inspector.project.start
    assert opened.path is not None
    other = runs.create(opened.project, opened.path.with_name("other.neuroloom"))
    other.checkpoint("best").write_bytes(b"weights")
    own = runs.create(opened.project, opened.path)
    texts = offered(section)
    assert texts[:2] == [AT_RANDOM, "No run of this project yet"], "this one has no weights yet"
    assert len([text for text in texts if text.startswith("Run of ")]) == 2, "the shown run, and that of the other"
    own.checkpoint("best").write_bytes(b"weights")
    texts = offered(section)
    assert texts[1].endswith(own.info().subject)
    assert texts[2] == "Of other projects:"

    choose(opened.path.parent)
    pick(section, "A run's folder")
    assert "not a run" in told(section)
    assert opened.project.starts == {}
    choose(other.folder)
    pick(section, "A run's folder")
    assert opened.project.starts == {"Network": f"runs/{other.folder.name}"}
    opened.new(opened.project)
    assert offered(section)[1] == "No run of this project yet"


def test_a_layer_starts_from_a_file_beside_the_project_and_is_cleared(
    inspector: Inspector, opened: Document, trained_runs: dict[str, Path], qtbot: QtBot, tmp_path: Path
) -> None:
    layer = of_type(opened, "Linear")[0]
    opened.select((layer,))
    section = inspector.node.start
    (tmp_path / "body.safetensors").write_bytes(runs.Run(trained_runs["pictures"]).checkpoint("last").read_bytes())
    choose(tmp_path / "body.safetensors")
    pick(section, "A file")
    assert opened.project.starts == {f"Network/{layer}": "body.safetensors"}
    assert section.path.text().replace("\u200b", "") == "body.safetensors"
    qtbot.waitUntil(section.fits.isVisible, timeout=PATIENCE_MS)
    opened.select(of_type(opened, "ReLU")[:1])
    assert not section.isVisible()
    opened.select((layer,))
    QTest.mouseClick(section.clear, Qt.MouseButton.LeftButton)
    assert opened.project.starts == {}
    assert not section.clear.isVisible()


def test_a_file_that_is_gone_or_broken_is_told_where_it_is_chosen_and_as_a_problem(
    inspector: Inspector, opened: Document, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    problems = ProblemsPanel(opened)
    qtbot.addWidget(problems)
    opened.edit("Start", opened.project.replace(starts={"Network": "gone.pt"}))
    section = inspector.project.start
    qtbot.waitUntil(section.error.isVisible, timeout=PATIENCE_MS)
    assert "gone.pt" in told(section)
    refusal = session.refusal()
    assert refusal is not None
    assert "gone.pt" in refusal[0]
    (tmp_path / "gone.pt").write_bytes(b"noise")
    assert session.refusal() is None, "it is there now"
    opened.edit("Note", opened.project.replace(notes="changed", starts={"Network": "./gone.pt"}))
    qtbot.waitUntil(lambda: "not a file of plain weights" in told(section), timeout=PATIENCE_MS)
    (tmp_path / "gone.pt").unlink()
    opened.edit("Note", opened.project.replace(notes="again"))
    card = problems.cards[0]
    QTest.mouseClick(card.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert opened.project.starts == {}
    assert not problems.cards


def test_files_are_looked_at_again_when_the_user_comes_back_and_when_a_training_starts(
    inspector: Inspector, opened: Document, session: Session, trained_runs: dict[str, Path], qtbot: QtBot
) -> None:
    assert opened.folder is not None
    problems = ProblemsPanel(opened)
    qtbot.addWidget(problems)
    file = opened.folder / "body.safetensors"
    file.write_bytes(runs.Run(trained_runs["pictures"]).checkpoint("last").read_bytes())
    opened.edit("Start", opened.project.replace(starts={"Network": file.name}))
    section = inspector.project.start
    qtbot.waitUntil(section.fits.isVisible, timeout=PATIENCE_MS)
    content = file.read_bytes()
    file.unlink()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    qtbot.waitUntil(section.error.isVisible, timeout=PATIENCE_MS)
    assert [card.problem.code for card in problems.cards if card.problem] == ["start-missing"]
    file.write_bytes(content)
    application.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    qtbot.waitUntil(section.fits.isVisible, timeout=PATIENCE_MS)
    file.unlink()
    session.train()
    assert section.error.isVisible()


def test_what_is_trained_decides_whether_weights_are_of_use(
    document: Document, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    def warnings() -> list[str]:
        return [problem.message for problem in document.problems if problem.code == "start-unfit"]

    project = compositions.two_tasks(tmp_path, 20)
    (tmp_path / "head.safetensors").write_bytes(save({"weight": np.zeros((1, 16), np.float32),
                                                      "bias": np.zeros(1, np.float32)}))
    projectfile.save(project.replace(starts={"Age/head": "head.safetensors"}), tmp_path / "tasks.neuroloom")
    document.open(tmp_path / "tasks.neuroloom")
    document.edit("Train one", document.project.replace(plan=project.plan[:1]))
    qtbot.waitUntil(lambda: bool(warnings()), timeout=PATIENCE_MS)
    assert "is not trained" in warnings()[0]
    document.edit("Train both", document.project.replace(plan=project.plan))
    qtbot.waitUntil(lambda: not warnings(), timeout=PATIENCE_MS)


def test_freezing_is_one_step_and_shows_in_the_code_of_the_plan(inspector: Inspector, opened: Document) -> None:
    layer = of_type(opened, "Linear")[0]
    before = opened.project
    opened.select((layer,))
    box = inspector.node.start.frozen
    assert box.isVisible()
    assert not box.isChecked()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert opened.undo_stack.count() == 1
    assert opened.undo_stack.undoText() == f"Freeze {opened.graph.node(layer).name}"
    assert is_frozen(opened.project, "Network", layer)
    assert box.isChecked()
    assert emit(opened.project).objectives
    opened.undo_stack.undo()
    assert opened.project == before
    assert not box.isChecked()
    QTest.keyClick(box, Qt.Key.Key_Space)
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert opened.project == before


def test_a_placed_network_speaks_of_the_network_and_an_objective_of_nothing(
    inspector: Inspector, opened: Document, tmp_path: Path
) -> None:
    opened.new(compositions.gan(tmp_path, 60))
    opened.show("Train generator")
    assert not inspector.project.start.isVisible()
    placed = next(node for node in opened.graph.nodes if node.params.get("graph") == "Generator")
    opened.select((placed.id,))
    section = inspector.node.start
    assert section.isVisible()
    pick(section, AT_RANDOM)
    assert opened.undo_stack.count() == 0
    QTest.mouseClick(section.frozen, Qt.MouseButton.LeftButton, pos=QPoint(8, section.frozen.height() // 2))
    assert is_frozen(opened.project, "Generator")
    opened.show("Generator")
    assert inspector.project.start.frozen.isChecked()
