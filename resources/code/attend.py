"""Attention with its map: what every step looked at."""

import torch


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(query key^T / sqrt(features)) value, and the softmax: (batch, query time, key time).

    Keys where the mask is true are not looked at.
    """
    scores = query @ key.transpose(1, 2) / query.shape[2] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    weights = scores.softmax(2)
    return weights @ value, weights
