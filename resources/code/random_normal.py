"""Numbers drawn from distributions that a network computes."""

import torch
from torch import nn


class RandomNormal(nn.Module):
    """Draws from normal distributions while it learns, so that gradients reach mean and variance (Kingma and Welling,
    2014, the reparametrization trick); in use it gives the mean."""

    def forward(self, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return mean
        return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
