"""A glance at a data set: a few samples of a split, and how often each class occurs. The data browser shows all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.data.browse import Browser
from engine.data.files import portion
from engine.project import Column, Data
from gui.data.browser.thumbnails import drawn
from gui.widgets.background import Background, Progress
from gui.widgets.bars import Bar, Bars
from gui.widgets.combo import PanelCombo
from gui.widgets.labels import label
from gui.widgets.sample_table import SampleTable
from gui.widgets.tile_view import Cell, TileView

SHOWN = 9
"""Whole rows of three, in a narrow dock."""

_SIDE = 48
_TABLE_HEIGHT = 232
SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True)
class _Glance:
    """Some samples of one split of an opened data set: as pictures, or else as rows of texts."""

    browser: Browser
    split: str
    rows: Sequence[int]
    cells: list[Cell]
    texts: list[dict[str, str]]


class DataSamples(QWidget):
    """Samples of one split. Reads in the background; what is shown stays until the new samples are there.

    loaded(Browser): the data was opened. failed(message, hint): it could not be. progressed(share).
    opened(row): the user wants to see this row closely.
    """

    loaded = Signal(object)
    failed = Signal(str, str)
    progressed = Signal(float)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: tuple[Data, Path | None] | None = None
        self._glance: _Glance | None = None
        self._reading = Background(self)
        self._reading.finished.connect(self._show)
        self._reading.failed.connect(self.failed)
        self._reading.progressed.connect(self.progressed)
        self.split = PanelCombo(self)
        for name, text in SPLITS.items():
            self.split.addItem(text, name)
        self.split.setAccessibleName("Samples of")
        self.split.setToolTip("Which part of the data is shown")
        self.split.activated.connect(self._show_split)
        self._place = label("", "muted", self)
        self.grid = TileView(self._cell, self, side=_SIDE, shows_all=True)
        self.grid.setAccessibleName("Samples")
        self.grid.clicked.connect(self._open)
        self.table = SampleTable(self)
        self.table.setFixedHeight(_TABLE_HEIGHT)
        self.table.cellClicked.connect(lambda line, _column: self._open(line))
        self.table.hide()
        self.classes = Bars(self)
        self._classes_title = label("", "muted", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.split, self._place, self.grid, self.table, self._classes_title, self.classes):
            column.addWidget(widget)

    @property
    def is_reading(self) -> bool:
        return self._reading.is_busy

    @property
    def browser(self) -> Browser | None:
        """The opened data set, None as long as there is none."""
        return self._glance.browser if self._glance else None

    def show_data(self, data: Data, base: Path | None) -> None:
        """Open a data set and show its first samples."""
        if self._data == (data, base):
            return
        self._data, split, scale = (data, base), self.split.currentData(), self.devicePixelRatioF()

        def work(progress: Progress) -> _Glance:
            browser = Browser(data, base, portion(progress, 0.0, 0.8))
            return _glance(browser, split, scale, portion(progress, 0.8, 1.0))

        self._reading.start(work)

    def clear(self) -> None:
        """Show nothing and stop reading."""
        self._reading.cancel()
        self._data = self._glance = None
        self.grid.set_count(0)
        self.table.show_rows([], [])
        self.classes.show_bars([])

    def _show_split(self) -> None:
        if self._glance is not None:
            browser, split, scale = self._glance.browser, self.split.currentData(), self.devicePixelRatioF()
            self._reading.start(lambda progress: _glance(browser, split, scale, progress))

    def _cell(self, position: int) -> Cell | None:
        return self._glance.cells[position] if self._glance else None

    def _open(self, position: int) -> None:
        if self._glance is not None and 0 <= position < len(self._glance.rows):
            self.opened.emit(self._glance.rows[position])

    def _show(self, glance: _Glance) -> None:
        is_new = glance.browser is not self.browser
        self._glance = glance
        size = len(glance.browser.rows[glance.split])
        self._place.setText(f"{len(glance.rows):,} of {size:,}" if glance.rows else "no samples")
        self.grid.setVisible(bool(glance.cells))
        self.grid.set_count(len(glance.cells))
        self.table.setVisible(bool(glance.texts))
        columns = _columns(glance.browser)
        header, lists = [leaf.name for leaf in columns], [leaf.name for leaf in columns if leaf.kind == "vector"]
        self.table.show_rows(header, [[texts[name] for name in header] for texts in glance.texts], lists)
        self._show_classes(glance)
        if is_new:
            self.loaded.emit(glance.browser)

    def _show_classes(self, glance: _Glance) -> None:
        counts = glance.browser.class_counts().get(glance.split, {})
        most = max(counts.values(), default=0) or 1
        self.classes.show_bars([Bar(name, count / most, f"{count:,}") for name, count in counts.items()])
        self._classes_title.setText(f"{len(counts):,} classes" if counts else "")
        for widget in (self._classes_title, self.classes):
            widget.setVisible(bool(counts))


def picturable(browser: Browser) -> tuple[Column, ...]:
    """The columns of samples that can be shown as cells: pictures, sounds, texts, series; the inputs first."""
    found = [leaf for leaf in browser.leaves if leaf.role in ("input", "target") and (
        leaf.kind in ("image", "mask", "audio", "text", "tokens", "series")
        or (leaf.kind == "vector" and len(leaf.shape) > 1))]
    return tuple(sorted(found, key=lambda leaf: leaf.role != "input"))


def _columns(browser: Browser) -> tuple[Column, ...]:
    """The columns of a table, what is predicted first."""
    return tuple(sorted(browser.table_columns, key=lambda leaf: leaf.role != "target"))


def _glance(browser: Browser, split: str, scale: float, progress: Progress) -> _Glance:
    rows = browser.mixed(split)[:SHOWN]
    columns = picturable(browser)
    cells = [drawn(sample, columns[0], _SIDE, scale) for sample in browser.raw(rows, progress)] if columns else []
    return _Glance(browser, split, rows.tolist(), cells, [] if columns else browser.cells(rows))
