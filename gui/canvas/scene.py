"""The scene: one item per node and per wire, repaired after each edit only where the graph differs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsScene

from engine.analysis import Analysis
from engine.analysis.effects import Effects
from engine.analysis.freezing import frozen_nodes
from engine.analysis.library import placed
from engine.graph import Edge, Graph, Node
from engine.problems import Problem
from gui.canvas.content import Facts, card_content, shape_text, wire_tooltip
from gui.canvas.edge_item import EdgeItem
from gui.canvas.geometry import PORT_RADIUS, Position, square
from gui.canvas.node_item import NodeItem
from gui.canvas.ports import PortKey, PortRef
from gui.canvas.weight_sets import weight_sets
from gui.document import Document

Target = PortRef | NodeItem | EdgeItem | None
"""What lies under the pointer."""


class CanvasScene(QGraphicsScene):
    """Mirrors the document's graph. Gestures may move cards for a while; the next repair puts them where they belong.

    repaired: items were added, changed, moved or removed.
    wires_selected: `selected_wires` changed.
    """

    repaired = Signal()
    wires_selected = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        self.document = document
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Edge, EdgeItem] = {}
        self.selected_wires: frozenset[Edge] = frozenset()
        self._facts: dict[str, Facts] = {}
        self._wires_at: dict[str, set[Edge]] = defaultdict(set)
        self._displaced: set[str] = set()
        self._hovered: Target = None
        self._colored: tuple[object, ...] = ()
        document.changed.connect(self.repair)
        document.shown_changed.connect(self._show_other)
        document.selection_changed.connect(self.show_selection)
        self.repair()

    def repair(self) -> None:
        """Make the items agree with the document."""
        graph, analysis = self.document.graph, self.document.analysis
        self._repair_nodes(graph, analysis)
        self._repair_wires(graph, analysis)
        self.select_wires(self.selected_wires)
        self.show_selection()
        self.repaired.emit()

    @property
    def shows_effects(self) -> bool:
        """Whether nodes and wires have the colours of a phase of the training."""
        return bool(self._colored)

    def show_effects(self, effects: Effects | None, name: str = "") -> None:
        """Colour the graph of that name by what a phase of the training does to it; None: no longer.

        To be called again after each repair; where nothing changed it costs nothing.
        """
        colored = (effects, name, self.document.graph) if effects else ()
        if len(colored) == len(self._colored) and all(a is b for a, b in zip(colored, self._colored, strict=True)):
            return
        self._colored = colored
        for node_id, item in self.nodes.items():
            item.set_effect(effects.of(name, node_id) if effects else None)
        flowing = effects.flowing.get(name, frozenset()) if effects else frozenset()
        stops = effects.stops.get(name, frozenset()) if effects else frozenset()
        for edge, wire in self.wires.items():
            wire.set_gradient("" if not effects else "flowing" if edge in flowing else
                              "stopped" if edge in stops else "none")
        self.repaired.emit()

    def _show_other(self) -> None:
        """Another graph is shown: a wire that is selected in the one before may have its like in this one."""
        self.select_wires(())
        self.repair()

    def show_selection(self) -> None:
        """Outline the nodes that the document says are selected."""
        selection = self.document.selection
        for node_id, item in self.nodes.items():
            item.set_selected(node_id in selection)

    def select_wires(self, edges: Iterable[Edge]) -> None:
        """Wires are selected on the canvas only: no other part of the window shows anything of them."""
        wanted = frozenset(edges) & self.wires.keys()
        for edge in (wanted ^ self.selected_wires) & self.wires.keys():
            self.wires[edge].set_selected(edge in wanted)
        if wanted != self.selected_wires:
            self.selected_wires = wanted
            self.wires_selected.emit()

    def place(self, positions: Mapping[str, Position]) -> None:
        """Show nodes elsewhere, without an edit, while they are dragged. An empty mapping puts all back."""
        truth = {n.id: n.position for n in self.document.graph.nodes if n.id in self._displaced - positions.keys()}
        for node_id, position in {**truth, **positions}.items():
            self._move(self.nodes[node_id], position)
        self._displaced = set(positions)
        self.repaired.emit()

    def wires_at(self, node_id: str) -> frozenset[Edge]:
        return frozenset(self._wires_at[node_id])

    def port_center(self, port: PortRef) -> QPointF:
        return self.nodes[port.node].port_center(port.name, port.is_output)

    def target_at(self, point: QPointF, reach: float) -> Target:
        """The port, node or wire at `point`: ports and wires within `reach`, ports before nodes before wires."""
        nearby = self._near(point, reach)
        for item in nearby:
            if isinstance(item, NodeItem) and (port := _port_near(item, point, reach + PORT_RADIUS)):
                return port
            if isinstance(item, NodeItem) and item.card().contains(point):
                return item
        return self.wire_near(point, reach)

    def tooltip_at(self, point: QPointF, reach: float) -> str:
        """What is known of the thing at `point`, as rich text; "" for nothing."""
        target = self.target_at(point, reach)
        if isinstance(target, NodeItem):
            return target.content.tooltip
        if isinstance(target, PortRef):
            return self.nodes[target.node].port_tooltip(*target.key)
        if isinstance(target, EdgeItem):
            graph, edge = self.document.graph, target.edge
            return wire_tooltip(graph.node(edge.source).name, graph.node(edge.target).name, target.label, target.state)
        return ""

    def port_near(self, point: QPointF, reach: float, among: Mapping[str, frozenset[PortKey]]) -> PortRef | None:
        """The nearest of some ports within `reach`; `among` names them by node."""
        found = [
            PortRef(item.node_id, *key)
            for item in self._near(point, reach)
            if isinstance(item, NodeItem)
            for key in among.get(item.node_id, ())
            if _length(item.port_center(*key) - point) <= reach
        ]
        return min(found, key=lambda port: _length(self.port_center(port) - point), default=None)

    def nodes_in(self, area: QRectF) -> frozenset[str]:
        """Ids of the nodes whose cards touch `area`."""
        found = self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        return frozenset(i.node_id for i in found if isinstance(i, NodeItem) and i.card().intersects(area))

    def wires_in(self, area: QRectF) -> frozenset[Edge]:
        """The wires whose middle is in `area`."""
        return frozenset(edge for edge, item in self.wires.items() if area.contains(item.middle()))

    def wire_near(self, point: QPointF, reach: float) -> EdgeItem | None:
        """The nearest wire within `reach`, also where it runs under a card."""
        wires = [item for item in self._near(point, reach) if isinstance(item, EdgeItem)]
        near = [(item.distance(point), index) for index, item in enumerate(wires)]
        distance, index = min(near, default=(reach + 1.0, 0))
        return wires[index] if distance <= reach else None

    def hide_wire(self, edge: Edge) -> None:
        """Hide a wire that is being drawn anew; `show_wires` ends it."""
        self.wires[edge].setVisible(False)

    def show_wires(self) -> None:
        for item in self.wires.values():
            item.setVisible(True)

    def bounds(self, node_ids: Iterable[str] | None = None) -> QRectF:
        """What these nodes (all: None) cover; empty for none."""
        area = QRectF()
        for node_id in self.nodes if node_ids is None else node_ids:
            area = area.united(self.nodes[node_id].card())
        return area

    def hover(self, target: Target) -> None:
        """Show what the pointer is on."""
        if target == self._hovered:
            return
        self._set_hovered(self._hovered, False)
        self._set_hovered(target, True)
        self._hovered = target

    def offer(self, fitting: Mapping[str, frozenset[PortKey]] | None) -> None:
        """While a wire is drawn: grow these ports and dim all others. None ends it."""
        for node_id, item in self.nodes.items():
            item.set_fitting(None if fitting is None else fitting.get(node_id, frozenset()))

    def restyle(self) -> None:
        """The theme changed."""
        for item in (*self.nodes.values(), *self.wires.values()):
            item.update()

    def _set_hovered(self, target: Target, is_hovered: bool) -> None:
        if isinstance(target, PortRef):
            if target.node in self.nodes:
                self.nodes[target.node].set_hovered(is_hovered, target.key if is_hovered else None)
        elif target is not None:
            target.set_hovered(is_hovered)

    def _repair_nodes(self, graph: Graph, analysis: Analysis) -> None:
        problems: dict[str, list[Problem]] = defaultdict(list)
        for problem in analysis.problems:
            problems[problem.node].append(problem)
        present = {node.id for node in graph.nodes}
        for node_id in self.nodes.keys() - present:
            self._remove_node(node_id)
        library, colors = self.document.library, weight_sets(self.document.library)
        specs = {node.id: library.spec(node) for node in graph.nodes}
        unknown = {node_id for node_id, spec in specs.items() if spec is None}
        shown = self.document.shown
        is_inside = shown in library.placed_somewhere() and shown != self.document.project.main
        frozen = frozen_nodes(self.document.project, shown)
        touching: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges if unknown else ():
            for node_id in {edge.source, edge.target} & unknown:
                touching[node_id].append(edge)
        for node in graph.nodes:
            facts = Facts(node, specs[node.id], analysis.nodes[node.id], tuple(problems[node.id]),
                          tuple(touching.get(node.id, ())), colors.get(placed(node)), is_inside, node.id in frozen)
            if self._facts.get(node.id) != facts:
                self._facts[node.id] = facts
                self._show_node(node, facts)
        for node_id in self._displaced & present:
            self._move(self.nodes[node_id], graph.node(node_id).position)
        self._displaced = set()

    def _show_node(self, node: Node, facts: Facts) -> None:
        content = card_content(facts)
        item = self.nodes.get(node.id)
        if item is None:
            item = self.nodes[node.id] = NodeItem(node.id, content)
            item.setPos(*node.position)
            self.addItem(item)
            return
        layout = item.layout
        item.set_content(content)
        self._move(item, node.position, is_forced=item.layout is not layout)

    def _move(self, item: NodeItem, position: Position, is_forced: bool = False) -> None:
        if is_forced or (item.x(), item.y()) != position:
            item.setPos(*position)
            for edge in self._wires_at[item.node_id]:
                self._lay(self.wires[edge])

    def _remove_node(self, node_id: str) -> None:
        item = self.nodes.pop(node_id)
        if item is self._hovered or (isinstance(self._hovered, PortRef) and self._hovered.node == node_id):
            self._hovered = None
        for edge in tuple(self._wires_at.pop(node_id, ())):
            self._remove_wire(edge)
        self._facts.pop(node_id, None)
        self._displaced.discard(node_id)
        self.removeItem(item)

    def _repair_wires(self, graph: Graph, analysis: Analysis) -> None:
        wanted = set(graph.edges)
        changed_nodes = set()
        for edge in self.wires.keys() - wanted:
            changed_nodes |= {edge.source, edge.target}
            self._remove_wire(edge)
        for edge in graph.edges:
            item = self.wires.get(edge)
            if item is None and edge.source in self.nodes and edge.target in self.nodes:
                item = self._add_wire(edge)
                changed_nodes |= {edge.source, edge.target}
            if item is not None:
                item.set_facts(*_wire_facts(edge, analysis))
        for node_id in changed_nodes & self.nodes.keys():
            self.nodes[node_id].set_wired(frozenset(
                (edge.source_port, True) if edge.source == node_id else (edge.target_port, False)
                for edge in self._wires_at[node_id]
            ))

    def _add_wire(self, edge: Edge) -> EdgeItem:
        item = self.wires[edge] = EdgeItem(edge)
        self._lay(item)
        self._wires_at[edge.source].add(edge)
        self._wires_at[edge.target].add(edge)
        self.addItem(item)
        return item

    def _remove_wire(self, edge: Edge) -> None:
        item = self.wires.pop(edge, None)
        if item is None:
            return
        if item is self._hovered:
            self._hovered = None
        for node_id in (edge.source, edge.target):
            self._wires_at[node_id].discard(edge)
        self.removeItem(item)

    def _lay(self, item: EdgeItem) -> None:
        edge = item.edge
        item.set_ends(
            self.nodes[edge.source].port_center(edge.source_port, True),
            self.nodes[edge.target].port_center(edge.target_port, False),
        )

    def _near(self, point: QPointF, reach: float) -> list:
        """Items whose bounds come within `reach` of `point`, topmost first."""
        return self.items(square(point, reach), Qt.ItemSelectionMode.IntersectsItemBoundingRect)


def _wire_facts(edge: Edge, analysis: Analysis) -> tuple[str, str]:
    """State and label of a wire."""
    tensor = analysis.nodes[edge.source].outputs.get(edge.source_port)
    state = "broken" if edge in analysis.broken else "waiting" if edge in analysis.waiting else "ok"
    return state, shape_text(tensor) if tensor else ""


def _port_near(item: NodeItem, point: QPointF, reach: float) -> PortRef | None:
    ports = [(_length(item.port_center(*key) - point), key) for key in item.ports()]
    distance, key = min(ports, default=(reach + 1, None))
    return PortRef(item.node_id, *key) if key and distance <= reach else None


def _length(vector: QPointF) -> float:
    return (vector.x() ** 2 + vector.y() ** 2) ** 0.5
