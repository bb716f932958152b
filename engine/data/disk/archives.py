"""ZIP and tar archives read in place: an index of where each file lies, then slices of the archive.

Nothing stays open between two reads. Only a compressed tar, which has no order that could be looked up, is unpacked
once, as a plain tar, into the cache folder. Bombs and what lies about its size are refused before memory is taken.
"""

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from engine.data import cache
from engine.data.disk.trees import Contents, File, relative_parts
from engine.data.files import BLOCK_BYTES, Progress, ignore_progress
from engine.errors import DataError, StorageError
from engine.preparation.arrays import DOCUMENTS, MAX_INFLATION
from engine.preparation.files import cannot_read, open_regular

UNPACKED = "unpacked.tar"
"""A compressed tar that was unpacked, in an entry of the cache."""

ROOM_BYTES = 64 << 20

HELD_BYTES = 64 << 20
"""A file of an archive is unpacked into memory up to this size, and beyond it into a temporary file."""

MAX_TOTAL = 4 << 40
TAR_BLOCK = 512
LOCAL_HEADER = 30
ENCRYPTED = 0x1
COMPRESSED: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda file: cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb")),
    b"BZ": lambda file: cast(BinaryIO, bz2.BZ2File(file)),
    b"\xfd7": lambda file: cast(BinaryIO, lzma.LZMAFile(file)),  # noqa: SIM115
}
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, KeyError, IndexError, OverflowError,
              NotImplementedError, RuntimeError)
UNPACK_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class Container:
    """An archive on the disk as it was when its index was made. `root` is what the user knows: for a compressed tar the
    file that `path` was unpacked from; `restore` unpacks it again where the cache has let it go."""

    root: Path
    path: Path
    size: int
    stamp: int
    restore: Callable[[], object] | None = None

    @contextmanager
    def opened(self, place: str) -> Iterator[BufferedReader]:
        """The archive, open. Raises DataError if it is gone, cannot be read or was replaced."""
        with self._file() as file:
            facts = os.fstat(file.fileno())
            if (facts.st_size, facts.st_mtime_ns) != (self.size, self.stamp):
                raise DataError(f"{place} cannot be read: the archive was changed meanwhile.", "Choose the data again.")
            try:
                yield file
            except OSError as error:
                raise cannot_read(self.path, error) from None

    def _file(self) -> BufferedReader:
        try:
            return open_regular(self.path)
        except DataError:
            if self.restore is None or self.path.exists():
                raise
            self.restore()
            return open_regular(self.path)


class PackedFile(File):
    """A file of an archive: `chunks` yields its bytes, unpacked, and raises DataError where they are damaged."""

    __slots__ = ("_container", "_size", "_stamp")

    def __init__(self, container: Container, name: str, size: int, stamp: int) -> None:
        self._container, self.name, self._size, self._stamp = container, name, size, stamp

    @abstractmethod
    def chunks(self) -> Iterator[bytes]: ...

    @property
    def place(self) -> str:
        return f"{self._container.root}: {self.name}"

    @property
    def path(self) -> None:
        return None

    @property
    def size(self) -> int:
        return self._size

    @property
    def stamp(self) -> int:
        return self._stamp

    def head(self, count: int) -> bytes:
        found = bytearray()
        try:
            for chunk in self.chunks():
                found += chunk
                if len(found) >= count:
                    break
        except DataError:
            pass
        return bytes(found[:count])

    def read(self, limit: int | None = None) -> bytes:
        self._require(self.size, limit)
        return b"".join(self.chunks())

    def open(self) -> BinaryIO:
        if self.size <= HELD_BYTES:
            return BytesIO(self.read())
        file = cast(BinaryIO, TemporaryFile())  # noqa: SIM115 - the caller closes it
        try:
            for chunk in self.chunks():
                file.write(chunk)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file


class TarEntry(PackedFile):
    """A file of a tar: a slice of it."""

    __slots__ = ("_offset",)

    def __init__(self, container: Container, name: str, offset: int, size: int, stamp: int) -> None:
        super().__init__(container, name, size, stamp)
        self._offset = offset

    def chunks(self) -> Iterator[bytes]:
        left = self._size
        with self._container.opened(self.place) as file:
            file.seek(self._offset)
            while left:
                chunk = file.read(min(left, BLOCK_BYTES))
                if not chunk:
                    raise DataError(f"{self.place} is cut off: {left:,} bytes are missing.", "Copy the archive again.")
                left -= len(chunk)
                yield chunk


