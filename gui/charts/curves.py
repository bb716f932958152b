"""All curves of one run, filled from its history and then from its events."""

from collections.abc import Mapping

import numpy as np

from engine import events
from engine.history import TRAIN, VALIDATION, History
from gui.charts.series import Series

_LEARNING_RATE = "learning_rate"
_LOSS_OF_ONE = " loss"
"""The loss of one of several objectives is called like its graph, with this behind."""

_SPLITS = {TRAIN: "training", VALIDATION: "validation"}


class RunCurves:
    """Series by (quantity, split). Empty until the run has measured something."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._epochs = 0
        self._steps_per_epoch = 0
        self._is_live = False

    def __bool__(self) -> bool:
        return bool(self._series) or self._epochs > 0

    def load(self, history: History) -> None:
        """Add everything that was measured before."""
        for split, name in history.keys():  # noqa: SIM118 - a method of its own, not a mapping's
            if split in _SPLITS:
                rows = history.series(split, name)
                self._of(name, _SPLITS[split]).extend(
                    np.asarray(rows.steps, float), np.asarray(rows.epochs, float), np.asarray(rows.values, float))

    def take(self, event: events.AnyEvent) -> bool:
        """Add what an event reports; True if there is something new to draw."""
        if isinstance(event, events.Started):
            self._epochs, self._steps_per_epoch = event.epochs, event.steps_per_epoch
            self._is_live = True
            self._series = {key: series.until(event.step) for key, series in self._series.items()}
        elif isinstance(event, events.Stepped):
            for name, value in event.values.items():
                self._of(name, "training").append(event.step, event.epoch, value)
        elif isinstance(event, events.Validated):
            for name, value in event.validation.items():
                self._of(name, "validation").append(event.step, event.epoch, value)
        elif isinstance(event, events.Ended):
            self._is_live = False
        else:
            return False
        return True

    def of(self, name: str) -> Mapping[str, Series]:
        """The series of a quantity by split."""
        return {split: series for (quantity, split), series in self._series.items() if quantity == name}

    def losses(self) -> tuple[str, ...]:
        """The losses that are made small: that of each objective where there are several, else the one."""
        several = dict.fromkeys(name for name, _ in self._series if name.endswith(_LOSS_OF_ONE))
        return tuple(several) or ("loss",)

    def metrics(self) -> tuple[str, ...]:
        """The quantities beside the losses, learning rates last."""
        names = dict.fromkeys(name for name, _ in self._series if name not in ("loss", *self.losses()))
        return tuple(sorted(names, key=lambda name: name.endswith(_LEARNING_RATE)))

    def expected(self, axis: str) -> float:
        """Where the run ends, or ended, on an axis."""
        if self._is_live:
            return float(self._epochs if axis == "epoch" else self._epochs * self._steps_per_epoch)
        return max((float(series.x(axis)[-1]) for series in self._series.values() if len(series)), default=0.0)

    def rows(self) -> list[tuple[int, float, str, str, float]]:
        """(step, epoch, split, name, value) of every point."""
        return [
            (int(step), float(epoch), split, name, float(value))
            for (name, split), series in self._series.items()
            for step, epoch, value in zip(series.steps.view, series.epochs.view, series.values.view, strict=True)
        ]

    def _of(self, name: str, split: str) -> Series:
        return self._series.setdefault((name, split), Series())
