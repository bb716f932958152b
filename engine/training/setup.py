"""From a run folder to a session that is ready for its first step, whether it begins or goes on."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from engine import network as networks
from engine.codegen import Source
from engine.data import dataset
from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.events import Progressed
from engine.options import Options
from engine.preparation import Preparation
from engine.project import Project
from engine.runs import Choices, Run, RunInfo
from engine.training import checkpoint, devices, tuning
from engine.training.augmentation import Augmenter
from engine.training.balance import balance_loss
from engine.training.checkpoint import Progress, State
from engine.training.control import Control
from engine.training.feed import Feed
from engine.training.initialization import initialize
from engine.training.measures import Measures, Tally
from engine.training.optimizers import Schedule, build_optimizer
from engine.training.order import order_of
from engine.training.parameters import Parameters
from engine.training.recorder import Emit, Recorder
from engine.training.session import Session, Stopped
from engine.training.step import Batch, Step
from engine.training.weights import load_weights


@dataclass(frozen=True)
class _Design:
    """What is trained: the network inside its objective, in training mode on its device, and the data that feeds it."""

    source: Source
    network: nn.Module
    objective: nn.Module
    feed: Feed
    measures: Measures
    notes: tuple[str, ...]


def prepared(run: Run, emit: Emit, control: Control) -> tuple[Session, Step]:
    """Read the data, build the network, choose by measurement, and restore what an interrupted run had reached.

    Raises Stopped if the user stops it meanwhile, TrainingError, and the errors of data, weights and run folder.
    """
    project, info = run.project, run.info()
    options = project.options
    source = run.source()
    data = _data(project, emit, control)
    if info.choices and data.preparation != (kept := run.preparation()):
        if not data.preparation.reads_as(kept):
            raise TrainingError("The data no longer has the columns or classes that this run began with.",
                                "Put the old data back, or train again.")
        data = _data(project, emit, control, kept)  # its weights know these numbers, and no others
    is_resumed = run.checkpoint("resume").exists()
    start = "" if is_resumed else str(options["weights"])
    design, channels_last = _design(source, data, project, info.choices, start)
    run.write_json("preparation.json", data.preparation.to_json())
    parameters = Parameters(design.objective)
    if not parameters.weights:
        raise TrainingError("The network has no weights to learn.", "Add a layer that learns, such as Linear.")
    step, choices = _choices(design, parameters, options, info.choices, channels_last)
    optimizer = build_optimizer(options.optimizer, parameters.tensors)
    schedule = Schedule(options.scheduler, optimizer, int(options["epochs"]), design.feed.steps_per_epoch)
    state = State(design.network, parameters, optimizer, schedule, Tally(design.measures.size, design.feed.device),
                  Progress())
    notes = [*data.findings, *design.notes, *_resumption_notes(info, data, choices)]
    if is_resumed:
        checkpoint.restore(run.checkpoint("resume"), state)
    run.update(status="running", message="", hint="", choices=choices, epochs=int(options["epochs"]),
               steps_per_epoch=design.feed.steps_per_epoch, weights=parameters.count, data_fingerprint=data.fingerprint,
               step=state.progress.step, environment={**info.environment, "torch": str(torch.__version__)})
    recorder = Recorder(run, emit, state.progress.step)
    for note in notes:
        recorder.note(note, is_warning=True)
    recorder.note(f"Training on {choices.device} with {choices.threads} processor "
                  f"{'thread' if choices.threads == 1 else 'threads'}, {choices.step} step: {choices.step_reason}.")
    names = {attribute: project.graph.node(node).name for node, attribute in source.modules.items()}
    return Session(run, source, design.objective, state, design.feed, design.measures, recorder, emit, control, names,
                   int(options["epochs"]), int(options["early_stopping"]), int(options["seed"])), step


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


def _design(source: Source, data: Dataset, project: Project, kept: Choices | None,
            start: str) -> tuple[_Design, bool]:
    """The network with its first weights, random or from the file `start`, and whether images are channels last."""
    options = project.options
    device = devices.resolved(kept.device if kept else str(options["device"]))
    torch.set_num_threads(kept.threads if kept else int(options["threads"]) or 1)
    devices.keep_freed_memory()
    torch.manual_seed(int(options["seed"]))
    network, objective = networks.build(source)
    assert objective is not None, "a source with an objective builds one"
    initialize(network, str(options["initialization"]))
    notes = []
    if start:
        notes.append(load_weights(network, Path(start)).text())
    if options["balance"] == "loss":
        balance_loss(objective, data, source.targets)
    objective.to(device).train()
    skips_single = any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in network.modules())
    columns = (*source.inputs, *source.targets)
    order = order_of(data, source.inputs, is_balanced=options["balance"] == "sampling",
                     is_bucketed=bool(options["bucketing"]))
    augmenter = Augmenter(project.data.augmentation if project.data else (), data.preparation, columns, device)

    def feed(channels_last: bool) -> Feed:
        return Feed(data, columns, int(options["batch_size"]), device, channels_last=channels_last,
                    skips_single=skips_single, order=order, augment=augmenter if augmenter.is_active else None)

    usual = feed(False)
    example = usual.example()
    sizes = _metric_sizes(objective, example)
    channels_last = kept.channels_last if kept else tuning.suits_channels_last(objective, example)
    if channels_last:
        objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        usual = feed(True)
    if usual.is_skipping:
        notes.append("The last batch of an epoch would be a single sample, from which batch normalisation cannot "
                     "learn: one sample, another each time, is left out of every epoch.")
    measures = Measures(source, sizes, data.preparation)
    return _Design(source, network, objective, usual, measures, tuple(notes)), channels_last


def _metric_sizes(objective: nn.Module, batch: Batch) -> list[int]:
    """How many numbers each metric's sums have, by computing one batch without learning from it."""
    objective.eval()
    try:
        with tuning.undisturbed(objective, batch[0].device), torch.no_grad():
            _, sums = objective(*batch)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        if "allocate" in str(error):
            raise
        shapes = ", ".join(str(tuple(part.shape)) for part in batch)
        raise TrainingError(f"The network cannot compute a batch of its data, shapes {shapes}.",
                            f"The data may have changed since it was chosen: choose it again. torch says: "
                            f"{(str(error).splitlines() or [''])[0]}") from error
    finally:
        objective.train()
    return [part.numel() for part in sums]


def _choices(design: _Design, parameters: Parameters, options: Options, kept: Choices | None,
             channels_last: bool) -> tuple[Step, Choices]:
    example = design.feed.example()
    step, kind, reason = tuning.fastest_step(design.objective, parameters, example, kept.step if kept else None)
    if kept:
        threads = kept.threads
    else:
        threads = int(options["threads"]) or tuning.fastest_threads(design.objective, step, example)
    return step, Choices(design.feed.device.type, threads, channels_last, kind, reason)


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
