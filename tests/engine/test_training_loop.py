"""The training loop on real samples: it learns, reports, stops, and tells what went wrong."""

from pathlib import Path

import pytest
import torch
from torch import nn

from engine import runs
from engine.events import Ended, Noted, Paused, Progressed, Resumed, Saved, Started, Stepped, Validated
from engine.options import Component
from engine.preparation import unit
from engine.project import Split
from engine.training.control import Control
from engine.training.failures import explained
from engine.training.loop import train
from engine.training.optimizers import Schedule
from tests.engine import examples
from tests.engine.training_runs import continued, of, sha256, trained


def test_it_learns_and_reports_in_order(small_fashion: Path, tmp_path: Path) -> None:
    run, events = trained(examples.perceptron(small_fashion, epochs=6), tmp_path / "run")
    [started] = of(Started, events)
    assert (started.epochs, started.steps_per_epoch, started.step, started.device) == (6, 17, 0, "cpu")
    assert started.weights == 784 * 32 + 32 + 32 * 10 + 10
    assert {event.task for event in of(Progressed, events[: events.index(started)])} == {"Reading data"}
    epochs = of(Validated, events)
    assert [event.epoch for event in epochs] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in epochs] == [17, 34, 51, 68, 85, 102]
    assert epochs[-1].training["loss"] < 0.6 * epochs[0].training["loss"]
    assert epochs[-1].validation["accuracy"] > 0.6
    bests = [event.validation["loss"] for event in epochs if event.best]
    assert bests == sorted(bests, reverse=True)
    assert run.info().best == min(event.validation["loss"] for event in epochs)
    assert isinstance(events[-1], Ended)
    assert (events[-1].reason, events[-1].run) == ("completed", str(run.folder))
    assert isinstance(events[-2], Saved)


def test_the_best_checkpoint_measures_what_was_reported(small_fashion: Path, tmp_path: Path) -> None:
    from engine.evaluation import evaluate

    run, events = trained(examples.cnn(small_fashion, epochs=4, lr=0.01), tmp_path / "run")
    best = min(of(Validated, events), key=lambda event: event.validation["loss"])
    measured = evaluate(run, "validation")
    assert measured["loss"] == pytest.approx(best.validation["loss"], rel=1e-5)
    assert measured["metrics"]["accuracy"] == pytest.approx(best.validation["accuracy"])
    last = evaluate(run, "validation", "last")
    assert last["loss"] == pytest.approx(of(Validated, events)[-1].validation["loss"], rel=1e-5)


def test_values_between_epochs_are_means_of_whole_steps(tmp_path: Path) -> None:
    project = examples.perceptron(examples.BUNDLED, epochs=2, batch_size=4)
    _, events = trained(project, tmp_path / "run")
    steps = of(Stepped, events)
    assert len(steps) > 3
    assert [event.step for event in steps] == sorted({event.step for event in steps})
    assert all(set(event.values) == {"loss", "accuracy", "learning_rate"} for event in steps)
    assert all(event.samples_per_second > 0 for event in steps)
    assert steps[-1].seconds_left < steps[0].seconds_left
    for event in steps:
        assert event.epoch == pytest.approx(event.step / 2250, abs=1e-6)


def test_numbers_are_reported_in_the_unit_of_the_data(house_prices: Path, tmp_path: Path) -> None:
    run, events = trained(examples.regression(house_prices, epochs=30), tmp_path / "run")
    values = of(Validated, events)[-1].validation
    deviation = unit(run.preparation().part("price"))
    assert deviation > 10_000
    assert 1_000 < values["mae"] < 20_000, "the noise of the prices is 5,000"
    assert values["mae"] > 1_000 * values["loss"], "the loss is of standardised prices"


def test_a_rate_that_leaves_the_numbers_fails_clearly(small_fashion: Path, tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion, epochs=50, optimizer="SGD", lr=1e25)
    run, events = trained(project, tmp_path / "run")
    ended = events[-1]
    assert ended.reason == "failed"
    assert "learning rate of 1e+25" in ended.message
    assert "in epoch 1" in ended.message
    assert "Linear" in ended.message
    assert "lower learning rate" in ended.hint
    assert run.info().status == "failed"
    assert run.info().message == ended.message


