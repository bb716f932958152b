"""One training step, without the optimizer: from a batch to gradients. Two kinds that compute the same bits.

`EagerStep` runs the objective as torch usually does. `TracedStep` runs a flat list of tensor operations that was
recorded once from an eager step, without building an autograd graph each time: at small batches most of the time goes
into that.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from engine.training.parameters import Parameters
from engine.training.tracing import trace

Batch = Sequence[Tensor]
Judging = Callable[..., tuple[Tensor, tuple[Tensor, ...]]]
"""Called with a batch, gives the loss and the metrics' sums."""


class Step(Protocol):
    """Called with the inputs and targets of one batch, gradients enabled. Writes every weight's gradient to its place
    in `Parameters.gradients` and returns float sums of shape (n,): the loss times the samples, then the metrics'."""

    def __call__(self, batch: Batch) -> Tensor: ...


class EagerStep:
    """Takes batches of any size."""

    def __init__(self, judge: Judging, groups: Sequence[Parameters]) -> None:
        self._judge = judge
        self._weights = [weight for group in groups for weight in group.weights]
        self._gradients = [gradient for group in groups for gradient in group.gradients]

    def __call__(self, batch: Batch) -> Tensor:
        sums, gradients = differentiated(self._judge, self._weights, batch)
        torch._foreach_copy_(self._gradients, gradients)
        return sums


class TracedStep:
    """Takes batches of the size it was traced with; others go to an eager step, which computes the same.

    The trace holds the weights and buffers of the objective themselves, so that it follows their values.
    """

    def __init__(self, judge: Judging, groups: Sequence[Parameters], example: Batch) -> None:
        """Raises whatever torch raises if the objective cannot be traced, such as if its forward looks at values."""
        self._eager = EagerStep(judge, groups)
        self._size = len(example[0])
        weights = [weight for group in groups for weight in group.weights]
        places = [gradient for group in groups for gradient in group.gradients]
        traced = trace(lambda *batch: differentiated(judge, weights, batch), example, places)
        self._run, self._constants, self.operations = traced.run, traced.constants, traced.operations

    def __call__(self, batch: Batch) -> Tensor:
        if len(batch[0]) != self._size:
            return self._eager(batch)
        return self._run(*batch, *self._constants)


def differentiated(judge: Judging, weights: list[nn.Parameter], batch: Batch) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Sums and gradients of one batch; the gradient of a weight that has no influence is zero."""
    loss, metrics = judge(*batch)
    gradients = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
    return sums_of(loss, metrics, len(batch[0])), gradients


def sums_of(loss: Tensor, metrics: Sequence[Tensor], samples: int) -> Tensor:
    """The loss times the samples, then all numbers of the metrics' sums, in one vector that adds up over batches."""
    return torch.cat([loss.detach().reshape(1) * samples, *(metric.detach().reshape(-1) for metric in metrics)])
