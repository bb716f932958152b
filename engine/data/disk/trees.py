"""Where raw files come from: a folder, one file, or a ZIP or tar archive that is read in place. Names are POSIX paths
inside the tree, sorted; hidden entries, and those that lead out of the tree, are left out."""

import hashlib
import os
import stat
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from engine.data.files import (
    Progress,
    ignore_progress,
    is_folder,
    is_regular,
    require_memory,
)
from engine.errors import DataError
from engine.preparation.files import cannot_read, open_regular


class File(ABC):
    """One file of a tree. `name` is its path inside the tree; `place` is what to call it in messages."""

    __slots__ = ("name",)
    name: str

    @property
    @abstractmethod
    def place(self) -> str: ...

    @property
    @abstractmethod
    def path(self) -> Path | None:
        """Where it lies on the disk; None inside an archive."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes, unpacked. Raises DataError if the file is gone."""

    @property
    @abstractmethod
    def stamp(self) -> int:
        """Another number when the file was written again."""

    @abstractmethod
    def head(self, count: int) -> bytes:
        """The first bytes; empty where it cannot be read."""

    @abstractmethod
    def read(self, limit: int | None = None) -> bytes:
        """All bytes. Raises DataError if it cannot be read, or is larger than `limit` or than the memory."""

    @abstractmethod
    def open(self) -> BinaryIO:
        """A stream that can seek; the caller closes it."""

    @property
    def base(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The name of the folder it lies in; "" at the top."""
        return self.name.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """The last part of the name without its suffix."""
        return PurePosixPath(self.name).stem

    def __repr__(self) -> str:
        return f"<{self.place}>"

    def _require(self, size: int, limit: int | None) -> None:
        if limit is not None and size > limit:
            raise DataError(f"{self.place} is {size / 1e6:,.0f} MB large; at most {limit / 1e6:,.0f} MB are read.",
                            "Use a smaller file.")
        require_memory(size, self.place)


class DiskFile(File):
    """An ordinary file on the disk, of the size and time that it had when it was listed. Anything else in its place
    by now (a FIFO, a device) is a DataError when it is read."""

    __slots__ = ("_path", "_size", "_stamp")

    def __init__(self, path: str, name: str, size: int, stamp: int) -> None:
        self._path = path
        self.name = name
        self._size = size
        self._stamp = stamp

    @property
    def place(self) -> str:
        return self._path

    @property
    def path(self) -> Path:
        return Path(self._path)

    @property
    def size(self) -> int:
        return self._size

    @property
    def stamp(self) -> int:
        return self._stamp

    def head(self, count: int) -> bytes:
        try:
            with self.open() as file:
                return file.read(count)
        except (DataError, OSError):
            return b""

    def read(self, limit: int | None = None) -> bytes:
        """Four system calls, and no Python file object: a data set can have a million files."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise cannot_read(self.path, error) from None
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise DataError(f"{self._path} is not an ordinary file.", "Choose a file that holds data.")
            self._require(facts.st_size, limit)
            parts = [os.read(descriptor, facts.st_size)]
            while len(parts[-1]) and sum(map(len, parts)) < facts.st_size:  # more than 2 GB come in pieces
                parts.append(os.read(descriptor, facts.st_size))
        except OSError as error:
            raise cannot_read(self.path, error) from None
        finally:
            os.close(descriptor)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def open(self) -> BinaryIO:
        return open_regular(self.path)


class Contents:
    """What a look at a folder or an archive found.

    left_out  names of what is no ordinary file below the tree: FIFOs, devices, links to folders or to nothing, entries
              of archives whose names lead elsewhere
    folders   names of the folders, also of empty ones
    """

    def __init__(self, files: Iterable[File], left_out: Iterable[str] = (), folders: Iterable[str] = ()) -> None:
        self.folders: Sequence[str] = sorted(folders)
        self.files: Sequence[File] = sorted(files, key=attrgetter("name"))
        self.left_out: Sequence[str] = sorted(left_out)

    def fingerprint(self) -> str:
        """Of the files' names, sizes and times."""
        return _fingerprint(self.files)


class Tree:
    """The files below `root`. They are listed when they are first asked for, and once.

    kind   "folder", "archive" or "file"
    """

    def __init__(self, root: Path, kind: str, scan: Callable[[], Contents]) -> None:
        self.root = root
        self.kind = kind
        self._scan = scan

    @property
    def files(self) -> Sequence[File]:
        """Sorted by name. Of a tree of one file: this file alone."""
        return self._contents.files

    @property
    def left_out(self) -> Sequence[str]:
        return self._contents.left_out

    @property
    def folders(self) -> Sequence[str]:
        """Names of the folders, also of empty ones."""
        return self._contents.folders

    @property
    def single(self) -> File | None:
        """The file, where the tree is one file."""
        return self.files[0] if self.kind == "file" else None

    def neighbours(self) -> Sequence[File]:
        """The files in the folder of a single file, it among them; those at the top of a folder or archive."""
        from engine.data.disk import scanning

        files = scanning.around(str(self.root.parent), 1).files if self.kind == "file" else self.files
        return [file for file in files if "/" not in file.name]

    def find(self, name: str, near: str = "") -> File | None:
        """The file that a cell of a table names: below the folder `near`, from the top, or, if there is one only, by
        the end of its path, with or without suffix. Names that lead out of the tree find nothing. A single file reaches
        what lies beside it and below: see `fingerprint`."""
        parts = relative_parts(self._relative(name))
        if not parts:
            return None
        wanted = "/".join(parts)
        for place in (f"{near}/{wanted}" if near else wanted, wanted):
            if place in self._by_name:
                return self._by_name[place]
        found = self._by_base.get(parts[-1], [])
        if len(parts) > 1:
            found = [file for file in found if f"/{file.name}".rpartition(".")[0].endswith(f"/{wanted}")
                     or f"/{file.name}".endswith(f"/{wanted}")]
        return found[0] if len(found) == 1 else None

    def beside(self, name: str) -> File | None:
        """The file of exactly this name: in the tree, or beside a single file and below its folder."""
        if self.kind != "file":
            return self._by_name.get(name)
        path = self.root.parent.joinpath(*relative_parts(name))
        return disk_file(path, name) if is_regular(path) else None

    def fingerprint(self, others: Iterable[File | None] = ()) -> str:
        """A short text that changes when a file is added, removed, resized or written again (its time of change).

        It is that of the last listing: a new look takes a new tree. The contents are not read: a file that is
        overwritten with as many bytes and then given its old time is not noticed. others: files beside a single file
        that belong to the data; those of a folder or an archive are in it anyway.
        """
        if self.kind != "file":
            return self._fingerprint
        return _fingerprint([*self.files, *(file for file in others if file and file.path != self.root)])

    @cached_property
    def _fingerprint(self) -> str:
        return _fingerprint([disk_file(self.root)]) if self.kind == "archive" else self._contents.fingerprint()

    @cached_property
    def _contents(self) -> Contents:
        return self._scan()

    @cached_property
    def _reach(self) -> Contents:
        """What cells may name."""
        from engine.data.disk import scanning

        return scanning.around(str(self.root.parent)) if self.kind == "file" else self._contents

    @cached_property
    def _by_name(self) -> dict[str, File]:
        return {file.name: file for file in self._reach.files}

    @cached_property
    def _by_base(self) -> dict[str, list[File]]:
        """By the last part of the name, with and without suffix."""
        found: dict[str, list[File]] = {}
        for file in self._reach.files:
            for key in {file.base, file.stem}:
                found.setdefault(key, []).append(file)
        return found

    def _relative(self, name: str) -> str:
        if self.kind != "archive" and Path(name).is_absolute():
            home = self.root.parent if self.kind == "file" else self.root
            return name.removeprefix(f"{home}{os.sep}")
        return name


def _fingerprint(files: Sequence[File]) -> str:
    """Of names, sizes and times."""
    digest = hashlib.blake2b("\0".join([file.name for file in files]).encode(), digest_size=12)
    digest.update(array("q", [file.size for file in files]).tobytes())
    digest.update(array("q", [file.stamp for file in files]).tobytes())
    return digest.hexdigest()


def open_tree(path: Path, progress: Progress = ignore_progress) -> Tree:
    """The files at a path. Nothing is read yet but the beginning of a file. Raises DataError."""
    from engine.data.disk import archives, scanning

    path = path.expanduser().absolute()
    if is_folder(path):
        return Tree(path, "folder", lambda: scanning.scanned(str(path), progress))
    if not is_regular(path):
        if path.exists():
            raise DataError(f"{path} is neither an ordinary file nor a folder.", "Choose a file or folder with data.")
        raise cannot_read(path, FileNotFoundError())
    if index := archives.index_of(path, progress):
        return Tree(path, "archive", index)
    return Tree(path, "file", lambda: Contents([disk_file(path)]))


def disk_file(path: Path, name: str = "") -> DiskFile:
    """A file by itself; of nothing where there is none, so that reading it tells."""
    name = name or printable(path.name)
    try:
        facts = path.stat()
    except OSError:
        return DiskFile(str(path), name, 0, 0)
    return DiskFile(str(path), name, facts.st_size, facts.st_mtime_ns)


def printable(name: str) -> str:
    """Names that are no Unicode text, with the odd bytes written out."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


def relative_parts(name: str) -> list[str]:
    """The parts of a relative name; [] for one that leads elsewhere. Backslashes count as slashes."""
    parts = [part for part in name.strip().replace("\\", "/").split("/") if part != "."]
    if not all(parts) or ".." in parts or ":" in parts[0] or "\0" in name:
        return []
    return parts
