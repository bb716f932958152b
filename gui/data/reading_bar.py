"""How far the reading of the disk is, with a button that ends it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from gui.widgets import icons


class ReadingBar(QWidget):
    """Hidden while nothing is read. cancelled: the user wants no more of it."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Reading")
        self.cancel = QToolButton(self)
        self.cancel.setIcon(icons.icon("x"))
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Stop reading")
        self.cancel.setAccessibleName("Stop reading")
        self.cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 0)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        self.hide()

    def show_share(self, share: float) -> None:
        """Show the finished share, 0 to 1."""
        self.show()
        self.progress.setValue(round(1000 * share))