class ZipEntry(PackedFile):
    """A file of a ZIP, stored or deflated. Its stamp is the checksum of its contents."""

    __slots__ = ("_is_deflated", "_offset", "_packed")

    def __init__(self, container: Container, name: str, info: zipfile.ZipInfo) -> None:
        super().__init__(container, name, info.file_size, info.CRC)
        self._offset, self._packed = info.header_offset, info.compress_size
        self._is_deflated = info.compress_type == zipfile.ZIP_DEFLATED

    def chunks(self) -> Iterator[bytes]:
        """Never more bytes than the index promises, and checked against its sum."""
        found = crc = 0
        with self._container.opened(self.place) as file:
            for chunk in self._unpacked(file):
                found += len(chunk)
                crc = zlib.crc32(chunk, crc)
                if found > self._size:
                    break
                yield chunk
        if found != self._size or crc != self._stamp:
            raise self._damaged("its contents do not fit their checksum")

    def _unpacked(self, file: BufferedReader) -> Iterator[bytes]:
        file.seek(self._offset)
        header = file.read(LOCAL_HEADER)
        if len(header) < LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise self._damaged("it is not where the index says")
        file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), os.SEEK_CUR)
        left = self._packed
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        while left and (packed := file.read(min(left, BLOCK_BYTES))):
            left -= len(packed)
            while packed and not inflate.eof:
                if not self._is_deflated:
                    yield packed
                    break
                try:
                    yield inflate.decompress(packed, BLOCK_BYTES)
                except zlib.error as error:
                    raise self._damaged(str(error)) from None
                packed = inflate.unconsumed_tail

    def _damaged(self, what: str) -> DataError:
        return DataError(f"{self.place} is damaged: {what}.", "Copy or download the archive again.")


def index_of(path: Path, progress: Progress) -> Callable[[], Contents] | None:
    """What lists the files of an archive; None for a file that is none, and for ZIP files that are one document: arrays
    of numpy, spreadsheets. Raises DataError for a damaged archive."""
    with open_regular(path) as file:
        facts = os.fstat(file.fileno())
        container = Container(path, path, facts.st_size, facts.st_mtime_ns)
        start = file.read(TAR_BLOCK)
        if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            return _zip_index(container, start)
        if _is_tar_header(start):
            return lambda: _tar_contents(container, progress)
        unpack = COMPRESSED.get(start[:2])
        if unpack is None:
            return None
        file.seek(0)
        try:
            is_tar = _is_tar_header(unpack(file).read(TAR_BLOCK))
        except UNPACK_DAMAGE:
            is_tar = False
        return (lambda: _tar_contents(_unpacked_tar(container, unpack, progress), progress)) if is_tar else None


def _zip_index(container: Container, start: bytes) -> Callable[[], Contents] | None:
    """Told by the first entry: the whole index of a large archive takes a while."""
    first = start[LOCAL_HEADER : LOCAL_HEADER + int.from_bytes(start[26:28], "little")]
    if first.startswith(DOCUMENTS) or (first.endswith(b".npy") and _holds_arrays_only(container)):
        return None
    return lambda: _zip_contents(container)


def _holds_arrays_only(container: Container) -> bool:
    """True also if it cannot be told: NPZ files tell their damage best."""
    try:
        return all(member.filename.endswith(".npy") for member in _members(container) if not member.is_dir())
    except DataError:
        return True


def _members(container: Container) -> list[zipfile.ZipInfo]:
    try:
        with container.opened(str(container.path)) as file, zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except ZIP_DAMAGE as error:
        raise DataError(f"{container.path} is a damaged ZIP file: {error}.", "Copy or download it again.") from None


def _zip_contents(container: Container) -> Contents:
    members = _members(container)
    files: dict[str, File] = {}
    left_out, folders_found = [], set()
    path = container.path
    if sum(member.compress_size for member in members) > container.size:
        raise DataError(f"{path} is refused: the files in it lie one over the other, as in a ZIP bomb.",
                        "Make the archive again from the files themselves.")
    if sum(member.file_size for member in members) > MAX_TOTAL:
        raise DataError(f"{path} is refused: it promises more than {MAX_TOTAL >> 40} TB.", "Unpack it yourself.")
    for member in members:
        parts = relative_parts(member.filename.rstrip("/"))
        if not parts:
            left_out.append(member.filename)
        elif _is_hidden(parts):
            continue
        elif member.is_dir():
            folders_found.add("/".join(parts))
        else:
            name = "/".join(parts)
            folders_found.update("/".join(parts[:end]) for end in range(1, len(parts)))
            _check_member(member, f"{path}: {name}")
            files[name] = ZipEntry(container, name, member)
    return Contents(files.values(), left_out, folders_found)


