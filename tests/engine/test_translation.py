"""A network that learns to write words backwards: from a table of texts to texts, in the program and in its exports."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import runs
from engine.cli.main import main
from engine.data import dataset, sources
from engine.decoding import settings_of
from engine.errors import ExportError
from engine.evaluation import evaluate
from engine.export import export
from engine.options import Options, with_option
from engine.prediction import predict
from engine.project import ColumnChoice, Project
from engine.runs import Run
from engine.starter import starter_graph
from engine.training.control import Control
from engine.training.loop import train

SETTINGS = {"tokens": "character", "vocabulary": 20, "max_length": 6}
LINES = 1500
METHODS = ({"decode": "greedy"}, {"decode": "beam", "beam": 3}, {"decode": "sample", "seed": 4, "temperature": 2.0})


def texts(count: int) -> list[str]:
    random = np.random.default_rng(0)
    return ["".join(random.choice(list("abcde"), random.integers(2, 5))) for _ in range(count)]


NEW = texts(LINES + 50)[LINES:]
"""Texts that no training saw, nearly all."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("translation")
    lines = [f"{text}\t{text[::-1]}" for text in texts(LINES)]
    (folder / "words.tsv").write_text("\n".join(["source\ttarget", *lines]))
    chosen = {"source": ColumnChoice("text", "input", SETTINGS), "target": ColumnChoice("text", "target", SETTINGS)}
    data = sources.inspect(folder / "words.tsv", chosen=chosen)
    options = Options()
    for name, value in {"epochs": 8, "batch_size": 16, "threads": 1, "lr": 0.005}.items():
        options = with_option(options, name, value)
    made = runs.create(Project({"Network": starter_graph(data.columns)}, data, options), None, folder / "run")
    train(made, lambda event: None, Control())
    assert made.info().status == "completed", made.info().message
    return made


@pytest.fixture
def new(tmp_path: Path) -> Path:
    (tmp_path / "new.csv").write_text("source\n" + "\n".join(NEW))
    return tmp_path / "new.csv"


def test_the_data_has_the_target_moved_by_one_step(run: Run) -> None:
    assert run.project.data is not None
    data = dataset.load(run.project.data, None)
    target, moved, lengths = (data.prepared(f"target{ending}") for ending in ("", " shifted", " lengths"))
    assert [column.name for column in data.columns] == ["source", "target", "target shifted"]
    assert moved.dtype == target.dtype == np.int64
    for row, length in enumerate(lengths.tolist()):
        assert target[row, length - 1] == 3
        assert moved[row, :length].tolist() == [2, *target[row, : length - 1].tolist()]
        assert not moved[row, length:].any()


def test_it_writes_what_it_has_learned(run: Run, new: Path) -> None:
    result = evaluate(run)
    assert result["loss"] < 0.5
    assert result["written"]["samples"] == 128
    assert result["written"]["exact"] > 0.7
    told = result["written"]["texts"]
    assert [text["is_exact"] for text in told] == sorted(text["truth"] == text["text"] for text in told)
    assert sum(text["is_exact"] for text in told) == result["written"]["exact"] * 128
    assert all(text["truth"] == text["read"][::-1] for text in told)
    assert (result["written"]["target"], result["written"]["output"]) == ("target", result["output"])
    assert {text["name"] for text in told} == {f"row {text['row'] + 1}" for text in told}
    for method in METHODS[:2]:
        found = predict(run, [new], decoding=method)["predictions"]
        right = sum(entry["text"] == text[::-1] for entry, text in zip(found, NEW, strict=True))
        assert right >= 40, [entry["text"] for entry in found]
        assert all(entry["log_probability"] <= 0 for entry in found)


def test_the_terminal_tells_how_many_are_written_exactly(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run.folder)]) == 0
    [told] = [line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.startswith("written exactly")]
    known = run.evaluation("test")
    assert known is not None
    assert told == f"{known['written']['exact']:.4f}"


def test_it_tells_where_it_looked(run: Run, new: Path) -> None:
    [*found] = predict(run, [new], with_attention=True)["predictions"]
    for entry, text in zip(found, NEW, strict=True):
        attention = entry["attention"]
        assert attention["columns"] == list(text)
        assert "".join(attention["rows"]).removesuffix("[END]") == entry["text"]
        assert np.sum(attention["weights"], axis=1) == pytest.approx(1, abs=1e-4)
    assert "attention" not in predict(run, [new])["predictions"][0]


