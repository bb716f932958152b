"""What emitting a project gives: the text, and what its parts are called."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the objective's sums. `target` is a column name, "" where the truth is computed by the network."""

    name: str
    type: str
    target: str
    output: str


@dataclass(frozen=True, slots=True)
class Source:
    """One plain Python module that needs torch only.

    network     class name; ``network.forward(*inputs)`` returns the output, or a tuple of them
    objective   class name, "" for a design without a loss; ``objective.forward(*inputs, *targets)`` returns
                (loss, sums): a scalar tensor, the mean over the batch, and one 1-D float tensor per metric, in order
    inputs      columns, in the order of forward's arguments
    targets     further columns, after the inputs in the objective's forward
    outputs     names of the outputs, identifiers
    modules     attribute name in the network, by node id
    target_of   the column that the losses compare an output with, by output name
    """

    text: str
    network: str
    objective: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    outputs: tuple[str, ...]
    metrics: tuple[Metric, ...]
    modules: dict[str, str]
    target_of: dict[str, str]
