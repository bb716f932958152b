"""Which nodes compute the network's outputs, and which Inputs are only targets."""

from dataclasses import dataclass

from engine.analysis.wiring import SINKS, Wiring
from engine.layers import CATALOGUE
from engine.layers.networks import COMPOSITES

LOSSES = frozenset(spec.type for spec in CATALOGUE.values() if spec.role == "loss")
SOURCES = frozenset(spec.type for spec in CATALOGUE.values() if spec.role == "input")


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts that nodes play. All are ids in the order of computation.

    sinks    outputs, losses and metrics; `losses` are among them
    outputs  (node id, port) of what the network returns: what Output nodes show, then the predictions that losses and
             metrics look at, and whatever else of theirs only the network can compute
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
    nodes = wired.nodes
    sinks = [node_id for node_id in wired.order if nodes[node_id].type in SINKS]
    outputs = _outputs(wired, sinks)
    network = wired.before(node_id for node_id, _ in outputs)
    live = network | wired.before(sinks)
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
    """A target that comes from Inputs alone, by operations that learn nothing and draw nothing, is computed where it is
    looked at, not returned by the network."""
    nodes, given = wired.nodes, _given(wired)
    shown = [edge for sink in sinks if nodes[sink].type == "Output" for edge in wired.into.get(sink, ())]
    judged = [
        edge for sink in sinks if nodes[sink].type != "Output" for edge in wired.into.get(sink, ())
        if edge.target_port == "prediction" or edge.source not in given
    ]
    return tuple(dict.fromkeys((edge.source, edge.source_port) for edge in (*shown, *judged)))


def _given(wired: Wiring) -> set[str]:
    """The nodes whose values follow from the data, whatever the network has learned."""
    given: set[str] = set()
    for node_id in wired.order:
        spec = wired.specs[node_id]
        if spec and not spec.module and not spec.is_random and wired.nodes[node_id].type not in COMPOSITES and all(
                edge.source in given for edge in wired.into.get(node_id, ())):
            given.add(node_id)
    return given
