"""Plain operations of tensors, without weights."""

from dataclasses import replace

from engine.layers import checks
from engine.layers.slicing import axis_setting, without_axis
from engine.layers.spec import (
    Inputs,
    Insert,
    LayerSpec,
    Params,
    Port,
    Remark,
    Resize,
    ShapeError,
    Swap,
    require_numbers,
)
from engine.tensors import TensorSpec

_PAIR = (Port("input"), Port("other"))


def _reduced_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    require_numbers(given)
    checks.at_least_one_axis(given)
    return without_axis(given, checks.axis(params["dim"], given.rank))


def _reduced_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    (given,) = inputs
    return checks.summed_padding(given, checks.axis(params["dim"], given.rank))


def _product_shape(inputs: Inputs, params: Params) -> TensorSpec:
    first, second = inputs
    for port, given in zip(("input", "other"), inputs, strict=True):
        require_numbers(given, port)
        if given.rank < 2:
            raise ShapeError(f"multiplies matrices but gets {given.described()}",
                             "A matrix has two axes besides the batch.", port=port, code="rank")
    if first.rank != second.rank:
        raise ShapeError(f"cannot multiply {first.described()} by {second.described()}",
                         "Both must have the same number of axes.", port="other", code="rank")
    if first.sizes[-1] != second.sizes[-2]:
        raise ShapeError(f"cannot multiply {first.described()} by {second.described()}",
                         "The last size of the first must be the last but one of the second.",
                         _product_fixes(first, second), port="other", code="channels")
    pairs = list(zip(first.sizes[:-2], second.sizes[:-2], strict=True))
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        raise ShapeError(f"cannot multiply {first.described()} by {second.described()}",
                         "All sizes before the last two must agree; a size of 1 is repeated to fit.", port="other",
                         code="channels")
    axes = (*first.axes[:-1], second.axes[-1])
    padded = (first.has_padding and "time" in first.axes[:-1]) or (second.has_padding and second.axes[-1] == "time")
    return TensorSpec((*(max(pair) for pair in pairs), first.sizes[-2], second.sizes[-1]), axes, padded=padded)


def _product_fixes(first: TensorSpec, second: TensorSpec) -> tuple[Insert | Swap, ...]:
    """The second the other way round, or the two exchanged, where that fits."""
    turned = (*range(1, second.rank - 1), second.rank, second.rank - 1)
    turn = Insert("Transpose the second", "Permute", {"dims": turned}, "other")
    return (*((turn,) if first.sizes[-1] == second.sizes[-1] else ()),
            *((Swap("Swap the two inputs"),) if second.sizes[-1] == first.sizes[-2] else ()))


def _product_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    return outputs[0].elements * inputs[0].sizes[-1]


def _drawn_shape(inputs: Inputs, params: Params) -> TensorSpec:
    mean, log_variance = inputs
    require_numbers(mean, "mean")
    require_numbers(log_variance, "log_variance")
    if mean.sizes != log_variance.sizes:
        raise ShapeError(f"gets means {mean.described()} but logarithms of variances {log_variance.described()}",
                         "Every mean has one variance.", (Resize(mean.sizes, "log_variance"),), port="log_variance",
                         code="channels")
    return replace(mean, padded=mean.padded or log_variance.padded)


def _function(type: str, function: str, doc: str, icon: str, aliases: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(type=type, category="Math", icon=icon, constructor="", doc=doc, aliases=aliases,
                     call=lambda module, args, params: f"torch.{function}({args[0]})")


def _reduction(type: str, function: str, doc: str, icon: str, aliases: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(
        type=type, category="Math", icon=icon, constructor="", doc=doc, aliases=aliases,
        params=(axis_setting("The axis that is gone then"),), shape=_reduced_shape, remarks=_reduced_remarks,
        call=lambda module, args, params: f"{args[0]}.{function}(dim={params['dim']})")


LAYERS = (
    LayerSpec(
        type="MatMul", category="Math", icon="grid-3x2", constructor="", inputs=_PAIR,
        doc="Multiplies two matrices of every sample: (batch, n, m) by (batch, m, k) is (batch, n, k).",
        shape=_product_shape, multiply_adds=_product_multiply_adds,
        call=lambda module, args, params: f"{args[0]} @ {args[1]}",
        aliases=("Matrix product", "Batch matmul", "bmm", "Dot product"),
    ),
    _reduction("Mean", "mean", "The mean along one axis, over all steps, channels or features.", "scale",
               ("Average", "Global average pooling", "Reduce mean")),
    _reduction("Sum", "sum", "The sum along one axis, over all steps, channels or features.", "sigma",
               ("Total", "Reduce sum")),
    _function("Exp", "exp", "e to the power of every number: makes all of them positive.", "superscript",
              ("Exponential",)),
    _function("Log", "log", "The natural logarithm of every number; all must be positive.", "square-function",
              ("Logarithm", "ln")),
    LayerSpec(
        type="RandomNormal", category="Math", icon="dices", constructor="RandomNormal", helpers=("random_normal",),
        inputs=(Port("mean"), Port("log_variance", label="log variance")),
        doc="Draws normally distributed numbers while the network learns, and gives their mean in use; gradients reach "
            "mean and variance: the heart of a variational autoencoder.",
        shape=_drawn_shape, aliases=("Reparametrization", "Sampling", "Gaussian sample", "VAE"),
    ),
    LayerSpec(
        type="Detach", category="Math", icon="unplug", constructor="",
        doc="Passes everything on and stops gradients: what comes before learns nothing from what follows.",
        shape=lambda inputs, params: inputs[0], call=lambda module, args, params: f"{args[0]}.detach()",
        aliases=("Stop gradient", "No gradient", "Block gradient"),
    ),
)
