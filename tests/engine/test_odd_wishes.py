"""What users may ask for that cannot be done: each is refused in words, none is taken for a fault of the program."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import runs
from engine.cli.main import main
from engine.errors import DataError
from engine.evaluation import evaluate
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from engine.options import with_option
from engine.prediction import predict
from engine.project import Project
from tests.engine import examples
from tests.engine.training_runs import StopAfter, continued, trained


def failure(project: Project, folder: Path) -> str:
    """The message of a training that fails."""
    _, events = trained(project, folder)
    assert events[-1].reason == "failed"
    assert "fault of the program" not in events[-1].message
    return events[-1].message


def test_settings_of_an_optimizer_that_do_not_go_together(small_fashion: Path, tmp_path: Path) -> None:
    options = {"optimizer": "SGD", "optimizer.nesterov": True}
    assert "momentum is 0" in failure(examples.perceptron(small_fashion, **options), tmp_path / "run")


def test_one_cycle_that_rises_within_one_step(small_fashion: Path, tmp_path: Path) -> None:
    options = {"scheduler": "OneCycle", "scheduler.pct_start": 0.1, "batch_size": 54, "epochs": 1}
    assert "the 10 steps of this run" in failure(examples.perceptron(small_fashion, **options), tmp_path / "run")


def test_one_cycle_that_only_rises(small_fashion: Path, tmp_path: Path) -> None:
    options = {"scheduler": "OneCycle", "scheduler.pct_start": 0.9999999}
    _, events = trained(examples.perceptron(small_fashion, **options), tmp_path / "run")
    assert events[-1].reason == "completed"


def test_batch_normalisation_of_single_samples(house_prices: Path, tmp_path: Path) -> None:
    project = examples.chain(house_prices, ("BatchNorm1d", {}), ("Linear", {"out_features": 1}), loss="MSE",
                             batch_size=1)
    assert "Batch normalisation cannot learn" in failure(project, tmp_path / "run")


def with_columns_swapped(path: Path) -> None:
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows((rooms, area, *rest) for area, rooms, *rest in rows)


def test_a_table_whose_columns_changed_places_is_other_data(house_prices: Path, tmp_path: Path) -> None:
    table = tmp_path / "houses.csv"
    table.write_bytes(house_prices.read_bytes())
    whole, _ = trained(examples.regression(table), tmp_path / "whole")
    stopped, _ = trained(examples.regression(table), tmp_path / "stopped", StopAfter(1))
    with_columns_swapped(table)
    with pytest.raises(DataError, match="is now 'features', put together from "):
        evaluate(whole)
    events = continued(stopped)
    assert events[-1].reason == "failed"
    assert "is no longer what it was" in events[-1].message


def network_with(data: Path, *steps: tuple[str, dict[str, Any]], entering: str, target: str) -> Project:
    """A project whose network reads one column and predicts one, perhaps the same."""
    from engine.data import sources

    described = sources.inspect(data)
    graph = Graph()
    nodes = {}
    for name in {entering: None, target: None}:
        column = described.column(name)
        assert column is not None
        nodes[name] = graph.new_node("Input", {**CATALOGUE["Input"].defaults(), "column": name, "shape": column.shape})
        graph = graph.add(nodes[name])
    last = nodes[entering]
    for type, params in steps:
        node = graph.new_node(type, {**CATALOGUE[type].defaults(), **params})
        graph = graph.add(node).connect(Edge(last.id, "output", node.id, "input"))
        last = node
    judge = graph.new_node("MSE", CATALOGUE["MSE"].defaults())
    graph = graph.add(judge).connect(Edge(last.id, "output", judge.id, "prediction"))
    graph = graph.connect(Edge(nodes[target].id, "output", judge.id, "target"))
    project = Project({"Example": graph}, described)
    return project.replace(options=with_option(project.options, "epochs", 1))


def test_a_network_that_reads_what_it_should_predict(house_prices: Path, tmp_path: Path) -> None:
    project = network_with(house_prices, ("Reshape", {"shape": (1,)}), ("Linear", {"out_features": 1}),
                           entering="price", target="price")
    run, _ = trained(project, tmp_path / "run")
    with pytest.raises(DataError, match="reads the column 'price'"):
        predict(run, [house_prices])


def test_a_network_that_makes_pictures_predicts_pictures(small_fashion: Path, tmp_path: Path, capsys) -> None:
    project = network_with(small_fashion, ("Flatten", {}), ("Linear", {"out_features": 4}),
                           ("Linear", {"out_features": 784}), ("Reshape", {"shape": (1, 28, 28)}),
                           entering="image", target="image")
    run, _ = trained(project, tmp_path / "run")
    np.savez(tmp_path / "new.npz", image=np.zeros((2, 1, 28, 28), np.uint8))
    found = predict(run, [tmp_path / "new.npz"])["predictions"]
    picture = np.array(found[0]["value"])
    assert picture.shape == (1, 28, 28)
    assert picture.min() >= 0
    assert picture.max() <= 255
    assert main(["predict", str(run.folder), str(tmp_path / "new.npz")]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"new.npz 1  [[{picture[0, 0, 0]}, ")


def test_an_array_without_samples(trained_run, tmp_path: Path) -> None:
    np.savez(tmp_path / "none.npz", image=np.zeros((0, 1, 28, 28), np.uint8))
    with pytest.raises(DataError, match="holds no samples"):
        predict(trained_run("perceptron"), [tmp_path / "none.npz"])


def test_a_weights_file_on_the_command_line_lies_in_the_current_folder(trained_run, small_fashion: Path, tmp_path: Path,
                                                                      monkeypatch, capsys) -> None:
    from engine import projectfile

    (tmp_path / "projects").mkdir()
    (tmp_path / "here").mkdir()
    projectfile.save(examples.perceptron(small_fashion, epochs=1), tmp_path / "projects" / "net.neuroloom")
    (tmp_path / "here" / "w.safetensors").write_bytes(trained_run("perceptron").checkpoint("best").read_bytes())
    monkeypatch.chdir(tmp_path / "here")
    argv = ["train", "../projects/net.neuroloom", "--set", "weights=w.safetensors", "--run-dir", "run", "-q"]
    assert main(argv) == 0, capsys.readouterr().err
    assert runs.open_run(Path("run")).project.options["weights"] == str(tmp_path / "here" / "w.safetensors")


def test_a_run_goes_on_without_the_weights_that_it_began_with(trained_run, small_fashion: Path, tmp_path: Path) -> None:
    start = tmp_path / "w.safetensors"
    start.write_bytes(trained_run("perceptron").checkpoint("best").read_bytes())
    run, events = trained(examples.perceptron(small_fashion, epochs=1, weights=str(start)), tmp_path / "run",
                          StopAfter(3))
    assert events[-1].reason == "stopped"
    start.unlink()
    assert continued(run)[-1].reason == "completed"


def test_what_the_terminal_cannot_show_is_no_fault(small_fashion: Path, tmp_path: Path) -> None:
    """With plain ASCII as its encoding, and with a disk that is full."""
    import os
    import subprocess
    import sys

    from engine import projectfile

    project = examples.perceptron(small_fashion)
    node = project.graph.nodes[0]
    projectfile.save(project.with_graph(project.main, project.graph.update(node.id, name="Größe 层")),
                     tmp_path / "net.neuroloom")
    argv = [sys.executable, "-m", "engine.cli", "check", str(tmp_path / "net.neuroloom")]
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONUNBUFFERED": ""}
    environment = {**os.environ, **plain}
    done = subprocess.run(argv, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Größe 层" in done.stdout.decode("utf-8")
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(argv, env=environment, stdout=full, stderr=subprocess.PIPE, timeout=120, check=False)
        assert done.returncode == 1
        assert b"No space left" in done.stderr
        assert b"fault" not in done.stderr
