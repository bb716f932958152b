"""What every format writes: the trained network in evaluation mode on the processor, with real samples to try it on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine import trained
from engine.codegen import Source
from engine.data.preparation import Preparation
from engine.errors import ExportError, ProjectError, TrainingError
from engine.events import AnyEvent
from engine.project import Project
from engine.runs import Run

SAMPLES = 256
"""So many samples of the test split are compared, fewer if there are fewer."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Model:
    """A trained network to be written.

    samples    prepared input columns by name, (n, *shape) each
    expected   what the network computes from them in this process, in the order of `source.outputs`
    project, evaluation    for the model card; evaluation is None if the network was not tested
    """

    source: Source
    network: torch.nn.Module
    preparation: Preparation
    samples: dict[str, Array]
    expected: tuple[Array, ...]
    project: Project
    evaluation: dict[str, Any] | None

    @property
    def count(self) -> int:
        """Number of samples that are compared."""
        return len(next(iter(self.samples.values())))

    def examples(self) -> tuple[torch.Tensor, ...]:
        """Inputs for tracing: two samples of zeros. Nothing of the user's data ends up in a file."""
        samples = (self.samples[name] for name in self.source.inputs)
        return tuple(torch.from_numpy(np.zeros((2, *values.shape[1:]), values.dtype)) for values in samples)

    def raw_samples(self) -> dict[str, Array]:
        """The samples as they were before the preparation."""
        return {name: self.preparation.restored(name, values) for name, values in self.samples.items()}

    def classes(self) -> dict[str, list[str]]:
        """Class names by output, for outputs that are scores of classes."""
        found = {}
        for output in self.source.outputs:
            target = self.source.target_of.get(output)
            if target and (names := self.preparation.part(target).column.classes):
                found[output] = list(names)
        return found


def load(run: Run, checkpoint: str, emit: Callable[[AnyEvent], None]) -> Model:
    """The network of a checkpoint with samples of the test split, or else of others. Raises ExportError."""
    try:
        loaded = trained.load(run, checkpoint)
    except (ProjectError, TrainingError) as error:
        raise ExportError(f"The network of this run is not finished: {error.message}", error.hint) from error
    data = trained.load_data(run, loaded, emit)
    rows = next(data.rows[split] for split in ("test", "validation", "train") if len(data.rows[split]))[:SAMPLES]
    samples = {name: np.ascontiguousarray(data.arrays[name][rows]) for name in loaded.source.inputs}
    return Model(loaded.source, loaded.network, loaded.preparation, samples, loaded.outputs(samples),
                 run.project, run.evaluation("test"))
