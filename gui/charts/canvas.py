"""The area that charts are drawn in: pyqtgraph's, without its menus and buttons, in the colours of the theme."""

import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from gui import theme


def plot_area(parent: QWidget, axes: dict[str, pg.AxisItem] | None = None) -> pg.PlotWidget:
    """An empty plot that is dragged to pan and wheeled to zoom."""
    area = pg.PlotWidget(parent, axisItems=axes, enableMenu=False)
    area.hideButtons()
    area.getPlotItem().ctrlMenu.setParent(area)  # pyqtgraph makes this menu in any case, and never deletes it
    return area


def restyle(area: pg.PlotWidget) -> None:
    """Take the colours of the theme."""
    colors = theme.colors()
    area.setBackground(colors.surface)
    for side in ("left", "bottom"):
        axis = area.getPlotItem().getAxis(side)
        axis.setPen(pg.mkPen(colors.border))
        axis.setTextPen(pg.mkPen(colors.muted))
        axis.setStyle(tickLength=-4, hideOverlappingLabels=True)
    area.getPlotItem().showGrid(x=True, y=True, alpha=0.12)
