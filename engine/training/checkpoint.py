"""Checkpoints: weights as safetensors for everybody, and all that is needed to go on exactly.

    last.safetensors, best.safetensors   the network's state by name, nothing else
    resume.safetensors                   weights.*, optimizer.*, random.*, tally; `Progress` and settings as JSON

Only finite states are written. No pickle is written or read.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.errors import RunError
from engine.training import devices
from engine.training.measures import Tally
from engine.training.optimizers import Schedule, optimizer_state, restore_optimizer
from engine.training.parameters import Parameters

_KEY = "neuroloom"


@dataclass
class Progress:
    """How far a run got. Changed by the loop only.

    step     steps made; epoch: whole epochs finished, validation included; batch: steps made in the epoch begun
    best     lowest loss that was measured for the best checkpoint; best_epoch: epochs finished then
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

    network: nn.Module
    parameters: Parameters
    optimizer: Optimizer
    schedule: Schedule
    tally: Tally
    progress: Progress

    @property
    def device(self) -> torch.device:
        return self.tally.sums.device

    def is_finite(self) -> bool:
        """Weights, statistics and the optimizer's memory are all numbers."""
        tensors = [*self.network.buffers(), *(v for entry in self.optimizer.state.values() for v in entry.values())]
        return self.parameters.are_finite() and all(
            bool(torch.isfinite(tensor).all()) for tensor in tensors if isinstance(tensor, Tensor))


def weights_bytes(network: nn.Module) -> bytes:
    """The content of a weights file: every entry of the network's state."""
    return save(_plain(network.state_dict()), {"format": "pt"})


def resume_bytes(state: State) -> bytes:
    optimizer, groups = optimizer_state(state.optimizer)
    tensors = {
        **_named("weights", state.network.state_dict()),
        **_named("optimizer", optimizer),
        **_named("random", devices.random_states(state.device)),
        "tally": state.tally.sums,
    }
    settings = {"progress": asdict(state.progress), "samples": state.tally.samples, "groups": groups,
                "schedule": state.schedule.state()}
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
    state.network.load_state_dict(_part(tensors, "weights"))
    restore_optimizer(state.optimizer, _part(tensors, "optimizer"), settings["groups"])
    state.schedule.restore(settings["schedule"])
    state.tally.sums.copy_(tensors["tally"])
    state.tally.samples = settings["samples"]
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
