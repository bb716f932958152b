"""One column of the selected sample: its raw value beside what the network gets of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine import processes
from engine.looks import Looked
from engine.preparation.features import width
from engine.project import Column
from gui.data.browser.player import NO_PLAYER, Player
from gui.data.browser.spectrum import spectrum
from gui.data.browser.thumbnails import picture_of, told
from gui.facts import Facts, counted
from gui.widgets import icons, pictures
from gui.widgets.labels import label
from gui.widgets.lines import Lines
from gui.widgets.waveform import Waveform

PICTURE_SIDE = 150
VERSION_SIDE = 70
_SPECTRUM_SIZE = (240, 84)
_TEXT_HEIGHT = 110
_MAX_SERIES_SHOWN = 100_000


class ColumnView(QWidget):
    """Base of the views: a title, the raw value, and below it what comes out of the preparation, once it is known."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = column
        self.title = label(column.name, "", self)
        self.title.setProperty("role", "title")
        self.size = label("", "muted", self, wraps=True)
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(0, 0, 0, 6)
        self._body.setSpacing(4)
        self._body.addWidget(self.title)
        self._body.addWidget(self.size)

    def show_raw(self, value: Any, size: str = "") -> None:
        """Show a raw value, see `raw` of the kind in engine.kinds; nothing is known of its preparation.

        `size` says how large its file is, where the value itself does not."""
        raise NotImplementedError

    def show_look(self, looked: Looked, text: str) -> None:
        """Show the one sample of `looked`; `text` says what its tokens are."""
        raise NotImplementedError

    def stop(self) -> None:
        """The view is out of sight."""

    def _sized(self, raw: str, prepared: tuple[int, ...] | None = None) -> None:
        """Say how large the raw value is, and the prepared one."""
        goes = "" if prepared is None else f"  →  network: {' × '.join(map(str, prepared)) or '1 number'}"
        self.size.setText(raw + goes)


