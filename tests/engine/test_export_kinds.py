"""Raw input goes in and labelled output comes out of the exported source, whatever kind of data it was trained on."""

import csv
import gzip
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import runs
from engine.cli.main import main
from engine.data import sources
from engine.evaluation import evaluate
from engine.export import export
from engine.options import Options, with_option
from engine.prediction import predict
from engine.project import ColumnChoice, Project
from engine.runs import Run
from engine.starter import starter_graph
from engine.training.control import Control
from engine.training.loop import train
from tests.engine.data_files import fashion
from tests.engine.drawing import Layer, chain

Layers = Sequence[Sequence[Layer]]


def trained(path: Path, folder: Path, beside: Layers = (), **chosen: ColumnChoice) -> Run:
    """The starter network of a data set, with other layers beside it, after one epoch."""
    data = sources.inspect(path, chosen=chosen or None)
    graph = starter_graph(data.columns)
    for layers in beside:
        graph = chain(*layers, graph=graph)
    project = Project({"Network": graph}, data, with_option(Options(), "epochs", 1))
    run = runs.create(project, None, folder)
    train(run, lambda event: None, Control())
    assert run.info().status == "completed", run.info().message
    return run


def exported(run: Run, folder: Path) -> Path:
    result = export(run, "source", folder)
    assert 0 <= result["difference"] < 1e-3
    return folder


