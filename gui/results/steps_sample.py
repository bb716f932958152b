"""What `engine.stepping` tells of one sample, as tables of numbers to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Strip:
    """Numbers of one step: what they are, as a table, and the largest that they reach in any step."""

    title: str
    numbers: Numbers
    limit: float

    @property
    def text(self) -> str:
        """The number, or the lowest and the highest."""
        if self.numbers.size == 1:
            return f"{self.numbers.flat[0]:.4g}"
        return f"{np.nanmin(self.numbers):.3g} to {np.nanmax(self.numbers):.3g}" if self.numbers.size else ""


@dataclass(frozen=True)
class Series:
    """One tensor over time: (steps, numbers), and its shape in a step."""

    name: str
    numbers: Numbers
    shape: tuple[int, ...]

    @property
    def limit(self) -> float:
        return _largest(self.numbers)

    def at(self, step: int) -> Numbers:
        """The numbers of a step as a table: of several axes the last goes across."""
        numbers = self.numbers[step]
        is_whole = int(np.prod(self.shape)) == numbers.size
        return numbers.reshape(-1, self.shape[-1]) if is_whole and len(self.shape) > 1 else numbers.reshape(1, -1)


@dataclass(frozen=True)
class Sample:
    """One sample as it went through a Loop. `before`: states before the first step, by name."""

    steps: int
    names: tuple[str, ...]
    inputs: tuple[Series, ...]
    states: tuple[Series, ...]
    outputs: tuple[Series, ...]
    before: Mapping[str, Numbers]

    @property
    def over_time(self) -> tuple[Series, ...]:
        """What is worth seeing as a whole: the states, or what comes out of a Loop without any."""
        return self.states or self.outputs

    def strips(self, step: int) -> list[Strip]:
        """All there is to see of one step: what goes in, each state before and after it and its change, what comes
        out."""
        shown = [Strip(f"{series.name} in", series.at(step), series.limit) for series in self.inputs]
        for series in self.states:
            before = Series(series.name, np.vstack([self._start(series), series.numbers[:-1]]), series.shape)
            change = Series(series.name, series.numbers - before.numbers, series.shape)
            shown += [Strip(f"{series.name} before", before.at(step), series.limit),
                      Strip(f"{series.name} after", series.at(step), series.limit),
                      Strip(f"{series.name} change", change.at(step), change.limit)]
        return shown + [Strip(f"{series.name} out", series.at(step), series.limit) for series in self.outputs]

    def _start(self, series: Series) -> Numbers:
        """Zeros, as a state begins by itself, also where the looped network never reads it."""
        return self.before.get(series.name, np.zeros(series.numbers.shape[1]))


def sample_of(result: Mapping[str, Any]) -> Sample:
    """The values of a `Step` job. A number that is none is NaN."""
    count, shapes = int(result["steps"]), result["shapes"]

    def all_of(key: str) -> tuple[Series, ...]:
        return tuple(Series(name, _numbers(rows).reshape(count, -1), tuple(shapes[name]))
                     for name, rows in result[key].items())

    names = result["tokens"] or [str(step + 1) for step in range(count)]
    return Sample(count, tuple(names), all_of("inputs"), all_of("states"), all_of("outputs"),
                  {name: _numbers(values) for name, values in result["start"].items()})


def _numbers(values: Sequence[Any]) -> Numbers:
    return np.array(values, np.float64)


def _largest(numbers: Numbers) -> float:
    found = np.abs(numbers[np.isfinite(numbers)])
    return float(found.max()) if found.size else 0.0
