"""Opens windows and answers dialogs as a person does: waits until one comes up, and presses a button of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow

AnyWidget = TypeVar("AnyWidget", bound=QWidget)


def active(qtbot: QtBot, widget: AnyWidget, width: int, height: int) -> AnyWidget:
    """A widget of so many pixels as a window of its own, which is the active one."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
    return widget


@contextmanager
def opened(qtbot: QtBot) -> Iterator[MainWindow]:
    """A shown window, closed without questions at the end, when what it had begun beside itself has ended too."""
    window = MainWindow()
    window.show()
    try:
        yield window
    finally:
        window.document.undo_stack.setClean()
        window.close()
        window.deleteLater()
        qtbot.waitUntil(lambda: not any(t.name == "background" for t in threading.enumerate()), timeout=20_000)


def answer(button: str) -> list[str]:
    """Press a button of the question that comes up next; what was asked is in the list that is returned."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, press)
            return
        asked.append(f"{box.text()} {box.informativeText()}")
        next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == button).click()

    QTimer.singleShot(0, press)
    return asked


def choose(path: Path | None) -> None:
    """Choose a file in the file dialog that comes up next, or cancel it."""

    def accept() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(10, accept)
        elif path is None:
            dialog.reject()
        else:
            dialog.selectFile(str(path))
            QDialog.accept(dialog) if dialog.fileMode() == QFileDialog.FileMode.AnyFile else dialog.accept()

    QTimer.singleShot(0, accept)


def messages_of(window: QWidget) -> list[QMessageBox]:
    return [box for box in window.findChildren(QMessageBox) if box.isVisible()]
