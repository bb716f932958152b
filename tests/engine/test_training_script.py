"""The training script runs alone, with torch and safetensors only, and ends with the weights of Neuroloom's run."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from engine.cli.main import main
from engine.errors import EngineError
from engine.graph import Graph
from engine.options import SCHEDULERS, Component, chosen
from engine.plan import Phase
from engine.project import Project, Split
from engine.training.script import write_training
from tests.engine import compositions, examples
from tests.engine.plans import layer, network, wires
from tests.engine.training_runs import trained

ONE_EPOCH = {"epochs": 2, "threads": 1}


def _by_script(project: Project, folder: Path) -> dict[str, torch.Tensor]:
    """The weights that the script ends with, run where the program cannot be imported."""
    assert write_training(project, None, folder) == []
    done = subprocess.run([sys.executable, "-E", "-s", "-W", "error", "train.py"], cwd=folder, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "epoch 2: loss" in done.stdout
    text = (folder / "train.py").read_text(encoding="utf-8")
    assert "neuroloom" not in text.replace("Neuroloom", "")
    assert max(map(len, text.splitlines())) <= 120
    return load_file(folder / "trained.safetensors")


@pytest.mark.parametrize("settings", [
    {}, {"optimizer": "SGD", "lr": 0.05, "scheduler": "OneCycle"}, {"gradient_clipping": 0.5, "scheduler": "Cosine"},
    {"initialization": "glorot"}], ids=["plain", "one cycle", "clipped", "glorot"])
def test_one_network(settings, small_fashion: Path, tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion, **ONE_EPOCH, **settings)
    run, _ = trained(project, tmp_path / "run")
    found = _by_script(project, tmp_path / "script")
    for name, weight in load_file(run.checkpoint("last")).items():
        assert torch.equal(weight, found[name]), name


def test_phases_with_schedules_of_their_own(tmp_path: Path) -> None:
    """Parts with other rates, phases in some of the steps only, and objectives that are watched each by itself."""
    def scheduler(type: str, **params: float) -> Component:
        return chosen(SCHEDULERS, type, params)

    late = Phase("Late", "Price", {"Body": 0.1, "Price": 0.5}, scheduler=scheduler("OneCycle"), every=2, start=3,
                 stop=9)
    watched = Phase("Age", "Age", {"Age": 1.0}, scheduler=scheduler("ReduceOnPlateau", patience=0, factor=0.5))
    stepped = Phase("Price", "Price", {"Price/head": 1.0}, scheduler=scheduler("Step", step_size=1), start=11)
    project = compositions.two_tasks(tmp_path, 210, epochs=4).replace(plan=(late, stepped, watched))
    run, _ = trained(project, tmp_path / "run")
    found = _by_script(project, tmp_path / "script")
    for name, weight in load_file(run.checkpoint("last")).items():
        assert torch.equal(weight, found[name]), name


@pytest.mark.parametrize("stop", [0, 14])
def test_a_phase_that_begins_in_a_later_epoch(stop: int, tmp_path: Path) -> None:
    project = compositions.perceptron(tmp_path, 100, epochs=5)
    late = Phase("Late", "Perceptron", scheduler=chosen(SCHEDULERS, "Cosine", {}), start=6, stop=stop)
    project = project.replace(plan=(late,))
    run, _ = trained(project, tmp_path / "run")
    found = _by_script(project, tmp_path / "script")
    for name, weight in load_file(run.checkpoint("last")).items():
        assert torch.equal(weight, found[name]), name


def test_a_phase_that_begins_too_late(tmp_path: Path) -> None:
    project = compositions.perceptron(tmp_path, 100, epochs=2)
    plan = tuple(Phase(name, "Perceptron", scheduler=chosen(SCHEDULERS, type, {}), start=start)
                 for name, type, start in (("All", "Constant", 0), ("Late", "OneCycle", 500), ("Later", "Cosine", 500)))
    run, _ = trained(project.replace(plan=plan), tmp_path / "run")
    found = _by_script(project.replace(plan=plan), tmp_path / "script")
    for name, weight in load_file(run.checkpoint("last")).items():
        assert torch.equal(weight, found[name]), name


def test_a_block_of_a_shared_network_with_another_rate(tmp_path: Path) -> None:
    """What the copies share belongs to none of them."""
    project = compositions.perceptron(tmp_path, 100, epochs=2)
    main, width = project.graph, project.graph.node("features").params["shape"][0]
    shared = network(width, ("Linear", {"out_features": width}))
    middle = Graph((layer("x", "Input", shape=(width,)), layer("linear", "Linear", out_features=width),
                    layer("shared", "Network", graph="Shared"), layer("y", "Output")),
                   wires("x linear", "linear shared.in", "shared.out y"))
    main = Graph((*main.nodes, layer("blocks", "Block", graph="Middle", repeat=2)), (
        *(edge for edge in main.edges if edge.target != "hidden"), *wires("features blocks.x", "blocks.y hidden")))
    plan = (Phase("All", project.main, {project.main: 1.0, "Shared": 0.1}, clip=0.5),)
    project = project.replace(graphs={project.main: main, "Middle": middle, "Shared": shared}, plan=plan)
    run, _ = trained(project, tmp_path / "run")
    found = _by_script(project, tmp_path / "script")
    for name, weight in load_file(run.checkpoint("last")).items():
        assert torch.equal(weight, found[name]), name


@pytest.mark.parametrize("name", ["gan", "vae", "translation", "speech", "two_heads", "two_tasks", "fine_tuning"])
def test_several_networks(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    start = []
    if name == "fine_tuning":
        (tmp_path / "start").mkdir()
        first, _ = trained(compositions.two_heads(tmp_path / "start", epochs=1), tmp_path / "first")
        start = [first.folder]
    project = getattr(compositions, name)(folder, *start, epochs=2)
    run, _ = trained(project, tmp_path / "run")
    found = _by_script(project, tmp_path / "script")
    for weight_name, weight in load_file(run.checkpoint("last")).items():
        assert torch.equal(weight, found[weight_name]), weight_name


def test_a_folder_that_holds_something_is_refused_and_what_the_script_lacks_is_told(small_fashion: Path,
                                                                                     tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion, epochs=1, bucketing=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    with pytest.raises(EngineError, match="not empty"):
        write_training(project, None, tmp_path / "full")
    assert any("by length" in note for note in write_training(project, None, tmp_path / "new"))
    project = examples.perceptron(small_fashion, epochs=1, scheduler="ReduceOnPlateau")
    project = project.replace(data=msgspec.structs.replace(project.data, split=Split(validation=0.0)))
    [note] = write_training(project, None, tmp_path / "unwatched")
    assert "last batch" in note


def test_the_terminal_writes_it(small_fashion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from engine import projectfile

    projectfile.save(examples.perceptron(small_fashion, epochs=1), tmp_path / "p.neuroloom")
    assert main(["code", str(tmp_path / "p.neuroloom"), "--training", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "train.py").is_file()
    assert "python train.py" in capsys.readouterr().err
