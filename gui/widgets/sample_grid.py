"""Samples side by side: a thumbnail with a caption each, as many in a row as there is room for."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QResizeEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from gui.widgets import pictures, theme
from gui.widgets.labels import tip

_SMALL_SIDE = 48


@dataclass(frozen=True)
class Tile:
    """One sample: its caption, what the mouse reads, and its raw picture where it is one."""

    caption: str
    tip: str = ""
    picture: NDArray[np.generic] | None = None


class SampleGrid(QListWidget):
    """Tiles in rows. Samples that are not pictures are a list of their captions.

    A grid that shows all is as tall as its tiles and never scrolls; they spread over its width.
    """

    def __init__(self, parent: QWidget | None = None, *, side: int = 56, shows_all: bool = False) -> None:
        super().__init__(parent)
        self._shows_all = shows_all
        if shows_all:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side = side
        self._tile = QSize(side, side)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setUniformItemSizes(True)
        self.setWordWrap(True)
        self.setIconSize(QSize(side, side))
        self.setFont(theme.font(11 if side > _SMALL_SIDE else 10))

    def sizeHint(self) -> QSize:
        """Room for a few tiles; more is given where there is more."""
        return QSize(3 * self._side, 2 * self._side)

    def show_tiles(self, tiles: Iterable[Tile]) -> None:
        self.clear()
        shown = list(tiles)
        are_pictures = any(tile.picture is not None for tile in shown)
        self.setViewMode(QListView.ViewMode.IconMode if are_pictures else QListView.ViewMode.ListMode)
        metrics = QFontMetrics(self.font())
        lines = max((tile.caption.count("\n") + 1 for tile in shown), default=1)
        size = QSize(self._side + 24, self._side + 10 + lines * metrics.height())
        for tile in shown:
            item = QListWidgetItem(self._fitted(tile.caption, metrics, size.width()) if are_pictures else tile.caption)
            item.setToolTip(tip(tile.tip or tile.caption))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter if are_pictures else Qt.AlignmentFlag.AlignLeft)
            if tile.picture is not None:
                item.setIcon(QIcon(pictures.thumbnail(tile.picture, self._side, self.devicePixelRatioF())))
            if are_pictures:
                item.setSizeHint(size)
            self.addItem(item)
        self._tile = size
        self._spread()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._spread()
        super().resizeEvent(event)

    def _spread(self) -> None:
        """As many tiles in a row as fit, in columns of equal width, and room for every row."""
        if not self._shows_all or not self.count():
            return
        width = self.viewport().width()
        in_a_row = max(1, min(width // self._tile.width(), self.count()))
        self.setGridSize(QSize(width // in_a_row, self._tile.height()))
        self.setFixedHeight(ceil(self.count() / in_a_row) * self._tile.height() + 2 * self.frameWidth())

    def _fitted(self, caption: str, metrics: QFontMetrics, width: int) -> str:
        elide = Qt.TextElideMode.ElideRight
        return "\n".join(metrics.elidedText(line, elide, width - 4) for line in caption.split("\n"))
