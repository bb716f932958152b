"""The session with real workers: a training from Train to its test, pausing, stopping, resuming, ending by force."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine import events, known_runs, projectfile, runs
from engine.errors import RunError
from engine.graph import Graph
from engine.options import with_option
from engine.project import Project, new_project
from gui.document import Document
from gui.session import IDLE, PAUSED, RUNNING, STARTING, STOPPING, Session
from tests.engine.plans import layer, wires
from tests.gui.trained import small_project

PATIENCE_MS = 120_000


def saved(document: Document, project: Project, path: Path) -> None:
    """Open `project` as the user does, from a file."""
    projectfile.save(project, path)
    document.open(path)


def test_a_training_ends_with_a_test_of_what_was_learned(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session
) -> None:
    saved(document, small_project(tmp_path / "data"), tmp_path / "small.neuroloom")
    states: list[str] = []
    seen: list[events.AnyEvent] = []
    session.state_changed.connect(states.append)
    session.reported.connect(seen.append)
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS) as tested:
        session.train()
        assert session.is_showing_training
    assert states == [STARTING, RUNNING, IDLE]
    assert sum(isinstance(event, events.Ended) for event in seen) == 1
    assert sum(isinstance(event, events.Validated) for event in seen) == 2
    assert tested.args[0]["split"] == "test"
    assert session.run is not None
    assert session.run.folder.parent == tmp_path / "runs"
    assert session.run.evaluation("test") == tested.args[0]
    assert not session._timer.isActive(), "an idle window polls nothing"

    document.save(tmp_path / "other name.neuroloom")
    assert session.earlier_runs()[0].folder == session.run.folder, "a run is not lost when its project is renamed"
    document.open(tmp_path / "small.neuroloom")
    again = Session(document)
    assert again.run is not None
    assert again.run.folder == session.run.folder, "the newest run of an opened project is shown"
    again.close()


def test_pause_go_on_stop_resume_and_end_by_force(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session
) -> None:
    document.new(small_project(tmp_path / "data", epochs=100_000))
    failures: list[str] = []
    session.failed.connect(lambda message, hint: failures.append(f"{message} {hint}"))
    session.train()
    qtbot.waitUntil(lambda: session.state == RUNNING, timeout=PATIENCE_MS)
    session.train()
    run = session.run
    assert run is not None
    session.pause()
    qtbot.waitUntil(lambda: session.state == PAUSED, timeout=PATIENCE_MS)
    session.resume()
    qtbot.waitUntil(lambda: session.state == RUNNING, timeout=PATIENCE_MS)
    session.stop()
    assert session.state == STOPPING
    qtbot.waitUntil(lambda: session.state == IDLE, timeout=PATIENCE_MS)
    assert run.info().status == "stopped"
    assert failures == []

    session.resume_run(run.folder)
    qtbot.waitUntil(lambda: session.state == RUNNING, timeout=PATIENCE_MS)
    session.kill()
    qtbot.waitUntil(lambda: session.state == IDLE, timeout=PATIENCE_MS)
    assert len(failures) == 1
    assert "by force" in failures[0]
    assert run.info().is_resumable


def test_training_is_refused_with_the_reason(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session
) -> None:
    refusals: list[str] = []
    session.failed.connect(lambda message, hint: refusals.append(f"{message} {hint}"))
    session.train()
    project = small_project(tmp_path / "data")
    graph = project.graph
    document.new(project)
    loss = next(node for node in graph.nodes if node.type == "CrossEntropy")
    document.edit_graph("Cut", graph.disconnect(*graph.into(loss.id)))
    session.train()
    document.undo_stack.undo()
    document.edit_graph("No loss", graph.remove([loss.id]))
    session.train()
    assert "no data" in refusals[0].lower()
    assert "Data panel" in refusals[0]
    assert loss.name in refusals[1]
    assert "loss" in refusals[2]
    assert session.state == IDLE
    assert session.run is None


def test_a_training_that_reads_nothing_of_the_data_is_refused(
    tmp_path: Path, document: Document, session: Session
) -> None:
    graph = Graph((layer("noise", "Noise", shape=(3,)), layer("linear", "Linear", out_features=3),
                   layer("loss", "MSE")), wires("noise linear", "linear loss.prediction", "noise loss.target"))
    document.new(new_project().replace(graphs={"Network": graph}))
    assert session.refusal() == ("There is no data to learn from.", "Choose a data set in the Data panel.")
    document.edit("Choose data", document.project.replace(data=small_project(tmp_path).data))
    refusal = session.refusal()
    assert refusal is not None
    assert "reads nothing" in refusal[0]
    assert "Wire an Input" in refusal[1]


def test_a_training_goes_on_from_the_last_run_where_layers_are_the_same(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session, trained_runs: dict[str, Path]
) -> None:
    saved(document, small_project(tmp_path / "data", epochs=1), tmp_path / "small.neuroloom")
    assert session.last_run is None
    session.show_run(trained_runs["pictures"])
    assert session.last_run is not None
    assert session.last_run.folder == trained_runs["pictures"]
    session.set_continuing(True)
    linear = next(node for node in document.graph.nodes if node.type == "Linear")
    document.edit_graph("Widen", document.graph.set_params(linear.id, {"out_features": 9}))
    before = document.project
    notes: list[str] = []
    session.reported.connect(lambda event: notes.append(event.message) if isinstance(event, events.Noted) else None)
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS):
        session.train()
    assert any("other shape" in note for note in notes)
    assert document.project is before
    assert session.run is not None
    assert session.run.project.options["weights"] == str(trained_runs["pictures"])
    assert session.last_run.folder == session.run.folder
    document.new()
    assert not session.is_continuing


def test_runs_trained_before_the_first_save_belong_to_the_saved_project(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session
) -> None:
    document.new(small_project(tmp_path / "data", epochs=1))
    stranger = runs.create(document.project, None)
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS):
        session.train()
    assert session.run is not None
    first = session.run.folder
    assert {run.folder for run in session.earlier_runs()} == {first, stranger.folder}
    options = with_option(document.project.options, "epochs", 100_000)
    document.edit("Train longer", document.project.replace(options=options))
    session.train()
    qtbot.waitUntil(lambda: session.state == RUNNING, timeout=PATIENCE_MS)
    second = session.run.folder

    with qtbot.waitSignal(session.runs_changed):
        document.save(tmp_path / "mine.neuroloom")
    assert {run.folder for run in session.earlier_runs()} == {first, second}
    assert session.state == RUNNING, "a training goes on while its project is saved"
    session.stop()
    qtbot.waitUntil(lambda: session.state == IDLE, timeout=PATIENCE_MS)
    assert session.run.info().status == "stopped"

    document.new()
    document.save(tmp_path / "other.neuroloom")
    assert {run.folder for run in known_runs.recent(document.path)} == set()
    document.open(tmp_path / "mine.neuroloom")
    assert session.run.folder == second, "the newest run of an opened project is shown"
    assert session.last_run is not None
    assert session.last_run.folder == first, "the newest with weights"
    session.resume_run(second)
    qtbot.waitUntil(lambda: session.state == RUNNING, timeout=PATIENCE_MS)


def test_runs_that_cannot_be_listed_with_a_saved_project_are_told(
    qtbot: QtBot, tmp_path: Path, document: Document, session: Session
) -> None:
    document.new(small_project(tmp_path / "data", epochs=1))
    with qtbot.waitSignal(session.tested, timeout=PATIENCE_MS):
        session.train()
    (tmp_path / "runs").touch()
    with qtbot.waitSignal(session.failed) as failed:
        document.save(tmp_path / "mine.neuroloom")
    assert "mine.neuroloom" in failed.args[0]
    assert session.run in session.earlier_runs(), "what is shown stays at hand"


def test_another_run_can_be_shown_and_a_folder_that_is_none_is_refused(
    qtbot: QtBot, tmp_path: Path, session: Session, trained_runs: dict[str, Path]
) -> None:
    with qtbot.waitSignal(session.run_changed):
        session.show_run(trained_runs["pictures"])
    assert session.run is not None
    assert not session.is_showing_training
    with pytest.raises(RunError):
        session.show_run(tmp_path)
    assert session.run.folder == trained_runs["pictures"]