def test_the_last_finite_checkpoint_stays(small_fashion: Path, tmp_path: Path) -> None:
    """A rate that grows until the weights overflow: what was saved before is finite and in place."""
    project = examples.perceptron(small_fashion, epochs=30, optimizer="SGD", scheduler="OneCycle")
    params = {**project.options.scheduler.params, "max_lr": 1e30, "pct_start": 0.9}
    import msgspec

    options = msgspec.structs.replace(project.options, scheduler=Component("OneCycle", params))
    run, events = trained(project.replace(options=options), tmp_path / "run")
    assert events[-1].reason == "failed"
    from safetensors.torch import load_file

    for path in (run.folder / "checkpoints").iterdir():
        for name, tensor in load_file(path).items():
            assert not tensor.is_floating_point() or torch.isfinite(tensor).all(), (path, name)


def test_early_stopping_ends_a_run_that_gets_no_better(small_fashion: Path, tmp_path: Path) -> None:
    run, events = trained(examples.perceptron(small_fashion, epochs=50, lr=0.0, early_stopping=3), tmp_path / "run")
    assert [event.epoch for event in of(Validated, events)] == [1, 2, 3, 4]
    assert events[-1].reason == "completed"
    assert any("Stopped early" in note.message for note in of(Noted, events))
    assert run.info().best_epoch == 1


def test_without_validation_the_training_loss_decides(small_fashion: Path, tmp_path: Path) -> None:
    import msgspec

    project = examples.perceptron(small_fashion, epochs=3)
    data = msgspec.structs.replace(project.data, split=Split(validation=0.0))
    _, events = trained(project.replace(data=data), tmp_path / "run")
    epochs = of(Validated, events)
    assert [event.validation for event in epochs] == [{}, {}, {}]
    assert [event.best for event in epochs] == [True, True, True]


def test_batch_norm_leaves_out_a_single_last_sample_and_says_so(small_fashion: Path, tmp_path: Path) -> None:
    project = examples.chain(small_fashion, ("Flatten", {}), ("Linear", {"out_features": 8}), ("BatchNorm1d", {}),
                             ("Linear", {"out_features": 10}), batch_size=49, epochs=1)
    _, events = trained(project, tmp_path / "run")  # 540 = 11 * 49 + 1
    assert of(Started, events)[0].steps_per_epoch == 11
    assert events[-1].reason == "completed"
    assert any("single sample" in note.message for note in of(Noted, events))


def test_pause_saves_and_waits_and_stop_ends_it(small_fashion: Path, tmp_path: Path) -> None:
    run = runs.create(examples.perceptron(small_fashion, epochs=4), None, tmp_path / "run")
    control, seen = Control(), []

    def listen(event: object) -> None:
        seen.append(event)
        if isinstance(event, Validated) and event.epoch in (1, 2):
            control.pause()
        if isinstance(event, Paused):
            assert run.info().status == "paused"
            assert run.checkpoint("resume").exists()
            if len(of(Paused, seen)) == 1:
                control.resume()
            else:
                control.stop()

    train(run, listen, control)
    assert [type(event) for event in seen if isinstance(event, Paused | Resumed | Ended)] == [
        Paused, Resumed, Paused, Ended]
    assert seen[-1].reason == "stopped"
    assert run.info().status == "stopped"


def test_stop_while_data_is_read(small_fashion: Path, tmp_path: Path) -> None:
    run = runs.create(examples.perceptron(small_fashion), None, tmp_path / "run")
    control, seen = Control(), []

    def listen(event: object) -> None:
        seen.append(event)
        control.stop()

    train(run, listen, control)
    assert [type(event) for event in seen] == [Progressed, Ended]
    assert seen[-1].reason == "stopped"
    assert continued(run)[-1].reason == "completed"


