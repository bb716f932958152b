"""What every test of the window is held to: it leaves no thread, widget or timer behind."""

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.canvas.view import CanvasView
from gui.document import Document
from tests.gui.canvas_driver import Driver
from tests.gui.dialogs import active
from tests.gui.trained import (  # noqa: F401 - fixtures of all tests here
    generator_run,
    looped_run,
    new_document,
    session,
    trained_runs,
    translation_run,
    two_targets_run,
)


@pytest.fixture(autouse=True)
def nothing_leaks(qapp: QApplication) -> Iterator[None]:
    """Fails a test after which threads, top-level widgets or running timers are left over."""
    threads = set(threading.enumerate())
    widgets = set(map(id, QApplication.topLevelWidgets()))
    gc.freeze()  # what is there already, perhaps all of torch, is neither collected nor looked through again
    yield
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        qapp.processEvents()
        gc.collect()
    started = (t for t in threading.enumerate() if t not in threads)
    left_threads = [t.name for t in started if not isinstance(t, threading._DummyThread)]
    left_widgets = [w for w in QApplication.topLevelWidgets() if id(w) not in widgets]
    left_timers = [t for t in gc.get_objects() if issubclass(type(t), QTimer) and _is_running(t)]
    assert not left_threads, f"threads left: {left_threads}"
    assert not left_widgets, f"widgets left: {left_widgets}"
    assert not left_timers, f"timers left: {[(t, t.parent()) for t in left_timers]}"


def _is_running(timer: QTimer) -> bool:
    try:
        return timer.isActive()
    except RuntimeError:  # the C++ object is gone
        return False


@pytest.fixture
def driver(qtbot: QtBot) -> Driver:
    """A canvas of 1000 x 700 pixels on an empty document, with the focus."""
    document = Document()
    view = active(qtbot, CanvasView(document), 1000, 700)
    document.setParent(view)
    view.setFocus()
    return Driver(view)
