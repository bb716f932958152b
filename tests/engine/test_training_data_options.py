"""What is wished of the data while it is trained on: balanced classes, buckets, weights; and files that disappear."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine import runs
from engine.data import dataset, sources
from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.events import Ended, Started
from engine.options import with_option
from engine.project import ColumnChoice
from engine.training.balance import balance_loss
from engine.training.control import Control
from engine.training.loop import train
from tests.engine import examples
from tests.engine.data_files import write_csv, write_pictures
from tests.engine.training_runs import StopAfter, continued, sha256, trained

RARE = "size,kind\n" + "".join(
    f"{number % 37},{'rare' if number % 10 == 0 else 'common'}\n" for number in range(400))


@pytest.fixture
def rare(tmp_path: Path) -> Dataset:
    return dataset.load(sources.inspect(write_csv(tmp_path / "rare.csv", RARE)), None)


def test_the_loss_weighs_every_class_alike(rare: Dataset) -> None:
    objective = nn.Sequential(nn.Linear(1, 2), nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss())
    balance_loss(objective, rare, ("kind",))
    labels = torch.from_numpy(rare.prepared("kind", rare.rows["train"]))
    common, few = torch.bincount(labels).tolist()
    assert objective[1].weight.tolist() == pytest.approx([len(labels) / 2 / common, len(labels) / 2 / few])
    assert objective[2].pos_weight.item() == pytest.approx(common / few)
    scores = torch.randn(len(labels), 2, generator=torch.Generator().manual_seed(0))
    single = torch.nn.functional.cross_entropy(scores, labels, reduction="none")
    by_class = [single[labels == number].mean() for number in range(2)]
    torch.testing.assert_close(objective[1](scores, labels), (by_class[0] + by_class[1]) / 2)


def test_what_cannot_be_balanced_is_explained(rare: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="does not know classes"):
        balance_loss(nn.Sequential(nn.MSELoss()), rare, ("kind",))
    with pytest.raises(TrainingError, match="no target of classes"):
        balance_loss(nn.Sequential(nn.CrossEntropyLoss()), rare, ())


@pytest.mark.parametrize("options", [{"balance": "loss"}, {"balance": "sampling"}, {"bucketing": True}], ids=str)
def test_an_interrupted_run_ends_with_the_same_bits(options: dict[str, str], small_fashion: Path,
                                                    tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion, epochs=2, **options)
    whole, _ = trained(project, tmp_path / "whole")
    broken, _ = trained(project, tmp_path / "broken", StopAfter(5))
    for stops in (3, 14):
        continued(broken, StopAfter(stops))
    assert continued(broken)[-1].reason == "completed"
    assert sha256(broken.checkpoint("last")) == sha256(whole.checkpoint("last"))
    assert runs.Run(whole.folder).info().message == ""


def test_balanced_training_finds_the_rare_class(tmp_path: Path) -> None:
    """One number that says nothing: without balance the network always answers the frequent class."""
    found = {}
    for balance in ("none", "loss", "sampling"):
        path = write_csv(tmp_path / "rare.csv", RARE)
        project = examples.chain(path, ("Linear", {"out_features": 2}), epochs=15, lr=0.05, balance=balance)
        run, events = trained(project, tmp_path / balance)
        assert events[-1].reason == "completed", events[-1].message
        from engine.evaluation import evaluate

        confusion = np.array(evaluate(run, "train")["confusion"])
        found[balance] = confusion[:, 1].sum() / confusion.sum()
    assert found["none"] == 0
    assert found["loss"] > 0.1
    assert found["sampling"] > 0.1


def test_a_weight_of_zero_is_never_trained_on(tmp_path: Path) -> None:
    """The rows with weight 0 say the contrary of the others."""
    lines = []
    for number in range(600):
        size, is_trusted = number % 20, number % 3 > 0
        lines.append(f"{int(is_trusted)},{size},{'high' if (size >= 10) == is_trusted else 'low'}")
    path = write_csv(tmp_path / "a.csv", "\n".join(["trust,size,kind", *lines, ""]))
    without = write_csv(tmp_path / "b.csv", "\n".join(["size,kind", *(line[2:] for line in lines), ""]))
    project = examples.chain(without, ("Linear", {"out_features": 2}), epochs=20, lr=0.1)
    chosen = sources.inspect(path, chosen={"trust": ColumnChoice(role="weight")})
    run, events = trained(project.replace(data=chosen), tmp_path / "run")
    assert events[-1].reason == "completed", events[-1].message
    assert run.info().training["accuracy"] > 0.9


def deleting(folder: Path, events: list[object]) -> object:
    def listen(event: object) -> None:
        events.append(event)
        if isinstance(event, Started):
            shutil.rmtree(folder)

    return listen


def test_files_that_are_deleted_while_training_do_not_disturb_it(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 120)
    project = examples.perceptron(folder, epochs=3)
    whole, _ = trained(project, tmp_path / "whole")
    run, seen = runs.create(project, None, tmp_path / "run"), []
    train(run, deleting(folder, seen), Control())
    assert isinstance(seen[-1], Ended)
    assert seen[-1].reason == "completed"
    assert sha256(run.checkpoint("last")) == sha256(whole.checkpoint("last"))


def test_a_run_whose_files_are_gone_keeps_its_checkpoint_and_goes_on_when_they_are_back(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 120)
    project = examples.perceptron(folder, epochs=3)
    whole, _ = trained(project, tmp_path / "whole")
    run, _ = trained(project, tmp_path / "run", StopAfter(4))
    reached = sha256(run.checkpoint("resume"))
    folder.rename(tmp_path / "elsewhere")
    [ended] = [event for event in continued(run) if isinstance(event, Ended)]
    assert ended.reason == "failed"
    assert ended.message == f"There is no data at {folder}."
    assert "put it back" in ended.hint
    assert sha256(run.checkpoint("resume")) == reached
    (tmp_path / "elsewhere").rename(folder)
    assert continued(run)[-1].reason == "completed"
    assert sha256(run.checkpoint("last")) == sha256(whole.checkpoint("last"))


def test_changed_files_are_told_to_a_run_that_goes_on(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 120)
    run, _ = trained(examples.perceptron(folder, epochs=2), tmp_path / "run", StopAfter(4))
    next((folder / "c1").iterdir()).unlink()
    events = continued(run)
    assert events[-1].reason == "completed"
    assert "The data files have changed since this run began: it goes on with the new ones." in (
        run.folder / "log.txt").read_text()


def test_a_balance_that_the_data_cannot_have_ends_the_run_in_words(house_prices: Path, tmp_path: Path) -> None:
    for balance, message in (("sampling", "no classes to balance"), ("loss", "no target of classes")):
        project = examples.regression(house_prices, epochs=1)
        project = project.replace(options=with_option(project.options, "balance", balance))
        _, events = trained(project, tmp_path / balance)
        assert events[-1].reason == "failed"
        assert message in events[-1].message
