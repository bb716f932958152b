"""The legend of a chart: a line above the curves, never on them. It names, reads out and switches the curves."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QToolButton, QWidget

from gui.widgets import theme
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import ElidedLabel


class Legend(QWidget):
    """A title and one switch a curve with its value.

    toggled(key): a curve was switched on or off with the mouse.
    """

    toggled = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel("title", self)
        self._entries: dict[str, _Entry] = {}
        self._row = FlowLayout(self, spacing=2)
        self._row.setContentsMargins(6, 2, 6, 0)
        self._row.addWidget(self._title)

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def set_entry(self, key: str, name: str, color: QColor) -> None:
        """Add a curve, or give it another colour."""
        if key not in self._entries:
            entry = _Entry(self)
            entry.clicked.connect(lambda: self.toggled.emit(key))
            self._row.addWidget(entry)
            self._entries[key] = entry
        self._entries[key].set_name(name, color)

    def set_value(self, key: str, value: str) -> None:
        self._entries[key].set_value(value)

    def is_on(self, key: str) -> bool:
        return self._entries[key].isChecked()

    def text(self, key: str) -> str:
        """What an entry reads: "Training 0.4123"."""
        return self._entries[key].text()

    def restyle(self) -> None:
        for entry in self._entries.values():
            entry.restyle()


class _Entry(QToolButton):
    """A switch with the colour of its curve."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._value, self._color = "", "", QColor()
        self.setCheckable(True)
        self.setChecked(True)
        self.setAutoRaise(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.toggled.connect(self.restyle)

    def set_name(self, name: str, color: QColor) -> None:
        self._name, self._color = name, color
        self.setToolTip(f"Show or hide {name.lower()}")
        self.setAccessibleName(f"{name} curve")
        self.set_value(self._value)
        self.restyle()

    def set_value(self, value: str) -> None:
        self._value = value
        self.setText(f"● {self._name} {value}".rstrip())

    def restyle(self) -> None:
        color = self._color.name() if self.isChecked() else theme.colors().muted
        line = "none" if self.isChecked() else "line-through"
        self.setStyleSheet(
            "QToolButton, QToolButton:checked { border: none; background: transparent; padding: 1px;"
            f" font-size: 12px; color: {color}; text-decoration: {line}; }}"
        )
