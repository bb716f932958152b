"""Layers that take a part of a tensor along one axis."""

from dataclasses import replace
from functools import cache

from engine.layers import checks
from engine.layers.spec import (
    Arguments,
    Inputs,
    LayerSpec,
    Params,
    Port,
    Remark,
    SetParams,
    ShapeError,
)
from engine.params import Int
from engine.tensors import TensorSpec

MAX_SIZE = 1_000_000_000
MAX_PARTS = 64
DEFAULT_PARTS = 2


def axis_setting(help: str) -> Int:
    return Int(name="dim", default=1, minimum=-8, maximum=8, argument=False,
               help=f"{help}, counted with the batch as 0; -1 is the last.")


def without_axis(given: TensorSpec, place: int) -> TensorSpec:
    """The tensor without one axis, which was reduced to a single number or index."""
    rest = (*given.axes[:place], *given.axes[place + 1:])
    reduced = checks.with_sizes(given, (*given.sizes[:place], *given.sizes[place + 1:]), rest)
    return replace(reduced, padded=given.padded and "time" in rest)


def _resized(given: TensorSpec, place: int, size: int) -> TensorSpec:
    return checks.with_sizes(given, (*given.sizes[:place], size, *given.sizes[place + 1:]), given.axes)


def _place(given: TensorSpec, params: Params) -> int:
    checks.at_least_one_axis(given)
    return checks.axis(params["dim"], given.rank)


def _select_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    place = _place(given, params)
    size, index = given.sizes[place], params["index"]
    if not -size <= index < size:
        raise ShapeError(f"has no number {index} along the {given.axes[place]}: it gets {given.described()}",
                         f"They count from 0 to {size - 1}; -1 is the last one.",
                         (SetParams("Take the last one", {"index": -1}),), param="index", code="index")
    return without_axis(given, place)


def _select_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    (given,) = inputs
    if not given.has_padding or given.axes[_place(given, params)] != "time" or params["index"] >= 0:
        return ()
    return (Remark("padding", f"takes a step from the end of {given.described()}, where shorter sequences have padding",
                   "A LastValid takes the last step that each sequence has.", port="input"),)


def _slice_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    place = _place(given, params)
    left = len(range(given.sizes[place])[params["start"]:params["stop"]])
    if not left:
        raise ShapeError(
            f"takes nothing: from {params['start']} to {params['stop']} of {given.described()}",
            f"The {given.axes[place]} counts from 0 to {given.sizes[place] - 1}; the stop is not taken any more.",
            (SetParams("Take all", {"start": 0, "stop": None}),), param="start", code="empty")
    return _resized(given, place, left)


def _slice_call(module: str, args: Arguments, params: Params) -> str:
    """Axes from the front are written with colons, those from the back with an ellipsis."""
    dim, start, stop = params["dim"], params["start"] or "", params["stop"]
    taken = f"{start}:{'' if stop is None else stop}"
    places = (*[":"] * dim, taken) if dim > 0 else ("...", taken, *[":"] * (-dim - 1))
    return f"{args[0]}[{', '.join(places)}]"


def _split_shape(inputs: Inputs, params: Params) -> tuple[TensorSpec, ...]:
    (given,) = inputs
    place = _place(given, params)
    size, parts = given.sizes[place], params["parts"]
    if size % parts:
        divisor = next(count for count in range(min(parts, size), 0, -1) if size % count == 0)
        fixes = (SetParams(f"Split into {divisor} parts", {"parts": divisor}),) if divisor > 1 else ()
        raise ShapeError(f"cannot split the {given.axes[place]} of {given.described()} into {parts} equal parts",
                         f"{parts} does not divide {size}.", fixes, param="parts", code="parts")
    part = _resized(given, place, size // parts)
    return tuple(part for _ in range(parts))


def _with_parts(params: Params) -> LayerSpec:
    parts = params.get("parts")
    return _split(parts if isinstance(parts, int) and 2 <= parts <= MAX_PARTS else DEFAULT_PARTS)


@cache
def _split(parts: int) -> LayerSpec:
    return replace(_SPLIT, outputs=tuple(Port(f"part_{number + 1}", label=f"part {number + 1}")
                                         for number in range(parts)))


_SPLIT = LayerSpec(
    type="Split", category="Shape", icon="split", constructor="",
    doc="Cuts one axis into equal parts, each at an output of its own.",
    params=(Int(name="parts", default=DEFAULT_PARTS, minimum=2, maximum=MAX_PARTS, argument=False,
                help="Into how many parts the axis is cut."),
            axis_setting("The axis that is cut")),
    shape=_split_shape, variant=_with_parts, aliases=("Chunk", "Divide", "Unbind"),
    call=lambda module, args, params: f"{args[0]}.chunk({params['parts']}, dim={params['dim']})",
)

LAYERS = (
    LayerSpec(
        type="Select", category="Shape", icon="crosshair", constructor="",
        doc="Takes one place along an axis, which is gone then: one step of a sequence, one channel.",
        params=(axis_setting("The axis to take from"),
                Int(name="index", default=-1, minimum=-MAX_SIZE, maximum=MAX_SIZE, argument=False,
                    help="Which one, counted from 0; -1 is the last.")),
        shape=_select_shape, remarks=_select_remarks, aliases=("Index", "Pick", "Last step"),
        call=lambda module, args, params: f"{args[0]}.select({params['dim']}, {params['index']})",
    ),
    LayerSpec(
        type="Slice", category="Shape", icon="slice", constructor="",
        doc="Takes a stretch of an axis: the steps 2 to 8 of a sequence, all but the last.",
        params=(axis_setting("The axis to take from"),
                Int(name="start", default=0, minimum=-MAX_SIZE, maximum=MAX_SIZE, argument=False,
                    help="The first that is taken, counted from 0; -1 is the last."),
                Int(name="stop", default=None, minimum=-MAX_SIZE, maximum=MAX_SIZE, argument=False, optional=True,
                    help="The first that is not taken any more; -1 leaves the last out; empty: up to the end.")),
        shape=_slice_shape, call=_slice_call, aliases=("Narrow", "Crop", "Shift", "Part"),
    ),
    _split(DEFAULT_PARTS),
)
