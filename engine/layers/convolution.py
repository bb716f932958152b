"""Convolutions and upsampling."""

from math import gcd, prod

from engine.layers import checks, windows
from engine.layers.spec import Inputs, LayerSpec, Params, SetParams, ShapeError, no_remarks, require_numbers
from engine.params import Bool, Choice, Float, Int, Size
from engine.tensors import TensorSpec

MAX_CHANNELS = 1_000_000_000
def _check_groups(channels: int, params: Params) -> None:
    """Raise ShapeError unless `groups` divides both the incoming and the outgoing channels."""
    groups, produced = params["groups"], params["out_channels"]
    for count, what in ((channels, "gets"), (produced, "makes")):
        if count % groups:
            shared = gcd(groups, channels, produced)
            raise ShapeError(
                f"cannot divide the {count} channels it {what} into {groups} groups",
                "Groups must divide the channels on both sides.",
                (SetParams(f"Set groups to {shared}", {"groups": shared}),), param="groups", code="channels")


def _check_padding(sizes: tuple[int, ...], params: Params) -> None:
    """Padding with mirrored or wrapped numbers cannot be wider than what is mirrored or wrapped."""
    room = {"reflect": -1, "circular": 0}.get(params["padding_mode"])
    for size, padding in zip(sizes, params["padding"], strict=True):
        if room is not None and padding > size + room:
            raise ShapeError(
                f"cannot add {padding} numbers of {params['padding_mode']} padding to an axis of {size}",
                "Use less padding, or pad with zeros.", (SetParams("Pad with zeros", {"padding_mode": "zeros"}),),
                param="padding", code="too-small")


def _conv_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    names = windows.AXES[len(params["kernel_size"])]
    checks.axes(given, names)
    _check_groups(given.sizes[0], params)
    sizes, kernel = given.sizes[1:], params["kernel_size"]
    _check_padding(sizes, params)
    produced = windows.outputs(sizes, params)
    if min(produced) < 1:
        reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, params["dilation"], strict=True))
        padded = tuple(size + 2 * padding for size, padding in zip(sizes, params["padding"], strict=True))
        fitting = windows.fitting_kernel(sizes, params)
        label = f"Set kernel size to {', '.join(map(str, fitting))}"
        raise windows.too_small(padded, reach, (SetParams(label, {"kernel_size": fitting}),))
    return checks.with_sizes(given, (params["out_channels"], *produced), windows.moved(names, given))


def _conv_weights(inputs: Inputs, params: Params) -> int:
    per_output = inputs[0].sizes[0] // params["groups"] * prod(params["kernel_size"])
    return int(params["out_channels"] * (per_output + params["bias"]))


