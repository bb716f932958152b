"""The line in which a node or a network is renamed, laid over its name."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

SMALLEST_WIDTH, SMALLEST_HEIGHT = 120, 24


class RenameEditor(QLineEdit):
    """Enter, or leaving it, keeps the name; Escape does not."""

    def __init__(self, parent: QWidget, title: str = "Name of the layer") -> None:
        super().__init__(parent)
        self.setObjectName("rename_editor")
        self.setAccessibleName(title)
        self._renamed: Callable[[str], object] | None = None
        self.installEventFilter(self)
        self.hide()

    def edit(self, area: QRect, font: QFont, name: str, renamed: Callable[[str], object]) -> None:
        """Show `name` over `area` (in the parent); `renamed` gets what the user makes of it."""
        self._renamed = renamed
        self.setFont(font)
        width, height = max(area.width(), SMALLEST_WIDTH), max(area.height(), SMALLEST_HEIGHT)
        self.setGeometry(area.x(), area.center().y() - height // 2, width, height)
        self.setText(name)
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def finish(self, is_kept: bool) -> None:
        """Close, keeping the name or not."""
        renamed, self._renamed = self._renamed, None
        if renamed is None:
            return
        had_focus = self.hasFocus()
        self.hide()
        if had_focus:
            self.parentWidget().setFocus()
        if is_kept:
            renamed(self.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.FocusOut:
            self.finish(is_kept=True)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
                self.finish(is_kept=True)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.finish(is_kept=False)
                return True
        return False
