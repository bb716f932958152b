"""Files as a person uses them: new, open, save, and never losing work by mistake."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from engine import projectfile
from gui import files
from gui.main_window import MainWindow
from gui.widgets import settings
from tests.gui.dialogs import answer, choose, messages_of, opened


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    with opened(qtbot) as window:
        yield window


def test_new_is_empty_and_untitled(window: MainWindow) -> None:
    window.actions_by_id["new"].trigger()
    assert window.document.graph.nodes == ()
    assert window.windowTitle() == "Untitled[*] – Neuroloom"
    assert not window.isWindowModified()


def test_templates_are_named_in_words(window: MainWindow) -> None:
    entries = [action.text() for menu in window.findChildren(QMenu) for action in menu.actions()]
    assert {"Perceptron", "Convolutional network (CNN)", "Recurrent network (LSTM)"} <= set(entries)


def test_a_template_opens_untitled_and_unmodified(window: MainWindow) -> None:
    assert files.EXAMPLE in files.templates()
    for template in files.templates():
        window.files.new_from(template)
        assert window.document.path is None
        assert window.document.project == projectfile.load(template)
        assert not window.isWindowModified()


def test_save_asks_for_a_name_once_and_adds_the_suffix(window: MainWindow, tmp_path: Path) -> None:
    window.canvas.add_layer("Linear")
    assert window.isWindowModified()
    choose(tmp_path / "mine.neuroloom")
    window.actions_by_id["save"].trigger()
    assert window.windowTitle() == "mine[*] – Neuroloom"
    assert not window.isWindowModified()
    assert projectfile.load(tmp_path / "mine.neuroloom") == window.document.project
    window.canvas.add_layer("ReLU")
    window.actions_by_id["save"].trigger()
    assert projectfile.load(tmp_path / "mine.neuroloom") == window.document.project
    assert settings.recent_files() == [str(tmp_path / "mine.neuroloom")]


def test_cancelling_save_as_saves_nothing(window: MainWindow, tmp_path: Path) -> None:
    window.canvas.add_layer("Linear")
    choose(None)
    assert not window.files.save()
    assert window.isWindowModified()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("leave", [
    lambda window: window.files.new(),
    lambda window: window.files.new_from(files.EXAMPLE),
    lambda window: window.files.open(files.EXAMPLE),
], ids=["new", "template", "open"])
def test_unsaved_work_is_kept_on_cancel_and_given_up_on_discard(
    window: MainWindow, leave: Callable[[MainWindow], object]
) -> None:
    window.canvas.add_layer("Linear")
    project = window.document.project
    asked = answer("Cancel")
    leave(window)
    assert window.document.project is project
    assert "Untitled" in asked[0]
    answer("Discard")
    leave(window)
    assert window.document.project != project


def test_closing_asks_and_save_saves(window: MainWindow, tmp_path: Path) -> None:
    window.files.open(files.EXAMPLE)
    window.document.save(tmp_path / "p.neuroloom")
    window.canvas.add_layer("Linear")
    answer("Cancel")
    assert not window.close()
    assert window.isVisible()
    answer("Save")
    assert window.close()
    assert projectfile.load(tmp_path / "p.neuroloom") == window.document.project


def test_a_broken_file_leaves_the_document_and_says_why(window: MainWindow, tmp_path: Path) -> None:
    window.files.new_from(files.EXAMPLE)
    project = window.document.project
    broken = tmp_path / "broken.neuroloom"
    whole = files.EXAMPLE.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    assert not window.files.open(broken)
    assert window.document.project is project
    (box,) = messages_of(window)
    assert "broken.neuroloom" in box.text()
    assert settings.recent_files() == []
    box.close()


def test_a_file_that_is_gone_leaves_the_recent_list(window: MainWindow, tmp_path: Path) -> None:
    settings.add_recent_file(str(tmp_path / "gone.neuroloom"))
    assert not window.files.open(tmp_path / "gone.neuroloom")
    assert settings.recent_files() == []
    (box,) = messages_of(window)
    box.close()


def test_a_place_that_cannot_be_written_keeps_the_work(window: MainWindow, tmp_path: Path) -> None:
    window.canvas.add_layer("Linear")
    choose(tmp_path / "missing" / "p.neuroloom")
    assert not window.files.save()
    assert window.isWindowModified()
    for box in messages_of(window):
        box.close()


def test_a_project_dropped_on_the_window_is_opened(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "dropped.neuroloom"
    path.write_bytes(files.EXAMPLE.read_bytes())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))
    assert window.document.path == path
