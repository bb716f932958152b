"""Live charts of a run: curves that never get slower, however long the run grows."""

from gui.charts.panel import ChartsPanel

__all__ = ["ChartsPanel"]
