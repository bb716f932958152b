"""Arrays that the user knows better: taken for a series, for tokens or for plain numbers, where their axes allow it."""

from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import load
from engine.data.sources import inspect
from engine.errors import DataError
from engine.project import ColumnChoice


def saved(folder: Path, x: np.ndarray) -> Path:
    path = folder / "arrays.npz"
    np.savez(path, x=x, y=np.arange(len(x)) % 3)
    return path


@pytest.mark.parametrize(
    ("shape", "kind", "prepared"),
    [((20, 6), "series", (20, 6)), ((12,), "tokens", (12,)), ((28, 28), "vector", (1, 28, 28)),
     ((20, 6), "vector", (20, 6))],
)
def test_an_array_is_taken_for_another_kind(tmp_path: Path, shape, kind, prepared) -> None:
    pictures = shape == (28, 28)
    x = np.random.default_rng(0).integers(0, 90, (60, *shape)).astype(np.uint8 if pictures else np.int64)
    path = saved(tmp_path, x)
    found = inspect(path).columns[0]
    data = inspect(path, chosen={found.name: ColumnChoice(kind)})
    column = data.columns[0]
    assert (column.kind, column.shape) == (kind, prepared)
    values = load(data, None).prepared(column.name, np.arange(5))
    assert values.shape == (5, *prepared)
    assert values.dtype == (np.int64 if kind == "tokens" else np.float32)


def test_tokens_keep_their_numbers_apart(tmp_path: Path) -> None:
    x = np.tile(np.arange(8), (30, 2))
    path = saved(tmp_path, x)
    data = inspect(path, chosen={inspect(path).columns[0].name: ColumnChoice("tokens")})
    values = load(data, None).prepared(data.columns[0].name, np.arange(1))
    assert len(set(values[0].tolist())) == 8
    assert values[0, :8].tolist() == values[0, 8:].tolist()


@pytest.mark.parametrize("kind", ["tokens", "image", "audio"])
def test_what_the_axes_do_not_allow_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path, np.zeros((30, 20, 6)))
    with pytest.raises(DataError, match=r"'x'.*float64 of the shape \(20, 6\)"):
        inspect(path, chosen={inspect(path).columns[0].name: ColumnChoice(kind)})


def test_an_array_whose_name_says_nothing_is_read_without_its_neighbours(tmp_path: Path) -> None:
    """What a generator made may lie beside the points that it learned from."""
    np.save(tmp_path / "points.npy", np.zeros((20, 2), np.float32))
    np.save(tmp_path / "ring.npy", np.zeros((9, 2), np.float32))
    [column] = inspect(tmp_path / "points.npy").columns
    assert column.shape == (2,)
    np.save(tmp_path / "x.npy", np.zeros((9, 2), np.float32))
    np.save(tmp_path / "y.npy", np.arange(9) % 2)
    assert len(inspect(tmp_path / "x.npy").columns) == 2
