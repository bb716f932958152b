"""Which nodes compute the network's outputs, and which Inputs are only targets."""

from dataclasses import dataclass

from engine.analysis.wiring import SINKS, Wiring
from engine.layers import CATALOGUE

LOSSES = frozenset(spec.type for spec in CATALOGUE.values() if spec.role == "loss")
SOURCES = frozenset(spec.type for spec in CATALOGUE.values() if spec.role == "input")


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts that nodes play. All are ids in the order of computation.

    sinks    outputs, losses and metrics; `losses` are among them
    outputs  (node id, port) of what the network returns: what Output nodes show, then what losses and metrics look at
    live     nodes from which a sink is reached, and the sinks
    network  nodes that the network's outputs are computed from
    counted  the nodes whose costs are the network's: `network`, or all while there is no output
    """

    sinks: tuple[str, ...]
    losses: tuple[str, ...]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    live: frozenset[str]
    network: frozenset[str]
    counted: tuple[str, ...]


def roles(wired: Wiring) -> Roles:
    nodes, into = wired.nodes, wired.into
    sinks = [node_id for node_id in wired.order if nodes[node_id].type in SINKS]
    outputs = _outputs(wired, sinks)
    network = wired.before(node_id for node_id, _ in outputs)
    live = network | frozenset(sinks) | frozenset(
        edge.source for sink in sinks for edge in into.get(sink, ()))
    return Roles(
        sinks=tuple(sinks),
        losses=tuple(node_id for node_id in sinks if nodes[node_id].type in LOSSES),
        inputs=tuple(n for n in wired.order if n in network and nodes[n].type in SOURCES),
        targets=tuple(n for n in wired.order if n in live and n not in network and nodes[n].type in SOURCES),
        outputs=outputs,
        live=live,
        network=network,
        counted=tuple(n for n in wired.order if n in network) if outputs else wired.order,
    )


def _outputs(wired: Wiring, sinks: list[str]) -> tuple[tuple[str, str], ...]:
    """A target that comes straight from an Input is given to the network's user, not returned by the network."""
    nodes = wired.nodes
    shown = [edge for sink in sinks if nodes[sink].type == "Output" for edge in wired.into.get(sink, ())]
    judged = [
        edge for sink in sinks if nodes[sink].type != "Output" for edge in wired.into.get(sink, ())
        if edge.target_port == "prediction" or nodes[edge.source].type not in SOURCES
    ]
    return tuple(dict.fromkeys((edge.source, edge.source_port) for edge in (*shown, *judged)))
