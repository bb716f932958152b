"""A project's data, prepared: the same from memory, cache or mapped file; what is damaged, weighted or left out."""

import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from engine.data import cache, dataset, sources
from engine.data.columns import finished
from engine.data.dataset import Dataset
from engine.data.encoding import encoded
from engine.data.files import ignore_progress
from engine.data.opened import Opened, RowNames
from engine.derived import LENGTHS
from engine.errors import DataError
from engine.preparation import Part
from engine.project import Column, ColumnChoice, Data, Split
from engine.training.feed import Feed
from tests.engine.data_files import write_csv, write_idx, write_pictures

PEOPLE = "age,town,weight,bought\n" + "".join(
    f"{20 + number % 50},{'Ulm' if number % 3 else 'Aalen'},{number % 4},{'yes' if number % 2 else 'no'}\n"
    for number in range(120))


def same(first: Dataset, second: Dataset) -> bool:
    return (first.columns, first.preparation, list(first.names), first.fingerprint) == \
        (second.columns, second.preparation, list(second.names), second.fingerprint) and \
        first.findings == second.findings and list(first.rows) == list(second.rows) and \
        all(np.array_equal(first.rows[split], second.rows[split]) for split in first.rows) and \
        list(first.stored) == list(second.stored) and \
        all(np.array_equal(first.prepared(name), second.prepared(name)) for name in first.stored) and \
        (first.weights is None) == (second.weights is None)


def is_mapped(data: Dataset, name: str) -> bool:
    return isinstance(data.stored[name], np.memmap)


def texts(folder: Path) -> Data:
    """Texts that fit no category, with their labels."""
    words = np.array(["soft", "red", "old", "new", "warm", "cheap", "coat", "shoe", "bag", "with", "and"])
    random = np.random.default_rng(0)
    rows = "".join(f"\"{' '.join(random.choice(words, random.integers(2, 9)))}, number {number}\",{number % 2}\n"
                   for number in range(150))
    return sources.inspect(write_csv(folder / "texts.csv", f"review,good\n{rows}"))


@pytest.mark.parametrize("kind", ["pictures", "table", "arrays", "texts"])
def test_from_the_cache_it_is_what_it_was(tmp_path: Path, kind: str) -> None:
    if kind == "texts":
        data = texts(tmp_path)
    else:
        path = {"pictures": write_pictures, "arrays": write_idx}.get(kind, lambda path: write_csv(path, PEOPLE))
        data = sources.inspect(path(tmp_path / "data.csv"))
    plain = dataset.load(data, None, cached=False)
    assert cache.usage().entries == 0
    first = dataset.load(data, None, cached=True)
    entries = cache.usage().entries
    assert entries == len(plain.columns) + 1
    again = dataset.load(data, None)
    assert same(plain, first)
    assert same(plain, again)
    assert cache.usage().entries == entries


def test_what_is_quick_is_not_written(tmp_path: Path) -> None:
    dataset.load(sources.inspect(write_csv(tmp_path / "a.csv", PEOPLE)), None)
    assert cache.usage().entries == 0


