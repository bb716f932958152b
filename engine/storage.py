"""Durable files: everything that must survive a crash, a full disk or a power cut is written here.

A file is always exactly its old or its new bytes. The bytes go to a new file beside it, are forced to the disk, read
back and compared; only then does the new file take the old one's name, and the folder is forced to the disk too.
"""

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import StorageError

CHUNK = 1 << 20
WINDOWS = os.name == "nt"
_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_OLD_FILE = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_TEMPORARY = re.compile(r"\..{0,40}\.(\d{1,10})-[0-9a-f]{16}\.saving", re.DOTALL)
_BUSY_RETRIES, _BUSY_SECONDS = 20, 0.05

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space, or save in another place."),
    errno.EDQUOT: ("your share of the disk is used up", "Free some space, or save in another place."),
    errno.EACCES: ("you may not write there", "Choose another folder, or ask for the right to write in this one."),
    errno.EPERM: ("you may not write there", "Choose another folder, or ask for the right to write in this one."),
    errno.EROFS: ("the disk can only be read", "Choose a folder on another disk."),
    errno.ENOENT: ("its folder does not exist", "Create the folder, or choose another one."),
    errno.ENOTDIR: ("its folder is a file", "Choose another folder."),
    errno.EISDIR: ("there is a folder of that name", "Choose another name."),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter name."),
    errno.EIO: ("the disk reports an error", "Save in another place, and check the disk."),
}


class Fs:
    """The steps that durable writing makes on a disk. Tests put faults and records behind this seam."""

    def create(self, path: Path) -> int:
        """A new file, open for writing. Never opens what is already there, be it a link or a file."""
        return os.open(path, _NEW_FILE, 0o666)

    def open(self, path: Path, follow: bool) -> int:
        """An existing file, open for reading, without waiting at a pipe. A link is refused unless `follow`."""
        return os.open(path, _OLD_FILE | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))

    def write(self, file: int, data: memoryview) -> int:
        return os.write(file, data)

    def read(self, file: int, size: int) -> bytes:
        return os.read(file, size)

    def sync(self, file: int) -> None:
        os.fsync(file)

    def close(self, file: int) -> None:
        os.close(file)

    def stat(self, path: Path) -> os.stat_result:
        """Of the name itself, not of what it links to."""
        return path.lstat()

    def set_mode(self, path: Path, mode: int) -> None:
        path.chmod(mode)

    def replace(self, source: Path, target: Path) -> None:
        os.replace(source, target)  # noqa: PTH105  (the one call whose atomicity is the point)

    def remove(self, path: Path) -> None:
        path.unlink()

    def names(self, folder: Path) -> list[str]:
        return os.listdir(folder)  # noqa: PTH208  (names are wanted, and a list costs least)

    def sync_folder(self, folder: Path) -> None:
        """Forces the names in a folder to the disk, where the system can do that."""
        if WINDOWS:
            return
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks have no such order
                raise
        finally:
            os.close(handle)


DISK = Fs()


def write(path: Path | str, data: bytes | bytearray | memoryview, fs: Fs = DISK) -> None:
    """Make `path` hold exactly `data`, all of it or not at all; the mode of a file that is replaced is kept.

    When this returns, the bytes have reached the disk and were read back. Raises StorageError; then the old file is as
    it was, or, if only the last step failed (forcing the folder to the disk), the new one is there whole. A link, a
    folder or a device at `path` is refused: what a link points to is never overwritten.
    """
    path = Path(path)
    with _explained(path, "saved"):
        mode = _replaceable(path, fs)
        _sweep(path.parent, fs)
        temporary, content = _temporary(path), memoryview(data).cast("B")
        file = fs.create(temporary)
        try:
            _fill(file, content, fs)
            _compare(temporary, content, fs)
            if mode is not None:
                fs.set_mode(temporary, mode)
            _replace(temporary, path, fs)
        except BaseException:
            with suppress(OSError):  # it may be gone, or never have been there
                fs.remove(temporary)
            raise
        fs.sync_folder(path.parent)


