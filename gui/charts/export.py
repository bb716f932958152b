"""Charts as files: a picture as it is on the screen, and the values as a table."""

import csv
import io
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtWidgets import QWidget

from engine import storage
from gui.charts.curves import RunCurves


def save_picture(widget: QWidget, path: Path) -> None:
    """Write what `widget` shows as a PNG file. Raises EngineError."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    storage.write(path, bytes(content.data()))


def save_table(curves: RunCurves, path: Path) -> None:
    """Write every measured value as CSV with the columns of a run's history. Raises EngineError."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("step", "epoch", "split", "name", "value"))
    writer.writerows(curves.rows())
    storage.write(path, text.getvalue().encode())
