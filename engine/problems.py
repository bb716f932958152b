"""What is wrong, or surprising, in a design: data with one-click repairs, never an exception."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.graph import Graph

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Repair:
    """An ordinary undoable edit that removes a problem: `edit` returns a new graph."""

    label: str
    edit: Callable[[Graph], Graph]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding. `message` says what came in and what was expected, `hint` what to do; `node` is an id or ""."""

    severity: Severity
    code: str
    message: str
    hint: str = ""
    node: str = ""
    port: str = ""
    param: str = ""
    repairs: tuple[Repair, ...] = ()
