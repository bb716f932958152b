"""What a data set looks like: samples with their labels, page by page, and how often each class occurs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from engine.data.files import portion
from engine.data.samples import Preview, Sample
from engine.project import Data
from gui.widgets import icons
from gui.widgets.background import Background, Progress
from gui.widgets.bars import Bar, Bars
from gui.widgets.labels import label
from gui.widgets.sample_grid import SampleGrid, Tile
from gui.widgets.sample_table import SampleTable

PAGE = 18
"""Whole rows of three, in a narrow dock."""

_TABLE_HEIGHT = 232
SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True)
class _Page:
    """One look at the data: the opened data set and some samples of one split."""

    preview: Preview
    split: str
    offset: int
    samples: list[Sample]


class DataSamples(QWidget):
    """Samples of one split. Reads in the background; what is shown stays until the new samples are there.

    loaded(Preview): the data was opened. failed(message, hint): it could not be. progressed(share).
    """

    loaded = Signal(object)
    failed = Signal(str, str)
    progressed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: tuple[Data, Path | None] | None = None
        self._page: _Page | None = None
        self._reading = Background(self)
        self._reading.finished.connect(self._show)
        self._reading.failed.connect(self.failed)
        self._reading.progressed.connect(self.progressed)
        self.split = QComboBox(self)
        for name, text in SPLITS.items():
            self.split.addItem(text, name)
        self.split.setAccessibleName("Samples of")
        self.split.setToolTip("Which part of the data is shown")
        self.split.activated.connect(lambda: self._turn(0))
        self.back = self._pager("chevron-left", "Earlier samples", -PAGE)
        self.forward = self._pager("chevron-right", "Later samples", PAGE)
        self._place = label("", "muted", self)
        self.grid, self.table = SampleGrid(self, side=48, shows_all=True), SampleTable(self)
        self.table.setFixedHeight(_TABLE_HEIGHT)
        self.table.hide()
        self.classes = Bars(self)
        self._classes_title = label("", "muted", self)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.split, 1)
        row.addWidget(self.back)
        row.addWidget(self.forward)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._place)
        column.addWidget(self.grid)
        column.addWidget(self.table)
        column.addWidget(self._classes_title)
        column.addWidget(self.classes)

    @property
    def is_reading(self) -> bool:
        return self._reading.is_busy

    def show_data(self, data: Data, base: Path | None) -> None:
        """Open a data set and show its first samples."""
        if self._data == (data, base):
            return
        self._data, split = (data, base), self.split.currentData()

        def work(progress: Progress) -> _Page:
            preview = Preview(data, base, portion(progress, 0.0, 0.8))
            return _page(preview, split, 0, portion(progress, 0.8, 1.0))

        self._reading.start(work)

    def clear(self) -> None:
        """Show nothing and stop reading."""
        self._reading.cancel()
        self._data = self._page = None
        self.grid.show_tiles([])
        self.table.show_rows([], [])
        self.classes.show_bars([])

    def _pager(self, icon: str, tip: str, by: int) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icons.icon(icon))
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self._turn((self._page.offset if self._page else 0) + by))
        return button

    def _turn(self, offset: int) -> None:
        page = self._page
        if page is None:
            return
        preview, split = page.preview, self.split.currentData()
        offset = max(0, min(offset, preview.sizes[split] - 1))
        self._reading.start(lambda progress: _page(preview, split, offset, progress))

    def _show(self, page: _Page) -> None:
        is_new = self._page is None or page.preview is not self._page.preview
        self._page = page
        size, last = page.preview.sizes[page.split], page.offset + len(page.samples)
        self._place.setText(f"{page.offset + 1:,}–{last:,} of {size:,}" if page.samples else "no samples")
        self.back.setEnabled(page.offset > 0)
        self.forward.setEnabled(last < size)
        self._show_samples(page)
        self._show_classes(page)
        if is_new:
            self.loaded.emit(page.preview)

    def _show_samples(self, page: _Page) -> None:
        inputs = [column for column in page.preview.columns if column.role == "input"]
        picture = next((column.name for column in inputs if column.kind == "image"), None)
        self.grid.setVisible(picture is not None)
        self.table.setVisible(picture is None)
        if picture is not None:
            self.grid.show_tiles([_tile(sample, picture) for sample in page.samples])
            return
        target = next((column.name for column in page.preview.columns if column.role == "target"), "")
        names = page.preview.features or tuple(column.name for column in inputs)
        self.table.show_rows((target, *names), [_texts(sample) for sample in page.samples])

    def _show_classes(self, page: _Page) -> None:
        counts = page.preview.class_counts().get(page.split, {})
        most = max(counts.values(), default=0) or 1
        self.classes.show_bars([Bar(name, count / most, f"{count:,}") for name, count in counts.items()])
        self._classes_title.setText(f"{len(counts)} classes" if counts else "")
        for widget in (self._classes_title, self.classes):
            widget.setVisible(bool(counts))


def _page(preview: Preview, split: str, offset: int, progress: Progress) -> _Page:
    return _Page(preview, split, offset, preview.page(PAGE, offset, split, progress))


def _tile(sample: Sample, picture: str) -> Tile:
    tip = f"{sample.name}: {sample.damage}" if sample.damage else f"{sample.name}: {sample.label}"
    return Tile(sample.label or "–", tip, sample.values[picture])


def _texts(sample: Sample) -> Sequence[str]:
    numbers = [f"{number:g}" for values in sample.values.values() for number in values.reshape(-1)[:50].tolist()]
    return (sample.label, *numbers)
