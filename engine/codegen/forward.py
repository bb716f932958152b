"""The statements of a forward pass: one layer after another, placed networks and loops among them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.analysis.composites import ports_of, states_of
from engine.analysis.library import Library
from engine.codegen.outline import Argument, Outline, Step, Wire
from engine.codegen.text import Line
from engine.layers import code
from engine.layers.networks import copies
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
    arguments what the forward takes
    """

    outline: Outline
    arguments: Sequence[Argument]
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


def count_and_device(scope: Scope) -> tuple[str, str]:
    """Expressions for the number of samples and the device, for layers that make values of nothing."""
    if not scope.arguments:
        is_anywhere = not scope.outline.analysis.weights
        return "samples", "torch.get_default_device()" if is_anywhere else "next(self.parameters()).device"
    first = scope.arguments[0].variable
    return f"{first}.shape[0]", f"{first}.device"


class _Writing:
    """Lines in the making."""

    def __init__(self, scope: Scope, names: Names, passing: set[Wire], used: set[Wire],
                 variables: dict[Wire, str]) -> None:
        self._scope, self._names, self._passing, self._used = scope, names, passing, used
        self._outline = scope.outline
        self.variables = variables
        taken = {argument.variable for argument in scope.arguments}
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
            args = self._arguments(step) or count_and_device(self._scope)
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
        ports = [port.name for port in step.spec.inputs]
        return step.wires[ports.index(argument.port)]

    def _call_of(self, step: Step, module: str, change: Mapping[Wire, str] | None = None) -> str:
        """The call of a placed network; `change`: other variables for some arguments, by their wire inside."""
        given = {}
        for argument in self._inner(step).inputs:
            outer = self._outer(step, argument)
            given[argument.wire] = NO_ARGUMENT if outer is None else self.variables[outer]
        arguments = [*{**given, **(change or {})}.values()]
        if not arguments and self._inner(step).draws:
            arguments = [count_and_device(self._scope)[0]]
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
        return copies(step.params) > 1 and not is_sequential(step, self._inner(step))

    def _repeat(self, step: Step) -> None:
        """Copies in a row that are given something else than what the copy before made, or more."""
        inner = self._inner(step)
        passed_on = [argument.wire for argument in inner.inputs if argument.port == step.spec.inputs[0].name]
        start = self._arguments(step)[0]
        results = self._targets(step)
        shown = inner.shown[step.spec.outputs[0].name]
        place = next(i for i, result in enumerate(inner.results) if result.wire == shown)
        kept = {self.variables[wire] for wire in step.wires[1:] if wire is not None}
        if results[place] in (UNUSED, *kept):
            results[place] = self._names.take(step.node.name, "variable", "value")
            self.variables.update({(step.node.id, port.name): results[place] for port in step.spec.outputs
                                   if inner.shown.get(port.name) == shown})
        self.lines += [Line(f"{results[place]} = {start}") for _ in passed_on if results[place] != start]
        self.lines.append(Line(f"for block in {self._scope.module(step)}:"))
        change = dict.fromkeys(passed_on, results[place])
        self._add(results, self._call_of(step, "block", change), self._shapes(step), "    ")

    def _loop(self, step: Step) -> None:
        """A network run for every step of its sequences; its states go from step to step."""
        inner, library = self._inner(step), self._scope.library
        sequences = sequences_of(step, self._outline, library)
        sequence = self.variables[next(iter(sequences.values()))]
        states, change = dict[str, str](), dict[Wire, str]()
        for output, state in states_of(library.graphs[step.graph]).items():
            label = f"{step.node.name} {library.graphs[step.graph].node(state).name}"
            states[output] = change[state, "output"] = self._names.take(label, "variable", "state")
        for argument in inner.inputs:
            outer = self._outer(step, argument)
            if argument.wire in change:
                sizes = "".join(f", {size}" for size in argument.spec.sizes)
                start = self.variables[outer] if outer is not None else (
                    f"torch.zeros({sequence}.shape[0]{sizes}, device={sequence}.device)")
                self._add([change[argument.wire]], start, f"state, {shape(argument.spec)}")
            elif argument.port in sequences:
                change[argument.wire] = f"{self.variables[sequences[argument.port]]}[:, step]"
        given = {argument.wire: change[argument.wire] for argument in inner.inputs if argument.wire in change}
        self._stepped(step, inner, states, self._call_of(step, self._scope.module(step), given), sequence)

    def _stepped(self, step: Step, inner: Outline, states: Mapping[str, str], call: str, sequence: str) -> None:
        made, stacked, copied = [], [], []
        for result in inner.results:
            ports = [port for port in step.spec.outputs if inner.shown.get(port.name) == result.wire]
            passed_on = [states[port.name] for port in ports if port.name in states]
            outputs = [port for port in ports if port.name not in states and (step.node.id, port.name) in self._used]
            local = passed_on[0] if passed_on else \
                self._names.take(result.name, "variable", "value") if outputs else UNUSED
            made.append(local)
            copied += [(other, local) for other in passed_on[1:]]
            self.variables.update({(step.node.id, port.name): local for port in ports if port.name in states})
            stacked += [(port, local, self._names.take(f"{result.name} steps", "variable", "steps"))
                        for port in outputs[:1]]
            for port in outputs[1:]:
                stacked.append((port, local, stacked[-1][2]))
        lists = list(dict.fromkeys((local, name) for _, local, name in stacked))
        for _, name in lists:
            self.lines.append(Line(f"{name} = []"))
        self.lines.append(Line(f"for step in range({sequence}.shape[1]):"))
        self._add(made, call, "", "    ")
        for state, local in copied:
            self._add([state], local, "", "    ")
        for local, name in lists:
            self.lines.append(Line(f"    {name}.append({local})"))
        for port, _, name in stacked:
            wire = (step.node.id, port.name)
            self._add([self._name(step, wire, port.title)], f"torch.stack({name}, 1)", shape(self._outline.spec(wire)))


def is_sequential(step: Step, inner: Outline) -> bool:
    """Whether copies of a placed network can be chained by nn.Sequential."""
    return [argument.port for argument in inner.inputs] == [step.spec.inputs[0].name] and len(inner.results) == 1


def sequences_of(step: Step, outline: Outline, library: Library) -> dict[str, Wire]:
    """What a Loop goes through step by step, by port: all with one axis more than its network declares, but states."""
    inside, analysis = ports_of(library.graphs[step.graph]).inputs, library.analysis(step.graph)
    found = {}
    for port, wire in zip(step.spec.inputs, step.wires, strict=True):
        node_id, inner = inside[port.name]
        if wire and not port.optional and outline.spec(wire).rank > analysis.nodes[node_id].outputs[inner].rank:
            found[port.name] = wire
    return found


def _passed_on(outline: Outline, returned: set[Wire]) -> set[Wire]:
    """The results that are used in the very next line and nowhere else."""
    uses: Counter[Wire] = Counter(wire for step in outline.steps for wire in dict.fromkeys(step.given))
    uses.update(returned)
    following = [set(step.given) for step in outline.steps[1:]] + [returned]
    return {
        wire for step, used_next in zip(outline.steps, following, strict=False) if len(step.spec.outputs) == 1
        for wire in ((step.node.id, step.spec.outputs[0].name),) if wire in used_next and uses[wire] == 1
    }
