"""The terminal's contract: what commands print where, and how they exit. Nothing here trains."""

import argparse
import ast
import json
import subprocess
from pathlib import Path

import pytest

from engine import __version__, projectfile
from engine.cli.console import Console, table
from engine.cli.main import command_names, main, run
from engine.layers import CATALOGUE
from engine.project import RESOURCES

PERCEPTRON = RESOURCES / "templates" / "perceptron.neuroloom"
COMMANDS = ("check", "code", "data", "train", "resume", "evaluate", "predict", "export", "suspicious", "steps",
            "layers", "completion")


@pytest.fixture
def broken_project(tmp_path: Path) -> Path:
    """The perceptron with the wire into its loss taken away."""
    project = projectfile.load(PERCEPTRON)
    graph = project.graph
    [wire] = (edge for edge in graph.edges if edge.target_port == "prediction")
    path = tmp_path / "broken.neuroloom"
    projectfile.save(project.with_graph(project.main, graph.disconnect(wire)), path)
    return path


def test_help_names_every_command_and_the_exit_codes(capsys) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert set(command_names()) == set(COMMANDS)
    for word in (*COMMANDS, "130", "NO_COLOR", "examples:"):
        assert word in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, capsys) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"usage: neuroloom {command}" in text
    assert "examples:" in text


def test_help_of_train_lists_every_option(capsys) -> None:
    from engine.options import OPTIMIZERS, TRAINING

    main(["train", "--help"])
    text = capsys.readouterr().out
    for param in TRAINING:
        assert f"{param.name}=" in text
    for type in OPTIMIZERS:
        assert type in text


def test_version(capsys) -> None:
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("argv", [
    [], ["chek"], ["check"], ["check", "a", "b"], ["check", "a", "--jsn"],
    ["export", "RUN", "--format", "keras", "-o", "x"],
    ["evaluate", "RUN", "--split", "holdout"], ["completion", "dos"], ["layers", "-q", "-v"],
])
def test_wrong_use_exits_with_2_and_says_so_on_stderr(argv: list[str], capsys) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("usage: neuroloom")


@pytest.mark.parametrize("settings", [
    ["--epochs", "many"], ["--epochs", "0"], ["--set", "epochs"], ["--set", "speed=3"], ["--set", "optimizer=Magic"],
    ["--set", "lr=fast"], ["--device", "tpu"], ["--batch-size", "-1"],
])
def test_wrong_options_exit_with_2(settings: list[str], tmp_path: Path, capsys) -> None:
    assert main(["train", str(PERCEPTRON), "--run-dir", str(tmp_path / "run"), *settings]) == 2
    assert "neuroloom train: error:" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_check_json_is_exactly_what_is_documented(capsys) -> None:
    assert main(["check", str(PERCEPTRON), "--json"]) == 0
    out, err = capsys.readouterr()
    assert not err
    found = json.loads(out)
    assert list(found) == ["weights", "multiply_adds", "nodes", "graphs", "problems"]
    assert found["weights"] == 784 * 128 + 128 + 128 * 10 + 10
    assert found["multiply_adds"] == 784 * 128 + 128 * 10
    assert found["problems"] == []
    assert [graph["name"] for graph in found["graphs"]] == ["Perceptron"]
    assert found["graphs"][0]["nodes"] == found["nodes"]
    outputs = {node["type"]: node["outputs"] for node in found["nodes"]}
    assert all(list(node) == ["id", "name", "type", "outputs"] for node in found["nodes"])
    assert outputs["ReLU"] == {"output": ["batch", 128]}
    assert outputs["CrossEntropy"] == {}


def test_check_of_a_design_with_an_error_prints_it_and_exits_with_1(broken_project: Path, capsys) -> None:
    assert main(["check", str(broken_project), "--json"]) == 1
    out, err = capsys.readouterr()
    errors = [problem for problem in json.loads(out)["problems"] if problem["severity"] == "error"]
    assert errors
    assert list(errors[0]) == ["severity", "code", "message", "node", "graph"]
    assert "to solve before training" in err
    assert main(["check", str(broken_project)]) == 1
    assert f"error: {errors[0]['message']}" in capsys.readouterr().out


