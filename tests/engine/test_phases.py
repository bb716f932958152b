"""Phases of a training at odd times, with schedules of their own."""

from pathlib import Path

import msgspec
import pytest
import torch
from torch import nn

from engine.cli.console import Console
from engine.cli.watching import Watcher
from engine.events import Noted, Validated
from engine.options import OPTIMIZERS, SCHEDULERS, chosen
from engine.plan import Phase
from engine.project import Project, Split
from engine.training.optimizers import Schedule, build_optimizer
from tests.engine import compositions
from tests.engine.training_runs import of, trained

EPOCHS, STEPS = 3, 12
"""Of 120 samples in batches of 32, none of which are held back for validation."""


def planned(folder: Path, *plan: Phase) -> Project:
    project = compositions.perceptron(folder, 150, epochs=EPOCHS)
    assert project.data is not None
    return project.replace(plan=plan, data=msgspec.structs.replace(project.data, split=Split(validation=0.0)))


def phase(name: str, scheduler: str = "Constant", **times: int) -> Phase:
    return Phase(name, "Perceptron", {}, scheduler=chosen(SCHEDULERS, scheduler, {}), **times)


def test_an_epoch_without_a_phase_has_no_loss(tmp_path: Path) -> None:
    run, events = trained(planned(tmp_path, phase("Late", start=5)), tmp_path / "run")
    assert run.info().status == "completed", run.info().message
    assert "epoch 1: nothing trained\n" in (run.folder / "log.txt").read_text()
    first, *others = of(Validated, events)
    assert Watcher(Console()).epoch_line(first) == "epoch 1/0  nothing trained"
    assert not first.training
    assert not first.best
    assert all("loss" in event.training for event in others)


def test_no_epoch_of_several_objectives_is_called_the_best(tmp_path: Path) -> None:
    run, events = trained(compositions.gan(tmp_path, 60, epochs=2), tmp_path / "run")
    assert [event.best for event in of(Validated, events)] == [False, False]
    assert run.checkpoint("best").read_bytes() == run.checkpoint("last").read_bytes()


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_phase_that_begins_too_late_is_told(scheduler: str, tmp_path: Path) -> None:
    project = planned(tmp_path, phase("All"), phase("Late", scheduler, start=STEPS),
                      phase("Never", scheduler, start=5, stop=5))
    run, events = trained(project, tmp_path / "run")
    assert run.info().status == "completed", run.info().message
    said = [event.message for event in of(Noted, events) if "is never used" in event.message]
    assert said == [f"The phase {name} is never used: this training has {STEPS} steps." for name in ("Late", "Never")]


def test_a_training_without_any_phase_in_time_is_refused(tmp_path: Path) -> None:
    run, _ = trained(planned(tmp_path, phase("Late", start=STEPS)), tmp_path / "run")
    assert run.info().status == "failed"
    assert f"within the {STEPS} steps" in run.info().message


def test_steps_in_which_nothing_is_trained_are_told(tmp_path: Path) -> None:
    project = planned(tmp_path, phase("First", stop=3), phase("Second", start=5, stop=7))
    _, events = trained(project, tmp_path / "run")
    said = [event.message for event in of(Noted, events) if "Nothing is trained" in event.message]
    assert said == [f"Nothing is trained from step {start} to {stop} of {STEPS}: no phase of the plan is used there."
                    for start, stop in ((3, 5), (7, STEPS))]


def test_factors_hold_for_the_highest_rate_of_a_cycle_too() -> None:
    """Also where none of the groups has the rate itself."""
    groups = [(factor, [nn.Parameter(torch.ones(1))]) for factor in (0.5, 0.1)]
    optimizer = build_optimizer(chosen(OPTIMIZERS, "SGD", {"lr": 0.01, "momentum": 0.9}), groups)
    schedule = Schedule(chosen(SCHEDULERS, "OneCycle", {"max_lr": 0.2, "pct_start": 0.5}), optimizer, [0.5, 0.1], 1, 10)
    highest = [0.0, 0.0]
    for _ in range(10):
        highest = [max(before, group["lr"]) for before, group in zip(highest, optimizer.param_groups, strict=True)]
        optimizer.step()
        schedule.after_step()
    assert highest == pytest.approx([0.1, 0.02])
