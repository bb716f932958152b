"""One frame of the data browser while it scrolls over a million rows: what the window's thread spends on it."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks import table

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractScrollArea

    from gui.data.browser.window import BrowserWindow

FRAMES = 300
ROWS = 1_000_000
PIXELS = 24
"""A turn of the wheel, spread over some frames, moves so far in one."""

SIZE = (1280, 800)
PATIENCE_SECONDS = 120


def frames(rows: int = ROWS) -> list[tuple[str, float, float]]:
    """(what scrolls, median, 99th percentile) in milliseconds a frame, over `rows` rows of a table and of pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from gui import app

    application = QApplication.instance() or app.create_application([])
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in (("table", _table(Path(folder), rows)), ("pictures", _pictures(Path(folder), rows))):
            with _opened(path) as window:
                view = window.list.currentWidget()
                for how, step in (("smoothly", PIXELS), ("by the bar", 0)):
                    found.append((f"{name}, {how}", *_measured(view, step, application.processEvents)))
    return found


def _measured(view: "QAbstractScrollArea", step: int, process: Callable[[], object]) -> tuple[float, float]:
    """Scroll, paint and take what was read in the background, FRAMES times; 0 pixels a frame means far jumps."""
    from PySide6.QtWidgets import QTableView

    bar, times = view.verticalScrollBar(), []
    step = min(step, 1) if isinstance(view, QTableView) else step  # its bar counts lines
    for number in range(FRAMES):
        goal = bar.value() + step if step else int(bar.maximum() * ((number * 0.618034) % 1))
        start = time.perf_counter()
        bar.setValue(goal)
        view.viewport().repaint()
        process()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), float(np.percentile(times, 99))


@contextmanager
def _opened(path: Path) -> "Iterator[BrowserWindow]":
    from PySide6.QtWidgets import QApplication

    from engine.data.sources import inspect
    from gui.data.browser.window import BrowserWindow
    from gui.document import Document
    from gui.session import Session

    document = Document()
    session = Session(document)
    document.edit("Choose data", document.project.replace(data=inspect(path)))
    window = BrowserWindow(document, session)
    window.resize(*SIZE)
    window.browse()
    limit = time.monotonic() + PATIENCE_SECONDS
    while window.is_busy:
        QApplication.processEvents()
        assert time.monotonic() < limit, "the data was not opened"
    yield window
    window.close()
    session.close()


def _table(folder: Path, rows: int) -> Path:
    import polars

    random = np.random.default_rng(0)
    columns = {f"number {place}": random.normal(size=rows).round(3) for place in range(10)}
    kinds = np.array(["rose", "tulip", "daisy"])[random.integers(0, 3, rows)]
    path = folder / "flowers.csv"
    polars.DataFrame({**columns, "kind": kinds}).write_csv(path)
    return path


def _pictures(folder: Path, rows: int) -> Path:
    path = folder / "pictures.npy"
    pictures = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, 16, 16))
    pictures[: 10_000] = np.random.default_rng(0).integers(0, 256, (min(rows, 10_000), 16, 16))
    pictures.flush()
    return path


def main(arguments: list[str]) -> None:
    table.show(f"Data browser over {ROWS:,} rows (ms a frame)", ("what scrolls", "median", "99th percentile"),
               frames(), "under 16 ms")


if __name__ == "__main__":
    main([])
