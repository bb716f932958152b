"""Elementwise bends between layers, without weights."""

from engine.layers import checks
from engine.layers.spec import Inputs, LayerSpec, Params, require_numbers
from engine.params import Choice, Float, Int, Param
from engine.tensors import TensorSpec


def _softmax_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    require_numbers(given)
    checks.at_least_one_axis(given)
    checks.axis(params["dim"], given.rank)
    return given


def _activation(type: str, doc: str, *params: Param, aliases: tuple[str, ...] = ()) -> LayerSpec:
    return LayerSpec(type=type, category="Activations", icon="activity", doc=doc, params=params,
                     aliases=aliases)


LAYERS = (
    _activation("ReLU", "Keeps positive numbers and sets negative ones to zero; the usual choice.",
                aliases=("Rectifier", "Rectified linear unit")),
    _activation(
        "LeakyReLU", "Like ReLU, but lets a little of the negative numbers through.",
        Float(name="negative_slope", default=0.01, minimum=0.0, maximum=1e6, help="Factor of negative numbers."),
    ),
    _activation(
        "ELU", "Like ReLU, but bends smoothly to a negative limit.",
        Float(name="alpha", default=1.0, minimum=0.0, maximum=1e6, help="Very negative numbers become minus this."),
        aliases=("Exponential linear unit",),
    ),
    _activation(
        "GELU", "A smooth ReLU; usual in transformers.",
        Choice(name="approximate", default="none", choices=("none", "tanh"),
               help="Compute it exactly, or faster by a formula with tanh."),
    ),
    _activation("SiLU", "x times sigmoid(x), a smooth ReLU; usual in modern image networks.", aliases=("Swish",)),
    _activation("Sigmoid", "Squeezes every number between 0 and 1.", aliases=("Logistic",)),
    _activation("Tanh", "Squeezes every number between -1 and 1.", aliases=("Hyperbolic tangent",)),
    LayerSpec(
        type="Softmax", category="Activations", icon="percent", positional=(),
        doc="Turns scores into probabilities that sum to 1. CrossEntropy does this itself: do not put it before.",
        params=(Int(name="dim", default=-1, minimum=-8, maximum=8, required=True,
                    help="The axis that sums to 1, counted with the batch as 0; -1 is the last."),),
        shape=_softmax_shape, aliases=("Probabilities",),
    ),
    LayerSpec(
        type="LogSoftmax", category="Activations", icon="percent", positional=(),
        doc="The logarithms of what Softmax gives: what NLL and KLDiv take as prediction.",
        params=(Int(name="dim", default=-1, minimum=-8, maximum=8, required=True,
                    help="The axis whose probabilities sum to 1, counted with the batch as 0; -1 is the last."),),
        shape=_softmax_shape, aliases=("Log-probabilities",),
    ),
)
