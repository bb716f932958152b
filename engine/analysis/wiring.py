"""The graph prepared for analysis: lookups, legal wires, order of computation, circles."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.analysis.library import NO_GRAPHS, Library
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.layers.spec import LayerSpec

SINKS = frozenset(spec.type for spec in CATALOGUE.values() if spec.role in ("output", "loss", "metric"))


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which wires count, and in which order nodes are computed.

    specs        the declaration of each node, None for a layer that nobody knows
    into, out_of the wires that count, by node; the wires of a variadic port in their order
    order        every node after those it depends on; nodes in or behind a circle last, in the order of the graph
    stuck        nodes in or behind a circle
    dangling     wires at a node or port that does not exist
    surplus      second and further wires into a port that takes one
    repeated_ids ids that several nodes share; the last node counts
    """

    graph: Graph
    nodes: Mapping[str, Node]
    specs: Mapping[str, LayerSpec | None]
    into: Mapping[str, list[Edge]]
    out_of: Mapping[str, list[Edge]]
    order: tuple[str, ...]
    stuck: frozenset[str]
    dangling: tuple[Edge, ...]
    surplus: tuple[Edge, ...]
    repeated_ids: tuple[str, ...]

    def wires(self, node_id: str, port: str = "") -> list[Edge]:
        """The wires into a node, or into one of its ports."""
        return [edge for edge in self.into.get(node_id, ()) if port in ("", edge.target_port)]

    def before(self, node_ids: Iterable[str]) -> frozenset[str]:
        """These nodes and all that they depend on."""
        reached = set(node_ids)
        waiting = list(reached)
        while waiting:
            for edge in self.into.get(waiting.pop(), ()):
                if edge.source not in reached:
                    reached.add(edge.source)
                    waiting.append(edge.source)
        return frozenset(reached)

    def is_sink(self, node_id: str) -> bool:
        """Whether the node is a loss, a metric or an output."""
        return self.nodes[node_id].type in SINKS

    def name(self, node_id: str) -> str:
        return self.nodes[node_id].name


def wiring(graph: Graph, library: Library = NO_GRAPHS) -> Wiring:
    nodes = {node.id: node for node in graph.nodes}
    specs = {node_id: library.spec(node) for node_id, node in nodes.items()}
    into: dict[str, list[Edge]] = {}
    out_of: dict[str, list[Edge]] = {}
    dangling: list[Edge] = []
    surplus: list[Edge] = []
    for edge in graph.edges:
        if (edge.source not in nodes or edge.target not in nodes
                or not _has_port(specs[edge.target], edge.target_port, _input_names)
                or not _has_port(specs[edge.source], edge.source_port, _output_names)):
            dangling.append(edge)
            continue
        arriving = into.get(edge.target)
        if arriving is None:
            into[edge.target] = [edge]
        elif _is_surplus(edge, arriving, specs[edge.target]):
            surplus.append(edge)
            continue
        else:
            arriving.append(edge)
        out_of.setdefault(edge.source, []).append(edge)
    order = _sorted(nodes, into, out_of)
    stuck = frozenset[str]()
    if len(order) < len(nodes):
        stuck = frozenset(nodes) - frozenset(order)
        order.extend(node_id for node_id in nodes if node_id in stuck)
    return Wiring(graph, nodes, specs, into, out_of, tuple(order), stuck, tuple(dangling), tuple(surplus),
                  _repeated(graph.nodes) if len(nodes) < len(graph.nodes) else ())


@lru_cache(maxsize=4096)
def _input_names(spec: LayerSpec) -> frozenset[str]:
    return frozenset(port.name for port in spec.inputs)


@lru_cache(maxsize=4096)
def _output_names(spec: LayerSpec) -> frozenset[str]:
    return frozenset(port.name for port in spec.outputs)


@lru_cache(maxsize=4096)
def _variadic_names(spec: LayerSpec) -> frozenset[str]:
    return frozenset(port.name for port in spec.inputs if port.variadic)


def _has_port(spec: LayerSpec | None, port: str, names: Callable[[LayerSpec], frozenset[str]]) -> bool:
    """A layer that nobody knows may have any port."""
    return spec is None or port in names(spec)


def _is_surplus(edge: Edge, arriving: list[Edge], spec: LayerSpec | None) -> bool:
    """Whether the wire comes second to a port that takes one; layers that nobody knows may take any number."""
    return (spec is not None and edge.target_port not in _variadic_names(spec)
            and any(other.target_port == edge.target_port for other in arriving))


def _repeated(nodes: Iterable[Node]) -> tuple[str, ...]:
    counts: dict[str, int] = defaultdict(int)
    for node in nodes:
        counts[node.id] += 1
    return tuple(node_id for node_id, count in counts.items() if count > 1)


def _sorted(nodes: Mapping[str, Node], into: Mapping[str, list[Edge]],
            out_of: Mapping[str, list[Edge]]) -> list[str]:
    """Ids in the order of computation, without those in or behind a circle."""
    missing = {node_id: len(edges) for node_id, edges in into.items()}
    order = [node_id for node_id in nodes if node_id not in missing]
    for node_id in order:
        for edge in out_of.get(node_id, ()):
            left = missing[edge.target] - 1
            missing[edge.target] = left
            if not left:
                order.append(edge.target)
    return order


@dataclass(frozen=True, slots=True)
class Circle:
    """Nodes that wait for each other: `nodes` along the wires, from the one that the `closing` wires lead back to."""

    nodes: tuple[str, ...]
    closing: list[Edge]


def circles(wired: Wiring) -> tuple[Circle, ...]:
    """The circles, one for each node that wires lead back to. Without their closing wires no circle is left.

    A walk in depth over the stuck nodes, without recursion: a wire to a node that is still on the path closes a circle.
    """
    found: dict[str, Circle] = {}
    done: set[str] = set()
    for start in (node_id for node_id in wired.order if node_id in wired.stuck):
        if start in done:
            continue
        path, place = [start], {start: 0}
        waiting = [iter(wired.out_of.get(start, ()))]
        while waiting:
            edge = next(waiting[-1], None)
            if edge is None:
                waiting.pop()
                finished = path.pop()
                del place[finished]
                done.add(finished)
            elif edge.target in place:
                if edge.target not in found:
                    found[edge.target] = Circle(tuple(path[place[edge.target]:]), [])
                found[edge.target].closing.append(edge)
            elif edge.target not in done:
                place[edge.target] = len(path)
                path.append(edge.target)
                waiting.append(iter(wired.out_of.get(edge.target, ())))
    return tuple(found.values())
