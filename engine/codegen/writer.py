"""A plan written down as a Python module that reads as if a person had written it."""

from collections import Counter

from engine.codegen.plan import MODULE_ATTRIBUTES, Argument, Plan, Step, Wire
from engine.codegen.source import Metric, Source
from engine.codegen.text import Line, block, docstring, signature
from engine.graph import Node
from engine.layers import code
from engine.layers.spec import Inputs
from engine.names import Names
from engine.problems import Problem
from engine.tensors import TensorSpec

TENSOR = "torch.Tensor"


def written(plan: Plan) -> Source:
    """The module of a plan, with the names of its parts."""
    names = Names(MODULE_ATTRIBUTES)
    modules = {step.node.id: names.take(step.node.name, "variable", "layer") for step in plan.steps if step.spec.module}
    lines = [*_header(plan), "", "", *_network(plan, modules)]
    if plan.losses:
        lines += ["", "", *_objective(plan)]
    result_of = {result.wire: result.name for result in plan.results}
    return Source(
        text="\n".join(lines) + "\n",
        network=plan.network,
        objective=plan.objective,
        inputs=tuple(argument.column for argument in plan.inputs),
        targets=tuple(argument.column for argument in plan.targets),
        outputs=tuple(result.name for result in plan.results),
        metrics=tuple(Metric(m.name, m.spec.type, _column(plan, m.wires[1]), result_of[m.wires[0]])
                      for m in plan.measures),
        modules=modules,
        target_of={result_of[step.wires[0]]: column for step in plan.losses
                   if (column := _column(plan, step.wires[1]))},
    )


def _column(plan: Plan, wire: Wire) -> str:
    return plan.columns[wire].column if wire in plan.columns else ""


def _header(plan: Plan) -> list[str]:
    what = f"{plan.network} and the objective it is trained for" if plan.losses else plan.network
    given = ", ".join(argument.variable for argument in plan.inputs)
    usage = (f"    network = {plan.network}()", *block([Line(f"{_results(plan)} = network({given})")], 4))
    shown = docstring(f"{what}, designed with Neuroloom.", 0, usage if plan.results else ())
    return [*shown, "", "import torch", "from torch import nn"]


def _network(plan: Plan, modules: dict[str, str]) -> list[str]:
    lines = [f"class {plan.network}(nn.Module):", *docstring(_purpose(plan), 4)]
    built = [Line(f"self.{modules[step.node.id]} = {code.constructor(step.spec, _specs(plan, step), step.params)}")
             for step in plan.steps if step.node.id in modules]
    if built:
        lines += ["", *signature("__init__", ["self"], "None", 4), *block([Line("super().__init__()"), *built], 8)]
    arguments = ["self", *(f"{argument.variable}: {TENSOR}" for argument in plan.inputs)]
    count = len(plan.results)
    returns = TENSOR if count == 1 else f"tuple[{', '.join([TENSOR] * count) if count < 4 else f'{TENSOR}, ...'}]"
    lines += ["", *signature("forward", arguments, returns if count else "None", 4)]
    return lines + block(_forward(plan, modules), 8)


def _purpose(plan: Plan) -> str:
    if not plan.results:
        return "Nothing can be computed yet."
    given = [f"{argument.variable} {_shape(argument.spec)}" for argument in plan.inputs]
    made = [f"{result.name} {_shape(result.spec)}" for result in plan.results]
    return f"Maps {_listed(given)} to {_listed(made)}. {plan.weights:,} weights."


def _forward(plan: Plan, modules: dict[str, str]) -> list[Line]:
    """The layers in order. A result that only the next line needs is called x; any other has its layer's name."""
    variables: dict[Wire, str] = {wire: argument.variable for wire, argument in plan.columns.items()}
    passing = _passed_on(plan)
    names = Names((*(argument.variable for argument in plan.inputs), "self"))
    chain = names.take("h" if any(argument.variable == "x" for argument in plan.inputs) else "x", "variable", "x")
    lines = []
    for step in plan.steps:
        args = tuple(variables[wire] for wire in step.wires)
        made = []
        for port in step.spec.outputs:
            wire = (step.node.id, port.name)
            variables[wire] = chain if wire in passing else names.take(step.node.name, "variable", "value")
            made.append(variables[wire])
        expression = code.call(step.spec, f"self.{modules.get(step.node.id, '')}", args, step.params)
        shapes = ", ".join(_shape(plan.analysis.nodes[step.node.id].outputs[port.name]) for port in step.spec.outputs)
        lines.append(Line(f"{', '.join(made)} = {expression}", shapes))
    returned = "return " + ", ".join(variables[result.wire] for result in plan.results)
    return [*lines, *_remarks(plan), Line(returned if plan.results else "...")]


