"""Before and after: a few training samples, and what random changes make of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine import jobs, looks
from engine.augmentation import AUGMENTATIONS
from engine.project import Column, Data
from gui.session import Session
from gui.widgets import icons, lines, pictures
from gui.widgets.labels import label

SAMPLES, VERSIONS = 2, 3
_SIDE = 48
_PATIENCE_MS = 250
"""So long nothing may be typed before a new look is taken."""


class AugmentationPreview(QWidget):
    """Asks the worker while it is seen and there is something to show; the newest question is the one that counts."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: jobs.Look | None = None
        self._shown: jobs.Look | None = None
        self._seed = 0
        self._rows: tuple[int, ...] = ()
        self.state = label("", "muted", self, wraps=True)
        self.again = QPushButton(icons.icon("refresh-cw"), "Draw again", self)
        self.again.setToolTip("Other samples, changed at random")
        self.again.clicked.connect(self._draw_again)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(4)
        self._cells: list[QLabel] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.state)
        column.addLayout(self._grid)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self._timer = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._timer.timeout.connect(self._ask)

    @property
    def cells(self) -> list[QLabel]:
        """What is shown, row by row: before, then the versions after."""
        return list(self._cells)

    def show_data(self, data: Data | None, base: Path | None, rows: tuple[int, ...]) -> None:
        """Look at some of these training rows of the data; nothing without augmentation or rows."""
        self._rows = rows
        is_wanted = data is not None and bool(data.augmentation) and bool(rows)
        self.setVisible(is_wanted)
        if not is_wanted or data is None:
            self._wanted = None
            self._timer.stop()
            return
        start = self._seed * SAMPLES % len(rows)
        chosen = tuple(int(row) for row in (*rows, *rows)[start : start + SAMPLES])
        self._wanted = jobs.Look(data, tuple(dict.fromkeys(chosen)), str(base) if base else "", VERSIONS, self._seed)
        if self.isVisible():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._wanted is not None:
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _draw_again(self) -> None:
        self._seed += 1
        if self._wanted is not None:
            data, base = self._wanted.data, self._wanted.base
            self.show_data(data, Path(base) if base else None, self._rows)

    def _ask(self) -> None:
        look = self._wanted
        if look is None or look == self._shown:
            return
        self._shown = look
        self.state.setText("Trying it on a few samples…")
        self.state.show()
        self._session.job(look, self._taker(look), self._refuser(look))

    def _taker(self, look: jobs.Look) -> Callable[[dict[str, Any]], None]:
        def take(result: dict[str, Any]) -> None:
            taken = looks.taken(result)
            if look is self._shown:
                self._show(look.data, result, taken)

        return take

    def _refuser(self, look: jobs.Look) -> Callable[[str, str], None]:
        def refuse(message: str, hint: str) -> None:
            if look is self._shown:
                self._shown = None
                self._clear()
                self.state.setText(f"{message} {hint}".strip())
                self.state.show()

        return refuse

    def _show(self, data: Data, result: dict[str, Any], taken: dict[str, looks.Looked]) -> None:
        self._clear()
        self.state.hide()
        column = changed_column(data)
        if column is None or column.name not in taken:
            return
        looked = taken[column.name]
        facts = next(facts for facts in result["columns"] if facts["name"] == column.name)
        texts = facts.get("texts")
        if texts:
            for before, after in zip(texts["prepared"], texts["augmented"], strict=True):
                self._add_text(before, after)
            return
        for place, text in enumerate(("before", *["after"] * VERSIONS)):
            self._add(label(text, "muted", self), 0, place)
        for line, (before, versions) in enumerate(zip(looked.prepared, looked.augmented, strict=True)):
            for place, values in enumerate((before, *versions)):
                cell = QLabel(self)
                cell.setPixmap(_drawn(column, values, self.devicePixelRatioF()))
                cell.setAccessibleName(f"sample {line + 1}, " + (f"version {place}" if place else "unchanged"))
                self._add(cell, line + 1, place)

    def _add(self, cell: QLabel, line: int, place: int) -> None:
        self._grid.addWidget(cell, line, place, Qt.AlignmentFlag.AlignLeft)
        self._cells.append(cell)
        cell.show()

    def _add_text(self, before: str, after: list[str]) -> None:
        for text, role in ((before, ""), (after[0], "muted")):
            cell = label(text, role, self, wraps=True)
            self._grid.addWidget(cell, len(self._cells), 0)
            self._cells.append(cell)
            cell.show()

    def _clear(self) -> None:
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self._cells = []


def changed_column(data: Data) -> Column | None:
    """The first input that the augmentation changes."""
    kinds = {kind for step in data.augmentation if step.type in AUGMENTATIONS
             for kind in AUGMENTATIONS[step.type].kinds}
    return next((column for column in data.columns if column.role == "input" and column.kind in kinds), None)


def _drawn(column: Column, values: NDArray[np.generic], scale: float) -> QPixmap:
    """A small drawing of prepared values: a picture as it is, a spectrogram with time to the right, or lines."""
    if column.kind == "image":
        return pictures.thumbnail(values, _SIDE, scale)
    if column.kind == "audio" and len(values) > 1:
        spectrogram = np.flipud(values.T)[:, : 4 * values.shape[1]]
        return pictures.thumbnail(spectrogram, _SIDE, scale)
    numbers = values.reshape(-1, 1) if values.ndim < 2 or column.kind == "audio" else values
    drawing = QPixmap.fromImage(lines.image(numbers, _SIDE, _SIDE, scale))
    drawing.setDevicePixelRatio(scale)
    return drawing
