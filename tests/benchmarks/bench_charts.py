"""One live update of a chart as a run grows, against pyqtgraph's own curve with its defaults."""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from tests.benchmarks import table

UPDATES = 40
SIZES = (1_000, 10_000, 100_000, 1_000_000)


def _measured(update: Callable[[int], object], draw: Callable[[], object]) -> float:
    """CPU milliseconds of one update with its painting, the median of some."""
    times = []
    for number in range(UPDATES):
        start = time.process_time()
        update(number)
        draw()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times)


def main(arguments: list[str]) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import pyqtgraph as pg
    from PySide6.QtWidgets import QApplication

    from gui.charts.plot import Plot, View
    from gui.charts.series import Series

    app = QApplication.instance() or QApplication([])
    random = np.random.default_rng(0)
    rows: list[tuple[str, float, float, float, float]] = []
    for size in SIZES:
        steps = np.arange(size, dtype=float)
        values = np.exp(-steps / size * 4) + 0.1 * random.normal(size=size)
        series = Series()
        series.extend(steps, steps / 100, values)
        plot = Plot()
        plot.resize(700, 400)
        plot.show()
        plot.set_view(View("step", smoothing=0.9))
        plot.show_series("Loss", {"training": series}, 2.0 * size)
        app.processEvents()

        def grow(number: int, series: Series = series, plot: Plot = plot, size: int = size) -> None:
            series.append(size + number, (size + number) / 100, 0.1)
            plot.redraw()

        own = _measured(grow, lambda plot=plot: plot.grab())
        plot.close()

        widget = pg.PlotWidget()
        widget.resize(700, 400)
        curve = widget.plot(steps, values)
        widget.show()
        app.processEvents()
        standard = _measured(lambda _number, c=curve, x=steps, y=values: c.setData(x, y),
                             lambda widget=widget: widget.grab())
        widget.close()
        first = rows[1][1] if len(rows) > 1 else own
        rows.append((f"{size:,} points", own, standard, own / standard, own / first))
    table.show("One chart update with painting (CPU ms)",
               ("curve", "Neuroloom, raw and smoothed", "pyqtgraph default, raw", "ratio", "to 10,000 points"), rows,
               "a million points cost no more than ten thousand: the last ratio stays near 1")


if __name__ == "__main__":
    main([])
