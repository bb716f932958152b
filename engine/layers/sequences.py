"""Layers that know how long each sequence is, and so never read the padding after its end."""

from engine.layers import checks
from engine.layers.spec import NO_ARGUMENT, Inputs, LayerSpec, Params, Port, Remark, SetParams, ShapeError
from engine.layers.windows import MAX_KERNEL
from engine.params import Int
from engine.tensors import TensorSpec

_SEQUENCE = (Port("input"), Port("lengths"))


def _pooled_shape(inputs: Inputs, params: Params) -> TensorSpec:
    given, lengths = inputs
    checks.axes(given, ("time", "features"))
    checks.lengths(lengths, given.sizes[0])
    return TensorSpec(given.sizes[1:], given.axes[1:])


def _pooling(type: str, function: str, doc: str, aliases: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(
        type=type, category="Sequences", icon="shrink", constructor="", inputs=_SEQUENCE, doc=doc, shape=_pooled_shape,
        call=lambda module, args, params: f"{function}({', '.join(args)})", helpers=("sequences",), aliases=aliases,
    )


def _attention_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    given, lengths = inputs
    return checks.padding(given, lengths, "attends to")


def _attention_call(module: str, args: tuple[str, ...], params: Params) -> str:
    return f"{module}({', '.join(arg for arg in args if arg != NO_ARGUMENT)})"


def _counted(steps: int, params: Params) -> int:
    """Steps after a convolution or pooling: the formula of L_out in the documentation of torch.nn.Conv1d."""
    reach = params["dilation"] * (params["kernel_size"] - 1) + 1
    return int((steps + 2 * params["padding"] - reach) // params["stride"] + 1)


def _counted_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    if given.steps is None:
        raise ShapeError(f"counts lengths but gets {given.described()}", "Wire the port lengths of an Input to it.",
                         port="lengths", code="lengths")
    steps = _counted(given.steps, params)
    if steps < 1:
        raise ShapeError(
            f"leaves no step of {given.steps}", "Give it the settings of the layer whose steps it counts.",
            (SetParams("Set kernel size to 1", {"kernel_size": 1, "padding": 0}),), param="kernel_size",
            code="too-small")
    return TensorSpec((), (), "int64", steps=steps)


def _counted_call(module: str, args: tuple[str, ...], params: Params) -> str:
    """A sequence shorter than the window leaves one step all the same: lengths are never less than 1."""
    (lengths,) = args
    room = 2 * params["padding"] - params["dilation"] * (params["kernel_size"] - 1) - 1
    moved = f"({lengths} {'-' if room < 0 else '+'} {abs(room)})" if room else lengths
    strided = f"{moved} // {params['stride']}" if params["stride"] > 1 else moved
    return f"({strided} + 1).clamp(min=1)"


def _setting(name: str, default: int, minimum: int, help: str) -> Int:
    return Int(name=name, default=default, minimum=minimum, maximum=MAX_KERNEL, argument=False, help=help)


LAYERS = (
    _pooling("LastValid", "last_valid", "The last step of every sequence before its padding.",
             ("Last step", "Gather last", "Final state")),
    _pooling("MaskedMean", "masked_mean", "The mean of the steps of every sequence, without its padding.",
             ("Average over time", "Mean pooling", "Global average pooling")),
    _pooling("MaskedMax", "masked_max", "The largest numbers among the steps of every sequence, without its padding.",
             ("Maximum over time", "Max pooling", "Global max pooling")),
    LayerSpec(
        type="AttentionPooling", category="Sequences", icon="shrink", constructor="AttentionPooling",
        inputs=(Port("input"), checks.LENGTHS), helpers=("sequences",),
        doc="A weighted mean of the steps of every sequence; it learns which steps count.",
        infer={"features": lambda inputs, params: inputs[0].sizes[1]},
        shape=_pooled_shape, weights=lambda inputs, params: inputs[0].sizes[1], remarks=_attention_remarks,
        multiply_adds=lambda inputs, outputs, params: 2 * inputs[0].elements, call=_attention_call,
        aliases=("Self-attentive pooling", "Attention over time", "Weighted mean"),
    ),
    LayerSpec(
        type="ConvLengths", category="Sequences", icon="ruler", constructor="", inputs=(Port("lengths"),),
        doc="Lengths after a convolution or pooling that makes sequences shorter; give it the settings of that layer.",
        params=(
            _setting("kernel_size", 3, 1, "Width of the sliding window."),
            _setting("stride", 1, 1, "How far the window moves at each step."),
            _setting("padding", 0, 0, "Steps added at each end."),
            _setting("dilation", 1, 1, "Distance between the steps a window looks at."),
        ),
        shape=_counted_shape, call=_counted_call, aliases=("Lengths after strides", "Output lengths", "Subsampling"),
    ),
)
