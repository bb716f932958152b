"""Where data enters a network and where results leave it."""

from dataclasses import replace

from engine.layers.spec import Inputs, LayerSpec, Outputs, Params, Port, SetParams, ShapeError
from engine.params import Bool, Choice, Int, Size, Text
from engine.tensors import TensorSpec, default_axes

MAX_RANK = 8
MAX_SIZE = 1_000_000_000


def _input_shape(inputs: Inputs, params: Params) -> Outputs:
    sizes = params["shape"]
    if len(sizes) > MAX_RANK:
        raise ShapeError(f"has {len(sizes)} axes; at most {MAX_RANK} are possible", param="shape", code="rank")
    axes = tuple(name.strip() for name in params["axes"].split(",")) if params["axes"] else default_axes(len(sizes))
    if len(axes) != len(sizes):
        raise ShapeError(f"names {len(axes)} axes but has {len(sizes)}", "Name every axis, or none.", param="axes",
                         code="rank")
    has_lengths = params["lengths"]
    if has_lengths and not sizes:
        raise ShapeError("has lengths but no axis that they could be of", "A sequence has an axis of time.",
                         (SetParams("Take the lengths off", {"lengths": False}),), param="lengths", code="rank")
    is_classes = params["values"] == "classes"
    values = TensorSpec(sizes, axes, "int64" if is_classes else "float32",
                        (params["classes"] or None) if is_classes else None, padded=has_lengths)
    if not has_lengths:
        return values
    time = axes.index("time") if "time" in axes else 0
    return values, TensorSpec((), (), "int64", steps=sizes[time])


def _with_lengths(params: Params) -> LayerSpec:
    """An Input of padded sequences also has their lengths."""
    return PADDED if params.get("lengths") is True else INPUT


def _no_output(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    return ()


INPUT = LayerSpec(
    type="Input", category="Inputs and outputs", icon="log-in", role="input", constructor="", inputs=(),
    doc="Brings in one column of the data: pictures, numbers or the right answers (targets). In a network that others "
        "place, what they wire to it.",
    params=(
        Text(name="column", default="", argument=False, help="The column of the data set that enters here."),
        Size(name="shape", default=(), argument=False, minimum=1, maximum=MAX_SIZE,
             help="Sizes of one sample without the batch, such as 1, 28, 28; empty for a single number."),
        Text(name="axes", default="", argument=False,
             help="What the axes are, such as channels, height, width; empty: the usual names."),
        Choice(name="values", default="numbers", choices=("numbers", "classes"), argument=False,
               help="Numbers to compute with, or class numbers that name a category."),
        Int(name="classes", default=0, minimum=0, maximum=MAX_SIZE, argument=False,
            help="How many categories there are; 0 if unknown. Only for class numbers."),
        Bool(name="lengths", default=False, argument=False,
             help="The samples are padded sequences: their lengths come in as well, at a port of their own."),
    ),
    shape=_input_shape, variant=_with_lengths, aliases=("Data", "Source", "Placeholder", "Target", "Label"),
)
PADDED = replace(INPUT, outputs=(Port("output"), Port("lengths")))

LAYERS = (
    INPUT,
    LayerSpec(
        type="Output", category="Inputs and outputs", icon="log-out", role="output", constructor="", outputs=(),
        doc="Marks a result of the network; its name becomes the name of the output.",
        shape=_no_output, aliases=("Result", "Sink", "Prediction"),
    ),
)