def test_large_columns_are_prepared_into_the_cache_and_mapped(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path / "pictures", 200))
    (tmp_path / "pictures" / "c0" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    data = sources.inspect(tmp_path / "pictures")
    plain = dataset.load(data, None, cached=False)
    large = dataset.load(data, None, in_memory=1000)
    assert is_mapped(large, "image")
    assert same(plain, large)
    assert same(plain, dataset.load(data, None, in_memory=1000))


def test_another_split_takes_the_pictures_from_the_cache(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 200)
    data = sources.inspect(folder)
    dataset.load(data, None, in_memory=1000)
    [entry] = [path for path in cache.folder().iterdir() if (path / "values.npy").exists()
               and (path / "values.npy").stat().st_size > 100_000]
    written = (entry / "values.npy").stat().st_mtime_ns
    other = msgspec.structs.replace(data, split=Split(0.2, 0.2, seed=5))
    changed = dataset.load(other, None, in_memory=1000)
    assert same(changed, dataset.load(other, None, cached=False))
    assert (entry / "values.npy").stat().st_mtime_ns == written
    assert is_mapped(changed, "image")


def test_changed_files_and_settings_are_prepared_anew(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", PEOPLE)
    data = sources.inspect(path)
    first = dataset.load(data, None, cached=True)
    plain = msgspec.structs.replace(data, normalize=False)
    assert not np.array_equal(dataset.load(plain, None, cached=True).prepared("features"), first.prepared("features"))
    path.write_text(PEOPLE.replace("20,", "90,"))
    changed = dataset.load(data, None, cached=True)
    assert not np.array_equal(changed.prepared("features"), first.prepared("features"))
    assert "have changed since they were chosen" in changed.findings[0]
    assert dataset.load(data, None).findings == changed.findings
    known = msgspec.structs.replace(data, fingerprint=changed.fingerprint)
    assert dataset.load(known, None).findings == changed.findings[1:]


def test_a_damaged_cache_is_prepared_anew(tmp_path: Path) -> None:
    data = sources.inspect(write_csv(tmp_path / "a.csv", PEOPLE))
    first = dataset.load(data, None, cached=True)
    for file in cache.folder().rglob("*.npy"):
        file.write_bytes(file.read_bytes()[:-1])
    assert same(first, dataset.load(data, None, cached=True))


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sources.inspect(write_pictures(tmp_path / "pictures"))
    plain = dataset.load(data, None, cached=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEUROLOOM_HOME", str(tmp_path / "file"))
    assert same(plain, dataset.load(data, None, cached=True))
    large = dataset.load(data, None, in_memory=1000)
    assert "cannot be written" in large.findings[-1]
    assert np.array_equal(large.prepared("image"), plain.prepared("image"))


def test_a_set_larger_than_the_limit_is_prepared_in_memory_and_told(tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROLOOM_CACHE_GB", "0.00001")
    data = sources.inspect(write_pictures(tmp_path / "pictures"))
    loaded = dataset.load(data, None, in_memory=1000)
    assert "the cache may hold 0.0 GB" in loaded.findings[-1]
    assert not is_mapped(loaded, "image")


def test_a_set_that_fits_neither_cache_nor_memory_is_refused_in_words() -> None:
    column = Column("image", "image", "input", (3, 4096, 4096))
    opened = Opened((column,), {}, RowNames(("row", 2_000_000)), ())  # refused before anything is read
    with pytest.raises(DataError, match=r"needs 100,663.3 GB; the cache may hold 50.0 GB"):
        encoded(Part("image", "image", "input", column.shape), opened, "0" * 32, ignore_progress, 0)


def test_it_can_be_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path / "pictures", 200))

    def cancel(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        dataset.load(data, None, cancel, in_memory=1000)
    assert not [path for path in cache.folder().iterdir() if path.suffix != ".lock"]
    assert threading.active_count() == threads


def test_learning_a_vocabulary_can_be_cancelled(tmp_path: Path) -> None:
    told: list[float] = []

    def cancel(share: float) -> None:
        told.append(share)
        if told.count(share) > 1:  # nothing is encoded yet
            raise KeyboardInterrupt

    data = texts(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        dataset.load(data, None, cancel)
    assert told[-1] <= 0.1


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    told: list[float] = []
    dataset.load(sources.inspect(write_pictures(tmp_path / "pictures", 200)), None, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_damaged_rows_are_in_no_split_and_need_consent(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    data = sources.inspect(folder)
    broken = sorted((folder / "c0").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:60])
    loaded = dataset.load(data, None)
    row = list(loaded.names).index(f"c0/{broken.name}")
    assert all(row not in rows for rows in loaded.rows.values())
    assert any("1 file could not be read" in finding for finding in loaded.findings)
    assert any(finding.startswith(f"c0/{broken.name}: ") for finding in loaded.findings)
    with pytest.raises(DataError, match="1 file could not be read") as refused:
        dataset.load(msgspec.structs.replace(data, skips_damaged=False), None)
    assert broken.name in refused.value.message
    assert "agree" in refused.value.hint
    left_out = dataset.load(msgspec.structs.replace(data, skips_damaged=False, excluded=(row,)), None)
    assert not any("could not be read" in finding for finding in left_out.findings)


def test_pictures_beside_a_table_are_watched_in_all_columns_and_one_may_be_lacking(tmp_path: Path) -> None:
    write_pictures(tmp_path / "left", 40), write_pictures(tmp_path / "right", 40)
    names = sorted(path.relative_to(tmp_path / "left").as_posix() for path in (tmp_path / "left").rglob("*.png"))
    rows = "".join(f"left/{name},right/{name},{'no' if name < 'c5' else 'yes'}\n" for name in (*names, "c9/gone.png"))
    data = sources.inspect(write_csv(tmp_path / "pairs.csv", f"left,right,same\n{rows}"))
    first = dataset.load(data, None, cached=True)
    assert [column.kind for column in first.columns] == ["image", "image", "category"]
    assert any("gone.png" in finding for finding in first.findings)
    (tmp_path / "right" / names[0]).write_bytes((tmp_path / "right" / names[-1]).read_bytes())
    again = dataset.load(data, None, cached=True)
    assert sources.CHANGED in again.findings
    assert np.array_equal(again.prepared("left"), first.prepared("left"))
    assert not np.array_equal(again.prepared("right")[0], first.prepared("right")[0])


def test_excluded_rows_are_in_no_split(tmp_path: Path) -> None:
    data = sources.inspect(write_csv(tmp_path / "a.csv", PEOPLE))
    loaded = dataset.load(msgspec.structs.replace(data, excluded=(3, 50)), None)
    rows = np.concatenate(list(loaded.rows.values()))
    assert len(rows) == 118
    assert not {3, 50} & set(rows.tolist())
    far = dataset.load(msgspec.structs.replace(data, excluded=(3, 50, 1 << 47)), None)
    assert all(np.array_equal(far.rows[split], loaded.rows[split]) for split in loaded.rows)


def test_rows_are_left_out_as_long_as_their_numbers_mean_the_same(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", PEOPLE)
    data = msgspec.structs.replace(sources.inspect(path), excluded=(3, 50))
    assert sources.inspect(path, previous=data).excluded == (3, 50)
    named = sources.inspect(path, options={"header": "yes"}, previous=data)
    assert named.excluded == ()
    assert sources.inspect(path, previous=named).options["header"] == "yes"
    assert sources.inspect(path, options={}, previous=named).options["header"] == "auto"
    dataset.load(data, None, cached=True)
    path.write_text(PEOPLE.replace("age,town,weight,bought\n", "age,town,weight,bought\n30,Ulm,1,no\n"))
    for _ in range(2):
        assert dataset.load(data, None, cached=True).findings[:2] == (sources.CHANGED, sources.OTHER_ROWS)
    again = sources.inspect(path, previous=data)
    assert again.excluded == ()
    assert sources.OTHER_ROWS not in dataset.load(again, None, cached=True).findings


def test_a_weight_column_gives_weights(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", PEOPLE)
    chosen = {"weight": ColumnChoice(role="weight")}
    data = sources.inspect(path, chosen=chosen)
    loaded = dataset.load(data, None, cached=True)
    assert loaded.weights is not None
    assert loaded.weights.tolist() == [number % 4 for number in range(120)]
    assert [leaf.name for leaf in loaded.columns[0].leaves] == ["age", "town"]
    again = dataset.load(data, None)
    assert again.weights is not None
    assert (again.weights == loaded.weights).all()
    with pytest.raises(DataError, match="The weight 'town' is a category, not a number"):
        dataset.load(sources.inspect(path, chosen={"town": ColumnChoice(role="weight")}), None)
    path.write_text(PEOPLE.replace(",3,yes", ",-3,yes", 1))
    with pytest.raises(DataError, match="The weight 'weight' of row 4 is -3"):
        dataset.load(sources.inspect(path, chosen=chosen), None)


def test_padded_columns_have_lengths(tmp_path: Path) -> None:
    loaded = dataset.load(texts(tmp_path), None)
    tokens, lengths = loaded.prepared("review"), loaded.prepared("review" + LENGTHS)
    assert lengths.dtype == tokens.dtype == np.int64
    assert lengths.shape == (150,)
    assert all((tokens[row, : lengths[row]] > 0).all() and not tokens[row, lengths[row] :].any() for row in range(150))


def pairs(folder: Path, **settings: object) -> Data:
    """Sixty sentences and their translations."""
    lines = [f"{'the ' * (i % 5)}cat {i % 7}\tdie{' die' * (i % 3)} katze {i % 7}" for i in range(60)]
    (folder / "pairs.tsv").write_text("\n".join(["en\tde", *lines]))
    chosen = {"en": ColumnChoice("text", "input"), "de": ColumnChoice("text", "target", {"max_length": 7, **settings})}
    return sources.inspect(folder / "pairs.tsv", chosen=chosen)


def test_a_text_to_be_written_is_also_read_moved_by_one_step(tmp_path: Path) -> None:
    data = pairs(tmp_path)
    assert [(column.name, column.role) for column in data.columns if column.role != "ignore"] == [
        ("en", "input"), ("de", "target"), ("de shifted", "input")]
    assert [leaf.name for leaf in data.leaves] == ["en", "de"]
    made = dataset.load(data, None, cached=False)
    kept, again = (dataset.load(data, None, cached=True, in_memory=100) for _ in range(2))
    for found in (made, kept, again):
        target, moved = found.prepared("de"), found.prepared("de shifted")
        lengths = found.prepared("de lengths")
        assert moved.dtype == np.int64
        assert (found.prepared("de shifted lengths") == lengths).all()
        steps = np.arange(7)
        assert (moved[:, 0] == 2).all()
        assert (target[np.arange(60), lengths - 1] == 3).all()
        assert (np.where(steps[1:] < lengths[:, None], target[:, :-1], 0) == moved[:, 1:]).all()
        assert (moved == made.prepared("de shifted")).all()
    [batch] = list(Feed(again, ["de", "de shifted", "de shifted lengths"], 60, torch.device("cpu"), channels_last=False,
                        skips_single=False, held_bytes=0).in_order("train"))
    rows = again.rows["train"]
    assert [part.tolist() for part in batch] == [
        again.prepared(name, rows).tolist() for name in ("de", "de shifted", "de shifted lengths")]


def test_without_marks_nothing_is_moved_and_projects_from_before_stay_without(tmp_path: Path) -> None:
    plain = pairs(tmp_path, marks=False)
    assert plain.column("de shifted") is None
    before = msgspec.structs.replace(plain, chosen={
        **plain.chosen, "de": ColumnChoice("text", "target", {"max_length": 7})})
    loaded = dataset.load(before, None)
    assert [column.name for column in loaded.columns] == ["en", "de"]
    assert loaded.preparation == dataset.load(plain, None).preparation
    marked = pairs(tmp_path, marks=True)
    old = msgspec.structs.replace(marked, columns=tuple(
        column for column in marked.columns if not column.is_derived))
    assert dataset.load(old, None).preparation == dataset.load(marked, None).preparation


def test_what_is_spoken_has_no_marks_unless_they_are_wanted() -> None:
    sound = Column("sound", "audio", "input", (10, 4))
    spoken = Column("words", "text", "target", (5,))
    assert [column.name for column in finished((sound, spoken), {})] == [
        "sound", "sound lengths", "words", "words lengths"]
    assert [column.name for column in finished((sound, spoken), {"words": ColumnChoice(settings={"marks": True})})] == [
        "sound", "sound lengths", "words", "words lengths", "words shifted"]


def test_a_run_s_own_preparation_is_used_instead_of_fitting(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", PEOPLE)
    data = sources.inspect(path)
    before = dataset.load(data, None)
    path.write_text(PEOPLE.replace("20,", "26,"))
    after = dataset.load(data, None)
    kept = dataset.load(data, None, preparation=before.preparation)
    assert after.preparation != before.preparation == kept.preparation
    unchanged = np.flatnonzero(np.arange(120) % 50)
    assert np.array_equal(kept.prepared("features", unchanged), before.prepared("features", unchanged))
    assert not np.array_equal(after.prepared("features", unchanged), before.prepared("features", unchanged))


def test_a_class_that_is_never_trained_on_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{number},{'rare' if number >= 115 else 'abc'[number % 3]},{'test' if number >= 100 else 'train'}\n"
                   for number in range(120))
    data = sources.inspect(write_csv(tmp_path / "a.csv", f"size,kind,part\n{rows}"),
                           chosen={"part": ColumnChoice(role="split"), "kind": ColumnChoice("category", "target")})
    loaded = dataset.load(data, None)
    assert loaded.rows["test"].tolist() == list(range(100, 120))
    assert any("The class 'rare' has 5 samples in the test split and none to train on" in finding
               for finding in loaded.findings)
