"""A phase of the training plan in words: for its chip, its tooltip and for screen readers."""

from collections.abc import Iterable

from engine.analysis.effects import Effects
from engine.plan import Phase
from engine.problems import Problem
from engine.project import Project


def updates_text(project: Project, phase: Phase, told: Effects) -> str:
    """What the phase updates: "updates Generator ×0.5 and Body"."""
    if not told.updated:
        return "updates nothing"
    if not phase.updates and len({graph for graph, _ in told.weights}) == 1:
        return "updates all weights"
    named = phase.updates or dict.fromkeys(dict.fromkeys(graph for graph, _ in told.updated), 1.0)
    texts = [_named(project, name) + (f" ×{factor:g}" if factor != 1 else "")
             for name, factor in named.items() if factor]
    return f"updates {_listed(texts)}"


def _named(project: Project, name: str) -> str:
    """A node's name is what users read, not its id."""
    if name in project.graphs:
        return name
    for graph, drawn in project.graphs.items():
        node = drawn.by_id().get(name.removeprefix(f"{graph}/"))
        if name.startswith(f"{graph}/") and node is not None:
            return f"{node.name} of {graph}"
    return name


def _listed(texts: list[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def times_text(phase: Phase) -> str:
    """When the phase is used, "" for always: "every 5 steps, from step 100 to 200"."""
    end = f"to {'' if phase.start else 'step '}{phase.stop:,}" if phase.stop else ""
    stretch = " ".join(text for text in (f"from step {phase.start:,}" if phase.start else "", end) if text)
    return ", ".join(text for text in (f"every {phase.every:,} steps" if phase.every > 1 else "", stretch) if text)


def detail_text(project: Project, phase: Phase, told: Effects) -> str:
    """The second line of a chip, but for when the phase is used."""
    objective = phase.objective if phase.objective != phase.name else ""
    return " · ".join(text for text in (objective, updates_text(project, phase, told)) if text)


def tooltip(project: Project, phase: Phase, told: Effects, problems: Iterable[Problem]) -> str:
    """Everything about a phase, in lines of plain text."""
    rate = phase.optimizer.params.get("lr")
    lines = [
        f"{phase.name}: makes the loss of {phase.objective} small and {updates_text(project, phase, told)}.",
        f"{phase.optimizer.type}{f', learning rate {rate:g}' if rate is not None else ''}, "
        f"used {times_text(phase) or 'in every step'}.",
        *(f"{problem.severity.capitalize()}: {problem.message} {problem.hint}" for problem in problems),
        "Click to see its settings and to colour the canvas by what it does.",
    ]
    return "\n".join(lines)
