"""What a panel shows while it has nothing to show: what will be here, and the one thing to do next."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gui.widgets import icons, theme
from gui.widgets.labels import label

_ICON_SIZE = 32


class EmptyState(QWidget):
    """An icon, a title, a sentence and, where there is one clear next step, its button; below it the second best one.

    clicked, alternative_clicked: the button was pressed.
    """

    clicked = Signal()
    alternative_clicked = Signal()

    def __init__(self, icon: str, title: str, text: str, parent: QWidget | None = None, *, action: str = "",
                 alternative: str = "") -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._icon = QLabel(self)
        self._title, self._text = label("", "title", self, wraps=True), label("", "muted", self, wraps=True)
        self.button = QPushButton(self)
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.clicked)
        self.alternative = QPushButton(alternative, self)
        self.alternative.setVisible(bool(alternative))
        self.alternative.clicked.connect(self.alternative_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(6)
        column.addStretch(1)
        for part in (self._icon, self._title, self._text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(part)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.alternative, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.show_text(title, text, action)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def sizeHint(self) -> QSize:
        """As small as is readable: what stands beside it decides how much room there is."""
        return self.minimumSizeHint().expandedTo(QSize(240, 0))

    def show_text(self, title: str, text: str, action: str = "") -> None:
        """Say something else; `action` names the button, "" leaves it out."""
        self._title.setText(title)
        self._text.setText(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))

    @property
    def text(self) -> str:
        """Everything it says."""
        return f"{self._title.text()} {self._text.text()}"

    def _restyle(self) -> None:
        scale = self.devicePixelRatioF()
        self._icon.setPixmap(icons.pixmap(self._icon_name, _ICON_SIZE, theme.colors().muted, scale))