def test_check_for_people_shows_shapes_and_weights(capsys) -> None:
    assert main(["check", str(PERCEPTRON)]) == 0
    out = capsys.readouterr().out
    assert "(batch, 128)" in out
    assert "101,770 weights" in out


@pytest.mark.parametrize("command", [["check"], ["code"], ["train"]])
@pytest.mark.parametrize("content", [None, b"", b'{"program": "Neuroloom", "schema": 1, "gra', b"\x00\xff" * 99])
def test_a_project_that_cannot_be_read_exits_with_1_in_a_sentence(command, content, tmp_path: Path, capsys) -> None:
    path = tmp_path / "x.neuroloom"
    if content is not None:
        path.write_bytes(content)
    assert main([*command, str(path)]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"neuroloom {command[0]}: ")
    assert "x.neuroloom" in err
    assert "Traceback" not in err


def test_code_prints_a_module_that_needs_torch_only(tmp_path: Path, capsys) -> None:
    assert main(["code", str(PERCEPTRON)]) == 0
    text = capsys.readouterr().out
    nodes = list(ast.walk(ast.parse(text)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} == {"torch"}
    assert main(["code", str(PERCEPTRON), "-o", str(tmp_path / "model.py")]) == 0
    assert (tmp_path / "model.py").read_text() == text
    assert not capsys.readouterr().out


def test_code_of_a_design_with_an_error(broken_project: Path, capsys) -> None:
    assert main(["code", str(broken_project)]) == 1
    assert "neuroloom code: " in capsys.readouterr().err


def test_layers_json_lists_the_catalogue_with_params_and_ports(capsys) -> None:
    assert main(["layers", "--json"]) == 0
    found = {entry["type"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert list(found) == list(CATALOGUE)
    linear = found["Linear"]
    assert linear["inputs"] == [{"name": "input", "variadic": False}]
    assert linear["outputs"] == [{"name": "output"}]
    assert linear["params"][0]["name"] == "out_features"
    assert linear["params"][0]["kind"] == "int"
    assert linear["params"][0]["minimum"] == 1
    assert found["CrossEntropy"]["role"] == "loss"
    assert any(port["variadic"] for port in found["Concat"]["inputs"])


def test_layers_searches_and_says_when_nothing_is_found(capsys) -> None:
    assert main(["layers", "dense"]) == 0
    assert capsys.readouterr().out.startswith("Linear ")
    assert main(["layers", "flux", "capacitor"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "'flux capacitor'" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_commands_options_and_files(shell: str, capsys) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("evaluate", "state_dict", "--run-dir" if shell != "tcsh" else "run-dir"):
        assert word in script
    if shell == "bash":
        assert "_shtab_compgen_files" in script
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_a_fault_of_the_program_is_one_line_and_a_report(capsys, neuroloom_home: Path) -> None:
    def faulty(args: argparse.Namespace, console: Console) -> int:
        raise ZeroDivisionError("by zero")

    for is_verbose in (False, True):
        args = argparse.Namespace(command="check", run=faulty, verbose=is_verbose)
        assert run(args, Console()) == 1
        err = capsys.readouterr().err
        assert "ZeroDivisionError: by zero" in err
        assert ("Traceback" in err) is is_verbose
    [report] = neuroloom_home.rglob("terminal-*.txt")
    assert "Traceback" in report.read_text()
    assert str(report) in err


def test_a_run_folder_that_is_none_is_said(tmp_path: Path, capsys) -> None:
    for argv in (["evaluate"], ["resume"], ["predict"], ["export", "--format", "onnx", "-o", str(tmp_path / "x")]):
        files = ["a.png"] if argv == ["predict"] else []
        assert main([argv[0], str(tmp_path), *argv[1:], *files]) == 1
        assert f"neuroloom {argv[0]}: {tmp_path} is not a run" in capsys.readouterr().err


def test_a_failed_start_of_a_training_is_the_last_line_of_its_json(broken_project: Path, capsys) -> None:
    assert main(["train", str(broken_project), "--json"]) == 1
    out, err = capsys.readouterr()
    ended = json.loads(out.splitlines()[-1])
    assert (ended["event"], ended["reason"], ended["run"]) == ("ended", "failed", "")
    assert ended["message"] in err


def test_tables_line_up() -> None:
    assert table([("a", 1), ("long", 22)], right=(1,)) == "a      1\nlong  22"
