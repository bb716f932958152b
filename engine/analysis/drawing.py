"""Problems of the drawing itself: wires that lead nowhere or come second, ids that are not unique."""

from collections.abc import Iterator

from engine.analysis import repairs
from engine.analysis.wiring import Wiring
from engine.graph import Edge
from engine.problems import Problem


def problems(wired: Wiring) -> Iterator[Problem]:
    for edge in wired.dangling:
        yield _dangling(wired, edge)
    for node_id, port in dict.fromkeys((edge.target, edge.target_port) for edge in wired.surplus):
        name = wired.name(node_id)
        yield Problem(
            severity="error", code="double-wire", node=node_id, port=port,
            message=f"{name} takes one wire into {port} but has several.",
            hint="Keep one of them, or bring them together with Add or Concat.",
            repairs=(repairs.single_wire("Keep only the first wire", node_id, port),))
    for node_id in wired.repeated_ids:
        yield Problem(severity="error", code="duplicate-id", node=node_id,
                      message=f"Several nodes share the id {node_id[:60]!r}; only the last of them counts.",
                      hint="Delete one of them.")


def _dangling(wired: Wiring, edge: Edge) -> Problem:
    source, target = wired.nodes.get(edge.source), wired.nodes.get(edge.target)
    if source is None or target is None:
        node = target or source
        message = f"A wire of {node.name} leads to a node that is gone." if node else "A wire has lost both its nodes."
    else:
        node = target
        message = (f"The wire from {source.name} ({edge.source_port[:40]}) to {target.name} ({edge.target_port[:40]}) "
                   "ends at a port that does not exist.")
    return Problem(severity="error", code="dangling-wire", node=node.id if node else "", message=message,
                   hint="Remove the wire and draw it again.",
                   repairs=(repairs.disconnection("Remove the wire", (edge,)),))
