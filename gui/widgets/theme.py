"""Colours, fonts and style of the window, light and dark. One declaration; everything that paints asks `colors()`."""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from engine import layers
from engine.project import RESOURCES

Choice = Literal["system", "light", "dark"]

FONTS = RESOURCES / "fonts"
STYLE = RESOURCES / "theme" / "style.qss"
FONT_SIZE = 13
"""Height of ordinary text in logical pixels."""


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours of one theme, as "#rrggbb". Text on window, surface and raised meets WCAG AA (4.5 to 1)."""

    is_dark: bool
    window: str
    """Behind everything: toolbars, dock frames."""
    surface: str
    """Panels, lists and the canvas."""
    raised: str
    """Nodes, buttons, fields: what stands out from the surface."""
    border: str
    text: str
    muted: str
    """Text of less weight: hints, shapes, units."""
    disabled: str
    accent: str
    on_accent: str
    error: str
    warning: str
    success: str
    grid: str
    wire: str
    wire_broken: str
    wire_waiting: str
    selection: str
    """Behind selected rows and text; `text` stays readable on it."""
    series: tuple[str, ...]
    """Curves of charts, in the order in which they are used; distinguishable for colour-blind people."""
    categories: tuple[str, ...]
    """Layer categories, in the order of the catalogue."""


LIGHT = Colors(
    is_dark=False,
    window="#eef0f3", surface="#f8f9fb", raised="#ffffff", border="#cdd2da", text="#1c2027", muted="#58606e",
    disabled="#a4abb6", accent="#2458d3", on_accent="#ffffff", error="#b3261e", warning="#8a5800", success="#1b7440",
    grid="#e3e6eb", wire="#6b7688", wire_broken="#c62f26", wire_waiting="#b9c0cb", selection="#d3e0fc",
    series=("#0072b2", "#d55e00", "#00805e", "#b0508c", "#8a6500", "#5b4bc4", "#3d7f93", "#7a3b1e"),
    categories=("#3f4d63", "#1f6fb5", "#00795c", "#b35300", "#7a5bb8", "#0b4a35", "#2b2f9e", "#a8418a", "#8a6a00",
                "#3a7d8c", "#5d7d1a", "#8c4a3c", "#4a2c0f", "#6b6b6b", "#b3261e", "#5560c9"),
)

DARK = Colors(
    is_dark=True,
    window="#15171b", surface="#1b1e24", raised="#262a32", border="#3a404b", text="#e7e9ee", muted="#a3abb9",
    disabled="#666d7a", accent="#7aa7ff", on_accent="#0c1527", error="#ff8a80", warning="#f0b64a", success="#63d394",
    grid="#252930", wire="#8b95a7", wire_broken="#ff6b60", wire_waiting="#4a515e", selection="#2d4373",
    series=("#56b4e9", "#e69f00", "#2fc79c", "#e18fc0", "#f0e442", "#a79bff", "#7fd0e0", "#f08a5d"),
    categories=("#9fb0cc", "#5fb2f2", "#35c79b", "#f0a050", "#b99cf5", "#3f8f8a", "#8a6cff", "#ec8fcc", "#e3c650",
                "#72cfe0", "#a5cf58", "#e09c8a", "#c27a3e", "#b5b5b5", "#ff8a80", "#98a4ff"),
)


class Notifier(QObject):
    """changed: the theme was switched; `colors()` already answers for the new one."""

    changed = Signal()


@lru_cache(maxsize=1)
def notifier() -> Notifier:
    return Notifier()


_shown = LIGHT
_choice: Choice = "system"


def colors() -> Colors:
    """The colours of the theme that is shown."""
    return _shown


def category_color(category: str) -> str:
    """The colour of a layer category in the theme that is shown."""
    names = layers.categories()
    position = names.index(category) if category in names else -1
    return _shown.categories[position % len(_shown.categories)]


def apply(app: QApplication, choice: Choice = "system") -> None:
    """Show a theme now; "system" also follows the system's later changes."""
    global _choice  # noqa: PLW0603 - there is one application and it shows one theme
    _choice = choice
    _watch_system()
    _show(app, DARK if choice == "dark" or (choice == "system" and _is_system_dark()) else LIGHT)


def font(size: int = FONT_SIZE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of the window, `size` logical pixels high."""
    return _sized(_families()[0], size, weight)


def mono_font(size: int = FONT_SIZE) -> QFont:
    """The font of code and numbers in columns."""
    return _sized(_families()[1], size, QFont.Weight.Normal)


def _sized(family: str, size: int, weight: QFont.Weight) -> QFont:
    chosen = QFont(family)
    chosen.setPixelSize(size)
    chosen.setWeight(weight)
    return chosen


@lru_cache(maxsize=1)
def _families() -> tuple[str, str]:
    """Names of the bundled text and code fonts, loaded once."""
    for path in sorted(FONTS.glob("*.ttf")):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            raise RuntimeError(f"Qt cannot load the bundled font {path.name}")
    return "Inter", "JetBrains Mono"


@lru_cache(maxsize=1)
def _watch_system() -> None:
    QGuiApplication.styleHints().colorSchemeChanged.connect(_follow_system)


def _follow_system() -> None:
    app = QApplication.instance()
    if _choice == "system" and isinstance(app, QApplication):
        apply(app, "system")


def _is_system_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def _show(app: QApplication, chosen: Colors) -> None:
    global _shown  # noqa: PLW0603 - see `apply`
    _shown = chosen
    app.setFont(font())
    app.setPalette(_palette(chosen))
    app.setStyleSheet(_style(chosen))
    notifier().changed.emit()


def _style(chosen: Colors) -> str:
    """The style sheet with "@name" replaced by the colour of that name."""
    sheet = STYLE.read_text(encoding="utf-8")
    names = [field.name for field in fields(Colors) if isinstance(getattr(chosen, field.name), str)]
    for name in sorted(names, key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", getattr(chosen, name))
    arrow = STYLE.with_name("arrow-dark.svg" if chosen.is_dark else "arrow-light.svg")
    return sheet.replace("@arrow", arrow.as_posix())


def _palette(chosen: Colors) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for name, color in {
        role.Window: chosen.window, role.WindowText: chosen.text, role.Base: chosen.raised,
        role.AlternateBase: chosen.surface, role.Text: chosen.text, role.Button: chosen.raised,
        role.ButtonText: chosen.text, role.BrightText: chosen.error, role.ToolTipBase: chosen.raised,
        role.ToolTipText: chosen.text, role.PlaceholderText: chosen.muted, role.Highlight: chosen.selection,
        role.HighlightedText: chosen.text, role.Link: chosen.accent, role.LinkVisited: chosen.accent,
        role.Accent: chosen.accent, role.Light: chosen.raised, role.Midlight: chosen.border,
        role.Mid: chosen.border, role.Dark: chosen.border, role.Shadow: chosen.window,
    }.items():
        palette.setColor(name, QColor(color))
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group.Disabled, name, QColor(chosen.disabled))
    return palette
