"""The worker process: does jobs one after another, told by lines of JSON on its standard input.

Started by `engine.processes`, spoken to by `engine.training.supervisor`. Events go out as lines of JSON on what was
standard output; whatever else prints lands on standard error. When standard input ends, for instance because the window
was killed, the job in hand is stopped with a checkpoint and the process ends.
"""

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import IO

import msgspec

from engine import processes
from engine.events import Event, Noted
from engine.jobs import AnyJob
from engine.training import protocol
from engine.training.control import Control
from engine.training.protocol import Ready

GRACE_SECONDS = 4.5
"""After the end of its input a worker that cannot stop, because a step hangs, ends itself after so long."""


class _Speaker:
    """Writes events. When nobody listens any more, speaking does nothing: the work that is left is to save."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._lock = file, threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock, suppress(BrokenPipeError, OSError):
            self._file.write(protocol.encoded(event))
            self._file.flush()


class _Desk:
    """The jobs that wait, and the one in hand: it is the first, with its control. Shared by two threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[tuple[AnyJob, Control]] = deque()
        self._is_closed = self._is_working = False

    def add(self, job: AnyJob) -> None:
        with self._changed:
            self._jobs.append((job, Control()))
            self._changed.notify_all()

    def first(self) -> tuple[AnyJob, Control] | None:
        """The next job to do, waiting for one; None when no more will come."""
        with self._changed:
            while not self._jobs and not self._is_closed:
                self._changed.wait()
            self._is_working = bool(self._jobs) and not self._is_closed
            return self._jobs[0] if self._is_working else None

    def done(self) -> None:
        with self._changed:
            self._jobs.popleft()
            self._is_working = False

    def command(self, name: str) -> None:
        """pause, resume or stop the first job."""
        with self._changed:
            if self._jobs:
                getattr(self._jobs[0][1], name)()

    def close(self) -> bool:
        """No more jobs; one that was begun is stopped. True if there is one."""
        with self._changed:
            self._is_closed = True
            for _, control in self._jobs:
                control.stop()
            self._changed.notify_all()
            return self._is_working


def main() -> int:
    """Run until standard input ends. The exit code is 0 then."""
    processes.lower_priority()
    speak = _Speaker(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # nothing that prints may get between the events
    desk = _Desk()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, desk, speak), name="commands", daemon=True).start()
    _warm()
    from engine.training import devices
    from engine.work import perform

    speak(Ready(devices.available()))

    while entry := desk.first():
        perform(entry[0], speak, entry[1])
        desk.done()
    sys.stdout.flush()
    os._exit(0)  # torch and its threads take long to unload, and everything is on disk


def _listen(commands: IO[bytes], desk: _Desk, speak: _Speaker) -> None:
    """The thread: takes in commands until there are no more."""
    for line in commands:
        try:
            request = protocol.request(line)
        except msgspec.DecodeError as error:
            speak(Noted(f"The training process was told something unknown: {error}", "warning"))
            continue
        if request.job is not None:
            desk.add(request.job)
        elif request.command != "start":
            desk.command(request.command)
    if not desk.close():
        os._exit(0)  # nothing was begun, so nothing is lost, be the main thread still loading torch
    timer = threading.Timer(GRACE_SECONDS, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _warm() -> None:
    """Load all that a training needs, and use it once: the first optimizer and the first trace load much more."""
    import torch

    from engine import work  # noqa: F401
    from engine.options import Options
    from engine.training import loop  # noqa: F401
    from engine.training.optimizers import build_optimizer
    from engine.training.parameters import Parameters
    from engine.training.step import TracedStep

    torch.set_num_threads(1)
    network = torch.nn.Linear(2, 1)
    parameters = Parameters(network.parameters())

    class _Sum(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
            return network(values).sum(), ()

    TracedStep(_Sum(), [parameters], [torch.ones(2, 2)])([torch.ones(2, 2)])
    build_optimizer(Options().optimizer, [(1.0, parameters.tensors)]).step()


if __name__ == "__main__":
    sys.exit(main())