def _conv_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    return int(outputs[0].elements * (inputs[0].sizes[0] // params["groups"]) * prod(params["kernel_size"]))


def _transpose_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    checks.axes(given, windows.AXES[2])
    _check_groups(given.sizes[0], params)
    extra = zip(params["output_padding"], params["stride"], params["dilation"], strict=True)
    if any(more >= max(stride, dilation) for more, stride, dilation in extra):
        raise ShapeError(
            "adds more output padding than its stride or dilation leaves room for",
            "Output padding must be smaller than the stride or the dilation.",
            (SetParams("Set output padding to 0", {"output_padding": (0, 0)}),), param="output_padding", code="param")
    produced = tuple(
        (size - 1) * stride - 2 * padding + dilation * (width - 1) + more + 1
        for size, width, stride, padding, dilation, more in zip(
            given.sizes[1:], params["kernel_size"], params["stride"], params["padding"], params["dilation"],
            params["output_padding"], strict=True)
    )
    if min(produced) < 1:
        raise ShapeError(
            f"cuts off more padding than it makes from {given.described()}", "Use less padding.",
            (SetParams("Set padding to 0", {"padding": (0, 0)}),), param="padding", code="too-small")
    return TensorSpec((params["out_channels"], *produced), windows.AXES[2])


def _transpose_weights(inputs: Inputs, params: Params) -> int:
    per_input = params["out_channels"] // params["groups"] * prod(params["kernel_size"])
    return int(inputs[0].sizes[0] * per_input + params["bias"] * params["out_channels"])


def _transpose_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    return int(inputs[0].elements * (params["out_channels"] // params["groups"]) * prod(params["kernel_size"]))


UPSAMPLE_RANK = {"linear": 2, "bilinear": 3, "bicubic": 3, "trilinear": 4}


def _upsample_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    require_numbers(given)
    size, factor, mode = params["size"], params["scale_factor"], params["mode"]
    if given.rank not in (2, 3, 4):
        raise ShapeError(
            f"expects channels and one to three axes to enlarge but gets {given.described()}",
            "Wire a picture or a signal to it.", checks.rank_fixes(given, windows.AXES[2]), port="input", code="rank")
    if UPSAMPLE_RANK.get(mode, given.rank) != given.rank:
        raise ShapeError(
            f"cannot enlarge {given.described()} with {mode} interpolation",
            "Linear is for signals, bilinear and bicubic for pictures, trilinear for volumes; nearest for all.",
            (SetParams("Use nearest", {"mode": "nearest"}),), param="mode", code="rank")
    if (size is None) == (factor is None):
        raise ShapeError(
            "needs either a size or a scale factor, not " + ("both" if size is not None else "neither"), "",
            (SetParams("Scale by 2", {"size": None, "scale_factor": 2.0}),), param="scale_factor", code="param")
    if size is not None and len(size) != given.rank - 1:
        raise ShapeError(
            f"has the size {checks.shape_text(size)} but gets {given.described()}",
            "Give one number per axis to enlarge.",
            (SetParams("Scale by 2", {"size": None, "scale_factor": 2.0}),), param="size", code="rank")
    produced = tuple(int(old * factor) for old in given.sizes[1:]) if size is None else size
    if min(produced) < 1:
        raise ShapeError(f"leaves nothing of {given.described()}", "Use a larger scale factor.",
                         (SetParams("Scale by 2", {"scale_factor": 2.0}),), param="scale_factor", code="too-small")
    return checks.with_sizes(given, (given.sizes[0], *produced), given.axes)


_CHANNELS = Int(name="out_channels", default=32, minimum=1, maximum=MAX_CHANNELS, required=True,
                help="How many channels come out: one per learned filter.")
_GROUPS = Int(name="groups", default=1, minimum=1, maximum=MAX_CHANNELS,
              help="Split the channels into groups that do not see each other.")
_BIAS = Bool(name="bias", default=True, help="Add a learned number to each output channel.")


def _conv(count: int, doc: str, aliases: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(
        type=f"Conv{count}d", category="Convolution", icon="audio-waveform" if count == 1 else "grid-3x3", doc=doc,
        width="out_channels",
        params=(
            _CHANNELS,
            windows.per_axis("kernel_size", count, 3, minimum=1, help="Width of the sliding window.", required=True),
            windows.per_axis("stride", count, 1, minimum=1, help="How far the window moves at each step."),
            windows.per_axis("padding", count, 0, minimum=0,
                             help="Numbers added at each border; (kernel - 1) / 2 keeps the size at stride 1."),
            windows.per_axis("dilation", count, 1, minimum=1, help="Distance between the numbers a window looks at."),
            _GROUPS,
            _BIAS,
            Choice(name="padding_mode", default="zeros", choices=("zeros", "reflect", "replicate", "circular"),
                   help="What the padding consists of."),
        ),
        infer={"in_channels": lambda inputs, params: inputs[0].sizes[0]},
        shape=_conv_shape, weights=_conv_weights, multiply_adds=_conv_multiply_adds,
        remarks=(lambda inputs, params: checks.time_as_channels(inputs[0])) if count == 1 else no_remarks,
        aliases=aliases,
    )


LAYERS = (
    _conv(2, "Slides learned filters over a picture.", ("Convolution", "Convolutional", "CNN", "Filter")),
    _conv(1, "Slides learned filters along a signal or sequence.", ("Convolution", "Convolutional", "TDNN", "Filter")),
    LayerSpec(
        type="ConvTranspose2d", category="Convolution", icon="expand", width="out_channels",
        doc="Enlarges a picture with learned filters; the reverse of a strided convolution.",
        params=(
            _CHANNELS,
            windows.per_axis("kernel_size", 2, 2, minimum=1,
                             help="Width of the window that each number is spread over.", required=True),
            windows.per_axis("stride", 2, 1, minimum=1,
                             help="How far apart the windows lie: the factor of enlargement."),
            windows.per_axis("padding", 2, 0, minimum=0, help="Numbers cut off at each border."),
            windows.per_axis("output_padding", 2, 0, minimum=0, help="Rows and columns added at one border."),
            _GROUPS,
            _BIAS,
            windows.per_axis("dilation", 2, 1, minimum=1, help="Distance between the numbers of a window."),
        ),
        infer={"in_channels": lambda inputs, params: inputs[0].sizes[0]},
        shape=_transpose_shape, weights=_transpose_weights, multiply_adds=_transpose_multiply_adds,
        aliases=("Deconvolution", "Transposed convolution", "Upconvolution"),
    ),
    LayerSpec(
        type="Upsample", category="Convolution", icon="maximize-2", positional=(),
        doc="Enlarges a picture or signal without weights, by copying or interpolating.",
        params=(
            Size(name="size", default=None, minimum=1, maximum=windows.MAX_KERNEL, optional=True,
                 help="The new sizes; leave empty to use the scale factor."),
            Float(name="scale_factor", default=2.0, minimum=1e-3, maximum=1e6, required=True, optional=True,
                  help="How many times larger it becomes; leave empty to use the size."),
            Choice(name="mode", default="nearest",
                   choices=("nearest", "linear", "bilinear", "bicubic", "trilinear"),
                   help="How new numbers are found between the old ones."),
        ),
        shape=_upsample_shape, aliases=("Resize", "Interpolate", "UpSampling2D", "Enlarge"),
    ),
)
