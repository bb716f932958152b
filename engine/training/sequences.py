"""Random changes of sounds, series and token sequences, all samples of a batch at once."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from engine.training.draws import Draws, spread_out

Params = Mapping[str, Any]


def mask(values: Tensor, axis: int, params: Params, draws: Draws) -> Tensor:
    """Spans of an axis take the sample's mean along that axis."""
    size = values.shape[axis]
    places = (torch.arange(size, device=values.device) + 0.5) / size
    hidden = torch.zeros(len(values), size, dtype=torch.bool, device=values.device)
    chosen = draws.chances(params["probability"])
    for _ in range(params["count"]):
        length = draws.uniform(0.0, params["largest"]) * chosen
        start = draws.uniform(0.0, 1.0) * (1.0 - length)
        hidden |= (places >= start.unsqueeze(1)) & (places < (start + length).unsqueeze(1))
    shape = [1] * values.dim()
    shape[0], shape[axis] = hidden.shape
    return torch.where(hidden.view(shape), values.mean(axis, keepdim=True), values)


def shift(values: Tensor, axis: int, lengths: Tensor | None, params: Params, draws: Draws) -> Tensor:
    """Moved along an axis within the real length of each sample, (n,); the padding behind it stays where it is."""
    size = values.shape[axis]
    real = torch.full((len(values),), size, device=values.device) if lengths is None else lengths.clamp(1, size)
    most = params["largest"]
    moves = draws.uniform(-most, most) * draws.chances(params["probability"])
    steps = (moves * real).round().long().unsqueeze(1)
    places = torch.arange(size, device=values.device).unsqueeze(0)
    index = torch.where(places < real.unsqueeze(1), (places - steps) % real.unsqueeze(1), places)
    shape = [1] * values.dim()
    shape[0], shape[axis] = index.shape
    return values.gather(axis, index.view(shape).expand_as(values))


def gain(waveform: Tensor, silence: Tensor, params: Params, draws: Draws) -> Tensor:
    """Louder or quieter: multiplied about what silence is to the network."""
    factors = 10.0 ** (_decibels(params, draws) / 20.0)
    return silence + (waveform - silence) * spread_out(factors, waveform)


def gain_of_spectrogram(values: Tensor, unit: Tensor, params: Params, draws: Draws) -> Tensor:
    """(n, frames, bands), louder or quieter: each decibel adds `unit` to every frame."""
    return values + spread_out(_decibels(params, draws), values) * unit


def _decibels(params: Params, draws: Draws) -> Tensor:
    return draws.uniform(-params["decibels"], params["decibels"]) * draws.chances(params["probability"])


def loudness(features: str, bands: int, coefficients: int) -> tuple[float, ...]:
    """What one decibel adds to each column of a spectrogram in decibels. Of the cepstrum only the first changes: the
    sum over all mel bands, divided by the root of their number."""
    return (1.0,) if features == "log-mel" else (sqrt(bands), *[0.0] * (coefficients - 1))


def drop_words(tokens: Tensor, unknown: int, special: int, params: Params, draws: Draws) -> Tensor:
    """Token ids int64 (n, time): random ones become `unknown`; ids below `special` (padding, marks) stay."""
    amounts = params["amount"] * draws.chances(params["probability"])
    dropped = (draws.places(tokens.shape) < amounts.unsqueeze(1)) & (tokens >= special)
    return torch.where(dropped, unknown, tokens)
