"""How a trained network is used on new samples: run once, or again and again while it writes a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..derived import LENGTHS, origin
from ..errors import DataError
from .answers import TOKENS, Entry, answers
from .decoding import Compute, Loop, Settings, Written, decode, decode_ctc, rewritten
from .parts import AnyArray, Part, Preparation
from .preparing import INTEGERS, prepared, restored
from .reading import read_new
from .texts import cut, readable, words

BATCH = 256
"""So many samples are computed at a time."""

NOTHING_ENTERS = (
    "Nothing enters the network: it draws its noise inside, where nobody can say how much.",
    "Let an Input take the place of the Noise in it, wire a Noise to that from outside, and train again.")
"""Why a network without inputs cannot be used, and what to do."""


@dataclass(frozen=True, slots=True)
class Noise:
    """An input that no data enters: numbers of this shape, "normal" or "uniform" (0 to 1); or, where there are
    `classes`, class numbers below that."""

    shape: tuple[int, ...]
    draw: str = "normal"
    classes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a network reads and puts out.

    inputs     columns, or names of inputs in `noise`, in the order in which it takes them
    target_of  the column that an output is compared with, by output
    loss_of    the loss that compares them, by output
    """

    preparation: Preparation
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    target_of: Mapping[str, str]
    loss_of: Mapping[str, str] = field(default_factory=dict)
    noise: Mapping[str, Noise] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """{"inputs", "outputs": [{"name", "target", "loss"}], "noise": {input: {"shape", "draw", "classes"}},
        "preparation"}."""
        return {
            "inputs": list(self.inputs),
            "outputs": [{"name": name, "target": self.target_of.get(name, ""), "loss": self.loss_of.get(name, "")}
                        for name in self.outputs],
            "noise": {name: {"shape": list(noise.shape), "draw": noise.draw, "classes": noise.classes}
                      for name, noise in self.noise.items()},
            "preparation": self.preparation.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Usage":
        """The inverse of `to_json`; more keys are passed over."""
        outputs = values["outputs"]
        return cls(
            Preparation.from_json(values["preparation"]), tuple(values["inputs"]),
            tuple(output["name"] for output in outputs),
            {output["name"]: output["target"] for output in outputs if output["target"]},
            {output["name"]: output["loss"] for output in outputs if output["loss"]},
            {name: Noise(tuple(noise["shape"]), noise["draw"], noise["classes"])
             for name, noise in values["noise"].items()})

    def target(self, output: str) -> Part | None:
        """The column that an output is about."""
        return self.preparation.finishing(self.target_of.get(output, ""))

    @property
    def aligned(self) -> tuple[str, ...]:
        """The outputs (n, time, classes) from which CTC reads a text."""
        return tuple(name for name in self.outputs if self.loss_of.get(name) == "CTC" and self.target(name))

    @property
    def writes(self) -> bool:
        """Whether texts come out of it that can be decoded in several ways."""
        return self.loop is not None or bool(self.aligned)

    @property
    def loop(self) -> Loop | None:
        """How it writes a text; None if it reads none of its own. Raises DataError if it cannot be asked that way."""
        kinds = {part.name: part.kind for part in self.preparation.parts}
        own = [name for name in self.inputs if kinds.get(name) == "shifted"]
        if not own:
            return None
        if len(own) > 1:
            raise DataError(f"The network reads {len(own)} texts that it should write: {', '.join(own)}.",
                            "One text at a time can be written.")
        target = origin(own[0])
        output = next((name for name in self.outputs if self.target_of.get(name) == target), None)
        if output is None:
            raise DataError(f"The network reads {own[0]!r}, but no output of it is compared with {target!r}.",
                            "Wire the scores of the next token into an Output and a loss.")
        return Loop(own[0], self.outputs.index(output), self.preparation.part(own[0]).shape[0])

    @property
    def read(self) -> tuple[str, ...]:
        """The inputs that new files have. Raises DataError if it reads more than these give."""
        loop = self.loop
        written = {loop.column, loop.column + LENGTHS, origin(loop.column) + LENGTHS} if loop else set()
        names = tuple(name for name in self.inputs if name not in self.noise and name not in written)
        for part in self.preparation.origins(names):
            if part.role == "target":
                raise DataError(f"The network also reads the column {part.name!r}, which is what it should predict: "
                                "new files do not have it.", "Take it out of the network and train again.")
        return names

    def new(self, paths: Sequence[Path | str],
            seed: int = 0) -> tuple[tuple[str, ...], dict[str, AnyArray], dict[int, Entry]]:
        """Names of all samples in files; their columns, prepared, with what the network reads among them; and by row
        the texts that were longer than that: {column: {"tokens", "read", "unit"}}. Raises DataError."""
        if not self.read:
            raise DataError("The network reads no data: it makes samples of noise.",
                            "Ask it for a number of samples, and give no files.")
        raw, names = read_new(self.preparation, paths, self.read)
        columns = prepared(self.preparation, raw)
        found: dict[int, Entry] = {}
        for part in self.preparation.origins(self.read):
            if part.kind in TOKENS:
                for row, told in cut(part, raw[part.name], columns[part.name + LENGTHS]).items():
                    found.setdefault(row, {})[part.name] = told
        return names, {**columns, **self.drawn(len(names), seed)}, found

    def drawn(self, count: int, seed: int) -> dict[str, AnyArray]:
        """What enters where no data does, (count, *shape) each."""
        found: dict[str, AnyArray] = {}
        for number, (name, noise) in enumerate(self.noise.items()):
            random, size = np.random.default_rng((seed, number)), (count, *noise.shape)
            if noise.classes:
                found[name] = random.integers(0, noise.classes, size)
            else:
                values = random.random(size) if noise.draw == "uniform" else random.standard_normal(size)
                found[name] = values.astype(np.float32)
        return found

    def said(self, compute: Compute, columns: Mapping[str, AnyArray], settings: Settings,
             with_attention: bool = False) -> list[tuple[str, list[Entry]]]:
        """What each output says of each sample of `columns`, all of (n, ...), in the words and units of the data."""
        loop = self.loop
        if loop is None:
            outputs = computed(compute, columns)
            return [(name, self._answers(name, values, columns, settings))
                    for name, values in zip(self.outputs, outputs, strict=True)]
        texts = decode(compute, columns, loop, settings)
        outputs = rewritten(compute, columns, loop, texts)
        maps = {name: source for name, values in zip(self.outputs, outputs, strict=True)
                if (source := self._attended(values, columns, loop))}
        target = self.preparation.part(origin(loop.column))
        entries = entries_of(target, texts)
        if with_attention and maps:
            output, source = next(iter(maps.items()))
            weights = outputs[self.outputs.index(output)]
            for row, (entry, text) in enumerate(zip(entries, texts, strict=True)):
                steps = self._named_steps(columns, source, row)
                length = len(text.tokens)
                entry["attention"] = {"output": output, "rows": words(target, text.tokens), "columns": steps,
                                      "weights": weights[row, :length, : len(steps)].tolist()}
        said = [(name, self._answers(name, values, columns, settings))
                for number, (name, values) in enumerate(zip(self.outputs, outputs, strict=True))
                if number != loop.output and name not in maps]
        return [(self.outputs[loop.output], entries), *said]

    def written(self, compute: Compute, columns: Mapping[str, AnyArray],
                settings: Settings) -> dict[str, list[Written]]:
        """The texts that it writes for each sample, by output."""
        loop = self.loop
        if loop is not None:
            return {self.outputs[loop.output]: decode(compute, columns, loop, settings)}
        if not self.aligned:
            return {}
        outputs = dict(zip(self.outputs, computed(compute, columns), strict=True))
        return {name: decode_ctc(outputs[name], self._heard(outputs[name].shape[1], columns), settings)
                for name in self.aligned}

    def made(self, compute: Compute, count: int, seed: int) -> dict[str, AnyArray]:
        """Samples made of noise: each output, (count, ...), in the unit of the data where it is known. Raises DataError
        for a network that reads data."""
        if not self.inputs:
            raise DataError(*NOTHING_ENTERS)
        if self.read or not self.noise:
            names = ", ".join(repr(name) for name in self.inputs)
            raise DataError(f"The network reads data ({names}): it makes no samples out of nothing.",
                            "Give it files to predict.")
        outputs = computed(compute, self.drawn(count, seed))
        return {name: in_unit(self.target(name), values) for name, values in zip(self.outputs, outputs, strict=True)}

    def _answers(self, output: str, values: AnyArray, columns: Mapping[str, AnyArray],
                 settings: Settings) -> list[Entry]:
        target = self.target(output)
        if target is None or output not in self.aligned:
            return answers(target, values)
        return entries_of(target, decode_ctc(values, self._heard(values.shape[1], columns), settings))

    def _heard(self, steps: int, columns: Mapping[str, AnyArray]) -> AnyArray:
        """How many of so many steps of an output are real, (n,): as large a share as of the input."""
        for name in self.inputs:
            part = self.preparation.finishing(name)
            if part is not None and name + LENGTHS in columns:
                lengths = columns[name + LENGTHS]
                return np.asarray(np.clip(-(-lengths * steps // _time(part)), 1, steps))
        return np.full(len(next(iter(columns.values()))), steps, np.int64)

    def _attended(self, values: AnyArray, columns: Mapping[str, AnyArray], loop: Loop) -> str:
        """The input that an output (n, target time, source time) is a map of; "" if it is none."""
        for name in self.inputs if values.ndim == 3 and values.shape[1] == loop.length else ():
            part = self.preparation.finishing(name)
            if part is not None and name + LENGTHS in columns and _time(part) == values.shape[2]:
                return name
        return ""

    def _named_steps(self, columns: Mapping[str, AnyArray], name: str, row: int) -> list[str]:
        """What the real steps of one sample's column are called: its tokens, or numbers from 1."""
        part = self.preparation.part(name)
        length = int(columns[name + LENGTHS][row])
        if part.kind == "audio":
            return [str(step + 1) for step in range(length)]
        return words(part, columns[name][row, :length].tolist())


def entries_of(part: Part, texts: Sequence[Written]) -> list[Entry]:
    """{"text", "log_probability"} of each."""
    length = max((len(text.tokens) for text in texts), default=0)
    numbers = np.zeros((len(texts), length), np.int64)
    for row, text in enumerate(texts):
        numbers[row, : len(text.tokens)] = text.tokens
    return [{"text": said, "log_probability": text.log_probability}
            for said, text in zip(readable(part, numbers), texts, strict=True)]


def computed(compute: Compute, columns: Mapping[str, AnyArray]) -> list[AnyArray]:
    """All outputs of a network, (n, ...) each, some samples at a time."""
    count = len(next(iter(columns.values())))
    batches = [compute({name: values[start : start + BATCH] for name, values in columns.items()})
               for start in range(0, count, BATCH)]
    return [np.concatenate(rows) for rows in zip(*batches, strict=True)]


def in_unit(part: Part | None, values: AnyArray) -> AnyArray:
    """What a network puts out in the unit of the data: numbers and pictures of a known column; else as it is."""
    if part is None or part.kind in INTEGERS or prod(values.shape[1:]) != prod(part.shape):
        return values
    return restored(part, values.reshape(len(values), *part.shape))


def _time(part: Part) -> int:
    """Steps of a padded column: its last axis where a wave has channels, else its first."""
    return part.shape[-1] if part.settings.get("features") == "waveform" else part.shape[0]
