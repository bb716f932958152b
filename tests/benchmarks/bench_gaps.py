"""Gaps of a 10 ms timer in the window while a network trains with live charts, against the idle window."""

import os
import subprocess
import sys
import tempfile
import time

from tests.benchmarks import table

SECONDS = 10.0


def main(arguments: list[str]) -> None:
    """Measured in a process of its own, on the display that is there, else offscreen."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "NEUROLOOM_HOME": home}
        if not environment.get("DISPLAY"):
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_gaps", "--here"], env=environment, check=True)


def measure() -> None:
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer

    from engine.options import with_option
    from gui import app

    application = app.create_application([])
    window = app.create_window(None)
    window.show()
    gaps: list[float] = []
    clock, timer = QElapsedTimer(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: (gaps.append(clock.nsecsElapsed() / 1e6), clock.restart()))

    def gaps_of(seconds: float) -> list[float]:
        gaps.clear()
        clock.restart()
        timer.start(10)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            application.processEvents()
            time.sleep(0.0005)
        timer.stop()
        return sorted(gaps)

    def wait_for(*states: str) -> None:
        end = time.monotonic() + 120
        while window.session.state not in states:
            application.processEvents()
            assert time.monotonic() < end, f"the run is {window.session.state}"

    rows = []
    document = window.document
    document.edit("epochs", document.project.replace(options=with_option(document.project.options, "epochs", 100_000)))
    gaps_of(3.0)
    for repeat in range(3):
        idle = gaps_of(SECONDS)
        window.session.train()
        wait_for("running")
        gaps_of(2.0)
        training = gaps_of(SECONDS)
        window.session.stop()
        wait_for("idle")
        rows.append((f"repeat {repeat + 1}", _p99(idle), _p99(training), _p99(training) - _p99(idle), training[-1]))
    table.show("Gaps of a 10 ms timer in the window (wall ms, 99th percentile)",
               ("", "idle", "training", "more", "longest"), rows, "at most 15 ms more")
    window.session.close()
    os._exit(0)


def _p99(values: list[float]) -> float:
    return values[int(0.99 * (len(values) - 1))]


if __name__ == "__main__":
    if "--here" in sys.argv:
        measure()
    else:
        main([])
