"""The training plan as a whole: what is wrong with it, with repairs, and a first plan for a project that has none."""

from collections.abc import Collection, Iterable, Iterator
from math import gcd
from typing import Any

import msgspec

from engine.analysis import entering
from engine.analysis.effects import Effects, effects
from engine.analysis.gradients import STOPPING, Weights
from engine.analysis.library import Library
from engine.options import COMPONENTS
from engine.plan import Phase, address, free_name, gaps, objectives, phases
from engine.problems import Problem, ProjectRepair, Severity
from engine.project import Project

MAX_OFFERED = 4
"""Repairs of one kind that are offered at most."""


def problems(project: Project) -> tuple[Problem, ...]:
    """What is wrong or surprising in the plan and in what enters, errors first. Of a plan that is implicit only what no
    graph shows.

    What a phase does is judged only where its objective can be computed: until then the graphs say what is missing.
    """
    trained, library = objectives(project), Library(project.graphs)
    if not trained and not project.plan:
        return ()
    plan = phases(project)
    found = [*entering.problems(project, library), *_rates(project, plan)]
    if not project.plan and len(trained) == 1 and not _cuts(project):
        return tuple(found)
    sound = [phase for phase in plan if phase.objective in trained and library.is_sound(phase.objective)]
    told = {phase.name: effects(project, phase) for phase in sound}
    found += [*_objectives(project, plan, trained), *_names(project, plan), *_times(plan), *_gaps(plan)]
    for phase in sound:
        found += _updates(project, phase, told[phase.name])
    found += _unreached(sound, told)
    found += _fights(project, sound, told)
    found += _untrained(project, plan, trained)
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))


def _cuts(project: Project) -> bool:
    return any(node.type in STOPPING for graph in project.graphs.values() for node in graph.nodes)


def default_plan(project: Project) -> tuple[Phase, ...]:
    """One phase for each objective, called like it. Of several, each updates what its gradient reaches, but for the
    networks that are another's: one that reaches less, or whose name speaks of it ("Train discriminator"). A single one
    is the phase that there is without a plan."""
    names = objectives(project)
    if len(names) < 2:
        return phases(project.replace(plan=())) if names else ()
    options = project.options
    plan = tuple(Phase(name, name, {}, options.optimizer, options.scheduler, clip=float(options["gradient_clipping"]))
                 for name in names)
    reached = {phase.objective: _graphs(effects(project, phase).updated) for phase in plan}
    return tuple(msgspec.structs.replace(phase, updates=_own(phase.objective, reached)) for phase in plan)


def new_phase(project: Project, objective: str = "") -> Phase:
    """A phase to be added: by default for the first objective that no phase trains yet."""
    trained = {phase.objective for phase in project.plan}
    guesses = {phase.objective: phase for phase in default_plan(project)}
    wanted = objective or next((name for name in guesses if name not in trained), next(iter(guesses), project.main))
    name = free_name(wanted, (phase.name for phase in project.plan))
    return msgspec.structs.replace(guesses.get(wanted, Phase(name, wanted)), name=name)


def with_phase(project: Project, name: str, /, **changes: Any) -> Project:
    """With fields of one phase replaced; nothing is changed where there is none of that name."""
    return project.replace(plan=tuple(
        msgspec.structs.replace(phase, **changes) if phase.name == name else phase for phase in project.plan))


def without_phase(project: Project, name: str) -> Project:
    return project.replace(plan=tuple(phase for phase in project.plan if phase.name != name))


def named_updates(phase: Phase, told: Effects) -> dict[str, float]:
    """What the phase updates, by name also where it updates all that its objective reaches."""
    return dict(phase.updates) or dict.fromkeys(_graphs(told.weights), 1.0)


def _graphs(weights: Iterable[Weights]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(graph for graph, _ in weights))


