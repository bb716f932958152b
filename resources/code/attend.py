"""Attention of queries to keys (batch, time, features). Keys where the mask is true are not looked at."""

import torch
from torch import nn


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(query key^T / sqrt(features)) value, and the softmax as a map (batch, query time, key time)."""
    scores = query @ key.transpose(1, 2) / query.shape[2] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    weights = scores.softmax(2)
    return weights @ value, weights


def attend_without_map(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """The same by torch's quickest way, which wants an axis of heads after the batch."""
    allowed = None if mask is None else ~mask.unsqueeze(-3)
    query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
    return nn.functional.scaled_dot_product_attention(query, key, value, allowed).squeeze(1)
