"""The application: one QApplication, one window, and a net under both. Never imports torch."""

import signal
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

import engine
from engine import folders, storage
from engine.errors import EngineError
from engine.project import RESOURCES
from gui import files
from gui.main_window import MainWindow
from gui.widgets import messages, settings, theme

DESKTOP_ID = "io.github.neuroloom.Neuroloom"
WARM_AFTER_MS = 1_500
"""Idle time after the start before the worker is started: the window comes first."""


def create_application(arguments: Sequence[str]) -> QApplication:
    """The application with style, theme, fonts and name set. Call once."""
    QGuiApplication.setDesktopFileName(DESKTOP_ID)
    app = QApplication([DESKTOP_ID, *arguments])
    app.setApplicationName("neuroloom")
    app.setApplicationDisplayName("Neuroloom")
    app.setApplicationVersion(engine.__version__)
    app.setWindowIcon(QIcon(str(RESOURCES / "neuroloom.svg")))
    app.setStyle("Fusion")
    theme.apply(app, settings.remembered("theme", "system"))
    return app


def create_window(path: Path | None) -> MainWindow:
    """The window with a project, not yet shown; without a path, with the example, ready to train."""
    window = MainWindow()
    if path is None or not window.files.open(path):
        window.files.new_from(files.EXAMPLE)
    return window


def run(path: Path | None = None) -> int:
    """Show the window until it is closed; the exit code."""
    app = create_application(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal ends it; unsaved work is then recovered
    window = create_window(path)
    sys.excepthook = Reporter(window)
    window.show()
    QTimer.singleShot(0, window, window.offer_recovery)
    QTimer.singleShot(WARM_AFTER_MS, window, window.session.warm)
    code = app.exec()
    window.deleteLater()
    return code


class Reporter:
    """Reports a fault of the program: the work is written to the recovery file first, then the user is told, once."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._is_reporting = False

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if self._is_reporting or not issubclass(kind, Exception):
            return
        self._is_reporting = True
        self._window.recovery.write()
        text = "".join(traceback.format_exception(kind, error, trace))
        hint = "Your work is safe: go on, or save and start Neuroloom again."
        box = messages.show(self._window, "A fault in Neuroloom", "Something went wrong that should not have.",
                            f"{hint}\n{_kept(text)}")
        box.setDetailedText(text)
        box.finished.connect(self._done)

    def _done(self) -> None:
        self._is_reporting = False


def _kept(report: str) -> str:
    """Writes a fault report to a file and says where it lies."""
    folder = folders.data() / "faults"
    path = folder / f"{datetime.now():%Y%m%d-%H%M%S}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        storage.write(path, f"Neuroloom {engine.__version__}, Python {sys.version}\n{report}".encode())
    except (EngineError, OSError):
        return "The report below helps to mend it."
    return f"The report below helps to mend it; it is also in {path}."
