"""When a training leaves the numbers: where it happened and what to do about it."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.errors import TrainingError


def divergence(objective: nn.Module, network: nn.Module, *, names: Mapping[str, str], columns: Sequence[str],
               batch: Sequence[Tensor], epoch: int, step: int, learning_rate: float) -> TrainingError:
    """The error for a loss or a weight that is infinite or not a number.

    names: what users call the parts of the network, by attribute name. epoch counts from 1.
    """
    for column, values in zip(columns, batch, strict=True):
        if values.is_floating_point() and not torch.isfinite(values).all():
            return TrainingError(
                f"The data column {column} holds values that are not numbers; training stopped in epoch {epoch}, "
                f"at step {step}.", "Repair the data: look for empty cells, NaN and infinite values.")
    culprit = _first_culprit(objective, network, names, batch)
    return TrainingError(
        f"The loss is no longer a number: training stopped in epoch {epoch}, at step {step}, with a learning rate of "
        f"{learning_rate:g}.{culprit}",
        "Choose a lower learning rate (a tenth, say), and normalise the data. The last checkpoint holds the state "
        "before.")


def _first_culprit(objective: nn.Module, network: nn.Module, names: Mapping[str, str], batch: Sequence[Tensor]) -> str:
    """" First in Linear 1." or ""; found by running the batch once more."""
    found: list[str] = []

    def look(attribute: str) -> object:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(bool(torch.isfinite(part).all()) for part in tensors if isinstance(part, Tensor)):
                found.append(attribute)

        return hook

    handles = [part.register_forward_hook(look(attribute)) for attribute, part in network.named_children()]  # type: ignore[arg-type]
    try:
        with torch.no_grad():
            objective(*batch)
    finally:
        for handle in handles:
            handle.remove()
    return f" First in {names.get(found[0], found[0])}." if found else ""
