"""What is decided by measurement at the start of a run: memory order, kind of step, number of threads.

Everything here leaves weights, buffers and random numbers as they were. Traced and eager steps are compared bit by bit
before the traced one is used, so that none of these choices is a risk.
"""

import copy
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from engine.training import devices
from engine.training.courses import Judge
from engine.training.parameters import Parameters, can_be_flat
from engine.training.step import Batch, EagerStep, Step, TracedStep

StepKind = Literal["traced", "eager"]

_SECONDS = 0.1
"""Time that one measurement may take, beyond its least number of steps."""

_LONG_STEP = 0.1
"""Seconds of a step beyond which tracing is not worth its time: what it saves is well below a millisecond."""

_CLEARLY = 1.3
"""More threads must be this many times faster: they take processors from everything else."""

_CLEARLY_SLOWER = 1.6
"""Channels last is taken unless it is so many times slower: it is faster nearly always, and a choice that hangs on a
measurement's luck would make the last digits of the numbers differ from run to run."""


def suits_channels_last(objective: nn.Module, places: tuple[int, ...], batch: Batch) -> bool:
    """Whether to let the channels of images lie side by side in memory, for convolutions. Measured on copies of an
    objective, whose columns are at `places` of the batch."""
    if not any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in objective.modules()):
        return False
    device = batch[0].device
    usual = _copied_step(copy.deepcopy(objective), places)
    other = _copied_step(
        copy.deepcopy(objective).to(memory_format=torch.channels_last), places)  # type: ignore[call-overload]
    reordered = [part.contiguous(memory_format=torch.channels_last) if part.dim() == 4 else part for part in batch]
    with undisturbed(objective, device):
        usual_seconds, other_seconds = _durations([lambda: usual(batch), lambda: other(reordered)], device, least=6)
    return other_seconds < _CLEARLY_SLOWER * usual_seconds


def _copied_step(objective: nn.Module, places: tuple[int, ...]) -> EagerStep:
    weights = [weight for weight in objective.parameters() if weight.requires_grad]
    return EagerStep(Judge(objective, places), [Parameters(weights, can_be_flat=can_be_flat(objective))])


def fastest_step(judge: Judge, groups: Sequence[Parameters], batch: Batch,
                 kept: StepKind | None = None) -> tuple[Step, StepKind, str]:
    """The quicker kind of step, its name and the reason. `kept`: the kind that an interrupted run had."""
    eager = EagerStep(judge, groups)
    if kept == "eager":
        return eager, "eager", "as before the interruption"
    with undisturbed(judge.objective, batch[0].device):
        traced, refusal = _traced(judge, groups, eager, batch)
        if traced is None:
            return eager, "eager", refusal
        if kept == "traced":
            return traced, "traced", "as before the interruption"
        ratio = _ratio(traced, eager, batch)
    if ratio > 1.0:
        return eager, "eager", f"the traced step takes {ratio:.2f} times as long"
    return traced, "traced", f"same numbers in {ratio:.2f} times the eager step's time"


def _traced(judge: Judge, groups: Sequence[Parameters], eager: EagerStep, batch: Batch) -> tuple[Step | None, str]:
    """A traced step that computes the same as the eager one, or None and why there is none."""
    device = batch[0].device
    if device.type != "cpu":
        return None, f"tracing is for the processor, this run is on {device.type}"
    seconds = _durations([lambda: eager(batch)], device)[0]
    if seconds > _LONG_STEP:
        return None, f"one step takes {seconds:.2f} s: tracing would gain nothing"
    try:
        traced = TracedStep(judge, groups, batch)
        difference = _difference(judge.objective, groups, eager, traced, batch)
    except Exception as error:  # noqa: BLE001 -- torch says in many ways that it cannot trace a computation
        return None, f"it cannot be traced: {(str(error).splitlines() or [type(error).__name__])[0][:200]}"
    return (None, f"the traced step gave other {difference}") if difference else (traced, "")


def _ratio(first: Step, second: Step, batch: Batch) -> float:
    seconds = _durations([lambda: first(batch), lambda: second(batch)], batch[0].device)
    return seconds[0] / seconds[1]


def fastest_threads(objective: nn.Module, step: Step, batch: Batch) -> int:
    """The number of processor threads for the steps of a run: 1 unless more are clearly faster. torch is set to it."""
    cores = devices.cores()
    device = batch[0].device
    torch.set_num_threads(1)
    if device.type != "cpu" or cores == 1:
        return 1
    with undisturbed(objective, device):
        single = best = _durations([lambda: step(batch)], device, time.perf_counter)[0]
        chosen, count = 1, 2
        while count <= cores:
            torch.set_num_threads(count)
            seconds = _durations([lambda: step(batch)], device, time.perf_counter)[0]
            if seconds >= best / 1.1:
                break
            best = seconds
            chosen = count if single >= _CLEARLY * seconds else chosen
            count *= 2
    torch.set_num_threads(chosen)
    return chosen


@contextmanager
def undisturbed(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Steps made inside leave buffers and generators as they were; gradients the next step overwrites anyway."""
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    states = devices.random_states(device)
    try:
        yield
    finally:
        _restore(buffers)
        devices.restore_random_states(states, device)


def _restore(buffers: Sequence[tuple[Tensor, Tensor]]) -> None:
    with torch.no_grad():
        for buffer, before in buffers:
            buffer.copy_(before)


def _difference(objective: nn.Module, groups: Sequence[Parameters], eager: Step, traced: Step, batch: Batch) -> str:
    """In which respect one step of each kind, from the same state, differs in any bit; "" if in none."""
    device = batch[0].device
    gradients = [gradient for group in groups for gradient in group.gradients]
    found: list[tuple[list[Tensor], ...]] = []
    for step in (eager, traced):
        with undisturbed(objective, device):
            for gradient in gradients:
                gradient.fill_(torch.nan)
            sums = step(batch).clone()
            found.append(([sums], [gradient.clone() for gradient in gradients],
                          [buffer.clone() for buffer in objective.buffers()],
                          list(devices.random_states(device).values())))
    respects = ("losses", "gradients", "statistics", "random numbers")
    return next((name for name, first, second in zip(respects, *found, strict=True)
                 if not all(map(_same_bits, first, second))), "")


def _same_bits(first: Tensor, second: Tensor) -> bool:
    if first.is_floating_point():
        return torch.equal(*(part.contiguous().reshape(-1).view(torch.uint8) for part in (first, second)))
    return torch.equal(first, second)


def _durations(runs: Sequence[Callable[[], object]], device: torch.device,
               clock: Callable[[], float] = time.process_time, least: int = 3) -> list[float]:
    """The typical seconds of each, taken in turns so that a busy moment hits all of them: the least processor time, or
    the median time on the wall, which tells what waiting for other programs costs."""
    started = time.perf_counter()
    for run in runs:
        run()
    least = least if time.perf_counter() - started < 2 * _LONG_STEP * len(runs) else 1
    times: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + _SECONDS
    while len(times[0]) < least or (time.perf_counter() < end and len(times[0]) < 200):
        for run, measured in zip(runs, times, strict=True):
            devices.synchronize(device)
            start = clock()
            run()
            devices.synchronize(device)
            measured.append(clock() - start)
    return [min(measured) if clock is time.process_time else statistics.median(measured) for measured in times]
