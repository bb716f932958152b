"""Masks of attention: true where a step (the second axis) must not look at a key (the last axis)."""

import torch


def padding_mask(lengths: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """True for the steps of keys (batch, time, ...) that lie beyond the lengths: (batch, time)."""
    return torch.arange(keys.shape[1], device=lengths.device) >= lengths.unsqueeze(1)


def causal_mask(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """True for the keys that come later than a query: (query time, key time)."""
    later = torch.arange(keys.shape[1], device=keys.device)
    return later > torch.arange(queries.shape[1], device=keys.device).unsqueeze(1)


def mask_for_heads(mask: torch.Tensor, queries: torch.Tensor, heads: int) -> torch.Tensor:
    """A mask (batch, query time or 1, key time) as torch wants it: (batch times heads, query time, key time)."""
    return mask.unsqueeze(1).expand(-1, heads, queries.shape[1], -1).flatten(0, 1)
