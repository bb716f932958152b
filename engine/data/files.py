"""What the readers of data share: progress, and memory that is asked for before it is taken."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import DataError

Progress = Callable[[float], None]
"""Told the finished share, 0 to 1. It may raise to cancel: nothing is left behind."""

AnyArray = NDArray[Any]
Rows = NDArray[np.int64]
"""Row numbers of a data set."""

BLOCK_BYTES = 4 << 20


def ignore_progress(share: float) -> None:
    """The progress of whoever does not care."""


def portion(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a part of the work, which is the share from `start` to `end` of the whole."""
    return lambda share: progress(start + share * (end - start))


def is_regular(path: Path) -> bool:
    """True for an ordinary file, also through a link; False for anything else and for what cannot be looked at."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """True for a folder, also through a link; False also for a link that leads in circles."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
"""Bytes of memory that this machine has; 0 where the system does not say."""


def allocate(shape: tuple[int, ...], dtype: DTypeLike, what: str) -> AnyArray:
    """An array to be filled. Raises DataError if this machine cannot hold it."""
    require_memory(int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize, what)
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError):
        raise _too_large(what, int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize) from None


def require_memory(size: int, what: str) -> None:
    """Raises DataError if `size` bytes are more than the memory that this machine has."""
    if MEMORY and size > MEMORY:
        raise _too_large(what, size)


def _too_large(what: str, size: int) -> DataError:
    return DataError(f"{what} needs {size / 1e9:,.1f} GB of memory, which is more than this machine has.",
                     "Use a part of the data, or smaller pictures.")
