"""What is dragged between parts of the window, and how it is written down."""

from PySide6.QtCore import QMimeData

LAYER = "application/x-neuroloom-layer"
"""A layer dragged out of the palette: its type, as UTF-8."""


def layer_data(layer_type: str) -> QMimeData:
    """What the palette puts into a drag."""
    data = QMimeData()
    data.setData(LAYER, layer_type.encode())
    return data


def layer_type(data: QMimeData) -> str:
    """The layer type that is dragged, "" if something else is."""
    return bytes(data.data(LAYER).data()).decode(errors="replace") if data.hasFormat(LAYER) else ""
