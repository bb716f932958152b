"""Time to a visible window, against importing PySide6.QtWidgets and pyqtgraph alone. Fresh processes, interleaved."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.benchmarks import table

IMPORTS = "import PySide6.QtWidgets, pyqtgraph"
WINDOW = """
from gui import app
application = app.create_application([])
window = app.create_window(None)
window.show()
while not window.isVisible() or not window.windowHandle().isExposed():
    application.processEvents()
application.processEvents()
import os
os._exit(0)
"""


def main(arguments: list[str], repeats: int = 9) -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "NEUROLOOM_HOME": home}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        times: dict[str, list[float]] = {IMPORTS: [], WINDOW: []}
        for program in (IMPORTS, WINDOW):  # once unmeasured: compiled modules and caches
            _seconds(program, environment)
        for _ in range(repeats):
            for program, measured in times.items():
                measured.append(_seconds(program, environment))
    base, window = (statistics.median(measured) for measured in times.values())
    table.show("Time to a visible window (wall s)", ("", "median s", "ratio"),
               [("import PySide6.QtWidgets, pyqtgraph", base, 1.0), ("visible window", window, window / base)],
               "ratio under 1.5")


def _seconds(program: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main([])
