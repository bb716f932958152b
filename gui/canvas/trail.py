"""The way into the graph that is shown: from graph to graph, through the nodes that place them."""

from itertools import pairwise

from PySide6.QtCore import QObject, Signal

from engine.analysis.library import placed
from gui.document import Document

Step = tuple[str, str]
"""A graph, and the node of it through which one went on."""


class Trail(QObject):
    """Remembers where one came from while one goes deeper; who goes elsewhere by a tab starts anew.

    changed: `steps` are others.
    """

    changed = Signal()

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._steps: tuple[Step, ...] = ()
        document.changed.connect(self._follow)
        document.shown_changed.connect(self._follow)

    @property
    def steps(self) -> tuple[Step, ...]:
        """From the outermost graph inwards; the graph that is shown comes after the last one."""
        return self._steps

    def enter(self, node_id: str) -> None:
        """Show the graph that a node of the shown graph places; nothing if the project does not have it."""
        name = placed(self._document.graph.node(node_id))
        if name in self._document.project.graphs and name != self._document.shown:
            self._go((*self._steps, (self._document.shown, node_id)), name)

    def leave(self, number: int = -1) -> None:
        """Go back to a step, the last one by default; the node one went through is selected."""
        if self._steps:
            name, node_id = self._steps[number]
            self._go(self._steps[:number], name, node_id)

    def _go(self, steps: tuple[Step, ...], name: str, node_id: str = "") -> None:
        self._steps = steps
        self._document.show(name, (node_id,))
        self.changed.emit()

    def _follow(self) -> None:
        """Another graph is shown, or a node on the way is gone: then there is no way back."""
        graphs = self._document.project.graphs
        ends = (*(name for name, _ in self._steps), self._document.shown)
        holds = all(
            outer in graphs and node_id in graphs[outer] and placed(graphs[outer].node(node_id)) == inner
            for (outer, inner), (_, node_id) in zip(pairwise(ends), self._steps, strict=True))
        if not holds:
            self._steps = ()
            self.changed.emit()
