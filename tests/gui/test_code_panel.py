"""The code panel: a training is saved as a script by the worker, and what became of it is told."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.design.code_panel import CodePanel
from gui.document import Document
from gui.session import Session
from tests.gui.dialogs import active, choose
from tests.gui.trained import small_project

PATIENCE_MS = 60_000


@pytest.fixture
def panel(document: Document, session: Session, qtbot: QtBot) -> CodePanel:
    return active(qtbot, CodePanel(document, session), 900, 300)


def told(panel: CodePanel) -> str:
    return f"{panel.outcome.text()}{panel.error.text()}".replace("\u200b", "")


def test_a_training_is_saved_as_a_script(panel: CodePanel, document: Document, qtbot: QtBot, tmp_path: Path) -> None:
    assert not panel.script_button.isEnabled()
    document.new(small_project(tmp_path / "data"))
    qtbot.waitUntil(panel.script_button.isEnabled)
    choose(tmp_path / "script")
    QTest.mouseClick(panel.script_button, Qt.MouseButton.LeftButton)
    assert not panel.script_button.isEnabled()
    assert "Writing" in told(panel)
    qtbot.waitUntil(lambda: "Written to" in told(panel), timeout=PATIENCE_MS)
    assert {"model.py", "train.py", "data.safetensors"} <= {path.name for path in (tmp_path / "script").iterdir()}
    assert panel.script_button.isEnabled()
    (tmp_path / "file").touch()
    choose(tmp_path / "file" / "script")
    QTest.mouseClick(panel.script_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.error.isVisible, timeout=PATIENCE_MS)
    assert "cannot be created" in told(panel)
    assert not panel.outcome.isVisible()
