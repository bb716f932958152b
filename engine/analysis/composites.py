"""The declaration of a node that places a graph of the project: ports, shapes and costs computed from that graph.

Ports are called by the ids of the placed graph's Input and Output nodes, so that these can be renamed, and labelled
with their names. The shape rule compares what comes in with what the Inputs declare: a network has one shape.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.graph import Graph
from engine.layers.networks import copies
from engine.layers.spec import NOTHING, Inputs, LayerSpec, Params, Port, Resize, ShapeError
from engine.tensors import TensorSpec

if TYPE_CHECKING:
    from engine.analysis.library import Library
    from engine.analysis.report import Analysis

LENGTHS = ".lengths"
"""The port of an Input's lengths is called like the node, with this behind."""

TIME = "time"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a placed graph, as wires inside of it: (node id, port), by the port's name outside."""

    inputs: Mapping[str, tuple[str, str]]
    outputs: Mapping[str, str]
    labels: Mapping[str, str]


def ports_of(graph: Graph) -> Ports:
    """Inputs and Outputs of a graph from top to bottom."""
    inputs: dict[str, tuple[str, str]] = {}
    outputs: dict[str, str] = {}
    labels: dict[str, str] = {}
    for node in sorted(graph.nodes, key=lambda node: node.position[::-1]):
        if node.type == "Input":
            inputs[node.id], labels[node.id] = (node.id, "output"), node.name
            if node.params.get("lengths") is True:
                wire = (node.id, "lengths")
                inputs[port_of(wire)], labels[port_of(wire)] = wire, f"{node.name} lengths"
        elif node.type == "Output":
            outputs[node.id], labels[node.id] = node.id, node.name
    return Ports(inputs, outputs, labels)


def port_of(wire: tuple[str, str]) -> str:
    """The port outside that leads to an output port of an Input inside."""
    node_id, port = wire
    return node_id + LENGTHS if port == "lengths" else node_id


def states_of(graph: Graph) -> dict[str, str]:
    """The states of a graph that is looped: Inputs by the Outputs of the same name, as ids."""
    outputs = {node.name: node.id for node in graph.nodes if node.type == "Output"}
    return {outputs[node.name]: node.id for node in graph.nodes if node.type == "Input" and node.name in outputs}


def composed(declared: LayerSpec, name: str, library: "Library") -> LayerSpec:
    """The declaration of a Network, Block or Loop that places the graph `name` of the library.

    States need no wire, nor do targets, which only its losses look at. What contains itself needs none to be told so.
    """
    shape = _Shape(declared.type, name, library)
    labels, needs_none = shape.ports.labels, library.contains_itself(name)
    return replace(
        declared,
        inputs=tuple(Port(port, optional=needs_none or port in shape.free, label=labels[port]) for port in shape.order),
        outputs=tuple(Port(port, label=labels[port]) for port in shape.ports.outputs),
        shape=shape,
        weights=lambda inputs, params: library.analysis(name).weights * copies(params),
        multiply_adds=lambda inputs, outputs, params: library.analysis(name).multiply_adds * shape.runs(inputs, params),
    )


