"""The train panel: how the training stands, its options, and earlier runs."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QWidget

from gui.document import Document
from gui.run_list import RunList
from gui.session import Session
from gui.train_options import TrainOptions
from gui.train_status import TrainStatus

_WIDE = 700
"""From this width on the three parts stand side by side."""


class TrainPanel(QScrollArea):
    """Three parts, below each other in a narrow dock and side by side in a wide one."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget(self)
        self.status = TrainStatus(session, content)
        self.options = TrainOptions(document, content)
        self.runs = RunList(session, content)
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._parts.setContentsMargins(10, 8, 10, 8)
        self._parts.setSpacing(16)
        for part in (self.status, self.options, self.runs):
            self._parts.addWidget(part, 1, Qt.AlignmentFlag.AlignTop)
        self.setWidget(content)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE
        self._parts.setDirection(
            QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)
