"""A folder with a project's training as a script: the emitted module, train.py in plain torch, the prepared data."""

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file

from engine import network as networks
from engine import storage
from engine.codegen import emit
from engine.codegen.script import DATA, INITIAL, MODEL, VALIDATION, training_script
from engine.data import dataset
from engine.data.files import Progress
from engine.errors import ProjectError, StorageError, TrainingError
from engine.plan import phases
from engine.project import Project
from engine.runs import anchored
from engine.training.initialization import initialize
from engine.training.starts import start


def write_training(project: Project, path: Path | None, folder: Path, progress: Progress | None = None) -> list[str]:
    """Write model.py, train.py, data.safetensors and, where weights do not begin as torch draws them,
    initial.safetensors into a new folder. `path`: the project file, None if it was never saved;
    `progress` is told the share of the data that is read.

    Returns what the script does not do as Neuroloom does. Raises TrainingError, DataError, WeightsError, StorageError,
    or ProjectError if the folder holds something.
    """
    project = anchored(project, path)
    source = emit(project)
    if not source.objectives or project.data is None:
        raise TrainingError("There is nothing to train.", "A training needs a loss, and data.")
    _make(folder)
    data = dataset.load(project.data, None, progress)
    columns = {prefix + name: torch.from_numpy(data.prepared(name, rows))
               for prefix, split in (("", "train"), (VALIDATION, "validation")) if len(rows := data.rows[split])
               for name in source.columns}
    save_file({name: values.contiguous() for name, values in columns.items()}, folder / DATA)
    torch.manual_seed(int(project.options["seed"]))
    built = networks.build(source)
    has_initial = project.options["initialization"] != "torch" or bool(project.starts or project.options["weights"])
    if has_initial:
        initialize(built.everything, str(project.options["initialization"]))
        list(start(built, project))
        save_file({name: value.detach().clone() for name, value in built.state().items()}, folder / INITIAL)
    normalises = any(isinstance(part, torch.nn.modules.batchnorm._BatchNorm) for part in built.everything.modules())
    is_single = len(data.rows["train"]) % int(project.options["batch_size"]) == 1
    has_validation = bool(len(data.rows["validation"]))
    text = training_script(project, source, has_initial=has_initial, skips_single=normalises and is_single,
                           has_validation=has_validation)
    storage.write(folder / f"{MODEL}.py", source.text.encode())
    storage.write(folder / "train.py", text.encode())
    return list(_left_out(project, has_validation=has_validation))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise StorageError(f"{folder} cannot be created: {error.strerror}.", "Choose another folder.") from error
    if not is_empty:
        raise ProjectError(f"{folder} is not empty.", "Choose a new folder.")


def _left_out(project: Project, *, has_validation: bool) -> Iterator[str]:
    options = project.options
    if project.data and project.data.augmentation:
        yield "The script does not augment its samples."
    if options["balance"] != "none" or options["bucketing"]:
        yield "The script takes all samples alike: it balances no classes and sorts none by length."
    if options["early_stopping"]:
        yield "The script does not stop early."
    if not has_validation and any(phase.scheduler.type == "ReduceOnPlateau" for phase in phases(project)):
        yield "Without validation samples the script reduces the rate by the loss of the last batch, not of the epoch."
