"""A Loop one time step at a time: what goes into the looped network, its states, and what comes out.

The run's network computes one sample as always; hooks listen to the looped network while it does. All placements of a
graph share one network object, so its calls are told apart by who called it and in which order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.analysis.composites import Ports, ports_of, states_of
from engine.analysis.library import Library
from engine.analysis.survey import survey
from engine.codegen.forward import sequences_of
from engine.codegen.outline import Outline, Step, Wire
from engine.codegen.program import Program, programmed
from engine.codegen.source import Objective
from engine.decoding import settings_of
from engine.derived import origin
from engine.errors import DataError, RunError
from engine.events import AnyEvent
from engine.layers.networks import SHARING
from engine.plan import address
from engine.preparation import Preparation
from engine.preparation.texts import words
from engine.preparation.usage import Usage
from engine.project import Project
from engine.runs import Run
from engine.trained import Array, Trained, load, load_data, tensors
from engine.usage import usage_of

MAX_STEPS, MAX_NUMBERS = 1000, 256
"""So many steps, and numbers of a tensor in each, are told."""

DIGITS = 6
SEED = 0
TOKENS = ("text", "tokens", "shifted")
"""Kinds of columns whose steps are tokens."""

Numbers = list[list[float | int]]
"""Of one tensor: its numbers in a row, step by step."""

Call = tuple[tuple[torch.Tensor | None, ...], tuple[torch.Tensor, ...]]
"""What went into a network, and what came out."""


def step(run: Run, loop: str = "", row: int | None = None, paths: Sequence[Path | str] = (), *, call: int = 0,
         checkpoint: str = "best", emit: Callable[[AnyEvent], None] | None = None) -> dict[str, Any]:
    """Run a trained network on one sample, and tell every time step of one of its Loops.

    loop   "Graph/node_id", "Graph/name" or the name of its node; "" if there is only one
    row    of the data, or of what is in `paths`; None: the first of the test split, or of the files
    paths  new files, as for a prediction, instead of the data
    call   which time is told, where the network that holds the Loop is computed several times for a sample

    Returns plain values: {"loop", "graph", "row", "name", "split", "place", "samples", "previous", "next", "call",
    "calls", "steps", "tokens", "start", "states", "inputs", "outputs", "shapes", "notes"}. `inputs`, `states` (after
    the step) and `outputs` have by name a list of numbers for each step, `start` the states before the first, `shapes`
    what the numbers are when they are not in a row. `tokens` name the steps of a text, else it is empty. `place`
    counts from 0 among the `samples` of the split; `previous` and `next` are the rows beside it, None at its ends.

    Raises RunError, DataError or WeightsError.
    """
    project = run.project
    report = survey(project)
    program = programmed(project, report)
    place = _find(program, report.library, loop)
    trained = load(run, checkpoint)
    usage = usage_of(trained.source, trained.preparation, project.graph)
    sample = _of_files(usage, paths, row or 0) if paths else \
        _of_data(run, trained, _columns_read(trained, usage, place), row, emit or (lambda event: None))
    with _Listening(trained, program, place) as heard:
        _compute(trained, usage, place, sample, heard, is_new=bool(paths))
    if not heard.frames:
        raise RunError(f"Nothing that is computed of a sample depends on the Loop {place.step.node.name!r}.",
                       "Wire what it puts out to an Output or a loss, and train again.")
    if not 0 <= call < len(heard.frames):
        raise RunError(f"{place.outline.graph} is computed {len(heard.frames)} times for a sample; there is no "
                       f"time {call + 1}.", "Choose a lower number.")
    calls = place.own_calls(heard.frames[call])
    return {
        "loop": place.step.node.name, "graph": place.step.graph, **sample.told(), "call": call,
        "calls": len(heard.frames), "steps": min(len(calls), MAX_STEPS),
        "tokens": _tokens(trained.preparation, sample.columns, place, len(calls))[:MAX_STEPS],
        **_told(place, project, calls),
    }


@dataclass(frozen=True)
class _Place:
    """A Loop: the graph that it stands in, its node there, and the graph that it runs. `objective`: the one to compute,
    where the network that is used does not hold the Loop."""

    library: Library
    outline: Outline
    step: Step
    inner: Outline
    objective: str = ""

    def own_calls(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Of all calls of the looped network in one computation of the graph, those that this Loop made."""
        first = 0
        for step in self.outline.steps:
            if step is self.step:
                break
            if step.graph == self.step.graph and step.node.type in SHARING:
                first += self._count(step)
        return calls[first : first + self._count(self.step)]

    def _count(self, step: Step) -> int:
        """How often a placement calls its network: a Loop for every step of its sequences."""
        if step.node.type != "Loop":
            return 1
        return self.outline.spec(next(iter(sequences_of(step, self.outline, self.library).values()))).sizes[0]

    def columns_before(self) -> set[str]:
        """The columns that the Loop depends on; "" where the graph is placed in others, which know."""
        steps = {step.node.id: step for step in self.outline.steps}
        found, seen = set[str](), set[Wire]()
        waiting = list(self.step.given)
        while waiting:
            wire = waiting.pop()
            if wire in self.outline.columns:
                found.add(self.outline.columns[wire].column)
            elif wire not in seen and wire[0] in steps:
                waiting += steps[wire[0]].given
            seen.add(wire)
        return found


