"""When a training leaves the numbers: where it happened and what to do about it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.errors import TrainingError
from engine.training.courses import Judge


def divergence(judge: Judge, *, names: Sequence[tuple[nn.Module, str]], columns: Sequence[str],
               batch: Sequence[Tensor], epoch: int, step: int, learning_rate: float) -> TrainingError:
    """The error for a loss or a weight that is infinite or not a number.

    names: what users call the layers. epoch counts from 1.
    """
    for column, values in zip(columns, batch, strict=True):
        if values.is_floating_point() and not torch.isfinite(values).all():
            return TrainingError(
                f"The data column {column} holds values that are not numbers; training stopped in epoch {epoch}, "
                f"at step {step}.", "Repair the data: look for empty cells, NaN and infinite values.")
    culprit = _first_culprit(judge, names, batch)
    return TrainingError(
        f"The loss is no longer a number: training stopped in epoch {epoch}, at step {step}, with a learning rate of "
        f"{learning_rate:g}.{culprit}",
        "Choose a lower learning rate (a tenth, say), and normalise the data. The last checkpoint holds the state "
        "before.")


def _first_culprit(judge: Judge, names: Sequence[tuple[nn.Module, str]], batch: Sequence[Tensor]) -> str:
    """" First in Linear 1." or ""; found by running the batch once more."""
    found: list[str] = []

    def look(name: str) -> object:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(bool(torch.isfinite(part).all()) for part in tensors if isinstance(part, Tensor)):
                found.append(name)

        return hook

    handles = [part.register_forward_hook(look(name)) for part, name in names]  # type: ignore[arg-type]
    try:
        with torch.no_grad():
            judge(*batch)
    finally:
        for handle in handles:
            handle.remove()
    return f" First in {found[0]}." if found else ""
