"""What training makes small. All are means over the batch."""

from typing import Any

from engine.layers import targets
from engine.layers.spec import NO_ARGUMENT, Inputs, LayerSpec, Params, Port, Remark, Resize, ShapeError, require_numbers
from engine.params import Bool, Float, Param

WEIGHT = Float(name="weight", default=1.0, minimum=0.0, argument=False, help="Its share in the sum of several losses.")


def _of_classes(module: str, args: tuple[str, ...], params: Params) -> str:
    prediction, target, lengths = args
    counted = target if lengths == NO_ARGUMENT else f"ignore_padding({target}, {lengths})"
    return f"{module}({prediction}, {counted})"


def _of_numbers(module: str, args: tuple[str, ...], params: Params) -> str:
    """The target takes the prediction's shape, so that (batch) never broadcasts against (batch, 1)."""
    prediction, target, lengths = (*args, NO_ARGUMENT)[:3]
    alike = f"{target}.reshape_as({prediction})"
    if lengths == NO_ARGUMENT:
        return f"{module}({prediction}, {alike})"
    return f"mean_of_valid({module}, {prediction}, {alike}, {lengths})"


def _as_answers(module: str, args: tuple[str, ...], params: Params) -> str:
    prediction, target = args
    return f"{module}({prediction}, {target}.to({prediction}.dtype).reshape_as({prediction}))"


def _aligned_call(module: str, args: tuple[str, ...], params: Params) -> str:
    given = [*args]
    while given[-1] == NO_ARGUMENT:
        given.pop()
    return f"ctc_loss({module}, {', '.join(given)})"


def _binary_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    if inputs[1].dtype == "int64":
        return ()
    return (Remark(
        "number-target", "expects 0 or 1 as target but gets real numbers",
        "Number columns are scaled for training, and then are no longer 0 and 1: read the column as a category.",
        port="target", role="input"),)


def _gaussian_shape(inputs: Inputs, params: Params) -> tuple[()]:
    mean, log_variance = inputs
    require_numbers(mean, "mean")
    require_numbers(log_variance, "log_variance")
    if mean.sizes != log_variance.sizes:
        raise ShapeError(f"gets a mean {mean.described()} and a log variance {log_variance.described()}",
                         "Both must have the same shape: a Linear each, of the same width.",
                         (Resize(mean.sizes, "log_variance"),), port="log_variance",
                         code="shape" if mean.rank == log_variance.rank else "rank")
    return ()


def _gaussian_call(module: str, args: tuple[str, ...], params: Params) -> str:
    """Kingma and Welling 2014, Auto-Encoding Variational Bayes, appendix B."""
    mean, log_variance = args
    terms = f"1 + {log_variance} - {mean}.square() - {log_variance}.exp()"
    return f"-0.5 * ({terms}).sum() / {mean}.shape[0]"


_LOGITS = "expects plain scores and applies the {} itself"
_RELU = "expects plain scores, negative ones too: ReLU cuts them off"



def _loss(type: str, doc: str, *params: Param, aliases: tuple[str, ...], **fields: Any) -> LayerSpec:
    return LayerSpec(type=type, category="Losses", icon="target", role="loss", outputs=(), doc=doc,
                     params=(*params, WEIGHT), aliases=aliases, **fields)


_CLASSES: dict[str, Any] = {
    "inputs": targets.SEQUENCE_PORTS, "shape": targets.class_shape, "metrics": ("Accuracy",), "call": _of_classes,
    "remarks": targets.padding_remarks, "helpers": ("sequences",)}
_NUMBERS: dict[str, Any] = {
    "inputs": targets.SEQUENCE_PORTS, "shape": targets.number_shape, "metrics": ("MAE", "R2"), "call": _of_numbers,
    "remarks": targets.padding_remarks, "helpers": ("sequences",)}

