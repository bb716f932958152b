"""How a prediction and its target must agree: shared by losses and metrics."""

from engine.layers import checks
from engine.layers.spec import (
    NOTHING,
    Fix,
    Inputs,
    Insert,
    Lengthen,
    Params,
    Port,
    Remark,
    Replace,
    Resize,
    ShapeError,
    Swap,
)
from engine.tensors import TensorSpec

PORTS = (Port("prediction"), Port("target"))
SEQUENCE_PORTS = (*PORTS, checks.LENGTHS)
"""Of losses and metrics that can leave out what lies beyond the end of a target sequence (batch, time, ...)."""

ALIGNED_PORTS = (*SEQUENCE_PORTS, Port("target_lengths", optional=True, label="target lengths"))
"""Of losses and metrics whose prediction and target may have different lengths."""


def class_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """One score per class, (batch, classes, ...), against class numbers (batch, ...)."""
    prediction, target = inputs[:2]
    _scores(prediction, target)
    if target.dtype != "int64":
        raise ShapeError(
            f"needs class numbers as target but gets real numbers {target}",
            "For numbers use MSE; for classes let the target's Input hold classes.",
            (Replace("Use MSE instead", "MSE"),), port="target", code="dtype")
    if prediction.rank == 0 or prediction.sizes[1:] != target.sizes:
        classes = target.classes or "classes"
        expected = ", ".join(map(str, ("batch", classes, *target.sizes)))
        raise ShapeError(
            f"expects scores of the shape ({expected}) but gets {prediction.described()}",
            f"The target is {target}: one class number for each row of scores.",
            _class_rank_fixes(prediction, target), port="prediction", code="rank")
    if target.classes is not None and prediction.sizes[0] != target.classes:
        raise ShapeError(
            f"needs one score for each of the {target.classes} classes but gets {prediction.sizes[0]}",
            f"The last layer must have {target.classes} outputs.",
            _width_fixes(prediction, (target.classes, *target.sizes)), port="prediction", code="classes")
    check_lengths(inputs, target)
    return ()


def check_lengths(inputs: Inputs, sequence: TensorSpec) -> None:
    """Lengths count the first axis of a sequence that is compared with another of the same shape."""
    for lengths in inputs[2:]:
        if lengths is not NOTHING and not sequence.rank:
            raise ShapeError(f"gets lengths but compares single numbers, {sequence}", "Take the wire of lengths away.",
                             port="lengths", code="lengths")
        checks.lengths(lengths, sequence.sizes[0] if sequence.rank else 0, of="target")


def padding_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    """The remark of a loss or metric that counts padding as if it were to be predicted."""
    return checks.padding(inputs[1], inputs[2], "counts", of="target")


def _class_rank_fixes(prediction: TensorSpec, target: TensorSpec) -> tuple[Fix, ...]:
    if prediction.rank == 0:
        return (checks.to_shape((1,), "prediction"),)
    if prediction.rank > 1 and prediction.sizes[:-1] == target.sizes:
        dims = (prediction.rank, *range(1, prediction.rank))
        return (Insert(f"Insert Permute to {checks.shape_text(dims)}", "Permute", {"dims": dims}, "prediction"),)
    if target.sizes == (1,) and prediction.rank == 1:
        return (checks.to_shape((), "target"),)
    return (checks.flatten("prediction"),) if not target.sizes else ()


def _width_fixes(prediction: TensorSpec, sizes: tuple[int, ...]) -> tuple[Fix, ...]:
    """Another width of the last layer; or a new last layer, if the old one has no width."""
    if prediction.rank > 1:
        return (Resize(sizes, "prediction"),)
    plural = "" if sizes[0] == 1 else "s"
    insert = Insert(f"Insert Linear with {sizes[0]} output{plural}", "Linear", {"out_features": sizes[0]}, "prediction")
    return (Resize(sizes, "prediction"), insert)


