"""From a run folder to a session that is ready for its first step, whether it begins or goes on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice

import torch
from torch import nn

from engine import network as networks
from engine.analysis.planning import resting
from engine.codegen import Source
from engine.data import dataset
from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.events import Noted, Progressed
from engine.network import Built
from engine.options import Options
from engine.plan import Phase, gaps, phases
from engine.preparation import Preparation
from engine.project import Project
from engine.runs import Choices, Run, RunInfo
from engine.training import checkpoint, devices, tuning
from engine.training.alignment import misalignment
from engine.training.augmentation import Augmenter
from engine.training.balance import balance_loss
from engine.training.checkpoint import Progress, State
from engine.training.control import Control
from engine.training.courses import Course, Judge, Modes, Stage, grouped
from engine.training.feed import Feed
from engine.training.initialization import initialize
from engine.training.measures import Measures, Tally
from engine.training.order import order_of
from engine.training.parameters import Parameters
from engine.training.recorder import Emit, Recorder
from engine.training.session import Session, Stopped
from engine.training.starts import start
from engine.training.step import Batch, EagerStep, Step

CHECKED_BATCHES = 2
"""So many large batches are looked at for samples from which a loss cannot learn."""


@dataclass(frozen=True)
class _Design:
    """What is trained: the networks in their objectives, in training mode on their device, and the data that feeds
    them. `sizes`: how many numbers each metric's sums have, by graph of the objective. `groups` and `rests` of each
    phase: what it moves, and what lets the networks rest that it freezes. `starts`: what became of weights that were
    to be taken over; `notes`: warnings."""

    built: Built
    judges: dict[str, Judge]
    sizes: dict[str, list[int]]
    groups: list[list[tuple[float, Parameters]]]
    rests: Sequence[Callable[[], None]]
    feed: Feed
    starts: tuple[Noted, ...]
    notes: tuple[str, ...]


def prepared(run: Run, emit: Emit, control: Control) -> Session:
    """Read the data, build the networks, choose by measurement, and restore what an interrupted run had reached.

    Raises Stopped if the user stops it meanwhile, TrainingError, and the errors of data, weights and run folder.
    """
    project, info = run.project, run.info()
    options, plan = project.options, phases(project)
    epochs = int(options["epochs"])
    source = run.source()
    data = _data(project, emit, control)
    if info.choices and data.preparation != (kept := run.preparation()):
        if not data.preparation.reads_as(kept):
            raise TrainingError("The data no longer has the columns or classes that this run began with.",
                                "Put the old data back, or train again.")
        data = _data(project, emit, control, kept)  # its weights know these numbers, and no others
    is_resumed = run.checkpoint("resume").exists()
    design, channels_last = _design(source, data, project, info.choices, starts_anew=not is_resumed)
    run.write_json("preparation.json", data.preparation.to_json())
    steps, choices = _choices(design, plan, options, info.choices, channels_last)
    courses = _courses(source, design, data.preparation)
    steps_per_epoch = design.feed.steps_per_epoch
    stages = tuple(
        Stage(phase, courses[phase.objective], groups, step, resting=rest, epochs=epochs,
              steps_per_epoch=steps_per_epoch)
        for phase, groups, step, rest in zip(plan, design.groups, steps, design.rests, strict=True))
    state = State(design.built, tuple(courses.values()), stages, Progress())
    notes = [*data.findings, *design.notes, *_idle(plan, epochs * steps_per_epoch),
             *_resumption_notes(info, data, choices)]
    if is_resumed:
        checkpoint.restore(run.checkpoint("resume"), state)
    weights = sum(weight.numel() for weight in {id(w): w for w in design.built.everything.parameters()}.values())
    run.update(status="running", message="", hint="", choices=choices, epochs=epochs,
               steps_per_epoch=steps_per_epoch, weights=weights, data_fingerprint=data.fingerprint,
               step=state.progress.step, environment={**info.environment, "torch": str(torch.__version__)})
    recorder = Recorder(run, emit, state.progress.step)
    for taken in design.starts:
        recorder.note(taken.message, is_warning=taken.level == "warning")
    for note in notes:
        recorder.note(note, is_warning=True)
    recorder.note(f"Training on {choices.device} with {choices.threads} processor "
                  f"{'thread' if choices.threads == 1 else 'threads'}, {choices.step} step: {choices.step_reason}.")
    return Session(run, state, design.feed, recorder, emit, control, list(_layer_names(project, design.built)),
                   epochs, int(options["early_stopping"]), int(options["seed"]))


def _idle(plan: Sequence[Phase], steps: int) -> Iterator[str]:
    """What is said of phases that begin too late, and of steps without a phase. Raises TrainingError if no phase is
    used."""
    idle = [phase.name for phase in plan if not phase.uses(steps)]
    if len(idle) == len(plan):
        raise TrainingError(f"No phase of the plan begins within the {steps:,} steps of this training.",
                            "Let a phase begin earlier, or train for more epochs.")
    for name in idle:
        yield f"The phase {name} is never used: this training has {steps:,} steps."
    for first, end in gaps(plan):
        if first < steps:
            yield (f"Nothing is trained from step {first:,} to {min(end or steps, steps):,} of {steps:,}: no phase of "
                   "the plan is used there.")


def _layer_names(project: Project, built: Built) -> Iterator[tuple[nn.Module, str]]:
    """What users call the layers of all networks."""
    for part in built.source.parts:
        for node_id, attribute in built.source.modules[part.graph].items():
            name = project.graphs[part.graph].node(node_id).name
            where = f"{part.graph}: " if len(built.parts) > 1 else ""
            yield built.parts[part.name].get_submodule(attribute), f"{where}{name}"


def _courses(source: Source, design: _Design, preparation: Preparation) -> dict[str, Course]:
    courses = {}
    for graph, judge in design.judges.items():
        measures = Measures(source.objectives[graph].metrics, design.sizes[graph], preparation)
        title = graph if len(design.judges) > 1 else ""
        courses[graph] = Course(graph, title, judge, measures, Tally(measures.size, design.feed.device))
    return courses


def _data(project: Project, emit: Emit, control: Control, preparation: Preparation | None = None) -> Dataset:
    """The data, prepared as it was before where `preparation` says how."""
    if project.data is None:
        raise TrainingError("There is no data to learn from.",
                            "Choose a data set in the Data panel, or in the terminal with --data.")

    def tell(fraction: float) -> None:
        if control.is_stopping:
            raise Stopped
        emit(Progressed("Reading data", fraction))

    data = dataset.load(project.data, None, tell, preparation=preparation)
    if not len(data.rows.get("train", ())):
        raise TrainingError("There are no training samples.", "Hold back a smaller share for validation and test.")
    return data


def _design(source: Source, data: Dataset, project: Project, kept: Choices | None, *,
            starts_anew: bool) -> tuple[_Design, bool]:
    """The networks with their first weights, random or from files if they start anew, and whether images are channels
    last."""
    options, plan = project.options, phases(project)
    device = devices.resolved(kept.device if kept else str(options["device"]))
    torch.set_num_threads(kept.threads if kept else int(options["threads"]) or 1)
    devices.keep_freed_memory()
    torch.manual_seed(int(options["seed"]))
    built = networks.build(source)
    initialize(built.everything, str(options["initialization"]))
    starts, notes = tuple(start(built, project)) if starts_anew else (), list[str]()
    trained = list(dict.fromkeys(phase.objective for phase in plan))
    columns = tuple(dict.fromkeys(column for graph in trained for column in source.objectives[graph].columns))
    if not columns:
        raise TrainingError("The training reads nothing of the data.", "Wire an Input to an objective.")
    judges = {graph: Judge(built.objectives[graph], tuple(map(columns.index, source.objectives[graph].columns)))
              for graph in trained}
    if options["balance"] == "loss":
        targets = tuple(column.name for column in data.columns if column.role == "target" and column.name in columns)
        balance_loss(built.everything, data, targets)
    everything = built.everything.to(device)
    skips_single = any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in everything.modules())
    order = order_of(data, columns, is_balanced=options["balance"] == "sampling",
                     is_bucketed=bool(options["bucketing"]))
    augmenter = Augmenter(project.data.augmentation if project.data else (), data.preparation, columns, device)

    def feed(channels_last: bool) -> Feed:
        return Feed(data, columns, int(options["batch_size"]), device, channels_last=channels_last,
                    skips_single=skips_single, order=order, augment=augmenter if augmenter.is_active else None)

    usual = feed(False)
    example = usual.example()
    sizes = {graph: _metric_sizes(judge, example) for graph, judge in judges.items()}
    channels_last = kept.channels_last if kept else any(
        tuning.suits_channels_last(judge.objective, judge.places, example) for judge in judges.values())
    if channels_last:
        everything.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        usual = feed(True)
    for judge in judges.values():
        with closing(usual.in_order("train")) as batches:
            notes += filter(None, [misalignment(judge, islice(batches, CHECKED_BATCHES))])
    groups, modes = grouped(built, project), Modes(built)
    rests = [partial(modes.let_rest, graphs) for graphs in resting(project)]
    if usual.is_skipping:
        notes.append("The last batch of an epoch would be a single sample, from which batch normalisation cannot "
                     "learn: one sample, another each time, is left out of every epoch.")
    return _Design(built, judges, sizes, groups, rests, usual, starts, tuple(notes)), channels_last


def _metric_sizes(judge: Judge, batch: Batch) -> list[int]:
    """How many numbers each metric's sums have, by computing one batch without learning from it."""
    modules = [module for module in judge.objective.modules() if module.training]
    judge.objective.eval()
    try:
        with tuning.undisturbed(judge.objective, batch[0].device), torch.no_grad():
            _, sums = judge(*batch)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        if "allocate" in str(error):
            raise
        shapes = ", ".join(str(tuple(part.shape)) for part in batch)
        raise TrainingError(f"The network cannot compute a batch of its data, shapes {shapes}.",
                            f"The data may have changed since it was chosen: choose it again. torch says: "
                            f"{(str(error).splitlines() or [''])[0]}") from error
    finally:
        for module in modules:
            module.training = True
    return [part.numel() for part in sums]


