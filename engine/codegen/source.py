"""What emitting a project gives: the text, and what its parts are called."""

from dataclasses import dataclass, field

PART = ""
"""The type of a metric that is one of the losses whose sum is trained: its sums are [loss, 1] times the samples."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the objective's sums. `target` is a column name, "" where the truth is computed by the network.
    `type`: of a metric in the catalogue, or `PART`."""

    name: str
    type: str
    target: str
    output: str


@dataclass(frozen=True, slots=True)
class Part:
    """One network object: its name, the graph it is of, its class, and the parts that its constructor takes."""

    name: str
    graph: str
    network: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Objective:
    """What a phase makes small.

    objective   class name; ``objective.forward(*columns)`` returns (loss, sums): a scalar tensor, the mean over the
                batch, and one 1-D float tensor per metric, in order
    parts       the parts that the constructor takes
    part        the part with the weights of the graph's own layers, "" where they have none: one of `parts`, or else
                the object itself
    columns     in the order of forward's arguments; where there are none, forward takes the number of samples
    compares    the outputs of the used network that its losses compare with columns
    """

    graph: str
    objective: str
    parts: tuple[str, ...]
    part: str
    columns: tuple[str, ...]
    metrics: tuple[Metric, ...]
    compares: tuple[str, ...] = ()

    @property
    def is_part(self) -> bool:
        """Whether its object is a part itself, not one made around parts."""
        return self.part != "" and self.part not in self.parts


@dataclass(frozen=True, slots=True)
class Source:
    """One plain Python module that needs torch only.

    network     class name of the network that is tested, tried and exported: ``network.forward(*inputs)`` returns the
                output, or a tuple of them
    parts       all network objects, each after those that its constructor takes
    part        the name of the network's own
    objectives  by graph, those of the plan's phases
    inputs      what the network reads: columns, its own or those that its objectives give it, or the names of Inputs
                that no data enters
    targets     further columns, after the inputs in the network's own objective
    outputs     names of the outputs, identifiers
    modules     attribute name in its class, by node id, by graph
    target_of   the column that an output is compared with, by output name: by its losses, or by the network that
                judges both
    loss_of     the type of the loss that compares, by output name
    noise       how an input that is no column was drawn in training, by its name: "normal" or "uniform"
    """

    text: str
    network: str
    parts: tuple[Part, ...]
    part: str
    objectives: dict[str, Objective]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    outputs: tuple[str, ...]
    modules: dict[str, dict[str, str]]
    target_of: dict[str, str]
    loss_of: dict[str, str] = field(default_factory=dict)
    noise: dict[str, str] = field(default_factory=dict)

    @property
    def objective(self) -> Objective | None:
        """What the network is tested by: its own objective, or the first that compares what it puts out."""
        graph = next(part.graph for part in self.parts if part.name == self.part)
        comparing = (each for each in self.objectives.values() if each.compares)
        return self.objectives.get(graph) or next(comparing, None)

    @property
    def columns(self) -> tuple[str, ...]:
        """All that some objective reads."""
        return tuple(dict.fromkeys(column for each in self.objectives.values() for column in each.columns))
