"""Prepared data kept on the disk: folders in the user's cache, each whole or not there, named by a key.

An entry is written into `<key>.writing` while `<key>.lock` is held, and takes its name when all of it is on the disk. A
writer that is killed leaves a folder that nobody takes for an entry; the next writer sweeps it away.

    <key>/about.json    plain values, with the sizes of the other files
    <key>/<name>.npy    arrays, mapped into memory when they are read
"""

import hashlib
import json
import mmap
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine import folders, locks, storage
from engine.data.files import AnyArray
from engine.errors import StorageError

FORMAT = 2
DEFAULT_GIGABYTES = 50.0
LEFT_FREE = 1 << 30
"""Bytes of the disk that are never used up."""

MAX_ABOUT = 1 << 30
SMALL = 1 << 16
"""Arrays of so many bytes are read rather than mapped."""

_WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Usage:
    """How much the cache holds: bytes, entries, the limit in bytes and the folder."""

    size: int
    entries: int
    limit: int
    folder: Path


def folder() -> Path:
    """Where prepared data is kept."""
    return folders.cache() / "prepared"


def limit() -> int:
    """Bytes that the cache may hold: NEUROLOOM_CACHE_GB (default 50); beyond, what was used longest ago goes first."""
    try:
        gigabytes = float(os.environ.get("NEUROLOOM_CACHE_GB", ""))
    except ValueError:
        gigabytes = DEFAULT_GIGABYTES
    return int(max(0.0, gigabytes) * 1e9)


def usage() -> Usage:
    """What the cache holds now."""
    entries = list(_entries())
    return Usage(sum(map(_size, entries)), len(entries), limit(), folder())


def clear() -> int:
    """Remove every entry that is not being written; the bytes that became free. A training that reads one goes on."""
    entries = [*_entries(), *_abandoned()]
    size = sum(map(_size, entries))
    for entry in entries:
        _remove(entry)
    for lock in _matching("*.lock"):
        if not locks.is_held(lock):
            with suppress(OSError):
                lock.unlink()
    return size


