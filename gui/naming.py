"""Names of nodes: which ones are free."""

from engine.graph import Graph

_STATE = frozenset(("Input", "Output"))


def is_free(graph: Graph, node_id: str, name: str) -> bool:
    """Whether a node may be called so. Names tell nodes apart, but an Input and an Output of one name are a state: what
    a Loop passes from one step to the next."""
    own = graph.node(node_id).type
    others = {node.type for node in graph.nodes if node.name == name and node.id != node_id}
    return not others or (own in _STATE and others == _STATE - {own})
