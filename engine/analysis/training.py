"""Problems that concern training: the loss, what it looks at, and whether there is anything to learn."""

from collections.abc import Iterator, Mapping

from engine.analysis import repairs
from engine.analysis.objectives import loss_repairs
from engine.analysis.report import NO_LOSS, NodeReport
from engine.analysis.roles import LOSSES, SOURCES, Roles
from engine.analysis.wiring import Wiring
from engine.augmentation import misfit
from engine.layers import CATALOGUE
from engine.options import Component
from engine.problems import Problem
from engine.project import Column


def problems(wired: Wiring, reports: Mapping[str, NodeReport], part: Roles,
             columns: tuple[Column, ...], *, is_objective: bool) -> Iterator[Problem]:
    if not wired.nodes:
        return
    yield from _unwanted(wired, part)
    yield from _leaks(wired, part)
    if not part.losses:
        if not is_objective:
            return
        yield Problem(
            severity="error", code=NO_LOSS, message="There is no loss, so the network cannot be trained.",
            hint="Add a loss, wire the network's output to prediction and the right answer to target.",
            repairs=loss_repairs(wired, reports, columns))
    elif is_objective and part.outputs and not any(reports[node_id].weights for node_id in part.network) and all(
            reports[node_id].outputs or node_id in part.sinks for node_id in part.network):
        yield Problem(
            severity="error", code="no-weights", node=part.losses[0],
            message="There is nothing to train: no layer before the loss has weights.",
            hint="Put a layer that learns, such as Linear or Conv2d, before the loss.")


def misfits(columns: tuple[Column, ...], augmentation: tuple[Component, ...]) -> Iterator[Problem]:
    """Augmentations that change none of the data's columns."""
    for component in augmentation:
        if reason := misfit(component, columns):
            yield Problem(severity="warning", code="augmentation-without-column", message=reason,
                          hint="Training goes on without it: take it off the list of augmentations.")


def _unwanted(wired: Wiring, part: Roles) -> Iterator[Problem]:
    """Softmax before CrossEntropy and its like."""
    for sink in part.sinks:
        spec = CATALOGUE[wired.nodes[sink].type]
        for edge in wired.wires(sink, "prediction") if spec.unwanted else ():
            source = wired.nodes[edge.source]
            reason = spec.unwanted.get(source.type)
            if reason:
                yield Problem(
                    severity="warning", code=f"{source.type.lower()}-before-{spec.role}", node=sink,
                    port="prediction", message=f"{wired.name(sink)} {reason}; but {source.name} comes before it.",
                    hint=f"Wire what enters {source.name} to {wired.name(sink)}.",
                    repairs=(repairs.bypass(f"Remove {source.name}: {spec.type} expects plain scores",
                                            source.id, edge),) if wired.into.get(source.id) else ())


def _leaks(wired: Wiring, part: Roles) -> Iterator[Problem]:
    """The right answer must not be among what the prediction is computed from.

    Numbers may be: an autoencoder predicts its own input. Only wired straight through they are no prediction.
    """
    complete = [
        (loss, prediction, target) for loss in part.losses
        for prediction, target in zip(wired.wires(loss, "prediction"), wired.wires(loss, "target"), strict=False)
    ]
    suspects = dict.fromkeys(
        target.source for _, _, target in complete
        if wired.nodes[target.source].type in SOURCES and target.source in part.network)
    if not suspects:
        return
    bits = {node_id: 1 << place for place, node_id in enumerate(suspects)}
    carried = _carried(wired, bits)
    for loss, prediction, target in complete:
        if target.source not in suspects or not carried.get(prediction.source, 0) & bits[target.source]:
            continue
        answer = wired.nodes[target.source]
        if answer.params.get("values") == "classes" or prediction.source == target.source:
            inside = [edge for edge in wired.out_of.get(answer.id, ())
                      if edge == prediction or wired.nodes[edge.target].type not in LOSSES]
            yield Problem(
                severity="warning", code="target-in-prediction", node=loss, port="prediction",
                message=f"The prediction of {wired.name(loss)} is computed from its own target, {answer.name}: "
                        "the network can copy the answer instead of learning.",
                hint=f"Wire {answer.name} to the target only.",
                repairs=(repairs.disconnection(f"Disconnect {answer.name} from the network", inside),))


def _carried(wired: Wiring, bits: Mapping[str, int]) -> dict[str, int]:
    """For each node the union of the bits of the nodes that it is computed from."""
    carried: dict[str, int] = {}
    for node_id in wired.order:
        union = bits.get(node_id, 0)
        for edge in wired.into.get(node_id, ()):
            union |= carried.get(edge.source, 0)
        if union:
            carried[node_id] = union
    return carried
