"""Files opened with care: ordinary files only, never a hang, failures in plain words."""

import os
import stat
from io import BufferedReader
from pathlib import Path

from ..errors import DataError

LARGEST = 1 << 32
"""Bytes of a new file that is read as a whole."""


def open_regular(path: Path) -> BufferedReader:
    """Open an ordinary file for reading. A FIFO, a device, a folder or a missing file is a DataError, never a hang."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise cannot_read(path, error) from None
    except ValueError:
        raise DataError(f"{str(path)!r} cannot be the name of a file.", "Choose a file that holds data.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"{path} is not an ordinary file.", "Choose a file that holds data.")
    return os.fdopen(descriptor, "rb")


def cannot_read(path: Path, error: OSError) -> DataError:
    """`error` in plain words."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return DataError(f"There is no data at {path}.",
                         "Choose the file or folder again, or put it back in its place.")
    return DataError(f"{path} cannot be read: {error.strerror or error}.", "Check that you may read it.")


def head(path: Path, count: int) -> bytes:
    """The first bytes of an ordinary file. Raises DataError."""
    with open_regular(path) as file:
        return file.read(count)


def whole(path: Path) -> bytes:
    """All bytes of an ordinary file. Raises DataError."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            raise DataError(f"{path} has {size / 1e9:,.1f} GB, more than can be read at once.", "Use smaller files.")
        try:
            return file.read()
        except OSError as error:
            raise cannot_read(path, error) from None
