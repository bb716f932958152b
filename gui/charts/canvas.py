"""The area that charts are drawn in: pyqtgraph's, without its menus and buttons, in the colours of the theme."""

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.widgets import theme

_OVERHANG = 16
"""Pixels by which the label of a tick at the end of an axis may stand out over it; the margins hold it."""


def plot_area(parent: QWidget, axes: dict[str, pg.AxisItem] | None = None) -> pg.PlotWidget:
    """An empty plot with a grid, that is dragged to pan and wheeled to zoom. Its colours come with `restyle`."""
    area = pg.PlotWidget(parent, axisItems=axes, enableMenu=False)
    area.hideButtons()
    item = area.getPlotItem()
    menu = item.ctrlMenu  # pyqtgraph makes this menu in any case, and never deletes it
    menu.setParent(area, menu.windowFlags())  # without its flags it would be a part of the chart, and seen
    item.setContentsMargins(0, _OVERHANG // 2, _OVERHANG, 0)
    item.addItem(_Grid(item.getAxis("bottom"), item.getAxis("left")), ignoreBounds=True)
    return area


def restyle(area: pg.PlotWidget) -> None:
    """Take the colours of the theme."""
    colors = theme.colors()
    area.setBackground(colors.surface)
    for side in ("left", "bottom"):
        axis = area.getPlotItem().getAxis(side)
        axis.setPen(pg.mkPen(colors.border))
        axis.setTextPen(pg.mkPen(colors.muted))
        axis.setStyle(tickLength=-4, hideOverlappingLabels=_OVERHANG)


class _Grid(pg.GraphicsObject):
    """Lines at the labelled ticks. The grid of pyqtgraph's axes takes ten times as long to paint as the curves."""

    def __init__(self, across: pg.AxisItem, up: pg.AxisItem) -> None:
        super().__init__()
        self._across, self._up = across, up
        self.setZValue(-1)

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        seen = self.viewRect()
        lines = [QLineF(x, seen.top(), x, seen.bottom())
                 for x in _ticks(self._across, seen.left(), seen.right(), self._across.width())]
        lines += [QLineF(seen.left(), y, seen.right(), y)
                  for y in _ticks(self._up, seen.top(), seen.bottom(), self._up.height())]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pg.mkPen(QColor(theme.colors().grid)))
        painter.drawLines(lines)


def _ticks(axis: pg.AxisItem, low: float, high: float, size: float) -> list[float]:
    """Positions of the ticks that have labels: the coarsest level, and the next where it is no crowd."""
    levels = [list(values) for _, values in axis.tickValues(low, high, size)]
    chosen: list[float] = []
    for values in levels[:2]:
        if len(chosen) + len(values) <= size / 30:
            chosen += values
    return chosen
