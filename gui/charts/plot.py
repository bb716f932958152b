"""One chart: training and validation curves of a quantity, its legend above, and a crosshair that reads values."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, isfinite, log10

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.charts import canvas
from gui.charts.legend import Legend
from gui.charts.series import Array, Series
from gui.widgets import theme

SPLITS = ("training", "validation")
_MARKED_POINTS = 60
"""Up to so many points a validation curve shows each as a dot."""


@dataclass(frozen=True)
class View:
    """How all charts of a run are drawn. axis: "step" or "epoch"; smoothing: weight of the past, 0 to below 1."""

    axis: str = "epoch"
    smoothing: float = 0.0
    is_logarithmic: bool = False


class Plot(QWidget):
    """A chart of one quantity. It follows the data until the user zooms or pans; `fit` follows again.

    pointed(position): the mouse is over this position of the x axis; NaN when it left.
    """

    pointed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: Mapping[str, Series] = {}
        self._newest: Mapping[str, float] = {}
        self._view = View()
        self._expected = 0.0
        self._is_following = True
        self._pointer = float("nan")
        self.legend = Legend(self)
        self.legend.toggled.connect(self._toggle)
        self._plot = canvas.plot_area(self, {"left": _ValueAxis("left")})
        self._plot.setAntialiasing(True)
        self._plot.setMouseTracking(True)
        self._item = self._plot.getPlotItem()
        self._box = self._item.getViewBox()
        self._box.sigRangeChangedManually.connect(self._stop_following)
        self._plot.scene().sigMouseMoved.connect(self._point)
        self._plot.viewport().installEventFilter(self)
        self._curves: dict[str, pg.PlotCurveItem] = {}
        self._raw: dict[str, pg.PlotCurveItem] = {}
        for split in SPLITS:
            self._raw[split] = pg.PlotCurveItem(connect="finite")
            self._curves[split] = pg.PlotCurveItem(connect="finite")
            self._item.addItem(self._raw[split])
            self._item.addItem(self._curves[split])
        self._dots = pg.ScatterPlotItem(size=5, pxMode=True)
        self._item.addItem(self._dots)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._cross.hide()
        self._item.addItem(self._cross, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.legend)
        layout.addWidget(self._plot, 1)
        self.restyle()

    def show_series(self, title: str, series: Mapping[str, Series], expected: float,
                    newest: Mapping[str, float] | None = None) -> None:
        """Draw these series, one a split. `expected` is the last position of the run on the x axis, 0 if unknown;
        `newest`: what the legend reads by split while no place is pointed at, if not the ends of the curves."""
        self._series, self._expected, self._newest = series, expected, newest or {}
        self.legend.set_title(title)
        self.redraw()

    def set_view(self, view: View) -> None:
        """Change axis, smoothing or scale; a change of axis or scale shows everything again."""
        refit = (view.axis, view.is_logarithmic) != (self._view.axis, self._view.is_logarithmic)
        self._view = view
        self._item.getAxis("left").setLogMode(False, view.is_logarithmic)
        self._item.getAxis("bottom").setLabel("")
        if refit:
            self.fit()
        else:
            self.redraw()

    def fit(self) -> None:
        """Show all data and follow it as it grows."""
        self._is_following = True
        self._follow(*self._bounds(), anew=True)
        self.redraw()

    def redraw(self) -> None:
        """Bring curves, ranges and legend up to date with the series; a few milliseconds, however long they are."""
        if self._is_following:
            self._follow(*self._bounds(), anew=False)
        (left, right), _ = self._box.viewRange()
        for split in SPLITS:
            self._draw(split, left, right)
        self._read_values()

    def point_at(self, position: float) -> None:
        """Put the crosshair at a position of the x axis; NaN hides it and the legend shows the newest values."""
        self._pointer = position
        self._cross.setVisible(isfinite(position))
        if isfinite(position):
            self._cross.setPos(position)
        self._read_values()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colors = theme.colors()
        canvas.restyle(self._plot)
        self._cross.setPen(pg.mkPen(colors.muted, width=1, style=Qt.PenStyle.DashLine))
        for index, split in enumerate(SPLITS):
            color = QColor(colors.series[index % len(colors.series)])
            faint = QColor(color)
            faint.setAlpha(55)
            self._curves[split].setPen(pg.mkPen(color, width=1))
            self._raw[split].setPen(pg.mkPen(faint, width=1))
            self.legend.set_entry(split, split.capitalize(), color)
            if split == "validation":
                self._dots.setBrush(pg.mkBrush(color))
                self._dots.setPen(pg.mkPen(None))
        self.legend.restyle()

    def curve(self, split: str) -> tuple[Array, Array]:
        """What is drawn of a split: positions and values."""
        x, y = self._curves[split].getData()
        return (np.empty(0), np.empty(0)) if x is None else (x, y)

    @property
    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What is seen: (left, right), (bottom, top), on a log scale the logarithms."""
        (left, right), (bottom, top) = self._box.viewRange()
        return (left, right), (bottom, top)

    def _draw(self, split: str, left: float, right: float) -> None:
        series = self._series.get(split)
        if series is None or not len(series) or not self.legend.is_on(split):
            for curve in (self._curves[split], self._raw[split]):
                curve.setData(np.empty(0), np.empty(0))
            if split == "validation":
                self._dots.setData([], [])
            return
        view = self._view
        smoothing = view.smoothing if split == "training" else 0.0
        x, y = series.curve(view.axis, left, right, smoothing)
        self._curves[split].setData(x, self._scaled(y))
        if smoothing > 0:
            x, y = series.curve(view.axis, left, right)
            self._raw[split].setData(x, self._scaled(y))
        else:
            self._raw[split].setData(np.empty(0), np.empty(0))
        if split == "validation":
            few = len(x) <= _MARKED_POINTS
            self._dots.setData(x if few else [], self._scaled(y) if few else [])

    def _scaled(self, values: Array) -> Array:
        if not self._view.is_logarithmic:
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    def _bounds(self) -> tuple[float, float, float]:
        """The last position and the lowest and highest value of all visible series, as drawn; NaN without data."""
        last, low, high = float("nan"), float("nan"), float("nan")
        for split, series in self._series.items():
            if len(series) and self.legend.is_on(split):
                smoothing = self._view.smoothing if split == "training" else 0.0
                _, values = series.curve(self._view.axis, -np.inf, np.inf, smoothing)
                scaled = self._scaled(values)
                last = np.fmax(last, series.x(self._view.axis)[-1])
                low = np.fmin(low, np.fmin.reduce(scaled))
                high = np.fmax(high, np.fmax.reduce(scaled))
        return float(last), float(low), float(high)

    def _follow(self, last: float, low: float, high: float, *, anew: bool) -> None:
        """Widen the ranges where data left them; with `anew`, fit them. A range that moves at every point cannot be
        read, and moving it costs more than drawing the curve."""
        if not isfinite(last):
            return
        (left, right), (bottom, top) = self._box.viewRange()
        if anew or last > right or left != 0 or right > self._roomy(last) * 1.6:
            self._box.setXRange(0, self._roomy(last), padding=0)
        if not isfinite(low):
            return
        span = max(high - low, abs(high) * 1e-3, 1e-9)
        if anew or low < bottom or high > top or (top - bottom) > 2.5 * span:
            self._box.setYRange(low - 0.06 * span, high + 0.06 * span, padding=0)

    def _roomy(self, last: float) -> float:
        """The right end of the axis: room to grow by a third, but not beyond the end of the run."""
        end = max(last * 1.35, 1e-6)
        return 1.01 * max(min(end, self._expected), last) if self._expected > 0 else end

    def _read_values(self) -> None:
        axis, smoothing = self._view.axis, self._view.smoothing
        at = self._pointer
        for split in SPLITS:
            series = self._series.get(split)
            if series is None or not len(series):
                self.legend.set_value(split, "")
                continue
            position = at if isfinite(at) else float(series.x(axis)[-1])
            value = series.at(axis, position, smoothing if split == "training" else 0.0)
            if not isfinite(at) and not smoothing:
                value = self._newest.get(split, value)
            self.legend.set_value(split, readable(value))

    def _toggle(self, _split: str) -> None:
        self.redraw()

    def _stop_following(self, *_: object) -> None:
        self._is_following = False
        self.redraw()

    def _point(self, position: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(position)
        self.pointed.emit(float(self._box.mapSceneToView(position).x()) if inside else float("nan"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.fit()
            return True
        return super().eventFilter(watched, event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(float("nan"))
        super().leaveEvent(event)


class _ValueAxis(pg.AxisItem):
    """An axis whose labels stay apart on a logarithmic scale: 1, 2 and 5 of each decade, or decades alone."""

    _LABEL_HEIGHT = 26

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        if not self.logMode:
            return super().tickValues(minVal, maxVal, size)
        decades = range(floor(minVal), floor(maxVal) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            places = [decade + log10(digit) for decade in decades for digit in digits]
            places = [place for place in places if minVal <= place <= maxVal]
            if len(places) * self._LABEL_HEIGHT <= size:
                break
        every = max(1, round(len(places) * self._LABEL_HEIGHT / max(size, 1)))
        return [(1.0, places[::every])]


def readable(value: float) -> str:
    """Four digits that tell values apart: "0.4123", "12.31", "1.2e-05"."""
    if not isfinite(value):
        return "–"
    magnitude = abs(value)
    if magnitude and not 1e-3 <= magnitude < 1e5:
        return f"{value:.2e}"
    decimals = 4 if magnitude < 10 else max(0, 3 - int(log10(magnitude)))
    return f"{value:.{decimals}f}"
