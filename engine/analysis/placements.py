"""Repairs of nodes that place networks, which only a whole project knows: what else they could place, and which of them
closes a circle."""

from collections.abc import Iterator
from dataclasses import replace

from engine.analysis import repairs
from engine.analysis.composites import states_of
from engine.analysis.library import Library, placed
from engine.analysis.report import Analysis
from engine.analysis.wiring import wiring
from engine.composition import place_graph
from engine.graph import Node
from engine.layers import checks
from engine.layers.networks import COMPOSITES
from engine.layers.spec import Resize
from engine.problems import Problem, ProjectRepair, Repair
from engine.project import Project

MAX_OFFERED = 4
"""Networks that are offered at most, those first with which nothing is wrong."""

CODES = frozenset(("no-network", "recursion", "state"))


def mended(analysis: Analysis, name: str, library: Library) -> Analysis:
    """The analysis of the graph `name`, with the repairs that the other graphs make possible."""
    if all(problem.code not in CODES for problem in analysis.problems):
        return analysis
    nodes = library.graphs[name].by_id()
    return replace(analysis, problems=tuple(
        _mended(problem, name, nodes[problem.node], library)
        if problem.code in CODES and nodes[problem.node].type in COMPOSITES else problem
        for problem in analysis.problems))


def _mended(problem: Problem, name: str, node: Node, library: Library) -> Problem:
    match problem.code:
        case "no-network":
            return _with_choices(problem, name, library)
        case "recursion" if name in (placed(node), *library.places(placed(node))):
            return replace(problem, repairs=(repairs.disposal(f"Take out the node {node.name}", node.id),))
        case "state":
            return replace(problem, project_repairs=tuple(_same_state(problem.port, placed(node), library)))
    return problem


def _with_choices(problem: Problem, name: str, library: Library) -> Problem:
    choices = sorted(library.choices(name), key=lambda choice: not library.is_sound(choice))
    if choices:
        return replace(problem, project_repairs=tuple(
            _placement(choice, name, problem.node) for choice in choices[:MAX_OFFERED]))
    reason = ("None of the other networks can be placed here: they have a loss, or contain this one."
              if len(library.graphs) > 1 else "The project has no other network.")
    return replace(problem, hint=f"{reason} Draw one in another tab (Ctrl+T), then choose it in the inspector.")


def _placement(choice: str, name: str, node_id: str) -> ProjectRepair:

    def edit(project: Project) -> Project:
        there = choice in project.graphs and name in project.graphs and node_id in project.graphs[name]
        return place_graph(project, name, node_id, choice) if there else project

    return ProjectRepair(f"Place {choice}", edit)


def _same_state(output: str, name: str, library: Library) -> Iterator[ProjectRepair]:
    """Let what is passed on by an Output of a looped graph have the shape of the Input, or the other way round."""
    graph, analysis = library.graphs[name], library.analysis(name)
    state = states_of(graph)[output]
    taken, passed = analysis.nodes[state].outputs["output"], analysis.nodes[output].inputs[0]
    if taken.dtype != passed.dtype:
        return
    found = repairs.of_fixes((Resize(taken.sizes),), output, wiring(graph, library), analysis.nodes)
    if taken.rank == passed.rank:
        label = f"Make the Input {graph.node(state).name} {checks.shape_text(passed.sizes)}"
        found = (*found, repairs.setting(label, state, {"shape": passed.sizes}))
    for repair in found:
        yield _inside(repair, name)


def _inside(repair: Repair, name: str) -> ProjectRepair:
    """A repair of another graph than the one that has the problem."""

    def edit(project: Project) -> Project:
        return project.with_graph(name, repair.edit(project.graphs[name])) if name in project.graphs else project

    return ProjectRepair(repair.label, edit)
