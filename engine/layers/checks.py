"""Checks that many shape rules share, with the messages and fixes of the mistakes that beginners make most."""

from dataclasses import replace
from math import isqrt, prod

from engine.layers.spec import (
    NOTHING,
    Fix,
    Insert,
    Port,
    Remark,
    SetParams,
    ShapeError,
    WireLengths,
    require_numbers,
)
from engine.tensors import TensorSpec

EXPECTED = {
    ("features",): "(batch, features)",
    ("time", "features"): "a sequence (batch, time, features)",
    ("channels", "length"): "(batch, channels, length)",
    ("channels", "height", "width"): "a picture (batch, channels, height, width)",
}
LENGTHS = Port("lengths", optional=True)
PICTURE_AXES = frozenset(("height", "width", "depth"))


def at_least_one_axis(spec: TensorSpec) -> None:
    if spec.rank == 0:
        raise ShapeError(
            "needs at least one axis besides the batch but gets a single number per sample, (batch)",
            "A Reshape to (1) makes it a vector of one feature. The shape of an Input that is no column of the data "
            "is up to you.", (to_shape((1,), "input"),), port="input", code="rank")


def axes(spec: TensorSpec, expected: tuple[str, ...], port: str = "input") -> None:
    """Raise ShapeError unless the tensor holds numbers and has as many axes as `expected` names."""
    require_numbers(spec, port)
    if spec.rank == len(expected):
        return
    fixes = rank_fixes(spec, expected, port)
    hint = "Change the shape before, or wire something of that shape to it."
    raise ShapeError(f"expects {EXPECTED[expected]} but gets {spec.described()}", hint, fixes, port=port, code="rank")


def rank_fixes(spec: TensorSpec, expected: tuple[str, ...], port: str = "input") -> tuple[Fix, ...]:
    """Layers that would bring a tensor of the wrong rank to the axes `expected`."""
    if expected == ("features",):
        return (flatten(port),) if spec.rank > 1 else (to_shape((1,), port),)
    if not spec.rank:
        return ()
    shapes = {
        ("time", "features"): _as_sequence,
        ("channels", "length"): _as_signal,
        ("channels", "height", "width"): _as_picture,
    }[expected](spec.sizes)
    return (to_shape(shapes, port),) if shapes else ()


def _as_sequence(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """A picture is read row by row, with the channels of a row side by side in time."""
    return (sizes[0], 1) if len(sizes) == 1 else (prod(sizes[:-1]), sizes[-1])


def _as_signal(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return (1, sizes[0]) if len(sizes) == 1 else (sizes[0], prod(sizes[1:]))


def _as_picture(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if len(sizes) == 2:
        return (1, *sizes)
    if len(sizes) == 1:
        for channels in (1, 3):
            side = isqrt(sizes[0] // channels)
            if channels * side * side == sizes[0] and side > 1:
                return (channels, side, side)
    return ()


def to_shape(sizes: tuple[int, ...], port: str = "", wire: int = 0) -> Insert:
    """The fix that reshapes what comes in."""
    return Insert(f"Insert Reshape to {shape_text(sizes)}", "Reshape", {"shape": sizes}, port, wire)


def flatten(port: str = "", wire: int = 0) -> Insert:
    return Insert("Insert Flatten", "Flatten", {}, port, wire)


def shape_text(sizes: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(size) for size in sizes) + ")"


def axis(dim: int, rank: int, param: str = "dim") -> int:
    """The index into `sizes` of a torch axis (the batch is 0, -1 the last). Raises ShapeError for all others."""
    position = dim + rank + 1 if dim < 0 else dim
    if not 1 <= position <= rank:
        reason = "axis 0 is the batch" if position == 0 else f"the last axis is {rank}"
        raise ShapeError(f"cannot use axis {dim}: {reason}", "Axes count from 1; -1 is the last one.",
                         (SetParams("Use the last axis", {param: -1}),) if rank else (), param=param, code="axis")
    return position - 1


def with_sizes(spec: TensorSpec, sizes: tuple[int, ...], names: tuple[str, ...] = ()) -> TensorSpec:
    """The same kind of tensor with other sizes; axes are named anew where no names are given.

    Padding goes with the time axis. Where axes are named anew, it is known to be still there only if the first axis
    keeps its size.
    """
    keeps_time = "time" in names or "time" not in spec.axes if names else sizes[:1] == spec.sizes[:1]
    return replace(spec, sizes=sizes, axes=names, padded=spec.padded and keeps_time,
                   steps=None if sizes else spec.steps)


def is_padded_sequence(spec: TensorSpec) -> bool:
    """Whether the first axis of a sample is a time with padding at its end, as sequence layers read it."""
    return spec.has_padding and spec.axes[0] == "time"


def without_ones(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes that are left when axes of size 1 are ignored: tensors that agree in them can be reshaped safely."""
    return tuple(size for size in sizes if size != 1)


def time_as_channels(spec: TensorSpec) -> tuple[Remark, ...]:
    """The remark of layers that read (channels, length) when they are given (time, features)."""
    if spec.axes != ("time", "features"):
        return ()
    return (Remark(
        "axes-order",
        f"takes the first axis of {spec.described()} for channels, and moves along the features instead of time",
        "A Permute puts the features first.",
        (Insert("Insert Permute to (features, time)", "Permute", {"dims": (2, 1)}, "input"),), "input"),)


def lengths(given: TensorSpec, steps: int, port: str = "lengths", of: str = "input") -> None:
    """Raise ShapeError unless the tensor holds lengths of sequences of at most so many steps, or there is none.

    `port` is where the lengths come in, `of` where the sequences do.
    """
    if given is NOTHING:
        return
    if given.steps is None:
        raise ShapeError(f"takes the lengths of its sequences at {port} but gets {given.described()}",
                         "Wire the port lengths of an Input to it.", (WireLengths(port, of),), port=port,
                         code="lengths")
    if given.steps > steps:
        raise ShapeError(
            f"reads sequences of {steps} steps but gets lengths of up to {given.steps}",
            "Lengths must be counted like the sequences: a ConvLengths for each layer between that makes them shorter.",
            (WireLengths(port, of),), port=port, code="lengths")


def padding(given: TensorSpec, counted: TensorSpec, does: str, port: str = "lengths",
            of: str = "input") -> tuple[Remark, ...]:
    """The remark of a layer that reads sequences with padding at their ends, and has no lengths (`counted`) to stop at.

    `does` says what it does with the padding: "ends with".
    """
    if not given.has_padding or counted is not NOTHING:
        return ()
    return (Remark(
        "padding", f"{does} the padding that makes all sequences {given.described()} equally long",
        "With the lengths of the sequences wired to it, it stops where each sequence ends.",
        (WireLengths(port, of),), of),)


def summed_padding(given: TensorSpec, place: int) -> tuple[Remark, ...]:
    """The remark of a layer that sums up all of an axis, if that is the time of padded sequences."""
    if not given.has_padding or given.axes[place] != "time":
        return ()
    return (Remark("padding", f"counts the padding that makes all sequences {given.described()} equally long",
                   "A MaskedMean, with the lengths of the sequences wired to it, leaves it out.", port="input"),)
