"""What is measured but not trained.

A metric adds up over batches: `sums(args, inputs)` is the expression of a 1-D float tensor for one batch, computed
without waiting for the device. The tensors of all batches are added, and `value` makes one number of the total.
"""

from collections.abc import Sequence
from math import nan, sqrt

from engine.layers import targets
from engine.layers.spec import Inputs, LayerSpec, Params
from engine.tensors import TensorSpec


def _answer_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """What CrossEntropy takes, or what BCEWithLogits takes."""
    prediction, target = inputs
    is_binary = prediction.rank <= 1 and prediction.elements == 1 and target.classes in (None, 2)
    if is_binary or (target.dtype == "float32" and prediction.dtype == "float32"):
        return targets.binary_shape(inputs, params)
    if target.dtype == "int64" and prediction.dtype == "float32" and prediction.sizes == target.sizes:
        return targets.binary_shape(inputs, params)
    return targets.class_shape(inputs, params)


def _accuracy_sums(args: tuple[str, ...], inputs: Inputs) -> str:
    """[right answers, answers]."""
    prediction, target = args
    right = (f"({prediction}.argmax(1) == {target})" if targets.is_per_class(inputs)
             else f"(({prediction} > 0) == ({target}.reshape_as({prediction}) > 0.5))")
    return f"torch.stack(({right}.sum(), {target}.new_full((), {target}.numel()))).float()"


def _ratio(sums: Sequence[float]) -> float:
    return sums[0] / sums[1] if sums[1] else nan


def _f1_sums(args: tuple[str, ...], inputs: Inputs) -> str:
    """The confusion matrix, row by row: target class, then predicted class."""
    prediction, target = args
    if targets.is_per_class(inputs):
        classes = inputs[0].sizes[0]
        cells = f"{target}.flatten() * {classes} + {prediction}.argmax(1).flatten()"
    else:
        classes = 2
        cells = f"({target}.flatten() > 0.5) * 2 + ({prediction}.flatten() > 0)"
    return f"torch.bincount({cells}, minlength={classes * classes}).float()"


def _macro_f1(sums: Sequence[float]) -> float:
    """The mean of the F1 of all classes that occur as target or prediction."""
    classes = round(sqrt(len(sums)))
    scores = []
    for index in range(classes):
        actual = sum(sums[index * classes:(index + 1) * classes])
        predicted = sum(sums[index::classes])
        if actual + predicted:
            scores.append(2 * sums[index * classes + index] / (actual + predicted))
    return sum(scores) / len(scores) if scores else nan


def _error_sums(power: str, args: tuple[str, ...]) -> str:
    """[sum of errors, numbers]."""
    prediction, target = args
    error = f"({prediction} - {target}.reshape_as({prediction})).{power}.sum()"
    return f"torch.stack(({error}, {prediction}.new_full((), {prediction}.numel())))"


def _root_of_ratio(sums: Sequence[float]) -> float:
    return sqrt(_ratio(sums))


def _r2_sums(args: tuple[str, ...], inputs: Inputs) -> str:
    """[squared errors..., targets..., squared targets..., samples], each with one number per predicted column."""
    prediction = args[0]
    rows, answers = (f"{name}.reshape({name}.shape[0], -1)" for name in args)
    return (f"torch.cat((({rows} - {answers}).square().sum(0), {answers}.sum(0), {answers}.square().sum(0), "
            f"{prediction}.new_full((1,), {prediction}.shape[0])))")


def _mean_r2(sums: Sequence[float]) -> float:
    """The mean over the predicted columns. A constant target gives 1 if it is met exactly, else 0."""
    columns, samples = (len(sums) - 1) // 3, sums[-1]
    if not samples:
        return nan
    scores = []
    for index in range(columns):
        errors, total, squares = sums[index], sums[columns + index], sums[2 * columns + index]
        spread = squares - total * total / samples
        scores.append(1 - errors / spread if spread > 0 else float(errors == 0))
    return sum(scores) / columns


_SCORES = "takes scores: above 0 means yes, and a Sigmoid is never below 0"


LAYERS = (
    LayerSpec(
        type="Accuracy", category="Metrics", icon="gauge", role="metric", constructor="", inputs=targets.PORTS,
        outputs=(), doc="The share of right answers.", shape=_answer_shape, sums=_accuracy_sums, value=_ratio,
        unwanted={"Sigmoid": _SCORES}, aliases=("Hit rate", "Correct"),
    ),
    LayerSpec(
        type="F1", category="Metrics", icon="gauge", role="metric", constructor="", inputs=targets.PORTS, outputs=(),
        doc="Balances missed and false answers; the mean over all classes (macro), so that rare ones count as much.",
        shape=_answer_shape, sums=_f1_sums, value=_macro_f1, unwanted={"Sigmoid": _SCORES},
        aliases=("F-score", "F1Score", "Dice", "Macro F1", "Precision", "Recall"),
    ),
    LayerSpec(
        type="MAE", category="Metrics", icon="gauge", role="metric", constructor="", inputs=targets.PORTS, outputs=(),
        doc="The mean absolute error, in the unit of the target.", shape=targets.number_shape,
        sums=lambda args, inputs: _error_sums("abs()", args), value=_ratio, scales_with_target=True,
        aliases=("Mean absolute error",),
    ),
    LayerSpec(
        type="RMSE", category="Metrics", icon="gauge", role="metric", constructor="", inputs=targets.PORTS, outputs=(),
        doc="The root of the mean squared error, in the unit of the target; large errors count more.",
        shape=targets.number_shape, sums=lambda args, inputs: _error_sums("square()", args), value=_root_of_ratio,
        scales_with_target=True, aliases=("Root mean squared error",),
    ),
    LayerSpec(
        type="R2", category="Metrics", icon="gauge", role="metric", constructor="", inputs=targets.PORTS, outputs=(),
        doc="The share of the target's spread that is explained: 1 is perfect, 0 no better than the mean.",
        shape=targets.number_shape, sums=_r2_sums, value=_mean_r2,
        aliases=("R squared", "Coefficient of determination", "R2Score"),
    ),
)