def test_a_text_that_is_too_long_is_told(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "texts.tsv").write_text("source\nabc\nabcabcab\n")
    short, long = predict(run, [tmp_path / "texts.tsv"])["predictions"]
    length = run.preparation().part("source").shape[0]
    assert "cut" not in short
    assert long["cut"] == {"source": {"tokens": 8, "read": length, "unit": "characters"}}
    assert main(["predict", str(run.folder), str(tmp_path / "texts.tsv")]) == 0
    assert "the texts of 1 of 2 samples" in capsys.readouterr().err
    (tmp_path / "long.txt").write_text("abcabcab")
    assert main(["predict", str(run.folder), str(tmp_path / "long.txt"), "--json"]) == 0
    said = capsys.readouterr()
    assert f"the first {length} of 8 characters of 'source'" in said.err
    assert json.loads(said.out)["predictions"][0]["cut"] == long["cut"]
    assert main(["predict", str(run.folder), str(tmp_path / "texts.tsv"), "-o", str(tmp_path / "said.txt")]) == 0
    assert "1 of 2 samples" in capsys.readouterr().err


@pytest.mark.parametrize(("format", "name"), [("pt2", "network.pt2"), ("state_dict", "network.safetensors")])
def test_exports_compute_the_same(run: Run, tmp_path: Path, format: str, name: str) -> None:
    assert export(run, format, tmp_path / name)["difference"] < 1e-4


def test_an_export_writes_the_same_in_a_process_of_its_own(run: Run, new: Path, tmp_path: Path) -> None:
    path = tmp_path / "network"
    assert export(run, "source", path)["difference"] < 1e-4
    for method in METHODS:
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in method.items()]
        done = subprocess.run([sys.executable, "-I", path / "predict.py", new, "--json", *arguments], text=True,
                              capture_output=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        theirs: list[dict[str, Any]] = json.loads(done.stdout)["predictions"]
        ours = predict(run, [new], decoding=method)["predictions"]
        assert [entry["text"] for entry in theirs] == [entry["text"] for entry in ours]
        assert [entry["log_probability"] for entry in theirs] == pytest.approx(
            [entry["log_probability"] for entry in ours], abs=1e-4)
    (tmp_path / "long.txt").write_text("abcabcab")
    done = subprocess.run([sys.executable, "-I", path / "predict.py", tmp_path / "long.txt"], text=True,
                          capture_output=True, check=True, cwd=tmp_path)
    assert "of 8 characters of 'source'" in done.stderr


def test_onnx_files_say_how_to_decode(run: Run, tmp_path: Path) -> None:
    import onnx

    assert export(run, "onnx", tmp_path / "network.onnx")["difference"] < 1e-4
    facts = {entry.key: json.loads(entry.value) for entry in onnx.load(tmp_path / "network.onnx").metadata_props}
    assert facts["decoding"]["method"] == "loop"
    assert facts["decoding"]["input"] == "target shifted"
    assert (facts["decoding"]["begin"], facts["decoding"]["end"], facts["decoding"]["length"]) == (2, 3, 6)
    assert facts["decoding"]["settings"]["decode"] == "greedy"


@pytest.mark.parametrize("method", METHODS[1:])
def test_an_export_keeps_how_texts_are_written(run: Run, new: Path, tmp_path: Path, method: dict[str, Any]) -> None:
    path = tmp_path / "network"
    options = [f"--{name}={value}" for name, value in method.items()]
    assert main(["export", str(run.folder), "-f", "source", "-o", str(path), *options]) == 0
    told = json.loads((path / "config.json").read_text())["decoding"]["settings"]
    assert told == settings_of(method)
    done = subprocess.run([sys.executable, "-I", path / "predict.py", new, "--json"], text=True, capture_output=True,
                          check=True, cwd=tmp_path)
    ours = predict(run, [new], decoding=method)["predictions"]
    assert [entry["text"] for entry in json.loads(done.stdout)["predictions"]] == [entry["text"] for entry in ours]


def test_a_decoding_is_refused_where_nothing_is_written(trained_run: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="writes no texts"):
        export(trained_run("perceptron"), "state_dict", tmp_path / "a.safetensors", decoding={"decode": "beam"})
    assert not list(tmp_path.iterdir())