def _find(program: Program, library: Library, wanted: str) -> _Place:
    """The Loop of that name. Raises RunError."""
    loops = {address(outline.graph, step.node.id): (outline, step) for outline in program.outlines.values()
             for step in outline.steps if step.node.type == "Loop"}
    if not loops:
        raise RunError("The network of this run has no Loop.",
                       "Place a network of the project as a Loop, wire a sequence to it, and train.")
    names = {key: (key, step.node.name, f"{outline.graph}/{step.node.name}") for key, (outline, step) in loops.items()}
    fitting = [key for key, known in names.items() if not wanted or wanted in known]
    if len(fitting) != 1:
        said = f"The run has {len(loops)} Loops." if not wanted else \
            f"The run has {len(fitting) or 'no'} Loops named {wanted!r}."
        raise RunError(said, f"Loops: {', '.join(known[-1] for known in names.values())}.")
    outline, step = loops[fitting[0]]

    @cache
    def places(graph: str) -> bool:
        """Whether computing a graph computes the one that holds the Loop."""
        inside = program.outlines[graph]
        return graph == outline.graph or any(places(each.graph) for each in inside.steps if each.graph)

    objective = "" if places(program.main) else next(filter(places, program.objectives), "")
    return _Place(library, outline, step, program.outlines[step.graph], objective)


@dataclass(frozen=True)
class _Sample:
    """One sample: prepared columns (1, ...), what it is called, and where it stands among the others."""

    columns: Mapping[str, Array]
    name: str = ""
    row: int = 0
    split: str = ""
    rows: Sequence[int] | Array = (0,)
    place: int = 0

    def told(self) -> dict[str, Any]:
        return {"row": self.row, "name": self.name, "split": self.split, "place": self.place,
                "samples": len(self.rows), "previous": self._beside(-1), "next": self._beside(1)}

    def _beside(self, way: int) -> int | None:
        return int(self.rows[self.place + way]) if 0 <= self.place + way < len(self.rows) else None


def _columns_read(trained: Trained, usage: Usage, place: _Place) -> tuple[str, ...]:
    if place.objective:
        return trained.source.objectives[place.objective].columns
    return tuple(name for name in usage.inputs if name not in usage.noise)


def _of_data(run: Run, trained: Trained, names: Sequence[str], row: int | None,
             emit: Callable[[AnyEvent], None]) -> _Sample:
    """A row of the run's data; without columns there is nothing to read."""
    if not names:
        return _Sample({}, "Noise")
    data = load_data(run, trained, emit)
    filled = [split for split in ("test", "validation", "train") if len(data.rows[split])]
    split = filled[0] if row is None else next((each for each in filled if row in data.rows[each]), "")
    if not split:
        raise DataError(f"Row {row} is in no split of the data.",
                        f"The test split has the rows {_range(data.rows['test'])}.")
    rows = data.rows[split]
    place = 0 if row is None else int(np.searchsorted(rows, row))
    chosen = rows[place : place + 1]
    columns = {name: data.prepared(name, chosen) for name in names}
    return _Sample(columns, str(data.names[int(chosen[0])]), int(chosen[0]), split, rows, place)


def _range(rows: Array) -> str:
    return f"{rows[0]} to {rows[-1]}" if len(rows) else "of none"


def _of_files(usage: Usage, paths: Sequence[Path | str], row: int) -> _Sample:
    names, columns, _ = usage.new(paths)
    if row not in range(len(names)):
        raise DataError(f"There is no sample {row}: the files hold {len(names)}.", "They are counted from 0.")
    one = {name: values[row : row + 1] for name, values in columns.items()}
    return _Sample(one, names[row], row, "", range(len(names)), row)


