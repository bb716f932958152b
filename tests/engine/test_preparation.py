"""Preparation: fitted on the training rows alone, exact, invertible, and whole again after JSON."""

import calendar
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.data import dataset, sources
from engine.errors import DataError
from engine.preparation import Preparation, features, numbers, restored, unit
from engine.project import Column
from tests.engine.data_files import fashion, idx_bytes, write_csv, write_idx
from tests.engine.preparing import Chunks, made, prepared

IMAGE = Column("image", "image", "input", (1, 28, 28))
SCALINGS = ("none", "standardise", "min-max", "log", "quantile")


def vector(count: int, **chosen: Any) -> Column:
    return Column("features", "vector", "input", (count,), settings=chosen)


def price(**chosen: Any) -> Column:
    return Column("price", "number", "target", settings=chosen)


def joined(*leaves: Column) -> Column:
    width = sum(features.width(leaf.kind, len(leaf.classes), leaf.settings) for leaf in leaves)
    return Column("features", "vector", "input", (width,), parts=leaves)


def test_pictures_are_standardised_by_their_training_rows() -> None:
    raw = fashion(100)[0][:, None]
    rows = list(range(0, 100, 2))
    part = made(IMAGE, {"image": raw}, rows)
    values = prepared(part, {"image": raw})
    assert values.dtype == np.float32
    assert np.isclose(values[rows].mean(), 0, atol=1e-5)
    assert np.isclose(values[rows].std(), 1, atol=1e-5)
    changed = raw.copy()
    changed[1::2] = 255 - changed[1::2]
    assert made(IMAGE, {"image": changed}, rows) == part
    changed[0] = 0
    assert made(IMAGE, {"image": changed}, rows) != part
    assert (restored(part, values) == raw).all()


@pytest.mark.parametrize(("normalize", "low", "high"), [("none", 0, 255), ("0 to 1", 0, 1), ("-1 to 1", -1, 1)])
def test_pictures_in_a_range(normalize: str, low: float, high: float) -> None:
    raw = np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)
    part = made(Column("image", "image", "input", (1, 1, 1), settings={"normalize": normalize}), {"image": raw})
    assert prepared(part, {"image": raw}).reshape(-1).tolist() == pytest.approx([low, high])


def test_colours_are_standardised_each() -> None:
    raw = np.random.default_rng(0).integers(0, 200, (20, 3, 4, 4), np.uint8)
    raw[:, 2] //= 4
    part = made(Column("image", "image", "input", (3, 4, 4)), {"image": raw})
    values = prepared(part, {"image": raw})
    assert np.allclose(values.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert np.allclose(values.std(axis=(0, 2, 3)), 1, atol=1e-4)


def test_vectors_are_standardised_by_feature_with_gaps_filled() -> None:
    raw = np.array([[1.0, 7, 0], [3, 7, 1], [np.nan, 7, np.inf], [900, -50, 3]])
    part = made(vector(3), {"features": raw}, slice(3), chunk=2)
    assert part.state["fill"] == [2, 7, 0.5]
    assert part.state["scale"][1] == 1
    values = prepared(part, {"features": raw})
    assert np.allclose(values[:3].mean(axis=0), 0, atol=1e-6)
    assert np.allclose(values[:3].std(axis=0), [1, 0, 1], atol=1e-6)
    assert np.isnan(raw[2, 0]), "raw values are left alone"


def test_large_numbers_keep_their_differences() -> None:
    raw = np.array([1.6e9, 1.6e9 + 1, 1.6e9 + 2])
    part = made(price(), {"price": raw})
    assert np.allclose(np.diff(prepared(part, {"price": raw})) * unit(part), 1, atol=1e-5)
    assert np.allclose(restored(part, prepared(part, {"price": raw})), raw, atol=1e-3, rtol=0)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e6, 1e6)), st.sampled_from(SCALINGS))
