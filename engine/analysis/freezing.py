"""Freezing what a training is to leave as it is: an edit of the plan, which is made explicit for it, and back."""

from engine.analysis.effects import effects
from engine.analysis.library import Library, placed
from engine.analysis.planning import named_updates, with_phase
from engine.layers.networks import SHARING
from engine.plan import IMPLICIT, Phase, address, phases
from engine.project import Project


def is_trainable(project: Project, graph: str, node_id: str = "") -> bool:
    """Whether some phase updates weights of the graph's own layers, or of that node, or would if they were not frozen.
    """
    return any(effect.state in ("updated", "frozen") for phase in phases(project)
               for weights, effect in effects(project, phase).weights.items() if _is_of(weights, graph, node_id))


def is_frozen(project: Project, graph: str, node_id: str = "") -> bool:
    """Whether no phase ever updates any of these weights because of the factors that it gives them."""
    reaching = [phase for phase in phases(project) if _reaches(project, phase, graph, node_id)]
    return bool(reaching) and all(
        effect.state == "frozen" for phase in reaching for weights, effect in effects(project, phase).weights.items()
        if _is_of(weights, graph, node_id))


def frozen_nodes(project: Project, graph: str) -> frozenset[str]:
    """The nodes of a graph with weights, or with a network that has some, that the plan leaves as they are. What shares
    the weights of a network is frozen only where no phase updates that network elsewhere."""
    told = [effects(project, phase) for phase in project.plan]
    moved = {name for each in told for name, _ in each.updated}
    library = Library(project.graphs)
    return frozenset(
        node.id for node in project.graphs[graph].nodes
        if {each.of(graph, node.id).state for each in told} - {"unused"} == {"frozen"}
        and (node.type not in SHARING or moved.isdisjoint((placed(node), *library.places(placed(node))))))


def frozen(project: Project, graph: str, node_id: str = "") -> Project:
    """With factor 0 for these weights in every phase that updates them."""
    plan = phases(project)
    project = project.replace(plan=plan)
    for phase in plan:
        told = effects(project, phase)
        if any(_is_of(weights, graph, node_id) for weights in told.updated):
            updates = {name: factor for name, factor in named_updates(phase, told).items()
                       if node_id or not name.startswith(f"{graph}/")}
            project = with_phase(project, phase.name, updates={**updates, address(graph, node_id): 0.0})
    return project


def unfrozen(project: Project, graph: str, node_id: str = "") -> Project:
    """With these weights updated again by the phases that freeze them by name, else by the first that reaches them.
    A plan that says no more than the options do goes away."""
    name = address(graph, node_id)
    reaching = [phase for phase in phases(project) if _reaches(project, phase, graph, node_id)]
    freezing = [phase for phase in reaching if any(
        not factor and (named in (name, graph) or named.startswith(f"{name}/"))
        for named, factor in phase.updates.items())]
    for phase in freezing or reaching[:1]:
        updates = {named: factor for named, factor in phase.updates.items()
                   if named != name and (factor or not named.startswith(f"{name}/"))}
        if not node_id or not updates.get(graph):
            updates[name] = 1.0
        project = with_phase(project, phase.name, updates=updates)
    return _implicit(project) or project


def _implicit(project: Project) -> Project | None:
    """The project without its plan if that is what `frozen` makes of none, and freezes nothing any more."""
    if [phase.name for phase in project.plan] != [IMPLICIT]:
        return None
    phase, bare = project.plan[0], project.replace(plan=())
    is_all = phase.updates == named_updates(phases(bare)[0], effects(project, phase))
    return bare if is_all and with_phase(project, IMPLICIT, updates={}).plan == phases(bare) else None


def _reaches(project: Project, phase: Phase, graph: str, node_id: str) -> bool:
    return any(_is_of(weights, graph, node_id) for weights in effects(project, phase).weights)


def _is_of(weights: tuple[str, str], graph: str, node_id: str) -> bool:
    return weights == (graph, node_id) if node_id else weights[0] == graph
