"""A stand-in for the desktop: a window of its own process with files and folders that can be dragged elsewhere.

Run on an X display: python -m tests.stories.desktop LEFT TOP PATH...   Each path is a row of ROW logical pixels.
"""

import sys

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

ROW, WIDTH = 24, 160


class _Icon(QLabel):
    """One file. Moving it with the button pressed drags it, as file managers do."""

    def __init__(self, path: str) -> None:
        super().__init__(path.rstrip("/").rpartition("/")[2])
        self._path = path
        self.setFixedHeight(ROW)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            mime = QMimeData()
            mime.setUrls([QUrl.fromLocalFile(self._path)])
            drag = QDrag(self)
            drag.setMimeData(mime)
            drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.CopyAction)


def place_of(row: int, corner: QPoint) -> QPoint:
    """The middle of a row, for a desktop whose corner lies there."""
    return corner + QPoint(WIDTH // 2, row * ROW + ROW // 2)


def main(arguments: list[str]) -> int:
    application = QApplication([])
    window = QWidget()
    window.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for path in arguments[2:]:
        column.addWidget(_Icon(path))
    column.addStretch(1)
    window.setGeometry(int(arguments[0]), int(arguments[1]), WIDTH, ROW * len(arguments[2:]) + 2)
    window.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
