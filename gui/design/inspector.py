"""The inspector: settings, shapes, costs and problems of what is selected; nothing selected shows the whole project."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from gui.design.node_inspector import NodeInspector
from gui.design.project_inspector import ProjectInspector, SelectionInspector
from gui.document import Document
from gui.session import Session


class Inspector(QWidget):
    """Follows the selection of the document."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.node = NodeInspector(document, session)
        self.selection = SelectionInspector(document)
        self.project = ProjectInspector(document, session)
        self._guest: QWidget | None = None
        self._stack = QStackedLayout(self)
        for page in (self.project, self.node, self.selection):
            self._stack.addWidget(_scrolling(page, fills=page is self.project))
        document.changed.connect(self._refresh)
        document.shown_changed.connect(self._refresh)
        document.selection_changed.connect(self._refresh)
        self._refresh()

    def add_page(self, page: QWidget) -> QWidget:
        """Take in somebody else's page, for `show_instead`."""
        area = _scrolling(page, fills=False)
        self._stack.addWidget(area)
        return area

    def show_instead(self, area: QWidget | None) -> None:
        """Show an added page while nothing is selected; None: the project again."""
        self._guest = area
        self._refresh()

    def _refresh(self) -> None:
        selected = sorted(self._document.selection)
        page = (self.project, self.node, self.selection)[min(len(selected), 2)]
        if page is self.node:
            self.node.show_node(selected[0])
        else:
            page.refresh()
        self._stack.setCurrentIndex(min(len(selected), 2))
        if self._guest is not None and not selected:
            self._stack.setCurrentWidget(self._guest)


def _scrolling(page: QWidget, *, fills: bool) -> QScrollArea:
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(12, 10, 12, 12)
    column.addWidget(page, 1)
    if not fills:
        column.addStretch(1000)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area
