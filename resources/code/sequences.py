"""Sequences (batch, time, ...) padded to a common number of steps. Lengths are int64 (batch,), at least 1."""

import torch
from torch import nn


def valid_steps(lengths: torch.Tensor, sequence: torch.Tensor) -> torch.Tensor:
    """Which steps of a sequence (batch, time, ...) lie within the lengths: true or false, (batch, time, 1, ...)."""
    valid = torch.arange(sequence.shape[1], device=lengths.device) < lengths.unsqueeze(1)
    return valid.reshape(*valid.shape, *(1,) * (sequence.ndim - 2))


def zero_padding(sequence: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The sequence with zeros beyond the lengths."""
    return sequence.masked_fill(~valid_steps(lengths, sequence), 0)


def last_valid(sequence: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The last step within each length: (batch, features)."""
    return sequence[torch.arange(sequence.shape[0], device=sequence.device), lengths - 1]


def masked_mean(sequence: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The mean of the steps within each length: (batch, features)."""
    return zero_padding(sequence, lengths).sum(1) / lengths.unsqueeze(1)


def masked_max(sequence: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The largest numbers among the steps within each length: (batch, features)."""
    return sequence.masked_fill(~valid_steps(lengths, sequence), float("-inf")).amax(1)


def read_both_ways(layer: nn.RNNBase, sequence: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """What a bidirectional layer makes of the steps within the lengths, with zeros beyond: (batch, time, 2 hidden).

    The same as for packed sequences, which no file format can express: the way back begins at the last step that
    counts, on steps in reverse order.
    """
    read = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}[layer.mode]
    step, end = torch.arange(sequence.shape[1], device=sequence.device), lengths.unsqueeze(1)
    reverse = torch.where(step < end, end - 1 - step, step)
    rows = torch.arange(sequence.shape[0], device=sequence.device).unsqueeze(1)
    zeros = sequence.new_zeros(1, sequence.shape[0], layer.hidden_size)
    state = (zeros, zeros) if layer.mode == "LSTM" else zeros
    for number in range(layer.num_layers):
        forwards, backwards = layer.all_weights[2 * number : 2 * number + 2]
        settings = (layer.bias, 1, 0.0, layer.training, False, True)
        there = read(sequence, state, forwards, *settings)[0]
        back = read(sequence[rows, reverse], state, backwards, *settings)[0][rows, reverse]
        sequence = torch.cat((there, back), 2)
        if number < layer.num_layers - 1:
            sequence = nn.functional.dropout(sequence, layer.dropout, layer.training)
    return zero_padding(sequence, lengths)


def last_both_ways(steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The last step of either way of (batch, time, 2 hidden), read both ways: (batch, 2 hidden)."""
    hidden = steps.shape[2] // 2
    return torch.cat((last_valid(steps, lengths)[:, :hidden], steps[:, 0, hidden:]), 1)


class AttentionPooling(nn.Module):
    """A weighted mean of the steps. How much a step counts is its product with a learned query, through a softmax."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(features))
        nn.init.normal_(self.query, std=features**-0.5)

    def forward(self, sequence: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """(batch, time, features) to (batch, features)."""
        scores = sequence @ self.query
        if lengths is not None:
            scores = scores.masked_fill(~valid_steps(lengths, scores), float("-inf"))
        return (scores.softmax(1).unsqueeze(1) @ sequence).squeeze(1)


def ignore_padding(target: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Class numbers (batch, time, ...) with -100, which losses leave out, beyond the lengths."""
    return target.masked_fill(~valid_steps(lengths, target), -100)


def mean_of_valid(
    loss: nn.Module, prediction: torch.Tensor, target: torch.Tensor, lengths: torch.Tensor
) -> torch.Tensor:
    """The mean of a loss over the steps within the lengths. It must be a mean, and zero where both are equal."""
    share = valid_steps(lengths, target).expand_as(target).float().mean()
    return loss(zero_padding(prediction, lengths), zero_padding(target, lengths)) / share


def sums_of_valid(numbers: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """[sum, count] of the numbers (batch, time, ...) within the lengths."""
    valid = valid_steps(lengths, numbers).expand_as(numbers)
    return torch.stack((zero_padding(numbers, lengths).sum(), valid.sum())).float()
