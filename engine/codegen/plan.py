"""What is emitted, and under which names: decided here, written down in `writer`."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from engine import layers
from engine.analysis import Analysis
from engine.analysis.wiring import Wiring, wiring
from engine.graph import Graph, Node
from engine.layers.spec import LayerSpec, Params
from engine.names import Names
from engine.params import completed
from engine.tensors import TensorSpec

Wire = tuple[str, str]
"""The tensor at an output port: (node id, port)."""

MODULE_ATTRIBUTES = frozenset({
    "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu", "cuda", "double",
    "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter",
    "get_submodule", "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers", "named_children",
    "named_modules", "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
    "register_module", "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook",
    "requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
})
"""What nn.Module uses itself: no layer may take such a name."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One column that enters: its name in the data and in the code."""

    column: str
    variable: str
    spec: TensorSpec


@dataclass(frozen=True, slots=True)
class Result:
    """One output of the network."""

    name: str
    wire: Wire
    spec: TensorSpec


@dataclass(frozen=True, slots=True)
class Step:
    """One node that is right: its complete settings, and where its inputs come from, in the order of its ports."""

    node: Node
    spec: LayerSpec
    params: Params
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric to accumulate: what it is called, and of which prediction and target."""

    name: str
    spec: LayerSpec
    wires: tuple[Wire, ...]


@dataclass(slots=True)
class Plan:
    """All that the writer needs."""

    network: str
    analysis: Analysis
    inputs: list[Argument] = field(default_factory=list)
    targets: list[Argument] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    losses: list[Step] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    columns: dict[Wire, Argument] = field(default_factory=dict)
    unfinished: list[Node] = field(default_factory=list)

    @property
    def objective(self) -> str:
        return f"{self.network}Objective" if self.losses else ""

    @property
    def weights(self) -> int:
        return sum(self.analysis.nodes[step.node.id].weights for step in self.steps)


def planned(name: str, graph: Graph, analysis: Analysis) -> Plan:
    """The plan for a graph. Layers that are not right yet are left out, and listed as unfinished."""
    plan = Plan(Names(("Objective",)).take(name, "class", "Network"), analysis)
    wired = wiring(graph)
    steps = {node.id: step for node in graph.nodes if (step := _step(node, wired, analysis))}
    plan.unfinished = [node for node in graph.nodes if node.id not in steps]
    sinks = [step for step in steps.values() if step.spec.role in ("output", "loss", "metric")]
    wires = [wire for wire in analysis.outputs if wire[0] in steps] or _loose_ends(steps)
    plan.steps, entering = _ordered(steps, wires)
    _name_arguments(plan, entering, steps)
    _name_results(plan, wires, sinks)
    plan.losses = [step for step in sinks if step.spec.role == "loss"]
    _choose_measures(plan, sinks)
    return plan


def _step(node: Node, wired: Wiring, analysis: Analysis) -> Step | None:
    """None for a node that cannot be computed. A node can be wrong for training and still be computed."""
    spec, report = layers.find(node.type), analysis.nodes[node.id]
    if spec is None or len(report.outputs) < len(spec.outputs):
        return None
    if not spec.outputs and report.state not in ("ok", "warning"):
        return None
    wires: list[Wire | None] = []
    for port in spec.inputs:
        here = wired.wires(node.id, port.name)
        wires += [(edge.source, edge.source_port) for edge in here] or [None]
    return Step(node, spec, completed(spec.params, node.params), tuple(wires))


def _loose_ends(steps: dict[str, Step]) -> list[Wire]:
    """What an unfinished design computes so far: the layers that nothing follows."""
    used = {wire[0] for step in steps.values() for wire in step.wires}
    return [(step.node.id, port.name) for step in steps.values() if step.spec.role == "layer"
            and step.node.id not in used for port in step.spec.outputs]


def _ordered(steps: dict[str, Step], wires: list[Wire]) -> tuple[list[Step], list[str]]:
    """The layers that the wires depend on, branch by branch so that chains stay whole; and the ids of their Inputs."""
    needed, waiting = set(), [wire[0] for wire in wires]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting.extend(wire[0] for wire in steps[node].wires)
    chosen = [step for step in steps.values() if step.node.id in needed]
    followers: dict[str, list[Step]] = defaultdict(list)
    missing = {step.node.id: len(step.wires) for step in chosen}
    for step in chosen:
        for wire in step.wires:
            followers[wire[0]].append(step)
    ready = [step for step in reversed(chosen) if not step.wires]
    order: list[Step] = []
    while ready:
        step = ready.pop()
        order.append(step)
        for follower in reversed(followers[step.node.id]):
            missing[follower.node.id] -= 1
            if not missing[follower.node.id]:
                ready.append(follower)
    entering = [step.node.id for step in chosen if step.spec.role == "input"]
    return [step for step in order if step.spec.role == "layer"], entering


def _name_arguments(plan: Plan, entering: list[str], steps: dict[str, Step]) -> None:
    """A column has one variable, also where several Input nodes bring it in."""
    names, by_column = Names(), dict[str, Argument]()
    inputs = set(entering)
    targets = [wire[0] for step in steps.values() if step.spec.role in ("loss", "metric") for wire in step.wires
               if steps[wire[0]].spec.role == "input" and wire[0] not in inputs]
    for node_id in (*entering, *dict.fromkeys(targets)):
        column = str(steps[node_id].params["column"])
        key = column or f"\0{node_id}"
        if key not in by_column:
            variable = names.take(column or steps[node_id].node.name, "variable", "value")
            by_column[key] = Argument(column, variable, plan.analysis.nodes[node_id].outputs["output"])
            (plan.inputs if node_id in inputs else plan.targets).append(by_column[key])
        plan.columns[node_id, "output"] = by_column[key]


def _name_results(plan: Plan, wires: list[Wire], sinks: list[Step]) -> None:
    names = Names((*(argument.variable for argument in (*plan.inputs, *plan.targets)), "loss", "self"))
    given = {step.wires[0]: step.node.name for step in reversed(sinks) if step.spec.role == "output"}
    for wire in wires:
        spec = plan.analysis.nodes[wire[0]].outputs[wire[1]]
        plan.results.append(Result(names.take(given.get(wire, "output"), "variable", "output"), wire, spec))


def _choose_measures(plan: Plan, sinks: list[Step]) -> None:
    """The placed metrics, or else those that the losses are usually judged by.

    A metric has its type's name; where there are several of a type, they are told apart by their targets.
    """
    placed = [(step.spec.type, step.wires) for step in sinks if step.spec.role == "metric"]
    usual = [(type, loss.wires) for loss in plan.losses for type in loss.spec.metrics]
    wanted = list(dict.fromkeys(placed or usual))
    counts = Counter(type for type, _ in wanted)
    judged = {result.wire: result.name for result in plan.results}
    names = Names()
    for type, (prediction, target) in wanted:
        of = plan.columns[target].variable if target in plan.columns else judged[prediction]
        name = names.take(f"{type.lower()} {of}" if counts[type] > 1 else type.lower(), "variable", "metric")
        plan.measures.append(Measure(name, layers.CATALOGUE[type], (prediction, target)))
