"""One sample going through a Loop: its states over time, and all numbers of the step at which it stands."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.results.steps_sample import Sample, Series, Strip
from gui.widgets import actions, icons
from gui.widgets.actions import ActionSpec
from gui.widgets.heat_map import HeatMap, Told
from gui.widgets.labels import label, one_line

PLAY_MS = 400
_WIDE = 620
"""From this width on states and step stand side by side; below it, the states have this height:"""
_MAP_HEIGHT = 150
_STRIP_HEIGHT, _ROW_HEIGHT = 18, 14
_LONGEST_NAME = 24
_FOCUSED = Qt.ShortcutContext.WidgetWithChildrenShortcut

ACTIONS = tuple(ActionSpec(*spec, context=_FOCUSED) for spec in (
    ("first", "&First step", "Home", "skip-back", "Go to the first time step."),
    ("back", "&Back", "Left", "step-back", "Go one time step back."),
    ("play", "&Play", "Space", "play", "Go on by itself, one time step after another; again to stop."),
    ("forward", "&Forward", "Right", "step-forward", "Go one time step forward."),
    ("last", "&Last step", "End", "skip-forward", "Go to the last time step."),
))
"""Ids are methods of `StepsView`."""


class StepsView(QWidget):
    """Stands at one step of a sample. moved(step): it went to another one, counted from 0."""

    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sample: Sample | None = None
        self._step = 0
        self.maps: list[HeatMap] = []
        self.strips: dict[str, HeatMap] = {}
        self._texts: dict[str, QLabel] = {}
        self._timer = QTimer(self, interval=PLAY_MS)
        self._timer.timeout.connect(self._play_on)
        self.actions_by_id = actions.build(ACTIONS, {spec.id: getattr(self, spec.id) for spec in ACTIONS}, self)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(18)
        self._over_time, self._now = QWidget(self), QWidget(self)
        self._parts.addWidget(self._over_time, 3)
        self._parts.addWidget(self._now, 2)

    @property
    def step(self) -> int:
        """The time step at which it stands, from 0."""
        return self._step

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def show_sample(self, sample: Sample) -> None:
        """Show a sample at the step at which the one before stood, as far as it has that many."""
        self._stop()
        self._sample = sample
        self._over_time = self._replaced(self._over_time, self._made_maps(sample))
        self._now = self._replaced(self._now, self._made_strips(sample.strips(0)))
        self._arrange()
        self._step = min(self._step, sample.steps - 1)
        self._show_step()

    def go(self, step: int) -> None:
        """Go to a step; beyond the ends it stays at them."""
        if self._sample is not None:
            self._step = max(0, min(step, self._sample.steps - 1))
            self._show_step()

    def first(self) -> None:
        self._stop()
        self.go(0)

    def back(self) -> None:
        self._stop()
        self.go(self._step - 1)

    def forward(self) -> None:
        self._stop()
        self.go(self._step + 1)

    def last(self) -> None:
        if self._sample is not None:
            self._stop()
            self.go(self._sample.steps - 1)

    def play(self) -> None:
        """Begin to go on by itself, from the start if it stands at the end; or stop that."""
        if self._sample is None or self.is_playing:
            self._stop()
            return
        if self._step == self._sample.steps - 1:
            self.go(0)
        self._timer.start()
        self._show_playing()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _play_on(self) -> None:
        self.go(self._step + 1)
        if self._sample is None or self._step == self._sample.steps - 1:
            self._stop()

    def _stop(self) -> None:
        self._timer.stop()
        self._show_playing()

    def _show_playing(self) -> None:
        action = self.actions_by_id["play"]
        action.setIcon(icons.icon("pause" if self.is_playing else "play"))
        action.setIconText("Pause" if self.is_playing else "Play")

    def _jump(self, step: int) -> None:
        self._stop()
        self.go(step)

    def _show_step(self) -> None:
        assert self._sample is not None, "there is something to show"
        for shown in self.maps:
            shown.mark(self._step)
        for strip in self._sample.strips(self._step):
            _fill(self.strips[strip.title], strip)
            self._texts[strip.title].setText(strip.text)
        is_first, is_last = self._step == 0, self._step == self._sample.steps - 1
        for name, is_enabled in (("first", not is_first), ("back", not is_first), ("forward", not is_last),
                                 ("last", not is_last), ("play", self._sample.steps > 1)):
            self.actions_by_id[name].setEnabled(is_enabled)
        self.moved.emit(self._step)

    def _arrange(self) -> None:
        """Side by side, or below each other where there is little room."""
        is_wide = self.width() >= _WIDE
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)
        for shown in self.maps:
            shown.setMinimumHeight(0 if is_wide else _MAP_HEIGHT)

    def _replaced(self, before: QWidget, after: QWidget) -> QWidget:
        self._parts.replaceWidget(before, after)
        before.hide()
        before.deleteLater()
        return after

    def _made_maps(self, sample: Sample) -> QWidget:
        """A heat map of each state: a row for each of its numbers, a column for each step."""
        place = QWidget(self)
        column = QVBoxLayout(place)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.maps = []
        for series in sample.over_time:
            shown = HeatMap(place)
            rows = [str(number + 1) for number in range(series.numbers.shape[1])]
            told = _told_over_time(series, sample.names)
            shown.show_numbers(rows, sample.names, series.numbers.T, series.limit, told)
            shown.setAccessibleName(f"{series.name}: {len(rows)} numbers over {sample.steps} steps")
            shown.column_chosen.connect(self._jump)
            self.maps.append(shown)
            column.addWidget(label(f"{one_line(series.name, _LONGEST_NAME)} over time", "muted", place))
            column.addWidget(shown, 1)
        return place

    def _made_strips(self, strips: Sequence[Strip]) -> QWidget:
        """A line for each: what it is, its numbers as a strip, and their range."""
        place = QWidget(self)
        grid = QGridLayout(place)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.strips, self._texts = {}, {}
        for line, strip in enumerate(strips):
            shown, text = HeatMap(place), label("", "muted", place)
            rows = len(strip.numbers)
            shown.setFixedHeight(_STRIP_HEIGHT if rows == 1 else min(_MAP_HEIGHT, rows * _ROW_HEIGHT))
            shown.setMinimumWidth(80)
            shown.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            shown.setAccessibleName(strip.title)
            grid.addWidget(label(one_line(strip.title, _LONGEST_NAME), "", place), line, 0)
            grid.addWidget(shown, line, 1)
            grid.addWidget(text, line, 2)
            self.strips[strip.title], self._texts[strip.title] = shown, text
        grid.setColumnMinimumWidth(2, place.fontMetrics().horizontalAdvance("-0.000 to -0.000"))
        grid.setRowStretch(len(strips), 1)
        return place


def _fill(shown: HeatMap, strip: Strip) -> None:
    """Show the numbers of a step, without names."""
    rows, columns = strip.numbers.shape

    def told(row: int, column: int, number: float) -> str:
        which = f" {row * columns + column + 1}" if strip.numbers.size > 1 else ""
        return f"{strip.title}{which}: {number:.4g}"

    shown.show_numbers([""] * rows, [""] * columns, strip.numbers, strip.limit, told)


def _told_over_time(series: Series, names: Sequence[str]) -> Told:
    return lambda row, column, number: f"{series.name} {row + 1} at step {column + 1} ({names[column]}): {number:.4g}"
