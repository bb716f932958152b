"""Arrays as pictures."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPixmap

from gui.widgets import theme


def image(array: NDArray[np.generic]) -> QImage:
    """A raw sample (channels, height, width) or (height, width) as a picture.

    Bytes are shown as they are, other numbers from their lowest to their highest. One or two channels are shown in grey
    (the first), three or more in red, green and blue.
    """
    planes = array[np.newaxis] if array.ndim == 2 else array
    planes = planes[:3] if len(planes) >= 3 else planes[:1]
    pixels = np.ascontiguousarray(np.moveaxis(_bytes(planes), 0, -1))
    height, width, channels = pixels.shape
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, width * channels, form).copy()


def thumbnail(array: NDArray[np.generic], side: int, scale: float) -> QPixmap:
    """An array as a picture within `side` logical pixels."""
    return QPixmap.fromImage(fitted(image(array), side, scale))


def fitted(picture: QImage, side: int, scale: float) -> QImage:
    """The picture within `side` logical pixels. Small ones are enlarged with their pixels visible."""
    goal = round(side * scale)
    is_small = max(picture.width(), picture.height()) < goal
    mode = Qt.TransformationMode.FastTransformation if is_small else Qt.TransformationMode.SmoothTransformation
    made = picture.scaled(goal, goal, Qt.AspectRatioMode.KeepAspectRatio, mode)
    made.setDevicePixelRatio(scale)
    return made


def heat(array: NDArray[np.generic]) -> QImage:
    """Numbers (steps, features) as a picture, as people know spectrograms: steps from left to right, features upwards.

    Colours run from the ground of the theme over its first series to its text.
    """
    colors = theme.colors()
    stops = np.array([QColor(name).getRgb()[:3] for name in (colors.window, colors.series[0], colors.text)])
    table = np.stack([np.interp(np.arange(256), (0, 150, 255), channel) for channel in stops.T]).astype(np.uint8)
    return image(table[:, _bytes(array[np.newaxis])[0].T[::-1]])


def classes(array: NDArray[np.integer]) -> QImage:
    """Class numbers (height, width) as a picture: a colour for each class, the first one is the ground."""
    colors = theme.colors()
    palette = np.array([QColor(name).getRgb()[:3] for name in (colors.window, *colors.series)], np.uint8)
    places = np.where(array > 0, (array - 1) % len(colors.series) + 1, 0)
    return image(np.moveaxis(palette[places], -1, 0))


def _bytes(planes: NDArray[np.generic]) -> NDArray[np.uint8]:
    if planes.dtype == np.uint8:
        return planes.astype(np.uint8, copy=False)
    numbers = np.nan_to_num(planes.astype(np.float64))
    low, high = numbers.min(), numbers.max()
    return np.clip((numbers - low) / ((high - low) or 1.0) * 255, 0, 255).astype(np.uint8)
