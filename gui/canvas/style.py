"""Pens, brushes and fonts of the canvas, made once per theme: painting creates none."""

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QGuiApplication, QPen, QPixmap

from gui.canvas.geometry import WIRE_WIDTH
from gui.widgets import icons, theme

OVERVIEW_ZOOM = 0.35
"""Below this the view draws plain rectangles and lines, see `gui.canvas.overview`."""

DETAIL_ZOOM = 0.5999
"""Below this, cards and wires leave out small text. Just beside a round number, at which a drawing may be fitted and
rounding would decide for each card alone."""

ICON = 18
CHAIN = 12
FLAKE = 12
ICON_SIZES = (12, 18, 24, 36, 54, 72, 144)


class Style:
    """Everything painting needs, for one set of theme colours and one font family."""

    def __init__(self, colors: theme.Colors, family: str) -> None:
        self.background = QColor(colors.surface)
        self.card = QBrush(QColor(colors.raised))
        self.text = QColor(colors.text)
        self.muted = QColor(colors.muted)
        self.error = QColor(colors.error)
        self.warning = QColor(colors.warning)
        self.accent = QColor(colors.accent)
        self.on_accent = QColor(colors.on_accent)
        self.on_tile = colors.surface if colors.is_dark else colors.raised
        self.shadows = [QBrush(QColor(0, 0, 0, alpha)) for alpha in ((30, 26) if colors.is_dark else (9, 12))]
        self.dots = _pen(colors.grid, 2.0)
        self.dots.setCosmetic(True)

        self.border = QPen(QColor(colors.border), 1.0)
        self.hover_border = QPen(_mixed(colors.border, colors.text, 0.35), 1.0)
        self.rule = QPen(_translucent(colors.border, 150), 1.0)
        self.selected = QPen(self.accent, 2.0)
        self.glow = QPen(_translucent(colors.accent, 60), 5.0)
        self.states = {"error": QPen(self.error, 1.5), "waiting": _dashed(colors.wire_waiting, 1.2)}
        self.highlight = QBrush(QColor(colors.selection))
        self.ghost = _dashed(colors.accent, 1.5)
        self.ghost_fill = QBrush(_translucent(colors.accent, 28))
        self.band = QPen(QColor(colors.accent), 1.0)
        self.band.setCosmetic(True)

        self.wires = {
            "ok": _wire(colors.wire),
            "broken": _wire(colors.wire_broken, 0.5),
            "waiting": _dashed(colors.wire_waiting, WIRE_WIDTH),
        }
        self._choose_effects(colors)
        self.wire_hover = _wire(_mixed(colors.wire, colors.text, 0.5), 1.0)
        self.wire_selected = _wire(colors.accent, 0.5)
        self.wire_glow = _wire(_translucent(colors.accent, 70), 8.0)
        self.wire_new = _wire(colors.accent, 0.5)
        self.port = QPen(QColor(colors.wire), 1.5)
        self.port_fill = QBrush(QColor(colors.raised))
        self.port_wired = QBrush(QColor(colors.wire))
        self.port_optional = _dashed(colors.wire, 1.2, (1.6, 1.6))
        self.port_hot = QPen(QColor(colors.accent), 2.0)
        self.port_hot_fill = QBrush(_mixed(colors.accent, colors.raised, 0.75))

        self.title_font = _font(family, 13, QFont.Weight.DemiBold)
        self.far_font = _font(family, 17, QFont.Weight.DemiBold)
        self.far_small_font = _font(family, 15, QFont.Weight.Normal)
        self.small_font = _font(family, 11, QFont.Weight.Normal)
        self.label_font = _font(family, 10, QFont.Weight.Medium)
        self.tight_font = _font(family, 9, QFont.Weight.Medium)
        self.hint_font = _font(family, 15, QFont.Weight.DemiBold)
        self.title_metrics = QFontMetricsF(self.title_font)
        self.far_metrics = QFontMetricsF(self.far_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self.tight_metrics = QFontMetricsF(self.tight_font)
        self.label_metrics = QFontMetricsF(self.label_font)

    def _choose_effects(self, colors: theme.Colors) -> None:
        """What a phase of the training does to nodes and wires, near and from afar."""
        self.effect_fills = {"updated": QBrush(_mixed(colors.raised, colors.accent, 0.16)),
                             "frozen": QBrush(_mixed(colors.raised, colors.wire, 0.22))}
        self.effect_outlines = {"updated": QPen(self.accent, 1.5), "frozen": QPen(QColor(colors.wire), 1.5)}
        self.far_effects = {
            "updated": self.accent, "frozen": QColor(colors.wire), "passed": _mixed(colors.wire, colors.surface, 0.5),
            "stopped": QColor(colors.border), "unused": QColor(colors.grid),
        }
        self.gradients = {"flowing": _wire(colors.accent, 0.5), "none": _dashed(colors.wire_waiting, WIRE_WIDTH),
                          "stopped": _dashed(colors.wire_waiting, WIRE_WIDTH)}
        self.gradient_bar = _pen(colors.text, 3.0, Qt.PenCapStyle.FlatCap)

    @staticmethod
    def category(name: str) -> QColor:
        return _category(name, theme.colors())

    @staticmethod
    def tile(category: str, weight_set: int | None) -> QColor:
        """The colour of a card's icon: that of the weights that it shares with others, else of its category."""
        return _weight_set(weight_set, theme.colors()) if weight_set is not None else style().category(category)

    @staticmethod
    def chain(weight_set: int, zoom: float) -> QPixmap:
        """The sign of shared weights, in their colour."""
        size = next((size for size in ICON_SIZES if size >= CHAIN * zoom), ICON_SIZES[-1])
        return icons.pixmap("link", size, _weight_set(weight_set, theme.colors()).name())

    def snowflake(self, zoom: float) -> QPixmap:
        """The mark of what is frozen, FLAKE units a side."""
        return icons.pixmap("snowflake", _sharp(FLAKE * zoom), self.text.name())

    def glyph(self, name: str, zoom: float) -> QPixmap:
        """A layer's icon, sharp enough for `zoom` (device pixels per scene unit)."""
        return icons.pixmap(name, _sharp(ICON * zoom), self.on_tile)


def style() -> Style:
    """The style of the theme that is set now."""
    return _style(theme.colors(), QGuiApplication.font().family())


def _sharp(wanted: float) -> int:
    """The size in which an icon is drawn that is shown so many pixels large."""
    return next((size for size in ICON_SIZES if size >= wanted), ICON_SIZES[-1])


@lru_cache(maxsize=4)
def _style(colors: theme.Colors, family: str) -> Style:
    return Style(colors, family)


@lru_cache(maxsize=128)
def _category(name: str, colors: theme.Colors) -> QColor:
    return QColor(theme.category_color(name)) if name else QColor(colors.muted)


@lru_cache(maxsize=64)
def _weight_set(number: int, colors: theme.Colors) -> QColor:
    return QColor(colors.series[number])


def _font(family: str, pixels: int, weight: QFont.Weight) -> QFont:
    font = QFont(family)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _translucent(color: str | QColor, alpha: int) -> QColor:
    result = QColor(color)
    result.setAlpha(alpha)
    return result


def _mixed(color: str | QColor, other: str | QColor, share: float) -> QColor:
    """`share` of `other` in `color`."""
    a, b = QColor(color), QColor(other)
    return QColor.fromRgbF(*(x + (y - x) * share for x, y in zip(a.getRgbF()[:3], b.getRgbF()[:3], strict=True)))


def _wire(color: str | QColor, extra: float = 0.0) -> QPen:
    return _pen(color, WIRE_WIDTH + extra)


def _pen(color: str | QColor, width: float, cap: Qt.PenCapStyle = Qt.PenCapStyle.RoundCap) -> QPen:
    return QPen(QBrush(QColor(color)), width, Qt.PenStyle.SolidLine, cap)


def _dashed(color: str | QColor, width: float, pattern: tuple[float, float] = (4.0, 3.0)) -> QPen:
    pen = _pen(color, width, Qt.PenCapStyle.FlatCap)
    pen.setDashPattern(pattern)
    return pen
