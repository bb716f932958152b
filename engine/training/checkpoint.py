"""Checkpoints: weights as safetensors for everybody, and all that is needed to go on exactly.

    last.safetensors, best.safetensors   the network's state by name, nothing else
    resume.safetensors                   weights.*, optimizer.<phase>.*, random.*, tally.<objective>; `Progress` and
                                         settings as JSON

Only finite states are written. No pickle is written or read.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from engine.errors import RunError
from engine.network import Built
from engine.training import devices
from engine.training.courses import Course, Stage
from engine.training.optimizers import optimizer_state, restore_optimizer

_KEY = "neuroloom"


@dataclass
class Progress:
    """How far a run got. Changed by the loop only.

    step     steps made; epoch: whole epochs finished, validation included; batch: steps made in the epoch begun
    best     the loss that was measured for the best checkpoint; best_epoch: epochs finished then
    seconds  spent training, over all resumptions, without pauses
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    best: float | None = None
    best_epoch: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class State:
    """Everything of a run that changes while it is trained."""

    built: Built
    courses: tuple[Course, ...]
    stages: tuple[Stage, ...]
    progress: Progress

    @property
    def device(self) -> torch.device:
        return self.courses[0].tally.sums.device

    def is_finite(self) -> bool:
        """Weights, statistics and the optimizers' memory are all numbers."""
        kept = [value for stage in self.stages for entry in stage.optimizer.state.values() for value in entry.values()]
        return all(bool(torch.isfinite(tensor).all()) for tensor in (*self.built.state().values(), *kept)
                   if isinstance(tensor, Tensor))


def weights_bytes(built: Built) -> bytes:
    """The content of a weights file: every entry of the networks' state."""
    return save(_plain(built.state()), {"format": "pt"})


def resume_bytes(state: State) -> bytes:
    memories = [optimizer_state(stage.optimizer) for stage in state.stages]
    tensors = _named("weights", state.built.state())
    for number, (memory, _) in enumerate(memories):
        tensors.update(_named(f"optimizer.{number}", memory))
    tensors.update(_named("random", devices.random_states(state.device)))
    tensors.update({f"tally.{number}": course.tally.sums for number, course in enumerate(state.courses)})
    settings = {"progress": asdict(state.progress), "samples": [course.tally.samples for course in state.courses],
                "groups": [groups for _, groups in memories],
                "schedules": [stage.schedule.state() for stage in state.stages]}
    return save(_plain(tensors), {_KEY: json.dumps(settings)})


def restore(path: Path, state: State) -> None:
    """Put `state` exactly where it was when the file was written. Raises RunError if the file is damaged or of another
    network."""
    try:
        with safe_open(path, "pt") as file:
            settings: dict[str, Any] = json.loads(file.metadata()[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 -- not a mapping
        _apply(tensors, settings, state)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(f"The checkpoint {path} cannot be used: {(str(error).splitlines() or ['damaged'])[0]}",
                       "Train again; best.safetensors can be chosen as a weights file to start from.") from error


def _apply(tensors: dict[str, Tensor], settings: dict[str, Any], state: State) -> None:
    state.built.load_state(_part(tensors, "weights"))
    kept = zip(state.stages, settings["groups"], settings["schedules"], strict=True)
    for number, (stage, groups, schedule) in enumerate(kept):
        restore_optimizer(stage.optimizer, _part(tensors, f"optimizer.{number}"), groups)
        stage.schedule.restore(schedule)
    for number, (course, samples) in enumerate(zip(state.courses, settings["samples"], strict=True)):
        course.tally.sums.copy_(tensors[f"tally.{number}"])
        course.tally.samples = samples
    for field in fields(Progress):
        setattr(state.progress, field.name, settings["progress"][field.name])
    devices.restore_random_states(_part(tensors, "random"), state.device)


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies that share no memory and lie in the usual order: views of one buffer cannot be written as they are."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
