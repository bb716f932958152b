"""Sequences of token numbers (batch, time), padded to a common number of steps. Lengths are int64 (batch,).

Every function works on whole batches without looking at values, so that nothing waits for the device. Token 0 is the
blank, which CTC writes between others: its targets never hold it, so that it fills them up as well.
"""

import torch
from torch import nn


def ctc_loss(
    loss: nn.CTCLoss, prediction: torch.Tensor, target: torch.Tensor, lengths: torch.Tensor | None = None,
    target_lengths: torch.Tensor | None = None,
) -> torch.Tensor:
    """The loss of scores (batch, time, classes) against tokens (batch, target steps)."""
    if lengths is None:
        lengths = full_lengths(prediction)
    if target_lengths is None:
        target_lengths = (target != 0).sum(1)
    return loss(prediction.log_softmax(2).transpose(0, 1), target, lengths, target_lengths)


def full_lengths(sequence: torch.Tensor) -> torch.Tensor:
    """The number of steps of a sequence (batch, time, ...) for every sample."""
    return torch.full((sequence.shape[0],), sequence.shape[1], device=sequence.device)


def ctc_greedy(
    prediction: torch.Tensor, lengths: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The best class at every step of scores (batch, time, classes), with repetitions and then blanks taken out.

    Gives tokens (batch, time), filled up with blanks, and how many each sample has.
    """
    best = prediction.argmax(2)
    steps = torch.arange(best.shape[1], device=best.device)
    kept = (best != 0) & (best != nn.functional.pad(best, (1, 0))[:, :-1])
    if lengths is not None:
        kept = kept & (steps < lengths.unsqueeze(1))
    places = torch.where(kept, kept.cumsum(1) - 1, best.shape[1])  # what is left out goes to a place behind the last
    written = best.new_zeros(best.shape[0], best.shape[1] + 1).scatter(1, places, best)
    return written[:, :-1], kept.sum(1)


def edit_distance(
    made: torch.Tensor, wanted: torch.Tensor, made_lengths: torch.Tensor, wanted_lengths: torch.Tensor
) -> torch.Tensor:
    """How many tokens must be put in, taken out or exchanged to make the one of the other: (batch,) whole numbers.

    Levenshtein's table row by row, a row for each wanted token. Within a row, an entry is the least of all entries
    before it plus their distance: a running minimum.
    """
    places = torch.arange(made.shape[1] + 1, device=made.device)
    row = places.expand(made.shape[0], -1)
    rows = [row]
    for step in range(wanted.shape[1]):
        exchanged = row[:, :-1] + (made != wanted[:, step : step + 1])
        entered = torch.cat((row[:, :1] + 1, torch.minimum(exchanged, row[:, 1:] + 1)), 1)
        row = (entered - places).cummin(1).values + places
        rows.append(row)
    samples = torch.arange(made.shape[0], device=made.device)
    return torch.stack(rows)[wanted_lengths, samples, made_lengths]


def error_sums(
    made: torch.Tensor, made_lengths: torch.Tensor | None, wanted: torch.Tensor, wanted_lengths: torch.Tensor | None
) -> torch.Tensor:
    """[edits, wanted tokens]."""
    made_lengths = full_lengths(made) if made_lengths is None else made_lengths
    wanted_lengths = full_lengths(wanted) if wanted_lengths is None else wanted_lengths
    edits = edit_distance(made, wanted, made_lengths, wanted_lengths)
    return torch.stack((edits.sum(), wanted_lengths.sum())).float()


def bleu_sums(
    made: torch.Tensor, made_lengths: torch.Tensor | None, wanted: torch.Tensor, wanted_lengths: torch.Tensor | None
) -> torch.Tensor:
    """[matches of 1 to 4 tokens in a row..., all that were made of each..., tokens made, tokens wanted].

    A made n-gram is a match as long as the wanted ones that equal it outnumber the equal ones before it.
    """
    made_lengths = full_lengths(made) if made_lengths is None else made_lengths
    wanted_lengths = full_lengths(wanted) if wanted_lengths is None else wanted_lengths
    found, repeated = made.unsqueeze(2) == wanted.unsqueeze(1), made.unsqueeze(2) == made.unsqueeze(1)
    matches, counts = [], []
    same, again = found, repeated
    for size in range(1, 5):
        if size > 1:
            same, again = _longer(same, found, size), _longer(again, repeated, size)
        rows = torch.arange(same.shape[1], device=made.device)
        columns = torch.arange(same.shape[2], device=made.device)
        is_made = rows <= made_lengths.unsqueeze(1) - size
        is_wanted = columns <= wanted_lengths.unsqueeze(1) - size
        before = (again & (rows < rows.unsqueeze(1))).sum(2)
        matches.append((((same & is_wanted.unsqueeze(1)).sum(2) > before) & is_made).sum())
        counts.append(is_made.sum())
    return torch.stack((*matches, *counts, made_lengths.sum(), wanted_lengths.sum())).float()


def _longer(same: torch.Tensor, found: torch.Tensor, size: int) -> torch.Tensor:
    """Which n-grams of `size` tokens are equal, from those of one token less: `same[:, i, j]` is about places i, j."""
    rows, columns = found.shape[1] - size + 1, found.shape[2] - size + 1
    return same[:, :max(0, rows), :max(0, columns)] & found[:, size - 1 :, size - 1 :]
