"""Icons: Lucide drawings from resources/icons, in the colour of the theme and sharp at every screen scale."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from engine.project import RESOURCES
from gui.widgets import theme

FOLDER = RESOURCES / "icons"


def icon(name: str, color: str | None = None) -> QIcon:
    """The Lucide icon with that name. Without a `color` it follows the theme, also when the theme is switched.

    Raises FileNotFoundError for an icon that is not in resources/icons.
    """
    _drawing(name)
    return QIcon(_Engine(name, color))


def pixmap(name: str, size: int, color: str, scale: float = 1.0) -> QPixmap:
    """The icon as a picture of `size` logical pixels a side, for widgets that paint themselves."""
    return _rendered(name, round(size * scale), color, scale)


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.svg"


class _Engine(QIconEngine):
    """Draws one icon at whatever size is asked for, in the colour that is right at that moment."""

    def __init__(self, name: str, color: str | None) -> None:
        super().__init__()
        self._name, self._color = name, color

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._color)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        side = min(size.width(), size.height())  # in logical pixels
        return _rendered(self._name, round(side * scale), self._shade(mode), scale)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        scale = painter.device().devicePixelRatioF()
        side = min(rect.width(), rect.height())
        picture = _rendered(self._name, round(side * scale), self._shade(mode), scale)
        painter.drawPixmap(rect.topLeft() + QPoint((rect.width() - side) // 2, (rect.height() - side) // 2), picture)

    def _shade(self, mode: QIcon.Mode) -> str:
        colors = theme.colors()
        if mode == QIcon.Mode.Disabled:
            return colors.disabled
        return self._color or colors.text


@lru_cache(maxsize=512)
def _drawing(name: str) -> str:
    return path_of(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _rendered(name: str, side: int, color: str, scale: float) -> QPixmap:
    """The drawing, `side` real pixels a side; nothing where there is no room, as in a button that is being laid out."""
    if side < 1:
        return QPixmap()
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    svg = QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", color).encode()))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    svg.render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture
