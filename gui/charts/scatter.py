"""Points: predictions against truth, of which a perfect regression's lie on the diagonal; or pairs of numbers."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.charts import canvas
from gui.widgets import theme


class Scatter(QWidget):
    """A point a sample."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = canvas.plot_area(self)
        self._points = pg.ScatterPlotItem(size=5, pxMode=True)
        self._diagonal = pg.PlotCurveItem()
        self._plot.addItem(self._diagonal)
        self._plot.addItem(self._points)
        self._axes = ("", "")
        self.setMinimumSize(200, 130)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def show_pairs(self, truth: Sequence[float], predicted: Sequence[float], target: str) -> None:
        """Show these pairs, of equal length; `target` names what was predicted."""
        x, y = np.asarray(truth, float), np.asarray(predicted, float)
        self._axes = (f"True {target}".strip(), f"Predicted {target}".strip())
        self._points.setData(x, y)
        low, high = float(np.nanmin([x, y])), float(np.nanmax([x, y]))
        self._diagonal.setData(np.array([low, high]), np.array([low, high]))
        self._plot.autoRange()
        self._restyle()

    def show_points(self, points: ArrayLike) -> None:
        """Show pairs of numbers (n, 2), with one scale for both."""
        x, y = np.asarray(points, float).reshape(-1, 2).T
        self._axes = ("First number", "Second number")
        self._points.setData(x, y)
        self._diagonal.setData([], [])
        self._plot.setAspectLocked(True)
        self._plot.autoRange()
        self._restyle()

    @property
    def points(self) -> int:
        """How many pairs are shown."""
        return len(self._points.data)

    def _restyle(self) -> None:
        colors = theme.colors()
        canvas.restyle(self._plot)
        for side, text in zip(("bottom", "left"), self._axes, strict=True):
            self._plot.getPlotItem().getAxis(side).setLabel(text)
        point = QColor(colors.series[0])
        point.setAlpha(140)
        self._points.setBrush(pg.mkBrush(point))
        self._points.setPen(pg.mkPen(None))
        self._diagonal.setPen(pg.mkPen(colors.muted, width=1, style=Qt.PenStyle.DashLine))
