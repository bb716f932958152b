"""A program written down as a Python module that reads as if a person had written it."""

import ast
from collections.abc import Iterable, Sequence

from engine.analysis.library import Library
from engine.codegen.forward import Scope, aside, forward, is_sequential, shape
from engine.codegen.outline import MODULE_ATTRIBUTES, OWN_NAMES, Argument, Measure, Outline, Step, Wire
from engine.codegen.program import Program
from engine.codegen.ready_made import helpers_of, ready_made_names
from engine.codegen.text import Line, block, docstring, signature
from engine.layers import code
from engine.layers.networks import SHARING, copies
from engine.layers.spec import NO_ARGUMENT, NOTHING, Inputs
from engine.names import Names
from engine.problems import Problem

TENSOR = "torch.Tensor"
SAMPLES = "samples: int"


class Writer:
    """Writes the classes of a program. `modules`: attribute names by node id, by graph."""

    def __init__(self, program: Program, library: Library) -> None:
        self._program, self._library = program, library
        self._attributes = {name: _attributes(outline) for name, outline in program.outlines.items()}
        self.modules = {name: modules for name, (_, modules) in self._attributes.items()}

    def text(self) -> str:
        lines: list[str] = []
        for outline in self._program.outlines.values():
            if outline.network:
                lines += ["", "", *self._network(outline)]
            if outline.losses:
                lines += ["", "", *(self._pair(outline) if outline.is_pair else self._objective(outline))]
        helpers = helpers_of("\n".join(lines), [
            helper for outline in self._program.outlines.values()
            for step in (*outline.steps, *outline.aside, *_sinks(outline))
            for helper in step.spec.helpers])
        return "\n".join((*_header(self._program), *helpers, *lines)) + "\n"

    def _scope(self, outline: Outline, arguments: Sequence[Argument]) -> Scope:
        networks, modules = self._attributes[outline.graph]
        return Scope(outline, arguments, modules, networks, self._program.outlines, self._library)

    def _class_of(self, graph: str) -> str:
        return self._program.outlines[graph].name

    def _start(self, outline: Outline, more: Iterable[Line] = ()) -> list[str]:
        """The constructor: the networks that it is given, then its own layers."""
        networks, modules = self._attributes[outline.graph]
        built = [Line(f"self.{name} = {name}") for name in networks.values()]
        built += [Line(f"self.{modules[step.node.id]} = {self._constructor(outline, step)}")
                  for step in outline.steps if step.node.id in modules]
        built += more
        arguments = ["self", *(f"{name}: {self._class_of(graph)}" for graph, name in networks.items())]
        return ["", *signature("__init__", arguments, "None"), *block([Line("super().__init__()"), *built], 8)] \
            if built else []

    def _constructor(self, outline: Outline, step: Step) -> str:
        if not step.graph:
            return code.constructor(step.spec, _specs(outline, step.wires), step.params)
        networks, _ = self._attributes[outline.graph]
        inner = self._program.outlines[step.graph]
        copy = f"{inner.name}({', '.join(networks[graph] for graph in inner.networks)})"
        if (repeat := copies(step.params)) == 1:
            return copy
        row = f"{copy} for _ in range({repeat})"
        return f"nn.Sequential(*({row}))" if is_sequential(step, inner) else f"nn.ModuleList({row})"

    def _network(self, outline: Outline) -> list[str]:
        lines = [f"class {outline.name}(nn.Module):", *docstring(_purpose(outline), 4), *self._start(outline)]
        arguments = ["self", *_typed(outline.inputs), *([SAMPLES] if outline.draws else [])]
        count = len(outline.results)
        returns = TENSOR if count == 1 else f"tuple[{', '.join([TENSOR] * count) if count < 4 else f'{TENSOR}, ...'}]"
        lines += ["", *signature("forward", arguments, returns if count else "None")]
        names = Names((*(argument.variable for argument in outline.sources), *ready_made_names(), *OWN_NAMES))
        returned = [result.wire for result in outline.results]
        body, variables = forward(self._scope(outline, outline.inputs), names, returned=returned)
        last = f"return {', '.join(variables[wire] for wire in returned)}" if returned else "..."
        body += [*_remarks(outline), Line(last)]
        return lines + block(body, 8)

    def _pair(self, outline: Outline) -> list[str]:
        """The objective around a network of the same graph."""
        names = Names({*MODULE_ATTRIBUTES, "network"})
        modules = _loss_modules(outline, names)
        start = [Line("super().__init__()"), Line("self.network = network"), *_loss_constructors(outline, modules)]
        results = ", ".join(result.name for result in outline.results)
        given = ", ".join(argument.variable for argument in outline.inputs)
        if outline.draws:
            given = f"{outline.targets[0].variable}.shape[0]" if outline.targets else "samples"
        computed = Line(f"{results} = self.network({given})", ", ".join(shape(r.spec) for r in outline.results))
        variables = {**{wire: argument.variable for wire, argument in outline.columns.items()},
                     **{result.wire: result.name for result in outline.results}}
        names = Names((*(a.variable for a in outline.sources), *(r.name for r in outline.results),
                       *ready_made_names(), "loss", "self"))
        given_lines, variables = aside(self._scope(outline, outline.sources), names, variables)
        return [
            f"class {outline.objective}(nn.Module):",
            *docstring(f"The loss of {outline.name}, a mean over the batch{_measured(outline)}.", 4),
            "",
            *signature("__init__", ["self", f"network: {outline.name}"], "None"),
            *block(start, 8),
            "",
            *_judging_signature(outline),
            *block([computed, *given_lines], 8),
            *_judged(outline, modules, variables, names),
        ]

    def _objective(self, outline: Outline) -> list[str]:
        """An objective that computes everything itself."""
        networks, modules = self._attributes[outline.graph]
        attributes = Names({*MODULE_ATTRIBUTES, *networks.values(), *modules.values()})
        losses = _loss_modules(outline, attributes)
        names = Names((*(a.variable for a in outline.sources), *ready_made_names(), *OWN_NAMES, "loss"))
        judged = {wire for sink in _sinks(outline) for wire in sink.wires if wire is not None}
        body, variables = forward(self._scope(outline, outline.sources), names, judged=judged)
        given = [self._class_of(graph) for graph in outline.networks]
        what = f" with {_listed(given)}" if given else ""
        return [
            f"class {outline.objective}(nn.Module):",
            *docstring(f"A loss, computed{what}: a mean over the batch{_measured(outline)}.", 4),
            *self._start(outline, _loss_constructors(outline, losses)),
            "",
            *_judging_signature(outline),
            *block([*body, *_remarks(outline)], 8),
            *_judged(outline, losses, variables, names),
        ]


