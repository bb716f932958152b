"""A training under way: what happens between the steps. Reports, validation, checkpoints, and the user's requests."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from math import isfinite
from time import monotonic

import torch
from torch import nn

from engine import storage
from engine.errors import TrainingError
from engine.events import Paused, Progressed, Resumed, Saved, Stepped, Validated
from engine.runs import Run
from engine.training import devices
from engine.training.checkpoint import State, resume_bytes, weights_bytes
from engine.training.control import Control
from engine.training.courses import Course
from engine.training.divergence import divergence
from engine.training.feed import Feed
from engine.training.measures import Tally
from engine.training.recorder import LEARNING_RATE, Emit, Recorder
from engine.training.step import sums_of

REPORT_SECONDS = 0.1
"""Time between two looks at the sums on the device."""

CHECKPOINT_SECONDS = 30.0
"""At most so much of a long epoch is lost when the process dies."""

SHORT_EPOCH_SECONDS = 0.5
"""Epochs that follow each other faster share a checkpoint: writing it durably would take longer than they do."""


_Sums = tuple[list[float], int]
"""The sums of an objective, and over how many samples."""


class Stopped(Exception):  # noqa: N818 -- not an error: the user asked for it
    """Ends a training from wherever it is; its state is on disk."""


@dataclass
class Session:
    """One sitting of a run. `state.progress` says where it is; `due` is when the loop should call `attend` next."""

    run: Run
    state: State
    feed: Feed
    recorder: Recorder
    emit: Emit
    control: Control
    names: Sequence[tuple[nn.Module, str]]
    epochs: int
    patience: int
    seed: int
    due: float = 0.0
    _read: list[_Sums] = field(default_factory=list)
    _pending: list[_Sums] = field(default_factory=list)
    _best: bytes | None = None
    _training: dict[str, float] = field(default_factory=dict)
    _validation: dict[str, float] = field(default_factory=dict)
    _begun: float = 0.0
    _begun_step: int = 0
    _begun_seconds: float = 0.0
    _reported: float = 0.0
    _saved: float = 0.0
    _saved_at: tuple[int, int] | None = None
    _epoch_seconds: float = 0.0

    def begin(self) -> None:
        """The clocks start. Call right before the first step."""
        self._begun = self._reported = self._saved = monotonic()
        self.due = self._begun  # the first step is reported at once: curves begin where the learning does
        self._begun_step, self._begun_seconds = self.state.progress.step, self.state.progress.seconds
        self._epoch_seconds = self.state.progress.seconds
        self._read = self._sums()
        self._pending = _nothing(self._read)

    def attend(self) -> None:
        """Between two steps: report, save if it is time, obey."""
        self._collect()
        now = monotonic()
        if now - self._reported >= REPORT_SECONDS / 2 or self.state.progress.step == self._begun_step + 1:
            self._report(now)
        self.due = now + REPORT_SECONDS
        if now - self._saved >= CHECKPOINT_SECONDS:
            self.save()
        self._obey()

    def finish_epoch(self) -> None:
        """After the last step of an epoch: validate, move the schedule, keep the best, save."""
        progress = self.state.progress
        self._collect()
        training = self._values(self._read)
        validation = self._validate()
        losses = validation or training
        learning_rate = self.state.stages[0].schedule.learning_rate
        for stage in self.state.stages:
            key = f"{stage.course.title} loss".strip()
            if key in losses and stage.phase.is_between(progress.step - self.feed.steps_per_epoch, progress.step):
                stage.schedule.after_epoch(losses[key])
        progress.epoch, progress.batch = progress.epoch + 1, 0
        for course in self.state.courses:
            course.tally.reset()
        self._read = self._sums()
        self._update_seconds()
        loss = losses.get("loss")  # unknown where no phase was used, and there is nothing to validate with
        is_best = loss is not None and (progress.best is None or loss < progress.best or self.is_contest)
        if is_best:
            self._require_finite()
            progress.best, progress.best_epoch = loss, progress.epoch
            self._best = weights_bytes(self.state.built)
        self._training, self._validation = training, validation
        self.recorder.validated(Validated(progress.epoch, progress.step, training, validation, learning_rate,
                                          progress.seconds - self._epoch_seconds, is_best and not self.is_contest))
        self._epoch_seconds = progress.seconds
        if self._saved_at is None or monotonic() - self._saved >= SHORT_EPOCH_SECONDS:
            self.save()
        if self.control.is_requested:
            self._obey()

    @property
    def is_contest(self) -> bool:
        """Several objectives: none of their losses says how good the networks are, so that the last ones are the
        best."""
        return len(self.state.courses) > 1

    @property
    def is_stale(self) -> bool:
        """Early stopping: no better loss for as many epochs as the option allows."""
        progress = self.state.progress
        return bool(self.patience) and progress.best is not None and \
            progress.epoch - progress.best_epoch >= self.patience

    def save(self) -> None:
        """Write all checkpoints that changed, the one to resume from last. A state that is not finite is never written:
        raises TrainingError then."""
        progress = self.state.progress
        if self._saved_at == (progress.step, progress.epoch):
            return
        self._require_finite()
        self._update_seconds()
        if self._best is not None:
            storage.write(self.run.checkpoint("best"), self._best)
            self._best = None
        storage.write(self.run.checkpoint("last"), weights_bytes(self.state.built))
        resume = self.run.checkpoint("resume")
        storage.write(resume, resume_bytes(self.state))
        known = {"training": self._training, "validation": self._validation} if self._training else {}
        self.run.update(step=progress.step, epoch=self._epoch(), seconds=progress.seconds, best=progress.best,
                        best_epoch=progress.best_epoch, **known)
        self._saved, self._saved_at = monotonic(), (progress.step, progress.epoch)
        self.emit(Saved(progress.step, str(resume)))

    def _obey(self) -> None:
        if self.control.is_stopping:
            self.save()
            raise Stopped
        if self.control.is_pausing:
            self.save()
            self.run.update(status="paused")
            before = monotonic()
            self.emit(Paused(self.state.progress.step))
            self.control.wait()
            if self.control.is_stopping:
                raise Stopped
            self.run.update(status="running")
            self.emit(Resumed(self.state.progress.step))
            paused = monotonic() - before
            self._begun, self._reported, self._saved = (
                moment + paused for moment in (self._begun, self._reported, self._saved))

    def _validate(self) -> dict[str, float]:
        """Measure the validation samples; {} if there are none. Leaves weights, statistics and random numbers alone."""
        count = self.feed.count("validation")
        if not count:
            return {}
        courses, device = self.state.courses, self.feed.device
        tallies, spoken = [Tally(course.measures.size, device) for course in courses], monotonic()
        modules = self.state.built.everything
        were_training = [module for module in modules.modules() if module.training]
        states = devices.random_states(device)
        modules.eval()
        with torch.no_grad(), closing(self.feed.in_order("validation")) as batches:
            for batch in batches:
                for course, tally in zip(courses, tallies, strict=True):
                    loss, metrics = course.judge(*batch)
                    tally.add(sums_of(loss, metrics, len(batch[0])), len(batch[0]))
                if self.control.is_requested:
                    self._obey()
                if monotonic() - spoken > 1.0:
                    spoken = monotonic()
                    self.emit(Progressed("Validating", tallies[0].samples / count))
        for module in were_training:
            module.training = True
        devices.restore_random_states(states, device)
        return self._values([(tally.sums.tolist(), tally.samples) for tally in tallies])

    def _sums(self) -> list[_Sums]:
        return [(course.tally.sums.tolist(), course.tally.samples) for course in self.state.courses]

    def _collect(self) -> None:
        """Take what the tallies gained since the last look. Raises TrainingError if a loss left the numbers."""
        sums = self._sums()
        self._require_numbers(sums)
        self._pending = [
            ([total + new - old for total, new, old in zip(waiting, now, before, strict=True)],
             samples + samples_now - samples_before)
            for (waiting, samples), (now, samples_now), (before, samples_before)
            in zip(self._pending, sums, self._read, strict=True)]
        self._read = sums

    def _require_numbers(self, sums: list[_Sums]) -> None:
        for course, (values, _) in zip(self.state.courses, sums, strict=True):
            if not isfinite(values[0]):
                raise self._divergence(course)

    def _values(self, sums: list[_Sums]) -> dict[str, float]:
        """What was measured, by name; "loss" is the sum over the objectives."""
        self._require_numbers(sums)
        found: dict[str, float] = {}
        for course, (values, samples) in zip(self.state.courses, sums, strict=True):
            if samples:
                found.update(course.named(course.measures.values(values, samples)))
        if self.is_contest and found:
            losses = [found[name] for course in self.state.courses if (name := f"{course.title} loss") in found]
            found = {"loss": sum(losses), **found}
        return found

    def _report(self, now: float) -> None:
        """Tell what the steps since the last report gave."""
        samples = max(count for _, count in self._pending)
        if not samples:
            return
        progress = self.state.progress
        self._update_seconds(now)
        values = self._values(self._pending)
        for stage in reversed(self.state.stages):
            name = f"{stage.course.title} {LEARNING_RATE}" if self.is_contest else LEARNING_RATE
            values[name] = stage.schedule.learning_rate
        speed = samples / (now - self._reported)
        step_seconds = (now - self._begun) / max(1, progress.step - self._begun_step)
        left = (self.epochs * self.feed.steps_per_epoch - progress.step) * step_seconds
        self.recorder.stepped(Stepped(progress.step, self._epoch(), values, speed, left), progress.seconds)
        self._pending, self._reported = _nothing(self._pending), now

    def _epoch(self) -> float:
        return self.state.progress.epoch + self.state.progress.batch / self.feed.steps_per_epoch

    def _update_seconds(self, now: float | None = None) -> None:
        self.state.progress.seconds = self._begun_seconds + (monotonic() if now is None else now) - self._begun

    def _require_finite(self) -> None:
        if not self.state.is_finite():
            raise self._divergence()

    def _divergence(self, course: Course | None = None) -> TrainingError:
        progress = self.state.progress
        judged = course or self.state.courses[0]
        return divergence(
            judged.judge, names=self.names, batch=self.feed.last, columns=self.feed.names,
            epoch=min(progress.epoch + 1, self.epochs), step=progress.step,
            learning_rate=next(s.schedule.learning_rate for s in self.state.stages if s.course is judged))


def _nothing(sums: list[_Sums]) -> list[_Sums]:
    return [([0.0] * len(values), 0) for values, _ in sums]