def _check_member(member: zipfile.ZipInfo, place: str) -> None:
    if member.flag_bits & ENCRYPTED:
        raise DataError(f"{place} is protected by a password.", "Unpack the archive with its password and choose the "
                        "folder.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{place} is compressed in a way that is not read in place (method {member.compress_type}).",
                        "Unpack the archive and choose the folder, or make it again with Deflate.")
    if member.file_size > max(1, member.compress_size) * MAX_INFLATION:
        raise DataError(f"{place} is refused: {member.file_size:,} bytes cannot come out of {member.compress_size:,} "
                        "compressed ones.", "The archive is damaged, or a bomb.")


def _tar_contents(container: Container, progress: Progress) -> Contents:
    files: dict[str, File] = {}
    left_out, folders_found = [], set()
    by_raw_name: dict[str, tarfile.TarInfo] = {}
    try:
        with open_regular(container.path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for number, member in enumerate(archive):
                by_raw_name[member.name] = member
                held = by_raw_name.get(member.linkname, member) if member.islnk() else member
                parts = relative_parts(member.name)
                if parts and _is_hidden(parts):
                    continue
                if member.isdir():
                    folders_found.add("/".join(parts))
                    continue
                if not parts or not held.isreg() or held.issparse():
                    left_out.append(member.name)
                elif held.offset_data + held.size > container.size:
                    raise DataError(f"{container.root}: {member.name} is cut off: the archive ends before it.",
                                    "Copy or download the archive again.")
                else:
                    name = "/".join(parts)
                    folders_found.update("/".join(parts[:end]) for end in range(1, len(parts)))
                    files[name] = TarEntry(container, name, held.offset_data, held.size, int(member.mtime))
                if number % 1000 == 0:
                    progress(0.0)
    except (tarfile.TarError, *UNPACK_DAMAGE) as error:
        raise DataError(f"{container.root} is a damaged tar archive: {error}.", "Copy or download it again.") from None
    return Contents(files.values(), left_out, folders_found)


def _unpacked_tar(container: Container, unpack: Callable[[BinaryIO], BinaryIO], progress: Progress) -> Container:
    """The plain tar of a compressed one, in the cache of prepared data: made once for each state of the file."""
    key = cache.key_of(UNPACKED, str(container.path), container.size, container.stamp)
    try:
        entry = cache.find(key)
        if entry is None:
            with cache.writing(key, lambda: progress(0.0)) as draft:
                if draft:
                    _unpack(container, unpack, draft.path / UNPACKED, progress)
        path = cache.folder() / key / UNPACKED
        facts = path.stat()
    except StorageError as error:
        raise DataError(f"{container.root} cannot be unpacked. {error.message}", error.hint) from None
    except UNPACK_DAMAGE as error:
        raise DataError(f"{container.root} cannot be unpacked: {error}.", "Copy or download it again.") from None
    return Container(container.root, path, facts.st_size, facts.st_mtime_ns,
                     lambda: _unpacked_tar(container, unpack, ignore_progress))


def _unpack(container: Container, unpack: Callable[[BinaryIO], BinaryIO], path: Path, progress: Progress) -> None:
    """As far as the cache has room. Raises StorageError where it has none."""
    size = room = 0
    with container.opened(str(container.root)) as packed, path.open("wb") as plain:
        source = unpack(packed)
        while chunk := source.read(BLOCK_BYTES):
            size += len(chunk)
            if size > room:
                room = size + ROOM_BYTES
                cache.make_room(room)
            plain.write(chunk)
            progress(0.5 * packed.tell() / container.size)
    os.utime(path, ns=(container.stamp, container.stamp))  # the same when it is unpacked again


def _is_tar_header(block: bytes) -> bool:
    """By the checksum that every header of a tar has."""
    try:
        return bool(tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape").name)
    except tarfile.HeaderError:
        return False


def _is_hidden(parts: list[str]) -> bool:
    return any(part.startswith((".", "__")) for part in parts)
