"""Durable files: old bytes or new bytes, whatever fails and whenever."""

import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine import storage
from engine.errors import StorageError

OLD, NEW = b"the old bytes", b"the new and longer bytes" * 100_000


class FaultFs(storage.Fs):
    """The real disk, on which the nth operation fails."""

    def __init__(self, nth: int, code: int) -> None:
        self.nth, self.code, self.count, self.failed = nth, code, 0, ""

    def _pass(self, name: str) -> None:
        self.count += 1
        if self.count == self.nth:
            self.failed = name
            raise OSError(self.code, os.strerror(self.code))

    def create(self, path):
        self._pass("create")
        return super().create(path)

    def open(self, path, follow):
        self._pass("open")
        return super().open(path, follow)

    def write(self, file, data):
        self._pass("write")
        return super().write(file, data)

    def read(self, file, size):
        self._pass("read")
        return super().read(file, size)

    def sync(self, file):
        self._pass("sync")
        super().sync(file)

    def close(self, file):
        super().close(file)  # the descriptor is gone even when the system then reports an error
        self._pass("close")

    def stat(self, path):
        self._pass("stat")
        return super().stat(path)

    def set_mode(self, path, mode):
        self._pass("set_mode")
        super().set_mode(path, mode)

    def replace(self, source, target):
        self._pass("replace")
        super().replace(source, target)

    def names(self, folder):
        self._pass("names")
        return super().names(folder)

    def sync_folder(self, folder):
        self._pass("sync_folder")
        super().sync_folder(folder)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _refusal(path: Path, fs: storage.Fs) -> str:
    """The message with which saving NEW fails, "" if it is saved."""
    try:
        storage.write(path, NEW, fs)
    except StorageError as error:
        return error.message
    return ""


CODES = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EINTR, errno.ENOENT]


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
@pytest.mark.parametrize("present", [True, False])
def test_every_operation_may_fail(tmp_path, code, present):
    path = tmp_path / "a.neuroloom"
    seen = set()
    for nth in range(1, 100):
        path.unlink(missing_ok=True)
        if present:
            path.write_bytes(OLD)
        fs = FaultFs(nth, code)
        raised = _refusal(path, fs)
        seen.add(fs.failed)
        held = path.read_bytes() if path.exists() else None
        assert _names(tmp_path) in ([], [path.name]), "a temporary file is left"
        if fs.failed == "sync_folder":
            assert held == NEW
        elif raised:
            assert str(path) in raised
            assert held == (OLD if present else None), f"{fs.failed} left {held!r:.40}"
        else:
            assert held == NEW
        if not fs.failed:
            break
    wanted = {"create", "open", "write", "read", "sync", "close", "stat", "replace", "names", "sync_folder", ""}
    assert seen == wanted | ({"set_mode"} if present and code != errno.ENOENT else seen & {"set_mode"})


class LyingFs(storage.Fs):
    """A disk that takes fewer bytes than it says, or other ones."""

    def __init__(self, lie) -> None:
        self.lie = lie

    def write(self, file, data):
        super().write(file, self.lie(data))
        return len(data)


@pytest.mark.parametrize("lie", [lambda data: data[:-1], lambda data: data[:0], lambda data: bytes(len(data)),
                                 lambda data: bytes(data) + b"more"])
def test_a_disk_that_lies_is_found_out(tmp_path, lie):
    path = tmp_path / "a"
    path.write_bytes(OLD)
    with pytest.raises(StorageError, match="could not be saved"):
        storage.write(path, NEW, LyingFs(lie))
    assert path.read_bytes() == OLD
    assert _names(tmp_path) == ["a"]


class ShortFs(storage.Fs):
    def write(self, file, data):
        return super().write(file, data[:7919])


class FullFs(storage.Fs):
    def write(self, file, data):
        return 0


def test_short_writes_are_continued_and_no_progress_is_an_error(tmp_path):
    storage.write(tmp_path / "a", NEW, ShortFs())
    assert (tmp_path / "a").read_bytes() == NEW
    with pytest.raises(StorageError):
        storage.write(tmp_path / "a", OLD, FullFs())
    assert (tmp_path / "a").read_bytes() == NEW


