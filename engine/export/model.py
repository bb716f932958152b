"""What every format writes: the trained network in evaluation mode on the processor, with real samples to try it on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine import trained
from engine.codegen import Source
from engine.data.files import ignore_progress
from engine.data.sources import open_data
from engine.errors import ExportError, ProjectError, TrainingError
from engine.events import AnyEvent
from engine.kinds import LENGTHS
from engine.preparation import Preparation
from engine.project import Project
from engine.runs import Run

SAMPLES = 256
"""So many samples of the test split are compared, fewer if there are fewer."""

MAX_CHARACTERS = 1 << 24
"""Texts that are compared together have about so many."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Model:
    """A trained network to be written.

    samples    prepared input columns by name, (n, *shape) each
    raw        the same samples as they are in the data, by the names of the columns in the user's files
    expected   what the network computes from them in this process, in the order of `source.outputs`
    project, evaluation    for the model card; evaluation is None if the network was not tested
    """

    source: Source
    network: torch.nn.Module
    preparation: Preparation
    samples: dict[str, Array]
    raw: dict[str, Any]
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

    def facts(self) -> dict[str, str]:
        """What a file with the network alone keeps about its use, as JSON texts: the preparation of its inputs and the
        names of the classes that its outputs score."""
        return {"preparation": json.dumps(self.preparation.to_json(), ensure_ascii=False),
                "classes": json.dumps(self.classes(), ensure_ascii=False)}

    def classes(self) -> dict[str, list[str]]:
        """Class names by output, for outputs that are scores of classes."""
        found = {}
        for output in self.source.outputs:
            target = self.source.target_of.get(output)
            if target and (names := self.preparation.part(target).classes):
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
    rows, raw = _raw(run, loaded, rows)
    samples = {name: np.ascontiguousarray(data.prepared(name, rows)) for name in loaded.source.inputs}
    return Model(loaded.source, loaded.network, loaded.preparation, samples, raw, loaded.outputs(samples),
                 run.project, run.evaluation("test"))


def _raw(run: Run, loaded: trained.Trained, rows: Array) -> tuple[Array, dict[str, Any]]:
    """The raw values of what the network reads, by leaf; of fewer rows where texts are very long."""
    assert run.project.data is not None, "its data was loaded"
    opened = open_data(run.project.data, None, ignore_progress)
    names = dict.fromkeys(name.removesuffix(LENGTHS) for name in loaded.source.inputs)
    leaves = [leaf for name in names for leaf in loaded.preparation.part(name).leaves]
    raw = {leaf.name: opened.values[leaf.name].read(rows, ignore_progress).values for leaf in leaves}
    longest = max((len(text) for leaf in leaves if leaf.kind == "text" for text in raw[leaf.name]), default=1)
    count = max(1, min(len(rows), MAX_CHARACTERS // max(1, longest)))
    return rows[:count], {name: values[:count] for name, values in raw.items()}