class _Shape:
    """The shape rule of a placed graph.

    ports  of the graph
    free   input ports that need no wire
    order  of the input ports
    """

    def __init__(self, type: str, name: str, library: "Library") -> None:
        graph = library.graphs[name]
        self._type, self._name, self._library = type, name, library
        self._said = f"the network {name!r}"
        self.ports = ports_of(graph)
        self._states = states_of(graph) if type == "Loop" else {}
        self._entering = frozenset(self._states.values())
        targets = () if library.contains_itself(name) else library.analysis(name).targets
        self.free = self._entering | {port for port, (node, _) in self.ports.inputs.items() if node in targets}
        self.order = sorted(self.ports.inputs, key=lambda port: port in self.free)

    def __call__(self, inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
        analysis = self._checked()
        rule: Callable[[Analysis, Inputs, Params], tuple[TensorSpec, ...]]
        rule = self._looped if self._type == "Loop" else self._once
        return rule(analysis, inputs, params)

    def runs(self, inputs: Inputs, params: Params) -> int:
        """How often the graph is computed."""
        return self._steps(self._library.analysis(self._name), inputs) if self._type == "Loop" else copies(params)

    def _checked(self) -> "Analysis":
        if self._library.contains_itself(self._name):
            raise ShapeError(f"places {self._said}, which contains itself",
                             f"Take out the node in {self._said} that leads back to it. To run a network again and "
                             "again, place a Loop in another one.", code="recursion")
        analysis = self._library.analysis(self._name)
        if not analysis.nodes or analysis.faults:
            reason = "is empty" if not analysis.nodes else f"is not finished: inside, {analysis.faults[0].message}"
            raise ShapeError(f"places {self._said}, which {reason.rstrip('.')}",
                             "Open it with a double click and mend it there.", code="unfinished")
        if not self.ports.outputs:
            raise ShapeError(f"places {self._said}, which has no Output",
                             "Open it with a double click and add an Output.", code="unfinished")
        return analysis

    def _declared(self, analysis: "Analysis", port: str) -> TensorSpec:
        node, inner = self.ports.inputs[port]
        return analysis.nodes[node].outputs[inner]

    def _results(self, analysis: "Analysis") -> dict[str, TensorSpec]:
        return {port: analysis.nodes[node].inputs[0] for port, node in self.ports.outputs.items()}

    def _once(self, analysis: "Analysis", inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
        for port, given in zip(self.order, inputs, strict=True):
            if given is not NOTHING:
                self._compare(port, self._declared(analysis, port), given)
        results = tuple(self._results(analysis).values())
        first = inputs[0] if inputs else NOTHING
        if copies(params) > 1 and (first is NOTHING or not _agree(results[0], first)):
            raise ShapeError(f"repeats {self._said}, which turns "
                             f"{'nothing' if first is NOTHING else first.described()} into {results[0].described()}",
                             "Only a network that gives back the shape of its first input can be repeated.",
                             param="repeat", code="repeat")
        return results

    def _looped(self, analysis: "Analysis", inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
        """Inputs with one axis more than the graph declares are gone through step by step; others stay as they are.
        States have no steps: they come in as they are before the first."""
        steps = self._steps(analysis, inputs)
        for port, given in zip(self.order, inputs, strict=True):
            if given is not NOTHING:
                is_sequence = self._is_sequence(analysis, port, given)
                self._compare(port, self._declared(analysis, port), _one_step(given) if is_sequence else given)
        results = self._results(analysis)
        for output, state in self._states.items():
            taken, passed = self._declared(analysis, state), results[output]
            if not _agree(passed, taken):
                label = self.ports.labels[state]
                raise ShapeError(f"passes the state {label} on as {_told(passed)} but takes {_told(taken)}",
                                 f"Open {self._said} with a double click: either what is wired to the Output {label} "
                                 f"must be {_told(taken)}, or the Input {label} {_told(passed)}.", port=output,
                                 code="state")
        return tuple(
            made if output in self._states else replace(made, sizes=(steps, *made.sizes), axes=(TIME, *made.axes))
            for output, made in results.items())

    def _steps(self, analysis: "Analysis", inputs: Inputs) -> int:
        counts = {given.sizes[0] for port, given in zip(self.order, inputs, strict=True)
                  if self._is_sequence(analysis, port, given)}
        if len(counts) != 1:
            raise ShapeError(
                f"goes through sequences of {' and '.join(map(str, sorted(counts)))} steps" if counts else
                f"needs a sequence: an input with one axis more, its steps, than {self._said} declares",
                "All sequences of a loop have the same number of steps." if counts else
                "Wire a sequence to it, or let the Input of the network declare the shape of a single step.",
                code="loop")
        return counts.pop()

    def _is_sequence(self, analysis: "Analysis", port: str, given: TensorSpec) -> bool:
        return (given is not NOTHING and port not in self._entering
                and given.rank == self._declared(analysis, port).rank + 1)

    def _compare(self, port: str, declared: TensorSpec, given: TensorSpec) -> None:
        if not _agree(declared, given):
            label = self.ports.labels[port]
            hint = f"Change {label} in {self._said}, or what is wired to it."
            if port in self._entering:
                hint += f" It is a state, because {self._said} has an Output of that name, too."
            raise ShapeError(f"expects {_told(declared)} at {label} but gets {_told(given)}", hint,
                             (Resize(declared.sizes, port),) if declared.dtype == given.dtype else (), port=port,
                             code="shape" if declared.dtype == given.dtype else "dtype")


def _agree(declared: TensorSpec, given: TensorSpec) -> bool:
    return (declared.sizes, declared.dtype) == (given.sizes, given.dtype)


def _one_step(given: TensorSpec) -> TensorSpec:
    return replace(given, sizes=given.sizes[1:], axes=given.axes[1:])


def _told(spec: TensorSpec) -> str:
    return spec.described() if spec.dtype == "float32" else f"whole numbers {spec}"
