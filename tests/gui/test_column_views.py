"""Every kind of column has a drawing, small in the grid and large beside what the network gets of it."""

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.data.browse import Sample
from engine.looks import Looked
from engine.project import Column
from gui.data.browser.column_views import NumbersView, PictureView, SeriesView, SoundView, WordsView, view_of
from gui.data.browser.thumbnails import drawn, told
from gui.widgets import pictures, theme

RANDOM = np.random.default_rng(0)
CASES = {
    "image": (Column("x", "image", "input", (3, 8, 8)), RANDOM.integers(0, 256, (3, 9, 12), np.uint8), PictureView),
    "mask": (Column("x", "mask", "target", (8, 8), ("no", "yes")), RANDOM.integers(0, 2, (8, 8)), PictureView),
    "audio": (Column("x", "audio", "input", (98, 64)), RANDOM.normal(size=8000).astype(np.float32), SoundView),
    "waveform": (Column("x", "audio", "input", (1, 8000), settings={"features": "waveform"}),
                 RANDOM.normal(size=8000).astype(np.float32), SoundView),
    "no sound": (Column("x", "audio", "input", (98, 64)), np.zeros(0, np.float32), SoundView),
    "text": (Column("x", "text", "input", (16,)), "a few words", WordsView),
    "tokens": (Column("x", "tokens", "input", (16,)), np.arange(7), WordsView),
    "series": (Column("x", "series", "input", (20, 3)), RANDOM.normal(size=(20, 3)), SeriesView),
    "gaps": (Column("x", "series", "input", (4, 1)), np.full((4, 1), np.nan), SeriesView),
    "array of pictures": (Column("x", "vector", "input", (1, 8, 8)), RANDOM.normal(size=(1, 8, 8)), PictureView),
    "matrix": (Column("x", "vector", "input", (20, 4)), RANDOM.normal(size=(20, 4)), SeriesView),
    "array": (Column("x", "vector", "input", (40,)), RANDOM.normal(size=40), NumbersView),
    "number": (Column("x", "number", "target"), np.float64(2.5), NumbersView),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_is_drawn(qtbot: QtBot, name: str) -> None:
    column, value, kind = CASES[name]
    cell = drawn(Sample(3, "folder/three", "train", "", {"x": value}), column, 64, 2.0)
    assert cell.caption == "three"
    assert cell.picture is not None or cell.text
    if cell.picture is not None:
        assert max(cell.picture.width(), cell.picture.height()) == 128
    window = QWidget()
    qtbot.addWidget(window)
    view = view_of(column, window)
    assert type(view) is kind
    view.show_raw(value)
    prepared = np.zeros((1, *column.shape), np.int64 if kind is WordsView or name == "mask" else np.float32)
    view.show_look(Looked(prepared, np.stack([prepared, prepared], 1)), "a few")
    window.resize(360, 500)
    assert not window.grab().isNull()


def test_heat_goes_from_the_ground_to_the_text_with_low_features_below() -> None:
    shown = pictures.heat(np.array([[0.0, 1.0], [0.0, 0.0]]))
    assert (shown.width(), shown.height()) == (2, 2)
    assert shown.pixelColor(0, 0).name() == theme.colors().text
    assert shown.pixelColor(0, 1).name() == theme.colors().window


def test_classes_of_a_mask_have_colours_of_their_own() -> None:
    shown = pictures.classes(np.arange(6).reshape(1, 6))
    assert len({shown.pixelColor(x, 0).name() for x in range(6)}) == 6


def test_numbers_are_told_shortly() -> None:
    assert told(np.array([1.0, 6e-17, 0.123456])) == "1  0  0.1235"
    assert told(np.arange(9)).endswith("…")
