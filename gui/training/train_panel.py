"""The train panel: how the training stands, its options, and earlier runs."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from gui.document import Document
from gui.session import Session
from gui.training.run_list import RunList
from gui.training.train_options import TrainOptions
from gui.training.train_status import TrainStatus

_WIDE = 700
"""From this width on the three parts stand side by side."""


class TrainPanel(QWidget):
    """Three parts, below each other in a narrow dock and side by side in a wide one."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        content = QWidget(self)
        self.status = TrainStatus(document, session, content)
        self.options = TrainOptions(document, content)
        self.runs = RunList(session, content)
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._parts.setContentsMargins(10, 8, 10, 8)
        self._parts.setSpacing(14)
        for part in (self.status, self.options, self.runs):
            self._parts.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        self._parts.addStretch(0)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self._arrange(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(event.size().width())

    def _arrange(self, width: int) -> None:
        is_wide = width >= _WIDE
        directions = QBoxLayout.Direction
        self._parts.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        for place in range(3):
            self._parts.setStretch(place, int(is_wide))
        self._parts.setStretch(3, int(not is_wide))
