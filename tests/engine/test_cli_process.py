"""The terminal as people use it: real processes, real pipes and signals, and a real pseudo-terminal for the bar."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import projectfile, runs
from tests.engine import examples

PROGRAM = (sys.executable, "-m", "gui.launch")


def started(home: Path, *arguments: object, **settings) -> subprocess.Popen:
    environment = {**os.environ, "NEUROLOOM_HOME": str(home)}
    return subprocess.Popen([*PROGRAM, *map(str, arguments)], env=environment, **settings)


@pytest.fixture
def long_project(tmp_path: Path, small_fashion: Path) -> Path:
    path = tmp_path / "long.neuroloom"
    projectfile.save(examples.perceptron(small_fashion, epochs=100_000), path)
    return path


def test_the_main_path_in_real_processes(tmp_path: Path, small_fashion: Path, neuroloom_home: Path) -> None:
    project = tmp_path / "small.neuroloom"
    projectfile.save(examples.perceptron(small_fashion), project)
    folder = tmp_path / "run"

    def output(*arguments: object) -> str:
        process = started(neuroloom_home, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        return out

    assert output("train", project, "--run-dir", folder).strip() == str(folder)
    assert json.loads(output("evaluate", folder, "--json"))["metrics"]["accuracy"] > 0.4
    exported = json.loads(output("export", folder, "--format", "onnx", "-o", tmp_path / "net.onnx", "--json"))
    assert exported["difference"] < 1e-4
    assert Path(exported["path"]).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_ctrl_c_stops_with_a_checkpoint_and_the_run_can_be_resumed(long_project: Path, tmp_path: Path,
                                                                 neuroloom_home: Path) -> None:
    folder = tmp_path / "run"
    process = started(neuroloom_home, "train", long_project, "--run-dir", folder, "--json",
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if json.loads(line)["event"] == "validated":
            process.send_signal(signal.SIGINT)
            break
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(rest.splitlines()[-1]) == {"event": "ended", "reason": "stopped", "run": str(folder)}
    assert "neuroloom resume" in err
    assert "Traceback" not in err
    before = runs.open_run(folder).info()
    assert before.status == "stopped"
    assert before.step > 0

    process = started(neuroloom_home, "resume", folder, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                      text=True)
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "started":
            assert event["step"] == before.step
        if event["event"] == "validated":
            process.send_signal(signal.SIGTERM)
            break
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert runs.open_run(folder).info().step > before.step


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_a_terminal_gets_a_bar_and_a_pipe_does_not(tmp_path: Path, small_fashion: Path, neuroloom_home: Path) -> None:
    project = tmp_path / "small.neuroloom"
    projectfile.save(examples.perceptron(small_fashion), project)
    ours, theirs = os.openpty()
    process = started(neuroloom_home, "train", project, "--run-dir", tmp_path / "run", stdout=subprocess.PIPE,
                      stderr=theirs, text=True)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == f"{tmp_path / 'run'}\n"
    text = shown.decode()
    assert "epoch 2/2" in text
    assert "100%" in text


def test_a_reader_that_has_seen_enough_is_no_fault(neuroloom_home: Path) -> None:
    process = started(neuroloom_home, "layers", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert err == ""
