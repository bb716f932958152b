"""What is emitted of one graph, and under which names: decided here, written down in `writer`."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine import layers
from engine.analysis import Analysis
from engine.analysis.composites import port_of
from engine.analysis.library import Library, placed
from engine.analysis.wiring import Wiring, wiring
from engine.codegen.ready_made import ready_made_names
from engine.derived import LENGTHS
from engine.graph import Node
from engine.layers.networks import SHARING
from engine.layers.spec import LayerSpec, Params
from engine.names import Names, identifier
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

OWN_NAMES = ("self", "samples", "step", "block")
"""Names that a forward uses for itself."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One tensor that enters: its column in the data ("" for none), what its Input is called, its name in the code, and
    the port of the Input node that brings it in."""

    column: str
    title: str
    variable: str
    spec: TensorSpec
    wire: Wire

    @property
    def port(self) -> str:
        """Where it comes in, on a node that places the graph."""
        return port_of(self.wire)


@dataclass(frozen=True, slots=True)
class Result:
    """One output of the network."""

    name: str
    wire: Wire
    spec: TensorSpec


@dataclass(frozen=True, slots=True)
class Step:
    """One node that is right: its complete settings, and where its inputs come from, in the order of its ports; None
    where an optional port is free."""

    node: Node
    spec: LayerSpec
    params: Params
    wires: tuple[Wire | None, ...]

    @property
    def given(self) -> tuple[Wire, ...]:
        """Where inputs do come from."""
        return tuple(wire for wire in self.wires if wire is not None)

    @property
    def graph(self) -> str:
        """The graph that the node places, "" for a layer."""
        return placed(self.node)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric to accumulate: what it is called, and of which wires, in the order of its ports."""

    name: str
    spec: LayerSpec
    params: Params
    wires: tuple[Wire | None, ...]


@dataclass(slots=True)
class Outline:
    """All that the writer needs of one graph.

    is_pair   the graph becomes two classes, a network and the objective that holds it; else it becomes one
    networks  the graphs whose networks it is given, in the order of their first use
    aside     what the objective of a pair computes by itself, of the data: lengths, targets
    parts     what the losses are called, where the loss is a sum of several
    columns   what brings a wire in from outside
    shown     what each Output node shows, by its id
    """

    graph: str
    name: str
    analysis: Analysis
    is_pair: bool = True
    networks: list[str] = field(default_factory=list)
    inputs: list[Argument] = field(default_factory=list)
    targets: list[Argument] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    aside: list[Step] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    losses: list[Step] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    columns: dict[Wire, Argument] = field(default_factory=dict)
    shown: dict[str, Wire] = field(default_factory=dict)
    unfinished: list[Node] = field(default_factory=list)

    @property
    def objective(self) -> str:
        """The class that computes the loss, "" without one."""
        return "" if not self.losses else f"{self.name}Objective" if self.is_pair else self.name

    @property
    def network(self) -> str:
        """The class that computes the outputs, "" where the objective does it all."""
        return self.name if self.is_pair or not self.losses else ""

    @property
    def sources(self) -> list[Argument]:
        """All that enters the objective."""
        return [*self.inputs, *self.targets]

    @property
    def draws(self) -> bool:
        """Whether the network makes its values itself, of nothing that enters: it is told the number of samples."""
        return not self.inputs and any(not step.spec.inputs for step in self.steps)

    def spec(self, wire: Wire) -> TensorSpec:
        return self.analysis.nodes[wire[0]].outputs[wire[1]]


