"""Drives the program in a real window as a person does: xdotool's mouse and keyboard on an X display.

The story runs in a thread, so that dialogs and drags may block the GUI thread as they do for a user. What the story
needs to see (where a widget is, what it shows) it asks the GUI thread for, which works inside dialogs and drags too.
"""

import queue
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

T = TypeVar("T")
PAUSE = 0.03


class _Calls(QObject):
    """Runs functions on the GUI thread for other threads."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(lambda call: call(), Qt.ConnectionType.QueuedConnection)


class Hand:
    """A person at the machine. All methods are called from the story's thread."""

    def __init__(self, window: QWidget, shots: Path) -> None:
        self.window = window
        self.shots = shots
        self._calls = _Calls()

    def see(self, look: Callable[[], T]) -> T:
        """What `look`, run on the GUI thread, returns."""
        answers: queue.Queue[tuple[bool, object]] = queue.Queue()

        def call() -> None:
            try:
                answers.put((True, look()))
            except Exception as error:  # noqa: BLE001 - handed over to the story's thread
                answers.put((False, error))

        self._calls.asked.emit(call)
        succeeded, answer = answers.get(timeout=60)
        if not succeeded:
            raise answer  # type: ignore[misc]
        return answer  # type: ignore[return-value]

    def wait(self, look: Callable[[], T], what: str, seconds: float = 60) -> T:
        """Look again and again until there is something to see; fail with `what` was awaited."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := self.see(look):
                return found
            time.sleep(0.05)
        raise AssertionError(f"waited {seconds:g} s in vain for {what}")

    def find(self, kind: type[T], name: str) -> T:
        """The visible widget with that object name; a button also by its text, or what screen readers call it."""

        def look() -> T | None:
            for widget in QApplication.allWidgets():
                if isinstance(widget, kind) and widget.isVisible() and name in _names(widget):
                    return widget
            return None

        return self.wait(look, f"a visible {kind.__name__} named {name!r}", 20)

    def move(self, point: QPoint) -> None:
        self._xdotool("mousemove", point.x(), point.y())

    def click(self, target: QWidget | QPoint, button: int = 1, times: int = 1) -> None:
        self.move(self.center(target))
        self._xdotool("click", "--repeat", times, "--delay", 60, button)

    def drag(self, start: QWidget | QPoint, end: QWidget | QPoint) -> None:
        """Press, move in a dozen small steps, release: what a drag and drop needs to be taken for one."""
        first, last = self.center(start), self.center(end)
        self.move(first)
        self._xdotool("mousedown", 1)
        steps = 14
        for step in range(1, steps + 1):
            self.move(first + (last - first) * step / steps)
            time.sleep(PAUSE)
        self.move(last + QPoint(1, 0))
        time.sleep(PAUSE)
        self._xdotool("mouseup", 1)
        time.sleep(4 * PAUSE)

    def scroll_down(self) -> None:
        """Turn the wheel by one notch."""
        self._xdotool("click", 5)
        time.sleep(PAUSE)

    def key(self, *keys: str) -> None:
        """Press keys by X names: "ctrl+s", "Return"."""
        self._focus()
        self._xdotool("key", "--delay", 40, *keys)

    def type(self, text: str) -> None:
        self._focus()
        self._xdotool("type", "--delay", 15, text)

    def _focus(self) -> None:
        """Give the keyboard to the dialog that is open, else to the window: what a window manager would have done."""
        top = self.see(lambda: int((QApplication.activeModalWidget() or self.window).winId()))
        self._xdotool("windowfocus", "--sync", top)

    def center(self, target: QWidget | QPoint) -> QPoint:
        """The middle of a widget on the screen, in the pixels that xdotool counts."""
        if isinstance(target, QPoint):
            return target
        return self.see(lambda: scaled(target.mapToGlobal(target.rect().center()), target))

    def item(self, view: QWidget, rect: QRect) -> QPoint:
        """The middle of a rectangle in a view's viewport, on the screen."""
        viewport = view.viewport()  # type: ignore[attr-defined]
        return self.see(lambda: scaled(viewport.mapToGlobal(rect.center()), viewport))

    def trigger(self, action: QAction) -> None:
        """Use an action by its keyboard shortcut."""
        self.key(self.see(lambda: action.shortcut().toString().lower().replace("return", "Return")))

    def shoot(self, name: str) -> Path:
        """A picture of the whole screen."""
        path = self.shots / f"{name}.png"
        time.sleep(0.3)
        self.see(lambda: self.window.screen().grabWindow(0).save(str(path)))
        return path

    @staticmethod
    def _xdotool(*arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], check=True)


def scaled(point: QPoint, widget: QWidget) -> QPoint:
    """A point in Qt's coordinates, in real pixels."""
    return point * widget.devicePixelRatioF()


def _names(widget: object) -> set[str]:
    names = {widget.objectName()}  # type: ignore[attr-defined]
    if isinstance(widget, QAbstractButton):
        names |= {widget.text().replace("&", ""), widget.accessibleName()}
    return names


def tell(story: Callable[[Hand], None], window: QWidget, shots: Path) -> int:
    """Run a story on a shown window to its end; 0 if it held. The window is closed without questions."""
    shots.mkdir(parents=True, exist_ok=True)
    hand = Hand(window, shots)
    outcome: list[int] = []

    def run() -> None:
        try:
            hand.wait(lambda: window.windowHandle() and window.windowHandle().isExposed(), "the window")
            story(hand)
            outcome.append(0)
        except BaseException:  # noqa: BLE001 - reported, with a picture of how it looked
            traceback.print_exc()
            hand.shoot("failed")
            outcome.append(1)
        finally:
            hand.see(lambda: QApplication.exit(outcome[0]))

    thread = threading.Thread(target=run, name="story")
    thread.start()
    code = QApplication.exec()
    thread.join()
    sys.stdout.flush()
    return code