def test_scalings_are_monotonous_and_undone(values: Any, scaling: str) -> None:
    part = made(price(scaling=scaling), {"price": values})
    found = prepared(part, {"price": values})
    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    spread = float(np.ptp(values)) + 1
    if scaling == "quantile":  # beyond the outermost quantiles, and between equal ranks, values are not told apart
        return
    assert np.allclose(restored(part, found), values, atol=2e-3 * spread if scaling == "log" else 1e-5 * spread)


def test_quantiles_follow_a_normal_distribution() -> None:
    raw = np.random.default_rng(0).lognormal(0, 3, 5000)
    part = made(price(scaling="quantile"), {"price": raw})
    found = prepared(part, {"price": raw})
    assert abs(found.mean()) < 0.01
    assert found.std() == pytest.approx(1, abs=0.02)
    assert abs(float(np.mean(found**3))) < 0.05, "symmetric"
    middle = np.abs(found) < 2
    assert np.allclose(restored(part, found)[middle], raw[middle], rtol=0.05)


def test_logarithms_and_ranges() -> None:
    raw = np.array([0.0, 9, 99, 999])
    logs = prepared(made(price(scaling="log"), {"price": raw}), {"price": raw})
    assert np.allclose(np.diff(logs), np.diff(logs)[0], atol=1e-6), "powers of ten are evenly far apart"
    part = made(price(scaling="min-max"), {"price": raw}, slice(3))
    assert prepared(part, {"price": raw}).tolist() == pytest.approx([0, 1 / 11, 1, 999 / 99])
    assert unit(part) == 99


@pytest.mark.parametrize(("missing", "fill"), [("median", 2), ("mean", 4), ("zero", 0)])
def test_gaps(missing: str, fill: float) -> None:
    raw = np.array([1, 2, np.nan, 9, 1e300, 2000])
    part = made(price(missing=missing, scaling="none"), {"price": raw}, slice(5))
    assert prepared(part, {"price": raw}).tolist() == [1, 2, fill, 9, fill, 2000]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_infinite_numbers_of_any_width_are_gaps(dtype: str) -> None:
    raw = np.array([[1, np.inf], [2, 5], [-np.inf, 6], [3, np.nan]], dtype)
    found = prepared(made(vector(2, scaling="none"), {"features": raw}), {"features": raw})
    assert found.tolist() == [[1, 5.5], [2, 5], [2, 6], [3, 5.5]]


def test_a_flag_tells_where_the_gaps_were() -> None:
    column = joined(Column("a", "number", "input", settings={"missing": "flag", "scaling": "none"}))
    raw = {"a": np.array([4.0, np.nan, 6])}
    assert prepared(made(column, raw), raw).tolist() == [[4, 0], [5, 1], [6, 0]]


def test_a_column_without_any_number_is_zero() -> None:
    for scaling in SCALINGS:
        part = made(price(scaling=scaling), {"price": np.full(3, np.nan)})
        assert prepared(part, {"price": np.full(3, np.nan)}).tolist() == [0, 0, 0]


def test_medians_of_many_numbers_are_of_evenly_spread_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(10_001.0)[:, None]
    monkeypatch.setattr(numbers, "SAMPLE_NUMBERS", 500)
    kept = numbers.thinned(Chunks(values, 37), 1)[:, 0]
    assert 250 <= len(kept) <= 500
    assert np.ptp(np.diff(kept)) == 0
    assert np.median(kept) == pytest.approx(5000, abs=50)


