"""All curves of one run, filled from its history and then from its events."""

from collections.abc import Mapping

import numpy as np

from engine import events
from engine.history import TRAIN, TRAIN_EPOCH, VALIDATION, History
from gui.charts.series import Array, Series

_LEARNING_RATE = "learning_rate"
_LOSS_OF_ONE = " loss"
"""The loss of one of several objectives is called like its graph, with this behind."""

_WHOLE = "training_epoch"
_SPLITS = {TRAIN: "training", TRAIN_EPOCH: _WHOLE, VALIDATION: "validation"}

_FEW = 4
"""With fewer training values an epoch, the means of whole epochs are drawn: they have seen all steps, also the last."""


class RunCurves:
    """Series by (quantity, split). Empty until the run has measured something."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._by_epoch: dict[str, Series] = {}  # the first step of the training, then the means of whole epochs
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
                self._add(name, _SPLITS[split], np.asarray(rows.steps, float), np.asarray(rows.epochs, float),
                          np.asarray(rows.values, float))

    def take(self, event: events.AnyEvent) -> bool:
        """Add what an event reports; True if there is something new to draw."""
        if isinstance(event, events.Started):
            self._epochs, self._steps_per_epoch = event.epochs, event.steps_per_epoch
            self._is_live = True
            self._series = {key: series.until(event.step) for key, series in self._series.items()}
            self._by_epoch = {name: kept for name, series in self._by_epoch.items()
                              if (kept := series.until(event.step))}
        elif isinstance(event, events.Stepped):
            self._append(event, "training", event.values)
        elif isinstance(event, events.Validated):
            self._append(event, _WHOLE, event.training)
            self._append(event, "validation", event.validation)
        elif isinstance(event, events.Ended):
            self._is_live = False
        else:
            return False
        return True

    def of(self, name: str) -> Mapping[str, Series]:
        """The series of a quantity by split, as they are drawn."""
        found = {split: series for (quantity, split), series in self._series.items() if quantity == name}
        whole = found.pop(_WHOLE, ())
        if len(found.get("training", ())) < _FEW * len(whole):
            found["training"] = self._by_epoch[name]
        return found

    def newest(self, name: str) -> Mapping[str, float]:
        """What was measured last of a quantity, by split: at the end of an epoch of training the mean of all of it."""
        found = {split: (series.steps.view[-1], series.values.view[-1])
                 for (quantity, split), series in self._series.items() if quantity == name and len(series)}
        whole = found.pop(_WHOLE, None)
        if whole and whole[0] >= found.get("training", whole)[0]:
            found["training"] = whole
        return {split: float(value) for split, (_, value) in found.items()}

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

    def _append(self, event: events.Stepped | events.Validated, split: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._add(name, split, *(np.array([number], float) for number in (event.step, event.epoch, value)))

    def _add(self, name: str, split: str, steps: Array, epochs: Array, values: Array) -> None:
        self._series.setdefault((name, split), Series()).extend(steps, epochs, values)
        if split == _WHOLE:
            if name not in self._by_epoch:
                self._by_epoch[name] = self._first_step(name)
            self._by_epoch[name].extend(steps, epochs, values)

    def _first_step(self, name: str) -> Series:
        steps = self._series.get((name, "training"))
        return steps.until(steps.steps.view[0]) if steps else Series()