def answered(folder: Path, *arguments: object) -> str:
    """What the exported predict.py says, run in a Python that knows nothing of the program."""
    done = subprocess.run([sys.executable, "-I", folder / "predict.py", *map(str, arguments)], text=True,
                          capture_output=True, check=False, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def agree(run: Run, folder: Path, *new: Path) -> list[dict[str, Any]]:
    """The export's predictions, which must be the program's."""
    found: list[dict[str, Any]] = json.loads(answered(folder, "--json", *new))["predictions"]
    for theirs, ours in zip(found, predict(run, new)["predictions"], strict=True):
        assert theirs.keys() == ours.keys()
        for key in theirs.keys() & {"label", "text", "mask"}:
            assert theirs[key] == ours[key]
        for key in theirs.keys() & {"value", "probabilities"}:
            assert theirs[key] == pytest.approx(ours[key], rel=1e-3, abs=1e-5)
    return found


def test_a_recording_gets_a_label(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "fsdd" / "fsdd.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".wav")][::40]
        for name in names:
            label, _, file = Path(name).name.partition("_")
            (tmp_path / "digits" / label).mkdir(parents=True, exist_ok=True)
            (tmp_path / "digits" / label / file).write_bytes(archive.read(name))
    run = trained(tmp_path / "digits", tmp_path / "run")
    folder = exported(run, tmp_path / "network")
    [entry] = agree(run, folder, next((tmp_path / "digits" / "3").iterdir()))
    assert entry["label"] in "0123456789"
    assert {line.partition(">=")[0] for line in (folder / "requirements.txt").read_text().splitlines()} == {
        "torch", "numpy", "safetensors", "soundfile", "scipy"}
    assert "recording.wav" in (folder / "README.md").read_text()


def test_a_text_gets_a_number_and_its_length_may_be_read_too(shared_data: Path, tmp_path: Path) -> None:
    with gzip.open(shared_data / "vader-sentiment" / "tweets.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(islice(csv.reader(file), 400))
    with (tmp_path / "tweets.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([row[-2:] for row in rows])
    layers: tuple[Layer, ...] = (
        ("Input", {"column": "text lengths", "shape": (), "values": "classes", "classes": 0}),
        ("Embedding", {"num_embeddings": 65, "embedding_dim": 1}), "Output")
    run = trained(tmp_path / "tweets.csv", tmp_path / "run", (layers,), **{
        "text": ColumnChoice(settings={"vocabulary": 500, "max_length": 64}),
        "text lengths": ColumnChoice(role="input")})
    assert set(run.source().inputs) == {"text", "text lengths"}
    assert evaluate(run, "test")["pairs"]["truth"]
    folder = exported(run, tmp_path / "network")
    (tmp_path / "new.txt").write_text("what a lovely day!", encoding="utf-8")
    [entry] = agree(run, folder, tmp_path / "new.txt")
    assert len(entry["outputs"]) == 2
    assert "tokenizers" in (folder / "requirements.txt").read_text()
    assert "Pillow" not in (folder / "requirements.txt").read_text()


def test_a_row_with_dates_and_categories_gets_a_number(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    lines = [f"{20 + number % 9}.{1 + number % 12}.2020,{random.choice(['red', 'blue'])},"
             f"{random.choice(['yes', 'no'])},{random.normal():.4f},{random.normal() * 50 + 200:.2f}"
             for number in range(200)]
    (tmp_path / "sales.csv").write_text("\n".join(["day,colour,open,size,price", *lines]))
    run = trained(tmp_path / "sales.csv", tmp_path / "run", price=ColumnChoice(role="target"))
    leaves = {leaf.name: leaf.kind for leaf in run.preparation().part("features").parts}
    assert leaves == {"day": "date", "colour": "category", "open": "boolean", "size": "number"}
    folder = exported(run, tmp_path / "network")
    (tmp_path / "new.csv").write_text("size,day,open,colour\n,24.12.2021,no,violet\n0.5,1.1.2020,yes,red\n")
    found = agree(run, folder, tmp_path / "new.csv")
    assert all(50 < entry["value"] < 400 for entry in found)
    assert "Pillow" not in (folder / "requirements.txt").read_text()


def test_a_picture_gets_a_mask_which_is_written_as_a_picture_or_an_array(tmp_path: Path) -> None:
    for number, picture in enumerate(fashion(40)[0]):
        for kind, values in (("images", picture), ("masks", np.where(picture > 60, 255, 0).astype(np.uint8))):
            (tmp_path / "data" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(tmp_path / "data" / kind / f"{number}.png")
    run = trained(tmp_path / "data", tmp_path / "run")
    result = evaluate(run, "test")
    assert np.sum(result["confusion"]) == result["places"]["count"] == result["samples"] * 784
    folder = exported(run, tmp_path / "network")
    new = shutil.copy(tmp_path / "data" / "images" / "7.png", tmp_path / "new.png")
    [entry] = agree(run, folder, Path(new))
    assert np.shape(entry["mask"]) == (28, 28)
    assert sum(entry["shares"].values()) == pytest.approx(1)
    answered(folder, new, "-o", tmp_path / "mask.png")
    answered(folder, new, new, "-o", tmp_path / "masks.npy")
    assert np.asarray(Image.open(tmp_path / "mask.png")).tolist() == entry["mask"]
    assert np.load(tmp_path / "masks.npy").tolist() == [entry["mask"]] * 2
    assert "%" in answered(folder, new)


def test_several_targets_are_tested_and_told_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'high' if a + b > 0 else 'low'},{a * 10 + b:.3f}"
            for a, b in random.normal(size=(120, 2))]
    (tmp_path / "two.csv").write_text("\n".join(["a,b,level,amount", *rows]))
    run = trained(tmp_path / "two.csv", tmp_path / "run", level=ColumnChoice(role="target"),
                  amount=ColumnChoice(role="target"))
    result = evaluate(run, "test")
    assert (result["target"], [other["target"] for other in result["others"]]) == ("level", ["amount"])
    assert [result["output"], result["others"][0]["output"]] == list(run.source().outputs)
    assert np.sum(result["confusion"]) == result["samples"]
    assert main(["evaluate", str(run.folder)]) == 0
    assert "\nlevel\ntrue \\ predicted" in capsys.readouterr().out
    assert len(result["others"][0]["pairs"]["truth"]) == result["samples"]
    (tmp_path / "new.csv").write_text("b,a\n1,2\n")
    [entry] = agree(run, exported(run, tmp_path / "network"), tmp_path / "new.csv")
    assert entry["label"] in ("high", "low")
    assert sorted("label" in said for said in entry["outputs"].values()) == [False, True]
    name, level, amount = answered(tmp_path / "network", tmp_path / "new.csv").strip().split("\t")
    assert name == entry["name"]
    first, second = entry["outputs"]
    assert level.startswith(f"{first}: {entry['label']} ")
    assert amount == f"{second}: {entry['outputs'][second]['value']:.6g}"


def test_an_export_takes_the_preparation_along_as_it_is(trained_run: Any, tmp_path: Path) -> None:
    from engine import preparation

    folder = exported(trained_run("perceptron"), tmp_path / "network")
    own = Path(str(preparation.__file__)).parent
    copied = {file.name: file.read_bytes() for file in (folder / "runtime" / "preparation").iterdir()}
    assert copied == {file.name: file.read_bytes() for file in own.glob("*.py")}
    for text in copied.values():
        assert b"import engine" not in text
        assert b"from engine" not in text