def adopt(temporary: Path | str, path: Path | str, fs: Fs = DISK) -> None:
    """Move a finished file, written by another library in the same folder, to `path` as safely as `write` does.

    Raises StorageError; then `path` is as it was and `temporary` still exists.
    """
    temporary, path = Path(temporary), Path(path)
    with _explained(path, "saved"):
        _replaceable(path, fs)
        file = fs.open(temporary, follow=False)
        try:
            fs.sync(file)
        finally:
            fs.close(file)
        _replace(temporary, path, fs)
        fs.sync_folder(path.parent)


def read(path: Path | str, limit: int, fs: Fs = DISK) -> bytes:
    """All bytes of an ordinary file of at most `limit` bytes. Never waits at a pipe. Raises StorageError."""
    path = Path(path)
    with _explained(path, "read"):
        file = fs.open(path, follow=True)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise StorageError(f"{path} is not a file.", "Choose a file.")
            parts, size = [], 0
            while part := fs.read(file, CHUNK):
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise StorageError(f"{path} is larger than {limit >> 20} MB, the most that is read here.",
                                       "It is probably not the file you meant.")
        finally:
            fs.close(file)
        return b"".join(parts)


def _replaceable(path: Path, fs: Fs) -> int | None:
    """The mode of the ordinary file at `path`, None if nothing is there. Refuses anything else."""
    try:
        mode = fs.stat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        raise StorageError(f"{path} is a link to another file; it is not replaced.",
                           f"Save under the name it points to: {os.path.realpath(path)}.")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(mode):
        raise StorageError(f"{path} is a device or a pipe, not a file.", "Choose another name.")
    if not mode & 0o222:
        raise StorageError(f"{path} could not be saved: it is write-protected.",
                           "Save under another name, or remove the protection.")
    return stat.S_IMODE(mode)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name[:40]}.{os.getpid()}-{secrets.token_hex(8)}.saving")


def _sweep(folder: Path, fs: Fs) -> None:
    """Remove what processes that were killed while saving left in the folder."""
    with suppress(OSError):  # sweeping is a courtesy: a save does not fail for it
        for name in fs.names(folder):
            match = _TEMPORARY.fullmatch(name)
            if match and not _is_running(int(match[1])):
                fs.remove(folder / name)


def _is_running(process: int) -> bool:
    if process == os.getpid():
        return True
    if WINDOWS:
        return False  # a file that a live process still holds open cannot be removed there
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _fill(file: int, data: memoryview, fs: Fs) -> None:
    """Write all of `data`, force it to the disk and close the file."""
    try:
        while data:
            written = fs.write(file, data[:CHUNK])
            if written <= 0:
                raise OSError(errno.EIO, "nothing was written")
            data = data[written:]
        fs.sync(file)
    finally:
        fs.close(file)


def _compare(path: Path, data: memoryview, fs: Fs) -> None:
    """Read the file back. A disk that is full or failing can lose bytes without saying so."""
    file = fs.open(path, follow=False)
    try:
        while part := fs.read(file, CHUNK):
            if data[: len(part)] != part:
                raise OSError(errno.EIO, "what was read back differs from what was written")
            data = data[len(part) :]
    finally:
        fs.close(file)
    if data:
        raise OSError(errno.EIO, "what was read back is shorter than what was written")


def _replace(temporary: Path, path: Path, fs: Fs) -> None:
    """On Windows a virus scanner may hold a new file for a moment: then try again."""
    for _ in range(_BUSY_RETRIES if WINDOWS else 0):
        try:
            return fs.replace(temporary, path)
        except PermissionError:
            time.sleep(_BUSY_SECONDS)
    return fs.replace(temporary, path)


@contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    """Turns what the system reports into a StorageError in plain words."""
    try:
        yield
    except OSError as error:
        reason, hint = _REASONS.get(error.errno or 0, (error.strerror or str(error), ""))
        if done == "read":
            reason, hint = _READ_REASONS.get(error.errno or 0, (reason, ""))
        raise StorageError(f"{path} could not be {done}: {reason}.", hint) from error
    except ValueError as error:  # a name with a NUL character or half a surrogate pair
        raise StorageError(f"{str(path)!r} could not be {done}: no file can have this name.", "Choose another name.") \
            from error


_READ_REASONS = {
    errno.ENOENT: ("there is no such file", "Check the name."),
    errno.EACCES: ("you may not read it", "Ask for the right to read it."),
    errno.EISDIR: ("it is a folder", "Choose a file."),
    errno.ELOOP: ("its links lead in a circle", "Choose the file itself."),
}