class PictureView(ColumnView):
    """Pictures, masks, and arrays with the shape of one."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, parent)
        self._raw_size = ""
        self.raw, self.prepared = self._picture(PICTURE_SIDE), self._picture(PICTURE_SIDE)
        row = QGridLayout()
        row.setSpacing(4)
        row.setColumnStretch(2, 1)
        for place, (picture, caption) in enumerate(((self.raw, "Raw"), (self.prepared, "What the network gets"))):
            row.addWidget(picture, 0, place)
            row.addWidget(label(caption, "muted", self), 1, place)
        self._body.addLayout(row)
        self.versions = [self._picture(VERSION_SIDE) for _ in range(4)]
        self._versions_title = label("Random versions in training", "muted", self)
        versions = QHBoxLayout()
        versions.setSpacing(6)
        for version in self.versions:
            versions.addWidget(version)
        versions.addStretch(1)
        self._body.addLayout(versions)
        self._body.addWidget(self._versions_title)

    def show_raw(self, value: Any, size: str = "") -> None:
        array = np.asarray(value)
        height, width = array.shape[-2:]
        classes = self.column.classes
        self._raw_size = size or f"{width} × {height}"
        if self.column.kind == "mask":
            self._raw_size += f", {counted(len(classes), 'class', 'classes')}"
        self._sized(self._raw_size)
        self._put(self.raw, array, PICTURE_SIDE)
        for empty in (self.prepared, *self.versions):
            empty.setPixmap(QPixmap())
        self._show_versions(is_shown=False)

    def show_look(self, looked: Looked, text: str) -> None:
        prepared, augmented = looked.prepared[0], looked.augmented[0]
        self._sized(self._raw_size, prepared.shape)
        self._put(self.prepared, prepared, PICTURE_SIDE)
        differ = any(not np.array_equal(version, prepared) for version in augmented)
        for picture, version in zip(self.versions, augmented, strict=False):
            self._put(picture, version, VERSION_SIDE)
        self._show_versions(is_shown=differ)

    def _show_versions(self, *, is_shown: bool) -> None:
        for widget in (*self.versions, self._versions_title):
            widget.setVisible(is_shown)

    def _picture(self, side: int) -> QLabel:
        made = QLabel(self)
        made.setFixedSize(side, side)
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return made

    def _put(self, place: QLabel, array: Any, side: int) -> None:
        picture = picture_of(array, self.column.kind, side, self.devicePixelRatioF())
        place.setPixmap(QPixmap.fromImage(picture) if picture else QPixmap())


class SoundView(ColumnView):
    """A recording: its waveform, which can be heard, its spectrogram, and what the network gets."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, parent)
        self._samples = np.zeros(0, np.float32)
        self._told = ""
        self.player = Player(self)
        self.wave = Waveform(self)
        self.play = QToolButton(self)
        self.play.setIcon(icons.icon("play"))
        self.play.setToolTip("Play (a click into the waveform plays from there)")
        self.play.setAccessibleName("Play")
        self.play.clicked.connect(self._toggle)
        self.play.setEnabled(processes.can_play())
        self.message = label("" if processes.can_play() else NO_PLAYER, "muted", self, wraps=True)
        self.message.setVisible(bool(self.message.text()))
        self.wave.pointed.connect(self._play_from)
        self.player.moved.connect(self._follow)
        self.player.failed.connect(self._fail)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.play, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.wave, 1)
        self._body.addLayout(row)
        self._body.addWidget(self.message)
        self.raw, self.prepared = _wide(self), _wide(self)
        for picture, caption in ((self.raw, "Spectrogram"), (self.prepared, "What the network gets")):
            self._body.addWidget(picture)
            self._body.addWidget(label(caption, "muted", self))

    def show_raw(self, value: Any, size: str = "") -> None:
        self.player.stop()
        self._samples = np.asarray(value, np.float32)
        self._told = size or f"{len(self._samples) / self._rate:.2f} s"
        self._sized(self._told)
        self.wave.show_samples(self._samples)
        _fill(self.raw, pictures.heat(spectrum(self._samples)) if len(self._samples) else None)
        _fill(self.prepared, None)

    def show_look(self, looked: Looked, text: str) -> None:
        prepared = looked.prepared[0]
        self._sized(self._told, prepared.shape)
        is_waveform = self.column.settings.get("features") == "waveform"
        _fill(self.prepared, picture_of(prepared.reshape(-1), "audio", _SPECTRUM_SIZE[0], self.devicePixelRatioF())
              if is_waveform else pictures.heat(prepared))

    def stop(self) -> None:
        self.player.stop()

    @property
    def _rate(self) -> int:
        return int(self.column.settings.get("rate", 16000))

    def _toggle(self) -> None:
        if self.player.is_playing:
            self.player.stop()
        else:
            self._play_from(0.0)

    def _play_from(self, share: float) -> None:
        if self.play.isEnabled() and len(self._samples):
            self.message.hide()
            self.player.play(self._samples, self._rate, share)

    def _follow(self, share: float) -> None:
        self.wave.set_head(share)
        self.play.setIcon(icons.icon("circle-stop" if self.player.is_playing else "play"))

    def _fail(self, message: str) -> None:
        self.message.setText(message)
        self.message.show()


