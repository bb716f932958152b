"""Doing a job: the one place that knows which part of the machine room does what. Used by the worker and in-process."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import events, jobs, projectfile, runs
from engine.errors import EngineError
from engine.events import AnyEvent, Ended, Finished
from engine.jobs import AnyJob
from engine.training.control import Control
from engine.training.failures import explained

Emit = Callable[[AnyEvent], None]


class _Cancelled(Exception):  # noqa: N818 -- not an error: the user asked for it
    pass


def perform(job: AnyJob, emit: Emit, control: Control) -> None:
    """Do a job. Emits exactly one `Ended`, last; a job other than a training emits its `Finished` before.

    Never raises for what can go wrong in a job: it fails then, with a message. Stop ends a job that is not a training
    when it next reports progress.
    """
    if isinstance(job, jobs.Train):
        _train(job, emit, control)
        return

    def report(event: AnyEvent) -> None:
        if control.is_stopping:
            raise _Cancelled
        emit(event)

    run = job.of_run
    try:
        result = _result(job, report)
    except _Cancelled:
        emit(Ended("stopped", run))
    except Exception as error:  # noqa: BLE001 -- whatever breaks a job ends this job, not the worker
        if not isinstance(error, EngineError):
            emit(events.Noted("".join(traceback.format_exception(error)), "warning"))
        emit(Ended("failed", run, *explained(error)))
    else:
        emit(Finished(result))
        emit(Ended("completed", run))


def _train(job: jobs.Train, emit: Emit, control: Control) -> None:
    from engine.training.loop import train

    try:
        run = runs.open_run(Path(job.run))
    except EngineError as error:
        emit(Ended("failed", job.run, error.message, error.hint))
        return
    train(run, emit, control)


def _result(job: AnyJob, emit: Emit) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of job
    if isinstance(job, jobs.Look | jobs.Match | jobs.Script):
        return _without_run(job, emit)
    run = runs.open_run(Path(job.run))
    match job:
        case jobs.Evaluate():
            from engine.evaluation import evaluate

            return evaluate(run, job.split, job.checkpoint, emit)
        case jobs.Suspect():
            from engine.suspicion import suspicious

            return suspicious(run, job.checkpoint, emit)
        case jobs.Predict():
            from engine.prediction import predict

            return predict(run, [Path(path) for path in job.paths], job.checkpoint, job.decoding,
                           with_attention=job.with_attention)
        case jobs.Make():
            from engine.prediction import made

            return {"samples": next(iter(made(run, job.count, job.seed, job.checkpoint).values())).tolist()}
        case jobs.Step():
            from engine.stepping import step

            return step(run, job.loop, job.row, job.paths, call=job.call, checkpoint=job.checkpoint, emit=emit)
        case jobs.Export():
            from engine.export import export

            return export(run, job.format, Path(job.path), job.checkpoint, emit, decoding=job.decoding)
        case _:
            raise AssertionError(f"no such job: {job}")


def _without_run(job: jobs.Look | jobs.Match | jobs.Script, emit: Emit) -> dict[str, Any]:
    if isinstance(job, jobs.Look):
        from engine.looks import look

        return look(job, emit)
    project = projectfile.loads(job.project.encode())
    if isinstance(job, jobs.Match):
        from engine.training.starts import check

        report = check(project, job.address)
        return {"matched": len(report.matched), "total": report.total, "misfits": report.misfits()}
    from engine.training.script import write_training

    notes = write_training(project, None, Path(job.path), lambda share: emit(events.Progressed("Reading data", share)))
    return {"path": job.path, "notes": notes}
