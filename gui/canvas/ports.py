"""Names of ports."""

from dataclasses import dataclass

from engine.graph import Edge

PortKey = tuple[str, bool]
"""A port of a node that is known from the context: its name, and whether it is an output."""


@dataclass(frozen=True, slots=True)
class PortRef:
    """One port of one node."""

    node: str
    name: str
    is_output: bool

    @property
    def key(self) -> PortKey:
        return self.name, self.is_output


def edge_between(a: PortRef, b: PortRef) -> Edge | None:
    """The wire from one to the other, whichever is the output; None for two ports of a kind."""
    if a.is_output == b.is_output:
        return None
    source, target = (a, b) if a.is_output else (b, a)
    return Edge(source.node, source.name, target.node, target.name)
