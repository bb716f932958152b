"""Layers that keep activations at a healthy scale, and dropout."""

from math import gcd, prod

from engine.layers import checks
from engine.layers.convolution import MAX_CHANNELS
from engine.layers.spec import Inputs, LayerSpec, Params, Remark, SetParams, ShapeError, no_remarks, require_numbers
from engine.params import Bool, Float, Int
from engine.tensors import TensorSpec

PICTURE = ("channels", "height", "width")


def _batch_norm_1d_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    if given.rank != 2:
        checks.axes(given, ("features",))
    require_numbers(given)
    return given


def _batch_norm_2d_shape(inputs: Inputs, params: Params) -> TensorSpec:
    checks.axes(inputs[0], PICTURE)
    return inputs[0]


def _layer_norm_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    require_numbers(given)
    checks.at_least_one_axis(given)
    if params["normalized_axes"] > given.rank:
        raise ShapeError(
            f"normalizes {params['normalized_axes']} axes but gets {given.described()}",
            f"It can normalize {given.rank} at most; the batch does not count.",
            (SetParams(f"Set normalized axes to {given.rank}", {"normalized_axes": given.rank}),),
            param="normalized_axes", code="rank")
    return given


def _normalized_shape(inputs: Inputs, params: Params) -> int | tuple[int, ...]:
    sizes = inputs[0].sizes[-params["normalized_axes"]:]
    return sizes[0] if len(sizes) == 1 else sizes


def _layer_norm_weights(inputs: Inputs, params: Params) -> int:
    if not params["elementwise_affine"]:
        return 0
    return int((1 + params["bias"]) * prod(inputs[0].sizes[-params["normalized_axes"]:]))


def _group_norm_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    require_numbers(given)
    checks.at_least_one_axis(given)
    channels, groups = given.sizes[0], params["num_groups"]
    if channels % groups:
        shared = gcd(channels, groups)
        raise ShapeError(
            f"cannot divide {channels} channels into {groups} groups", "The number of groups must divide the channels.",
            (SetParams(f"Set num groups to {shared}", {"num_groups": shared}),), param="num_groups", code="channels")
    if given.elements == groups:
        raise ShapeError(
            f"would normalize each of {channels} numbers on its own, which leaves nothing of it",
            "A group needs more than one number.",
            (SetParams("Set num groups to 1", {"num_groups": 1}),) if groups > 1 else (),
            param="num_groups", code="too-small")
    return given


def _weights_per_channel(inputs: Inputs, params: Params) -> int:
    return 2 * inputs[0].sizes[0] if params["affine"] else 0


def _dropout_1d_shape(inputs: Inputs, params: Params) -> TensorSpec:
    checks.axes(inputs[0], ("channels", "length"))
    return inputs[0]


def _dropout_2d_shape(inputs: Inputs, params: Params) -> TensorSpec:
    checks.axes(inputs[0], PICTURE)
    return inputs[0]


def _signal_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    return checks.time_as_channels(inputs[0])


def _first_size(inputs: Inputs, params: Params) -> int:
    return inputs[0].sizes[0]


_EPS = Float(name="eps", default=1e-5, minimum=1e-12, maximum=1.0,
             help="Added to the variance, against division by zero.")
_AFFINE = Bool(name="affine", default=True, help="Learn a scale and a shift for every channel.")
_P = Float(name="p", default=0.5, minimum=0.0, maximum=1.0, help="The share that is set to zero while training.")


def _batch_norm(count: int) -> LayerSpec:
    return LayerSpec(
        type=f"BatchNorm{count}d", category="Normalization", icon="sliders-horizontal",
        doc="Brings every channel to mean 0 and deviation 1 over the batch; training becomes faster and steadier.",
        params=(
            _EPS,
            Float(name="momentum", default=0.1, minimum=0.0, maximum=1.0, optional=True,
                  help="How fast the running statistics follow; empty: a plain average of all batches."),
            _AFFINE,
            Bool(name="track_running_stats", default=True,
                 help="Remember mean and deviation for use after training."),
        ),
        infer={"num_features": _first_size},
        shape=_batch_norm_1d_shape if count == 1 else _batch_norm_2d_shape,
        weights=_weights_per_channel, remarks=_signal_remarks if count == 1 else no_remarks,
        aliases=("Batch normalization", "BN"),
    )


LAYERS = (
    _batch_norm(2),
    _batch_norm(1),
    LayerSpec(
        type="LayerNorm", category="Normalization", icon="sliders-horizontal",
        doc="Brings the last axes of every sample to mean 0 and deviation 1; usual in transformers.",
        params=(
            Int(name="normalized_axes", default=1, minimum=1, maximum=8, argument=False,
                help="How many axes, counted from the last, are normalized together."),
            _EPS,
            Bool(name="elementwise_affine", default=True, help="Learn a scale and a shift for every number."),
            Bool(name="bias", default=True, help="Learn the shift too, not only the scale."),
        ),
        infer={"normalized_shape": _normalized_shape},
        shape=_layer_norm_shape, weights=_layer_norm_weights, aliases=("Layer normalization", "LN"),
    ),
    LayerSpec(
        type="GroupNorm", category="Normalization", icon="sliders-horizontal",
        positional=("num_groups", "num_channels"),
        doc="Normalizes groups of channels within each sample; does not depend on the batch size.",
        params=(
            Int(name="num_groups", default=8, minimum=1, maximum=MAX_CHANNELS, required=True,
                help="Into how many groups the channels are divided."),
            _EPS,
            _AFFINE,
        ),
        infer={"num_channels": _first_size},
        shape=_group_norm_shape, weights=_weights_per_channel, aliases=("Group normalization", "Instance norm"),
    ),
    LayerSpec(
        type="Dropout", category="Dropout", icon="droplets",
        doc="Sets random numbers to zero while training, so that the network does not rely on single ones.",
        params=(_P,), aliases=("Regularization",),
    ),
    LayerSpec(
        type="Dropout2d", category="Dropout", icon="droplets",
        doc="Sets random whole channels of a picture to zero while training.",
        params=(_P,), shape=_dropout_2d_shape, aliases=("Spatial dropout", "Regularization"),
    ),
    LayerSpec(
        type="Dropout1d", category="Dropout", icon="droplets",
        doc="Sets random whole channels of a signal to zero while training.",
        params=(_P,), shape=_dropout_1d_shape, remarks=_signal_remarks,
        aliases=("Spatial dropout", "Regularization"),
    ),
)