@dataclass
class _Listening:
    """Hears the calls of the looped network. `frames`: one for each time that the graph with the Loop was computed, the
    calls that it made itself, in order."""

    trained: Trained
    program: Program
    place: _Place
    frames: list[list[Call]] = field(default_factory=list)

    def __enter__(self) -> "_Listening":
        built = self.trained.built
        part = next(part for part in built.source.parts if part.graph == self.place.step.graph)
        looped, own = built.parts[part.name], type(built.network).__module__
        under_way: list[list[Call]] = []

        def enter(_module: torch.nn.Module, _given: tuple[Any, ...]) -> None:
            under_way.append([])

        def leave(module: torch.nn.Module, given: tuple[Any, ...], made: Any) -> None:
            calls = under_way.pop()
            if type(module).__name__ == self.place.outline.name:
                self.frames.append(calls)
            if module is looped and under_way:
                under_way[-1].append((given, tensors(made)))

        self._handles = []
        for module in built.everything.modules():
            if type(module).__module__ == own:
                self._handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()


def _compute(trained: Trained, usage: Usage, place: _Place, sample: _Sample, heard: _Listening, *,
             is_new: bool) -> None:
    """Compute the sample. A text that is to be written is computed again and again; the last time counts."""
    torch.manual_seed(SEED)
    if place.objective:
        objective: Objective = trained.source.objectives[place.objective]
        given = [torch.from_numpy(sample.columns[name]) for name in objective.columns]
        with torch.inference_mode():
            trained.built.objectives[place.objective](*(given or (1,)))
        return

    def compute(columns: Mapping[str, Array]) -> tuple[Array, ...]:
        heard.frames.clear()
        return trained.outputs(columns)

    columns = {**usage.drawn(1, SEED), **sample.columns}
    if is_new and usage.writes:
        usage.said(compute, columns, settings_of({}))
    else:
        compute(columns)


def _told(place: _Place, project: Project, calls: Sequence[Call]) -> dict[str, Any]:
    """Inputs, states and outputs of all steps as numbers."""
    graph = project.graphs[place.step.graph]
    ports, states = ports_of(graph), states_of(graph)
    given = {argument.port: [call[0][number] for call in calls] for number, argument in enumerate(place.inner.inputs)}
    results = [result.wire for result in place.inner.results]
    made = {port: [call[1][results.index(wire)] for call in calls] for port, wire in place.inner.shown.items()}
    telling = _Telling(ports)
    entering = {port: values for port, values in given.items() if port not in set(states.values())}
    return {
        "start": {ports.labels[state]: telling.numbers(state, given[state][:1])[0] for state in states.values()
                  if state in given and calls},
        "states": telling.all({port: values for port, values in made.items() if port in states}),
        "inputs": telling.all(entering),
        "outputs": telling.all({port: values for port, values in made.items() if port not in states}),
        "shapes": telling.shapes,
        "notes": [*telling.notes.values(), *([f"It has {len(calls):,} steps; the first {MAX_STEPS:,} are shown."]
                                             if len(calls) > MAX_STEPS else [])],
    }


@dataclass
class _Telling:
    """Tensors of one sample as lists of numbers, and what is to be said about them, by their names."""

    ports: Ports
    shapes: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def all(self, found: Mapping[str, Sequence[torch.Tensor | None]]) -> dict[str, Numbers]:
        return {self.ports.labels[port]: self.numbers(port, values) for port, values in found.items()}

    def numbers(self, port: str, steps: Sequence[torch.Tensor | None]) -> Numbers:
        """Of tensors (1, ...), one for each step."""
        label, told = self.ports.labels[port], []
        for tensor in steps[:MAX_STEPS]:
            assert tensor is not None, "a Loop gives its network all that it takes"
            one = tensor[0]
            self.shapes[label] = list(one.shape)
            if one.numel() > MAX_NUMBERS:
                self.notes[label] = f"{label} has {one.numel():,} numbers; the first {MAX_NUMBERS} are shown."
            told.append([_rounded(number) for number in one.flatten()[:MAX_NUMBERS].tolist()])
        return told


def _rounded(number: float | int) -> float | int:
    return float(f"{number:.{DIGITS}g}") if isinstance(number, float) else int(number)


def _tokens(preparation: Preparation, columns: Mapping[str, Array], place: _Place, steps: int) -> list[str]:
    """The tokens that the Loop goes through, if it has a step for each token of a text that the sample has."""
    kinds = {part.name: part.kind for part in preparation.parts}
    texts = [name for name, values in columns.items()
             if kinds.get(name) in TOKENS and values.shape[1:] == (steps,)]
    before = place.columns_before()
    read = [name for name in texts if name in before] or texts
    return words(preparation.part(origin(read[0])), columns[read[0]][0].tolist()) if read else []