def outlined(name: str, class_name: str, analysis: Analysis, library: Library, inner: Mapping[str, Outline], *,
             is_pair: bool) -> Outline:
    """The outline of a graph; `inner`: of those that it places. Layers that are not right yet are left out, and listed
    as unfinished.

    Where other graphs place this one, each of its Inputs is an argument of its own: they may be wired differently.
    """
    graph = library.graphs[name]
    outline = Outline(name, class_name, analysis, is_pair)
    wired = wiring(graph, library)
    steps = {node.id: step for node in graph.nodes if (step := _step(node, wired, analysis))}
    outline.unfinished = [node for node in graph.nodes if node.id not in steps]
    sinks = [step for step in steps.values() if step.spec.role in ("output", "loss", "metric")]
    wires = [wire for wire in analysis.outputs if wire[0] in steps] or _loose_ends(steps)
    outline.losses = [step for step in sinks if step.spec.role == "loss"]
    outline.steps, entering = _ordered(steps, wires if outline.is_pair or not outline.losses else _needed(sinks, wires))
    outline.shown = {step.node.id: wire for step in sinks if step.spec.role == "output" for wire in step.given}
    outline.aside = _aside(outline, sinks, wires, steps)
    outline.networks = list(dict.fromkeys(
        each for step in outline.steps if step.graph for each in _given(step, inner)))
    are_apart = name in library.placed_somewhere()
    _name_arguments(outline, outline.inputs, entering, steps, are_apart=are_apart)
    _name_results(outline, wires, sinks)
    _name_arguments(outline, outline.targets, _judged(outline, entering, steps), steps, are_apart=are_apart)
    _choose_measures(outline, sinks)
    return outline


def _given(step: Step, inner: Mapping[str, Outline]) -> Sequence[str]:
    """The graphs whose networks a placement needs: that of a Network itself, and what a Block's copies are given."""
    return (step.graph,) if step.node.type in SHARING else inner[step.graph].networks


def _aside(outline: Outline, sinks: list[Step], wires: list[Wire], steps: dict[str, Step]) -> list[Step]:
    if not outline.is_pair:
        return []
    judged = [wire for sink in sinks if sink.spec.role != "output" for wire in sink.given if wire not in wires]
    return _ordered(steps, judged)[0]


def _needed(sinks: list[Step], wires: list[Wire]) -> list[Wire]:
    """What losses and metrics look at, if it is computed: all but targets, and the outputs."""
    return list(dict.fromkeys((*wires, *(wire for sink in sinks for wire in sink.given))))


def _step(node: Node, wired: Wiring, analysis: Analysis) -> Step | None:
    """None for a node that cannot be computed. A node can be wrong for training and still be computed."""
    spec, report = wired.specs[node.id], analysis.nodes[node.id]
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
    used = {wire[0] for step in steps.values() for wire in step.given}
    return [(step.node.id, port.name) for step in steps.values() if step.spec.role == "layer"
            and step.node.id not in used for port in step.spec.outputs]


def _ordered(steps: dict[str, Step], wires: list[Wire]) -> tuple[list[Step], list[Wire]]:
    """The layers that the wires depend on, branch by branch so that chains stay whole; and what enters them."""
    needed, waiting = set(), [wire[0] for wire in wires]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting.extend(wire[0] for wire in steps[node].given)
    chosen = [step for step in steps.values() if step.node.id in needed]
    followers: dict[str, list[Step]] = defaultdict(list)
    missing = {step.node.id: len(step.given) for step in chosen}
    for step in chosen:
        for wire in step.given:
            followers[wire[0]].append(step)
    ready = [step for step in reversed(chosen) if not step.given]
    order: list[Step] = []
    while ready:
        step = ready.pop()
        order.append(step)
        for follower in reversed(followers[step.node.id]):
            missing[follower.node.id] -= 1
            if not missing[follower.node.id]:
                ready.append(follower)
    used = {wire for step in chosen for wire in step.given} | set(wires)
    entering = [(step.node.id, port.name) for step in chosen if step.spec.role == "input" for port in step.spec.outputs
                if (step.node.id, port.name) in used]
    return [step for step in order if step.spec.role == "layer"], entering


def _judged(outline: Outline, entering: list[Wire], steps: dict[str, Step]) -> list[Wire]:
    """What enters the objective alone: targets, lengths."""
    judging = [*(step for step in steps.values() if step.spec.role in ("loss", "metric")), *outline.aside]
    judged = [wire for step in judging for wire in step.given
              if steps[wire[0]].spec.role == "input" and wire not in entering]
    return list(dict.fromkeys(judged))


