"""Suspicious labels: every sample's loss is torch's, and labels that were made wrong come first."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import jobs, trained
from engine.cli.main import main
from engine.errors import RunError
from engine.events import AnyEvent, Finished
from engine.runs import Run
from engine.suspicion import FIELDS, as_csv, suspicious
from engine.training.control import Control
from engine.work import perform
from tests.engine import examples
from tests.engine.training_runs import of
from tests.engine.training_runs import trained as training


def outputs(run: Run, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs and prepared targets of single rows, one after the other."""
    loaded = trained.load(run)
    data = trained.load_data(run, loaded, lambda event: None)
    found = [loaded.outputs({name: data.prepared(name, np.array([row])) for name in loaded.source.inputs})[0]
             for row in rows]
    truth = data.prepared(loaded.source.targets[0], np.array(rows))
    return torch.from_numpy(np.concatenate(found)), torch.from_numpy(truth)


def test_losses_are_those_of_single_samples(trained_run) -> None:
    run = trained_run("cnn")
    result = suspicious(run)
    listed = result["suspicious"]
    assert (result["samples"], len(listed)) == (900, 900)
    assert result["splits"] == {"train": 540, "validation": 60, "test": 300}
    assert result["target"] == "label"
    scores, truth = outputs(run, [entry["row"] for entry in listed[:40]])
    losses = torch.nn.functional.cross_entropy(scores, truth, reduction="none")
    assert [entry["loss"] for entry in listed[:40]] == pytest.approx(losses.tolist(), rel=1e-4)
    assert [entry["loss"] for entry in listed] == sorted((entry["loss"] for entry in listed), reverse=True)
    for entry, score, right in zip(listed, scores, truth.tolist(), strict=False):
        assert entry["truth"] == result["classes"][right]
        assert entry["predicted"] == result["classes"][int(score.argmax())]
        assert entry["confidence"] == pytest.approx(score.double().softmax(0).max().item(), rel=1e-4)
    assert run.suspicion() == json.loads(json.dumps(result))


def test_the_mean_of_a_split_is_its_loss(trained_run) -> None:
    from engine.evaluation import evaluate

    for name in ("perceptron", "yes_or_no", "regression"):
        run = trained_run(name)
        listed = suspicious(run)["suspicious"]
        losses = [entry["loss"] for entry in listed if entry["split"] == "test"]
        assert np.mean(losses) == pytest.approx(evaluate(run, "test")["loss"], rel=1e-4), name


def test_numbers_are_told_in_the_unit_of_the_data(trained_run, house_prices: Path) -> None:
    result = suspicious(trained_run("regression"))
    with house_prices.open(encoding="utf-8") as file:
        prices = [float(row["price"]) for row in csv.DictReader(file)]
    assert result["classes"] == []
    for entry in result["suspicious"]:
        assert entry["truth"] == pytest.approx(prices[entry["row"]], rel=1e-4)
        assert entry["confidence"] is None
    worst, best = result["suspicious"][0], result["suspicious"][-1]
    assert abs(worst["truth"] - worst["predicted"]) > abs(best["truth"] - best["predicted"])


def test_wrong_labels_come_first(tmp_path: Path) -> None:
    """Of 600 real labels of training samples 12 are made wrong; most of them are among the first 24."""
    folder = examples.small_fashion(tmp_path / "data")
    path = folder / "train-labels-idx1-ubyte"
    labels = bytearray(path.read_bytes())
    wrong = set(range(7, 600, 50))
    for row in wrong:
        labels[8 + row] = (labels[8 + row] + 5) % 10
    path.write_bytes(labels)
    run, _ = training(examples.perceptron(folder, epochs=3), tmp_path / "run")
    first = [entry["row"] for entry in suspicious(run)["suspicious"] if entry["split"] != "test"][:24]
    assert len(wrong.intersection(first)) >= 9


def test_the_worker_ranks_too(trained_run) -> None:
    run = trained_run("perceptron")
    events: list[AnyEvent] = []
    perform(jobs.Suspect(str(run.folder)), events.append, Control())
    [finished] = of(Finished, events)
    assert finished.result == suspicious(run)


def test_without_weights_there_is_nothing_to_say(tmp_path: Path, small_fashion: Path) -> None:
    from engine import runs

    with pytest.raises(RunError, match="no best checkpoint"):
        suspicious(runs.create(examples.perceptron(small_fashion), None, tmp_path / "run"))


class TestTerminal:
    def test_json(self, trained_run, capsys: pytest.CaptureFixture) -> None:
        run = trained_run("perceptron")
        assert main(["suspicious", str(run.folder), "--json", "--count", "3"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert printed["suspicious"] == suspicious(run)["suspicious"][:3]
        assert tuple(printed["suspicious"][0]) == FIELDS

    def test_csv_into_a_file(self, trained_run, tmp_path: Path) -> None:
        run = trained_run("perceptron")
        assert main(["suspicious", str(run.folder), "--csv", "-n", "5", "-o", str(tmp_path / "list.csv")]) == 0
        with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 5
        assert tuple(rows[0]) == FIELDS
        assert (tmp_path / "list.csv").read_text() == as_csv({"suspicious": suspicious(run)["suspicious"][:5]})

    def test_text(self, trained_run, capsys: pytest.CaptureFixture) -> None:
        for name in ("perceptron", "regression"):
            assert main(["suspicious", str(trained_run(name).folder), "-n", "4"]) == 0
            lines = capsys.readouterr().out.splitlines()
            assert lines[0].split()[:3] == ["loss", "row", "split"]
            assert len(lines) == 5

    def test_wrong_use_is_refused(self, trained_run, capsys: pytest.CaptureFixture) -> None:
        assert main(["suspicious", str(trained_run("perceptron").folder), "-n", "0"]) == 2
        assert "--count" in capsys.readouterr().err
