"""The statements of a forward pass: one layer after another, placed networks and loops among them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.analysis.composites import LENGTHS, states_of
from engine.analysis.library import Library
from engine.codegen.outline import Argument, Outline, Step, Wire
from engine.codegen.text import Line
from engine.layers import code
from engine.layers.spec import NO_ARGUMENT
from engine.names import Names
from engine.tensors import TensorSpec

UNUSED = "_"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the statements of one class refer to.

    modules   attributes of the layers, by node id
    networks  attributes of the placed networks, by graph
    outlines  of all graphs
    """

    outline: Outline
    modules: Mapping[str, str]
    networks: Mapping[str, str]
    outlines: Mapping[str, Outline]
    library: Library

    def module(self, step: Step) -> str:
        return f"self.{self.modules.get(step.node.id) or self.networks.get(step.graph, '')}"


def forward(scope: Scope, names: Names, *, returned: Iterable[Wire] = (),
            judged: Iterable[Wire] = ()) -> tuple[list[Line], dict[Wire, str]]:
    """The statements of all steps, and the variable of each wire. A result that only the next line needs is called x,
    also where that is the line that returns it; any other has its layer's name, and so has what is judged
    afterwards."""
    outline, returned, judged = scope.outline, set(returned), set(judged)
    used = {wire for step in outline.steps for wire in step.given} | returned | judged
    variables = {wire: argument.variable for wire, argument in outline.columns.items()}
    writing = _Writing(scope, names, _passed_on(outline, returned) - judged, used, variables)
    for step in outline.steps:
        writing.write(step)
    return writing.lines, writing.variables


def aside(scope: Scope, names: Names, variables: Mapping[Wire, str]) -> tuple[list[Line], dict[Wire, str]]:
    """The statements of what an objective computes by itself, with the variables that there are then."""
    used = {(step.node.id, port.name) for step in scope.outline.aside for port in step.spec.outputs}
    writing = _Writing(scope, names, set(), used, dict(variables))
    for step in scope.outline.aside:
        writing.write(step)
    return writing.lines, writing.variables


def shape(spec: TensorSpec) -> str:
    """A shape for a comment."""
    return str(spec) if spec.dtype == "float32" else f"{spec} {spec.dtype}"


def count_and_device(outline: Outline) -> tuple[str, str]:
    """Expressions for the number of samples and the device, for layers that make values of nothing."""
    if not outline.sources:
        return "samples", "next(self.parameters()).device"
    first = outline.sources[0].variable
    return f"{first}.shape[0]", f"{first}.device"


