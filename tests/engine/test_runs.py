"""The run folder: what it holds, what other programs read from it, and what happens when it is damaged."""

import csv
import json
import struct
from pathlib import Path

import polars
import pytest
from tensorboardX.proto.event_pb2 import Event as BoardEvent

from engine import known_runs, projectfile, runs
from engine.errors import EngineError, RunError, StorageError
from engine.events import Validated
from engine.history import History, HistoryWriter, Thinning
from engine.project import RESOURCES
from tests.engine import examples
from tests.engine.training_runs import StopAfter, continued, of, trained


def test_the_folder_of_a_trained_run(small_fashion: Path, tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion, epochs=2)
    run, events = trained(project, tmp_path / "run")
    files = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    board = [name for name in files if name.startswith("tensorboard/events.out.tfevents.")]
    assert len(board) == 1
    assert files - set(board) == {
        "project.neuroloom", "model.py", "run.json", "preparation.json", "history.csv", "log.txt", "training.lock",
        "checkpoints/last.safetensors", "checkpoints/best.safetensors", "checkpoints/resume.safetensors"}
    opened = runs.open_run(run.folder)
    assert opened.project == project
    assert opened.source().text == (run.folder / "model.py").read_text()
    info = opened.info()
    last = of(Validated, events)[-1]
    assert (info.status, info.step, info.epoch, info.epochs) == ("completed", 34, 2.0, 2)
    assert (info.training, info.validation) == (last.training, last.validation)
    assert info.choices.step in ("traced", "eager")
    assert info.choices.step_reason
    assert not info.is_resumable
    assert opened.preparation().parts


def test_history_is_read_by_other_programs(small_fashion: Path, tmp_path: Path) -> None:
    run, events = trained(examples.perceptron(small_fashion, epochs=3), tmp_path / "run")
    expected = [event.validation["loss"] for event in of(Validated, events)]
    table = polars.read_csv(run.folder / "history.csv")
    assert table.columns == ["step", "epoch", "split", "name", "value"]
    ours = table.filter((polars.col("split") == "validation") & (polars.col("name") == "loss"))
    assert ours["value"].to_list() == expected
    assert ours["epoch"].to_list() == [1.0, 2.0, 3.0]
    with (run.folder / "history.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["split"], row["name"]) == ("validation", "loss")]
    assert [float(row["value"]) for row in rows] == expected
    assert run.history().series("validation", "loss").values == expected


def board_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Read TensorBoard's record format by hand: length, checksum, protobuf, checksum."""
    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (length,) = struct.unpack("<Q", data[place : place + 8])
            event = BoardEvent.FromString(data[place + 12 : place + 12 + length])
            place += length + 16
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_tensorboard_files_are_readable(tmp_path: Path) -> None:
    run, events = trained(examples.perceptron(examples.BUNDLED, epochs=2, batch_size=8), tmp_path / "run")
    scalars = board_scalars(run.folder / "tensorboard")
    assert set(scalars) == {"loss/train", "accuracy/train", "learning_rate", "loss/validation", "accuracy/validation"}
    epochs = of(Validated, events)
    assert scalars["loss/validation"] == [(event.step, pytest.approx(event.validation["loss"])) for event in epochs]
    assert scalars["learning_rate"][0][1] == pytest.approx(0.001)


def test_created_runs_lie_beside_the_project(small_fashion: Path, tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion)
    path = tmp_path / "my net.neuroloom"
    projectfile.save(project, path)
    first, second = runs.create(project, path), runs.create(project, path)
    assert first.folder.parent == second.folder.parent == tmp_path / "runs"
    assert first.folder.name.startswith("my net-")
    assert first.folder != second.folder
    other = tmp_path / "my net too.neuroloom"
    runs.create(project, other)
    assert {run.folder for run in known_runs.recent(path)} == {first.folder, second.folder}
    assert first.info().status == "created"


def test_runs_of_a_project_called_like_the_beginning_of_another_are_told_apart(
    small_fashion: Path, tmp_path: Path
) -> None:
    project = examples.perceptron(small_fashion)
    run, _ = runs.create(project, tmp_path / "net.neuroloom"), runs.create(project, tmp_path / "net-2.neuroloom")
    assert [found.folder for found in known_runs.recent(tmp_path / "net.neuroloom")] == [run.folder]


def test_runs_that_lie_elsewhere_are_listed_with_the_project_they_are_assigned_to(
    small_fashion: Path, tmp_path: Path
) -> None:
    project, path = examples.perceptron(small_fashion), tmp_path / "there" / "net.neuroloom"
    path.parent.mkdir()
    projectfile.save(project, path)
    early, stranger = runs.create(project, None), runs.create(project, None)
    known_runs.assign([early], path)
    own = runs.create(project, path)
    known_runs.assign([early, own], path)
    assert {run.folder for run in known_runs.recent(path)} == {early.folder, own.folder}
    assert len(known_runs.recent(path)) == 2
    assert {run.folder for run in known_runs.recent(None)} == {early.folder, stranger.folder}

    (tmp_path / "there").rename(tmp_path / "here")
    assert early.folder in {run.folder for run in known_runs.recent(tmp_path / "here" / "net.neuroloom")}
    for damaged in ("[5", '["nowhere", "", "/dev/null", "a\\u0000b"]'):
        (tmp_path / "here" / "runs" / "net.elsewhere.json").write_text(damaged)
        assert [run.folder.name for run in known_runs.recent(tmp_path / "here" / "net.neuroloom")] == [own.folder.name]
    (tmp_path / "here" / "runs" / "net.elsewhere.json").write_text("[5")
    with pytest.raises(StorageError, match="damaged"):
        known_runs.assign([stranger], tmp_path / "here" / "net.neuroloom")
    assert (tmp_path / "here" / "runs" / "net.elsewhere.json").read_text() == "[5"


def test_runs_of_other_projects_in_the_same_folder_are_found(small_fashion: Path, tmp_path: Path) -> None:
    project, path = examples.perceptron(small_fashion), tmp_path / "net.neuroloom"
    own, other = runs.create(project, path), runs.create(project, tmp_path / "other.neuroloom")
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "run.json").write_text("{")
    assert [run.folder for run in known_runs.others(path, known_runs.recent(path))] == [other.folder]
    assert {run.folder for run in known_runs.others(path, [])} == {own.folder, other.folder}
    assert not known_runs.others(path, [own, other])
    stranger = runs.create(project, None)
    assert stranger.folder in {run.folder for run in known_runs.others(None, [])}


