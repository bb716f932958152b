"""Splits: complete, disjoint, the same for the same seed, and as the data wants them."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data.files import AnyArray, Rows
from engine.data.opened import Held, Opened, RowNames
from engine.data.splits import Facts, class_findings, rows_of, split_rows, without
from engine.errors import DataError
from engine.project import Column, Split

shares = st.floats(0, 0.45)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(3, 300), st.builds(Split, shares, shares, st.integers(0, 5)), st.integers(1, 12), st.booleans())
def test_splits_are_disjoint_complete_and_repeatable(count: int, split: Split, classes: int, own_test: bool) -> None:
    labels = np.random.default_rng(split.seed).integers(0, classes, count)
    rows = np.flatnonzero(np.random.default_rng(split.seed + 1).random(count) < 0.9)
    facts = Facts(labels, fixed={"test": np.arange(count // 2)} if own_test else {})
    if len(rows) < 8 * classes + 8:  # a class of one sample is never split
        with suppress(DataError):
            check_splits(split_rows(rows, split, facts), rows, split)
        return
    parts = split_rows(rows, split, facts)
    check_splits(parts, rows, split)
    if own_test:
        assert parts["test"].tolist() == [row for row in rows if row < count // 2]
    again = split_rows(rows, split, facts)
    assert all((again[name] == part).all() for name, part in parts.items())


def check_splits(parts: dict[str, Rows], rows: Rows, split: Split) -> None:
    assert list(parts) == ["train", "validation", "test"]
    together = np.concatenate(list(parts.values()))
    assert sorted(together.tolist()) == rows.tolist()
    assert all((np.diff(part) > 0).all() for part in parts.values())
    assert (len(parts["validation"]) > 0) == (split.validation > 0)


def test_another_seed_is_another_split() -> None:
    first, second = (split_rows(np.arange(100), Split(seed=seed)) for seed in (0, 1))
    assert first["test"].tolist() != second["test"].tolist()


def test_every_class_gets_its_share() -> None:
    labels = np.repeat([0, 1, 2], [500, 100, 20])
    parts = split_rows(np.arange(620), Split(0.1, 0.2), Facts(labels))
    assert np.bincount(labels[parts["test"]]).tolist() == [100, 20, 4]
    assert np.bincount(labels[parts["validation"]]).tolist() == [40, 8, 2]


def test_the_only_sample_of_a_class_is_trained_on() -> None:
    labels = np.array([0] * 30 + [1])
    for seed in range(20):
        assert 30 in split_rows(np.arange(31), Split(0.1, 0.2, seed), Facts(labels))["train"]


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_samples_are_explained(count: int) -> None:
    with pytest.raises(DataError, match=f"too few samples: {count} sample"):
        split_rows(np.arange(count), Split())


def test_shares_of_nothing_leave_empty_splits() -> None:
    parts = split_rows(np.arange(5), Split(0, 0))
    assert [len(part) for part in parts.values()] == [5, 0, 0]


def test_groups_stay_on_one_side() -> None:
    groups = np.random.default_rng(1).integers(0, 30, 400)
    for seed in range(10):
        parts = split_rows(np.arange(400), Split(0.1, 0.2, seed), Facts(groups=groups))
        check_splits(parts, np.arange(400), Split())
        kept = [set(groups[part]) for part in parts.values()]
        assert not (kept[0] & kept[1] | kept[0] & kept[2] | kept[1] & kept[2])
        assert 40 < len(parts["test"]) < 120


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(DataError, match="50 samples, and none is left"):
        split_rows(np.arange(50), Split(), Facts(groups=np.zeros(50, np.int64)))


def test_the_latest_rows_are_tested_on_and_windows_over_a_border_are_left_out() -> None:
    days = np.random.default_rng(2).permutation(100)
    parts = split_rows(np.arange(100), Split(0.25, 0.2), Facts(times=days * 86400.0, reach=4))
    train, validation, test = (np.sort(days[part]) for part in parts.values())
    assert test.tolist() == list(range(80, 100))
    assert validation.tolist() == list(range(60, 77)), "77 + 4 > 80"
    assert train.tolist() == list(range(57))


def test_folds_are_disjoint_and_cover_everything_by_class() -> None:
    labels = np.repeat([0, 1], [80, 20])
    split = [Split(0.1, method="k-fold", folds=4, fold=fold) for fold in range(4)]
    tests = [split_rows(np.arange(100), one, Facts(labels))["test"] for one in split]
    assert np.sort(np.concatenate(tests)).tolist() == list(range(100))
    assert [np.bincount(labels[rows]).tolist() for rows in tests] == [[20, 5]] * 4


def opened(fixed: dict[str, Rows] | None = None, **values: tuple[str, str, AnyArray, tuple[str, ...]]) -> Opened:
    """A data set of columns name=(kind, role, values, classes)."""
    columns = tuple(Column(name, kind, role, classes=classes) for name, (kind, role, _, classes) in values.items())
    count = len(next(iter(values.values()))[2])
    return Opened(columns, {name: Held(array) for name, (_, _, array, _) in values.items()},
                  RowNames(("row", count)), (), fixed=fixed or {})


LABEL = ("category", "target", np.arange(60) % 2, ("no", "yes"))


def test_a_column_says_the_split() -> None:
    says = np.repeat([0, 1, 2], [40, 10, 10])
    data = opened(label=LABEL, part=("category", "split", says, ("Training", "dev", "test")))
    parts = rows_of(data, Split(), data.rows)
    assert [len(part) for part in parts.values()] == [40, 10, 10]
    odd = opened(label=LABEL, part=("category", "split", says, ("train", "holdout", "test")))
    with pytest.raises(DataError, match="says 'holdout' in row 41: that is no split"):
        rows_of(odd, Split(), odd.rows)
    left = rows_of(odd, Split(), without(odd.rows, np.arange(40, 50)))
    assert [len(left[split]) for split in ("validation", "test")] == [4, 10]
    pictures = opened(label=LABEL, photo=("image", "group", np.zeros((60, 1, 2, 2), np.uint8), ()))
    with pytest.raises(DataError, match="'photo' holds values of the kind image"):
        rows_of(pictures, Split(), pictures.rows)


def test_the_group_column_is_respected_without_asking_and_gaps_are_groups_of_their_own() -> None:
    people = np.array(["", "anna", "ben", "carl", "dora", "emil"] * 10)
    data = opened(label=LABEL, person=("text", "group", people, ()))
    parts = rows_of(data, Split(0.2, 0.2), data.rows)
    named = [set(people[part]) - {""} for part in parts.values()]
    assert not (named[0] & named[1] | named[0] & named[2] | named[1] & named[2])
    assert all("" in people[part] for part in parts.values()) or len(parts["train"]) < 60


def test_by_time_goes_by_the_first_column_of_dates() -> None:
    days = np.random.default_rng(0).permutation(60) * 86400.0
    data = opened(label=LABEL, day=("date", "ignore", days, ()))
    parts = rows_of(data, Split(0.2, 0.2, method="time"), data.rows)
    assert days[parts["train"]].max() < days[parts["validation"]].min() < days[parts["test"]].min()
    days[3] = np.nan
    with pytest.raises(DataError, match="row 4 has no 'day'"):
        rows_of(data, Split(method="time"), data.rows)
    assert len(rows_of(data, Split(method="time"), without(data.rows, np.array([3])))["test"]) == 12


@pytest.mark.parametrize(("split", "message"), [
    (Split(method="time"), "there is no column of dates"),
    (Split(method="group"), "no column with the role 'group'"),
    (Split(method="group", column="who"), "no column named 'who'"),
    (Split(method="k-fold", folds=3, fold=3), "no fold 3 of 3"),
])
def test_splits_that_the_data_cannot_give(split: Split, message: str) -> None:
    data = opened(label=LABEL)
    with pytest.raises(DataError, match=message):
        rows_of(data, split, data.rows)


def test_without_classes_there_is_nothing_to_stratify() -> None:
    data = opened(price=("number", "target", np.arange(60.0), ()))
    with pytest.raises(DataError, match="no classes to split by"):
        rows_of(data, Split(method="stratified"), data.rows)


def test_one_class_is_explained() -> None:
    data = opened(label=("category", "target", np.zeros(60, np.int64), ("no", "yes")))
    with pytest.raises(DataError, match="Only the class 'no' occurs"):
        rows_of(data, Split(), data.rows)


def test_a_class_that_is_missing_from_training_is_named() -> None:
    labels = np.array([0] * 30 + [1] * 20 + [2] * 10)
    parts = {"train": np.arange(45), "validation": np.arange(45, 50), "test": np.arange(50, 60)}
    [finding] = class_findings(parts, labels, ("cat", "dog", "cow"))
    assert finding.startswith("The class 'cow' has 10 samples in the test split and none to train on")
