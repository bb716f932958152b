"""Where a network is trained."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.errors import TrainingError

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's mallopt."""

_KEPT_BYTES, _LARGEST_KEPT = 1 << 30, 32 << 20


def available() -> tuple[str, ...]:
    """The devices there are, by the names that options have for them; "cpu" always."""
    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(name for name, is_there in found.items() if is_there)


def resolved(name: str) -> torch.device:
    """The device for an option value: "auto" takes the fastest there is. Raises TrainingError if it is missing."""
    found = available()
    if name == "auto":
        return torch.device(found[1] if len(found) > 1 else "cpu")
    if name not in found:
        what = "NVIDIA graphics card that torch can use" if name == "cuda" else "Apple graphics processor"
        raise TrainingError(f"The device {name} was chosen, but there is no {what} here.", "Choose auto or cpu.")
    return torch.device(name)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory that this machine has; 0 where the system does not say."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


def keep_freed_memory() -> None:
    """Let the C library keep what a step frees for the next step, instead of giving it back to the system each time.

    A step on images frees and takes megabytes; getting them anew from the system, page by page, was measured to cost a
    convolutional network a third of its processor time. Without glibc nothing is changed.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
            mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)


@contextmanager
def restored_threads() -> Iterator[None]:
    """Leaves torch's number of threads as it was: a run in the process of its caller must not change it for good."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def random_states(device: torch.device) -> dict[str, torch.Tensor]:
    """The states of the generators that a training on `device` draws from, by name."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, torch.Tensor], device: torch.device) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])


def synchronize(device: torch.device) -> None:
    """Wait until what was asked of a graphics processor is done; a processor does everything at once."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
