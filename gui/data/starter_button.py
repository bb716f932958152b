"""A button that draws a first network for the data."""

from PySide6.QtWidgets import QPushButton, QWidget

from engine.starter import starter_graph
from gui.document import Document
from gui.widgets import icons, messages, theme


class StarterButton(QPushButton):
    """It stands out while the network on the canvas reads nothing of the data. It asks before it replaces a network."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(icons.icon("wand-sparkles"), "Starter network", parent)
        self._document = document
        self.setToolTip("Draw a sensible first network for this data, with the right input and output sizes")
        self.clicked.connect(self._draw)
        document.changed.connect(self._restyle)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        data, graph = self._document.project.data, self._document.project.graph
        names = {column.name for column in data.columns} if data else set()
        fits = any(node.params.get("column") in names for node in graph.nodes if node.type == "Input")
        self.setIcon(icons.icon("wand-sparkles", None if fits else theme.colors().on_accent))
        if self.property("primary") != (not fits):
            self.setProperty("primary", not fits)
            self.style().unpolish(self)
            self.style().polish(self)

    def _draw(self) -> None:
        data = self._document.project.data
        if data is None:
            return
        if self._document.project.graph.nodes and not messages.ask(
            self, "Starter network", "The network is not empty.",
            "The starter network takes the place of what is drawn. Undo brings it back.", ("Replace",),
        ):
            return
        self._document.replace_main("Starter network", starter_graph(data.columns))
