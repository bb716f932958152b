"""Positions added to the steps of a sequence (batch, time, features): attention itself knows no order."""

import torch
from torch import nn


class PositionalEncoding(nn.Module):
    """Sines and cosines of wavelengths from 2 pi to 10000 times 2 pi, side by side in the features.

    The formula is that of Vaswani et al., "Attention Is All You Need" (2017), section 3.5.
    """

    def __init__(self, steps: int, features: int) -> None:
        super().__init__()
        frequencies = 10000.0 ** -(torch.arange(0, features, 2) / features)
        angles = torch.arange(steps).unsqueeze(1) * frequencies
        table = torch.stack((angles.sin(), angles.cos()), 2).flatten(1)[:, :features]
        self.register_buffer("table", table, persistent=False)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        """Takes as many steps as it was made for, or fewer."""
        return sequence + self.table[: sequence.shape[1]]


class LearnedPositions(nn.Module):
    """One learned vector for each position."""

    def __init__(self, steps: int, features: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(steps, features))
        nn.init.normal_(self.table, std=0.02)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        """Takes as many steps as it was made for, or fewer."""
        return sequence + self.table[: sequence.shape[1]]
