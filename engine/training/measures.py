"""Loss and metrics: added up on the device as one vector, turned into values a few times a second."""

from collections.abc import Callable, Sequence
from math import isfinite

import torch
from torch import Tensor

from engine.codegen.source import PART, Metric
from engine.layers import find
from engine.preparation import Preparation, unit

Value = Callable[[Sequence[float]], float]


class Tally:
    """Sums over batches. In double precision, so that reading parts of them as differences loses nothing."""

    def __init__(self, size: int, device: torch.device) -> None:
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self.sums = torch.zeros(size, dtype=dtype, device=device)
        self.samples = 0

    def add(self, sums: Tensor, samples: int) -> None:
        self.sums.add_(sums)
        self.samples += samples

    def reset(self) -> None:
        self.sums.zero_()
        self.samples = 0


class Measures:
    """What the sums mean: "loss" and the metrics of an objective, in the units of the raw data."""

    def __init__(self, metrics: Sequence[Metric], sizes: Sequence[int], preparation: Preparation) -> None:
        """`sizes`: how many numbers each metric's sums have."""
        self._metrics: list[tuple[str, Value, slice, float]] = []
        start = 1
        for metric, size in zip(metrics, sizes, strict=True):
            value, factor = _meaning(metric, preparation)
            self._metrics.append((metric.name, value, slice(start, start + size), factor))
            start += size
        self.size = start

    def values(self, sums: Sequence[float], samples: int) -> dict[str, float]:
        """"loss", always, and every metric that has a value for these samples."""
        values = {"loss": sums[0] / samples}
        for name, value_of, part, factor in self._metrics:
            value = value_of(list(sums[part])) * factor
            if isfinite(value):
                values[name] = value
        return values


def _meaning(metric: Metric, preparation: Preparation) -> tuple[Value, float]:
    """How sums become a value, and its factor: what is measured in the target's unit is brought back to it."""
    if metric.type == PART:
        return lambda sums: sums[0] / sums[1], 1.0
    spec = find(metric.type)
    assert spec is not None, "emitted code only measures metrics of the catalogue"
    assert spec.value is not None, "a metric has a value"
    return spec.value, unit(preparation.part(metric.target)) if spec.scales_with_target and metric.target else 1.0
