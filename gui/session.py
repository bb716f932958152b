"""The session: what the window trains, tests, predicts and exports. Workers do the work; this asks and listens.

Two supervisors: one trains, the other answers everything else, so that a network can be tried while it learns. They are
polled about 15 times a second, and only while something is under way: an idle window has no running timer.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine import events, jobs, known_runs, runs
from engine.decoding import settings_of
from engine.errors import EngineError
from engine.params import Value
from engine.plan import objectives
from engine.training.supervisor import Supervisor
from gui.document import Document
from gui.start_checks import StartChecks

POLL_INTERVAL_MS = 66

IDLE, STARTING, RUNNING, PAUSED, STOPPING = "idle", "starting", "running", "paused", "stopping"

Finished = Callable[[dict[str, Any]], None]
Failed = Callable[[str, str], None]
Progressed = Callable[[str, float], None]


@dataclass(frozen=True)
class _Request:
    job: jobs.AnyJob
    finished: Finished
    failed: Failed
    progressed: Progressed | None


class Session(QObject):
    """The training of the open document and the run that the panels show.

    reported(AnyEvent): the training says something. state_changed(str): idle, starting, running, paused or stopping.
    run_changed: the shown run is another one, or none. runs_changed: the document has other earlier runs.
    failed(message, hint): a training could not start or broke off, or is not listed with the document.
    continuing_changed(bool): trainings go on from the last run now, or start from scratch.
    devices_changed: it is known where this computer can train.
    tested(dict): an evaluation of the shown run is there. test_failed(message, hint), test_progressed(fraction).
    """

    reported = Signal(object)
    state_changed = Signal(str)
    run_changed = Signal()
    runs_changed = Signal()
    failed = Signal(str, str)
    continuing_changed = Signal(bool)
    devices_changed = Signal()
    tested = Signal(object)
    test_failed = Signal(str, str)
    test_progressed = Signal(float)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._trainer, self._helper = Supervisor(), Supervisor()
        self._state = IDLE
        self._run: runs.Run | None = None
        self._training: runs.Run | None = None
        self._trained: dict[Path, runs.Run] = {}  # since the document was opened
        self._is_continuing = False
        self._requests: deque[_Request] = deque()
        self._result: dict[str, Any] = {}
        self._devices: tuple[str, ...] = ()
        self._decoding: dict[str, Value] = settings_of({})
        self.starts = StartChecks(document, self)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_INTERVAL_MS)
        self._timer.timeout.connect(self._poll)
        document.opened.connect(self._forget_trained)
        document.opened.connect(self._show_latest)
        document.opened.connect(partial(self.set_continuing, False))
        document.saved.connect(self._assign_trained)
        document.path_changed.connect(self.runs_changed)
        self._show_latest()

    @property
    def state(self) -> str:
        """What the training does: idle, starting, running, paused or stopping."""
        return self._state

    @property
    def run(self) -> runs.Run | None:
        """The run that the panels show: the one that is trained, or an earlier one that was chosen."""
        return self._run

    @property
    def is_showing_training(self) -> bool:
        """The shown run is the one that is being trained, or was trained last."""
        return self._run is not None and self._training is not None and self._run.folder == self._training.folder

    @property
    def devices(self) -> tuple[str, ...]:
        """Where this computer can train ("cpu", "cuda", ...); () until a worker told it."""
        return self._devices

    @property
    def decoding(self) -> dict[str, Value]:
        """How networks that write texts are tried, see engine.decoding; exports begin with it."""
        return dict(self._decoding)

    def set_decoding(self, settings: Mapping[str, Value]) -> None:
        self._decoding = dict(settings)

    @property
    def is_continuing(self) -> bool:
        """A new training begins with the weights of `last_run`, wherever names and shapes are the same."""
        return self._is_continuing

    def set_continuing(self, is_on: bool) -> None:
        if is_on != self._is_continuing:
            self._is_continuing = is_on
            self.continuing_changed.emit(is_on)

    @property
    def last_run(self) -> runs.Run | None:
        """The newest run of the document that has weights to go on from, else the shown run."""
        known = [*self.own_runs(), *((self._run,) if self._run else ())]
        return next((run for run in known if run.checkpoint("best").exists()), None)

    def warm(self) -> None:
        """Start the worker that trains, so that Train answers at once. Call when the window is idle."""
        self._trainer.warm()
        self._timer.start()

    def train(self) -> None:
        """Train the document as it is now, in a new run. What stands in the way is told by `failed`."""
        if self._state != IDLE:
            return
        self.starts.look()
        refusal = self.refusal()
        if refusal:
            self.failed.emit(*refusal)
            return
        project, path = self._document.project, self._document.path
        last = self.last_run if self._is_continuing else None
        try:
            run = runs.create(runs.continued(project, path, last) if last else project, path)
        except EngineError as error:
            self.failed.emit(error.message, error.hint)
            return
        self._start(run)

    def resume_run(self, folder: Path) -> None:
        """Go on with a run that was stopped or broke off. What stands in the way is told by `failed`."""
        if self._state != IDLE:
            return
        try:
            run = runs.open_run(folder)
        except EngineError as error:
            self.failed.emit(error.message, error.hint)
            return
        self._start(run)

    def own_runs(self) -> list[runs.Run]:
        """The runs of the open document, the newest first. One that was never saved has those that were trained of it
        here."""
        path = self._document.path
        return known_runs.recent(path) if path else [*reversed(self._trained.values())]

    def earlier_runs(self, limit: int = 50) -> list[runs.Run]:
        """The runs of the open project, the newest first, and the shown run in any case."""
        found = known_runs.recent(self._document.path, limit)
        if self._run is not None and all(run.folder != self._run.folder for run in found):
            found.insert(0, self._run)
        return found

    def refusal(self) -> tuple[str, str] | None:
        """Why the document cannot be trained now, as message and hint; None if it can."""
        project = self._document.project
        if project.data is None:
            return "There is no data to learn from.", "Choose a data set in the Data panel."
        errors = self._document.obstacles
        if errors:
            rest = f" There {'is' if len(errors) == 2 else 'are'} {len(errors) - 1} more." if len(errors) > 1 else ""
            return errors[0].message + rest, errors[0].hint or "The Problems panel lists what to mend."
        if not objectives(project):
            return "The network has no loss to learn from.", "Add a loss, such as CrossEntropy, and wire it up."
        return None

    def pause(self) -> None:
        if self._state == RUNNING:
            self._trainer.pause()

    def resume(self) -> None:
        if self._state == PAUSED:
            self._trainer.resume()

    def stop(self) -> None:
        """End the training after its current step; its state is saved and can be resumed."""
        if self._state in (STARTING, RUNNING, PAUSED):
            self._trainer.stop()
            self._set_state(STOPPING)

    def kill(self) -> None:
        """End a training that does not answer."""
        if self._state != IDLE:
            self._trainer.kill()

    def show_run(self, folder: Path) -> None:
        """Show an earlier run in all panels. Raises RunError."""
        self._show(runs.open_run(folder))

    def job(self, job: jobs.AnyJob, on_finished: Finished, on_failed: Failed,
            on_progressed: Progressed | None = None) -> None:
        """Have something done beside the training. Jobs are done one after another; each is answered exactly once, by
        its result or by a message and a hint."""
        self._requests.append(_Request(job, on_finished, on_failed, on_progressed))
        self._helper.submit(job)
        self._timer.start()

    def test(self, split: str = "test") -> None:
        """Test the shown run; `tested` or `test_failed` answers."""
        if self._run is None:
            return
        folder = self._run.folder

        def finished(result: dict[str, Any]) -> None:
            if self._run is not None and self._run.folder == folder:
                self.tested.emit(result)

        def failed(message: str, hint: str) -> None:
            if self._run is not None and self._run.folder == folder:
                self.test_failed.emit(message, hint)

        self.test_progressed.emit(0.0)
        self.job(jobs.Evaluate(str(folder), split), finished, failed,
                 lambda _task, fraction: self.test_progressed.emit(fraction))

    def close(self) -> None:
        """End both workers; a training saves its state first. Nothing is reported any more."""
        self._timer.stop()
        self.starts.stop()
        self._requests.clear()
        self._trainer.close()
        self._helper.close()

    def _start(self, run: runs.Run) -> None:
        self._training = self._trained[run.folder] = run
        self._show(run)
        self._set_state(STARTING)
        self._trainer.submit(jobs.Train(str(run.folder)))
        self._timer.start()

    def _poll(self) -> None:
        for event in self._trainer.poll():
            self._take(event)
        for event in self._helper.poll():
            self._answer(event)
        if self._trainer.devices != self._devices:
            self._devices = self._trainer.devices
            self.devices_changed.emit()
        is_warming = self._trainer.is_alive and not self._trainer.is_ready
        if self._state == IDLE and not self._requests and not is_warming:
            self._timer.stop()

    def _take(self, event: events.AnyEvent) -> None:
        if isinstance(event, events.Started | events.Resumed) and self._state != STOPPING:
            self._set_state(RUNNING)
        elif isinstance(event, events.Paused) and self._state != STOPPING:
            self._set_state(PAUSED)
        self.reported.emit(event)
        if isinstance(event, events.Ended):
            self._set_state(IDLE)
            if event.reason == "failed":
                self.failed.emit(event.message, event.hint)
            elif self.is_showing_training and self._has_checkpoint():
                self.test()

    def _has_checkpoint(self) -> bool:
        return self._run is not None and self._run.checkpoint("best").exists()

    def _answer(self, event: events.AnyEvent) -> None:
        if not self._requests:
            return
        request = self._requests[0]
        if isinstance(event, events.Progressed) and request.progressed is not None:
            request.progressed(event.task, event.fraction)
        elif isinstance(event, events.Finished):
            self._result = event.result
        elif isinstance(event, events.Ended):
            result, self._result = self._result, {}
            self._requests.popleft()
            if event.reason == "completed":
                request.finished(result)
            else:
                request.failed(event.message, event.hint)

    def _show_latest(self) -> None:
        """Show the newest run of the project that was opened."""
        if self._state != IDLE:
            return
        path = self._document.path
        earlier = known_runs.recent(path, 1) if path else []
        self._show(earlier[0] if earlier else None)

    def _forget_trained(self) -> None:
        self._trained.clear()

    def _assign_trained(self) -> None:
        """What was trained of the document before it was saved in this place belongs to it there too."""
        path = self._document.path
        assert path is not None, "a document that is saved has a file"
        try:
            known_runs.assign(self._trained.values(), path)
        except EngineError as error:
            self.failed.emit(f"Earlier runs will not be listed with {path.name}. {error.message}", error.hint)

    def _show(self, run: runs.Run | None) -> None:
        self._run = run
        self.run_changed.emit()

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
