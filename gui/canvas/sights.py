"""How each network was looked at last: its zoom and place, kept while others are shown."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from engine.graph import Graph

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView


class Sights:
    """Remembers the sight of each network by its name; a network that was never shown is shown whole."""

    def __init__(self, view: "CanvasView") -> None:
        self._view = view
        self._known: dict[str, tuple[float, QPointF]] = {}
        self._shown: tuple[str, Graph] = (view.document.shown, view.document.graph)

    def change(self) -> None:
        """The document shows another graph, and the scene, too. One that was only renamed stays as it is seen."""
        view, document = self._view, self._view.document
        (name, graph), graphs = self._shown, document.project.graphs
        self._known[name] = (view.zoom, view.mapToScene(view.viewport().rect().center()))
        self._known = {name: sight for name, sight in self._known.items() if name in graphs}
        self._shown = (document.shown, document.graph)
        if document.graph is graph and name not in graphs:
            return
        if document.shown in self._known:
            zoom, center = self._known[document.shown]
            view.set_zoom(zoom)
            view.centerOn(center)
        else:
            view.commands.fit_all()

    def forget(self) -> None:
        """Another document was opened: show its network whole."""
        self._known = {}
        self._shown = (self._view.document.shown, self._view.document.graph)
        self._view.commands.fit_all()
