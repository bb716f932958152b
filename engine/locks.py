"""Locks between processes, on a file. The system lets go of the lock of a process that dies, however it dies."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Hold the lock for the length of the block; gives False if another holds it. Raises OSError."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        yield _taken(file, attempts=20)  # somebody may just be looking, see is_held
    finally:
        os.close(file)  # which lets go of it


def is_held(path: Path) -> bool:
    """Somebody, perhaps this process, holds the lock now."""
    try:
        file = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:  # what cannot be opened is not held
        return False
    try:
        return not _taken(file, attempts=1)
    finally:
        os.close(file)


def _taken(file: int, attempts: int) -> bool:
    for attempt in range(attempts):
        if attempt:
            time.sleep(0.02)
        if _take(file):
            return True
    return False


def _take(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
