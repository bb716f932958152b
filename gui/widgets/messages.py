"""Messages to the user: plain words, what to do next, and no alarm."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.errors import EngineError
from gui.widgets import icons, theme

_ICON_SIZE = 32


def show_error(parent: QWidget, title: str, error: EngineError) -> QMessageBox:
    """Say that an operation failed, with its hint. Returns at once; the window goes on behind it."""
    return show(parent, title, error.message, error.hint)


def show(parent: QWidget, title: str, message: str, hint: str = "") -> QMessageBox:
    """Say something. Returns at once."""
    box = _box(parent, title, message, hint, icon="circle-alert", color=theme.colors().warning)
    box.addButton(QMessageBox.StandardButton.Ok)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


def ask(parent: QWidget, title: str, message: str, hint: str, answers: tuple[str, ...], *, cancel: str = "Cancel",
        destructive: str = "") -> str:
    """Ask and wait; the answer that was chosen, "" for `cancel`, Escape and closing. The first is the default."""
    box = _box(parent, title, message, hint, icon="circle-question-mark", color=theme.colors().accent)
    buttons = {}
    for answer in answers:
        role = QMessageBox.ButtonRole.DestructiveRole if answer == destructive else QMessageBox.ButtonRole.AcceptRole
        buttons[answer] = box.addButton(answer, role)
    refusal = box.addButton(cancel, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(buttons[answers[0]])
    box.setEscapeButton(refusal)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    return next((answer for answer, button in buttons.items() if button is clicked), "")


def _box(parent: QWidget, title: str, message: str, hint: str, *, icon: str, color: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(message)
    box.setInformativeText(hint)
    box.setIconPixmap(icons.icon(icon, color).pixmap(_ICON_SIZE, _ICON_SIZE))
    return box