def _attributes(outline: Outline) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the given networks by graph, and of the own layers by node id, in one scope."""
    names = Names(MODULE_ATTRIBUTES)
    networks = {graph: names.take(graph, "variable", "network") for graph in outline.networks}
    modules = {step.node.id: names.take(step.node.name, "variable", "layer") for step in outline.steps
               if step.spec.module or (step.graph and step.node.type not in SHARING)}
    return networks, modules


def _loss_modules(outline: Outline, names: Names) -> dict[str, str]:
    return {loss.node.id: names.take(loss.node.name, "variable", "loss") for loss in outline.losses if loss.spec.module}


def _loss_constructors(outline: Outline, modules: dict[str, str]) -> list[Line]:
    return [Line(f"self.{modules[loss.node.id]} = "
                 f"{code.constructor(loss.spec, _specs(outline, loss.wires), loss.params)}")
            for loss in outline.losses if loss.node.id in modules]


def _loss_lines(outline: Outline, modules: dict[str, str], variables: dict[Wire, str],
                names: Names) -> tuple[list[Line], list[str]]:
    """The statements of the loss; where it is a sum, each part has a variable of its own, and these are given too."""
    lines, parts, terms = [], [], []
    for loss in outline.losses:
        expression = code.call(loss.spec, f"self.{modules.get(loss.node.id, '')}", _arguments(loss, variables),
                               loss.params)
        if len(outline.losses) > 1:
            parts.append(names.take(loss.node.name, "variable", "part"))
            lines.append(Line(f"{parts[-1]} = {expression}"))
            expression = parts[-1]
        weight = loss.params.get("weight", 1.0)
        bracketed = expression if _is_simple(expression) else f"({expression})"
        terms.append(expression if weight == 1.0 else f"{weight!r} * {bracketed}")
    return [*lines, Line(f"loss = {' + '.join(terms)}")], parts


def _is_simple(expression: str) -> bool:
    return isinstance(ast.parse(expression, mode="eval").body, ast.Call | ast.Name)


def _judging_signature(outline: Outline) -> list[str]:
    arguments = ["self", *_typed(outline.sources), *([] if outline.sources else [SAMPLES])]
    return signature("forward", arguments, f"tuple[{TENSOR}, tuple[{TENSOR}, ...]]")


def _judged(outline: Outline, modules: dict[str, str], variables: dict[Wire, str], names: Names) -> list[str]:
    """The loss, the metrics' sums, and what is returned."""
    lines, parts = _loss_lines(outline, modules, variables, names)
    measured = []
    for measure in outline.measures:
        sums = code.sums(measure.spec, _arguments(measure, variables), _specs(outline, measure.wires), measure.params)
        measured.append((names.take(measure.name, "variable", "metric"), sums))
    count = f"{outline.sources[0].variable}.shape[0]" if outline.sources else "samples"
    for part in parts:
        measured.append((names.take(f"{part} sums", "variable", "metric"),
                         f"torch.stack(({part}, torch.ones_like({part}))) * {count}"))
    written = ["        with torch.no_grad():", *block([Line(f"{name} = {sums}") for name, sums in measured], 12)] \
        if measured else []
    sums = ", ".join(name for name, _ in measured) + ("," if len(measured) == 1 else "")
    return [*block(lines, 8), *written, *block([Line(f"return loss, ({sums})")], 8)]


