"""Edits of the training plan: a project in, a new project out."""

import msgspec

from engine.analysis.effects import effects
from engine.analysis.planning import default_plan, named_updates, new_phase
from engine.plan import Phase, address, free_name
from engine.project import Project


def planned(project: Project) -> Project:
    """With a plan of its own, if it has none."""
    return project if project.plan else project.replace(plan=default_plan(project))


def added(project: Project) -> Project:
    """With one phase more, behind the others. A project without a plan gets a first one, or one phase besides that."""
    if not project.plan:
        project = planned(project)
        if len(project.plan) > 1:
            return project
    return project.replace(plan=(*project.plan, new_phase(project)))


def duplicated(project: Project, position: int) -> Project:
    phase = project.plan[position]
    copy = msgspec.structs.replace(phase, name=free_name(phase.name, (other.name for other in project.plan)))
    return project.replace(plan=(*project.plan[:position + 1], copy, *project.plan[position + 1:]))


def removed(project: Project, position: int) -> Project:
    return project.replace(plan=project.plan[:position] + project.plan[position + 1:])


def moved(project: Project, position: int, to: int) -> Project:
    """With a phase in another place: `to` is its position afterwards."""
    rest = list(project.plan)
    rest.insert(to, rest.pop(position))
    return project.replace(plan=tuple(rest))


def guessed(project: Project, objective: str) -> dict[str, float]:
    """What a phase for that objective may be meant to update."""
    return next((phase.updates for phase in default_plan(project) if phase.objective == objective), {})


def factors(project: Project, phase: Phase) -> dict[str, float]:
    """What the phase updates, by name, also where it updates all that its objective reaches."""
    return named_updates(phase, effects(project, phase))


def factor_of(updates: dict[str, float], graph: str, node_id: str = "") -> float:
    """The factor of a network or of one node of it."""
    return updates.get(address(graph, node_id), updates.get(graph, 0.0))


def with_factor(updates: dict[str, float], graph: str, node_id: str, factor: float) -> dict[str, float]:
    """With the factor of a network, or of one of its nodes; a node with its network's factor is not named."""
    rest = {name: value for name, value in updates.items() if name != address(graph, node_id)}
    if node_id and rest.get(graph, 0.0) == factor:
        return rest or {graph: factor}
    return updates | {address(graph, node_id): factor}
