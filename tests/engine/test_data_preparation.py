"""Splits and preparation: complete, disjoint, deterministic, and fitted on the training rows alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.data import dataset, sources
from engine.data.opened import Feature
from engine.data.preparation import Preparation, fit
from engine.errors import DataError
from engine.project import Column
from tests.engine.data_files import fashion, idx_bytes, write_csv, write_idx

IMAGE = Column("image", "image", "input", (1, 28, 28))
VECTOR = Column("features", "vector", "input", (3,))
NUMBER = Column("price", "number", "target")

def test_pictures_are_standardised_by_their_training_rows() -> None:
    raw = fashion(100)[0][:, None]
    rows = np.arange(0, 100, 2)
    part = fit(IMAGE, raw, rows, normalize=True)
    assert part.divide == 255
    assert np.isclose(part.mean[0], (raw[rows] / 255).mean())
    assert np.isclose(part.scale[0], (raw[rows] / 255).std())
    changed = raw.copy()
    changed[1::2] = 255 - changed[1::2]
    assert fit(IMAGE, changed, rows, normalize=True) == part
    changed[0] = 0
    assert fit(IMAGE, changed, rows, normalize=True) != part


def test_colours_are_standardised_each(tmp_path: Path) -> None:
    raw = np.random.default_rng(0).integers(0, 200, (20, 3, 4, 4), np.uint8)
    raw[:, 2] //= 4
    part = fit(Column("image", "image", "input", (3, 4, 4)), raw, np.arange(20), normalize=True)
    prepared = Preparation((part,)).apply("image", raw)
    assert np.allclose(prepared.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert np.allclose(prepared.std(axis=(0, 2, 3)), 1, atol=1e-4)


def test_vectors_are_standardised_by_feature_with_gaps_filled() -> None:
    raw = np.array([[1.0, 7, 0], [3, 7, 1], [np.nan, 7, np.inf], [900, -50, 3]])
    part = fit(VECTOR, raw, np.arange(3), normalize=True)
    assert part.fill == (2, 7, 0.5)
    assert part.scale[1] == 1
    prepared = Preparation((part,)).apply("features", raw)
    assert np.allclose(prepared[:3].mean(axis=0), 0, atol=1e-6)
    assert np.allclose(prepared[:3].std(axis=0), [1, 0, 1], atol=1e-6)
    assert prepared.dtype == np.float32
    assert np.isnan(raw[2, 0]), "raw values are left alone"


def test_large_numbers_keep_their_differences() -> None:
    raw = np.array([1.6e9, 1.6e9 + 1, 1.6e9 + 2])
    part = fit(NUMBER, raw, np.arange(3), normalize=True)
    preparation = Preparation((part,))
    assert np.allclose(np.diff(preparation.apply("price", raw)) * preparation.scale("price"), 1, atol=1e-5)
    assert np.allclose(preparation.restored("price", preparation.apply("price", raw)), raw, atol=1e-3, rtol=0)


def test_one_hot_features_stay_zero_and_one() -> None:
    raw = np.array([[5.0, 1, 0], [6, 0, 1], [7, 1, 0]])
    features = (Feature("a"), Feature("b", "x"), Feature("b", "y"))
    part = fit(VECTOR, raw, np.arange(3), normalize=True, features=features)
    assert (Preparation((part,)).apply("features", raw)[:, 1:] == raw[:, 1:]).all()


def test_without_normalisation_pictures_are_from_0_to_1_and_numbers_as_they_are() -> None:
    raw = fashion(20)[0][:, None]
    prepared = Preparation((fit(IMAGE, raw, np.arange(20), normalize=False),)).apply("image", raw)
    assert (prepared == raw.astype(np.float32) / np.float32(255)).all()
    numbers = np.array([1.5, 2.5, np.nan])
    part = fit(NUMBER, numbers, np.arange(3), normalize=False)
    assert Preparation((part,)).apply("price", numbers).tolist() == [1.5, 2.5, 2.0]
    assert Preparation((part,)).scale("price") == 1


def test_changing_test_rows_changes_nothing_else(tmp_path: Path) -> None:
    data = sources.inspect(write_idx(tmp_path))
    before = dataset.load(data, None)
    images = fashion(240)[0][200:]
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(255 - images))
    after = dataset.load(data, None)
    assert after.preparation == before.preparation
    assert (after.arrays["image"][:200] == before.arrays["image"][:200]).all()
    assert (after.arrays["image"][200:] != before.arrays["image"][200:]).any()


def test_changing_a_held_back_table_row_changes_nothing_else(tmp_path: Path) -> None:
    lines = [f"{i},{i * i % 17},{i * 0.5}\n" for i in range(50)]
    path = tmp_path / "a.csv"
    path.write_text("a,b,price\n" + "".join(lines))
    data = sources.inspect(path)
    before = dataset.load(data, None)
    for split in ("validation", "test"):
        lines[before.rows[split][0]] = "1e6,-1e6,1e9\n"
    path.write_text("a,b,price\n" + "".join(lines))
    after = dataset.load(data, None)
    assert after.preparation == before.preparation
    assert (after.arrays["features"] != before.arrays["features"]).any()


def test_json_round_trip(tmp_path: Path) -> None:
    for path in (write_idx(tmp_path / "idx"), write_csv(tmp_path / "a.csv", repeat=5)):
        preparation = dataset.load(sources.inspect(path), None).preparation
        text = json.dumps(preparation.to_json())
        assert Preparation.from_json(json.loads(text)) == preparation
        assert json.loads(text) == preparation.to_json()


@pytest.mark.parametrize("damaged", [{}, {"prepared": 3}, {"prepared": [{"column": {}}]},
                                     {"prepared": [], "format": 99}])
def test_damaged_preparations(damaged: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Preparation.from_json(damaged)


def test_wrong_names_and_shapes() -> None:
    preparation = Preparation((fit(IMAGE, fashion(5)[0][:, None], np.arange(5), normalize=True),))
    with pytest.raises(DataError, match="no column named 'picture'"):
        preparation.part("picture")
    with pytest.raises(DataError, match=r"\(1, 28, 28\), not \(28, 28\)"):
        preparation.apply("image", fashion(5)[0])