def _choices(design: _Design, plan: Sequence[Phase], options: Options, kept: Choices | None,
             channels_last: bool) -> tuple[list[Step], Choices]:
    """The kind of step that every phase has, and what was chosen for the run. Several phases share a kind: one that
    cannot be traced makes none traced."""
    example = design.feed.example()
    moved = [[group for _, group in groups] for groups in design.groups]
    judges = [design.judges[phase.objective] for phase in plan]
    wanted = kept.step if kept else None
    found = []
    for judge, groups, rest in zip(judges, moved, design.rests, strict=True):
        rest()
        found.append(tuning.fastest_step(judge, groups, example, wanted))
    eager = next((choice for choice in found if choice[1] == "eager"), None)
    if eager and wanted is None:
        found = [(EagerStep(judge, groups), "eager", eager[2]) for judge, groups in zip(judges, moved, strict=True)]
    _, kind, reason = eager or found[0]
    steps = [step for step, _, _ in found]
    design.rests[0]()
    threads = kept.threads if kept else \
        int(options["threads"]) or tuning.fastest_threads(judges[0].objective, steps[0], example)
    return steps, Choices(design.feed.device.type, threads, channels_last, kind, reason)


def _resumption_notes(info: RunInfo, data: Dataset, choices: Choices) -> list[str]:
    """Why the numbers of a run that goes on may differ from those of one that was never interrupted."""
    notes: list[str] = []
    if info.choices is None:
        return notes
    if info.data_fingerprint != data.fingerprint:
        notes.append("The data files have changed since this run began: it goes on with the new ones.")
    version = info.environment.get("torch", str(torch.__version__))
    if version != torch.__version__:
        notes.append(f"This run began with torch {version}, here is {torch.__version__}: the last digits may differ.")
    if choices.device != "cpu":
        notes.append(f"Resumed on {choices.device}: the last digits may differ from those of an uninterrupted run.")
    return notes
