"""A data panel as wide as its dock, and small data for it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.project import Data
from gui.data.data_panel import DataPanel
from gui.document import Document
from gui.session import Session
from tests.gui.dialogs import active

PATIENCE_MS = 30_000


@pytest.fixture(name="panel")
def new_panel(qtbot: QtBot, document: Document, session: Session) -> Iterator[DataPanel]:
    made = active(qtbot, DataPanel(document, session), 256, 640)
    yield made
    settle(qtbot, made)


def settle(qtbot: QtBot, panel: DataPanel) -> None:
    """Wait until nothing is read any more."""
    qtbot.waitUntil(lambda: not panel.is_reading, timeout=PATIENCE_MS)
    # what was cancelled ends at its next look around
    qtbot.waitUntil(lambda: all(t.name != "background" for t in threading.enumerate()), timeout=PATIENCE_MS)


def opened(qtbot: QtBot, panel: DataPanel, path: Path) -> None:
    panel.open(path)
    settle(qtbot, panel)


def chosen_in(document: Document) -> Data:
    """The data of a document that has some."""
    assert document.project.data is not None
    return document.project.data


def table(folder: Path) -> Path:
    """Sixty flowers of two kinds."""
    path = folder / "flowers.csv"
    rows = [f"{4 + i % 5},{i % 3},{'rose' if i % 2 else 'tulip'}" for i in range(60)]
    path.write_text("\n".join(["length,width,kind", *rows]))
    return path


def pets(folder: Path) -> Path:
    """Six small pictures each of cats and dogs."""
    for kind in ("cat", "dog"):
        (folder / "pets" / kind).mkdir(parents=True)
        for number in range(6):
            picture = QImage(12, 12, QImage.Format.Format_Grayscale8)
            picture.fill(40 * number + (kind == "dog"))
            picture.save(str(folder / "pets" / kind / f"{number}.png"))
    return folder / "pets"