def _own(objective: str, reached: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """The networks that one of several objectives should update."""
    own = [graph for graph in reached[objective] if objective in _owners(graph, reached)]
    return dict.fromkeys(own or reached[objective], 1.0)


def _owners(graph: str, reached: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    candidates = [name for name, graphs in reached.items() if graph in graphs]
    named = [name for name in candidates if graph.lower() in name.lower()]
    least = min(len(reached[name]) for name in candidates)
    return tuple(named or (name for name in candidates if len(reached[name]) == least))


def _problem(severity: Severity, code: str, phase: Phase | None, message: str, hint: str, *,
             repairs: Iterable[ProjectRepair] = (), node: str = "") -> Problem:
    """About a phase (None: about what no phase does), and perhaps a node of its objective."""
    return Problem(severity=severity, code=code, message=message, hint=hint, project_repairs=tuple(repairs), node=node,
                   phase=phase.name if phase else "", graph=phase.objective if phase and node else "")


def _setting(label: str, phase: Phase, **changes: Any) -> ProjectRepair:
    return ProjectRepair(label, lambda project: with_phase(project, phase.name, **changes))


def _option(label: str, **changes: Any) -> ProjectRepair:
    return ProjectRepair(label, lambda project: project.replace(
        options=msgspec.structs.replace(project.options, **changes)))


def _removal(phase: Phase) -> ProjectRepair:
    return ProjectRepair(f"Remove the phase {phase.name}", lambda project: without_phase(project, phase.name))


def _objectives(project: Project, plan: tuple[Phase, ...], trained: tuple[str, ...]) -> Iterator[Problem]:
    for phase in plan:
        if phase.objective in trained:
            continue
        is_there = phase.objective in project.graphs
        reason = "which has no loss" if is_there else "which is not in the project"
        hint = f"Add a loss to {phase.objective}, or choose another objective." if is_there else \
            "Choose one of the networks with a loss." if trained else "Add a network with a loss."
        repairs = (_setting(f"Train {name} instead", phase, objective=name, updates={})
                   for name in trained[:MAX_OFFERED])
        yield _problem("error", "phase-objective", phase,
                       f"The phase {phase.name!r} trains {phase.objective or 'nothing'}, {reason}.", hint,
                       repairs=(*repairs, _removal(phase)))


def _names(project: Project, plan: tuple[Phase, ...]) -> Iterator[Problem]:
    for phase in plan:
        unknown = [name for name in phase.updates if not _exists(project, name)]
        if unknown:
            left = {name: factor for name, factor in phase.updates.items() if name not in unknown}
            repair = _setting(f"Take {_listed(unknown)} off its list", phase, updates=left) if left else \
                _setting(f"Update all that {phase.objective} reaches", phase, updates={})
            yield _problem("error", "phase-unknown", phase,
                           f"The phase {phase.name!r} updates {_listed(unknown)}, which the project does not have.",
                           "Choose what it updates among the networks of the project.", repairs=(repair,))


def _exists(project: Project, name: str) -> bool:
    return name in project.graphs or any(
        name.startswith(f"{graph}/") and name[len(graph) + 1:] in drawn for graph, drawn in project.graphs.items())


def _times(plan: tuple[Phase, ...]) -> Iterator[Problem]:
    never = [phase for phase in plan if not phase.is_ever_used]
    for phase in never:
        yield _problem("error" if len(never) == len(plan) else "warning", "phase-unused", phase,
                       f"The phase {phase.name!r} is never used: it ends at step {phase.stop:,} and begins at step "
                       f"{phase.start:,}.", "Let it end later than it begins, or take it out.",
                       repairs=(_setting("Let it last to the end", phase, stop=0), _removal(phase)))


def _rates(project: Project, plan: tuple[Phase, ...]) -> Iterator[Problem]:
    """Phases that compute gradients and take steps of no length."""
    for phase in plan:
        group, name = ("scheduler", "max_lr") if "max_lr" in phase.scheduler.params else ("optimizer", "lr")
        component = getattr(phase, group)
        if component.params.get(name) != 0:
            continue
        rate = next(param.default for param in COMPONENTS[group][component.type].params if param.name == name)
        changed = {group: msgspec.structs.replace(component, params={**component.params, name: rate})}
        label = f"Set the learning rate to {rate:g}"
        repair = _setting(label, phase, **changed) if project.plan else _option(label, **changed)
        whose, what = (f" of the phase {phase.name!r}", "it updates nothing") if project.plan else \
            ("", "the training changes nothing")
        yield _problem("warning", "rate-zero", phase if project.plan else None,
                       f"The learning rate{whose} is 0: {what}.", "Give it one above 0.", repairs=(repair,))


def _gaps(plan: tuple[Phase, ...]) -> Iterator[Problem]:
    """Steps in which nothing is trained. How many a training has is known when it begins: of a plan whose phases all
    end it is said even if the last one should end with the training."""
    used = [phase for phase in plan if phase.is_ever_used]
    for start, stop in gaps(used) if used else ():
        before = [phase for phase in used if start and phase.stop == start][:MAX_OFFERED]
        after = [phase for phase in used if stop and phase.start == stop][:MAX_OFFERED]
        where = f"from step {start:,} on" if not stop else \
            f"from step {start:,} to {stop:,}" if start else f"before step {stop:,}"
        longer = (_setting(f"Let {phase.name} last to {f'step {stop:,}' if stop else 'the end'}", phase,
                           stop=stop) for phase in before)
        earlier = (_setting(f"Let {phase.name} begin at step {start:,}", phase, start=start)
                   for phase in after)
        yield _problem("warning", "plan-gap", (after or before)[0],
                       f"Nothing is trained {where}: no phase of the plan is used there.",
                       "Let a phase begin earlier, or last longer." if stop else
                       "Let a phase last to the end, or train for no more steps than that.",
                       repairs=(*longer, *earlier))


def _updates(project: Project, phase: Phase, told: Effects) -> Iterator[Problem]:
    """A phase that updates nothing, and losses that change nothing."""
    if told.updated:
        for loss in told.dry:
            name = project.graphs[phase.objective].node(loss).name
            yield _problem("warning", "loss-without-weights", phase,
                           f"The loss {name} of {phase.objective} changes nothing: no weight that the phase "
                           f"{phase.name!r} updates leads to it.",
                           "Update what it is computed from, or take away the Detach before it.",
                           node=loss)
        return
    if not told.weights and not project.plan:
        return  # the objective itself says that nothing in it can learn
    is_cut = any(effect.state == "stopped" for effect in told.weights.values())
    if not told.weights:
        reason, hint = f"{phase.objective} computes with no weights", \
            "Put a layer that learns, such as Linear or Conv2d, before its loss."
    elif is_cut:
        reason, hint = f"no gradient of {phase.objective} reaches the weights that it should update", \
            "Take away the Detach between them and the loss, or update something else."
    else:
        reason, hint = f"all weights that {phase.objective} computes with are frozen", \
            "Give one of its networks a factor above 0."
    everything = msgspec.structs.replace(phase, updates={})
    repairs = [_setting(f"Update all that {phase.objective} reaches", phase, updates={})] \
        if phase.updates and effects(project, everything).updated else []
    yield _problem("error", "phase-updates-nothing", phase, f"The phase {phase.name!r} updates nothing: {reason}.",
                   hint, repairs=(*repairs, *((_removal(phase),) if len(project.plan) > 1 else ())))


def _unreached(plan: list[Phase], told: dict[str, Effects]) -> Iterator[Problem]:
    """Names of what the objective does not compute with."""
    for phase in plan:
        weights = told[phase.name].weights
        known = {*_graphs(weights), *(address(*each) for each in weights)}
        idle = [name for name, factor in phase.updates.items() if factor and name not in known]
        left = {name: factor for name, factor in phase.updates.items() if name not in idle}
        if idle and left and told[phase.name].updated:
            yield _problem("warning", "phase-unreached", phase,
                           f"The phase {phase.name!r} updates {_listed(idle)}, but {phase.objective} computes with no "
                           "weights of that name.", "What a Block places belongs to the network that the Block is in.",
                           repairs=(_setting(f"Take {_listed(idle)} off its list", phase, updates=left),))


def _fights(project: Project, plan: list[Phase], told: dict[str, Effects]) -> Iterator[Problem]:
    """Weights that two phases pull at in the same steps: each phase is told of the first that it meets.

    Of one objective, too: there is no usual wish for two optimizers that each move the same weights by the same
    gradient. To move them more often than others, the others are used less often.
    """
    updated = {phase.name: frozenset(told[phase.name].updated) for phase in plan}
    for place, phase in enumerate(plan):
        for other in plan[:place]:
            shared, is_same = updated[phase.name] & updated[other.name], other.objective == phase.objective
            if not shared or not (_coincide(phase, other) if is_same else _meet(phase, other)):
                continue
            text = _told(project, shared)
            reason, hint = ("for the same loss in the same steps, each with an optimizer of its own",
                            "Let one phase update it, and the others be used in fewer steps if it should move more "
                            "often than they do.") if is_same else \
                ("for different losses",
                 "Leave it so if both losses are meant to shape it; otherwise take it out of one phase.")
            partings = _partings(phase, other, shared, told, text)
            yield _problem("warning", "phases-fight", phase,
                           f"The phases {other.name!r} and {phase.name!r} both update {text}, {reason}.", hint,
                           repairs=(*_successions(phase, other), *partings) if is_same else partings)
            break


def resting(project: Project) -> tuple[frozenset[str], ...]:
    """For each phase the graphs that it freezes as a whole: it computes with their weights, and neither it nor a phase
    used in the same stretch of steps updates any. They compute as they do in use, without dropout and with the
    statistics that they have."""
    plan = phases(project)
    told = [effects(project, phase) for phase in plan]
    found = []
    for phase, effect in zip(plan, told, strict=True):
        moved = {graph for other, seen in zip(plan, told, strict=True) if _meet(phase, other)
                 for graph, _ in seen.updated}
        found.append(frozenset(graph for graph, _ in effect.weights) - moved)
    return tuple(found)


def _meet(one: Phase, other: Phase) -> bool:
    """Whether there is a stretch of steps in which both are used."""
    return (not one.stop or other.start < one.stop) and (not other.stop or one.start < other.stop)


def _coincide(one: Phase, other: Phase) -> bool:
    """Whether both are used in some of the same steps, rather than in turn."""
    return _meet(one, other) and (one.start - other.start) % gcd(one.every, other.every) == 0


def _successions(phase: Phase, other: Phase) -> Iterator[ProjectRepair]:
    """One after the other, where one begins earlier and does not outlast the other."""
    first, second = sorted((other, phase), key=lambda each: each.start)
    if first.start < second.start and (not second.stop or (first.stop and first.stop <= second.stop)):
        yield _setting(f"Let {first.name} end at step {second.start:,}", first, stop=second.start)


def _partings(phase: Phase, other: Phase, shared: Collection[Weights], told: dict[str, Effects],
              text: str) -> Iterator[ProjectRepair]:
    for each in (phase, other):
        left = _without(each, told[each.name], shared)
        if set(told[each.name].updated) <= set(shared):
            yield _removal(each)
        else:
            yield _setting(f"Take {text} out of {each.name}", each, updates=left)


def _without(phase: Phase, told: Effects, shared: Collection[Weights]) -> dict[str, float]:
    """The updates of a phase without some of its weights."""
    updates = named_updates(phase, told)
    for graph in _graphs(shared):
        if all(weights in shared for weights in told.updated if weights[0] == graph):
            updates = {name: factor for name, factor in updates.items()
                       if name != graph and not name.startswith(f"{graph}/")}
        else:
            updates |= {address(*weights): 0.0 for weights in shared if weights[0] == graph}
    return updates


def _untrained(project: Project, plan: tuple[Phase, ...], trained: tuple[str, ...]) -> Iterator[Problem]:
    left = [name for name in trained if name not in {phase.objective for phase in plan}]
    if left and not project.plan:
        planned = ProjectRepair("Make a training plan", lambda now: now.replace(plan=default_plan(now)))
        yield _problem("warning", "objective-untrained", None,
                       f"Only {plan[0].objective} is trained, but {_listed(left)} has a loss, too.",
                       "A training plan says which losses are made small, and by changing what.",
                       repairs=(planned,))
        return
    for name in left:
        def added(now: Project, name: str = name) -> Project:
            return now.replace(plan=(*now.plan, new_phase(now, name)))

        yield _problem("warning", "objective-untrained", None, f"{name} has a loss, but no phase trains it.",
                       "Add a phase for it to the training plan.",
                       repairs=(ProjectRepair(f"Add a phase that trains {name}", added),))


def _told(project: Project, shared: Iterable[Weights]) -> str:
    """Weights as users call them: networks, or the layers of one network."""
    graphs = _graphs(sorted(shared))
    if len(graphs) > 1 or len(project.graphs) > 1:
        return _listed(graphs)
    return _listed([project.graphs[graph].node(node_id).name for graph, node_id in sorted(shared)])


def _listed(names: Collection[str], most: int = 3) -> str:
    """"A", "A and B", "A, B and C", "A, B, C and 5 more"."""
    shown = [name[:60] for name in names][:most]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
