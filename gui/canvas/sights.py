"""How each network was looked at last: its zoom and place, kept while others are shown."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from engine.graph import Graph

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView

ROUNDING = 3
"""So many pixels the view may be off after its height has changed and changed back."""


class Sights:
    """Remembers the sight of each network by its name; a network that was never shown is shown whole."""

    def __init__(self, view: "CanvasView") -> None:
        self._view = view
        self._known: dict[str, tuple[float, QPointF]] = {}
        self._shown: tuple[str, Graph] = (view.document.shown, view.document.graph)
        view.document.changed.connect(self._forget_removed)

    def change(self) -> None:
        """The document shows another graph, and the scene, too. One that was only renamed stays as it is seen."""
        view, document = self._view, self._view.document
        (name, graph), graphs = self._shown, document.project.graphs
        self._remember(name)
        self._forget_removed()
        self._shown = (document.shown, document.graph)
        if document.graph is graph and name not in graphs:
            return
        if document.shown in self._known:
            zoom, center = self._known[document.shown]
            view.set_zoom(zoom)
            view.scroll_by(view.mapFromScene(center) - view.viewport().rect().center())
        else:
            view.commands.fit_all()

    def _remember(self, name: str) -> None:
        """What is seen now. What lies within rounding of how it was left stays as that was, or it would creep."""
        view = self._view
        zoom, center = view.zoom, view.mapToScene(view.viewport().rect().center())
        old_zoom, old_center = self._known.get(name, (0.0, center))
        if zoom != old_zoom or (center - old_center).manhattanLength() * zoom > ROUNDING:
            self._known[name] = (zoom, center)

    def _forget_removed(self) -> None:
        """A network that gets the name of one that is no more was never shown."""
        graphs = self._view.document.project.graphs
        self._known = {name: sight for name, sight in self._known.items() if name in graphs}

    def forget(self) -> None:
        """Another document was opened: show its network whole."""
        self._known = {}
        self._shown = (self._view.document.shown, self._view.document.graph)
        self._view.commands.fit_all()