def binary_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """One score per answer against 0 or 1: numbers of the same shape, or the numbers of two classes.

    Axes of size 1 do not count: (batch, 1) scores agree with a target (batch).
    """
    prediction, target = inputs[:2]
    _scores(prediction, target)
    if target.classes not in (None, 2):
        raise ShapeError(
            f"decides between two classes but the target has {target.classes}", "CrossEntropy chooses among many.",
            (Replace("Use CrossEntropy instead", "CrossEntropy"),), port="target", code="classes")
    _same_sizes(prediction, target)
    check_lengths(inputs, prediction)
    return ()


def number_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """Numbers against numbers of the same shape; axes of size 1 do not count."""
    prediction, target = inputs[:2]
    _scores(prediction, target)
    if target.dtype != "float32":
        raise ShapeError(
            f"compares numbers but the target holds class numbers {target}",
            "For classes use CrossEntropy; for numbers let the target's Input hold numbers.",
            (Replace("Use CrossEntropy instead", "CrossEntropy"),), port="target", code="dtype")
    _same_sizes(prediction, target)
    check_lengths(inputs, prediction)
    return ()


def aligned_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """Scores (batch, time, classes) of which a shorter target (batch, steps) is read: what CTC takes."""
    prediction, target, lengths, target_lengths = inputs
    _scores(prediction, target)
    require_tokens(target)
    if prediction.rank != 2:
        raise ShapeError(f"expects scores (batch, time, classes) but gets {prediction.described()}",
                         "There is one score per class for every step.", port="prediction", code="rank")
    steps, classes = prediction.sizes
    if target.classes is not None and classes != target.classes:
        raise ShapeError(
            f"needs one score for each of the {target.classes} classes but gets {classes}",
            f"The last layer must have {target.classes} outputs. Class 0 is the blank between others.",
            _width_fixes(prediction, (steps, target.classes)), port="prediction", code="classes")
    if target.sizes[0] > steps:
        raise ShapeError(
            f"reads a target of {target.sizes[0]} steps out of a prediction of {steps}",
            "A step of the prediction writes one class at most: make sequences less short before, by smaller strides.",
            (Lengthen(target.sizes[0], "prediction"),), port="prediction", code="lengths")
    checks.lengths(lengths, steps, of="prediction")
    checks.lengths(target_lengths, target.sizes[0], "target_lengths", "target")
    return ()


def require_tokens(target: TensorSpec) -> None:
    """Raise ShapeError unless a target is a sequence of class numbers."""
    hint = "Let the target's Input hold class numbers, one for every step."
    if target.dtype != "int64":
        raise ShapeError(f"needs class numbers as target but gets real numbers {target}", hint, port="target",
                         code="dtype")
    if target.rank != 1:
        raise ShapeError(f"expects a target (batch, steps) but gets {target.described()}", hint, port="target",
                         code="rank")


def aligned_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    return checks.padding(inputs[0], inputs[2], "reads", of="prediction")


def _same_sizes(prediction: TensorSpec, target: TensorSpec) -> None:
    if checks.without_ones(prediction.sizes) == checks.without_ones(target.sizes):
        return
    wanted = target.sizes or (1,)
    code, fixes = "shape", _width_fixes(prediction, wanted)
    if prediction.elements == target.elements:
        fixes = (checks.to_shape(target.sizes, "prediction"),)
    elif len(wanted) != prediction.rank:
        code, fixes = "rank", (checks.flatten("prediction"),) if len(wanted) == 1 and prediction.rank > 1 else ()
    raise ShapeError(f"compares a prediction {prediction.described()} with a target {target.described()}",
                     "Both must have the same shape.", fixes, port="prediction", code=code)


def _scores(prediction: TensorSpec, target: TensorSpec) -> None:
    if prediction.dtype == "float32":
        return
    fixes = (Swap("Swap prediction and target"),) if target.dtype == "float32" else ()
    raise ShapeError(
        f"expects the network's scores as prediction but gets class numbers {prediction}",
        "Wire the output of the network to prediction, and the right answer to target.", fixes, port="prediction",
        code="dtype")


def is_per_class(inputs: Inputs) -> bool:
    """Whether a prediction holds one score per class, rather than one score that decides between two."""
    prediction, target = inputs[:2]
    return (target.dtype == "int64" and prediction.rank == target.rank + 1 and prediction.sizes[0] > 1
            and prediction.sizes[1:] == target.sizes)
