"""What the canvas's actions do: each is one edit of the document or one move of the view."""

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtGui import QGuiApplication

from engine.errors import ProjectError
from engine.graph import Edge, Graph
from gui import placeable
from gui.canvas import clipboard
from gui.canvas.edits import Place, beside, can_splice, counted, free_output, new_node, with_layer
from gui.canvas.geometry import CARD_WIDTH, GRID, HEADER, free_spot, snapped
from gui.canvas.ports import PortRef, edge_between
from gui.canvas.wiring import drawn, followers, refusal
from gui.naming import is_free

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView

PASTE_STEP = 3 * GRID
LONGEST_NAME = 60

ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Commands(QObject):
    """The verbs of the canvas. They read selection and graph from the document and edit it."""

    def __init__(self, view: "CanvasView") -> None:
        super().__init__(view)
        self._view = view
        self._document = view.document

    @property
    def _graph(self) -> Graph:
        return self._document.graph

    def add(self, key: str, place: Place | None = None) -> str:
        """Add a layer or network and select it; the id of its node. Without a place: in the view, wired to the selected
        node."""
        library = self._document.library
        entry = placeable.find(library, key)
        if entry is None:
            self._view.message.emit(f"There is no layer named {key[:LONGEST_NAME]!r}.")
            return ""
        place = place or self._place_by_selection(bool(entry.spec.inputs))
        position = place.position
        if position is None:
            position = beside(self._graph, place.wire_to) if place.wire_to else self._spot_in_view()
        node = new_node(self._document, entry, snapped(position), place.wire_to)
        text = f"Insert {node.name} into a wire" if place.into else f"Add {node.name}"
        self._view.commit(text, with_layer(self._graph, node, library, place))
        self._view.select_nodes({node.id})
        self._view.reveal(node.id)
        return node.id

    def _place_by_selection(self, has_inputs: bool) -> Place:
        """Behind the one selected node, if it has an output that nothing is wired to."""
        if has_inputs and len(self._document.selection) == 1:
            chosen = next(iter(self._document.selection))
            return Place(wire_to=free_output(self._graph, chosen, self._document.library))
        return Place()

    def _spot_in_view(self) -> tuple[float, float]:
        center = self._view.mapToScene(self._view.viewport().rect().center())
        corner = (center.x() - CARD_WIDTH / 2, center.y() - HEADER / 2)
        return free_spot(corner, [node.position for node in self._graph.nodes])

    def search(self) -> None:
        """Ask for a layer to add at the pointer, or, with one node selected, behind it."""
        pointer = self._view.pointer_in_view()
        place = self._place_by_selection(has_inputs=True)
        likely = followers(self._document, place.wire_to) if place.wire_to else None
        if place.wire_to is None and pointer is not None:
            corner = self._view.mapToScene(pointer) - QPointF(CARD_WIDTH / 2, HEADER / 2)
            place = Place(position=(corner.x(), corner.y()))
        self._view.ask_layer(pointer or self._view.viewport().rect().center(), place, likely, is_filter=False)

    def insert_layer(self) -> None:
        """Ask for a layer to put into the one selected wire."""
        wires = self._view.canvas.selected_wires
        if len(wires) == 1:
            edge = next(iter(wires))
            middle = self._view.canvas.wires[edge].middle()
            corner = middle - QPointF(CARD_WIDTH / 2, HEADER / 2)
            likely = followers(self._document, PortRef(edge.source, edge.source_port, True))
            place = Place(position=(corner.x(), corner.y()), into=edge)
            fitting = [entry for entry in likely if can_splice(entry.spec)]
            self._view.ask_layer(self._view.mapFromScene(middle), place, fitting)

    def delete(self) -> None:
        """Delete the selected nodes and wires."""
        self._delete(self._graph.remove, "Delete")

    def dissolve(self) -> None:
        """Delete the selected nodes and join the wires that ran through them."""
        self._delete(self._graph.dissolve, "Dissolve")

    def _delete(self, without, verb: str) -> None:
        nodes, wires = self._document.selection, self._view.canvas.selected_wires
        if not nodes and not wires:
            return
        what = counted(self._graph, nodes) if nodes else "a wire" if len(wires) == 1 else f"{len(wires)} wires"
        graph = without([node.id for node in self._graph.nodes if node.id in nodes])
        self._view.commit(f"{verb} {what}", graph.disconnect(*wires))

    def cut_wire(self, edge: Edge) -> None:
        self._view.commit("Delete a wire", self._graph.disconnect(edge))

    def copy(self) -> None:
        if self._document.selection:
            QGuiApplication.clipboard().setMimeData(clipboard.written(self._graph.subgraph(self._document.selection)))

    def cut(self) -> None:
        if self._document.selection:
            self.copy()
            self._delete(self._graph.remove, "Cut")

    def paste(self) -> None:
        """Paste layers at the pointer, else beside where they were copied from. Refuses what is not a network."""
        try:
            pasted = clipboard.read(QGuiApplication.clipboard().mimeData())
        except ProjectError as error:
            self._view.message.emit(f"{error.message} {error.hint}".strip())
            return
        if not pasted.nodes:
            return
        offset = (0.0, 0.0)
        pointer = self._view.pointer_in_view()
        if pointer is not None:
            left = min(node.position[0] for node in pasted.nodes)
            top = min(node.position[1] for node in pasted.nodes)
            at = self._view.mapToScene(pointer)
            offset = snapped((at.x() - left, at.y() - top))
        self._insert(pasted, offset, "Paste")

    def duplicate(self) -> None:
        """Copy the selected nodes and the wires among them, beside the originals."""
        if self._document.selection:
            self._insert(self._graph.subgraph(self._document.selection), (0.0, 0.0), "Duplicate")

    def duplicate_wired(self) -> None:
        """Duplicate the selected nodes and the wires into them."""
        chosen = self._document.selection
        if not chosen:
            return
        originals = self._graph.subgraph(chosen)
        graph, fresh = self._graph.merged(originals, self._clear_offset(originals, (0.0, 0.0)))
        copies = {node.id: copy for node, copy in zip(originals.nodes, fresh, strict=True)}
        feeding = [edge for edge in self._graph.edges if edge.target in chosen and edge.source not in chosen]
        for edge in feeding:
            wire = Edge(edge.source, edge.source_port, copies[edge.target], edge.target_port)
            graph = drawn(graph, wire, self._document.library)
        self._view.commit(f"Duplicate {counted(self._graph, chosen)}", graph)
        self._view.select_nodes(fresh)

    def _insert(self, pasted: Graph, offset: tuple[float, float], verb: str) -> None:
        graph, fresh = self._graph.merged(pasted, self._clear_offset(pasted, offset))
        self._view.commit(f"{verb} {counted(graph, set(fresh))}", graph)
        self._view.select_nodes(fresh)

    def _clear_offset(self, pasted: Graph, offset: tuple[float, float]) -> tuple[float, float]:
        """`offset`, stepped on until no card would lie exactly on another."""
        taken = {node.position for node in self._graph.nodes}
        x, y = offset
        while any((node.position[0] + x, node.position[1] + y) in taken for node in pasted.nodes):
            x, y = x + PASTE_STEP, y + PASTE_STEP
        return x, y

    def select_all(self) -> None:
        self._view.select_nodes(node.id for node in self._graph.nodes)

    def clear_selection(self) -> None:
        self._view.select_nodes(())

    def rename(self) -> None:
        """Edit the name of the one selected node in place."""
        if len(self._document.selection) == 1:
            self._view.rename_node(next(iter(self._document.selection)))

    def set_name(self, node_id: str, name: str) -> None:
        """Give a node a name that is free: messages and outputs are told apart by names."""
        text = " ".join(name.split())[:LONGEST_NAME]
        if not text or node_id not in self._graph or self._graph.node(node_id).name == text:
            return
        if not is_free(self._graph, node_id, text):
            self._view.message.emit(f"There is already a layer named {text!r}. Choose another name.")
            return
        self._view.commit(f"Rename {self._graph.node(node_id).name} to {text}", self._graph.update(node_id, name=text))

    def connect_selected(self) -> None:
        """Wire the selected nodes in a chain, from left to right."""
        chosen = sorted((n for n in self._graph.nodes if n.id in self._document.selection), key=lambda n: n.position)
        graph, library = self._graph, self._document.library
        for first, second in pairwise(chosen):
            source, target = library.spec(first), library.spec(second)
            if source is None or target is None or not source.outputs or not target.inputs:
                continue
            used = {edge.target_port for edge in graph.into(second.id)}
            free = next((port for port in target.inputs if port.variadic or port.name not in used), target.inputs[0])
            edge = edge_between(PortRef(first.id, source.outputs[0].name, True), PortRef(second.id, free.name, False))
            if edge and not refusal(graph, edge):
                graph = drawn(graph, edge, library)
        self._view.commit(f"Wire {counted(self._graph, {n.id for n in chosen})}" if chosen else "Wire", graph)

    def nudge(self, key: Qt.Key, step: int) -> None:
        """Move the selected nodes by arrow key. A row of nudges is one undo step."""
        dx, dy = ARROWS[key]
        chosen = self._document.selection
        positions = {n.id: n.position for n in self._graph.nodes if n.id in chosen}
        moved = {node_id: (x + dx * step, y + dy * step) for node_id, (x, y) in positions.items()}
        graph = self._graph.move(moved)
        self._view.commit(f"Move {counted(graph, chosen)}", graph, merge="nudge " + " ".join(sorted(chosen)))

    def select_towards(self, key: Qt.Key) -> None:
        """Select the nearest node in the direction of an arrow key; with none selected, the one nearest the middle."""
        dx, dy = ARROWS[key]
        canvas, chosen = self._view.canvas, self._document.selection
        middle = self._view.mapToScene(self._view.viewport().rect().center())
        start = canvas.bounds(chosen).center() if chosen else middle
        best: list[tuple[float, str]] = []
        for node_id, item in canvas.nodes.items():
            way = item.card().center() - start
            along, across = way.x() * dx + way.y() * dy, abs(way.x() * dy) + abs(way.y() * dx)
            if node_id not in chosen and (along > 0 or not chosen):
                best.append((abs(along) + 2 * across, node_id))
        if best:
            nearest = min(best)[1]
            self._view.select_nodes({nearest})
            self._view.reveal(nearest)

    def fit_all(self) -> None:
        self._view.fit(self._view.canvas.bounds())

    def fit_selection(self) -> None:
        """Show the selected nodes, or all if none is selected."""
        self._view.fit(self._view.canvas.bounds(self._document.selection or None))

    def actual_size(self) -> None:
        self._view.set_zoom(1.0)

    def zoom_in(self) -> None:
        self._view.set_zoom(self._view.zoom * 1.25)

    def zoom_out(self) -> None:
        self._view.set_zoom(self._view.zoom / 1.25)
