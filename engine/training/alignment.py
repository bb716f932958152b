"""Samples from which CTC cannot learn: their answer does not fit into the steps in which it is said."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from engine.training import tuning
from engine.training.courses import Judge


class _Counter:
    """Counts what passes through CTC losses."""

    def __init__(self) -> None:
        self.seen = self.short = 0

    def __call__(self, module: nn.Module, given: tuple[Tensor, ...]) -> None:
        _, targets, lengths, target_lengths = given
        repeats = (targets[:, 1:] == targets[:, :-1]) & (
            torch.arange(1, targets.shape[1], device=targets.device) < target_lengths[:, None].to(targets.device))
        needed = target_lengths.to(targets.device) + repeats.sum(1)
        self.seen += len(targets)
        self.short += int((needed > lengths.to(targets.device)).sum())


def misalignment(judge: Judge, batches: Iterable[Sequence[Tensor]]) -> str:
    """What to tell the user of such samples among these; "" if there are none, or no CTC. Learns nothing from them.

    A token takes one step, and two equal ones in a row need a blank between them (Graves et al., 2006).
    """
    losses = [module for module in judge.objective.modules() if isinstance(module, nn.CTCLoss)]
    if not losses:
        return ""
    counter = _Counter()
    handles = [loss.register_forward_pre_hook(counter) for loss in losses]
    try:
        with torch.no_grad():
            for batch in batches:
                with tuning.undisturbed(judge.objective, batch[0].device):
                    judge(*batch)
    finally:
        for handle in handles:
            handle.remove()
    if not counter.short:
        return ""
    return (f"{counter.short:,} of the first {counter.seen:,} samples have an answer that is longer than the steps it "
            "is said in: CTC learns nothing from them. Take strides out of the layers before the loss, or make the "
            "answers shorter.")
