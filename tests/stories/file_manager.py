"""A desktop's file manager, as far as dragging goes: a window in the upper left corner with files to drag out of it.

    python -m tests.stories.file_manager PATH...
"""

import sys
from collections.abc import Iterable

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem

ROW = 26
WIDTH = 160


class Files(QListWidget):
    """One row a file, `ROW` pixels high."""

    def __init__(self, paths: Iterable[str]) -> None:
        super().__init__()
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setDragEnabled(True)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for path in paths:
            item = QListWidgetItem(path.rpartition("/")[2], self)
            item.setData(Qt.ItemDataRole.UserRole, path)
        self.setUniformItemSizes(True)
        self.setStyleSheet(f"QListWidget::item {{ height: {ROW}px; }}")
        self.setGeometry(0, 0, WIDTH, ROW * self.count())

    def mimeData(self, items: Iterable[QListWidgetItem]) -> QMimeData:
        """The dragged files, as every desktop hands them over."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(item.data(Qt.ItemDataRole.UserRole)) for item in items])
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    files = Files(sys.argv[1:])
    files.show()
    sys.exit(application.exec())
