"""What is measured but not trained.

A metric adds up over batches: `sums(args, inputs, params)` is the expression of a 1-D float tensor for one batch,
computed without waiting for the device. The tensors of all batches are added, and `value` makes one number of the
total.
"""

from collections.abc import Sequence
from math import exp, inf, log, nan, sqrt
from typing import Any

from engine.layers import checks, targets
from engine.layers.spec import NO_ARGUMENT, NOTHING, Inputs, LayerSpec, Params, Remark, ShapeError
from engine.params import Choice
from engine.tensors import TensorSpec

_LARGEST_EXPONENT = 709
"""There is no float for exp of more."""


def _answer_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """What CrossEntropy takes, or what BCEWithLogits takes."""
    prediction, target = inputs[:2]
    is_binary = prediction.rank <= 1 and prediction.elements == 1 and target.classes in (None, 2)
    if is_binary or (target.dtype == "float32" and prediction.dtype == "float32"):
        return targets.binary_shape(inputs, params)
    if target.dtype == "int64" and prediction.dtype == "float32" and prediction.sizes == target.sizes:
        return targets.binary_shape(inputs, params)
    targets.class_shape(inputs, params)
    if not targets.is_per_class(inputs):
        targets.check_lengths(inputs, prediction)
    return ()


def _compared(args: tuple[str, ...], inputs: Inputs) -> str:
    """The target in the shape in which it is compared: lengths count its second axis."""
    prediction, target, _ = args
    return target if targets.is_per_class(inputs) else f"{target}.reshape_as({prediction})"


def _counted(numbers: str, like: str, lengths: str) -> str:
    """[sum, count] of numbers, of which there are as many as `like` has; only those within the lengths if there are
    any."""
    if lengths == NO_ARGUMENT:
        return f"torch.stack(({numbers}.sum(), {like}.new_full((), {like}.numel()))).float()"
    return f"sums_of_valid({numbers}, {lengths})"


def _accuracy_sums(args: tuple[str, ...], inputs: Inputs, params: Params) -> str:
    """[right answers, answers]."""
    prediction, target, lengths = args
    right = (f"{prediction}.argmax(1) == {target}" if targets.is_per_class(inputs)
             else f"({prediction} > 0) == ({_compared(args, inputs)} > 0.5)")
    return _counted(f"({right})" if lengths == NO_ARGUMENT else right, target, lengths)


def _ratio(sums: Sequence[float]) -> float:
    return sums[0] / sums[1] if sums[1] else nan


def _f1_sums(args: tuple[str, ...], inputs: Inputs, params: Params) -> str:
    """The confusion matrix, row by row: target class, then predicted class."""
    prediction, target, lengths = args
    if targets.is_per_class(inputs):
        classes = inputs[0].sizes[0]
        cells = f"{target}.flatten() * {classes} + {prediction}.argmax(1).flatten()"
    else:
        classes = 2
        cells = f"({target}.flatten() > 0.5) * 2 + ({prediction}.flatten() > 0)"
    if lengths == NO_ARGUMENT:
        return f"torch.bincount({cells}, minlength={classes * classes}).float()"
    shares = f"zero_padding(torch.ones_like({_compared(args, inputs)}).float(), {lengths}).flatten()"
    return f"torch.bincount({cells}, {shares}, {classes * classes})"


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
    prediction, target, lengths = args
    return _counted(f"({prediction} - {target}.reshape_as({prediction})).{power}", prediction, lengths)


def _root_of_ratio(sums: Sequence[float]) -> float:
    return sqrt(_ratio(sums))