def _sinks(outline: Outline) -> list[Step | Measure]:
    return [*outline.losses, *outline.measures]


def _arguments(sink: Step | Measure, variables: dict[Wire, str]) -> tuple[str, ...]:
    return tuple(NO_ARGUMENT if wire is None else variables[wire] for wire in sink.wires)


def _measured(outline: Outline) -> str:
    names = [*(measure.name for measure in outline.measures), *outline.parts]
    return f", and what adds up to {_listed(names)}" if names else ""


def _typed(arguments: Iterable[Argument]) -> list[str]:
    return [f"{argument.variable}: {TENSOR}" for argument in arguments]


def _specs(outline: Outline, wires: Iterable[Wire | None]) -> Inputs:
    return tuple(NOTHING if wire is None else outline.spec(wire) for wire in wires)


def _header(program: Program) -> list[str]:
    used = program.used
    judged = [outline.objective for outline in program.outlines.values() if outline.losses]
    networks = [outline.network for outline in program.outlines.values() if outline.network]
    objectives = "the objective" if len(judged) == 1 else "the objectives"
    trained = [f"{objectives} {'it is' if len(networks) == 1 else 'they are'} trained for"] if judged else []
    what = _listed([*networks, *trained])
    shown = docstring(f"{what}, designed with Neuroloom.", 0, _usage(program) if used.results else ())
    return [*shown, "", "import torch", "from torch import nn"]


def _usage(program: Program) -> list[str]:
    """How the network is made and used, for the docstring."""
    used, lines = program.used, []
    for outline in _needed(program, used):
        variable = _variable(outline, used)
        given = ", ".join(_variable(program.outlines[graph], used) for graph in outline.networks)
        lines.append(Line(f"{variable} = {outline.name}({given})"))
    given = ", ".join(argument.variable for argument in used.inputs) or ("samples" if used.draws else "")
    lines.append(Line(f"{', '.join(result.name for result in used.results)} = network({given})"))
    return block(lines, 4)


def _needed(program: Program, outline: Outline) -> list[Outline]:
    """The outlines of the objects that must be made for a network, inner ones first."""
    reached = {outline.graph}
    waiting = [outline]
    while waiting:
        for graph in waiting.pop().networks:
            if graph not in reached:
                reached.add(graph)
                waiting.append(program.outlines[graph])
    return [each for graph, each in program.outlines.items() if graph in reached]


def _variable(outline: Outline, used: Outline) -> str:
    return "network" if outline is used else Names(("network",)).take(outline.graph, "variable", "network")


def _purpose(outline: Outline) -> str:
    if not outline.results:
        return "Nothing can be computed yet."
    given = [f"{argument.variable} {shape(argument.spec)}" for argument in outline.inputs] or ["nothing"]
    made = [f"{result.name} {shape(result.spec)}" for result in outline.results]
    return f"Maps {_listed(given)} to {_listed(made)}. {outline.analysis.weights:,} weights."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _remarks(outline: Outline) -> list[Line]:
    """What an unfinished design still lacks, in comments."""
    problems: dict[str, Problem] = {}
    for problem in outline.analysis.errors:
        problems.setdefault(problem.node, problem)
    return [Line("", f"Not in the code yet: {_reason(outline, node.id, node.name, problems.get(node.id))}")
            for node in outline.unfinished]


def _reason(outline: Outline, node_id: str, name: str, problem: Problem | None) -> str:
    waits_for = outline.analysis.nodes[node_id].waits_for
    reason = problem.message if problem else f"{name} waits for {waits_for}" if waits_for else name
    return "".join(char if char.isprintable() else " " for char in reason)