def test_a_joined_table() -> None:
    column = joined(Column("age", "number", "input"), Column("member", "boolean", "input"),
                    Column("town", "category", "input", classes=("Aalen", "Ulm", "Zell")))
    raw = {"age": np.array([20.0, 40, 60, 1000]), "member": np.array([0.0, 1, np.nan, 1]),
           "town": np.array([0, 1, -1, 2])}
    part = made(column, raw, slice(3))
    values = prepared(part, raw)
    assert values.shape == (4, 5)
    assert np.allclose(values[:3, 0], np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert values[:, 1].tolist() == [0, 1, 0.5, 1]
    assert values[:, 2:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], "Zell is in no training row"


def test_what_becomes_of_unseen_classes() -> None:
    for unseen, expected in (("zeros", [0, 0]), ("class", [0, 0, 1])):
        column = joined(Column("town", "category", "input", classes=("A", "B"), settings={"unseen": unseen}))
        part = made(column, {"town": np.array([0, 1])})
        assert prepared(part, {"town": np.array([-1])}).tolist() == [expected]
    column = joined(Column("town", "category", "input", classes=("A", "B"), settings={"unseen": "refuse"}))
    part = made(column, {"town": np.array([0, 0])})
    with pytest.raises(DataError, match="class 'B' of 'town'"):
        prepared(part, {"town": np.array([0, 1])})


def test_class_numbers_as_an_input_have_one_more_for_what_training_never_saw() -> None:
    column = Column("user", "category", "input", classes=("a", "b", "c"), settings={"encoding": "index"})
    part = made(column, {"user": np.array([0, 2, 1])}, slice(2))
    assert prepared(part, {"user": np.array([0, 1, 2, -1])}).tolist() == [0, 3, 2, 3]
    assert column.spec.classes == 4
    target = Column("kind", "category", "target", classes=("a", "b"))
    assert prepared(made(target, {"kind": np.array([0, 1, -1])}), {"kind": np.array([0, 1, -1])}).tolist() == [0, 1, -1]


@settings(deadline=None, max_examples=80)
@given(st.integers(-60_000_000_000, 100_000_000_000))
def test_parts_of_dates_are_those_of_the_calendar(seconds: int) -> None:
    chosen = {"parts": "year, month, day, weekday, hour, minute, elapsed"}
    column = Column("when", "date", "input", (11,), settings=chosen)
    raw = {"when": np.array([0.0, 1e9, float(seconds)])}
    part = made(column, raw)
    scale, mean = np.array(part.state["scale"]), np.array(part.state["mean"])
    year, m_sin, m_cos, day, w_sin, w_cos, h_sin, h_cos, *_, elapsed = prepared(part, raw)[2] * scale + mean
    moment = datetime.fromtimestamp(seconds, UTC)
    assert year == pytest.approx(moment.year, abs=0.01)
    assert day == pytest.approx(moment.day, abs=0.01)
    assert round(np.arctan2(m_sin, m_cos) / (2 * np.pi) * 12) % 12 == moment.month - 1
    assert round(np.arctan2(w_sin, w_cos) / (2 * np.pi) * 7) % 7 == calendar.weekday(
        moment.year, moment.month, moment.day)
    hour = np.arctan2(h_sin, h_cos) / (2 * np.pi) * 24 % 24
    assert abs((hour - moment.hour - moment.minute / 60 + 12) % 24 - 12) < 0.05
    assert elapsed == pytest.approx(seconds / 86400, rel=1e-5, abs=1)


def test_a_date_has_no_other_parts() -> None:
    with pytest.raises(DataError, match="no part 'century'"):
        made(Column("when", "date", "input", (1,), settings={"parts": "century"}), {"when": np.zeros(3)})


def test_series_are_scaled_by_feature_over_all_steps() -> None:
    raw = np.random.default_rng(0).normal([5, 100], [1, 20], (30, 12, 2))
    part = made(Column("window", "series", "input", (12, 2)), {"window": raw}, slice(20))
    values = prepared(part, {"window": raw})
    assert np.allclose(values[:20].mean(axis=(0, 1)), 0, atol=1e-5)
    assert np.allclose(values[:20].std(axis=(0, 1)), 1, atol=1e-5)
    assert np.allclose(restored(part, values), raw, atol=1e-4)


def test_several_numbers_of_a_target_share_one_scale() -> None:
    raw = np.random.default_rng(0).normal([0, 0], [1, 7], (50, 2))
    part = made(Column("y", "vector", "target", (2,)), {"y": raw})
    assert part.state["scale"][0] == part.state["scale"][1] == unit(part) == pytest.approx(5, rel=0.2)


def test_without_normalisation_pictures_are_from_0_to_1_and_numbers_as_they_are() -> None:
    raw = fashion(20)[0][:, None]
    part = made(IMAGE, {"image": raw}, normalize=False)
    assert np.allclose(prepared(part, {"image": raw}), raw / 255, atol=1e-6)
    values = np.array([1.5, 2.5, np.nan])
    part = made(price(), {"price": values}, normalize=False)
    assert prepared(part, {"price": values}).tolist() == [1.5, 2.5, 2.0]
    assert unit(part) == 1


def test_changing_test_rows_changes_nothing_else(tmp_path: Path) -> None:
    data = sources.inspect(write_idx(tmp_path))
    before = dataset.load(data, None)
    images = fashion(240)[0][200:]
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(255 - images))
    after = dataset.load(data, None)
    assert after.preparation == before.preparation
    same = before.prepared("image") == after.prepared("image")
    assert same[:200].all()
    assert not same[200:].all()


