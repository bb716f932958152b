"""The numbers behind a curve: buffers that grow, smoothing that follows, and a pyramid of extremes.

Drawing a curve costs the same for ten thousand points as for a million: every level of the pyramid keeps the lowest and
the highest value of each block of the level below, and a curve is cut from the level that is just fine enough.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 700
"""A drawn curve has at most two points (lowest, highest) in each of so many bins."""

_FACTOR = 8
"""Points of one level in a block of the next."""


class Buffer:
    """A growing array of numbers in preallocated memory: appending is amortised O(1)."""

    def __init__(self) -> None:
        self._numbers = np.empty(1024)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def view(self) -> Array:
        """The numbers so far; valid until the next `extend`."""
        return self._numbers[: self._count]

    def extend(self, numbers: Array) -> None:
        needed = self._count + len(numbers)
        if needed > len(self._numbers):
            grown = np.empty(max(needed, 2 * len(self._numbers)))
            grown[: self._count] = self.view
            self._numbers = grown
        self._numbers[self._count : needed] = numbers
        self._count = needed


class _Pyramid:
    """Lowest and highest values of blocks of 8, 64, 512, ... of a growing buffer. NaN counts as no value."""

    def __init__(self, values: Buffer) -> None:
        self._values = values
        self._levels: list[tuple[Buffer, Buffer]] = []

    def slice(self, first: int, last: int, points: int) -> tuple[Array, Array, Array]:
        """Indices, lowest and highest values covering values [first, last), from the coarsest level that still has
        at least `points` entries there. Blocks may reach over the ends by less than one block."""
        self._grow()
        level = 0
        while level < len(self._levels) and (last - first) // _FACTOR ** (level + 1) >= points:
            level += 1
        if level == 0:
            part = self._values.view[first:last]
            return np.arange(first, last, dtype=float), part, part
        size = _FACTOR**level
        low, high = self._levels[level - 1]
        start, stop = first // size, min(-(-last // size), len(low))
        lows, highs = low.view[start:stop], high.view[start:stop]
        indices = np.arange(start, stop, dtype=float) * size
        rest = stop * size
        if rest < last:  # the newest values do not fill a block yet
            tail = self._values.view[rest:last]
            lows, highs = np.append(lows, _lowest(tail)), np.append(highs, _highest(tail))
            indices = np.append(indices, last - 1)
        return indices, lows, highs

    def _grow(self) -> None:
        below: tuple[Buffer, Buffer] = (self._values, self._values)
        for low, high in self._levels:
            _add_blocks(below, low, high)
            below = (low, high)
        while len(below[0]) >= _FACTOR * _FACTOR:
            low, high = Buffer(), Buffer()
            _add_blocks(below, low, high)
            self._levels.append((low, high))
            below = (low, high)


def _add_blocks(below: tuple[Buffer, Buffer], low: Buffer, high: Buffer) -> None:
    done, full = len(low), len(below[0]) // _FACTOR
    if full > done:
        span = slice(done * _FACTOR, full * _FACTOR)
        low.extend(np.fmin.reduce(below[0].view[span].reshape(-1, _FACTOR), axis=1))
        high.extend(np.fmax.reduce(below[1].view[span].reshape(-1, _FACTOR), axis=1))


def _lowest(values: Array) -> float:
    return float(np.fmin.reduce(values)) if len(values) else float("nan")


def _highest(values: Array) -> float:
    return float(np.fmax.reduce(values)) if len(values) else float("nan")


class Series:
    """One measured quantity over a run: (step, epoch, value) rows in order of step. Values that are not finite are
    gaps in the curve."""

    def __init__(self) -> None:
        self.steps, self.epochs, self.values = Buffer(), Buffer(), Buffer()
        self._smooth = Buffer()
        self._weight = 0.0
        self._raw_pyramid = _Pyramid(self.values)
        self._smooth_pyramid = _Pyramid(self._smooth)

    def __len__(self) -> int:
        return len(self.values)

    def append(self, step: float, epoch: float, value: float) -> None:
        self.extend(np.array([step], float), np.array([epoch], float), np.array([value], float))

    def extend(self, steps: Array, epochs: Array, values: Array) -> None:
        """Add rows of the same length, in order of step."""
        self.steps.extend(steps)
        self.epochs.extend(epochs)
        self.values.extend(np.where(np.isfinite(values), values, np.nan))

    def until(self, step: float) -> "Series":
        """A new series of the rows up to and with `step`: where a resumed run goes on from."""
        count = int(np.searchsorted(self.steps.view, step, side="right"))
        kept = Series()
        kept.extend(self.steps.view[:count], self.epochs.view[:count], self.values.view[:count])
        return kept

    def x(self, axis: str) -> Array:
        """The positions along "step" or "epoch"."""
        return self.steps.view if axis == "step" else self.epochs.view

    def curve(self, axis: str, left: float, right: float, smoothing: float = 0.0) -> tuple[Array, Array]:
        """x and y to draw between `left` and `right`: at most 2 * BINS points, with every extreme kept."""
        x = self.x(axis)
        first = max(0, int(np.searchsorted(x, left)) - 1)
        last = min(len(x), int(np.searchsorted(x, right, side="right")) + 1)
        if last <= first:
            return np.empty(0), np.empty(0)
        pyramid = self._smoothed(smoothing) if smoothing > 0 else self._raw_pyramid
        indices, low, high = pyramid.slice(first, last, BINS)
        at = x[indices.astype(int)]
        if low is high and len(at) <= 2 * BINS:
            return at, low
        return _binned(at, low, high)

    def at(self, axis: str, position: float, smoothing: float = 0.0) -> float:
        """The value nearest to a position; NaN if there is none."""
        x = self.x(axis)
        if not len(x):
            return float("nan")
        index = int(np.searchsorted(x, position))
        index = min(index, len(x) - 1)
        if index > 0 and position - x[index - 1] < x[index] - position:
            index -= 1
        if smoothing > 0:
            self._smoothed(smoothing)
            return float(self._smooth.view[index])
        return float(self.values.view[index])

    def _smoothed(self, weight: float) -> _Pyramid:
        if weight != self._weight:
            self._smooth, self._weight = Buffer(), weight
            self._smooth_pyramid = _Pyramid(self._smooth)
        new = self.values.view[len(self._smooth) :]
        if len(new):
            last = self._smooth.view[-1] if len(self._smooth) else float("nan")
            self._smooth.extend(smoothed(new, weight, float(last)))
        return self._smooth_pyramid


def _binned(x: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Two points a bin, at its lowest and its highest value, at the bin's position."""
    edges = np.unique(np.linspace(0, len(x), BINS + 1).astype(int)[:-1])
    positions = np.repeat(x[edges], 2)
    values = np.empty(len(positions))
    values[0::2] = np.fmin.reduceat(low, edges)
    values[1::2] = np.fmax.reduceat(high, edges)
    positions[-1] = x[-1]
    return positions, values


def smoothed(values: Array, weight: float, last: float = float("nan")) -> Array:
    """The exponential moving average y[t] = weight * y[t-1] + (1 - weight) * x[t], going on from `last`.

    It starts at the first value and passes over gaps, where it keeps its last value. `weight` is 0 to below 1.
    """
    finite = np.flatnonzero(~np.isnan(values))
    if not len(finite):
        return np.full(len(values), last)
    present = values[finite]
    result = np.empty(len(present))
    average = present[0] if np.isnan(last) else last
    block = max(1, int(-230 / np.log(weight))) if weight > 0 else len(present)  # weight**block stays above 1e-100
    for start in range(0, len(present), block):
        part = present[start : start + block]
        decay = weight ** np.arange(1, len(part) + 1) if weight > 0 else np.ones(len(part))
        if weight > 0:
            result[start : start + block] = decay * (average + np.cumsum((1 - weight) * part / decay))
        else:
            result[start : start + block] = part
        average = result[min(start + block, len(present)) - 1]
    counts = np.searchsorted(finite, np.arange(len(values)), side="right")
    return np.concatenate(([last], result))[counts]
