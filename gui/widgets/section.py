"""A titled part of a panel that can be folded away."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.widgets import icons

_HEADER_STYLE = """
QToolButton, QToolButton:checked { font-weight: 600; border: none; background: transparent; padding: 3px 0; }
"""


class Section(QWidget):
    """A title with an arrow; a click shows or hides the content below it."""

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None, *, is_open: bool = True) -> None:
        super().__init__(parent)
        self.content = content
        self.header = QToolButton(self)
        self.header.setText(title)
        self.header.setCheckable(True)
        self.header.setChecked(is_open)
        self.header.setAutoRaise(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.setStyleSheet(_HEADER_STYLE)
        self.header.toggled.connect(self._fold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.header)
        column.addWidget(content)
        self._fold(is_open)

    def _fold(self, is_open: bool) -> None:
        self.header.setIcon(icons.icon("chevron-down" if is_open else "chevron-right"))
        self.content.setVisible(is_open)
