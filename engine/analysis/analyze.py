"""analyze(graph): what is true of a network, and what is wrong with it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from engine.analysis import design, drawing, training
from engine.analysis.evaluation import Evaluation
from engine.analysis.library import NO_GRAPHS, Library, placed
from engine.analysis.report import Analysis
from engine.analysis.roles import Roles, roles
from engine.analysis.wiring import Wiring, wiring
from engine.graph import Graph
from engine.layers.networks import COMPOSITES, SHARING, copies
from engine.options import Component
from engine.problems import Problem
from engine.project import Column


def analyze(graph: Graph, columns: tuple[Column, ...] = (), augmentation: tuple[Component, ...] = (),
            library: Library = NO_GRAPHS, *, is_objective: bool = True) -> Analysis:
    """Shapes, costs and problems of a graph; `columns` and `augmentation` are those of the chosen data, () while none
    is chosen; the library holds the graphs that it may place. `is_objective`: it should have a loss, and Inputs that
    are columns of the data; False for a network that others place.

    Never raises: whatever is wrong is a problem. What was worked out for the same settings and inputs before is not
    worked out again, so that analysing after one edit takes a fraction of the first time.
    """
    wired = wiring(graph, library)
    evaluation = Evaluation(wired)
    part = roles(wired)
    found = list(chain(
        evaluation.problems,
        drawing.problems(wired),
        design.problems(wired, evaluation.reports, part, columns),
        training.problems(wired, evaluation.reports, part, columns, is_objective=is_objective),
        training.misfits(columns, augmentation),
    ))
    evaluation.broken.update(wired.surplus)
    _color(evaluation, found)
    counted = [evaluation.reports[node_id] for node_id in part.counted]
    networks = _networks(wired, part, evaluation, library)
    own = sum(evaluation.reports[n].weights for n in part.counted if wired.nodes[n].type not in COMPOSITES)
    own += sum(library.analysis(placed(wired.nodes[n])).own * copies(wired.nodes[n].params) for n in _computed(
        wired, part, evaluation, frozenset(("Block",))))
    return Analysis(
        nodes=evaluation.reports,
        problems=_sorted(found, wired.order),
        order=wired.order,
        broken=frozenset(evaluation.broken),
        waiting=frozenset(evaluation.waiting - evaluation.broken),
        inputs=part.inputs,
        targets=part.targets,
        outputs=part.outputs,
        weights=own + sum(library.analysis(name).own for name in networks),
        multiply_adds=sum(report.multiply_adds for report in counted),
        memory=sum(report.memory for report in counted),
        own=own,
        networks=networks,
    )


def _computed(wired: Wiring, part: Roles, evaluation: Evaluation, types: frozenset[str]) -> list[str]:
    return [n for n in part.counted if wired.nodes[n].type in types and evaluation.reports[n].outputs]


def _networks(wired: Wiring, part: Roles, evaluation: Evaluation, library: Library) -> tuple[str, ...]:
    """The graphs whose weights are shared, each once."""
    found = dict[str, None]()
    for node_id in _computed(wired, part, evaluation, COMPOSITES):
        node = wired.nodes[node_id]
        name = placed(node)
        found.update(dict.fromkeys((name,) if node.type in SHARING else ()))
        found.update(dict.fromkeys(library.analysis(name).networks))
    return tuple(found)


def _color(evaluation: Evaluation, problems: Iterable[Problem]) -> None:
    """The worst of a node's problems is its state."""
    for problem in problems:
        report = evaluation.reports.get(problem.node)
        if report is not None and (report.state == "ok" or problem.severity == "error" != report.state):
            evaluation.reports[problem.node] = replace(report, state=problem.severity)


def _sorted(problems: list[Problem], order: tuple[str, ...]) -> tuple[Problem, ...]:
    """Errors first, then in the order of computation; what concerns the whole graph comes last."""
    if len(problems) < 2:
        return tuple(problems)
    place = {node_id: number for number, node_id in enumerate(order)}
    return tuple(sorted(problems, key=lambda p: (p.severity != "error", place.get(p.node, len(order)))))