class LogFs(storage.Fs):
    def __init__(self) -> None:
        self.log: list[str] = []

    def sync(self, file):
        self.log.append("sync")
        super().sync(file)

    def replace(self, source, target):
        self.log.append("replace")
        super().replace(source, target)

    def sync_folder(self, folder):
        self.log.append("sync_folder")
        super().sync_folder(folder)


def test_the_order_that_survives_a_power_cut(tmp_path):
    fs = LogFs()
    storage.write(tmp_path / "a", NEW, fs)
    assert fs.log == ["sync", "replace", "sync_folder"]
    (tmp_path / "b").write_bytes(OLD)
    storage.adopt(tmp_path / "b", tmp_path / "a", fs)
    assert fs.log == ["sync", "replace", "sync_folder"] * 2
    assert (tmp_path / "a").read_bytes() == OLD


@pytest.mark.parametrize("name", ["plain", "with space ", "häuser 層 🧶", "e" * 255, "-rf", ".hidden", "a\nb"])
@pytest.mark.parametrize("data", [b"", b"x", NEW])
def test_any_name_and_any_bytes(tmp_path, name, data):
    path = tmp_path / name
    storage.write(path, bytearray(data))
    storage.write(str(path), memoryview(data))
    assert path.read_bytes() == data == storage.read(path, len(data))
    assert _names(tmp_path) == [name]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_the_mode_of_a_file_is_kept(tmp_path, mode):
    path = tmp_path / "a"
    path.write_bytes(OLD)
    path.chmod(mode)
    storage.write(path, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_write_protected_file_is_not_replaced(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(OLD)
    path.chmod(0o444)
    with pytest.raises(StorageError, match="write-protected"):
        storage.write(path, NEW)
    assert path.read_bytes() == OLD


def test_what_a_link_points_to_is_never_overwritten(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "a"
    victim.write_bytes(OLD)
    for target in (victim, tmp_path / "nowhere", path):
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        with pytest.raises(StorageError, match="link"):
            storage.write(path, NEW)
        assert path.is_symlink()
    assert victim.read_bytes() == OLD
    assert not (tmp_path / "nowhere").exists()


class PlantingFs(storage.Fs):
    """Someone who guesses the temporary name plants a link there first."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def create(self, path):
        path.symlink_to(self.victim)
        return super().create(path)


def test_a_link_planted_at_the_temporary_name_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(OLD)
    for target in (victim, tmp_path / "nowhere"):
        with pytest.raises(StorageError):
            storage.write(tmp_path / "a", NEW, PlantingFs(target))
    assert victim.read_bytes() == OLD
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "nowhere").exists()


def test_folders_pipes_and_impossible_names_are_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        for name in ("folder", "pipe", "s", "missing/a", "pipe/a", "n" * 300, "nul\0", "half\udc9f\ud800"):
            with pytest.raises(StorageError):
                storage.write(tmp_path / name, NEW)
            with pytest.raises(StorageError):
                storage.read(tmp_path / name, 10)
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)
    assert _names(tmp_path) == ["folder", "pipe", "s"]


def test_reading_is_bounded_and_follows_links(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 11)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    assert storage.read(tmp_path / "link", 11) == b"x" * 11
    with pytest.raises(StorageError, match="larger than"):
        storage.read(tmp_path / "a", 10)
    for name, words in (("loop", "circle"), ("none", "no such file"), (".", "not a file|folder")):
        with pytest.raises(StorageError, match=words):
            storage.read(tmp_path / name, 10)


def test_leftovers_of_killed_processes_are_swept_and_those_of_others_kept(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = [tmp_path / f".a.{ended.pid}-{i:016x}.saving" for i in range(38)]
    kept = [tmp_path / f".a.{os.getppid()}-{0:016x}.saving", tmp_path / f".a.{os.getpid()}-{0:016x}.saving",
            tmp_path / ".a.saving", tmp_path / "a.1-0.saving"]
    for path in (*dead, *kept):
        path.write_bytes(b"half")
    storage.write(tmp_path / "a", NEW)
    assert {path.name for path in tmp_path.iterdir()} == {"a", *(path.name for path in kept)}
