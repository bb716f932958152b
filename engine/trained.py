"""A run's network as it was trained: built from the run's source, with the weights of a checkpoint, ready to use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from engine import network as networks
from engine.codegen import Objective, Source
from engine.data import dataset
from engine.data.dataset import Dataset
from engine.errors import DataError, RunError, WeightsError
from engine.events import AnyEvent, Noted, Progressed
from engine.network import Built
from engine.preparation import Preparation
from engine.runs import Run

Array = NDArray[Any]
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Trained:
    """The networks and objectives of a run in evaluation mode. `outputs` and `Source.outputs` have the same order."""

    built: Built
    preparation: Preparation
    device: torch.device

    @property
    def source(self) -> Source:
        return self.built.source

    @property
    def network(self) -> torch.nn.Module:
        return self.built.network

    def judged(self, objective: Objective, columns: Sequence[torch.Tensor],
               samples: int) -> tuple[tuple[torch.Tensor, tuple[torch.Tensor, ...]], tuple[torch.Tensor, ...]]:
        """The loss and sums of an objective for its columns, and what the network put out meanwhile; () if it did
        nothing there."""
        seen: list[tuple[torch.Tensor, ...]] = []
        handle = self.network.register_forward_hook(lambda module, inputs, output: seen.append(tensors(output)))
        try:
            judged = self.built.objectives[objective.graph](*(columns or (samples,)))
        finally:
            handle.remove()
        return judged, seen[-1] if seen else ()

    def outputs(self, columns: Mapping[str, Array]) -> tuple[Array, ...]:
        """What the network computes from prepared input columns, all of (n, *shape)."""
        inputs = (torch.from_numpy(columns[name]).to(self.device) for name in self.source.inputs)
        with torch.inference_mode():
            outputs = self.network(*inputs)
        return tuple(output.cpu().numpy() for output in tensors(outputs))


def load(run: Run, checkpoint: str = "best", device: torch.device = CPU) -> Trained:
    """The network of a checkpoint, "best" or "last". Raises RunError, or WeightsError if it does not fit."""
    built = networks.build(run.source())
    path = run.checkpoint(checkpoint)
    if not path.is_file():
        raise RunError(f"{run.folder.name} has no {checkpoint} checkpoint.", "Train it until the end of an epoch.")
    try:
        built.load_state(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise WeightsError(f"The checkpoint {path} cannot be used: {str(error).splitlines()[0]}",
                           "Train again, or choose the other checkpoint.") from error
    built.everything.eval().requires_grad_(False).to(device)
    return Trained(built, run.preparation(), device)


def load_data(run: Run, loaded: Trained, emit: Callable[[AnyEvent], None]) -> Dataset:
    """The run's data, prepared as it was for training. Raises DataError, also if the data is no longer of that kind.

    If the files have changed since, they would now be prepared differently: the user is told, and they are not.
    """
    choice = run.project.data
    if choice is None:
        raise DataError("The project of this run has no data.", "Choose data in the project and train again.")
    def progress(share: float) -> None:
        emit(Progressed("Reading data", share))

    data = dataset.load(choice, None, progress)
    if data.preparation == loaded.preparation:
        return data
    if not data.preparation.reads_as(loaded.preparation):
        raise DataError("The data no longer has the columns or classes that the network was trained on.",
                        "Put the old data back, or train again.")
    if data.fingerprint != run.info().data_fingerprint:
        emit(Noted("The data has changed since the network was trained.", "warning"))
    return dataset.load(choice, None, progress, preparation=loaded.preparation)


def tensors(outputs: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """A network's outputs as a tuple, also if there is only one."""
    return outputs if isinstance(outputs, tuple) else (outputs,)
