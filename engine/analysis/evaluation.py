"""Shapes and costs of all nodes, one after the other, with the problems that single nodes have."""

from collections.abc import Iterable

from engine.analysis import repairs
from engine.analysis.library import placed
from engine.analysis.outcome import Outcome, Settings, outcome, settings_of
from engine.analysis.report import NodeReport
from engine.analysis.wiring import Wiring, circles
from engine.graph import Edge, Node
from engine.layers.networks import COMPOSITES
from engine.layers.spec import NOTHING, LayerSpec, Port, Remark, ShapeError
from engine.problems import Problem, Repair, Severity
from engine.tensors import TensorSpec

MAX_NAMES = 6

OWN_FAULTS = frozenset(("param", "idle-dropout", "recursion", "unfinished", "state"))
"""Codes of what a layer's settings, or the network that it places, are to blame for, not what comes in: no wire is red,
no source is named."""


class Evaluation:
    """Walks the graph in the order of computation. Afterwards holds the reports, problems and coloured wires.

    A node is evaluated once all its inputs are known; what stands in the way of that is reported on the first node
    where it happens, and all nodes behind it wait for that node.
    """

    def __init__(self, wired: Wiring) -> None:
        self.wired = wired
        self.reports: dict[str, NodeReport] = {}
        self.problems: list[Problem] = []
        self.broken: set[Edge] = set()
        self.waiting: set[Edge] = set()
        reports, stuck = self.reports, wired.stuck
        if stuck:
            self._report_circles()
        for node_id in wired.order:
            if node_id not in stuck:
                reports[node_id] = self._evaluated(wired.nodes[node_id])
            elif node_id not in reports:
                reports[node_id] = NodeReport("waiting")
        if stuck:
            self._name_what_stuck_nodes_wait_for()

    def _evaluated(self, node: Node) -> NodeReport:
        spec = self.wired.specs[node.id]
        if spec is None:
            return self._unknown(node)
        settings = settings_of(spec, node.params)
        arriving = self.wired.into.get(node.id, ())
        inputs = self._inputs(settings.spec, arriving)
        if isinstance(inputs, NodeReport) or settings.errors:
            return self._unready(node, settings, arriving, inputs if isinstance(inputs, NodeReport) else None)
        result = outcome(settings, inputs)
        if result.report is None:
            return self._refused(node, result, inputs)
        if result.remarks:
            for remark in result.remarks:
                if not remark.role or remark.role in self._roles(node, remark.port):
                    self._add("warning", node, remark)
        return result.report

    def _roles(self, node: Node, port: str) -> set[str]:
        specs = (self.wired.specs[edge.source] for edge in self.wired.wires(node.id, port))
        return {spec.role for spec in specs if spec is not None}

    def _inputs(self, spec: LayerSpec, arriving: Iterable[Edge]) -> tuple[TensorSpec, ...] | NodeReport:
        """The specs of all wires in the order of the ports, or the report of a node that cannot be computed yet."""
        reports = self.reports
        edges: list[Edge | None]
        if len(spec.inputs) == 1:
            edges = list(arriving)
            if len(edges) < _least(spec.inputs[0]):
                return _INCOMPLETE
        else:
            edges = []
            for port in spec.inputs:
                here = [edge for edge in arriving if edge.target_port == port.name]
                if len(here) < _least(port):
                    return _INCOMPLETE
                edges += here or [None]
        found = []
        for edge in edges:
            if edge is None:
                found.append(NOTHING)
                continue
            made = reports[edge.source].outputs.get(edge.source_port)
            if made is None:
                return NodeReport("waiting", waits_for=self._culprit(edge.source))
            found.append(made)
        return tuple(found)

    def _culprit(self, node_id: str) -> str:
        """The name of the node to repair before what follows this one can be known."""
        return self.reports[node_id].waits_for or self.wired.nodes[node_id].name

    def _unready(self, node: Node, settings: Settings, arriving: Iterable[Edge],
                 report: NodeReport | None) -> NodeReport:
        """A node with illegal settings, without all its wires, or behind such a node."""
        for edge in arriving:
            if edge.source_port not in self.reports[edge.source].outputs:
                self.waiting.add(edge)
        for name, message in settings.errors.items():
            self.problems.append(_illegal_setting(node, settings.spec, name, message))
        if report is _INCOMPLETE:
            self._report_missing(node, settings.spec, arriving)
        if settings.errors or report is None:
            return NodeReport("error")
        return report

    def _report_missing(self, node: Node, spec: LayerSpec, arriving: Iterable[Edge]) -> None:
        for port in spec.inputs:
            count = sum(edge.target_port == port.name for edge in arriving)
            if count < _least(port):
                what = "at least two wires" if port.variadic else "a wire"
                into = f" into {port.title}" if len(spec.inputs) > 1 else ""
                self.problems.append(Problem(
                    severity="error", code="missing-input", node=node.id, port=port.name,
                    message=f"{node.name} needs {what}{into}" + (" but has one." if count else "."),
                    hint=f"Drag from the output of another node to the {port.title} port of {node.name}."))

    def _unknown(self, node: Node) -> NodeReport:
        self._grey(node.id)
        if node.type in COMPOSITES:
            name = placed(node)
            self.problems.append(Problem(
                severity="error", code="no-network", node=node.id, param="graph",
                message=f"{node.name} places the network {name[:60]!r}, which the project does not have." if name
                else f"{node.name} does not say which network it places.",
                hint="Choose one in the inspector, or draw one in another tab (Ctrl+T).",
                repairs=(repairs.disposal(f"Remove {node.name}", node.id),)))
            return NodeReport("error")
        self.problems.append(Problem(
            severity="error", code="unknown-layer", node=node.id,
            message=f"{node.name} is a {str(node.type)[:60]} layer, which this program does not know.",
            hint="It is kept as it is. Replace it, or open the project with a newer version.",
            repairs=(repairs.disposal(f"Remove {node.name}", node.id),)))
        return NodeReport("error")

    def _grey(self, node_id: str) -> None:
        for edge in self.wired.into.get(node_id, ()):
            source = self.reports.get(edge.source)
            if source is None or edge.source_port not in source.outputs:
                self.waiting.add(edge)

    def _refused(self, node: Node, result: Outcome, inputs: tuple[TensorSpec, ...]) -> NodeReport:
        error = result.error
        if error is None:
            raise AssertionError("an outcome has a report or an error")
        if error.code not in OWN_FAULTS:
            self.broken.update(self.wired.wires(node.id, error.port))
        self._add("error", node, error)
        return NodeReport("error", inputs)

    def _add(self, severity: Severity, node: Node, finding: ShapeError | Remark) -> None:
        wired = self.wired
        wires = () if finding.code in OWN_FAULTS else wired.wires(node.id, finding.port)
        sources = list(dict.fromkeys(wired.name(edge.source) for edge in wires))
        origin = f" (from {listed(sources, 'and')})" if sources else ""
        cause = self._earlier_cause(node) if severity == "error" and wired.is_sink(node.id) else None
        made = repairs.of_fixes(finding.fixes, node.id, wired, self.reports)
        if cause:
            place = wired.name(cause.node)
            made = (*(Repair(f"{repair.label} before {place}", repair.edit) for repair in cause.repairs), *made)
        self.problems.append(Problem(
            severity=severity, code=finding.code, message=f"{node.name} {finding.message}{origin}.",
            hint=f"{cause.message} {cause.hint}" if cause else finding.hint, node=node.id, port=finding.port,
            param=finding.param, repairs=made))

    def _earlier_cause(self, sink: Node) -> Problem | None:
        """Where the axes of what reaches a loss first went astray: a remark on the rank of a node before it."""
        remarked = [problem for problem in self.problems if problem.severity == "warning" and problem.code == "rank"]
        before = self.wired.before((sink.id,)) if remarked else ()
        return next((problem for problem in remarked if problem.node in before), None)

    def _report_circles(self) -> None:
        for circle in circles(self.wired):
            first = self.wired.nodes[circle.nodes[0]]
            names = [self.wired.name(node_id) for node_id in circle.nodes]
            shown = names if len(names) <= MAX_NAMES else [*names[:MAX_NAMES - 1], "…", names[-1]]
            self.problems.append(Problem(
                severity="error", code="cycle", node=first.id, port=circle.closing[0].target_port,
                message=f"{first.name} waits for its own result: {' → '.join([*shown, first.name])}.",
                hint="Data flows in one direction. Remove a wire of the circle.",
                repairs=(repairs.disconnection(
                    f"Remove the wire from {self.wired.name(circle.closing[0].source)} to {first.name}",
                    circle.closing),)))
            self.broken.update(circle.closing)
            self.reports[first.id] = NodeReport("error")

    def _name_what_stuck_nodes_wait_for(self) -> None:
        """Every stuck node waits for the nearest node before it that is in error; found by spreading from those."""
        spread = [node_id for node_id in self.wired.order if self.reports[node_id].state == "error"]
        for node_id in spread:
            for edge in self.wired.out_of.get(node_id, ()):
                if edge not in self.broken and edge.target in self.wired.stuck:
                    self.waiting.add(edge)
                report = self.reports[edge.target]
                if report.state == "waiting" and not report.waits_for:
                    self.reports[edge.target] = NodeReport("waiting", waits_for=self._culprit(node_id))
                    spread.append(edge.target)


def _least(port: Port) -> int:
    """So many wires a port needs."""
    return 0 if port.optional else 1 + port.variadic


_INCOMPLETE = NodeReport("error")
"""Stands for a node that lacks a wire."""


def _illegal_setting(node: Node, spec: LayerSpec, name: str, message: str) -> Problem:
    known = next((param for param in spec.params if param.name == name), None)
    if known is None:
        repair = repairs.without_setting(f"Remove the setting {str(name)[:40]}", node.id, name)
    else:
        shown = known.formatted(known.default) or "empty"
        repair = repairs.setting(f"Set {known.label.lower()} to {shown}", node.id, {name: known.default})
    return Problem(severity="error", code="param", message=f"{node.name}: {message}", node=node.id, param=name,
                   hint=known.help if known else "", repairs=(repair,))


def listed(names: list[str], word: str) -> str:
    """Names as in a sentence: "A, B and C"."""
    if len(names) > MAX_NAMES:
        names = [*names[:MAX_NAMES], f"{len(names) - MAX_NAMES} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
