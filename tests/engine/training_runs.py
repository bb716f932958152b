"""Training in this process, watched: what the tests of training share."""

import hashlib
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from engine import runs
from engine.events import AnyEvent, Ended
from engine.project import Project
from engine.runs import Run
from engine.training.control import Control
from engine.training.loop import train


class StopAfter(Control):
    """Stops a training after the loop has looked so many times: after every step, and within a validation."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    @property
    def is_requested(self) -> bool:
        self._looks -= 1
        if self._looks <= 0:
            self.is_stopping = True
        return self.is_stopping

    @is_requested.setter
    def is_requested(self, value: bool) -> None:
        pass


def trained(project: Project, folder: Path, control: Control | None = None) -> tuple[Run, list[AnyEvent]]:
    run = runs.create(project, None, folder)
    return run, continued(run, control)


def continued(run: Run, control: Control | None = None) -> list[AnyEvent]:
    """Train on; every training ends with exactly one Ended."""
    seen: list[AnyEvent] = []
    train(run, seen.append, control or Control())
    assert isinstance(seen[-1], Ended)
    assert sum(isinstance(event, Ended) for event in seen) == 1
    return seen


def of(kind: type, events: list[AnyEvent]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def sha256(path: Path) -> dict[str, str]:
    """The fingerprint of every tensor in a safetensors file."""
    return {name: hashlib.sha256(tensor.numpy().tobytes()).hexdigest() for name, tensor in load_file(path).items()}