LAYERS = (
    _loss(
        "CrossEntropy", "For choosing one of several classes: small when the right class has the highest score by far.",
        Float(name="label_smoothing", default=0.0, minimum=0.0, maximum=1.0,
              help="Share of the target spread over all classes, against over-confidence."),
        constructor="nn.CrossEntropyLoss", **_CLASSES,
        unwanted={"Softmax": _LOGITS.format("softmax"), "Sigmoid": _LOGITS.format("softmax"), "ReLU": _RELU},
        aliases=("CrossEntropyLoss", "Classification", "Log loss", "Categorical crossentropy", "Softmax loss"),
    ),
    _loss(
        "BCEWithLogits", "For yes or no: one score per answer, positive for yes.",
        constructor="nn.BCEWithLogitsLoss", inputs=targets.PORTS, shape=targets.binary_shape, metrics=("Accuracy",),
        call=_as_answers, remarks=_binary_remarks,
        unwanted={"Sigmoid": _LOGITS.format("sigmoid"), "Softmax": _LOGITS.format("sigmoid"), "ReLU": _RELU},
        aliases=("BCEWithLogitsLoss", "Binary crossentropy", "Binary classification", "Logistic", "Multi-label"),
    ),
    _loss(
        "MSE", "For predicting numbers: the mean squared difference.", constructor="nn.MSELoss", **_NUMBERS,
        aliases=("MSELoss", "Mean squared error", "Regression", "L2"),
    ),
    _loss(
        "L1", "For predicting numbers: the mean difference; single large errors count less than in MSE.",
        constructor="nn.L1Loss", **_NUMBERS,
        aliases=("L1Loss", "Mean absolute error", "MAE loss", "Regression"),
    ),
    _loss(
        "SmoothL1", "For predicting numbers: squared for small differences, absolute for large ones.",
        Float(name="beta", default=1.0, minimum=0.0, maximum=1e6,
              help="The difference at which squared turns into absolute."),
        constructor="nn.SmoothL1Loss", **_NUMBERS, aliases=("SmoothL1Loss", "Huber", "Regression"),
    ),
    _loss(
        "NLL", "For choosing one of several classes by log-probabilities, as LogSoftmax gives them along axis 1; "
               "CrossEntropy does both at once.",
        constructor="nn.NLLLoss", **_CLASSES,
        aliases=("NLLLoss", "Negative log-likelihood", "Classification"),
    ),
    _loss(
        "KLDiv", "How far predicted log-probabilities are from the target's probabilities: to learn from another "
                 "network's answers.",
        Bool(name="log_target", default=False, help="The target holds log-probabilities, too."),
        constructor="nn.KLDivLoss", fixed={"reduction": "batchmean"}, inputs=targets.PORTS, shape=targets.number_shape,
        call=_of_numbers, aliases=("KLDivLoss", "Kullback-Leibler divergence", "Distillation"),
    ),
    _loss(
        "GaussianKL", "Draws the distributions of a variational autoencoder towards the standard normal one: "
                      "the Kullback-Leibler divergence, summed over the features.",
        constructor="", inputs=(Port("mean"), Port("log_variance", label="log variance")), shape=_gaussian_shape,
        call=_gaussian_call,
        aliases=("VAE", "Variational autoencoder", "KL divergence", "ELBO", "Latent"),
    ),
    _loss(
        "CTC", "Learns to read a short text from a long sequence without knowing where its letters are. Takes plain "
               "scores (batch, time, classes); class 0 is the blank. At first only blanks come out, often for many "
               "epochs: the output stays empty until the loss has fallen.",
        constructor="nn.CTCLoss", fixed={"zero_infinity": True}, inputs=targets.ALIGNED_PORTS,
        shape=targets.aligned_shape, remarks=targets.aligned_remarks, helpers=("tokens",), call=_aligned_call,
        unwanted={"Softmax": _LOGITS.format("softmax"), "ReLU": _RELU},
        aliases=("CTCLoss", "Connectionist temporal classification", "Speech recognition", "Handwriting", "Alignment"),
    ),
)
