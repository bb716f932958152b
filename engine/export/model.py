"""What every format writes: the trained network in evaluation mode on the processor, with real samples to try it on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine import trained
from engine.codegen import Source
from engine.data.files import ignore_progress
from engine.data.sources import open_data
from engine.decoding import settings_of
from engine.derived import LENGTHS
from engine.errors import ExportError, ProjectError, TrainingError
from engine.events import AnyEvent
from engine.params import Value
from engine.preparation import Preparation
from engine.preparation.decoding import Compute, Settings, Written
from engine.preparation.texts import BEGIN_NUMBER, END_NUMBER
from engine.preparation.usage import NOTHING_ENTERS, Usage
from engine.project import Project
from engine.runs import Run
from engine.usage import usage_of

SAMPLES = 256
"""So many samples of the test split are compared, fewer if there are fewer."""

MAX_CHARACTERS = 1 << 24
"""Texts that are compared together have about so many."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Model:
    """A trained network to be written.

    compute    all outputs of the network from prepared columns by name
    samples    prepared input columns by name, (n, *shape) each, lengths of padded ones among them
    raw        the same samples as they are in the data, by the names of the columns in the user's files; nothing of
               what the network writes itself, or what is noise
    expected   what the network computes from them in this process, in the order of `source.outputs`
    settings   how it writes texts where nothing else is chosen, all of `decoding.SETTINGS`
    project, evaluation    for the model card; evaluation is None if the network was not tested
    """

    source: Source
    network: torch.nn.Module
    compute: Compute
    usage: Usage
    samples: dict[str, Array]
    raw: dict[str, Any]
    expected: tuple[Array, ...]
    settings: dict[str, Any]
    project: Project
    evaluation: dict[str, Any] | None

    @property
    def preparation(self) -> Preparation:
        return self.usage.preparation

    @property
    def count(self) -> int:
        """Number of samples that are compared."""
        return len(next(iter(self.samples.values())))

    def examples(self) -> tuple[torch.Tensor, ...]:
        """Inputs for tracing: two samples of zeros, of the length 1. Nothing of the user's data ends up in a file."""
        found = []
        for name in self.source.inputs:
            values = self.samples[name]
            is_length = name.endswith(LENGTHS) and self.preparation.finishing(name) is None
            found.append(torch.from_numpy(np.full((2, *values.shape[1:]), int(is_length), values.dtype)))
        return tuple(found)

    def written(self, settings: Settings, count: int) -> dict[str, list[Written]]:
        """The texts that the network writes for the first samples, by output."""
        first = {name: values[:count] for name, values in self.samples.items()}
        return self.usage.written(self.compute, first, settings)

    def parts(self) -> list[dict[str, Any]]:
        """The network and those that it is made of, each after those that its constructor takes."""
        known = {part.name: part for part in self.source.parts}
        needed = {self.source.part}
        for part in reversed(self.source.parts):
            needed |= set(part.parts) if part.name in needed else set()
        return [{"name": name, "network": known[name].network, "parts": list(known[name].parts)}
                for name in known if name in needed]

    def weights(self) -> dict[str, torch.Tensor]:
        """The network's own tensors by name, each with memory of its own where networks in it share one."""
        return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in self.network.state_dict().items()}

    def facts(self) -> dict[str, str]:
        """What a file with the network alone keeps about its use, as JSON texts: the preparation of its inputs, the
        names of the classes that its outputs score, and how a text is decoded, where it writes one."""
        facts = {"preparation": self.preparation.to_json(), "classes": self.classes()}
        if decoding := self.decoding():
            facts["decoding"] = decoding
        return {name: json.dumps(fact, ensure_ascii=False) for name, fact in facts.items()}

    def decoding(self) -> dict[str, Any]:
        """How a text is decoded, with the settings that apply if no others are chosen; {} for a network that writes
        none.

        {"method": "loop", "input": what is written so far goes in here, "output": the scores of the next token,
        "length", "begin", "end": token numbers, "settings"}, or {"method": "ctc", "outputs", "blank", "settings"}.
        """
        settings, loop = self.settings, self.usage.loop
        if loop is not None:
            return {"method": "loop", "input": loop.column, "output": self.source.outputs[loop.output],
                    "length": loop.length, "begin": BEGIN_NUMBER, "end": END_NUMBER, "settings": settings}
        aligned = list(self.usage.aligned)
        return {"method": "ctc", "outputs": aligned, "blank": 0, "settings": settings} if aligned else {}

    def classes(self) -> dict[str, list[str]]:
        """Class names by output, for outputs that are scores of classes."""
        found = {}
        for output in self.source.outputs:
            target = self.source.target_of.get(output)
            if target and (names := self.preparation.part(target).classes):
                found[output] = list(names)
        return found


def load(run: Run, checkpoint: str, emit: Callable[[AnyEvent], None], decoding: Mapping[str, Value]) -> Model:
    """The network of a checkpoint with samples of the test split, or else of others. Raises ExportError, also if a
    decoding is given for a network that writes no texts; OptionError for a decoding that is none."""
    settings = settings_of(decoding)
    try:
        loaded = trained.load(run, checkpoint)
    except (ProjectError, TrainingError) as error:
        raise ExportError(f"The network of this run is not finished: {error.message}", error.hint) from error
    usage = usage_of(loaded.source, loaded.preparation, run.project.graph)
    if decoding and not usage.writes:
        raise ExportError("This network writes no texts, so that there is nothing to decode.",
                          "Export it without choosing how texts are written.")
    raw: dict[str, Any] = {}
    if not usage.inputs:
        raise ExportError(*NOTHING_ENTERS)
    if not usage.read:
        samples = usage.drawn(SAMPLES, 0)
    else:
        data = trained.load_data(run, loaded, emit)
        rows = next(data.rows[split] for split in ("test", "validation", "train") if len(data.rows[split]))[:SAMPLES]
        rows, raw = _raw(run, usage, rows)
        samples = usage.drawn(len(rows), 0)
        for name in loaded.source.inputs:
            for column in (name, name + LENGTHS):
                if column in data.stored:
                    samples[column] = np.ascontiguousarray(data.prepared(column, rows))
    return Model(loaded.source, loaded.network, loaded.outputs, usage, samples, raw, loaded.outputs(samples),
                 settings, run.project, run.evaluation("test"))


def _raw(run: Run, usage: Usage, rows: Array) -> tuple[Array, dict[str, Any]]:
    """The raw values of what the network reads, by leaf; of fewer rows where texts are very long."""
    assert run.project.data is not None, "its data was loaded"
    opened = open_data(run.project.data, None, ignore_progress)
    leaves = [leaf for part in usage.preparation.origins(usage.read) for leaf in part.leaves]
    raw = {leaf.name: opened.values[leaf.name].read(rows, ignore_progress).values for leaf in leaves}
    longest = max((len(text) for leaf in leaves if leaf.kind == "text" for text in raw[leaf.name]), default=1)
    count = max(1, min(len(rows), MAX_CHARACTERS // max(1, longest)))
    return rows[:count], {name: values[:count] for name, values in raw.items()}
