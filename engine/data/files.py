"""Files opened with care: regular files only, sizes known before memory is taken, failures in plain words."""

import os
import stat
from collections.abc import Callable
from io import BufferedReader
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

MAX_INFLATION = 1040
"""Deflate cannot make a file more than 1,032 times smaller: a header that promises more is lying."""

BLOCK_BYTES = 4 << 20


def ignore_progress(share: float) -> None:
    """The progress of whoever does not care."""


def portion(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a part of the work, which is the share from `start` to `end` of the whole."""
    return lambda share: progress(start + share * (end - start))


def missing(path: Path) -> DataError:
    """The error for a data set that is not where it should be."""
    return DataError(f"There is no data at {path}.", "Choose the file or folder again, or put it back in its place.")


def open_regular(path: Path) -> BufferedReader:
    """Open an ordinary file for reading. A FIFO, a device, a folder or a missing file is a DataError, never a hang."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise cannot_read(path, error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"{path} is not an ordinary file.", "Choose a file that holds data.")
    return os.fdopen(descriptor, "rb")


def cannot_read(path: Path, error: OSError) -> DataError:
    """`error` in plain words."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return missing(path)
    return DataError(f"{path} cannot be read: {error.strerror or error}.", "Check that you may read it.")


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


def listing(folder: Path) -> list[Path]:
    """What lies in a folder, in order of name, without hidden entries."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__")))
    except OSError as error:
        raise cannot_read(folder, error) from None


def head(path: Path, size: int) -> bytes:
    """The first bytes of an ordinary file; empty where it cannot be read."""
    try:
        with open_regular(path) as file:
            return file.read(size)
    except (DataError, OSError):
        return b""


def read_bytes(path: Path) -> bytes:
    """The whole of an ordinary file."""
    with open_regular(path) as file:
        require_memory(os.fstat(file.fileno()).st_size, str(path))
        try:
            return file.read()
        except OSError as error:
            raise cannot_read(path, error) from None


def allocate(shape: tuple[int, ...], dtype: DTypeLike, what: str) -> AnyArray:
    """An array to be filled. Raises DataError if this machine cannot hold it."""
    require_memory(int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize, what)
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError):
        raise _too_large(what, int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize) from None


def require_memory(size: int, what: str) -> None:
    """Raises DataError if `size` bytes are more than the memory that this machine has."""
    if hasattr(os, "sysconf") and size > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        raise _too_large(what, size)


def _too_large(what: str, size: int) -> DataError:
    return DataError(f"{what} needs {size / 1e9:,.1f} GB of memory, which is more than this machine has.",
                     "Use a part of the data, or smaller pictures.")
