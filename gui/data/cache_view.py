"""What prepared data takes on this computer, and a button that frees it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from engine.data import cache
from gui.widgets import icons
from gui.widgets.background import Background, Progress
from gui.widgets.labels import label


class CacheView(QWidget):
    """Looks, in the background, each time it is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = Background(self)
        self._work.finished.connect(self._show)
        self._work.failed.connect(lambda message, hint: self.text.setText(f"{message} {hint}".strip()))
        self.text = label("", "muted", self, wraps=True)
        self.clear = QPushButton(icons.icon("trash-2"), "Clear", self)
        self.clear.setToolTip("Remove all prepared data; it is prepared anew when it is needed")
        self.clear.clicked.connect(self._clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def is_reading(self) -> bool:
        return self._work.is_busy

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._work.start(lambda progress: cache.usage())

    def _clear(self) -> None:
        self.clear.setEnabled(False)

        def work(progress: Progress) -> cache.Usage:
            cache.clear()
            return cache.usage()

        self._work.start(work)

    def _show(self, usage: cache.Usage) -> None:
        kept = f"{_size(usage.size)} of at most {_size(usage.limit)}" if usage.size else "None at present"
        self.text.setText(f"Large data is prepared once and kept, so that the next training begins at once. {kept}.")
        self.text.setToolTip(str(usage.folder))
        self.clear.setEnabled(bool(usage.size))


def _size(count: int) -> str:
    """Bytes as people read them: "1.2 GB"."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
