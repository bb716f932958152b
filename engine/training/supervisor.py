"""The supervisor: a warm worker process, watched by one thread. No torch here; the window polls it.

A crash, a kill or a hang of the worker costs one job and never the program: the job then ends with one
`Ended("failed", ...)`, and the next job starts a new worker. Jobs are done one after another.
"""

import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from typing import IO, Literal

import msgspec

from engine import processes
from engine.errors import EngineError
from engine.events import AnyEvent, Ended, Noted, Paused, Resumed, Started
from engine.jobs import AnyJob, Train
from engine.training import protocol
from engine.training.protocol import Ready, Request

State = Literal["idle", "starting", "running", "paused", "stopping"]

SILENCE_SECONDS = 10.0
"""A training that says nothing for so long is reported as not responding."""

STOP_SECONDS = 5.0
"""After this long without a sign of life, a worker that was asked to stop, or to end, is killed."""


class Supervisor:
    """Owns at most one worker. All methods are quick, except `close`, and may be called from any one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._log: IO[bytes] | None = None
        self._jobs: deque[AnyJob] = deque()
        self._events: deque[AnyEvent] = deque()
        self._state: State = "idle"
        self._devices: tuple[str, ...] = ()
        self._is_ready = False
        self._is_silent = False
        self._was_killed = ""
        self._heard = self._stop_asked = 0.0

    @property
    def state(self) -> State:
        """idle: no job. starting: a job was given, its training did not begin yet. Other jobs run at once."""
        return self._state

    @property
    def is_alive(self) -> bool:
        """There is a worker, warm or about to be."""
        return self._reader is not None and self._reader.is_alive()

    @property
    def is_ready(self) -> bool:
        """The worker is warm: a job would begin within milliseconds."""
        return self._is_ready

    @property
    def devices(self) -> tuple[str, ...]:
        """Where this computer can train ("cpu", "cuda", ...), once a worker was warm; until then ()."""
        return self._devices

    @property
    def pid(self) -> int | None:
        """The worker's process id, None without a worker."""
        return self._process.pid if self._process else None

    def warm(self) -> None:
        """Start the worker if there is none, so that the next job begins at once. If that fails, a job will say so."""
        with suppress(OSError):
            self._ensure_worker()

    def submit(self, job: AnyJob) -> None:
        """Have a job done, after those given before. Its events, and one Ended at last, come from `poll`."""
        failure: OSError | None = None
        try:
            self._ensure_worker()
        except OSError as error:
            failure = error
        with self._lock:
            self._jobs.append(job)
            if self._state == "idle":
                self._begin(job)
        if failure:
            self._lose(f"The training process could not be started: {failure.strerror}.", "Close other programs.")
        else:
            self._send(Request("start", job))

    def pause(self) -> None:
        """Rest after the current step; Paused follows."""
        self._send(Request("pause"))

    def resume(self) -> None:
        self._send(Request("resume"))

    def stop(self) -> None:
        """End the current job after its current step, with a checkpoint. One that does not react is killed."""
        if self._state == "idle":
            return
        self._state = "stopping"
        self._stop_asked = time.monotonic()
        self._send(Request("stop"))

    def kill(self) -> None:
        """End the worker at once. A training can be resumed from its last checkpoint."""
        if self._process is not None:
            self._was_killed = self._was_killed or "The training process was ended by force."
            processes.kill(self._process)

    def poll(self) -> list[AnyEvent]:
        """What was reported since the last call, in order. Never waits. Call it several times a second while not idle:
        this is also where a worker that hangs is noticed."""
        self._watch()
        events = []
        with suppress(IndexError):
            while True:
                events.append(self._events.popleft())
        return events

    def close(self) -> None:
        """End the worker and wait for it: a training writes a checkpoint first. The supervisor can be used again."""
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        if process.stdin is not None:
            with self._lock, suppress(OSError):
                process.stdin.close()
        reader.join(STOP_SECONDS)
        if reader.is_alive():
            self.kill()
            reader.join()
        self._process = None

    def _ensure_worker(self) -> None:
        if self._process is not None and self._process.poll() is None and self._reader and self._reader.is_alive():
            return
        if self._reader is not None:
            self._reader.join()
        self._was_killed = ""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- read when the worker has died, closed then
        try:
            self._process = processes.start_worker(self._log)
        except OSError:
            self._log.close()
            raise
        self._heard = time.monotonic()
        self._reader = threading.Thread(target=self._listen, args=(self._process, self._log), name="supervisor",
                                        daemon=True)
        self._reader.start()

    def _send(self, request: Request) -> None:
        """A worker that just died cannot be told; the reader finds out and reports it."""
        if self._process is not None and self._process.stdin is not None:
            with self._lock, suppress(OSError, ValueError):
                self._process.stdin.write(protocol.encoded(request))
                self._process.stdin.flush()

    def _listen(self, process: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
        """The thread: takes in what the worker says until it ends."""
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._take(line)
        code = process.wait()
        self._is_ready = False
        message, hint = _obituary(code, log, self._was_killed)
        with suppress(OSError), log:
            if process.stdin is not None:
                process.stdin.close()
        self._lose(message, hint)

    def _take(self, line: bytes) -> None:
        self._heard = time.monotonic()
        try:
            event = protocol.reply(line)
        except msgspec.DecodeError:
            self._events.append(Noted(f"The training process said something unknown: {line[:200]!r}", "warning"))
            return
        if isinstance(event, Ready):
            self._devices = event.devices
            self._is_ready = True
            return
        with self._lock:
            if isinstance(event, Ended):
                self._end(event)
                return
            if self._state != "stopping":
                if isinstance(event, Started | Resumed):
                    self._state = "running"
                elif isinstance(event, Paused):
                    self._state = "paused"
            self._events.append(event)

    def _begin(self, job: AnyJob) -> None:
        self._state = "starting" if isinstance(job, Train) else "running"
        self._is_silent = False

    def _end(self, event: Ended) -> None:
        """Take over the end of the first job; there is exactly one a job."""
        if self._jobs:
            self._jobs.popleft()
            self._events.append(event)
        if self._jobs:
            self._begin(self._jobs[0])
        else:
            self._state = "idle"

    def _lose(self, message: str, hint: str) -> None:
        """The worker is gone: all jobs that it had fail."""
        with self._lock:
            while self._jobs:
                job = self._jobs[0]
                if isinstance(job, Train):
                    _record(job.run, message, hint)
                self._end(Ended("failed", job.of_run, message, hint))

    def _watch(self) -> None:
        """Notice a worker that hangs: say so while it trains, kill it when it should have stopped."""
        now = time.monotonic()
        if self._state == "stopping" and self._is_ready and now - max(self._heard, self._stop_asked) > STOP_SECONDS:
            self._was_killed = "The training did not react to Stop and was ended by force."
            self.kill()
        if self._state != "running" or not self._jobs or not isinstance(self._jobs[0], Train):
            return
        is_silent = now - self._heard > SILENCE_SECONDS
        if is_silent and not self._is_silent:
            self._events.append(Noted(f"The training is not responding: nothing was heard for {SILENCE_SECONDS:.0f} "
                                      "seconds. A step may be very slow; Stop ends it.", "warning"))
        elif self._is_silent and not is_silent:
            self._events.append(Noted("The training responds again."))
        self._is_silent = is_silent


def _record(folder: str, message: str, hint: str) -> None:
    """Write into the run how it ended, now that its worker cannot."""
    from pathlib import Path

    from engine import runs

    with suppress(EngineError, OSError):  # the folder may be what was lost; the event tells of the end all the same
        run = runs.Run(Path(folder))
        if run.info().status != "completed" and not run.is_claimed():
            run.update(status="failed", message=message, hint=hint)
            run.log(f"failed: {message}")


def _obituary(code: int, log: IO[bytes], was_killed: str) -> tuple[str, str]:
    """Message and hint for a worker that ended with this exit code."""
    resume = "The run can be resumed from its last checkpoint."
    if was_killed:
        return was_killed, resume
    if code == -getattr(signal, "SIGKILL", 9):
        return ("The training process was killed by the system.",
                f"Usually the memory was full: close other programs or choose a smaller batch size. {resume}")
    last = _last_line(log)
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return f"The training process crashed ({name}). {last}".rstrip(), resume
    return f"The training process ended unexpectedly (exit code {code}). {last}".rstrip(), resume


def _last_line(log: IO[bytes]) -> str:
    with suppress(OSError, ValueError):
        log.seek(0, 2)
        log.seek(max(0, log.tell() - 4096))
        lines = log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else ""
    return ""
