"""A run that was interrupted anywhere and resumed ends with the very bits of one that was not."""

from pathlib import Path

import pytest

from engine.events import Ended, Started, Validated
from engine.history import TRAIN_EPOCH, VALIDATION
from engine.runs import Run
from tests.engine import examples
from tests.engine.training_runs import StopAfter, continued, of, sha256, trained

# 540 training samples in batches of 32: 17 steps an epoch, the last of 28 samples; then one look in the validation.
CASES = {
    "perceptron": (examples.perceptron, {}),
    "cnn with batch norm and dropout": (examples.cnn, {}),
    "lstm": (examples.lstm, {}),
    "one cycle": (examples.perceptron, {"scheduler": "OneCycle"}),
    "cosine": (examples.cnn, {"scheduler": "Cosine", "optimizer": "SGD", "optimizer.momentum": 0.9}),
    "plateau": (examples.perceptron, {"scheduler": "ReduceOnPlateau", "scheduler.patience": 0, "optimizer": "RMSprop"}),
    "step": (examples.perceptron, {"scheduler": "Step", "scheduler.step_size": 1, "optimizer": "AdamW"}),
}


def measured(run: Run) -> dict[tuple[str, str], list[float]]:
    """The values of whole epochs, which do not depend on when somebody looked."""
    history = run.history()
    epochs = [key for key in history.keys() if key[0] in (VALIDATION, TRAIN_EPOCH)]  # noqa: SIM118 -- not a mapping
    return {key: history.series(*key).values for key in epochs}


@pytest.mark.parametrize("case", CASES)
def test_an_interrupted_run_ends_with_the_same_bits(case: str, small_fashion: Path, tmp_path: Path) -> None:
    make, options = CASES[case]
    project = make(small_fashion, epochs=3, **options)
    whole, _ = trained(project, tmp_path / "whole")
    broken, events = trained(project, tmp_path / "broken", StopAfter(1))
    assert events[-1].reason == "stopped"
    starts = []
    for looks in (5, 11, 1, 4, 13):  # in an epoch, in a validation, between two epochs
        assert broken.info().status == "stopped"
        assert broken.info().is_resumable
        events = continued(broken, StopAfter(looks))
        starts += [event.step for event in of(Started, events)]
    events = continued(broken)
    assert isinstance(events[-1], Ended)
    assert events[-1].reason == "completed"
    assert starts == sorted(starts)
    assert starts[0] == 1
    for name in ("last", "best", "resume"):
        assert sha256(broken.checkpoint(name)) == sha256(whole.checkpoint(name)), name
    assert measured(broken) == measured(whole)
    assert (broken.info().best, broken.info().best_epoch) == (whole.info().best, whole.info().best_epoch)


def test_the_seed_decides_the_numbers(small_fashion: Path, tmp_path: Path) -> None:
    runs = [trained(examples.cnn(small_fashion, epochs=1, seed=seed), tmp_path / str(i))[0]
            for i, seed in enumerate((5, 5, 6))]
    first, second, other = (sha256(run.checkpoint("last")) for run in runs)
    assert first == second
    assert first != other


def test_what_was_measured_after_the_checkpoint_is_measured_again(small_fashion: Path, tmp_path: Path) -> None:
    run, _ = trained(examples.perceptron(small_fashion, epochs=2), tmp_path / "run", StopAfter(19))
    with (run.folder / "history.csv").open("a") as file:
        file.write("9000,99.0,train,loss,1.5\n9001,99.1,train,lo")  # a crash left this
    events = continued(run)
    assert [event.epoch for event in of(Validated, events)] == [2]
    assert max(run.history().series("train_epoch", "loss").steps) == 34
    assert 9000 not in run.history().series("train", "loss").steps


def test_a_complete_run_is_not_trained_again(small_fashion: Path, tmp_path: Path) -> None:
    run, _ = trained(examples.perceptron(small_fashion, epochs=1), tmp_path / "run")
    before = sha256(run.checkpoint("last"))
    [ended] = continued(run)
    assert ended.reason == "failed"
    assert "complete" in ended.message
    assert sha256(run.checkpoint("last")) == before
    assert run.info().status == "completed"


def test_a_damaged_checkpoint_is_refused_and_kept(small_fashion: Path, tmp_path: Path) -> None:
    run, _ = trained(examples.perceptron(small_fashion, epochs=2), tmp_path / "run", StopAfter(5))
    resume = run.checkpoint("resume")
    resume.write_bytes(damaged := resume.read_bytes()[:-100])
    ended = continued(run)[-1]
    assert ended.reason == "failed"
    assert str(resume) in ended.message
    assert resume.read_bytes() == damaged


def test_changed_data_is_told(small_fashion: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for path in small_fashion.iterdir():
        (data / path.name).write_bytes(path.read_bytes())
    run, _ = trained(examples.perceptron(data, epochs=1), tmp_path / "run", StopAfter(5))
    labels = data / "train-labels-idx1-ubyte"
    content = bytearray(labels.read_bytes())
    content[8] = (content[8] + 1) % 10
    labels.write_bytes(content)
    images = data / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:16] + bytes(255 - value for value in images.read_bytes()[16:]))
    before = run.preparation()
    continued(run)
    assert run.preparation() == before
    assert "data files have changed" in (run.folder / "log.txt").read_text()
