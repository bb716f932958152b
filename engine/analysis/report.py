"""The results of an analysis: frozen values that the window, the terminal and code generation read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.graph import Edge
from engine.problems import Problem
from engine.tensors import TensorSpec

State = Literal["ok", "warning", "error", "waiting"]

NO_LOSS = "no-loss"
"""The code of the one problem that prevents training but not building the network."""


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What is true of one node.

    inputs       specs in the order of its ports, the wires of a variadic port in theirs; () while something is missing
    outputs      the spec of each output port; empty while unknown
    weights      learned numbers
    multiply_adds of the forward pass of one sample
    memory       bytes of the outputs for one sample
    waits_for    name of the node whose problem must be solved first; "" unless waiting
    """

    state: State
    inputs: tuple[TensorSpec, ...] = ()
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    weights: int = 0
    multiply_adds: int = 0
    memory: int = 0
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is true of a graph, and what is wrong with it.

    nodes    a report for every node
    problems errors first, then in the order of the computation
    order    ids in an order in which every node comes after those it depends on; nodes in or behind a circle last
    broken   the wires that carry something their target cannot take: drawn red
    waiting  the wires of which nothing is known until a problem before them is solved: drawn grey
    inputs   ids of the Input nodes that the network computes with
    targets  ids of the further Input nodes, that only losses and metrics look at
    outputs  (node id, port) of the tensors that the network returns, each once
    weights, multiply_adds, memory  sums over the nodes that lead to an output; over all nodes while there is none.
             Weights that several placements of a network share count once
    own      the part of `weights` that no placed network shares
    networks names of the graphs whose weights it shares, also those that they share
    """

    nodes: Mapping[str, NodeReport]
    problems: tuple[Problem, ...]
    order: tuple[str, ...]
    broken: frozenset[Edge]
    waiting: frozenset[Edge]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    weights: int
    multiply_adds: int
    memory: int
    own: int = 0
    networks: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[Problem, ...]:
        """The errors without which the network could be built and computed."""
        return tuple(problem for problem in self.errors if problem.code != NO_LOSS)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")
