"""What training is compared to: the same networks on the same arrays, by a plain and a hand-tuned torch loop."""

import time
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from engine import network as networks
from engine import projectfile
from engine.codegen import emit
from engine.data import dataset

FLUSH_SECONDS = 0.05


def plain(path: Path) -> float:
    """As tutorials have it: DataLoader, zero_grad, backward, step, and running means by item()."""
    objective, data, size, epochs = _prepared(path)
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(*data), batch_size=size, shuffle=True)
    ends = []
    for _ in range(epochs):
        loss_sum = right = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss, (sums,) = objective(*batch)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(batch[0])
            right += sums[0].item()
        ends.append(time.process_time())
    return _per_epoch(ends)


def tuned(path: Path, channels_last: bool = False) -> float:
    """What an expert writes: preloaded tensors, one permutation an epoch, index_select into fixed buffers, fused Adam,
    sums on tensors that are read every 50 ms."""
    objective, data, size, epochs = _prepared(path)
    if channels_last:
        objective.to(memory_format=torch.channels_last)
        data = [part.contiguous(memory_format=torch.channels_last) if part.dim() == 4 else part for part in data]
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-3, fused=True)
    buffers = [torch.empty_like(part[:size]) for part in data]
    totals, ends = torch.zeros(3), []
    flushed = time.monotonic()
    for _ in range(epochs):
        for index in torch.randperm(len(data[0])).split(size):
            if len(index) == size:
                for part, buffer in zip(data, buffers, strict=True):
                    torch.index_select(part, 0, index, out=buffer)
                batch = buffers
            else:
                batch = [part.index_select(0, index) for part in data]
            loss, (sums,) = objective(*batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            totals[0].add_(loss.detach(), alpha=len(index))
            totals[1:].add_(sums)
            if time.monotonic() - flushed > FLUSH_SECONDS:
                totals.tolist()
                flushed = time.monotonic()
        ends.append(time.process_time())
    return _per_epoch(ends)


def tuned_channels_last(path: Path) -> float:
    return tuned(path, channels_last=True)


LOOPS = {"plain": plain, "tuned": tuned, "tuned, channels last": tuned_channels_last}


def _prepared(path: Path) -> tuple[nn.Module, list[torch.Tensor], int, int]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    project = projectfile.load(path)
    source = emit(project)
    objective = networks.build(source).objective
    assert objective is not None
    assert project.data is not None
    data = dataset.load(project.data, None)
    rows = data.rows["train"]
    tensors: list[Any] = [torch.from_numpy(data.prepared(name)[rows]) for name in (*source.inputs, *source.targets)]
    return objective.train(), tensors, int(project.options["batch_size"]), int(project.options["epochs"])


def _per_epoch(ends: list[float]) -> float:
    """Processor seconds per epoch after the first, in which much is done for the first time."""
    return (ends[-1] - ends[0]) / (len(ends) - 1)
