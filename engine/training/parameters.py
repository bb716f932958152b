"""Trainable weights and their gradients, most of them in two long buffers, so that few calls move them all."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_ALIGNMENT = 16
"""Only weights of a multiple of so many numbers share a buffer. Fast kernels compute 8 or 16 numbers at a time and what
is left over one by one, which rounds differently: each weight must be cut as it would be by itself."""


class Parameters:
    """Weights that are always moved together, at one learning rate.

    tensors     what an optimizer moves, with `.grad` set: a flat buffer of most weights, and the others themselves
    weights     the weights, in order; those in the buffer are views of it
    gradients   where the gradient of each weight belongs; those in the buffer are views of its `.grad`
    """

    def __init__(self, weights: Iterable[nn.Parameter], *, can_be_flat: bool = True) -> None:
        self.weights = list(weights)
        for weight in self.weights:
            weight.grad = torch.zeros_like(weight)
        even = [weight for weight in self.weights if weight.numel() % _ALIGNMENT == 0]
        flat = _flattened(even) if can_be_flat and len(even) > 1 and _are_alike(even) else None
        joined = {id(weight) for weight in even} if flat is not None else set()
        self.tensors = [*([flat] if flat is not None else []), *(w for w in self.weights if id(w) not in joined)]
        self.gradients = [weight.grad for weight in self.weights if weight.grad is not None]


def can_be_flat(module: nn.Module) -> bool:
    """Off the CPU, recurrent layers bring flat storage of their own."""
    is_on_cpu = all(weight.device.type == "cpu" for weight in module.parameters())
    return is_on_cpu or not any(isinstance(part, nn.RNNBase) for part in module.modules())


def _are_alike(weights: list[nn.Parameter]) -> bool:
    """One dtype on one device."""
    return len({(weight.dtype, weight.device) for weight in weights}) == 1


def _flattened(weights: list[nn.Parameter]) -> nn.Parameter:
    """One buffer, of which the weights become views, and their gradients views of its gradient."""
    sizes = [weight.numel() for weight in weights]
    flat = nn.Parameter(weights[0].new_zeros(sum(sizes)))
    flat.grad = torch.zeros_like(flat)
    with torch.no_grad():
        parts = torch.split(flat.data, sizes), torch.split(flat.grad, sizes)
        for weight, values, gradient in zip(weights, *parts, strict=True):
            view = _shaped(values, weight)
            view.copy_(weight)
            weight.data, weight.grad = view, _shaped(gradient, weight)
    return flat


def _shaped(part: Tensor, weight: Tensor) -> Tensor:
    """A view of `part` with the shape and the memory order of `weight`.

    Strides are kept to the letter, also where another set would mean the same: of a convolution with one input channel
    they are all that tells torch to compute with channels last.
    """
    if weight.dim() == 4 and weight.is_contiguous(memory_format=torch.channels_last):
        return part.as_strided(weight.shape, weight.stride())
    return part.view(weight.shape)