def test_missing_data_fails_before_anything_is_written(small_fashion: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for path in small_fashion.iterdir():
        (data / path.name).write_bytes(path.read_bytes())
    run = runs.create(examples.perceptron(data), None, tmp_path / "run")
    (data / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03 cut short")
    [*_, ended] = continued(run)
    assert ended.reason == "failed"
    assert "train-images" in ended.message
    assert not run.checkpoint("resume").exists()


SCHEDULES = [
    ("Step", {"step_size": 2, "gamma": 0.5}, lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.5)),
    ("Cosine", {"eta_min": 0.001}, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 6, 0.001)),
    ("OneCycle", {"max_lr": 0.1, "pct_start": 0.4},
     lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=30, pct_start=0.4)),
    ("ReduceOnPlateau", {"factor": 0.5, "patience": 1},
     lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1)),
]


@pytest.mark.parametrize(("name", "params", "make"), SCHEDULES, ids=[case[0] for case in SCHEDULES])
def test_schedules_are_those_of_torch(name: str, params: dict, make) -> None:
    ours, theirs = (torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9) for _ in range(2))
    schedule, reference = Schedule(Component(name, params), ours, [1.0], 6, 30), make(theirs)
    for epoch in range(6):
        for _ in range(5):
            ours.step()
            theirs.step()
            if schedule.is_per_step:
                schedule.after_step()
                reference.step()
            assert schedule.learning_rate == theirs.param_groups[0]["lr"]
        if name == "ReduceOnPlateau":
            reference.step(1.0)
        elif not schedule.is_per_step:
            reference.step()
        schedule.after_epoch(1.0)
        assert schedule.learning_rate == theirs.param_groups[0]["lr"], epoch
    assert ours.param_groups[0]["lr"] != 0.1


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_optimizers_are_those_of_torch(optimizer: str, small_fashion: Path, tmp_path: Path) -> None:
    """The same training by hand, with torch's optimizer over separate weights, differs by rounding only."""
    from safetensors.torch import load_file

    from engine import network as networks
    from engine.data import dataset

    project = examples.perceptron(small_fashion, epochs=1, optimizer=optimizer, lr=0.003,
                                  **{"optimizer.weight_decay": 0.01})
    run, _ = trained(project, tmp_path / "run")
    data = dataset.load(project.data, None)
    torch.manual_seed(0)
    built = networks.build(run.source())
    network, objective = built.network, built.objective
    arguments = {name: value for name, value in project.options.optimizer.params.items() if not name.startswith("beta")}
    by_hand = getattr(torch.optim, optimizer)(network.parameters(), **arguments)
    rows = torch.from_numpy(data.rows["train"])
    order = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]
    images, labels = (torch.from_numpy(data.prepared(name)) for name in (*run.source().inputs, *run.source().targets))
    for index in order.split(32):
        by_hand.zero_grad()
        objective(images[index], labels[index])[0].backward()
        by_hand.step()
    for name, tensor in load_file(run.checkpoint("last")).items():
        torch.testing.assert_close(tensor, network.state_dict()[name], rtol=1e-4, atol=2e-5)


def test_two_trainings_of_one_run_do_not_meet(small_fashion: Path, tmp_path: Path) -> None:
    run = runs.create(examples.perceptron(small_fashion, epochs=1), None, tmp_path / "run")
    seen, others = [], []

    def listen(event: object) -> None:
        seen.append(event)
        if isinstance(event, Started):
            others.extend(continued(run))

    train(run, listen, Control())
    [other] = others
    assert other.reason == "failed"
    assert "being trained already" in other.message
    assert seen[-1].reason == "completed"
    assert sha256(run.checkpoint("last"))


def test_what_broke_is_told_in_plain_words() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(10**15)
    message, hint = explained(refused.value)
    assert message.startswith("The memory is full")
    assert "MB more were asked for" in message
    assert "smaller batch" in hint
    message, hint = explained(ZeroDivisionError("somewhere"))
    assert "fault of the program" in message
    assert "ZeroDivisionError: somewhere" in message
    assert "checkpoint is intact" in hint
    message, _ = explained(OSError(28, "No space left on device", "/run/history.csv"))
    assert message == "/run/history.csv: No space left on device."
