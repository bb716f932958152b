"""Project files: what is saved is what is opened, and what is damaged is refused as a whole."""

import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from engine import projectfile
from engine.errors import ProjectError
from engine.layers import CATALOGUE
from engine.migrations import MIGRATIONS, SCHEMA, migrated
from engine.project import RESOURCES, ColumnChoice, Data, Project, new_project
from tests.engine.designs import projects

TEMPLATES = sorted((RESOURCES / "templates").glob("*.neuroloom"))
FIXTURES = Path(__file__).resolve().parents[1] / "projects"
PERCEPTRON = RESOURCES / "templates" / "perceptron.neuroloom"


def _tree() -> dict:
    return json.loads(PERCEPTRON.read_bytes())


def _loads(tree: object) -> Project:
    return projectfile.loads(json.dumps(tree).encode())


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(projects)
def test_what_is_saved_is_what_is_opened(project):
    data = projectfile.dumps(project)
    opened = projectfile.loads(data)
    assert opened == project
    assert list(opened.graphs) == list(project.graphs)
    assert projectfile.dumps(opened) == data


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_come_back_byte_for_byte(path, tmp_path):
    project = projectfile.load(path)
    projectfile.save(project, tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert project.notes
    assert project.data is not None
    assert project.data.located(None).exists()
    assert not project.data.fingerprint  # that of other copies of the files differs


def test_the_perceptron_is_the_classic_one():
    project = projectfile.load(PERCEPTRON)
    assert [node.type for node in project.graph.nodes] == [
        "Input", "Flatten", "Linear", "ReLU", "Linear", "Output", "Input", "CrossEntropy"]
    widths = [node.params["out_features"] for node in project.graph.nodes if node.type == "Linear"]
    assert widths == [128, 10]
    assert project.options.optimizer.type == "Adam"
    assert project.options.optimizer.params["lr"] == 1e-3
    assert (project.options["batch_size"], project.options["epochs"]) == (32, 10)
    assert project.data is not None
    assert project.data.path == "bundled:fashion-mnist-small"


def test_every_schema_has_a_migration_and_a_fixture():
    assert set(MIGRATIONS) == set(range(1, SCHEMA))
    for schema in range(1, SCHEMA + 1):
        project = projectfile.load(FIXTURES / f"schema-{schema}.neuroloom")
        assert project.graph.nodes
        assert json.loads(projectfile.dumps(project))["schema"] == SCHEMA


def test_migrations_are_taken_one_after_another():
    steps = {3: lambda tree: {**tree, "c": tree["b"] + 1}, 2: lambda tree: {**tree, "b": tree["a"] + 1}}
    assert migrated({"a": 1}, 2, 4, steps) == {"a": 1, "b": 2, "c": 3}
    assert migrated({"b": 1}, 3, 4, steps) == {"b": 1, "c": 2}
    with pytest.raises(KeyError):
        migrated({"a": 1}, 1, 4, steps)


def test_cut_short_at_any_byte_a_file_is_refused():
    whole = PERCEPTRON.read_bytes()
    opened = projectfile.loads(whole)
    for length in range(len(whole)):
        try:
            cut = projectfile.loads(whole[:length], "a.neuroloom")
        except ProjectError as error:
            assert error.message.startswith("a.neuroloom")  # noqa: PT017
        else:
            assert cut == opened
            assert not whole[length:].strip()


def test_an_unknown_layer_is_kept_as_it_stands():
    tree = _tree()
    strange = {"id": "warp_1", "type": "Warp", "name": "Warp", "position": [1.5, -2],
               "params": {"speed": [1, [2, {"a": None}]], "lr": 1.0, "ü": "\n"}}
    tree["graphs"]["Perceptron"]["nodes"].append(strange)
    tree["graphs"]["Perceptron"]["edges"].append(
        {"source": "warp_1", "source_port": "left", "target": "linear_1", "target_port": "nowhere"})
    again = json.loads(projectfile.dumps(_loads(tree)))
    assert again == tree


def test_settings_are_completed_and_illegal_ones_kept():
    tree = _tree()
    nodes = tree["graphs"]["Perceptron"]["nodes"]
    nodes[2]["params"] = {"out_features": -4, "colour": "red"}
    nodes[7]["params"] = {"label_smoothing": "much"}
    nodes[1]["params"] = {"end_dim": 2.0}
    project = _loads(tree)
    flatten, linear, loss = (project.graph.node(name) for name in ("flatten_1", "linear_1", "crossentropy_1"))
    assert flatten.params == {"start_dim": 1, "end_dim": 2}
    assert linear.params == {"out_features": -4, "bias": True, "colour": "red"}
    assert loss.params == {"label_smoothing": "much", "weight": 1.0}
    assert projectfile.loads(projectfile.dumps(project)) == project


def test_settings_of_known_layers_are_tuples_in_the_order_of_the_catalogue():
    project = projectfile.load(RESOURCES / "templates" / "cnn.neuroloom")
    convolution = next(node for node in project.graph.nodes if node.type == "Conv2d")
    assert convolution.params["kernel_size"] == (3, 3)
    for node in project.graph.nodes:
        assert list(node.params) == [param.name for param in CATALOGUE[node.type].params]


@pytest.mark.parametrize(("old", "new", "path", "expected"), [
    ("/a/p", "/a/q", "data/x", "../p/data/x"),
    ("/a/p", "/a/p/sub", "data/x", "../data/x"),
    ("/a/p", "/a", "data/x", "p/data/x"),
    ("/a/p", "/a/p", "data/x", "data/x"),
    ("/a/p", "/b", "/a/p/data", "/a/p/data"),
    ("/a/p", "/a", "/a/p/data", "p/data"),
    (None, "/a", "/a/p/data", "p/data"),
    (None, "/a", "/b/data", "/b/data"),
    ("/a/p", "/a/q", "bundled:fashion-mnist-small", "bundled:fashion-mnist-small"),
])
def test_data_paths_follow_the_project(old, new, path, expected):
    project = new_project().replace(data=Data(path, "idx"))
    moved = projectfile.relocated(project, Path(old) if old else None, Path(new))
    assert moved.data.path == expected
    if not path.startswith("bundled:"):
        before = os.path.normpath(project.data.located(Path(old) if old else None))
        assert os.path.normpath(moved.data.located(Path(new))) == before
    assert msgspec.structs.replace(moved, data=project.data) == project


def test_a_project_without_data_or_with_relative_unsaved_data_can_be_relocated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert projectfile.relocated(new_project(), None, tmp_path) == new_project()
    project = new_project().replace(data=Data("here/x.csv", "csv"))
    assert projectfile.relocated(project, None, tmp_path).data.path == "here/x.csv"
    assert projectfile.relocated(project, None, tmp_path / "b").data.path == (tmp_path / "here/x.csv").as_posix()


def test_files_that_cannot_be_read_or_written_say_so(tmp_path):
    for path in (tmp_path, tmp_path / "none.neuroloom", tmp_path / "nul\0"):
        with pytest.raises(ProjectError) as refused:
            projectfile.load(path)
        assert refused.value.hint
        if path != tmp_path / "none.neuroloom":
            with pytest.raises(ProjectError):
                projectfile.save(new_project(), path)
    (tmp_path / "a.neuroloom").write_bytes(b"old")
    (tmp_path / "a.neuroloom").chmod(0o400)
    with pytest.raises(ProjectError, match="write-protected"):
        projectfile.save(new_project(), tmp_path / "a.neuroloom")
    assert (tmp_path / "a.neuroloom").read_bytes() == b"old"


def test_what_a_table_was_told_of_its_columns_is_kept():
    tree = json.loads((FIXTURES / "schema-1.neuroloom").read_text(encoding="utf-8"))
    tree["data"] = {"path": "t.csv", "source": "csv", "columns": [{"name": "a", "kind": "number", "role": "input"}],
                    "options": {"target": "grade", "target_kind": "number", "ignore": "id, name", "header": "yes"}}
    data = _loads(tree).data
    assert data is not None
    assert (data.source, data.options, data.columns) == ("table", {"header": "yes"}, ())
    assert data.chosen == {"grade": ColumnChoice("number", "target"), "id": ColumnChoice(role="ignore"),
                           "name": ColumnChoice(role="ignore")}


def test_what_a_folder_was_told_of_its_pictures_is_kept():
    tree = json.loads((FIXTURES / "schema-1.neuroloom").read_text(encoding="utf-8"))
    tree["data"] |= {"source": "image_folder", "options": {"size": [32, 32], "channels": "grey"}}
    data = _loads(tree).data
    assert data is not None
    assert data.options == {}
    assert data.chosen == {"image": ColumnChoice(settings={"size": (32, 32), "channels": "grey"})}