class _Writing:
    """Lines in the making."""

    def __init__(self, scope: Scope, names: Names, passing: set[Wire], used: set[Wire],
                 variables: dict[Wire, str]) -> None:
        self._scope, self._names, self._passing, self._used = scope, names, passing, used
        self._outline = scope.outline
        self.variables = variables
        taken = {argument.variable for argument in self._outline.sources}
        self._chain = names.take("h" if "x" in taken else "x", "variable", "x")
        self.lines: list[Line] = []

    def write(self, step: Step) -> None:
        if step.node.type == "Loop":
            self._loop(step)
        elif step.graph and self._is_list(step):
            self._repeat(step)
        elif step.graph:
            self._add(self._targets(step), self._call_of(step, self._scope.module(step)), self._shapes(step))
        else:
            args = self._arguments(step) or count_and_device(self._outline)
            made = [self._name(step, (step.node.id, port.name), port.title) for port in step.spec.outputs]
            self._add(made, code.call(step.spec, self._scope.module(step), args, step.params), self._shapes(step))

    def _add(self, made: list[str], expression: str, comment: str = "", indent: str = "") -> None:
        self.lines.append(Line(f"{indent}{', '.join(made)} = {expression}", comment))

    def _arguments(self, step: Step) -> tuple[str, ...]:
        return tuple(NO_ARGUMENT if wire is None else self.variables[wire] for wire in step.wires)

    def _name(self, step: Step, wire: Wire, title: str) -> str:
        """The variable that a result gets."""
        if wire not in self._used:
            return UNUSED
        if wire in self._passing:
            self.variables[wire] = self._chain
        else:
            name = step.node.name if len(step.spec.outputs) == 1 else f"{step.node.name} {title}"
            self.variables[wire] = self._names.take(name, "variable", "value")
        return self.variables[wire]

    def _shapes(self, step: Step) -> str:
        made = self._outline.analysis.nodes[step.node.id].outputs
        return ", ".join(shape(made[port.name]) for port in step.spec.outputs
                         if (step.node.id, port.name) in self._used)

    # Placed networks

    def _inner(self, step: Step) -> Outline:
        return self._scope.outlines[step.graph]

    def _outer(self, step: Step, argument: Argument) -> Wire | None:
        """What is wired to the port that brings an argument in."""
        node, port = argument.wire
        name = node + (LENGTHS if port == "lengths" else "")
        ports = [port.name for port in step.spec.inputs]
        return step.wires[ports.index(name)]

    def _call_of(self, step: Step, module: str, change: Mapping[Wire, str] | None = None) -> str:
        """The call of a placed network; `change`: other variables for some arguments, by their wire inside."""
        given = {}
        for argument in self._inner(step).inputs:
            outer = self._outer(step, argument)
            given[argument.wire] = NO_ARGUMENT if outer is None else self.variables[outer]
        arguments = [*{**given, **(change or {})}.values()]
        if not arguments and self._inner(step).draws:
            arguments = [count_and_device(self._outline)[0]]
        return f"{module}({', '.join(arguments)})"

    def _targets(self, step: Step) -> list[str]:
        """A variable for every result of a placed network, in its order. Several Outputs may show one result."""
        made = []
        for result in self._inner(step).results:
            ports = [port for port in step.spec.outputs if self._inner(step).shown.get(port.name) == result.wire]
            wires = [(step.node.id, port.name) for port in ports if (step.node.id, port.name) in self._used]
            made.append(self._name(step, wires[0], ports[0].title) if wires else UNUSED)
            self.variables.update(dict.fromkeys(wires, made[-1]))
        return made

    def _is_list(self, step: Step) -> bool:
        return int(step.params.get("repeat", 1)) > 1 and not is_sequential(self._inner(step))

    def _repeat(self, step: Step) -> None:
        """Copies in a row that are given more than what the copy before made."""
        inner = self._inner(step)
        first = next(a for a in inner.inputs if self._outer(step, a) == step.wires[0])
        start = self._arguments(step)[0]
        results = self._targets(step)
        place = next(i for i, result in enumerate(inner.results)
                     if result.wire == inner.shown[step.spec.outputs[0].name])
        if results[place] == UNUSED:
            results[place] = self._names.take(step.node.name, "variable", "value")
        self.lines.append(Line(f"{results[place]} = {start}"))
        self.lines.append(Line(f"for block in {self._scope.module(step)}:"))
        self._add(results, self._call_of(step, "block", {first.wire: results[place]}), self._shapes(step), "    ")

    def _loop(self, step: Step) -> None:
        """A network run for every step of its sequences; its states go from step to step."""
        inner, graph = self._inner(step), self._scope.library.graphs[step.graph]
        states = {(node, "output"): output for output, node in states_of(graph).items()}
        change, sequence = {}, ""
        variables: dict[str, str] = {}
        for argument in inner.inputs:
            outer = self._outer(step, argument)
            if argument.wire in states:
                label = f"{step.node.name} {argument.variable}"
                change[argument.wire] = variables[states[argument.wire]] = self._names.take(label, "variable", "state")
            elif outer is not None and self._outline.spec(outer).rank == argument.spec.rank + 1:
                sequence = sequence or self.variables[outer]
                change[argument.wire] = f"{self.variables[outer]}[:, step]"
        for argument in inner.inputs:
            if argument.wire in states:
                outer = self._outer(step, argument)
                sizes = "".join(f", {size}" for size in argument.spec.sizes)
                start = self.variables[outer] if outer is not None else (
                    f"torch.zeros({sequence}.shape[0]{sizes}, device={sequence}.device)")
                self._add([change[argument.wire]], start, f"state, {shape(argument.spec)}")
        self._stepped(step, inner, variables, self._call_of(step, self._scope.module(step), change), sequence)

    def _stepped(self, step: Step, inner: Outline, states: Mapping[str, str], call: str, sequence: str) -> None:
        made, stacked = [], []
        for result in inner.results:
            ports = [port for port in step.spec.outputs if inner.shown.get(port.name) == result.wire]
            state = next((states[port.name] for port in ports if port.name in states), "")
            outputs = [port for port in ports if port.name not in states and (step.node.id, port.name) in self._used]
            local = state or (self._names.take(result.name, "variable", "value") if outputs else UNUSED)
            made.append(local)
            self.variables.update({(step.node.id, port.name): state for port in ports if port.name in states})
            stacked += [(port, local, self._names.take(f"{result.name} steps", "variable", "steps"))
                        for port in outputs[:1]]
            for port in outputs[1:]:
                stacked.append((port, local, stacked[-1][2]))
        lists = list(dict.fromkeys((local, name) for _, local, name in stacked))
        for _, name in lists:
            self.lines.append(Line(f"{name} = []"))
        self.lines.append(Line(f"for step in range({sequence}.shape[1]):"))
        self._add(made, call, "", "    ")
        for local, name in lists:
            self.lines.append(Line(f"    {name}.append({local})"))
        for port, _, name in stacked:
            wire = (step.node.id, port.name)
            self._add([self._name(step, wire, port.title)], f"torch.stack({name}, 1)", shape(self._outline.spec(wire)))


def is_sequential(outline: Outline) -> bool:
    """Whether copies of a network can be chained by nn.Sequential."""
    return len(outline.inputs) == 1 and len(outline.results) == 1


def _passed_on(outline: Outline, returned: set[Wire]) -> set[Wire]:
    """The results that are used in the very next line and nowhere else."""
    uses: Counter[Wire] = Counter(wire for step in outline.steps for wire in dict.fromkeys(step.given))
    uses.update(returned)
    following = [set(step.given) for step in outline.steps[1:]] + [returned]
    return {
        wire for step, used_next in zip(outline.steps, following, strict=False) if len(step.spec.outputs) == 1
        for wire in ((step.node.id, step.spec.outputs[0].name),) if wire in used_next and uses[wire] == 1
    }
