"""The training plan: which losses are made small, by changing which weights, how and when. Plain values, no torch."""

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

import msgspec

from engine.errors import OptionError
from engine.graph import Graph
from engine.layers import CATALOGUE
from engine.options import ALIASES, COMPONENTS, OPTIMIZERS, SCHEDULERS, Component, Options, chosen, with_option
from engine.params import Value

if TYPE_CHECKING:
    from engine.project import Project

IMPLICIT = "Training"
"""The name of the one phase of a project without a plan."""


class Phase(msgspec.Struct, frozen=True):
    """One kind of training step. In every step of a training each phase, in order, computes its objective on the batch
    and moves the weights that it updates.

    objective  the graph whose loss is made small
    updates    factors of the learning rate: of a graph's own layers ("Generator"), or of one of its nodes
               ("Generator/linear_1"), which counts more. 0 freezes. What is not named is not updated; {} updates all
               that the objective reaches, with factor 1
    every      used in every so many-th step
    start      the first step in which it is used, from 0
    stop       the step before which it ends; 0: with the training
    clip       the largest norm that the gradient of all its weights together may have; 0: any
    """

    name: str
    objective: str
    updates: dict[str, float] = {}
    optimizer: Component = chosen(OPTIMIZERS, "Adam", {})
    scheduler: Component = chosen(SCHEDULERS, "Constant", {})
    every: int = 1
    start: int = 0
    stop: int = 0
    clip: float = 0.0

    @property
    def is_ever_used(self) -> bool:
        """Whether it begins before it ends."""
        return not self.stop or self.start < self.stop

    def is_used_in(self, step: int) -> bool:
        """Whether the phase takes part in the step of that number, from 0."""
        return step >= self.start and (not self.stop or step < self.stop) and (step - self.start) % self.every == 0

    def uses(self, steps: int) -> int:
        """In how many of the first so many steps it takes part."""
        stop = min(self.stop or steps, steps)
        return max(0, -(-(stop - self.start) // self.every))

    def is_between(self, first: int, last: int) -> bool:
        """Whether some of the steps from `first` to before `last` lie between its start and its stop."""
        return self.is_ever_used and self.start < last and (not self.stop or first < self.stop)

    def epochs(self, epochs: int, steps_per_epoch: int) -> int:
        """How many of the first so many epochs lie, in part at least, between its start and its stop."""
        last = min(-(-self.stop // steps_per_epoch), epochs) if self.stop else epochs
        return max(0, last - self.start // steps_per_epoch) if self.is_ever_used else 0


def address(graph: str, node_id: str = "") -> str:
    """What `Phase.updates` and `Project.starts` call a graph's own layers, or one node of it."""
    return f"{graph}/{node_id}" if node_id else graph


def has_loss(graph: Graph) -> bool:
    """Whether the graph is an objective: something that can be trained."""
    return any(node.type in _LOSSES for node in graph.nodes)


def objectives(project: "Project") -> tuple[str, ...]:
    """The graphs with a loss, in the order of the tabs."""
    return tuple(name for name, graph in project.graphs.items() if has_loss(graph))


def phases(project: "Project") -> tuple[Phase, ...]:
    """The plan, or else the one phase that a project without a plan has: its first objective, as the options say."""
    if project.plan:
        return project.plan
    objective = next(iter(objectives(project)), project.main)
    options = project.options
    return (Phase(IMPLICIT, objective, {}, options.optimizer, options.scheduler,
                  clip=float(options["gradient_clipping"])),)


def gaps(plan: Iterable[Phase]) -> tuple[tuple[int, int], ...]:
    """The stretches of steps that lie outside of all phases: first step, and the step before which they end; 0: with
    the training."""
    found, reached = [], 0.0
    for start, stop in sorted((phase.start, phase.stop or inf) for phase in plan if phase.is_ever_used):
        if start > reached:
            found.append((int(reached), start))
        reached = max(reached, stop)
    if reached < inf:
        found.append((int(reached), 0))
    return tuple(found)


def is_contest(project: "Project") -> bool:
    """Whether several objectives are trained: then no loss says which weights are best, and the last ones are taken."""
    return len({phase.objective for phase in phases(project)}) > 1


def with_setting(project: "Project", name: str, value: Value) -> "Project":
    """With one option changed, named as `engine.options.with_option` takes it. What optimizers and schedulers are set
    to holds for all phases of a plan; "Generator:lr" is that of one phase. Raises OptionError."""
    phase_name, is_one, option = name.rpartition(":")
    if is_one and phase_name not in [phase.name for phase in project.plan]:
        known = ", ".join(phase.name for phase in project.plan)
        raise OptionError(f"There is no phase named {phase_name!r}.",
                          f"Phases: {known}." if known else "This project has no plan with phases of its own.")
    group = ALIASES.get(option, option).partition(".")[0]
    if not project.plan or (group not in COMPONENTS and not is_one):
        return project.replace(options=with_option(project.options, name, value))
    if group not in COMPONENTS:
        raise OptionError(f"{option!r} is not a setting of a phase.",
                          f"A phase has its own {' and '.join(COMPONENTS)}; for example {phase_name}:lr.")
    plan = (_with_setting(phase, option, value) if phase_name in ("", phase.name) else phase for phase in project.plan)
    return project.replace(plan=tuple(plan))


def _with_setting(phase: Phase, name: str, value: Value) -> Phase:
    changed = with_option(Options(optimizer=phase.optimizer, scheduler=phase.scheduler), name, value)
    return msgspec.structs.replace(phase, optimizer=changed.optimizer, scheduler=changed.scheduler)


def started(project: "Project", where: str, path: str) -> "Project":
    """With weights from a file, or a run's folder, for a graph or one of its nodes, which may be named as users see it:
    "Body/Conv2d 1". An empty path takes them off again. Raises OptionError."""
    graph, _, node = where.partition("/") if where not in project.graphs else (where, "", "")
    if graph not in project.graphs:
        raise OptionError(f"There is no network named {graph!r}.", f"Networks: {', '.join(project.graphs)}.")
    found = next((each.id for each in project.graphs[graph].nodes if node in (each.id, each.name)), "")
    if node and not found:
        raise OptionError(f"{graph} has no layer named {node!r}.", "Use its name on the canvas, or its id.")
    starts = {**project.starts, address(graph, found if node else ""): path}
    return project.replace(starts={key: value for key, value in starts.items() if value})


def free_name(stem: str, taken: Iterable[str]) -> str:
    """`stem`, or with the first number that makes it free: "Phase 2"."""
    names = set(taken)
    if stem not in names:
        return stem
    number = 2
    while f"{stem} {number}" in names:
        number += 1
    return f"{stem} {number}"


_LOSSES = frozenset(spec.type for spec in CATALOGUE.values() if spec.role == "loss")
