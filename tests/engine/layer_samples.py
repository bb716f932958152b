"""Random inputs and settings for any layer of the catalogue, from nothing but its declaration."""

from importlib import import_module
from math import prod
from random import Random
from typing import Any

import torch
from torch import nn

from engine.layers import LayerSpec
from engine.layers.spec import NOTHING, Port
from engine.params import Bool, Choice, Float, Int, Param, Size, Value
from engine.tensors import TensorSpec

BATCH = 3
MAX_RANK = 4


def random_inputs(spec: LayerSpec, choose: Random) -> tuple[TensorSpec, ...]:
    """One spec per port, two or three for a variadic one; often alike, as they must be for merging and comparing.

    Optional ports are free at times; ports of lengths get lengths, and ports of masks get masks.
    """
    ports = [port for port in spec.inputs for _ in range(choose.randint(2, 3) if port.variadic else 1)]
    inputs: list[TensorSpec] = []
    for port in ports:
        inputs.append(_random_input(spec, port, inputs, choose))
    return tuple(inputs)


def _random_input(spec: LayerSpec, port: Port, before: list[TensorSpec], choose: Random) -> TensorSpec:
    if port.optional and choose.random() < 0.5:
        return NOTHING
    steps = [given.sizes[0] for given in before if given.rank] or [choose.randint(1, 9)]
    if port.name.endswith("lengths"):
        return TensorSpec((), (), "int64", steps=choose.choice((*steps, choose.randint(1, 9))))
    if port.name == "mask" and choose.random() < 0.9:
        return TensorSpec((choose.choice((1, steps[0])), choose.choice(steps)), dtype="bool")
    if not before:
        return random_spec(choose)
    first = before[0]
    like = TensorSpec(_varied(first.sizes, choose), dtype=first.dtype, classes=first.classes)
    target = random_target(first, choose)
    return choose.choice((like, like, target)) if spec.role == "layer" else target


def random_spec(choose: Random) -> TensorSpec:
    sizes = tuple(choose.randint(1, 9) for _ in range(choose.randint(0, MAX_RANK)))
    if choose.random() < 0.15:
        return TensorSpec(sizes, dtype="int64", classes=choose.choice((None, 1, 2, 3, 10)))
    return TensorSpec(sizes)


def random_target(prediction: TensorSpec, choose: Random) -> TensorSpec:
    """A spec that often is what a loss can compare this prediction with."""
    classes = choose.choice((None, 2, *prediction.sizes[:1], *prediction.sizes[-1:]))
    sizes = prediction.sizes[1:] if choose.random() < 0.7 else ()
    steps = (choose.randint(1, prediction.sizes[0]),) if prediction.sizes else ()
    return choose.choice((
        TensorSpec(sizes, dtype="int64", classes=classes), TensorSpec(prediction.sizes), TensorSpec(sizes),
        TensorSpec(steps, dtype="int64", classes=classes), TensorSpec(prediction.sizes, dtype="int64", classes=2)))


def _varied(sizes: tuple[int, ...], choose: Random) -> tuple[int, ...]:
    if not sizes or choose.random() < 0.4:
        return sizes
    place = choose.randrange(len(sizes))
    return (*sizes[:place], choose.choice((1, choose.randint(1, 9))), *sizes[place + 1:])


def random_params(spec: LayerSpec, inputs: tuple[TensorSpec, ...], choose: Random) -> dict[str, Value]:
    return {param.name: random_value(param, inputs, choose) for param in spec.params}


def random_value(param: Param, inputs: tuple[TensorSpec, ...], choose: Random) -> Value:
    if choose.random() < 0.4:
        return param.default
    if param.optional and choose.random() < 0.3:
        return None
    if isinstance(param, Size):
        return _sizes(param, inputs, choose)
    if isinstance(param, Bool | Choice):
        return choose.choice(param.choices if isinstance(param, Choice) else (False, True))
    if isinstance(param, Int):
        low, high = _range(param.minimum, param.maximum, 7)
        fitting = [size for size in _fitting(inputs) if low <= size <= (param.maximum or size)]
        return choose.choice(fitting) if fitting and choose.random() < 0.5 else choose.randint(low, high)
    if isinstance(param, Float):
        low, high = _range(param.minimum, param.maximum, 3)
        return choose.choice((float(low), float(high), choose.uniform(low, high)))
    raise NotImplementedError(f"no random values for {type(param).__name__}")


def _sizes(param: Size, inputs: tuple[TensorSpec, ...], choose: Random) -> tuple[int, ...]:
    """As many as asked for; or any number of them: at random, an order of axes, the factors of what comes in."""
    if param.length:
        low, high = _range(param.minimum, param.maximum, 5)
        same = choose.randint(low, high)
        return tuple(choose.choice((same, choose.randint(low, high))) for _ in range(param.length))
    given = inputs[0].sizes if inputs else ()
    low, high = _range(param.minimum, param.maximum, 7)
    anything = tuple(choose.randint(low, high) for _ in range(choose.randint(0, MAX_RANK)))
    axes = tuple(choose.sample(range(1, len(given) + 1), len(given)))
    count = choose.choice((prod(given), given[0] if given else 1))
    factor = choose.choice([n for n in range(1, count + 1) if count % n == 0][:12])
    return choose.choice((anything, axes, (count // factor, factor), (max(low, -1), factor)))


def _fitting(inputs: tuple[TensorSpec, ...]) -> list[int]:
    """The sizes that come in, and what divides them."""
    sizes = {size for given in inputs for size in given.sizes}
    return sorted({part for size in sizes for part in range(1, size + 1) if size % part == 0})


def _range(minimum: float | None, maximum: float | None, width: int) -> tuple[int, int]:
    low = max(int(minimum or 0) if minimum is None or minimum == int(minimum) else 1, -width)
    return low, low + width if maximum is None else min(low + width, int(maximum))


def tensor(spec: TensorSpec, seed: int = 0) -> Any:
    """A random tensor of that kind, of BATCH samples; the last class is always among class numbers, and the largest
    length among lengths; masks leave the first key to be looked at. None for nothing."""
    if spec is NOTHING:
        return None
    generator = torch.Generator().manual_seed(seed)
    shape = (BATCH, *spec.sizes)
    if spec.steps is not None:
        lengths = torch.randint(1, spec.steps + 1, shape, generator=generator)
        lengths[0] = spec.steps
        return lengths
    if spec.dtype == "bool":
        mask = torch.rand(shape, generator=generator) < 0.5
        mask[..., 0] = False
        return mask
    if spec.dtype == "int64":
        numbers = torch.randint(0, spec.classes or 1, shape, generator=generator)
        numbers.view(-1)[0] = (spec.classes or 1) - 1
        return numbers
    return torch.randn(shape, generator=generator)


def namespace(spec: LayerSpec) -> dict[str, Any]:
    """What the code of a layer may name: torch, and what its files in resources/code define."""
    names: dict[str, Any] = {"torch": torch, "nn": nn}
    for helper in spec.helpers:
        names.update(vars(import_module(f"resources.code.{helper}")))
    return names
