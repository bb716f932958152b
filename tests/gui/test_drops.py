"""Files and folders dropped on the window: data is looked at, projects are opened, anything else is refused."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from pytestqt.qtbot import QtBot

from engine import projectfile
from engine.graph import Graph
from engine.project import Project
from gui.main_window import MainWindow
from tests.gui.data_panels import pets, table
from tests.gui.dialogs import opened
from tests.gui.drops import drop, drop_data

PATIENCE_MS = 30_000


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    with opened(qtbot) as window:
        yield window
        panel = window.docks["data"].widget()
        qtbot.waitUntil(lambda: not getattr(panel, "is_reading", False), timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: all(t.name != "background" for t in threading.enumerate()), timeout=PATIENCE_MS)


@pytest.mark.parametrize("make", [table, pets])
def test_data_is_looked_at_and_its_panel_comes_forward(qtbot: QtBot, window: MainWindow, tmp_path: Path, make) -> None:
    assert drop(window, make(tmp_path)), "also before all panels are there"
    qtbot.waitUntil(lambda: window.document.project.data is not None, timeout=PATIENCE_MS)
    assert {column.role for column in window.document.project.data.columns} == {"input", "target"}
    qtbot.waitUntil(lambda: window.docks["data"].widget().isVisible(), timeout=PATIENCE_MS)


def test_a_project_is_opened(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "a.neuroloom"
    projectfile.save(Project({"Mine": Graph()}), path)
    assert drop(window, path)
    assert window.document.path == path
    assert window.document.project.main == "Mine"


def test_links_texts_and_several_files_are_refused(window: MainWindow, tmp_path: Path) -> None:
    several, link, text = QMimeData(), QMimeData(), QMimeData()
    several.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.csv", "b.csv")])
    link.setUrls([QUrl("https://example.org/a.csv")])
    text.setText("hello")
    assert not any(drop_data(window, mime) for mime in (several, link, text))


@pytest.mark.parametrize("dock", ["canvas", "inspector", "data"])
def test_every_part_of_the_window_takes_data(qtbot: QtBot, window: MainWindow, tmp_path: Path, dock: str) -> None:
    window.complete()
    part = window.canvas.viewport() if dock == "canvas" else window.docks[dock].widget()
    assert drop(part, table(tmp_path))
    qtbot.waitUntil(lambda: window.document.project.data is not None, timeout=PATIENCE_MS)
