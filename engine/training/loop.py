"""The one training loop. It knows neither window nor terminal nor worker: it reads a run folder, emits events and obeys
a control."""

import traceback
from collections.abc import Callable
from contextlib import closing
from time import monotonic

from engine.errors import EngineError, TrainingError
from engine.events import AnyEvent, Ended, Reason, Started
from engine.runs import Run
from engine.training import devices
from engine.training.control import Control
from engine.training.failures import explained
from engine.training.session import Session, Stopped
from engine.training.setup import prepared


def train(run: Run, emit: Callable[[AnyEvent], None], control: Control) -> None:
    """Train a run from where it stands: from the start, or exactly on from its last checkpoint.

    Emits `Started`, progress, and exactly one `Ended`, after all files are on disk. Never raises for what can go wrong
    with data, design, disk or memory: the run is failed then, with its last checkpoint intact. The run belongs to one
    process at a time; a second one is refused and leaves it alone.
    """
    try:
        with run.claimed(), devices.restored_threads():
            if run.info().status == "completed":
                raise TrainingError("This run is complete.", "Train the project again: that makes a new run.")
            ended = _ended(run, emit, control)
    except (EngineError, OSError) as error:  # it is complete or taken, or its folder cannot be written any more
        ended = Ended("failed", str(run.folder), *explained(error))
    emit(ended)


def _ended(run: Run, emit: Callable[[AnyEvent], None], control: Control) -> Ended:
    """Train, and write into the run how it ended."""
    reason: Reason = "completed"
    message = hint = ""
    try:
        session = prepared(run, emit, control)
        try:
            _loop(session)
        finally:
            session.recorder.close()
    except Stopped:
        reason = "stopped"
    except Exception as error:  # noqa: BLE001 -- whatever breaks a training ends this run, not the program
        reason, (message, hint) = "failed", explained(error)
        run.log("".join(traceback.format_exception(error)) if not isinstance(error, EngineError) else message)
    run.update(status=reason, message=message, hint=hint)
    run.log(reason)
    return Ended(reason, str(run.folder), message, hint)


def _loop(session: Session) -> None:
    """All epochs that are left. Gradients are enabled: see `tracing.Traced`."""
    state, feed, control = session.state, session.feed, session.control
    progress, stages = state.progress, state.stages
    info = session.run.info()
    session.emit(Started(str(session.run.folder), info.device, info.threads, info.weights, session.epochs,
                         feed.steps_per_epoch, progress.step))
    session.begin()
    while progress.epoch < session.epochs and not session.is_stale:
        with closing(feed.epoch(session.seed, progress.epoch, progress.batch)) as batches:
            for samples, batch in batches:
                for stage in stages:
                    if stage.phase.is_used_in(progress.step):
                        stage.course.tally.add(stage.step(batch), samples)
                        stage.update()
                progress.step += 1
                progress.batch += 1
                if control.is_requested or monotonic() >= session.due:
                    session.attend()
        session.finish_epoch()
    if session.is_stale:
        session.recorder.note(f"Stopped early: no better loss for {session.patience} epochs; the best was epoch "
                              f"{progress.best_epoch}.")
    session.save()
