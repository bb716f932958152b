"""Layers that multiply by a matrix of weights, and the table of vectors."""

from math import prod

from engine.layers import checks
from engine.layers.spec import Inputs, LayerSpec, Params, Remark, SetParams, ShapeError, require_numbers
from engine.params import Bool, Float, Int
from engine.tensors import TensorSpec, default_axes

MAX_WIDTH = 1_000_000_000


def _linear_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    require_numbers(given)
    checks.at_least_one_axis(given)
    return checks.with_sizes(given, (*given.sizes[:-1], params["out_features"]), (*given.axes[:-1], "features"))


def _linear_weights(inputs: Inputs, params: Params) -> int:
    return int((inputs[0].sizes[-1] + params["bias"]) * params["out_features"])


def _linear_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    return inputs[0].sizes[-1] * outputs[0].elements


def _linear_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    (given,) = inputs
    if given.axes[-1] not in checks.PICTURE_AXES:
        return ()
    return (Remark(
        "rank", f"works on the last axis only, the {given.axes[-1]} of {given.described()}, not on the whole picture",
        "A Flatten makes one row of numbers of every picture.", (checks.flatten("input"),), "input"),)


def _embedding_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    if given.dtype != "int64":
        raise ShapeError(
            f"looks up class numbers but gets real numbers {given}",
            "Wire an Input whose values are classes to it, or use Linear for numbers.", port="input", code="dtype")
    rows = params["num_embeddings"]
    if given.classes is not None and given.classes > rows:
        raise ShapeError(
            f"has {rows} vectors but gets {given.classes} classes",
            "Every class needs a vector of its own.",
            (SetParams(f"Set num embeddings to {given.classes}", {"num_embeddings": given.classes}),),
            param="num_embeddings", code="classes")
    padding = params["padding_idx"]
    if padding is not None and padding >= rows:
        raise ShapeError(
            f"has no vector {padding} for padding: the last one is {rows - 1}", "Choose a smaller number, or none.",
            (SetParams("Use no padding vector", {"padding_idx": None}),), param="padding_idx", code="param")
    return TensorSpec((*given.sizes, params["embedding_dim"]), default_axes(given.rank + 1), padded=given.padded)


LAYERS = (
    LayerSpec(
        type="Linear", category="Linear", icon="share-2", width="out_features",
        doc="Connects every input feature to every output feature: y = x W^T + b, along the last axis.",
        params=(
            Int(name="out_features", default=128, minimum=1, maximum=MAX_WIDTH, required=True,
                help="How many numbers come out."),
            Bool(name="bias", default=True, help="Add a learned number to each output."),
        ),
        infer={"in_features": lambda inputs, params: inputs[0].sizes[-1]},
        shape=_linear_shape, weights=_linear_weights, multiply_adds=_linear_multiply_adds, remarks=_linear_remarks,
        aliases=("Dense", "Fully connected", "FC", "Perceptron", "MLP"),
    ),
    LayerSpec(
        type="Embedding", category="Linear", icon="table", width="embedding_dim",
        doc="A table with one learned vector per class number: words, categories, users.",
        params=(
            Int(name="num_embeddings", default=1000, minimum=1, maximum=MAX_WIDTH, required=True,
                help="How many different class numbers there are."),
            Int(name="embedding_dim", default=64, minimum=1, maximum=MAX_WIDTH, required=True,
                help="Length of each vector."),
            Int(name="padding_idx", default=None, minimum=0, maximum=MAX_WIDTH, optional=True,
                help="The class number that means padding: its vector stays zero."),
            Float(name="max_norm", default=None, minimum=1e-6, optional=True,
                  help="Vectors longer than this are shortened to it."),
            Float(name="norm_type", default=2.0, minimum=1.0, maximum=100.0,
                  help="The p of the p-norm that max_norm measures length with."),
        ),
        shape=_embedding_shape,
        weights=lambda inputs, params: prod((params["num_embeddings"], params["embedding_dim"])),
        aliases=("Lookup table", "Word vectors"),
    ),
)
