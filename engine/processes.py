"""The one place that starts other processes: the worker, scripts that check an export in a fresh Python, sound players.

A worker runs at low priority in a process group of its own, so that Ctrl-C in a terminal reaches the program and not
the training, and so that it can be killed with all that it started. It ends by itself when its standard input is
closed, which the system does when the program dies, however it dies.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the package `engine`."""

NICENESS = 10


def is_frozen() -> bool:
    """The program was packaged: sys.executable is Neuroloom itself, and there is no Python beside it."""
    return bool(getattr(sys, "frozen", False))


def worker_command() -> list[str]:
    return [sys.executable, "--worker"] if is_frozen() else [sys.executable, "-m", "engine.training.worker"]


def start_worker(log: IO[bytes]) -> "subprocess.Popen[bytes]":
    """A new worker with pipes at its standard input and output. What it prints besides goes to `log`.

    Raises OSError if no process can be started.
    """
    if sys.platform == "win32":
        return subprocess.Popen(
            worker_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_environment(),
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
            | subprocess.CREATE_NO_WINDOW,
        )
    return subprocess.Popen(
        worker_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_environment(),
        process_group=0,
    )


def run_script(
    script: Path, arguments: Sequence[str], folder: Path, timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Run a Python script in a fresh process that cannot import the program, in `folder`. Output is captured as text.

    Raises OSError if it cannot start and subprocess.TimeoutExpired after `timeout` seconds.
    """
    python = [sys.executable, "--run-script"] if is_frozen() else [sys.executable, "-I"]
    return subprocess.run([*python, str(script), *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, encoding="utf-8", errors="replace", timeout=timeout, check=False)


PLAYERS = (("paplay",), ("pw-play",), ("aplay", "-q"), ("afplay",),
           ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"))
"""Programs that play a WAV file and end, the best first."""


def can_play() -> bool:
    """This computer has a program that plays sound."""
    return bool(_player("x.wav"))


def start_player(sound: Path) -> "subprocess.Popen[bytes]":
    """Play a WAV file from its beginning; the process ends with it, and tells at its standard error what went wrong.

    Raises OSError if there is no program for it.
    """
    command = _player(str(sound))
    if not command:
        raise FileNotFoundError("no program that plays sound was found")
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            start_new_session=True)


def _player(sound: str) -> list[str]:
    if sys.platform == "win32":
        quoted = sound.replace("'", "''")
        return ["powershell", "-NoProfile", "-Command", f"(New-Object Media.SoundPlayer '{quoted}').PlaySync()"]
    return next(([*player, sound] for player in PLAYERS if shutil.which(player[0])), [])


def lower_priority() -> None:
    """Step back behind the window and everything else that the user does. Called by the worker for itself."""
    if sys.platform != "win32":
        os.nice(NICENESS)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a worker, and what it started, at once."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):  # it ended by itself in this moment
        os.killpg(process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), path)))}

