"""Graph, Node and Edge: immutable values. Every edit returns a new graph and leaves the old one as it was."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Self

import msgspec


class Node(msgspec.Struct, frozen=True):
    """A placed layer. `params` holds all settings by name and is never changed in place."""

    id: str
    type: str
    name: str
    params: dict[str, Any] = {}
    position: tuple[float, float] = (0.0, 0.0)


class Edge(msgspec.Struct, frozen=True, order=True):
    """A wire from an output port to an input port."""

    source: str
    source_port: str
    target: str
    target_port: str


class Graph(msgspec.Struct, frozen=True):
    """A network as drawn. Ids are unique; edges into a variadic port are ordered as they stand in `edges`."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    def __contains__(self, node_id: str) -> bool:
        return any(node.id == node_id for node in self.nodes)

    def node(self, node_id: str) -> Node:
        """The node with that id. Raises KeyError."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    def into(self, node_id: str, port: str | None = None) -> tuple[Edge, ...]:
        """The wires into a node, or into one of its ports, in order."""
        return tuple(e for e in self.edges if e.target == node_id and port in (None, e.target_port))

    def out_of(self, node_id: str, port: str | None = None) -> tuple[Edge, ...]:
        return tuple(e for e in self.edges if e.source == node_id and port in (None, e.source_port))

    def new_node(self, type: str, params: Mapping[str, Any], position: tuple[float, float] = (0.0, 0.0)) -> Node:
        """A node that can be added to this graph: free id ("linear_2") and name ("Linear 2"), not yet added."""
        ids = {node.id for node in self.nodes}
        names = {node.name for node in self.nodes}
        number = 1
        while f"{type.lower()}_{number}" in ids or f"{type} {number}" in names:
            number += 1
        return Node(f"{type.lower()}_{number}", type, f"{type} {number}", dict(params), position)

    def add(self, *nodes: Node) -> Self:
        return msgspec.structs.replace(self, nodes=self.nodes + nodes)

    def remove(self, node_ids: Collection[str]) -> Self:
        """Without these nodes and the wires at them."""
        return type(self)(
            tuple(n for n in self.nodes if n.id not in node_ids),
            tuple(e for e in self.edges if e.source not in node_ids and e.target not in node_ids),
        )

    def dissolve(self, node_ids: Collection[str]) -> Self:
        """Without these nodes; where one had a wire in, the wires out of it are joined to that wire's source."""
        graph = self
        for node_id in node_ids:
            feeding = [e for e in graph.into(node_id) if e.source != node_id]
            fed = [e for e in graph.out_of(node_id) if e.target != node_id]
            graph = graph.remove((node_id,))
            if feeding:
                healed = (Edge(feeding[0].source, feeding[0].source_port, e.target, e.target_port) for e in fed)
                graph = graph.replace_edges((), healed)
        return graph

    def connect(self, edge: Edge, exclusive: bool = True) -> Self:
        """With this wire; if `exclusive` (the port is not variadic) it replaces the wire that was there."""
        old = self.into(edge.target, edge.target_port) if exclusive else ()
        return self.replace_edges((*old, edge), (edge,))

    def disconnect(self, *edges: Edge) -> Self:
        return self.replace_edges(edges, ())

    def replace_edges(self, old: Iterable[Edge], new: Iterable[Edge]) -> Self:
        """Without `old`, then with `new`; a wire that already stands is not doubled."""
        gone = set(old)
        kept = tuple(e for e in self.edges if e not in gone)
        present = set(kept)
        return msgspec.structs.replace(self, edges=kept + tuple(e for e in dict.fromkeys(new) if e not in present))

    def insert_on(self, edge: Edge, node: Node, input_port: str, output_port: str) -> Self:
        """With `node` added in the middle of a wire; the wire's place in the order of its target port is kept."""
        upper = Edge(edge.source, edge.source_port, node.id, input_port)
        lower = Edge(node.id, output_port, edge.target, edge.target_port)
        edges = tuple(part for e in self.edges for part in ((upper, lower) if e == edge else (e,)))
        return type(self)((*self.nodes, node), edges)

    def update(self, node_id: str, **changes: Any) -> Self:
        """With fields of one node replaced: name, params, type, position."""
        nodes = (msgspec.structs.replace(n, **changes) if n.id == node_id else n for n in self.nodes)
        return msgspec.structs.replace(self, nodes=tuple(nodes))

    def set_params(self, node_id: str, params: Mapping[str, Any]) -> Self:
        """With some settings of one node changed."""
        return self.update(node_id, params={**self.node(node_id).params, **params})

    def move(self, positions: Mapping[str, tuple[float, float]]) -> Self:
        nodes = (
            msgspec.structs.replace(n, position=positions[n.id]) if n.id in positions else n for n in self.nodes
        )
        return msgspec.structs.replace(self, nodes=tuple(nodes))

    def subgraph(self, node_ids: Collection[str]) -> Self:
        """These nodes and the wires among them: what copy takes."""
        return type(self)(
            tuple(n for n in self.nodes if n.id in node_ids),
            tuple(e for e in self.edges if e.source in node_ids and e.target in node_ids),
        )

    def merged(self, other: "Graph", offset: tuple[float, float] = (0.0, 0.0)) -> tuple[Self, tuple[str, ...]]:
        """With a copy of `other`, moved by `offset`; and the ids of the new nodes, in their order.

        Ids and names that are free are kept. A name that is taken is counted on: a copy of "Linear 1" is "Linear 2".
        """
        ids, names = {node.id for node in self.nodes}, {node.name for node in self.nodes}
        copies: dict[str, Node] = {}
        for node in other.nodes:
            name = node.name if node.name not in names else _free(f"{node.name.rstrip(' 0123456789')} ", names)
            names.add(name)
            position = (node.position[0] + offset[0], node.position[1] + offset[1])
            fresh = node.id if node.id not in ids else _free(f"{node.type.lower()}_", ids)
            ids.add(fresh)
            copies[node.id] = Node(fresh, node.type, name, dict(node.params), position)
        edges = (
            Edge(copies[e.source].id, e.source_port, copies[e.target].id, e.target_port)
            for e in other.edges
            if e.source in copies and e.target in copies
        )
        fresh_ids = tuple(node.id for node in copies.values())
        return self.add(*copies.values()).replace_edges((), edges), fresh_ids

    def downstream(self, node_ids: Collection[str]) -> set[str]:
        """These nodes and all that depend on them."""
        return self._reached(node_ids, [(e.source, e.target) for e in self.edges])

    def upstream(self, node_ids: Collection[str]) -> set[str]:
        """These nodes and all that they depend on."""
        return self._reached(node_ids, [(e.target, e.source) for e in self.edges])

    def _reached(self, node_ids: Collection[str], arrows: Iterable[tuple[str, str]]) -> set[str]:
        following: dict[str, list[str]] = defaultdict(list)
        for start, end in arrows:
            following[start].append(end)
        reached, waiting = set(node_ids), list(node_ids)
        while waiting:
            for end in following[waiting.pop()]:
                if end not in reached:
                    reached.add(end)
                    waiting.append(end)
        return reached


def _free(stem: str, taken: Collection[str]) -> str:
    """`stem` with the first number that makes it free."""
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"