def key_of(*facts: Any) -> str:
    """A name for what these plain values describe."""
    text = json.dumps([FORMAT, *facts], sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole entry."""

    path: Path
    about: dict[str, Any]

    def array(self, name: str) -> AnyArray:
        """An array that is mapped into memory, to be read only. Raises StorageError if it is damaged."""
        try:
            return _mapped(self.path / f"{name}.npy")
        except (OSError, ValueError, EOFError) as error:
            raise StorageError(f"{self.path / name}.npy is damaged: {error}", "Clear the cache of prepared data.") \
                from None


def find(key: str) -> Entry | None:
    """The entry of that name, or None if there is none or it is damaged. Counts as a use of it."""
    path = folder() / key
    try:
        about = json.loads(storage.read(path / "about.json", MAX_ABOUT))
        sizes = about["files"]
        if any((path / name).stat().st_size != size for name, size in sizes.items()):
            return None
        with suppress(OSError):
            os.utime(path / "about.json")
    except (StorageError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Entry(path, about)


@dataclass(slots=True)
class Draft:
    """An entry that is being written."""

    path: Path
    about: dict[str, Any] = field(default_factory=dict)

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> AnyArray:
        """An array to fill, mapped into a new file. Room for it is reserved: raises StorageError if there is none."""
        make_room(int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize)
        path = self.path / f"{name}.npy"
        with _explained():
            array: AnyArray = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
            if hasattr(os, "posix_fallocate"):  # else a disk that is full would end the process at some later write
                with path.open("rb+") as file:
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array

    def write(self, name: str, values: AnyArray) -> None:
        """An array that is in memory, as a file."""
        with _explained():
            np.save(self.path / f"{name}.npy", values, allow_pickle=False)


@contextmanager
def writing(key: str, wait: Callable[[], None]) -> Iterator[Draft | None]:
    """Write the entry `key`: it exists when the block ends without an error, and not before. Gives None if another
    process wrote it meanwhile: `wait` is then called now and then, and may raise to give up.

    Raises StorageError if the cache cannot be written.
    """
    with _explained():
        folder().mkdir(parents=True, exist_ok=True)
        for path in _abandoned():
            _remove(path)
    with _locked(key, wait):
        if find(key):
            yield None
            return
        draft = Draft(folder() / f"{key}.writing")
        with _explained():
            _remove(draft.path)
            _remove(folder() / key)
            draft.path.mkdir()
        try:
            yield draft
            with _explained():
                _finish(draft, folder() / key)
        except BaseException:
            _remove(draft.path)
            raise


def make_room(size: int) -> None:
    """Let the least recently used entries go until `size` more bytes fit. Raises StorageError if they never will."""
    if size > limit():
        raise StorageError(f"The prepared data needs {size / 1e9:,.1f} GB; the cache may hold {limit() / 1e9:,.1f} GB.",
                           "Set NEUROLOOM_CACHE_GB to a larger number, or use smaller pictures.")
    with _explained():
        folder().mkdir(parents=True, exist_ok=True)
        entries = sorted(_entries(), key=_last_use)
        sizes = {entry: _size(entry) for entry in entries}
        held = sum(sizes.values())
        for entry in entries:
            if held + size <= limit() and shutil.disk_usage(folder()).free >= size + LEFT_FREE:
                return
            _remove(entry)
            held -= sizes[entry]
        free = shutil.disk_usage(folder()).free
    if free < size + LEFT_FREE:
        raise StorageError(f"The disk of {folder()} has no room for {size / 1e9:,.1f} GB of prepared data.",
                           "Free some space, or set NEUROLOOM_HOME to a folder on another disk.")


def release(array: AnyArray) -> None:
    """Let go of the memory that a mapped array's pages take up; what was written is kept, what is needed is mapped
    again."""
    _advise(array, "MADV_DONTNEED")


def expect_any_order(array: AnyArray) -> None:
    """Rows of a mapped array will be read here and there: reading ahead would fetch what nobody asks for."""
    _advise(array, "MADV_RANDOM")


def _advise(array: AnyArray, what: str) -> None:
    mapping: mmap.mmap | None = getattr(array, "_mmap", None)
    if mapping is not None and hasattr(mmap, what):
        mapping.madvise(getattr(mmap, what))


class Packed(Sequence[str]):
    """Many short texts in two arrays, that need not be read to be there: of an entry's names of a million rows."""

    def __init__(self, content: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._content, self._ends = content, ends

    @classmethod
    def arrays(cls, texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        parts = [text.encode("utf-8", "surrogateescape") for text in texts]
        ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
        return np.frombuffer(b"".join(parts), np.uint8), ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        row = range(len(self))[index]
        start = int(self._ends[row - 1]) if row else 0
        return bytes(self._content[start : self._ends[row]]).decode("utf-8", "surrogateescape")


def _finish(draft: Draft, path: Path) -> None:
    """Force everything to the disk, then let the entry appear."""
    files = sorted(draft.path.iterdir())
    for file in files:
        with file.open("rb+") as opened:
            os.fsync(opened.fileno())
    sizes = {file.name: file.stat().st_size for file in files}
    storage.write(draft.path / "about.json", json.dumps({**draft.about, "files": sizes}).encode())
    draft.path.rename(path)
    storage.DISK.sync_folder(folder())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"The cache in {folder()} cannot be written: {error.strerror or error}.",
                           "Free some space, or set NEUROLOOM_HOME to a folder that can be written.") from error


@contextmanager
def _locked(key: str, wait: Callable[[], None]) -> Iterator[None]:
    while True:
        with locks.hold(folder() / f"{key}.lock") as is_mine:
            if is_mine:
                yield
                return
        wait()
        time.sleep(_WAIT_SECONDS)


def _mapped(path: Path) -> AnyArray:
    array: AnyArray = np.load(path, "r" if path.stat().st_size > SMALL else None, allow_pickle=False)
    return array


def _entries() -> Iterator[Path]:
    return (path for path in _matching("*") if len(path.name) == 32 and (path / "about.json").is_file())


def _abandoned() -> Iterator[Path]:
    return (path for path in _matching("*.writing") if not locks.is_held(path.with_suffix(".lock")))


def _matching(pattern: str) -> list[Path]:
    try:
        return sorted(folder().glob(pattern))
    except OSError:
        return []


def _remove(path: Path) -> None:
    """A folder that is in use on a system that forbids its removal stays."""
    shutil.rmtree(path, ignore_errors=True)


def _size(entry: Path) -> int:
    try:
        return sum(file.stat().st_size for file in entry.iterdir())
    except OSError:
        return 0


def _last_use(entry: Path) -> float:
    try:
        return (entry / "about.json").stat().st_mtime
    except OSError:
        return 0.0

