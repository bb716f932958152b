"""Trainable weights and their gradients in two long buffers, so that one optimizer call moves them all."""

import torch
from torch import Tensor, nn

_ALIGNMENT = 16
"""Every weight begins at a multiple of so many elements (64 bytes), as fast kernels like it."""


class Parameters:
    """The trainable weights of a module.

    tensors     what the optimizer moves, with `.grad` set: one flat buffer, or the weights themselves (see `flat`)
    weights     the module's own weights, in order; in the flat case views of the buffer
    gradients   where the gradient of each weight belongs; in the flat case views of the buffer's `.grad`
    """

    def __init__(self, module: nn.Module) -> None:
        self.weights = [weight for weight in module.parameters() if weight.requires_grad]
        self.tensors, self.gradients = _flattened(self.weights) if _can_be_flat(module, self.weights) else \
            _separate(self.weights)

    @property
    def count(self) -> int:
        return sum(weight.numel() for weight in self.weights)

    def are_finite(self) -> bool:
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.tensors)


def _can_be_flat(module: nn.Module, weights: list[nn.Parameter]) -> bool:
    """One dtype on one device. Off the CPU, recurrent layers bring flat storage of their own."""
    kinds = {(weight.dtype, weight.device) for weight in weights}
    if len(kinds) != 1:
        return False
    has_recurrent = any(isinstance(part, nn.RNNBase) for part in module.modules())
    return weights[0].device.type == "cpu" or not has_recurrent


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