def _name_arguments(outline: Outline, arguments: list[Argument], wires: list[Wire], steps: dict[str, Step], *,
                    are_apart: bool) -> None:
    """A column has one variable, also where several Input nodes bring it in, unless they `are_apart`. Targets come
    after the results: an output that is called like its target keeps its name."""
    known = {} if are_apart else {argument.column: argument for argument in outline.sources}
    shown = [result.name for result in outline.results]
    names = Names((*(argument.variable for argument in outline.sources), *shown, *OWN_NAMES, *ready_made_names()))
    for wire in wires:
        node_id, port = wire
        ending = LENGTHS if port == "lengths" else ""
        column = str(steps[node_id].params["column"])
        column += ending if column else ""
        key = column if column and not are_apart else f"\0{node_id}{ending}"
        if key not in known:
            title = steps[node_id].node.name + ending
            called = column or title
            called += " target" if identifier(called, "variable", "value") in shown else ""
            variable = names.take(called, "variable", "value")
            known[key] = Argument(column, title, variable, outline.spec(wire), wire)
            arguments.append(known[key])
        outline.columns[wire] = known[key]


def _name_results(outline: Outline, wires: list[Wire], sinks: list[Step]) -> None:
    names = Names((*(argument.variable for argument in outline.inputs), *ready_made_names(), *OWN_NAMES, "loss"))
    given = {wire: step.node.name for step in reversed(sinks) if step.spec.role == "output" for wire in step.given}
    usual = {(step.node.id, port.name): f"{step.node.name} {port.title}" if len(step.spec.outputs) > 1 else
             step.node.name for step in outline.steps for port in step.spec.outputs}
    unnamed = [wire for wire in wires if wire not in given]
    for wire in wires:
        fallback = "output" if len(unnamed) == 1 else usual.get(wire, "output")
        outline.results.append(
            Result(names.take(given.get(wire, fallback), "variable", "output"), wire, outline.spec(wire)))


def _choose_measures(outline: Outline, sinks: list[Step]) -> None:
    """The placed metrics, and of losses whose prediction and target none of them looks at those that they are usually
    judged by.

    A metric has its type's name; where there are several of a type, they are told apart by their targets.
    """
    placed = [(step.spec, step.params, step.wires) for step in sinks if step.spec.role == "metric"]
    looked_at = {wire for _, _, wires in placed for wire in wires[:2] if wire}
    usual = [_usual(layers.CATALOGUE[type], loss) for loss in outline.losses if looked_at.isdisjoint(loss.wires[:2])
             for type in loss.spec.metrics]
    wanted = {(spec, wires): params for spec, params, wires in (*placed, *usual)}
    counts = Counter(spec for spec, _ in wanted)
    judged = {result.wire: result.name for result in outline.results} if outline.is_pair else {
        (step.node.id, port.name): step.node.name for step in outline.steps for port in step.spec.outputs}
    names = Names(("loss",))
    for (spec, wires), params in wanted.items():
        prediction, target = (*wires, None, None)[:2]
        if target in outline.columns:
            of = outline.columns[target].column or outline.columns[target].variable
        else:
            of = judged.get(prediction, "") if prediction else ""
        name = names.take(f"{spec.type} {of}" if counts[spec] > 1 else spec.type, "variable", "metric")
        outline.measures.append(Measure(name, spec, params, wires))
    if len(outline.losses) > 1:
        outline.parts = [names.take(loss.node.name, "variable", "part") for loss in outline.losses]


def _usual(spec: LayerSpec, loss: Step) -> tuple[LayerSpec, Params, tuple[Wire | None, ...]]:
    """A metric that looks at what a loss looks at, as far as both have the same ports."""
    ports = {port.name: wire for port, wire in zip(loss.spec.inputs, loss.wires, strict=True)}
    return spec, spec.defaults(), tuple(ports.get(port.name) for port in spec.inputs)
