"""Runs: one training of one project, as a folder on disk that window, terminal and worker all read and write.

    project.neuroloom                    the project as it was trained, with the data path made absolute
    model.py                             the Python that was trained
    run.json                             state and environment: `RunInfo`
    preparation.json                     how raw values become what the network reads
    history.csv, tensorboard/            what was measured
    log.txt                              what was said
    checkpoints/last.safetensors         weights at the last checkpoint, nothing else
    checkpoints/best.safetensors         weights with the lowest validation loss (training loss without validation)
    checkpoints/resume.safetensors       all that is needed to go on exactly
    evaluation-<split>.json              results of tests
    suspicious.json                      the samples with the highest loss

No torch here: the machine room fills the folder.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from engine import __version__, folders, storage
from engine.errors import EngineError, RunError, TrainingError
from engine.history import History
from engine.locks import hold, is_held
from engine.project import RESOURCES, Project, expanded

if TYPE_CHECKING:
    from engine.codegen import Source
    from engine.preparation import Preparation

Status = Literal["created", "running", "paused", "completed", "stopped", "failed"]

CHECKPOINTS = ("best", "last", "resume")
SUSPICIOUS = "suspicious.json"
_MAX_JSON = 1 << 28


class Choices(msgspec.Struct, frozen=True):
    """What was chosen, or measured, at the start of a run. A resumed run keeps it, so that its numbers stay the same.

    step         how one step is computed: "traced" (a flat graph of tensor operations) or "eager" (torch as usual)
    step_reason  why, for people
    """

    device: str
    threads: int
    channels_last: bool
    step: Literal["traced", "eager"]
    step_reason: str


class RunInfo(msgspec.Struct, frozen=True):
    """The state of a run. `epoch` counts from 0 as a fraction; `training` and `validation` are of the last whole epoch.

    network, data     the names of the first network, and of the file or folder that the data is
    best, best_epoch  the lowest loss that was measured for the best checkpoint, and after how many epochs
    seconds           time spent training, over all resumptions, without pauses
    """

    name: str
    created: str
    network: str = ""
    data: str = ""
    status: Status = "created"
    message: str = ""
    hint: str = ""
    step: int = 0
    epoch: float = 0.0
    epochs: int = 0
    steps_per_epoch: int = 0
    weights: int = 0
    best: float | None = None
    best_epoch: int = 0
    training: dict[str, float] = {}
    validation: dict[str, float] = {}
    seconds: float = 0.0
    choices: Choices | None = None
    data_fingerprint: str = ""
    environment: dict[str, str] = {}

    @property
    def device(self) -> str:
        return self.choices.device if self.choices else ""

    @property
    def threads(self) -> int:
        return self.choices.threads if self.choices else 0

    @property
    def subject(self) -> str:
        """What it is a run of: "Perceptron on fashion-mnist-small"; its name if it was made before that was kept."""
        return f"{self.network} on {self.data}" if self.data else self.network or self.name

    @property
    def is_resumable(self) -> bool:
        """It was begun and did not reach its end. A run that is being trained is not resumable."""
        return self.status in ("created", "stopped", "failed")


class Run:
    """One run folder. Holds no state of its own: every call reads or writes the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def project(self) -> Project:
        """The project as it was when the run was created. Raises ProjectError."""
        from engine import projectfile

        return projectfile.load(self.folder / "project.neuroloom")

    def source(self) -> "Source":
        """The Python to train, emitted from the project. The folder's model.py is never executed: a run folder may come
        from anywhere. Raises ProjectError or TrainingError."""
        from engine.codegen import emit

        return emit(self.project)

    def info(self) -> RunInfo:
        """The state now. A run whose process died without a word is given as failed. Raises RunError."""
        path = self.folder / "run.json"
        try:
            info = msgspec.json.decode(storage.read(path, _MAX_JSON), type=RunInfo)
        except (EngineError, msgspec.DecodeError) as error:
            raise RunError(f"{self.folder} is not a run, or is damaged: {_first_line(error)}",
                           "Choose a folder that Train created; it holds run.json and checkpoints.") from error
        if info.status in ("running", "paused") and not self.is_claimed():
            info = msgspec.structs.replace(info, status="failed", message="The training process ended without a word.",
                                           hint="Resume the run: it goes on from its last checkpoint.")
        return info

    def update(self, **changes: Any) -> RunInfo:
        """Write changed fields of the info. Only for whoever holds the claim, or sees that nobody does."""
        info = msgspec.structs.replace(self.info(), **changes)
        storage.write(self.folder / "run.json", msgspec.json.format(msgspec.json.encode(info), indent=2))
        return info

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Be the only one who trains this run. Raises RunError if another process does. The system lets go of the claim
        of a process that dies."""
        with hold(self.folder / "training.lock") as is_mine:
            if not is_mine:
                raise RunError(f"{self.folder.name} is being trained already.",
                               "Wait for it, or stop it where it was started.")
            yield

    def is_claimed(self) -> bool:
        """Somebody is training this run now."""
        return is_held(self.folder / "training.lock")

    def checkpoint(self, name: str) -> Path:
        """The file of a checkpoint, which may not exist yet: "best", "last" or "resume". Raises RunError."""
        if name not in CHECKPOINTS:
            raise RunError(f"There is no checkpoint {name!r}.", "Choose best or last.")
        return self.folder / "checkpoints" / f"{name}.safetensors"

    def preparation(self) -> "Preparation":
        """How this run's data is prepared. Raises RunError if training never got that far, or the file is damaged."""
        from engine.preparation import Preparation

        return Preparation.from_json(self._json("preparation.json"))

    def history(self) -> History:
        """Everything measured so far. Raises RunError."""
        return History.read(self.folder / "history.csv")

    def evaluation(self, split: str) -> dict[str, Any] | None:
        """The last test on a split, None if there was none. Raises RunError."""
        name = f"evaluation-{split}.json"
        return self._json(name) if (self.folder / name).exists() else None

    def write_evaluation(self, split: str, evaluation: dict[str, Any]) -> None:
        """Raises StorageError."""
        self.write_json(f"evaluation-{split}.json", evaluation)

    def suspicion(self) -> dict[str, Any] | None:
        """The last ranking of suspicious labels, None if there was none. Raises RunError."""
        return self._json(SUSPICIOUS) if (self.folder / SUSPICIOUS).exists() else None

    def write_json(self, name: str, value: Any) -> None:
        """Raises StorageError."""
        storage.write(self.folder / name, msgspec.json.format(msgspec.json.encode(value), indent=2))

    def log(self, message: str) -> None:
        """Add a line, or a few, to the run's log, with the time in UTC."""
        with (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{_now()} {message}\n")

    def _json(self, name: str) -> dict[str, Any]:
        try:
            return msgspec.json.decode(storage.read(self.folder / name, _MAX_JSON), type=dict[str, Any])
        except (EngineError, msgspec.DecodeError) as error:
            raise RunError(f"{name} of {self.folder} cannot be read: {_first_line(error)}",
                           "Train the run again; its project is in the folder.") from error


def create(project: Project, project_path: Path | None, folder: Path | None = None) -> Run:
    """A new run folder for a project, ready to be trained.

    project_path: the project's file, to which its data path is relative; None if it was never saved.
    folder: where; it must be new or empty. Default: `runs/<name>-<date>-<time>` beside the project file, or in the
    user's data folder if the project is unsaved, is one of the program's own, or lies where nothing can be written.

    Raises ProjectError or TrainingError if the design cannot be trained, RunError, or StorageError.
    """
    from engine import projectfile
    from engine.codegen import emit

    project = anchored(project, project_path)
    source = emit(project)
    _require_loss(project, bool(source.objectives))
    folder = _created(folder) if folder else _default_folder(project_path)
    try:
        (folder / "checkpoints").mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be used for a run: {error.strerror}.", "Choose another folder.") from error
    run = Run(folder)
    projectfile.save(project, folder / "project.neuroloom")
    storage.write(folder / "model.py", source.text.encode())
    data = project.data.located(None).name if project.data else ""
    run.write_json("run.json", RunInfo(folder.name, _now(), project.main, data, environment=_environment()))
    return run


def _require_loss(project: Project, has_loss: bool) -> None:
    """Raises TrainingError for a network that has nothing to learn from, before a folder is made for it."""
    if has_loss:
        return
    if project.data and not any(column.role == "target" for column in project.data.columns):
        raise TrainingError("The data has no target: nothing in it says what the network should predict.",
                            "Put the files of each class into a folder of its own, or give a column the role target "
                            "and wire it to a loss. To learn without a target, compare the output with the input.")
    raise TrainingError("The network has no loss to learn from.", "Add one, such as CrossEntropy, and wire it.")


def open_run(folder: Path) -> Run:
    """The run in a folder. Raises RunError if there is none."""
    run = Run(Path(folder).expanduser().resolve())
    run.info()
    return run


def anchored(project: Project, project_path: Path | None) -> Project:
    """With absolute paths, so that the snapshot means the same data and weights wherever the run folder lies."""
    base = project_path.resolve().parent if project_path else Path.cwd()
    if project.data and not project.data.path.startswith("bundled:"):
        path = str(project.data.located(base).resolve())
        project = project.replace(data=msgspec.structs.replace(project.data, path=path))
    weights = project.options["weights"]
    if weights:
        training = {**project.options.training, "weights": str(base / expanded(weights))}
        project = project.replace(options=msgspec.structs.replace(project.options, training=training))
    starts = {name: str(base / expanded(path)) for name, path in project.starts.items()}
    return project.replace(starts=starts)


def continued(project: Project, project_path: Path | None, run: Run) -> Project:
    """To be trained in a new run that goes on with the best weights of an earlier one, wherever their names and shapes
    are the same. What that run started from has become part of its weights and is not read again. Raises ProjectError.
    """
    project, past = anchored(project, project_path), run.project.starts
    starts = {name: path for name, path in project.starts.items() if past.get(name) != path}
    training = {**project.options.training, "weights": str(run.folder)}
    return project.replace(starts=starts, options=msgspec.structs.replace(project.options, training=training))


def weights_file(path: Path) -> Path:
    """The file of weights that a path means: a run's folder stands for its best checkpoint. It may not exist."""
    is_folder = os.path.isdir(path)  # noqa: PTH112 -- Path.is_dir raises for names that are too long
    return Run(path).checkpoint("best") if is_folder else path


def stem(project_path: Path | None) -> str:
    """How the names of a project's runs begin."""
    return project_path.stem if project_path else "untitled"


def default_parents(project_path: Path | None) -> list[Path]:
    """Where runs of a project are put: the first that can be written."""
    own = (folders.data() / "runs").resolve()
    if project_path is None or project_path.resolve().is_relative_to(RESOURCES):
        return [own]
    return [project_path.resolve().parent / "runs", own]


def _default_folder(project_path: Path | None) -> Path:
    name = f"{stem(project_path)}-{datetime.now():%Y%m%d-%H%M%S}"
    failure: OSError | None = None
    for parent in default_parents(project_path):
        try:
            parent.mkdir(parents=True, exist_ok=True)
            return _first_free(parent, name)
        except OSError as error:
            failure = error
    raise RunError(f"No run folder could be created: {failure}", "Free some space, or save the project elsewhere.")


def _first_free(parent: Path, name: str) -> Path:
    """A new folder; runs that begin in the same second are numbered. Raises OSError."""
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _created(folder: Path) -> Path:
    folder = Path(folder).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise RunError(f"{folder} cannot be created: {error.strerror}.", "Choose another folder.") from error
    if not is_empty:
        raise RunError(f"{folder} is not empty.", "Choose a new folder for the run, or resume the one that is there.")
    return folder


def _environment() -> dict[str, str]:
    return {"neuroloom": __version__, "python": platform.python_version(), "platform": platform.platform()}


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