def _r2_sums(args: tuple[str, ...], inputs: Inputs, params: Params) -> str:
    """[squared errors..., targets..., squared targets..., samples], each with one number per predicted column.

    With lengths, every step is a sample: the columns are the features of one step.
    """
    prediction, target, lengths = args
    if lengths == NO_ARGUMENT:
        rows, answers = (f"{name}.reshape({name}.shape[0], -1)" for name in (prediction, target))
        samples = f"{prediction}.new_full((1,), {prediction}.shape[0])"
    else:
        width = max(1, inputs[0].elements // inputs[0].sizes[0])
        rows, answers = (f"zero_padding({name}, {lengths}).reshape(-1, {width})"
                         for name in (prediction, f"{target}.reshape_as({prediction})"))
        samples = f"{lengths}.sum().reshape(1)"
    return (f"torch.cat((({rows} - {answers}).square().sum(0), {answers}.sum(0), {answers}.square().sum(0), "
            f"{samples}))")


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


def _perplexity_sums(args: tuple[str, ...], inputs: Inputs, params: Params) -> str:
    """[cross-entropy, answers]."""
    prediction, target, lengths = args
    return _counted(f'nn.functional.cross_entropy({prediction}, {target}, reduction="none")', target, lengths)


def _exp_of_ratio(sums: Sequence[float]) -> float:
    mean = _ratio(sums)
    return inf if mean > _LARGEST_EXPONENT else exp(mean)


def _token_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    """Tokens (batch, steps), or scores (batch, classes, steps), against tokens (batch, target steps)."""
    prediction, target, lengths, target_lengths = inputs
    targets.require_tokens(target)
    if prediction.rank != 1 + (prediction.dtype == "float32"):
        raise ShapeError(f"expects scores (batch, classes, steps) or tokens (batch, steps) but gets "
                         f"{prediction.described()}", "There is one score per class for every step.",
                         port="prediction", code="rank")
    checks.lengths(lengths, prediction.sizes[-1], of="prediction")
    checks.lengths(lengths if target_lengths is NOTHING else target_lengths, target.sizes[0],
                   "lengths" if target_lengths is NOTHING else "target_lengths", "target")
    return ()


def _token_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    _, target, lengths, target_lengths = inputs
    return checks.padding(target, lengths if target_lengths is NOTHING else target_lengths, "counts", of="target")


def _token_sums(function: str, args: tuple[str, ...], inputs: Inputs) -> str:
    """Lengths of the prediction are those of the target, too, unless the target has some of its own."""
    prediction, target, lengths, target_lengths = args
    made = f"{prediction}.argmax(1)" if inputs[0].dtype == "float32" else prediction
    return f"{function}({made}, {lengths}, {target}, {lengths if target_lengths == NO_ARGUMENT else target_lengths})"


def _is_ctc(params: Params) -> bool:
    return bool(params["decoding"] == "CTC greedy")


def _error_rate_sums(args: tuple[str, ...], inputs: Inputs, params: Params) -> str:
    """[edits, tokens of the target]."""
    if not _is_ctc(params):
        return _token_sums("error_sums", args, inputs)
    prediction, target, lengths, target_lengths = args
    wanted = f"({target} != 0).sum(1)" if target_lengths == NO_ARGUMENT else target_lengths
    given = prediction if lengths == NO_ARGUMENT else f"{prediction}, {lengths}"
    return f"error_sums(*ctc_greedy({given}), {target}, {wanted})"


def _bleu(sums: Sequence[float]) -> float:
    """Papineni and others 2002, BLEU: a Method for Automatic Evaluation of Machine Translation: of 1 to 4 tokens in a
    row, with a penalty for what is too short."""
    matches, counts, (made, wanted) = sums[:4], sums[4:8], sums[-2:]
    if not wanted:
        return nan
    if not min(matches):
        return 0.0
    precision = exp(sum(log(match / count) for match, count in zip(matches, counts, strict=True)) / len(matches))
    return precision * (1.0 if made > wanted else exp(1 - wanted / made))


_SCORES = "takes scores: above 0 means yes, and a Sigmoid is never below 0"


def _metric(type: str, doc: str, *, aliases: tuple[str, ...], **fields: Any) -> LayerSpec:
    return LayerSpec(type=type, category="Metrics", icon="gauge", role="metric", constructor="", outputs=(), doc=doc,
                     aliases=aliases, **fields)


def _sequence_metric(type: str, doc: str, **fields: Any) -> LayerSpec:
    return _metric(type, doc, inputs=targets.SEQUENCE_PORTS, remarks=targets.padding_remarks, helpers=("sequences",),
                   **fields)


def _error_rate(type: str, doc: str, aliases: tuple[str, ...]) -> LayerSpec:
    return _metric(
        type, doc, inputs=targets.ALIGNED_PORTS, helpers=("tokens",), aliases=aliases,
        params=(Choice(name="decoding", default="argmax", choices=("argmax", "CTC greedy"), argument=False,
                       help="How tokens are read: the best of (batch, classes, steps) each; or, of scores for CTC "
                            "(batch, steps, classes), without repetitions and blanks."),),
        shape=lambda inputs, params: (targets.aligned_shape if _is_ctc(params) else _token_shape)(inputs, params),
        remarks=lambda inputs, params: (targets.aligned_remarks if _is_ctc(params) else _token_remarks)(inputs, params),
        sums=_error_rate_sums, value=_ratio,
    )


LAYERS = (
    _sequence_metric(
        "Accuracy", "The share of right answers.", shape=_answer_shape, sums=_accuracy_sums, value=_ratio,
        unwanted={"Sigmoid": _SCORES}, aliases=("Hit rate", "Correct"),
    ),
    _sequence_metric(
        "F1", "Balances missed and false answers; the mean over all classes (macro), so that rare ones count as much.",
        shape=_answer_shape, sums=_f1_sums, value=_macro_f1, unwanted={"Sigmoid": _SCORES},
        aliases=("F-score", "F1Score", "Dice", "Macro F1", "Precision", "Recall"),
    ),
    _sequence_metric(
        "MAE", "The mean absolute error, in the unit of the target.", shape=targets.number_shape,
        sums=lambda args, inputs, params: _error_sums("abs()", args), value=_ratio, scales_with_target=True,
        aliases=("Mean absolute error",),
    ),
    _sequence_metric(
        "RMSE", "The root of the mean squared error, in the unit of the target; large errors count more.",
        shape=targets.number_shape, sums=lambda args, inputs, params: _error_sums("square()", args),
        value=_root_of_ratio, scales_with_target=True, aliases=("Root mean squared error",),
    ),
    _sequence_metric(
        "R2", "The share of the target's spread that is explained: 1 is perfect, 0 no better than the mean.",
        shape=targets.number_shape, sums=_r2_sums, value=_mean_r2,
        aliases=("R squared", "Coefficient of determination", "R2Score"),
    ),
    _sequence_metric(
        "Perplexity", "Among how many equally likely classes the network seems to choose; 1 is perfect. "
                      "For the same plain scores as CrossEntropy.",
        shape=targets.class_shape, sums=_perplexity_sums, value=_exp_of_ratio,
        aliases=("Language model", "Exponential of the loss"),
    ),
    _metric(
        "BLEU", "How many of the words written, and of pairs, triples and fours of them, stand in the target as well; "
                "1 is a perfect translation. Counted over all samples; every token counts as a word.",
        inputs=targets.ALIGNED_PORTS, helpers=("tokens",), shape=_token_shape, remarks=_token_remarks,
        sums=lambda args, inputs, params: _token_sums("bleu_sums", args, inputs), value=_bleu,
        aliases=("Translation", "BLEU-4", "n-gram precision"),
    ),
    _error_rate(
        "CharacterErrorRate", "How many characters must be put in, taken out or exchanged to mend what was read, for "
                              "each that should be there. Every token counts as a character.",
        ("CER", "Edit distance", "Levenshtein", "Speech recognition", "Handwriting")),
    _error_rate(
        "WordErrorRate", "How many words must be put in, taken out or exchanged to mend what was read, for each that "
                         "should be there. Every token counts as a word: for texts that are read word by word.",
        ("WER", "Edit distance", "Levenshtein", "Speech recognition")),
)
