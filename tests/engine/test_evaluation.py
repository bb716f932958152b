"""Testing a trained network: the numbers agree with those computed in another way."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import projectfile, runs, trained
from engine.comparison import MAX_PAIRS
from engine.errors import DataError, EngineError, RunError, WeightsError
from engine.evaluation import evaluate
from engine.events import Noted, Progressed
from engine.preparation import restored


def by_hand(run, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truths of a split, in one batch."""
    loaded = trained.load(run)
    data = trained.load_data(run, loaded, lambda event: None)
    rows = data.rows[split]
    [scores] = loaded.outputs({name: data.prepared(name, rows) for name in loaded.source.inputs})
    return scores, data.prepared(loaded.source.targets[0], rows)


def test_classification_agrees_with_torch_and_torchmetrics(trained_run) -> None:
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    run = trained_run("cnn")
    result = evaluate(run, "test")
    scores, truth = map(torch.from_numpy, by_hand(run, "test"))
    assert result["samples"] == len(truth) == 300
    assert result["loss"] == pytest.approx(torch.nn.functional.cross_entropy(scores, truth).item(), rel=1e-5)
    assert result["metrics"] == {"accuracy": pytest.approx((scores.argmax(1) == truth).float().mean().item())}
    assert result["confusion"] == multiclass_confusion_matrix(scores, truth, 10).tolist()
    assert (result["target"], result["classes"][1]) == ("label", "Trouser")
    assert result["pairs"] == {"truth": [], "predicted": []}


def test_wrong_samples_are_wrong_and_the_most_confident_come_first(trained_run) -> None:
    run = trained_run("perceptron")
    result = evaluate(run, "test")
    scores, truth = by_hand(run, "test")
    shares = torch.from_numpy(scores).double().softmax(1).numpy()
    rows = trained.load_data(run, trained.load(run), lambda event: None).rows["test"].tolist()
    assert result["wrong_count"] == len(result["wrong"]) == (scores.argmax(1) != truth).sum()
    for wrong in result["wrong"]:
        place = rows.index(wrong["row"])
        assert wrong["truth"] == result["classes"][truth[place]] != wrong["predicted"]
        assert wrong["predicted"] == result["classes"][scores[place].argmax()]
        assert wrong["confidence"] == pytest.approx(shares[place].max(), abs=1e-9)
        assert wrong["name"]
    confidences = [wrong["confidence"] for wrong in result["wrong"]]
    assert confidences == sorted(confidences, reverse=True)


def test_regression_is_told_in_the_unit_of_the_data(trained_run) -> None:
    run = trained_run("regression")
    result = evaluate(run, "test")
    price = run.preparation().part("price")
    predicted, truth = (restored(price, values.reshape(-1)) for values in by_hand(run, "test"))
    assert result["metrics"]["mae"] == pytest.approx(np.abs(predicted - truth).mean(), rel=1e-4)
    assert result["metrics"]["r2"] == pytest.approx(
        1 - ((predicted - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum(), rel=1e-3)
    assert result["metrics"]["r2"] > 0.9, "the prices follow from the features"
    assert result["target"] == "price"
    assert (result["confusion"], result["classes"], result["wrong"]) == ([], [], [])
    assert result["pairs"]["truth"] == pytest.approx(truth.tolist())
    assert result["pairs"]["predicted"] == pytest.approx(predicted.tolist())
    assert 2 <= len(result["pairs"]["truth"]) <= MAX_PAIRS
    assert max(result["pairs"]["truth"]) > 100_000


def test_one_score_for_two_classes_has_a_confusion_matrix_and_the_placed_metric(trained_run) -> None:
    from torchmetrics.functional.classification import multiclass_f1_score

    run = trained_run("yes_or_no")
    result = evaluate(run, "test")
    loaded = trained.load(run)
    data = trained.load_data(run, loaded, lambda event: None)
    rows = data.rows["test"]
    scores, chance = loaded.outputs({"features": data.prepared("features", rows)})
    predicted, truth = torch.from_numpy((scores > 0).reshape(-1) * 1), torch.from_numpy(data.prepared("town", rows))
    assert result["classes"] == ["Aalen", "Ulm"]
    assert result["confusion"][0][1] == int(((predicted == 1) & (truth == 0)).sum())
    assert sum(map(sum, result["confusion"])) == len(rows)
    assert result["metrics"] == {"f1": pytest.approx(multiclass_f1_score(predicted, truth, 2, "macro").item())}
    assert chance == pytest.approx(1 / (1 + np.exp(-scores)), abs=1e-6)


def test_the_result_is_kept_in_the_run_folder_as_plain_json(trained_run) -> None:
    run = trained_run("perceptron")
    events = []
    result = evaluate(run, "validation", "last", events.append)
    assert run.evaluation("validation") == json.loads(json.dumps(result)) == result
    assert (result["split"], result["checkpoint"]) == ("validation", "last")
    assert [event.fraction for event in events if isinstance(event, Progressed) and event.task == "Testing"][-1] == 1.0


def test_evaluating_twice_gives_the_same_and_draws_no_dropout(trained_run) -> None:
    assert evaluate(trained_run("cnn"), "test") == evaluate(trained_run("cnn"), "test")


@pytest.fixture
def copied_run(trained_run, tmp_path: Path) -> runs.Run:
    """A run of its own, to be damaged."""
    return runs.open_run(shutil.copytree(trained_run("perceptron").folder, tmp_path / "run"))


def test_a_split_without_samples_or_without_existence_is_said(copied_run: runs.Run) -> None:
    with pytest.raises(RunError, match="no split 'holdout'"):
        evaluate(copied_run, "holdout")


def test_weights_of_another_network_are_refused(copied_run: runs.Run) -> None:
    weights = load_file(copied_run.checkpoint("best"))
    save_file({name: values[:1] for name, values in weights.items()}, copied_run.checkpoint("best"))
    with pytest.raises(WeightsError, match="cannot be used"):
        evaluate(copied_run)
    assert copied_run.evaluation("test") is None or evaluate(copied_run, "test", "last")


def test_a_missing_checkpoint_is_said(copied_run: runs.Run) -> None:
    copied_run.checkpoint("best").unlink()
    with pytest.raises(EngineError, match="checkpoint"):
        evaluate(copied_run)


def test_data_that_is_gone_is_said(copied_run: runs.Run, tmp_path: Path) -> None:
    import msgspec

    project = copied_run.project
    data = msgspec.structs.replace(project.data, path=str(tmp_path / "gone"))
    projectfile.save(project.replace(data=data), copied_run.folder / "project.neuroloom")
    with pytest.raises(DataError, match="gone"):
        evaluate(copied_run)


def test_changed_data_is_told_and_prepared_as_it_was_for_training(trained_run, small_fashion: Path,
                                                                  copied_run: runs.Run, tmp_path: Path) -> None:
    """Brighter training pictures would shift the mean; the test pictures are the same and must give the same."""
    import msgspec

    expected = evaluate(copied_run)
    changed = shutil.copytree(small_fashion, tmp_path / "changed")
    images = changed / "train-images-idx3-ubyte"
    data = images.read_bytes()
    images.write_bytes(data[:16] + bytes(min(255, value + 60) for value in data[16:]))
    project = copied_run.project
    projectfile.save(project.replace(data=msgspec.structs.replace(project.data, path=str(changed))),
                     copied_run.folder / "project.neuroloom")
    events = []
    found = evaluate(copied_run, emit=events.append)
    assert any(isinstance(event, Noted) and "has changed" in event.message for event in events)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)
    assert found["confusion"] == expected["confusion"]
