"""The main job from the terminal, in real processes: the whole of Fashion-MNIST in three forms, and tables."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import projectfile
from engine.data.sources import inspect
from engine.project import Project
from engine.starter import starter_graph
from tests.stories.models import fashion_mnist, onnx_accuracy
from tests.stories.processes import ROOT, neuroloom

TEMPLATES = ROOT / "resources" / "templates"


def said(*arguments: object) -> dict:
    """The last line that a command says, which is JSON."""
    return json.loads(neuroloom(*arguments).splitlines()[-1])


def metrics_of(project: Path, run: Path, *options: object) -> dict:
    """Train, check how it ended, and give the metrics on the test split."""
    ended = said("train", project, "--run-dir", run, "--json", *options)
    assert ended == {"event": "ended", "reason": "completed", "run": str(run)}
    return said("evaluate", run, "--split", "test", "--json")["metrics"]


def test_perceptron(shared_data: Path, tmp_path: Path) -> None:
    data, run, model = shared_data / "fashion-mnist", tmp_path / "run", tmp_path / "model.onnx"
    accuracy = metrics_of(TEMPLATES / "perceptron.neuroloom", run, "--data", data)["accuracy"]
    assert accuracy >= 0.87
    exported = said("export", run, "--format", "onnx", "-o", model, "--json")
    assert exported["path"] == str(model)
    assert exported["difference"] < 1e-3
    assert onnx_accuracy(model, data) == pytest.approx(accuracy, abs=2e-4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_small_cnn_on_an_image_folder(shared_data: Path, tmp_path: Path) -> None:
    """70,000 PNG files, a folder per class."""
    for part, split in (("train", "train"), ("t10k", "test")):
        images, labels = fashion_mnist(shared_data / "fashion-mnist", part)
        for label in range(10):
            (tmp_path / "pictures" / split / str(label)).mkdir(parents=True)
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            Image.fromarray(image).save(tmp_path / "pictures" / split / str(label) / f"{number:05}.png")
    metrics = metrics_of(TEMPLATES / "cnn.neuroloom", tmp_path / "run", "--data", tmp_path / "pictures")
    assert metrics["accuracy"] >= 0.90


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_lstm_reads_each_image_as_28_rows(shared_data: Path, tmp_path: Path) -> None:
    metrics = metrics_of(TEMPLATES / "lstm.neuroloom", tmp_path / "run", "--data", shared_data / "fashion-mnist")
    assert metrics["accuracy"] >= 0.85


def started(table: Path) -> Path:
    """A project with the starter network for a table."""
    data = inspect(table)
    project = Project({"Network": starter_graph(data.columns)}, data)
    path = table.with_suffix(".neuroloom")
    projectfile.save(project, path)
    return path


def test_classification_from_a_table(tmp_path: Path) -> None:
    """Mean brightness of 7 x 7 patches of the bundled pictures, and what they show."""
    images, labels = fashion_mnist(ROOT / "resources" / "data" / "fashion-mnist-small", "train")
    patches = images.reshape(-1, 7, 4, 7, 4).mean((2, 4)).reshape(-1, 49)
    names = ("shirt", "trouser", "pullover", "dress", "coat", "sandal", "blouse", "sneaker", "bag", "boot")
    table = tmp_path / "pictures.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"patch{i}" for i in range(49)), "kind"])
        writer.writerows([*np.round(row, 1), names[label]] for row, label in zip(patches, labels, strict=True))
    assert metrics_of(started(table), tmp_path / "run", "--epochs", 15)["accuracy"] >= 0.75


def test_regression_from_a_table(shared_data: Path, tmp_path: Path) -> None:
    """Carbon dioxide in the air over Mauna Loa, from the year and the month."""
    table = tmp_path / "co2.csv"
    with (shared_data / "timeseries" / "co2.csv").open() as source, table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["year", "month", "co2"])
        for date, value in list(csv.reader(source))[1:]:
            if value:
                writer.writerow([date[:4], date[4:6], value])
    metrics = metrics_of(started(table), tmp_path / "run", "--epochs", 60)
    assert metrics["r2"] >= 0.95
    assert metrics["mae"] < 4, "in parts per million"
