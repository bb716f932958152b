"""The lengths of sequences: which Input they come from, and through which layers they must be counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.analysis import placing
from engine.analysis.outcome import checked, outcome
from engine.analysis.report import NodeReport
from engine.analysis.wiring import Wiring
from engine.graph import Edge, Graph, Node
from engine.layers import CATALOGUE
from engine.params import Value
from engine.problems import Repair
from engine.tensors import TensorSpec

COUNTER = CATALOGUE["ConvLengths"]
LENGTHS = "lengths"


@dataclass(frozen=True, slots=True)
class _Origin:
    """The Input whose lengths sequences have, and the settings of a ConvLengths for each layer that shortens them."""

    node_id: str
    counters: tuple[dict[str, Value], ...]


def wiring_of(node_id: str, port: str, of: str, wired: Wiring, reports: Mapping[str, NodeReport]) -> Repair | None:
    """Wire to `port` the lengths of what comes in at `of`; None where they cannot be found or would not fit."""
    arriving = wired.wires(node_id, of)
    found = _origin(arriving[0], wired, reports) if arriving else None
    if found is None:
        return None
    through = {0: "", 1: " through a ConvLengths"}.get(len(found.counters),
                                                       f" through {len(found.counters)} ConvLengths")
    return Repair(f"Wire the lengths of {wired.name(found.node_id)}{through}",
                  lambda graph: _wired(graph, found, node_id, port))


def _origin(edge: Edge, wired: Wiring, reports: Mapping[str, NodeReport]) -> _Origin | None:
    """Follows padded sequences up to the Input that pads them, and then its lengths down again."""
    sizes = reports[edge.source].outputs[edge.source_port].sizes
    steps_here = sizes[0] if sizes else 0
    shortening: list[tuple[dict[str, Value], int]] = []
    while wired.nodes[edge.source].type != "Input":
        settings = window(edge.source, wired)
        if settings:
            shortening.append((settings, reports[edge.source].outputs[edge.source_port].sizes[-1]))
        padded = [each for each in wired.wires(edge.source)
                  if reports[each.source].outputs[each.source_port].padded]
        if not padded:
            return None
        edge = padded[0]
    lengths = reports[edge.source].outputs.get(LENGTHS)
    counters = []
    for settings, steps in reversed(shortening):
        counted = _counted(lengths, settings) if lengths else None
        if counted is None or counted.steps != steps:
            return None
        if counted != lengths:
            counters.append(settings)
        lengths = counted
    return _Origin(edge.source, tuple(counters)) if lengths and (lengths.steps or 0) <= steps_here else None


def window(node_id: str, wired: Wiring) -> dict[str, Value]:
    """The settings of a ConvLengths for a layer that slides a window along one axis; {} for all others."""
    spec = wired.specs[node_id]
    params = checked(spec, wired.nodes[node_id].params).params if spec else {}
    kernel = params.get("kernel_size")
    if not isinstance(kernel, tuple) or len(kernel) != 1:
        return {}
    windows = {"stride": kernel, **{name: value for name, value in params.items() if value is not None}}
    return {param.name: windows.get(param.name, (param.default,))[0] for param in COUNTER.params}


def _counted(lengths: TensorSpec, settings: Mapping[str, Value]) -> TensorSpec | None:
    report = outcome(checked(COUNTER, settings), (lengths,)).report
    return report.outputs[COUNTER.outputs[0].name] if report else None


def _wired(graph: Graph, found: _Origin, node_id: str, port: str) -> Graph:
    """The lengths go through counters that are there already as far as there are such, else through new ones."""
    if node_id not in graph or found.node_id not in graph:
        return graph
    source = (found.node_id, LENGTHS)
    for settings in found.counters:
        there = next((edge.target for edge in graph.out_of(*source)
                      if edge.target in graph and _counts(graph.node(edge.target), settings)), None)
        if there is None:
            x, y = graph.node(source[0]).position
            place = placing.free_position(graph, (x + placing.COLUMN, y + placing.ROW))
            node = graph.new_node(COUNTER.type, settings, place)
            graph = graph.add(node).connect(Edge(*source, node.id, COUNTER.inputs[0].name))
            there = node.id
        source = (there, COUNTER.outputs[0].name)
    return graph.connect(Edge(*source, node_id, port))


def _counts(node: Node, settings: Mapping[str, Value]) -> bool:
    return node.type == COUNTER.type and checked(COUNTER, node.params).params == settings
