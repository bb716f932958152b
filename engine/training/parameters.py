"""Trainable weights and their gradients in two long buffers, so that one optimizer call moves them all."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_ALIGNMENT = 16
"""Every weight begins at a multiple of so many elements (64 bytes), as fast kernels like it."""


class Parameters:
    """Weights that are always moved together, at one learning rate.

    tensors     what an optimizer moves, with `.grad` set: one flat buffer, or the weights themselves (see `flat`)
    weights     the weights, in order; in the flat case views of the buffer
    gradients   where the gradient of each weight belongs; in the flat case views of the buffer's `.grad`
    """

    def __init__(self, weights: Iterable[nn.Parameter], *, can_be_flat: bool = True) -> None:
        self.weights = list(weights)
        self.tensors, self.gradients = _flattened(self.weights) if can_be_flat and _are_alike(self.weights) else \
            _separate(self.weights)

    def are_finite(self) -> bool:
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.tensors)


def can_be_flat(module: nn.Module) -> bool:
    """Off the CPU, recurrent layers bring flat storage of their own."""
    is_on_cpu = all(weight.device.type == "cpu" for weight in module.parameters())
    return is_on_cpu or not any(isinstance(part, nn.RNNBase) for part in module.modules())


def _are_alike(weights: list[nn.Parameter]) -> bool:
    """One dtype on one device."""
    return len({(weight.dtype, weight.device) for weight in weights}) == 1


def _flattened(weights: list[nn.Parameter]) -> tuple[list[nn.Parameter], list[Tensor]]:
    sizes = [-(-weight.numel() // _ALIGNMENT) * _ALIGNMENT for weight in weights]
    flat = nn.Parameter(weights[0].new_zeros(sum(sizes)))
    flat.grad = torch.zeros_like(flat)
    gradients = []
    with torch.no_grad():
        parts = torch.split(flat.data, sizes), torch.split(flat.grad, sizes)
        for weight, values, gradient in zip(weights, *parts, strict=True):
            view = _shaped(values, weight)
            view.copy_(weight)
            gradients.append(_shaped(gradient, weight))
            weight.data = view
    return [flat], gradients


def _separate(weights: list[nn.Parameter]) -> tuple[list[nn.Parameter], list[Tensor]]:
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    return weights, [weight.grad for weight in weights if weight.grad is not None]


def _shaped(part: Tensor, weight: Tensor) -> Tensor:
    """A view of the beginning of `part` with the shape and the memory order of `weight`.

    Strides are kept to the letter, also where another set would mean the same: of a convolution with one input channel
    they are all that tells torch to compute with channels last.
    """
    if weight.dim() == 4 and weight.is_contiguous(memory_format=torch.channels_last):
        return part.as_strided(weight.shape, weight.stride())
    return part[: weight.numel()].view(weight.shape)
