"""What a training computes for each objective of its plan, and which weights each phase moves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.analysis.effects import effects
from engine.errors import TrainingError
from engine.network import Built
from engine.plan import Phase, phases
from engine.project import Project
from engine.training.measures import Measures, Tally
from engine.training.optimizers import Schedule, build_optimizer, update_of
from engine.training.parameters import Parameters, can_be_flat
from engine.training.step import Step

Batch = Sequence[Tensor]
Judged = tuple[Tensor, tuple[Tensor, ...]]


@dataclass(frozen=True)
class Judge:
    """An objective together with where its columns are in a batch. Called with a batch, gives loss and sums."""

    objective: nn.Module
    places: tuple[int, ...]

    def __call__(self, *batch: Tensor) -> Judged:
        if not self.places:
            judged: Judged = self.objective(len(batch[0]))
        else:
            judged = self.objective(*(batch[place] for place in self.places))
        return judged


@dataclass(frozen=True)
class Course:
    """One objective in training: its sums, and what they mean. `title`: its graph, where there are several."""

    graph: str
    title: str
    judge: Judge
    measures: Measures
    tally: Tally

    def named(self, values: Mapping[str, float]) -> dict[str, float]:
        """Values as they are shown: "accuracy", or "Train discriminator accuracy" where there are several."""
        return {f"{self.title} {name}" if self.title else name: value for name, value in values.items()}


class Stage:
    """One phase in training: what it computes, and the weights that it moves."""

    def __init__(self, phase: Phase, course: Course, groups: Sequence[tuple[float, Parameters]], step: Step, *,
                 resting: Callable[[], None], epochs: int, steps_per_epoch: int) -> None:
        """`groups`: the weights that it moves, by the factor of their learning rate; `resting` lets networks rest that
        it freezes; `epochs` of the whole training."""
        self.phase, self.course = phase, course
        self._step, self._let_rest = step, resting
        moved = [(factor, [tensor for _, group in same for tensor in group.tensors])
                 for factor, same in groupby(groups, key=lambda pair: pair[0])]
        self.optimizer: Optimizer = build_optimizer(phase.optimizer, moved)
        self.schedule = Schedule(phase.scheduler, self.optimizer, [factor for factor, _ in moved],
                                 phase.epochs(epochs, steps_per_epoch), phase.uses(epochs * steps_per_epoch))
        self._gradients = [gradient for _, group in groups for gradient in group.gradients]
        self._tensors = [tensor for _, group in groups for tensor in group.tensors]
        self._move = update_of(self.optimizer)

    def step(self, batch: Batch) -> Tensor:
        """The sums of one batch, and the gradients of what the phase moves."""
        self._let_rest()
        return self._step(batch)

    def update(self) -> None:
        """Move the weights, from the gradients of the step just made."""
        if self.phase.clip:
            self._clip()
        self._move()
        if self.schedule.is_per_step:
            self.schedule.after_step()

    def _clip(self) -> None:
        """As torch.nn.utils.clip_grad_norm_ does, to the bit."""
        norm = nn.utils.get_total_norm(self._gradients)
        factor = torch.clamp(self.phase.clip / (norm + 1e-6), max=1.0)
        for tensor in self._tensors:
            if tensor.grad is not None:
                tensor.grad.mul_(factor)


def grouped(built: Built, project: Project) -> list[list[tuple[float, Parameters]]]:
    """For each phase the groups of weights that it moves, with their factors, largest first. A weight is in one group
    only, together with those that have the same factors in all phases. What no gradient reaches is not moved.

    Raises TrainingError for a phase that moves nothing.
    """
    owners, plan = built.owners(), phases(project)
    factors: dict[int, list[float]] = {}
    weights: dict[int, nn.Parameter] = {}
    for number, phase in enumerate(plan):
        updated = effects(project, phase).updated
        for weight in built.objectives[phase.objective].parameters():
            if factor := updated.get(owners[id(weight)], 0.0):
                weights[id(weight)] = weight
                factors.setdefault(id(weight), [0.0] * len(plan))[number] = factor
    alike: dict[tuple[float, ...], list[nn.Parameter]] = {}
    for key, weight in weights.items():
        alike.setdefault(tuple(factors[key]), []).append(weight)
    is_flat = can_be_flat(built.everything)
    groups = [(key, Parameters(same, can_be_flat=is_flat)) for key, same in alike.items()]
    found = []
    for number, phase in enumerate(plan):
        moved = [(key[number], group) for key, group in groups if key[number]]
        if not moved:
            raise TrainingError(f"The phase {phase.name} updates no weights." if len(plan) > 1
                                else "The network has no weights to learn.",
                                "Choose in the plan what it updates, or add a layer that learns, such as Linear.")
        found.append(sorted(moved, key=lambda pair: -pair[0]))
    return found


class Modes:
    """Which networks learn and which rest. Phases may differ in it: each has its own before its step."""

    def __init__(self, built: Built) -> None:
        self._built = built
        self._modules = list(built.everything.modules())
        self._resting: frozenset[str] = frozenset()
        built.everything.train()

    def let_rest(self, graphs: frozenset[str]) -> None:
        """All learn but the networks of these graphs, which compute as they do in use."""
        if graphs == self._resting:
            return
        self._resting = graphs
        still = {id(module) for part in self._built.source.parts if part.graph in graphs
                 for module in self._own(self._built.parts[part.name])}
        for module in self._modules:
            module.training = id(module) not in still

    def _own(self, network: nn.Module) -> Iterator[nn.Module]:
        """The modules of a network without those of the networks that it shares."""
        others = {id(part) for part in self._built.parts.values() if part is not network}
        waiting = [network]
        while waiting:
            module = waiting.pop()
            yield module
            waiting += [child for child in module.children() if id(child) not in others]
