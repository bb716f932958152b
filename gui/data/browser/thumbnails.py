"""Small drawings of samples, made in the background for the rows that are in sight, and kept while there is room."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from engine.data.browse import Browser, Sample
from engine.project import Column
from gui.widgets import lines, pictures, theme, waveform
from gui.widgets.background import Background, Progress
from gui.widgets.tile_view import Cell

KEPT = 600
"""Cells that are kept; more than are ever in sight at once."""

_AT_ONCE = 32
"""Samples that are read before what is in sight is looked at again."""

_TEXT_SHOWN = 120
_NUMBERS_SHOWN = 6
_NOTHING = 1e-12
"""Smaller numbers are what is left of computing with sines."""


class Thumbnails(QObject):
    """Cells by row of one column of a data set. arrived: some are there. failed(message, hint): they cannot be read."""

    arrived = Signal()
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._browser: Browser | None = None
        self._column: Column | None = None
        self._size = (0, 1.0)
        self._wanted: list[int] = []
        self._cells: OrderedDict[int, Cell] = OrderedDict()
        self._reading = Background(self)
        self._reading.finished.connect(self._take)
        self._reading.failed.connect(self._fail)
        theme.notifier().changed.connect(self._redraw)

    @property
    def is_reading(self) -> bool:
        return self._reading.is_busy

    def show(self, browser: Browser | None, column: Column | None, side: int, scale: float) -> None:
        """Draw another column or data set from now on, within `side` logical pixels at a scale of the screen."""
        self._reading.cancel()
        self._browser, self._column, self._size, self._wanted = browser, column, (side, scale), []
        self._cells.clear()

    def cell(self, row: int) -> Cell | None:
        """The cell of a row, None as long as it is not drawn."""
        return self._cells.get(row)

    def want(self, rows: Sequence[int]) -> None:
        """These rows are in sight: draw those that are missing, and forget what was wanted before."""
        self._wanted = list(rows)
        for row in self._wanted:
            if row in self._cells:
                self._cells.move_to_end(row)
        if not self._reading.is_busy:
            self._read_next()

    def _read_next(self) -> None:
        browser, column, size = self._browser, self._column, self._size
        missing = [row for row in self._wanted if row not in self._cells][:_AT_ONCE]
        if not missing or browser is None or column is None:
            return

        def work(progress: Progress) -> dict[int, Cell]:
            samples = browser.raw(np.asarray(missing, np.int64), progress)
            return {sample.row: drawn(sample, column, *size) for sample in samples}

        self._reading.start(work)

    def _take(self, cells: dict[int, Cell]) -> None:
        self._cells.update(cells)
        while len(self._cells) > KEPT:
            self._cells.popitem(last=False)
        self.arrived.emit()
        self._read_next()

    def _fail(self, message: str, hint: str) -> None:
        self._wanted = []
        self.failed.emit(message, hint)

    def _redraw(self) -> None:
        """The colours are others."""
        self._reading.cancel()
        self._cells.clear()
        self._read_next()


def drawn(sample: Sample, column: Column, side: int, scale: float) -> Cell:
    """One sample as a cell: its column within `side` logical pixels, its label or name below."""
    tip = f"{sample.name}\n{sample.damage or sample.label}".strip()
    caption = sample.label or sample.name.rsplit("/", 1)[-1]
    if sample.damage:
        return Cell(caption, tip, is_damaged=True)
    value = sample.values[column.name]
    if column.kind == "text":
        return Cell(caption, tip, text=str(value)[:_TEXT_SHOWN])
    if column.kind == "tokens":
        return Cell(caption, tip, text=" ".join(map(str, np.asarray(value)[:40].tolist())))
    picture = picture_of(value, column.kind, side, scale)
    return Cell(caption, tip, picture, "" if picture else told(value))


def picture_of(value: Any, kind: str, side: int, scale: float) -> QImage | None:
    """A raw value as a picture of at most `side` logical pixels; None for what is no picture."""
    array = np.asarray(value)
    if kind == "mask":
        return pictures.fitted(pictures.classes(array), side, scale)
    if kind == "image" or (kind == "vector" and array.ndim == 3):
        return pictures.fitted(pictures.image(array), side, scale)
    if kind == "audio":
        return waveform.image(array, side, side, scale)
    if kind == "series" or (kind == "vector" and array.ndim == 2):
        return lines.image(array, side, side, scale)
    return None


def told(value: Any) -> str:
    """Numbers in words: the first few of them."""
    numbers = np.asarray(value).reshape(-1)
    dots = " …" if len(numbers) > _NUMBERS_SHOWN else ""
    shown = (0.0 if abs(number) < _NOTHING else number for number in numbers[:_NUMBERS_SHOWN].tolist())
    return "  ".join(f"{number:.4g}" for number in shown) + dots