def test_assigning_runs_where_nothing_can_be_written_is_told(small_fashion: Path, tmp_path: Path) -> None:
    run = runs.create(examples.perceptron(small_fashion), None)
    (tmp_path / "runs").touch()
    with pytest.raises(StorageError):
        known_runs.assign([run], tmp_path / "net.neuroloom")


def test_a_run_tells_which_network_learns_from_which_data(small_fashion: Path) -> None:
    project = examples.perceptron(small_fashion)
    assert runs.create(project, None).info().subject == f"{project.main} on {small_fashion.name}"
    bundled = runs.create(examples.perceptron(examples.BUNDLED), None)
    assert bundled.info().subject == f"{project.main} on fashion-mnist-small"


@pytest.mark.parametrize("path", [None, RESOURCES / "templates" / "perceptron.neuroloom"])
def test_runs_without_a_place_of_their_own_lie_in_the_data_folder(
    path: Path | None, small_fashion: Path, neuroloom_home: Path
) -> None:
    run = runs.create(examples.perceptron(small_fashion), path)
    assert run.folder.is_relative_to(neuroloom_home / "data" / "runs")
    assert [found.folder for found in known_runs.recent(path)] == [run.folder]


def test_the_snapshot_names_the_data_wherever_it_lies(small_fashion: Path, tmp_path: Path) -> None:
    import msgspec

    project = examples.perceptron(small_fashion)
    relative = Path("data") / "fashion"
    (tmp_path / "data").mkdir()
    (tmp_path / relative).symlink_to(small_fashion)
    moved = project.replace(data=msgspec.structs.replace(project.data, path=str(relative)))
    run = runs.create(moved, tmp_path / "net.neuroloom", tmp_path / "elsewhere" / "run")
    assert Path(run.project.data.path) == small_fashion.resolve()


def test_what_is_no_run_is_refused(tmp_path: Path, small_fashion: Path) -> None:
    with pytest.raises(RunError):
        runs.open_run(tmp_path / "nothing")
    run = runs.create(examples.perceptron(small_fashion), None, tmp_path / "run")
    (run.folder / "run.json").write_text('{"name": "x", "created": 5}')
    with pytest.raises(RunError, match="damaged"):
        runs.open_run(run.folder)
    with pytest.raises(RunError, match="not empty"):
        runs.create(examples.perceptron(small_fashion), None, run.folder)
    with pytest.raises(RunError):
        run.checkpoint("../../secret")
    with pytest.raises(EngineError):
        run.preparation()


def test_model_py_of_a_strange_folder_is_never_run(small_fashion: Path, tmp_path: Path) -> None:
    run, _ = trained(examples.perceptron(small_fashion, epochs=1), tmp_path / "run", StopAfter(3))
    (run.folder / "model.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')")
    assert continued(run)[-1].reason == "completed"
    assert not (tmp_path / "executed").exists()


def test_a_run_whose_process_died_is_failed_and_resumable(small_fashion: Path, tmp_path: Path) -> None:
    run = runs.create(examples.perceptron(small_fashion), None, tmp_path / "run")
    with run.claimed():
        run.update(status="running")
        assert run.info().status == "running"
    assert run.info().status == "failed"
    assert run.info().is_resumable
    assert json.loads((run.folder / "run.json").read_text())["status"] == "running"


def test_history_keeps_rows_up_to_a_step_and_forgives_a_cut(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    writer = HistoryWriter(path, 0)
    for step in range(1, 6):
        writer.add(step, step / 2, "train", {"loss": 1 / step, "mean squared, scaled": 0.1})
    writer.close()
    with path.open("a") as file:
        file.write("6,3.0,tra")
    assert History.read(path).series("train", "loss").steps == [1, 2, 3, 4, 5]
    HistoryWriter(path, 3).close()
    history = History.read(path)
    assert history.series("train", "loss").values == [1.0, 0.5, 1 / 3]
    assert history.keys() == (("train", "loss"), ("train", "mean squared, scaled"))
    path.write_text("step,epoch,split,name,value\n1,2,3\n")
    with pytest.raises(RunError, match="damaged"):
        History.read(path)
    assert History.read(tmp_path / "none.csv").keys() == ()


def test_long_runs_keep_ever_fewer_rows() -> None:
    thinning = Thinning()
    kept = [second / 10 for second in range(864_000) if thinning.keeps(second / 10)]  # a day, ten times a second
    assert len(kept) < 7_000
    assert len([second for second in kept if second < 60]) > 400
    assert kept[-1] > 86_000
