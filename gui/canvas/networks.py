"""What can be done with the networks of a project: each is one undo step, and what cannot be done is told."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from engine import composition, grouping
from engine.analysis.library import placed
from engine.errors import EngineError
from engine.layers.networks import COMPOSITES
from engine.plan import address
from engine.project import Project
from gui.canvas.trail import Trail
from gui.document import Document

LOOPED = frozenset(("Loop",))
"""What can be stepped through."""


class Networks(QObject):
    """The verbs of tabs and placed networks.

    refused(message, hint): something cannot be done; the texts say why and what to do, and must be seen.
    told(str): something was done that is easily overlooked, and how it is undone.
    rename_wanted: the user wants to give the shown network another name.
    begun: a new network is shown, to be drawn.
    steps_wanted(address): the user wants to see the steps of a Loop, given as `engine.plan.address` does.
    """

    refused = Signal(str, str)
    told = Signal(str)
    rename_wanted = Signal()
    begun = Signal()
    steps_wanted = Signal(str)

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self.trail = Trail(document, self)

    def new_network(self) -> None:
        """Add an empty network, and show it."""
        name = composition.free_graph_name(self._document.project)
        self._edit(f"Add {name}", lambda project: composition.add_graph(project, name), shown=name)
        self.begun.emit()

    def group_network(self) -> None:
        self._group("Network")

    def group_block(self) -> None:
        self._group("Block")

    def ungroup(self) -> None:
        """Put the layers of the selected network in its place."""
        shown, node_id = self._document.shown, self.selected(COMPOSITES)
        made: list[str] = []
        if not node_id:
            self.refused.emit("There is nothing to ungroup.", "Select one Network or Block of this project first.")
            return

        def edit(project: Project) -> Project:
            after, fresh = grouping.ungroup(project, shown, node_id)
            made.extend(fresh)
            return after

        if self._edit(f"Ungroup {self._document.graph.node(node_id).name}", edit):
            self._document.select(made)

    def enter(self) -> None:
        """Show the network that the selected node places."""
        if node_id := self.selected(COMPOSITES):
            self.trail.enter(node_id)

    def leave(self) -> None:
        """Go back to where one came from."""
        self.trail.leave()

    def step_through(self) -> None:
        """Show the steps of the selected Loop, as the trained network computes them."""
        if node_id := self.selected(LOOPED):
            self.steps_wanted.emit(address(self._document.shown, node_id))

    def next_network(self) -> None:
        self._step(1)

    def previous_network(self) -> None:
        self._step(-1)

    def rename_network(self) -> None:
        self.rename_wanted.emit()

    def remove_network(self) -> None:
        self.remove(self._document.shown)

    def rename(self, old: str, new: str) -> None:
        shown = new if self._document.shown == old else ""
        self._edit(f"Rename {old} to {new}", lambda project: composition.rename_graph(project, old, new),
                   shown=" ".join(shown.split()))

    def duplicate(self, name: str) -> None:
        copy = composition.free_graph_name(self._document.project, name)
        self._edit(f"Duplicate {name}", lambda project: composition.duplicate_graph(project, name, copy), shown=copy)

    def remove(self, name: str) -> None:
        """Remove a network; the tab beside it is shown if it was the shown one."""
        names = list(self._document.project.graphs)
        place = names.index(name)
        beside = (names[place - 1:place] or names[1:2] or [name])[0]
        shown = beside if self._document.shown == name else ""
        if self._edit(f"Remove {name}", lambda project: composition.remove_graph(project, name), shown=shown):
            self.told.emit(f"{name} is no longer in the project. Ctrl+Z brings it back.")

    def reorder(self, names: Iterable[str]) -> None:
        order, first = list(names), self._document.project.main
        if self._edit("Reorder networks", lambda project: composition.reorder_graphs(project, order)) and (
            order[0] != first
        ):
            self.told.emit(f"{order[0]} is the first network now: it is the one that is tested, tried and exported.")

    def selected(self, types: frozenset[str]) -> str:
        """The one selected node, if it is of one of these types and places a network of the project; else ""."""
        selection = self._document.selection
        if len(selection) != 1:
            return ""
        node = self._document.graph.node(next(iter(selection)))
        return node.id if node.type in types and placed(node) in self._document.project.graphs else ""

    def _step(self, way: int) -> None:
        """Show the network so many tabs on; the first comes after the last."""
        names = list(self._document.project.graphs)
        self._document.show(names[(names.index(self._document.shown) + way) % len(names)])

    def _group(self, type: str) -> None:
        """Put a network or block in the place of the selected layers, and select it."""
        document = self._document
        name, chosen, made = composition.free_graph_name(document.project, type), document.selection, ""

        def edit(project: Project) -> Project:
            nonlocal made
            after, made = grouping.make_network(project, document.shown, chosen, type, name)
            return after

        if self._edit(f"Group {len(chosen)} layers into {name}" if len(chosen) > 1 else f"Group into {name}", edit):
            document.select((made,))

    def _edit(self, text: str, edit: Callable[[Project], Project], shown: str = "") -> bool:
        """Make an edit as one undo step; whether it could be done."""
        try:
            after = edit(self._document.project)
        except EngineError as error:
            self.refused.emit(error.message, error.hint)
            return False
        self._document.edit(text, after, shown=shown)
        return True
