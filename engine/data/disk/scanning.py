"""What lies in folders of the disk, listed with few system calls: a data set can have a million files."""

import hashlib
import os
import stat
from array import array
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from engine.data.disk.trees import Contents, DiskFile, File, printable
from engine.data.files import Progress, ignore_progress
from engine.errors import DataError
from engine.preparation.files import cannot_read

MAX_FILES = 5_000_000
AROUND_FILES = 200_000
AROUND_DEPTH = 3


class _Folder(NamedTuple):
    """The ordinary files of one folder in order of name, and the names of the rest."""

    path: str
    prefix: str
    names: list[str]
    sizes: list[int]
    stamps: list[int]
    below: list[str]
    left_out: list[str]


class Listing(Contents):
    """What was found in folders. An object for each file is made only if it is asked for."""

    def __init__(self, found: Sequence[_Folder]) -> None:
        self._found = found
        self.folders = sorted(folder.prefix[:-1] for folder in found[1:])
        self.left_out = sorted(printable(folder.prefix + name) for folder in found for name in folder.left_out)

    @cached_property
    def files(self) -> Sequence[File]:  # type: ignore[override]
        listed = [
            DiskFile(f"{folder.path}{os.sep}{name}", printable(folder.prefix + name), size, stamp)
            for folder in self._found
            for name, size, stamp in zip(folder.names, folder.sizes, folder.stamps, strict=True)
        ]
        return sorted(listed, key=attrgetter("name"))

    def fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=12)
        for folder in sorted(self._found, key=attrgetter("prefix")):
            digest.update("\0".join([folder.prefix, *folder.names, ""]).encode("utf-8", "surrogateescape"))
            digest.update(array("q", folder.sizes).tobytes())
            digest.update(array("q", folder.stamps).tobytes())
        return digest.hexdigest()


def scanned(root: str, progress: Progress = ignore_progress) -> Contents:
    """All ordinary files below a folder. Links to files count as files; links to folders are not followed: they could
    lead in circles. `progress` may raise to end it."""
    found: list[_Folder] = []
    waiting = [(root, "")]
    count = 0
    for folder, prefix in waiting:
        try:
            found.append(_listed(folder, prefix))
        except OSError as error:
            raise cannot_read(Path(folder), error) from None
        waiting += [(f"{folder}{os.sep}{name}", f"{prefix}{name}/") for name in found[-1].below]
        count += len(found[-1].names)
        if count > MAX_FILES:
            raise DataError(f"{root} holds more than {MAX_FILES:,} files.", "Choose the folder of one data set.")
        progress(0.0)
    return Listing(found)


def around(root: str, depth: int = AROUND_DEPTH) -> Contents:
    """What lies in a folder and a little below it, as far as it can be read: not more than is quickly listed."""
    found: list[_Folder] = []
    level = [(root, "")]
    for _ in range(depth):
        below: list[tuple[str, str]] = []
        for folder, prefix in level:
            with suppress(OSError):
                found.append(_listed(folder, prefix))
                below += [(f"{folder}{os.sep}{name}", f"{prefix}{name}/") for name in found[-1].below]
            if sum(len(listed.names) for listed in found) > AROUND_FILES:
                return Listing(found)
        level = below
    return Listing(found)


def _listed(folder: str, prefix: str) -> _Folder:
    """One system call a file, relative to the folder where the system can: that is most of the time it takes."""
    if os.stat not in os.supports_dir_fd:
        return _sorted_out(folder, prefix, os.listdir(folder), None)  # noqa: PTH208
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return _sorted_out(folder, prefix, os.listdir(descriptor), descriptor)  # noqa: PTH208
    finally:
        os.close(descriptor)


def _sorted_out(folder: str, prefix: str, names: list[str], descriptor: int | None) -> _Folder:
    look, start = os.stat, "" if descriptor is not None else f"{folder}{os.sep}"
    names = [name for name in sorted(names) if not name.startswith((".", "__"))]
    below: list[str] = []
    left_out: list[str] = []
    try:
        facts = [look(start + name, dir_fd=descriptor) for name in names]
    except OSError:  # a link that leads in circles or to nothing
        left_out = [name for name in names if not Path(folder, name).exists()]
        names = [name for name in names if name not in set(left_out)]
        facts = [look(start + name, dir_fd=descriptor) for name in names]
    if not all(map(stat.S_ISREG, {found.st_mode for found in facts})):
        others = [name for name, found in zip(names, facts, strict=True) if not stat.S_ISREG(found.st_mode)]
        below = [name for name in others if (path := Path(folder, name)).is_dir() and not path.is_symlink()]
        left_out += [name for name in others if name not in set(below)]
        names = [name for name, found in zip(names, facts, strict=True) if stat.S_ISREG(found.st_mode)]
        facts = [found for found in facts if stat.S_ISREG(found.st_mode)]
    return _Folder(folder, prefix, names, [found.st_size for found in facts], [found.st_mtime_ns for found in facts],
                   below, left_out)
