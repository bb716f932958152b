"""Theme, fonts and icons: readable, complete, switched live."""

import ast
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QFontInfo
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from engine import layers
from gui.widgets import icons, theme

ROOT = Path(__file__).resolve().parents[2]
THEMES = pytest.mark.parametrize("colors", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(name: str) -> float:
        parts = QColor(name).getRgbF()[:3]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@THEMES
def test_text_is_readable_on_every_background(colors: theme.Colors) -> None:
    for name, ground in product(("text", "muted", "error", "warning", "success", "accent"),
                                ("window", "surface", "raised")):
        ratio = contrast(getattr(colors, name), getattr(colors, ground))
        assert ratio >= 4.5, f"{name} on {ground}: {ratio:.2f}"
    assert contrast(colors.on_accent, colors.accent) >= 4.5
    assert contrast(colors.text, colors.selection) >= 4.5


@THEMES
def test_graphics_stand_out_from_their_background(colors: theme.Colors) -> None:
    for color in (*colors.series, *colors.categories, colors.wire, colors.wire_broken):
        ratio = contrast(color, colors.surface)
        assert ratio >= 3, f"{color}: {ratio:.2f}"


@THEMES
def test_every_category_has_a_colour_of_its_own(colors: theme.Colors) -> None:
    assert len(layers.categories()) <= len(set(colors.categories))


def test_switching_the_theme_is_told_and_recolours_icons(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply(qapp, "light")
    button = QToolButton()
    qtbot.addWidget(button)
    button.setIcon(icons.icon("play"))

    def darkest() -> float:
        picture = button.icon().pixmap(32, 32).toImage()
        points = product(range(picture.width()), range(picture.height()))
        return min(c.lightnessF() for x, y in points if (c := picture.pixelColor(x, y)).alpha() == 255)

    assert darkest() < 0.2
    with qtbot.waitSignal(theme.notifier().changed):
        theme.apply(qapp, "dark")
    assert darkest() > 0.8
    assert theme.colors().is_dark
    theme.apply(qapp, "light")


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_icons_are_sharp_on_every_screen(qapp: QApplication, scale: float) -> None:
    picture = icons.icon("play").pixmap(QSize(18, 18), scale)
    assert picture.size() == QSize(18, 18) * scale
    assert picture.devicePixelRatio() == scale


def test_bundled_fonts_are_what_is_shown(qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    assert QFontInfo(theme.font()).family() == "Inter"
    assert QFontInfo(theme.font(weight=QFont.Weight.DemiBold)).weight() == QFont.Weight.DemiBold
    assert QFontInfo(theme.mono_font()).family() == "JetBrains Mono"


def named_icons() -> set[str]:
    """All icons that the window names in its code."""
    found, vendored = set(), {path.stem for path in icons.FOLDER.glob("*.svg")}
    for path in (ROOT / "gui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in vendored:
                found.add(node.value)
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "icon"
            if is_call and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def test_every_icon_that_is_named_is_vendored_and_no_other() -> None:
    used = named_icons() | {spec.icon for spec in layers.CATALOGUE.values()}
    present = {path.stem for path in icons.FOLDER.glob("*.svg")}
    assert used - present == set(), "missing in resources/icons: copy them from lucide-static"
    assert present - used == set(), "not used any more"
    assert (icons.FOLDER / "LICENSE").is_file()
