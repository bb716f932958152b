"""An export that fails leaves nothing behind, and what stood there before stays as it was."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import runs
from engine.errors import ExportError, RunError, WeightsError
from engine.export import FORMATS, export
from engine.export import model as models
from engine.export.verification import verify


def test_a_file_that_computes_something_else_is_refused(trained_run, tmp_path: Path) -> None:
    model = models.load(trained_run("perceptron"), "best", lambda event: None, {})
    spec, path = FORMATS["onnx"], tmp_path / "network.onnx"
    spec.write(model, path)
    assert verify(spec, model, path) < 1e-4
    for values in (model.expected[0] + np.float32(0.01), model.expected[0][:, :5]):
        with pytest.raises(ExportError, match="It was not kept"):
            verify(spec, replace(model, expected=(values,)), path)


def test_a_file_that_cannot_be_loaded_is_refused(trained_run, tmp_path: Path) -> None:
    model = models.load(trained_run("perceptron"), "best", lambda event: None, {})
    path = tmp_path / "network.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(ExportError, match="does not run in a fresh process"):
        verify(FORMATS["onnx"], model, path)


def test_an_export_that_needs_the_program_is_refused(trained_run, tmp_path: Path) -> None:
    model = models.load(trained_run("perceptron"), "best", lambda event: None, {})
    source = replace(model.source, text=f"import engine\n{model.source.text}")
    path = tmp_path / "network"
    FORMATS["source"].write(replace(model, source=source), path)
    with pytest.raises(ExportError, match="a part of Neuroloom"):
        verify(FORMATS["source"], model, path)


class Fickle(torch.nn.Module):
    """Computes with batches of one something else than with many: what a network must never do."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.flatten(1)[:, :10] - image.flatten(1)[:, :10].mean(0)


def test_a_network_that_depends_on_the_batch_size_is_refused(trained_run, tmp_path: Path) -> None:
    model = models.load(trained_run("perceptron"), "best", lambda event: None, {})
    fickle = Fickle()
    expected = (fickle(torch.from_numpy(model.samples["image"])).numpy(),)
    path = tmp_path / "network.pt2"
    wrong = replace(model, network=fickle, expected=expected)
    FORMATS["pt2"].write(wrong, path)
    with pytest.raises(ExportError, match="does not compute"):
        verify(FORMATS["pt2"], wrong, path)


def test_nan_in_the_outputs_is_refused(trained_run, tmp_path: Path) -> None:
    model = models.load(trained_run("perceptron"), "best", lambda event: None, {})
    next(model.network.parameters()).fill_(float("nan"))
    path = tmp_path / "network.safetensors"
    FORMATS["state_dict"].write(model, path)
    with pytest.raises(ExportError, match="does not compute"):
        verify(FORMATS["state_dict"], model, path)


@pytest.mark.parametrize("format", ["source", "state_dict"])
def test_a_failed_export_keeps_the_old_one(trained_run, tmp_path: Path, format: str) -> None:
    """Between two exports the checkpoint becomes NaN, which no verification lets pass, and then unreadable."""
    run = runs.open_run(shutil.copytree(trained_run("perceptron").folder, tmp_path / "run"))
    path = tmp_path / "network"
    export(run, format, path)
    before = contents(path)
    weights = load_file(run.checkpoint("best"))
    save_file({name: values * float("nan") for name, values in weights.items()}, run.checkpoint("best"))
    with pytest.raises(ExportError, match="was not kept"):
        export(run, format, path)
    run.checkpoint("best").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="cannot be used"):
        export(run, format, path)
    assert contents(path) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["network", "run"]


def contents(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {str(file): file.read_bytes() for file in files}


def test_an_unwritable_place_is_said_and_nothing_is_left(trained_run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="cannot be written"):
        export(trained_run("perceptron"), "state_dict", tmp_path / "file" / "network.safetensors")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_nothing_but_an_earlier_export_is_replaced(trained_run, tmp_path: Path) -> None:
    run = trained_run("perceptron")
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "holiday.png").write_bytes(b"precious")
    with pytest.raises(ExportError, match="holds other files"):
        export(run, "source", folder)
    assert (folder / "holiday.png").read_bytes() == b"precious"
    with pytest.raises(ExportError, match="is a folder"):
        export(run, "onnx", folder)
    with pytest.raises(ExportError, match="is a file"):
        export(run, "source", folder / "holiday.png")
    with pytest.raises(ExportError, match="holds the run itself"):
        export(run, "source", run.folder)
    (tmp_path / "table.csv").write_bytes(b"precious")
    with pytest.raises(ExportError, match="is there already"):
        export(run, "onnx", tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == b"precious"
    weights = run.checkpoint("best").read_bytes()
    with pytest.raises(ExportError, match="holds the checkpoints of a run"):
        export(run, "state_dict", run.checkpoint("best"))
    assert run.checkpoint("best").read_bytes() == weights
    export(run, "source", tmp_path / "network")
    (tmp_path / "network" / "note.txt").write_text("old")
    export(run, "source", tmp_path / "network")
    assert not (tmp_path / "network" / "note.txt").exists()


def test_an_unknown_format_or_checkpoint_is_said(trained_run, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no format named 'keras'"):
        export(trained_run("perceptron"), "keras", tmp_path / "x")
    with pytest.raises(RunError, match="no checkpoint 'second'"):
        export(trained_run("perceptron"), "onnx", tmp_path / "x", "second")
