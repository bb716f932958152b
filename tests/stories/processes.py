"""Runs the program in processes of its own: in the terminal, and a story of it in a real window."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def neuroloom(*arguments: object) -> str:
    """What a command says on its standard output."""
    return _output(["gui.launch", *map(str, arguments)], {})


def perform(story: str, *arguments: object, size: tuple[int, int], scale: int = 1) -> None:
    """Do a story ("main_job") on a display of that size."""
    with display(*size) as name:
        _output([f"tests.stories.{story}", *map(str, arguments)],
                {"DISPLAY": name, "QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": str(scale)})


@contextmanager
def display(width: int, height: int) -> Iterator[str]:
    """A fresh Xvfb of that size; gives its DISPLAY."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def _output(module: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-m", *module], cwd=ROOT, env={**os.environ, **environment}, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
