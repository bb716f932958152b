"""What a run reports: one `Started`, then progress, then exactly one `Ended`. Frozen values, JSON on the wire."""

from typing import Literal

import msgspec

Reason = Literal["completed", "stopped", "failed"]


class Event(msgspec.Struct, frozen=True, tag_field="event", tag=str.lower):
    """Base of all events; "event" in JSON is the class name in lower case."""


class Started(Event, frozen=True):
    """The first step is about to be made. `step` is above 0 when a run is resumed."""

    run: str
    device: str
    threads: int
    weights: int
    epochs: int
    steps_per_epoch: int
    step: int = 0


class Stepped(Event, frozen=True):
    """Means over the steps since the last such event, a few times a second. `epoch` counts from 0, as a fraction."""

    step: int
    epoch: float
    values: dict[str, float]
    """"loss", "accuracy", ... of the training samples, and "learning_rate"."""
    samples_per_second: float
    seconds_left: float


class Validated(Event, frozen=True):
    """An epoch ended; `epoch` counts from 1. `training` and `validation` hold "loss" and metrics; `best`: the lowest
    validation loss so far; never with several objectives, none of whose losses says how good the networks are."""

    epoch: int
    step: int
    training: dict[str, float]
    validation: dict[str, float]
    learning_rate: float
    seconds: float
    best: bool


class Saved(Event, frozen=True):
    """A checkpoint is on disk."""

    step: int
    path: str


class Progressed(Event, frozen=True):
    """Progress of anything else that takes time: reading data, testing, exporting. `fraction` is 0 to 1."""

    task: str
    fraction: float


class Noted(Event, frozen=True):
    """Something the user should read: a warning, or a line for the log."""

    message: str
    level: Literal["info", "warning"] = "info"


class Paused(Event, frozen=True):
    step: int


class Resumed(Event, frozen=True):
    step: int


class Finished(Event, frozen=True):
    """The result of a job that is not a training: testing, predicting, exporting. Plain JSON values."""

    result: dict[str, object]


class Ended(Event, frozen=True):
    """The last event of every job, after all its files are on disk."""

    reason: Reason
    run: str = ""
    message: str = ""
    hint: str = ""


AnyEvent = Started | Stepped | Validated | Saved | Progressed | Noted | Paused | Resumed | Finished | Ended
