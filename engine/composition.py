"""Edits of the graphs of a project as a whole: add, rename, remove, order, copy. A project in, a new project out.

What names a graph follows it: the nodes that place it, the phases of the plan, and where weights start from.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from engine.analysis.library import Library, placed
from engine.errors import EngineError
from engine.graph import Edge, Graph, Node
from engine.layers.spec import Port
from engine.plan import Phase, free_name
from engine.project import Project

LONGEST_NAME = 60
NETWORK = "Network"
"""What networks are called before somebody names them, with a number."""

T = TypeVar("T")


class CompositionError(EngineError):
    """The networks of a project cannot be put together so."""


def free_graph_name(project: Project, stem: str = NETWORK) -> str:
    """`stem`, or with the first number that makes it free: "Network 2"."""
    return free_name(stem, project.graphs)


def add_graph(project: Project, name: str, graph: Graph | None = None) -> Project:
    """With another graph, an empty one by default, behind all others."""
    return project.with_graph(_checked(project, name), graph or Graph())


def duplicate_graph(project: Project, name: str, copy: str) -> Project:
    """With a copy of a graph right behind it. Nothing places the copy yet."""
    copy = _checked(project, copy)
    return project.replace(graphs={
        new: graph for old, graph in project.graphs.items() for new in ((old, copy) if old == name else (old,))})


def rename_graph(project: Project, old: str, new: str) -> Project:
    """With a graph under another name. Nodes that place it and are called like it are called by the new name."""
    new = " ".join(new.split())
    if new == old:
        return project
    new = _checked(project, new)
    graphs = {new if name == old else name: _repointed(graph, old, new) for name, graph in project.graphs.items()}
    plan = tuple(
        msgspec.structs.replace(phase, objective=new if phase.objective == old else phase.objective,
                                updates=readdressed(phase.updates, old, new))
        for phase in project.plan)
    return project.replace(graphs=graphs, plan=plan, starts=readdressed(project.starts, old, new))


def remove_graph(project: Project, name: str) -> Project:
    """Without a graph that nothing places, and without the phases that train it or nothing else."""
    if len(project.graphs) == 1:
        raise CompositionError("A project has at least one network.", "Add another one before you close this one.")
    if users := placing(project, name):
        raise CompositionError(f"{name} is placed in {' and '.join(users)}.",
                               "Delete it there first, or ungroup it: then its layers stay.")
    return without_graph(project, name)


def without_graph(project: Project, name: str) -> Project:
    """Without a graph, and whatever else names it but nodes."""
    plan = (
        msgspec.structs.replace(phase, updates=_without(phase.updates, name))
        for phase in project.plan if phase.objective != name)
    return project.replace(
        graphs={other: graph for other, graph in project.graphs.items() if other != name},
        plan=tuple(phase for phase in plan if phase.updates or not _narrowed(project.plan, phase)),
        starts=_without(project.starts, name))


def reorder_graphs(project: Project, names: Iterable[str]) -> Project:
    """With the same graphs in another order. The first is the network that is tested and exported."""
    graphs = {name: project.graphs[name] for name in names}
    assert graphs.keys() == project.graphs.keys(), "an order names every graph once"
    return project.replace(graphs=graphs)


def place_graph(project: Project, graph_name: str, node_id: str, name: str) -> Project:
    """With a node placing another graph. Its wires go to the ports in the same places, as far as there are any; unless
    the node has a name of its own, it is called like the graph."""
    graph, library = project.graphs[graph_name], Library(project.graphs)
    node = graph.node(node_id)
    before, after = library.spec(node), library.spec(_with_params(node, {"graph": name}))
    inputs = _matched(before.inputs if before else (), after.inputs if after else ())
    outputs = _matched(before.outputs if before else (), after.outputs if after else ())
    edges = (_moved(edge, node_id, inputs, outputs) for edge in graph.edges)
    graph = msgspec.structs.replace(graph, edges=tuple(edge for edge in edges if edge)).set_params(
        node_id, {"graph": name})
    if node.name == placed(node) or node.name.rstrip("0123456789 ") == node.type:
        others = (other.name for other in graph.nodes if other.id != node_id)
        graph = graph.update(node_id, name=free_name(name, others))
    return project.with_graph(graph_name, graph)


def placing(project: Project, name: str) -> tuple[str, ...]:
    """The other graphs that place a graph."""
    return tuple(other for other, graph in project.graphs.items()
                 if name and other != name and any(placed(node) == name for node in graph.nodes))


def is_address(address: str, graph: str) -> bool:
    """Whether an address names a graph, or one of its nodes."""
    return address == graph or address.startswith(f"{graph}/")


def readdressed(entries: Mapping[str, T], old: str, new: str) -> dict[str, T]:
    """Entries by address, with a graph, or one of its nodes, under another address."""
    return {new + address[len(old):] if is_address(address, old) else address: entry
            for address, entry in entries.items()}


def _without(entries: Mapping[str, T], graph: str) -> dict[str, T]:
    return {address: entry for address, entry in entries.items() if not is_address(address, graph)}


def _narrowed(plan: Iterable[Phase], phase: Phase) -> bool:
    """Whether the phase of that name updates only some networks: with none left it must not update all."""
    return any(before.name == phase.name and before.updates for before in plan)


def _checked(project: Project, name: str) -> str:
    """A name for another graph, tidied. Raises CompositionError if it cannot be taken."""
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > LONGEST_NAME or "/" in tidy:
        raise CompositionError(f"A network cannot be called {tidy[:LONGEST_NAME]!r}.",
                               f"Give it 1 to {LONGEST_NAME} characters, without a slash.")
    if tidy in project.graphs:
        raise CompositionError(f"There is already a network named {tidy!r}.", "Choose another name.")
    return tidy


def _repointed(graph: Graph, old: str, new: str) -> Graph:
    """The graph with the placements of `old` placing `new`; the same object if there are none."""
    if not any(placed(node) == old for node in graph.nodes):
        return graph
    names = {node.name for node in graph.nodes}
    return msgspec.structs.replace(graph, nodes=tuple(
        _placing_new(node, new, follows=node.name == old and new not in names) if placed(node) == old else node
        for node in graph.nodes))


def _placing_new(node: Node, new: str, *, follows: bool) -> Node:
    return msgspec.structs.replace(_with_params(node, {"graph": new}), name=new if follows else node.name)


def _with_params(node: Node, params: Mapping[str, object]) -> Node:
    """The node with some settings changed."""
    return msgspec.structs.replace(node, params={**node.params, **params})


def _matched(before: Iterable[Port], after: Iterable[Port]) -> dict[str, str]:
    """New names of ports by the old ones, in their order; those beyond the last have none."""
    return {old.name: new.name for old, new in zip(before, after, strict=False)}


def _moved(edge: Edge, node_id: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> Edge | None:
    """A wire at a node whose ports have other names now; None where its port is gone."""
    source_port = outputs.get(edge.source_port) if edge.source == node_id else edge.source_port
    target_port = inputs.get(edge.target_port) if edge.target == node_id else edge.target_port
    return Edge(edge.source, source_port, edge.target, target_port) if source_port and target_port else None
