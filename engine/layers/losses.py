"""What training makes small. All are means over the batch."""

from engine.layers import targets
from engine.layers.spec import Inputs, LayerSpec, Params, Remark
from engine.params import Float


def _as_numbers(module: str, args: tuple[str, ...], params: Params) -> str:
    """The target takes the prediction's shape, so that (batch) never broadcasts against (batch, 1)."""
    prediction, target = args
    return f"{module}({prediction}, {target}.reshape_as({prediction}))"


def _as_answers(module: str, args: tuple[str, ...], params: Params) -> str:
    prediction, target = args
    return f"{module}({prediction}, {target}.to({prediction}.dtype).reshape_as({prediction}))"


def _binary_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    if inputs[1].dtype == "int64":
        return ()
    return (Remark(
        "number-target", "expects 0 or 1 as target but gets real numbers",
        "Number columns are scaled for training, and then are no longer 0 and 1: read the column as a category.",
        port="target"),)


_LOGITS = "expects plain scores and applies the {} itself"
_RELU = "expects plain scores, negative ones too: ReLU cuts them off"

LAYERS = (
    LayerSpec(
        type="CrossEntropy", category="Losses", icon="target", role="loss", constructor="nn.CrossEntropyLoss",
        inputs=targets.PORTS, outputs=(), shape=targets.class_shape, metrics=("Accuracy",),
        doc="For choosing one of several classes: small when the right class has the highest score by far.",
        params=(Float(name="label_smoothing", default=0.0, minimum=0.0, maximum=1.0,
                      help="Share of the target spread over all classes, against over-confidence."),),
        unwanted={"Softmax": _LOGITS.format("softmax"), "Sigmoid": _LOGITS.format("softmax"), "ReLU": _RELU},
        aliases=("CrossEntropyLoss", "Classification", "Log loss", "Categorical crossentropy", "NLL", "Softmax loss"),
    ),
    LayerSpec(
        type="BCEWithLogits", category="Losses", icon="target", role="loss", constructor="nn.BCEWithLogitsLoss",
        inputs=targets.PORTS, outputs=(), shape=targets.binary_shape, metrics=("Accuracy",),
        doc="For yes or no: one score per answer, positive for yes.",
        call=_as_answers, remarks=_binary_remarks,
        unwanted={"Sigmoid": _LOGITS.format("sigmoid"), "Softmax": _LOGITS.format("sigmoid"), "ReLU": _RELU},
        aliases=("BCEWithLogitsLoss", "Binary crossentropy", "Binary classification", "Logistic", "Multi-label"),
    ),
    LayerSpec(
        type="MSE", category="Losses", icon="target", role="loss", constructor="nn.MSELoss",
        inputs=targets.PORTS, outputs=(), shape=targets.number_shape, metrics=("MAE", "R2"), call=_as_numbers,
        doc="For predicting numbers: the mean squared difference.",
        aliases=("MSELoss", "Mean squared error", "Regression", "L2"),
    ),
    LayerSpec(
        type="L1", category="Losses", icon="target", role="loss", constructor="nn.L1Loss",
        inputs=targets.PORTS, outputs=(), shape=targets.number_shape, metrics=("MAE", "R2"), call=_as_numbers,
        doc="For predicting numbers: the mean difference; single large errors count less than in MSE.",
        aliases=("L1Loss", "Mean absolute error", "MAE loss", "Regression"),
    ),
    LayerSpec(
        type="SmoothL1", category="Losses", icon="target", role="loss", constructor="nn.SmoothL1Loss",
        inputs=targets.PORTS, outputs=(), shape=targets.number_shape, metrics=("MAE", "R2"), call=_as_numbers,
        doc="For predicting numbers: squared for small differences, absolute for large ones.",
        params=(Float(name="beta", default=1.0, minimum=0.0, maximum=1e6,
                      help="The difference at which squared turns into absolute."),),
        aliases=("SmoothL1Loss", "Huber", "Regression"),
    ),
)