def _passed_on(plan: Plan) -> set[Wire]:
    """The results that are used in the very next line and nowhere else."""
    uses: Counter[Wire] = Counter(wire for step in plan.steps for wire in dict.fromkeys(step.wires))
    uses.update(result.wire for result in plan.results)
    following = [set(step.wires) for step in plan.steps[1:]] + [{result.wire for result in plan.results}]
    return {
        wire for step, used_next in zip(plan.steps, following, strict=False) if len(step.spec.outputs) == 1
        for wire in ((step.node.id, step.spec.outputs[0].name),) if wire in used_next and uses[wire] == 1
    }


def _objective(plan: Plan) -> list[str]:
    names = Names({*MODULE_ATTRIBUTES, "network"})
    modules = {loss.node.id: names.take(loss.node.name, "variable", "loss") for loss in plan.losses if loss.spec.module}
    built = [Line(f"self.{modules[loss.node.id]} = {code.constructor(loss.spec, _specs(plan, loss), loss.params)}")
             for loss in plan.losses if loss.node.id in modules]
    measured = f", and what adds up to {_listed([m.name for m in plan.measures])}" if plan.measures else ""
    arguments = ["self", *(f"{argument.variable}: {TENSOR}" for argument in _entering(plan))]
    start = [Line("super().__init__()"), Line("self.network = network"), *built]
    return [
        f"class {plan.objective}(nn.Module):",
        *docstring(f"The loss of {plan.network}, a mean over the batch{measured}.", 4),
        "",
        *signature("__init__", ["self", f"network: {plan.network}"], "None", 4),
        *block(start, 8),
        "",
        *signature("forward", arguments, f"tuple[{TENSOR}, tuple[{TENSOR}, ...]]", 4),
        *_judged(plan, modules),
    ]


def _judged(plan: Plan, modules: dict[str, str]) -> list[str]:
    given = ", ".join(argument.variable for argument in plan.inputs)
    lines = [Line(f"{_results(plan)} = self.network({given})", ", ".join(_shape(r.spec) for r in plan.results))]
    for number, loss in enumerate(plan.losses):
        expression = code.call(loss.spec, f"self.{modules.get(loss.node.id, '')}", _judging(plan, loss.wires),
                               loss.params)
        lines.append(Line(f"loss = loss + {expression}" if number else f"loss = {expression}"))
    written = block(lines, 8)
    taken = (*(a.variable for a in _entering(plan)), *(r.name for r in plan.results), "loss", "self")
    names, measured = Names(taken), []
    for measure in plan.measures:
        inputs = tuple(_spec(plan, wire) for wire in measure.wires)
        measured.append((names.take(measure.name, "variable", "metric"),
                         code.sums(measure.spec, _judging(plan, measure.wires), inputs)))
    if measured:
        written += ["        with torch.no_grad():", *block([Line(f"{name} = {sums}") for name, sums in measured], 12)]
    sums = ", ".join(name for name, _ in measured) + ("," if len(measured) == 1 else "")
    return [*written, *block([Line(f"return loss, ({sums})")], 8)]


def _judging(plan: Plan, wires: tuple[Wire, ...]) -> tuple[str, str]:
    """The variables of a prediction and its target in the objective."""
    results = {result.wire: result.name for result in plan.results}
    prediction, target = wires
    return results[prediction], plan.columns[target].variable if target in plan.columns else results[target]


def _entering(plan: Plan) -> list[Argument]:
    return [*plan.inputs, *plan.targets]


def _results(plan: Plan) -> str:
    return ", ".join(result.name for result in plan.results)


def _spec(plan: Plan, wire: Wire) -> TensorSpec:
    return plan.analysis.nodes[wire[0]].outputs[wire[1]]


def _specs(plan: Plan, step: Step) -> Inputs:
    return tuple(_spec(plan, wire) for wire in step.wires)


def _shape(spec: TensorSpec) -> str:
    return str(spec) if spec.dtype == "float32" else f"{spec} {spec.dtype}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _remarks(plan: Plan) -> list[Line]:
    """What an unfinished design still lacks, in comments."""
    problems: dict[str, Problem] = {}
    for problem in plan.analysis.errors:
        problems.setdefault(problem.node, problem)
    return [Line("", f"Not in the code yet: {_reason(plan, node, problems.get(node.id))}") for node in plan.unfinished]


def _reason(plan: Plan, node: Node, problem: Problem | None) -> str:
    waits_for = plan.analysis.nodes[node.id].waits_for
    reason = problem.message if problem else f"{node.name} waits for {waits_for}" if waits_for else node.name
    return "".join(char if char.isprintable() else " " for char in reason)
