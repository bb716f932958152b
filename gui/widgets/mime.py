"""What is dragged between parts of the window, and how it is written down."""

from PySide6.QtCore import QMimeData

LAYER = "application/x-neuroloom-layer"
"""A layer or network dragged out of the palette: its key, as UTF-8."""


def layer_data(key: str) -> QMimeData:
    """What the palette puts into a drag."""
    data = QMimeData()
    data.setData(LAYER, key.encode())
    return data


def layer_key(data: QMimeData) -> str:
    """The layer or network that is dragged, "" if something else is."""
    return bytes(data.data(LAYER).data()).decode(errors="replace") if data.hasFormat(LAYER) else ""
