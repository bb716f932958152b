"""Samples that a network makes of noise, and texts that it hears: in the program, the terminal and the exports."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import runs
from engine.cli.main import main
from engine.errors import DataError, ExportError
from engine.evaluation import evaluate
from engine.export import export
from engine.prediction import made, predict
from engine.preparation import Preparation
from engine.preparation.saving import sample_contents
from engine.preparation.usage import Noise, Usage
from engine.project import Project
from engine.runs import Run
from engine.training.control import Control
from engine.training.loop import train
from tests.engine import compositions


def trained(project: Project, folder: Path) -> Run:
    run = runs.create(project, None, folder)
    train(run, lambda event: None, Control())
    assert run.info().status == "completed", run.info().message
    return run


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("gan")
    return trained(compositions.gan(folder, 100, epochs=1), folder / "run")


def test_samples_are_drawn_from_a_seed(generator: Run) -> None:
    [(name, points)] = made(generator, 300, seed=1).items()
    assert points.shape == (300, 2)
    assert np.array_equal(points, made(generator, 300, seed=1)[name])
    assert not np.array_equal(points, made(generator, 300, seed=2)[name])
    assert points[:7] == pytest.approx(made(generator, 7, seed=1)[name], abs=1e-6)


def test_a_generator_that_draws_its_noise_itself_is_told_what_to_change(tmp_path: Path) -> None:
    project = compositions.gan(tmp_path, 100, epochs=1)
    noise = project.graphs["Train generator"].node("noise")
    inside = project.graph.update("noise", type="Noise", params=noise.params)
    project = project.with_graph("Generator", inside)
    for name in ("Train discriminator", "Train generator"):
        project = project.with_graph(name, project.graphs[name].remove(["noise"]))
    run = trained(project, tmp_path / "run")
    assert np.isfinite(evaluate(run, "test")["loss"])
    with pytest.raises(DataError, match="draws its noise inside"):
        made(run, 10)
    for format in ("source", "onnx"):
        with pytest.raises(ExportError, match="draws its noise inside") as caught:
            export(run, format, tmp_path / format)
        assert "Input" in caught.value.hint


def test_the_terminal_writes_them(generator: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["predict", str(generator.folder), "--samples", "20", "--seed", "1"]
    assert main([*command, "-o", str(tmp_path / "made.npy"), "--json"]) == 0
    out, _ = capsys.readouterr()
    said = json.loads(out)
    points = np.load(tmp_path / "made.npy")
    assert (said["samples"], said["seed"], said["path"]) == (20, 1, str(tmp_path / "made.npy"))
    [(name, facts)] = said["outputs"].items()
    assert facts["shape"] == [20, 2]
    assert facts["mean"] == pytest.approx(points.mean(), abs=1e-6)
    assert main(command) == 0
    assert name in capsys.readouterr().out
    assert main([*command, "-o", str(tmp_path / "made.npz")]) == 0
    with np.load(tmp_path / "made.npz") as arrays:
        assert np.array_equal(arrays[name], points)
    assert main([*command, "-o", str(tmp_path / "made.png")]) == 1
    assert "makes no pictures" in capsys.readouterr().err
    assert main([*command, "file.csv"]) == 2
    assert main(["predict", str(generator.folder)]) == 2


def test_a_network_that_reads_data_makes_none_and_one_that_reads_noise_takes_no_files(
    generator: Run, trained_run: Callable[[str], Run], house_prices: Path
) -> None:
    with pytest.raises(DataError, match="reads data"):
        made(trained_run("regression"), 3)
    with pytest.raises(DataError, match="reads no data"):
        predict(generator, [house_prices])


def test_an_export_makes_the_same_samples(generator: Run, tmp_path: Path) -> None:
    path = tmp_path / "network"
    assert export(generator, "source", path)["difference"] < 1e-4
    command = [sys.executable, "-I", path / "predict.py", "--samples", "9", "--seed", "3", "-o", tmp_path / "p.npy"]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    [points] = made(generator, 9, seed=3).values()
    assert np.load(tmp_path / "p.npy") == pytest.approx(points, abs=1e-5)


def test_noise_is_drawn_as_in_training() -> None:
    noise = {"z": Noise((2, 3)), "u": Noise((), "uniform"), "c": Noise((), "normal", 4)}
    drawn = Usage(Preparation(()), tuple(noise), ("out",), {}, noise=noise).drawn(5000, 0)
    assert {name: values.shape for name, values in drawn.items()} == {"z": (5000, 2, 3), "u": (5000,), "c": (5000,)}
    assert (drawn["z"].mean(), drawn["z"].std()) == pytest.approx((0, 1), abs=0.03)
    assert (drawn["u"].min(), drawn["u"].max()) == pytest.approx((0, 1), abs=0.01)
    assert drawn["z"].dtype == drawn["u"].dtype == np.float32
    assert np.bincount(drawn["c"]) == pytest.approx(1250, rel=0.15)


def test_pictures_are_written_side_by_side(tmp_path: Path) -> None:
    from PIL import Image

    pictures = np.arange(5 * 3 * 4, dtype=np.float32).reshape(5, 1, 3, 4)
    [(path, content)] = sample_contents({"picture": pictures}, tmp_path / "made.png").items()
    path.write_bytes(content)
    grid = np.asarray(Image.open(path))
    assert grid.shape == (2 * 3, 3 * 4)
    assert (grid[0, 0], grid[5, 7]) == (0, 255)
    assert not grid[3:, 8:].any()


def test_a_heard_text_is_decoded_and_exported(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    run = trained(compositions.speech(tmp_path / "sounds", 120, epochs=3), tmp_path / "run")
    assert evaluate(run)["written"]["samples"] == 24
    recordings = sorted((tmp_path / "sounds").glob("*.wav"))[:12]
    for method in ({"decode": "greedy"}, {"decode": "beam", "beam": 5}):
        found = predict(run, recordings, decoding=method)["predictions"]
        assert all(set(entry["text"]) <= set("abc[UNK]") for entry in found)
        assert all(entry["log_probability"] < 0 for entry in found)
    assert export(run, "source", tmp_path / "network")["difference"] < 1e-3
    config = json.loads((tmp_path / "network" / "config.json").read_text())
    assert config["decoding"]["method"] == "ctc"
