"""Every kind of data set from the terminal: found out, trained on for one epoch, tested, exported, and a raw new sample
predicted by the export in a process that has nothing of Neuroloom."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine import projectfile
from engine.graph import Edge, Graph
from engine.layers import CATALOGUE
from engine.project import Project
from engine.starter import input_params
from tests.stories.processes import neuroloom
from tests.stories.sources import CASES

QUICK = ("image_folder", "masks", "table_csv", "table_of_sounds", "text_table", "parallel_columns", "series", "ratings")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in CASES])
def test_from_the_disk_to_the_exported_model(name: str, shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    case = CASES[name](shared_data, tmp_path / "made")
    project, run, export = tmp_path / "p.neuroloom", tmp_path / "run", tmp_path / "export"
    settings = [part for setting in case.settings for part in ("--set", setting)]
    found = json.loads(neuroloom("data", case.path, "--json", "--project", project, *settings))
    assert found["source"] == case.source
    columns = {column["name"]: (column["type"], column["role"]) for column in found["columns"]}
    assert case.columns.items() <= columns.items()
    assert all(column["reason"] for column in found["columns"])
    assert not case.rows or found["rows"] == case.rows
    assert min(found["splits"].values()) > 0
    neuroloom("train", project, "--epochs", 1, "--run-dir", run, "-q")
    tested = json.loads(neuroloom("evaluate", run, "--json", "-q"))
    assert tested["samples"] == found["splits"]["test"]
    neuroloom("export", run, "--format", "source", "-o", export, "-q")
    done = subprocess.run([sys.executable, "-I", str(export / "predict.py"), str(case.new), "--json"], text=True,
                          capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [entry, *_] = json.loads(done.stdout)["predictions"]
    ours = json.loads(neuroloom("predict", run, case.new, "--json", "-q"))["predictions"]
    assert _agree(entry, ours[0])


def _agree(one: Any, other: Any) -> bool:
    """Alike, numbers nearly so."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_agree(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_agree, one, other))
    return bool(one == (pytest.approx(other, rel=1e-3, abs=1e-4) if isinstance(other, float) else other))


@pytest.mark.timeout(600)
def test_pictures_without_classes_teach_an_autoencoder(shared_data: Path, tmp_path: Path) -> None:
    """What has no target can be learned by itself: the picture is wired into the loss, too."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    with zipfile.ZipFile(shared_data / "clothing64" / "clothing64.zip") as archive:
        for number, name in enumerate([name for name in archive.namelist() if name.endswith(".jpg")][::40]):
            (folder / f"{number}.jpg").write_bytes(archive.read(name))
    project, run, export = tmp_path / "p.neuroloom", tmp_path / "run", tmp_path / "export"
    found = json.loads(neuroloom("data", folder, "--json", "--project", project))
    assert [(column["type"], column["role"]) for column in found["columns"]] == [("image", "input")]
    projectfile.save(_autoencoder(projectfile.load(project)), project)
    neuroloom("train", project, "--epochs", 1, "--run-dir", run, "-q")
    assert json.loads(neuroloom("evaluate", run, "--json", "-q"))["samples"] == found["splits"]["test"]
    neuroloom("export", run, "--format", "source", "-o", export, "-q")
    subprocess.run([sys.executable, "-I", str(export / "predict.py"), str(folder / "0.jpg"), "-o",
                    str(tmp_path / "again.png")], check=True, capture_output=True, cwd=tmp_path)
    with Image.open(tmp_path / "again.png") as again:
        assert again.size == (64, 64)


def _autoencoder(project: Project) -> Project:
    assert project.data is not None
    graph, nodes = Graph(), []
    layers: list[tuple[str, dict[str, Any]]] = [
        ("Input", input_params(project.data.columns[0])),
        ("Conv2d", {"out_channels": 8, "padding": (1, 1)}), ("ReLU", {}),
        ("Conv2d", {"out_channels": 3, "padding": (1, 1)}), ("Output", {}), ("MSE", {})]
    for type, params in layers:
        nodes.append(graph.new_node(type, {**CATALOGUE[type].defaults(), **params}))
        graph = graph.add(nodes[-1])
    wires = [(0, 1, "input"), (1, 2, "input"), (2, 3, "input"), (3, 4, "input"), (3, 5, "prediction"), (0, 5, "target")]
    for source, target, port in wires:
        graph = graph.connect(Edge(nodes[source].id, "output", nodes[target].id, port))
    return project.with_graph(project.main, graph)
