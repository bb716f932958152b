"""What is wrong, or surprising, in a design: data with one-click repairs, never an exception."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.graph import Graph

if TYPE_CHECKING:
    from engine.project import Project

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Repair:
    """An ordinary undoable edit that removes a problem: `edit` returns a new graph."""

    label: str
    edit: Callable[[Graph], Graph]


@dataclass(frozen=True, slots=True)
class ProjectRepair:
    """The same for what no graph says alone, such as the training plan: `edit` returns a new project."""

    label: str
    edit: "Callable[[Project], Project]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding. `message` says what came in and what was expected, `hint` what to do; `node` is an id or "".

    graph  where the node is, of what is found in a whole project; "" in the analysis of one graph
    phase  the phase of the training plan that it is about, "" for none
    """

    severity: Severity
    code: str
    message: str
    hint: str = ""
    node: str = ""
    port: str = ""
    param: str = ""
    repairs: tuple[Repair, ...] = ()
    project_repairs: tuple[ProjectRepair, ...] = ()
    graph: str = ""
    phase: str = ""