class WordsView(ColumnView):
    """Text or tokens, as they are and as tokens of the vocabulary."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, parent)
        self._told = ""
        self.raw = self._box("Raw text")
        self._caption = label("What the network gets", "muted", self)
        self.prepared = self._box("What the network gets")
        self._body.insertWidget(self._body.count() - 1, self._caption)

    def show_raw(self, value: Any, size: str = "") -> None:
        is_text = isinstance(value, str)
        text = value if is_text else " ".join(map(str, np.asarray(value).tolist()))
        self._told = f"{len(value):,} {'characters' if is_text else 'tokens'}"
        self._sized(self._told)
        self.raw.setPlainText(text)
        self.prepared.clear()
        self._show_prepared(is_shown=False)

    def show_look(self, looked: Looked, text: str) -> None:
        ids = looked.prepared[0]
        self._sized(self._told, ids.shape)
        numbers = " ".join(map(str, ids.tolist()))
        self.prepared.setPlainText(f"{text}\n\n{numbers}" if text else numbers)
        self._show_prepared(is_shown=True)

    def _show_prepared(self, *, is_shown: bool) -> None:
        self._caption.setVisible(is_shown)
        self.prepared.setVisible(is_shown)

    def _box(self, name: str) -> QPlainTextEdit:
        box = QPlainTextEdit(self)
        box.setReadOnly(True)
        box.setAccessibleName(name)
        box.setFixedHeight(_TEXT_HEIGHT)
        self._body.addWidget(box)
        return box


class SeriesView(ColumnView):
    """Steps of numbers as lines."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, parent)
        self._told = ""
        self.raw, self.prepared = Lines(self), Lines(self)
        for view, caption in ((self.raw, "Raw"), (self.prepared, "What the network gets")):
            self._body.addWidget(view)
            self._body.addWidget(label(caption, "muted", self))

    def show_raw(self, value: Any, size: str = "") -> None:
        array = np.asarray(value)[:_MAX_SERIES_SHOWN]
        self._told = f"{len(array):,} steps of {array.shape[1]:,}"
        self._sized(self._told)
        self.raw.show_numbers(array)
        self.prepared.show_numbers(np.zeros((0, 0)))

    def show_look(self, looked: Looked, text: str) -> None:
        self._sized(self._told, looked.prepared[0].shape)
        self.prepared.show_numbers(looked.prepared[0])


class NumbersView(ColumnView):
    """A number, a class, a date or a plain array: in words."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, parent)
        self.size.hide()
        self._raw: tuple[tuple[str, str], ...] = ()
        self.facts = Facts(self)
        self._body.addWidget(self.facts)

    def show_raw(self, value: Any, size: str = "") -> None:
        self.show_texts([("", value if isinstance(value, str) else told(value))])

    def show_texts(self, texts: list[tuple[str, str]]) -> None:
        """Show a text for each of the columns of a table that this one was put together from."""
        self._raw = tuple((name or "Raw", text or "–") for name, text in texts)
        self.facts.show_facts(self._raw)

    def show_look(self, looked: Looked, text: str) -> None:
        numbers = looked.prepared[0]
        if self.column.parts:
            self.facts.show_facts(_beside(self._raw, self.column, numbers))
        else:
            self.facts.show_facts((*self._raw, ("Network", told(numbers))))


def view_of(column: Column, parent: QWidget) -> ColumnView:
    """A view that fits the kind and shape of a column."""
    views: dict[str, type[ColumnView]] = {
        "image": PictureView, "mask": PictureView, "audio": SoundView, "text": WordsView, "tokens": WordsView,
        "series": SeriesView,
    }
    arrays: dict[int, type[ColumnView]] = {3: PictureView, 2: SeriesView}
    if column.kind == "vector":
        return arrays.get(len(column.shape), NumbersView)(column, parent)
    return views.get(column.kind, NumbersView)(column, parent)


def _beside(raw: tuple[tuple[str, str], ...], column: Column, numbers: NDArray[np.generic]) -> list[tuple[str, str]]:
    """What each of a table's columns says, beside the features (k,) that the network gets of it."""
    found, start = [], 0
    for leaf, (name, text) in zip(column.parts, raw, strict=False):
        end = start + width(leaf.kind, len(leaf.classes), leaf.settings)
        found.append((name, f"{text}  →  {told(numbers[start:end])}"))
        start = end
    return found


def _wide(parent: QWidget) -> QLabel:
    """A picture as wide as there is room."""
    made = QLabel(parent)
    made.setScaledContents(True)
    made.setFixedHeight(_SPECTRUM_SIZE[1])
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return made


def _fill(place: QLabel, picture: QImage | None) -> None:
    place.setPixmap(QPixmap.fromImage(picture) if picture else QPixmap())
