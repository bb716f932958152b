"""The middle of the window: a tab for each network, the way one came, and the canvas."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from gui.canvas.graph_tabs import LONGEST_NAME, GraphTabs
from gui.canvas.trail import Trail
from gui.canvas.view import CanvasView
from gui.document import Document
from gui.widgets import icons
from gui.widgets.labels import label, one_line


class Workspace(QWidget):
    """Tabs over the canvas of a document; a line between them says through which networks one came in."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = CanvasView(document, self)
        self.setFocusProxy(self.canvas)
        self.tabs = GraphTabs(document, self.canvas.networks, self)
        self.breadcrumb = Breadcrumb(document, self.canvas.networks.trail, self)
        self.add_button = QToolButton(self)
        self.add_button.setDefaultAction(self.canvas.actions()["new_network"])
        self.add_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.add_button.setAutoRaise(True)
        self.add_button.setIcon(icons.icon("plus"))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 6, 0)
        row.setSpacing(2)
        row.addWidget(self.tabs)
        row.addWidget(self.add_button)
        row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(row)
        self._column.addWidget(self.breadcrumb)
        self._column.addWidget(self.canvas, 1)

    def put_below(self, widget: QWidget) -> None:
        """Show something between the canvas and the panels below."""
        self._column.addWidget(widget)


class Breadcrumb(QFrame):
    """From the outermost network to the shown one; a click goes back there. Hidden where no way was gone."""

    def __init__(self, document: Document, trail: Trail, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("breadcrumb")
        self.setAccessibleName("Where the shown network was opened from")
        self._document, self._trail = document, trail
        self._buttons: list[QToolButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 8, 2)
        self._row.setSpacing(5)
        trail.changed.connect(self._refresh)
        document.changed.connect(self._refresh)
        self._refresh()

    @property
    def names(self) -> list[str]:
        """What is written in the line, from left to right."""
        return [*(name for name, _ in self._trail.steps), self._document.shown]

    def button(self, number: int) -> QToolButton:
        """What leads back to a step of the trail."""
        return self._buttons[number]

    def _refresh(self) -> None:
        while item := self._row.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._buttons = [self._made_button(number) for number in range(len(self._trail.steps))]
        for button in self._buttons:
            self._row.addWidget(button)
            self._row.addWidget(label("›", "muted", self))
        self._row.addWidget(label(one_line(self._document.shown, LONGEST_NAME), "", self))
        self._row.addStretch(1)
        self.setVisible(bool(self._trail.steps))

    def _made_button(self, number: int) -> QToolButton:
        name, node_id = self._trail.steps[number]
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setText(one_line(name, LONGEST_NAME).replace("&", "&&"))
        placement = self._document.project.graphs[name].node(node_id).name
        button.setToolTip(f"Back to {name}, to the node {placement}")
        button.clicked.connect(partial(self._trail.leave, number))
        return button
