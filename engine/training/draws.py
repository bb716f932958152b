"""Random numbers for a batch of n samples, on its device, from a generator that the caller seeded."""

import torch
from torch import Tensor


class Draws:
    """One number for each sample, as (n,), unless said otherwise. The generator may live on another device."""

    def __init__(self, generator: torch.Generator, count: int, device: torch.device) -> None:
        self.count = count
        self._generator, self._device = generator, device

    def uniform(self, low: float, high: float) -> Tensor:
        return low + (high - low) * self._drawn(torch.rand, (self.count,))

    def factor(self, spread: float) -> Tensor:
        """Between 1 - spread and 1 + spread."""
        return self.uniform(1.0 - spread, 1.0 + spread)

    def chances(self, probability: float) -> Tensor:
        """True with this probability, bool (n,)."""
        return self._drawn(torch.rand, (self.count,)) < probability

    def places(self, shape: torch.Size) -> Tensor:
        """A number between 0 and 1 for every place of a tensor."""
        return self._drawn(torch.rand, tuple(shape))

    def normal(self, shape: torch.Size) -> Tensor:
        return self._drawn(torch.randn, tuple(shape))

    def beta(self, alpha: float) -> Tensor:
        """From the symmetric beta distribution: small alphas give numbers near 0 and 1."""
        shapes = torch.full((2, self.count), alpha, device=self._generator.device)
        first, second = torch._standard_gamma(shapes, generator=self._generator)
        shares: Tensor = (first / (first + second)).nan_to_num(1.0).to(self._device)
        return shares

    def partners(self) -> Tensor:
        """For each sample another one of the batch, int64 (n,): a permutation."""
        order = torch.randperm(self.count, generator=self._generator, device=self._generator.device)
        return order.to(self._device)

    def _drawn(self, kind: object, shape: tuple[int, ...]) -> Tensor:
        drawn: Tensor = kind(shape, generator=self._generator, device=self._generator.device)  # type: ignore[operator]
        return drawn.to(self._device)


def spread_out(values: Tensor, like: Tensor) -> Tensor:
    """One value a sample, (n,), in a shape that broadcasts over (n, *sample)."""
    return values.view(-1, *[1] * (like.dim() - 1))
