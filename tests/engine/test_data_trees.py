"""Trees: folders, single files, ZIP and tar archives in place; what is refused, left out and noticed."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data import cache
from engine.data.disk.trees import Tree, open_tree
from engine.errors import DataError

FILES = {"README.txt": b"about", "a/1.bin": b"one", "a/2.bin": bytes(300_000), "b/deep/3.bin": b"three"}


def folder(root: Path) -> Path:
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def zipped(path: Path, files: dict[str, bytes] = FILES, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("make", [
    lambda path: folder(path / "folder"),
    lambda path: zipped(path / "data.zip"),
    lambda path: zipped(path / "data", compression=zipfile.ZIP_STORED),
    lambda path: tarred(path / "data.tar", "w"),
    lambda path: tarred(path / "data.tgz", "w:gz"),
    lambda path: tarred(path / "strange name", "w:bz2"),
    lambda path: tarred(path / "data.tar.xz", "w:xz"),
], ids=["folder", "zip", "stored zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_the_same_files_wherever_they_lie(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    root = make(tmp_path)
    tree = open_tree(root)
    assert [file.name for file in tree.files] == sorted(FILES)
    for file in tree.files:
        assert file.size == len(FILES[file.name])
        assert file.read() == FILES[file.name]
        assert file.head(3) == FILES[file.name][:3]
        assert str(root) in file.place
        assert file.name in file.place
        with file.open() as stream:
            stream.seek(1)
            assert stream.read() == FILES[file.name][1:]
    assert set(tree.folders) == {"a", "b", "b/deep"}
    found = tree.find("3.bin")
    assert found
    assert found.name == "b/deep/3.bin"
    assert tree.fingerprint() == open_tree(root).fingerprint()
    with pytest.raises(DataError, match="at most"):
        tree.files[2].read(limit=1000)


def test_a_compressed_tar_is_unpacked_once(tmp_path: Path, neuroloom_home: Path) -> None:
    path = tarred(tmp_path / "data.tar.gz", "w:gz")
    files = open_tree(path).files
    [unpacked] = (neuroloom_home / "cache").rglob("*.tar")
    before = unpacked.stat().st_ino
    assert len(open_tree(path).files) == 4
    assert unpacked.stat().st_ino == before
    assert cache.usage().entries == 1
    held = [file.read() for file in files]
    cache.clear()
    assert not unpacked.exists()
    assert [file.read() for file in files] == held, "room may be needed for what is prepared from it"
    cache.clear()
    path.unlink()
    with pytest.raises(DataError, match=r"There is no data at .*data\.tar\.gz"):
        files[0].read()


def test_hidden_and_odd_entries_are_left_out(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x").write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "x").write_bytes(b"x")
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "link.bin").symlink_to(tmp_path / "a" / "1.bin")
    tree = open_tree(tmp_path)
    assert [file.name for file in tree.files] == sorted([*FILES, "a/link.bin"])
    assert tree.left_out == ["a/up", "device.png", "fifo.png", "round"]


def test_what_is_no_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(DataError, match="neither an ordinary file nor a folder"):
        open_tree(tmp_path / "fifo")
    with pytest.raises(DataError, match="There is no data at"):
        open_tree(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(DataError):
        open_tree(tmp_path / "round")


def change_bytes(root: Path) -> None:
    (root / "a" / "1.bin").write_bytes(b"ONE")


def add(root: Path) -> None:
    (root / "a" / "4.bin").write_bytes(b"")


def rename(root: Path) -> None:
    (root / "a" / "1.bin").rename(root / "a" / "9.bin")


def remove(root: Path) -> None:
    (root / "README.txt").unlink()


@pytest.mark.parametrize("change", [change_bytes, add, rename, remove])
def test_the_fingerprint_of_a_folder(tmp_path: Path, change: Callable[[Path], None]) -> None:
    tree = open_tree(folder(tmp_path))
    before = tree.fingerprint()
    change(tmp_path)
    assert open_tree(tmp_path).fingerprint() != before


def test_the_fingerprint_of_a_file_counts_those_that_belong_to_it(tmp_path: Path) -> None:
    folder(tmp_path)
    tree = open_tree(tmp_path / "README.txt")
    other = tree.find("1.bin")
    assert other
    assert other.name == "a/1.bin"
    before = tree.fingerprint([other])
    assert before != tree.fingerprint()
    assert open_tree(tmp_path / "README.txt").fingerprint([tree.beside("a/1.bin")]) == before
    change_bytes(tmp_path)
    assert open_tree(tmp_path / "README.txt").fingerprint([open_tree(tmp_path).beside("a/1.bin")]) != before


@pytest.mark.parametrize(("cell", "near", "found"), [
    ("1.bin", "", "a/1.bin"), ("a/1.bin", "", "a/1.bin"), ("./a/1.bin", "", "a/1.bin"), ("a\\1.bin", "", "a/1.bin"),
    ("1", "", "a/1.bin"), ("deep/3.bin", "", "b/deep/3.bin"), ("deep/3", "", "b/deep/3.bin"),
    ("3.bin", "b/deep", "b/deep/3.bin"), ("../a/1.bin", "b", None), ("/etc/passwd", "", None),
    ("C:\\a\\1.bin", "", None), ("", "", None), ("4.bin", "", None), ("x\0", "", None), ("eep/3", "", None),
])
def test_cells_find_files_but_nothing_outside(tmp_path: Path, cell: str, near: str, found: str | None) -> None:
    for tree in (open_tree(folder(tmp_path / "files")), open_tree(zipped(tmp_path / "files.zip"))):
        file = tree.find(cell, near)
        assert (file.name if file else None) == found


def test_absolute_names_find_files_of_the_folder(tmp_path: Path) -> None:
    tree = open_tree(folder(tmp_path))
    file = tree.find(str(tmp_path / "a" / "1.bin"))
    assert file
    assert file.name == "a/1.bin"


def test_names_that_lead_out_of_a_zip_are_left_out(tmp_path: Path) -> None:
    names = {"../up.txt": b"1", "/abs.txt": b"2", "a/../../b.txt": b"3", "C:/x.txt": b"4", "good.txt": b"5",
             "dir\\win.txt": b"6"}
    tree = open_tree(zipped(tmp_path / "data.zip", names))
    assert [file.name for file in tree.files] == ["dir/win.txt", "good.txt"]
    assert len(tree.left_out) == 4


def test_an_encrypted_zip_is_refused_in_words(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"a.txt": b"secret"})
    data = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.txt is protected by a password"):
        listed(path)


def test_a_zip_whose_index_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"a.txt": bytes(1000)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 2**31)
    path.write_bytes(data)
    with pytest.raises(DataError, match="cannot come out of"):
        listed(path)


def test_a_zip_with_files_over_each_other_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {f"{number}.txt": bytes(200_000) for number in range(2)},
                  zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\x01\x02")
    entry = bytes(data[first : data.index(b"PK\x01\x02", first + 4)])
    end = data.index(b"PK\x05\x06")
    many = entry * 10
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 10, 10, len(many))
    path.write_bytes(bytes(data[:first]) + many + bytes(tail))
    with pytest.raises(DataError, match="one over the other"):
        listed(path)


def test_a_bomb_is_never_inflated_beyond_what_the_index_says(tmp_path: Path) -> None:
    """A member that says 100 bytes and inflates to 100 MB."""
    path = zipped(tmp_path / "data.zip", {"a.txt": bytes(100_000_000)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 100)
    path.write_bytes(data)
    with pytest.raises(DataError, match="do not fit their checksum"):
        listed(path).files[0].read()


def test_a_compressed_tar_bomb_is_bounded_by_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tarred(tmp_path / "data.tar.gz", "w:gz")
    monkeypatch.setenv("NEUROLOOM_CACHE_GB", "0.0001")
    with pytest.raises(DataError, match=r"cannot be unpacked.*the cache may hold 0\.0 GB"):
        listed(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("mode", ["zip", "w", "w:gz"])
def test_a_cut_archive(tmp_path: Path, mode: str, share: float) -> None:
    path = zipped(tmp_path / "data") if mode == "zip" else tarred(tmp_path / "data", mode)
    if mode == "zip":
        zipped(path, {"a.bin": os.urandom(100_000), "b.bin": os.urandom(100_000)})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match=str(path)):
        [file.read() for file in listed(path).files]


def test_every_damaged_byte_of_a_zip_is_an_error_or_harmless(tmp_path: Path) -> None:
    files = {"a.txt": b"some text that is compressed, compressed, compressed", "b.txt": b"other"}
    whole = zipped(tmp_path / "whole.zip", files).read_bytes()
    path = tmp_path / "data.zip"
    refused = []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            tree = listed(path)
            for file in tree.files:
                if tree.kind == "archive":
                    assert zlib.crc32(file.read()) in {zlib.crc32(data) for data in files.values()}
        except DataError as error:
            refused.append(str(path) in error.message and error.hint)
    assert all(refused)
    assert len(refused) > len(whole) // 3


def test_an_archive_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip")
    tree = listed(path)
    zipped(path, {"other.txt": b"other"})
    with pytest.raises(DataError, match="changed meanwhile"):
        tree.files[0].read()


def test_a_deleted_file(tmp_path: Path) -> None:
    tree = listed(folder(tmp_path))
    (tmp_path / "a" / "1.bin").unlink()
    (tmp_path / "a" / "2.bin").unlink()
    os.mkfifo(tmp_path / "a" / "2.bin")
    with pytest.raises(DataError, match="There is no data at"):
        tree.files[1].read()
    with pytest.raises(DataError, match="not an ordinary file"):
        tree.files[2].read()
    assert tree.files[1].head(4) == b""


def test_a_gzip_file_that_is_no_tar_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "data.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert open_tree(path).kind == "file"


def listed(path: Path) -> Tree:
    tree = open_tree(path)
    tree.files  # noqa: B018 - listed when they are first asked for
    return tree