def test_changing_a_held_back_table_row_changes_nothing_else(tmp_path: Path) -> None:
    lines = [f"{i * i % 23 / 7},{i * i % 17 + 0.5},{i * 0.5}\n" for i in range(50)]
    path = tmp_path / "a.csv"
    path.write_text("a,b,price\n" + "".join(lines))
    data = sources.inspect(path)
    before = dataset.load(data, None)
    for split in ("validation", "test"):
        lines[before.rows[split][0]] = "1e6,-1e6,1e9\n"
    path.write_text("a,b,price\n" + "".join(lines))
    after = dataset.load(data, None)
    assert after.preparation == before.preparation
    assert (after.prepared("features") != before.prepared("features")).any()


def test_json_round_trip(tmp_path: Path) -> None:
    for path in (write_idx(tmp_path / "idx"), write_csv(tmp_path / "a.csv", repeat=5)):
        preparation = dataset.load(sources.inspect(path), None).preparation
        text = json.dumps(preparation.to_json())
        assert Preparation.from_json(json.loads(text)) == preparation
        assert json.loads(text) == preparation.to_json()


def test_preparations_of_earlier_versions_are_read() -> None:
    column = {"role": "input", "classes": []}
    plain = {"divide": 1.0, "fill": [0.0], "mean": [0.0], "scale": [1.0], "features": []}
    found = Preparation.from_json({"format": 1, "prepared": [
        {**plain, "column": {**column, "name": "image", "kind": "image", "shape": [1, 1, 2]}, "divide": 255.0,
         "fill": [0.3], "mean": [0.2], "scale": [0.4]},
        {**plain, "column": {**column, "name": "features", "kind": "vector", "shape": [3]}, "fill": [5.0, 0.0, 0.0],
         "mean": [6.0, 0.0, 0.0], "scale": [2.0, 1.0, 1.0],
         "features": [{"column": "length", "value": None}, {"column": "colour", "value": "blue"},
                      {"column": "colour", "value": "red"}]},
        {**plain, "column": {"name": "label", "kind": "category", "role": "target", "shape": [],
                             "classes": ["cat", "dog"]}},
    ]})
    pictures = np.array([[[[0, 255]]]], np.uint8)
    assert prepared(found.part("image"), {"image": pictures}).reshape(-1).tolist() == pytest.approx([-0.5, 2.0])
    raw = {"length": np.array([8.0, np.nan]), "colour": np.array([1, -1])}
    assert prepared(found.part("features"), raw).tolist() == [[1, 0, 1], [-0.5, 0, 0]]
    assert [part.name for part in found.targets] == ["label"]


@pytest.mark.parametrize("damaged", [
    {}, {"format": 2}, {"format": 2, "parts": 3}, {"format": 2, "parts": [{"name": "a"}]}, {"parts": [], "format": 99},
    {"format": "x", "parts": []}, {"format": 1, "prepared": [{"column": {}}]}, {"format": 2, "parts": [3]},
])
def test_damaged_preparations(damaged: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Preparation.from_json(damaged)


def test_wrong_names_and_shapes() -> None:
    part = made(IMAGE, {"image": fashion(5)[0][:, None]})
    with pytest.raises(DataError, match="no column named 'picture'"):
        Preparation((part,)).part("picture")
    with pytest.raises(DataError, match=r"\(1, 28, 28\), not \(28, 28\)"):
        prepared(part, {"image": fashion(5)[0]})
