"""Figures and histograms of columns, by split and class."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import sources
from engine.data.browse import Browser
from engine.data.statistics import MOST_FILES, MOST_ROWS, Group, Statistics, statistics
from engine.errors import DataError
from engine.project import ColumnChoice
from tests.engine.data_files import fashion, write_idx, write_pictures


def group(found: Statistics, split: str = "", label: str = "") -> Group:
    [one] = [group for group in found.groups if (group.split, group.label) == (split, label)]
    return one


@pytest.fixture
def table(tmp_path: Path) -> Browser:
    numbers = np.random.default_rng(0).normal(50, 10, 500).round(3)
    lines = [f"{'' if row % 50 == 0 else number},{row % 4},{'ab'[row % 2]},{'word ' * (row % 5 + 1)},{'pqr'[row % 3]}"
             for row, number in enumerate(numbers)]
    path = tmp_path / "a.csv"
    path.write_text("width,doors,letter,text,kind\n" + "\n".join(lines), encoding="utf-8")
    chosen = {"width": ColumnChoice(kind="number", role="input"), "doors": ColumnChoice(kind="number", role="input"),
              "letter": ColumnChoice(kind="category", role="input"), "text": ColumnChoice(kind="text", role="input"),
              "kind": ColumnChoice(kind="category", role="target")}
    return Browser(sources.inspect(path, chosen=chosen), None)


def test_numbers_by_split_and_class(table: Browser) -> None:
    found = statistics(table, "width")
    values = table.array(table.leaf("width"))
    everything = group(found)
    assert everything.count == found.sampled == found.total == 500
    assert everything.missing == 10
    assert everything.facts["mean"] == pytest.approx(np.nanmean(values))
    assert everything.facts["median"] == pytest.approx(np.nanmedian(values))
    assert everything.facts["most"] == np.nanmax(values)
    for split, rows in table.rows.items():
        assert group(found, split).count == len(rows)
        assert group(found, split).facts["mean"] == pytest.approx(np.nanmean(values[rows]))
    assert sum(group(found, label=label).count for label in "pqr") == 500
    for one in found.groups:
        assert sum(one.counts) == one.count - one.missing
        assert len(one.counts) == len(found.edges) - 1


def test_few_whole_numbers_have_a_bin_each(table: Browser) -> None:
    found = statistics(table, "doors")
    assert found.edges == (-0.5, 0.5, 1.5, 2.5, 3.5)
    assert group(found).counts == (125, 125, 125, 125)


def test_categories_and_texts(table: Browser) -> None:
    found = statistics(table, "letter")
    assert found.names == ("a", "b")
    assert group(found).counts == (250, 250)
    words = statistics(table, "text")
    assert words.measure == "words"
    assert group(words).facts["least"], group(words).facts["most"] == (1, 5)
    assert group(words).counts == (100,) * 5


def test_an_outlier_does_not_flatten_the_histogram(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    numbers = np.random.default_rng(0).normal(size=1000).round(3).tolist()
    path.write_text("a,y\n" + "\n".join(f"{number},{row}.5" for row, number in enumerate([*numbers, 1e9])), "utf-8")
    found = statistics(Browser(sources.inspect(path), None), "a")
    assert found.edges[-1] < 100
    assert sum(count > 0 for count in group(found).counts) > 15
    assert sum(group(found).counts) == 1001


def test_pictures_have_brightness_channels_and_sizes(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    Image.fromarray(fashion(1)[0][0]).resize((50, 60)).save(tmp_path / "c1" / "large.png")
    found = statistics(Browser(sources.inspect(tmp_path), None), "image")
    assert found.measure == "brightness"
    assert found.sizes == (("28 × 28", 40), ("50 × 60", 1))
    assert group(found).facts["grey mean"] == pytest.approx(group(found).facts["mean"])
    assert group(found, label="c1").count < 41


def test_of_many_some_are_drawn_always_the_same(tmp_path: Path) -> None:
    browser = Browser(sources.inspect(write_idx(tmp_path, MOST_FILES + 200, 40)), None)
    found = statistics(browser, "image")
    assert (found.sampled, found.total) == (MOST_FILES, MOST_FILES + 240)
    assert found == statistics(browser, "image")
    assert statistics(browser, "label").sampled == browser.count < MOST_ROWS


def test_a_column_that_there_is_not(table: Browser) -> None:
    with pytest.raises(DataError, match="no column named 'size'"):
        statistics(table, "size")
