"""Loss and metrics: added up on the device as one vector, turned into values a few times a second."""

from collections.abc import Sequence
from math import isfinite

import torch
from torch import Tensor

from engine.codegen import Metric
from engine.layers import find
from engine.layers.spec import LayerSpec
from engine.preparation import Preparation, unit


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
        self._metrics: list[tuple[str, LayerSpec, slice, float]] = []
        start = 1
        for metric, size in zip(metrics, sizes, strict=True):
            spec = find(metric.type)
            assert spec is not None, "emitted code only measures metrics of the catalogue"
            factor = unit(preparation.part(metric.target)) if spec.scales_with_target and metric.target else 1.0
            self._metrics.append((metric.name, spec, slice(start, start + size), factor))
            start += size
        self.size = start

    def values(self, sums: Sequence[float], samples: int) -> dict[str, float]:
        """"loss", always, and every metric that has a value for these samples."""
        values = {"loss": sums[0] / samples}
        for name, spec, part, factor in self._metrics:
            assert spec.value is not None, "a metric has a value"
            value = spec.value(list(sums[part])) * factor
            if isfinite(value):
                values[name] = value
        return values
