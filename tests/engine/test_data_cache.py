"""The cache of prepared data: whole entries or none, one writer, a limit, and a way to clear it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from engine.data import cache
from engine.errors import StorageError
from tests.contracts.source_tree import ROOT

KEY = cache.key_of("a", 1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NEUROLOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def give_up() -> None:
    raise TimeoutError


def write(key: str, count: int = 1000, wait: object = give_up) -> None:
    with cache.writing(key, wait) as draft:  # type: ignore[arg-type]
        assert draft
        draft.about["unit"] = "metre"
        draft.create("values", (count, 2), np.int64)[:] = np.arange(count)[:, None]


def test_an_entry_is_read_as_it_was_written() -> None:
    assert cache.find(KEY) is None
    write(KEY)
    entry = cache.find(KEY)
    assert entry
    assert entry.about["unit"] == "metre"
    assert (entry.array("values") == np.arange(1000)[:, None]).all()
    assert not entry.array("values").flags.writeable or not isinstance(entry.array("values"), np.memmap)


def test_keys_differ_with_every_fact() -> None:
    assert len({cache.key_of(*facts) for facts in (["a"], ["b"], ["a", 1], ["a", "1"], [["a", 1]])}) == 5


def test_what_breaks_off_leaves_nothing() -> None:
    with suppress(ZeroDivisionError), cache.writing(KEY, give_up) as draft:
        assert draft
        draft.create("values", (10,), np.int64)
        raise ZeroDivisionError
    assert cache.find(KEY) is None
    assert cache.usage().size == 0
    assert not list(cache.folder().glob("*.writing"))


KILLED = """
import os, signal, sys
import numpy as np
from engine.data import cache
with cache.writing(sys.argv[1], lambda: None) as draft:
    draft.create("values", (1000,), np.int64)[:] = 1
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_writer_leaves_nothing_that_is_taken_for_whole() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, KEY], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(cache.folder().glob("*.writing"))
    assert cache.find(KEY) is None
    write(cache.key_of("other"))
    assert not list(cache.folder().glob("*.writing")), "the next writer sweeps"
    write(KEY)
    assert cache.find(KEY)


def test_a_second_writer_waits_and_finds_the_entry() -> None:
    begun, asked = threading.Event(), threading.Event()

    def first() -> None:
        with cache.writing(KEY, give_up) as draft:
            assert draft
            draft.write("values", np.arange(3))
            begun.set()
            assert asked.wait(20)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(20)
    with cache.writing(KEY, asked.set) as draft:
        assert draft is None
    thread.join()
    assert cache.find(KEY)


def test_waiting_can_be_given_up() -> None:
    with cache.writing(KEY, give_up), pytest.raises(TimeoutError), cache.writing(KEY, give_up):
        pass


@pytest.mark.parametrize("damage", ["about.json", "values.npy", "short"])
def test_a_damaged_entry_is_none_and_is_written_again(damage: str) -> None:
    write(KEY)
    path = cache.folder() / KEY
    if damage == "short":
        os.truncate(path / "values.npy", 500)
    else:
        (path / damage).write_bytes(b"{")
    assert cache.find(KEY) is None
    write(KEY)
    assert cache.find(KEY)


def test_what_was_used_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROLOOM_CACHE_GB", "0.00005")
    keys = [cache.key_of(number) for number in range(3)]
    for number, key in enumerate(keys):
        write(key)
        os.utime(cache.folder() / key / "about.json", (number, number))
    assert [cache.find(key) is not None for key in keys] == [True, True, True]
    for number, key in zip((1, 2, 3), (keys[1], keys[2], keys[0]), strict=True):
        os.utime(cache.folder() / key / "about.json", (number, number))
    write(cache.key_of("new"))
    assert [cache.find(key) is not None for key in keys] == [True, False, True]
    assert cache.usage().size <= cache.usage().limit == 50_000


def test_what_never_fits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    write(KEY)
    monkeypatch.setenv("NEUROLOOM_CACHE_GB", "0.00005")
    with pytest.raises(StorageError, match=r"needs 0.2 GB; the cache may hold 0.0 GB"):
        write(cache.key_of("large"), 10_000_000)
    assert cache.find(KEY), "nothing else had to go"


def test_clearing_frees_everything_but_what_is_being_written() -> None:
    write(KEY)
    with cache.writing(cache.key_of("other"), give_up) as draft:
        assert draft
        draft.write("values", np.arange(3))
        assert cache.clear() > 16_000
        assert cache.find(KEY) is None
    assert cache.find(cache.key_of("other"))
    assert cache.usage().entries == 1


def test_a_reader_goes_on_when_the_cache_is_cleared() -> None:
    write(KEY, 100_000)
    entry = cache.find(KEY)
    assert entry
    values = entry.array("values")
    cache.clear()
    assert int(values[99_999, 0]) == 99_999


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    home.mkdir()
    (home / "cache").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        write(KEY)
    assert cache.find(KEY) is None
    assert cache.usage().entries == 0


def test_packed_texts() -> None:
    texts = ["a.png", "", "grün/ß.png", "\udcff.png"]
    packed = cache.Packed(*cache.Packed.arrays(texts))
    assert list(packed) == texts
    assert packed[-2:] == texts[-2:]
    with pytest.raises(IndexError):
        packed[4]
    assert list(cache.Packed(*cache.Packed.arrays([]))) == []


PREPARING = """
import numpy as np
from engine.data.encoding import encoded, StoredRows
from engine.data.files import ignore_progress
from engine.data.opened import Loaded, Opened
from engine.preparation import Part, scaled
from engine.project import Column

class Pictures:
    def read(self, rows, progress):
        return Loaded(np.full((len(rows), 1, 128, 128), 7, np.uint8), {})

count = 30_000
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) >> 10
column = Column("image", "image", "input", (1, 128, 128))
opened = Opened((column,), {"image": Pictures()}, range(count), ())
part = Part("image", "image", "input", (1, 128, 128), settings={"normalize": "standardise"})
before = peak()
values = encoded(part, opened, "0" * 32, ignore_progress, 0)[0].stored.values
assert values.shape == (count, 1, 128, 128) and values[count - 1].max() == 7
part = scaled(part, StoredRows(values, np.arange(count), lambda: None))
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat_while_more_is_prepared_than_is_kept() -> None:
    done = subprocess.run([sys.executable, "-c", PREPARING], cwd=ROOT, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 250, "491 MB were prepared"
