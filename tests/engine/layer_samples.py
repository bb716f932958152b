"""Random inputs and settings for any layer of the catalogue, from nothing but its declaration."""

from math import prod
from random import Random

import torch

from engine.layers import LayerSpec
from engine.params import Bool, Choice, Float, Int, Param, Size, Value
from engine.tensors import TensorSpec

BATCH = 3
MAX_RANK = 4


def random_inputs(spec: LayerSpec, choose: Random) -> tuple[TensorSpec, ...]:
    """One spec per port, two or three for a variadic one; often alike, as they must be for merging and comparing."""
    first = random_spec(choose)
    inputs = [first]
    wanted = choose.randint(2, 3) if any(port.variadic for port in spec.inputs) else len(spec.inputs)
    while len(inputs) < wanted:
        like = TensorSpec(_varied(first.sizes, choose), dtype=first.dtype, classes=first.classes)
        inputs.append(choose.choice((like, random_target(first, choose))))
    return tuple(inputs[:wanted])


def random_spec(choose: Random) -> TensorSpec:
    sizes = tuple(choose.randint(1, 9) for _ in range(choose.randint(0, MAX_RANK)))
    if choose.random() < 0.15:
        return TensorSpec(sizes, dtype="int64", classes=choose.choice((None, 1, 2, 3, 10)))
    return TensorSpec(sizes)


def random_target(prediction: TensorSpec, choose: Random) -> TensorSpec:
    """A spec that often is what a loss can compare this prediction with."""
    classes = choose.choice((None, 2, prediction.sizes[0] if prediction.sizes else 1))
    sizes = prediction.sizes[1:] if choose.random() < 0.7 else ()
    return choose.choice((
        TensorSpec(sizes, dtype="int64", classes=classes), TensorSpec(prediction.sizes), TensorSpec(sizes),
        TensorSpec(prediction.sizes, dtype="int64", classes=2)))


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
        return choose.randint(*_range(param.minimum, param.maximum, 7))
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


def _range(minimum: float | None, maximum: float | None, width: int) -> tuple[int, int]:
    low = int(minimum or 0) if minimum is None or minimum == int(minimum) else 1
    return low, low + width if maximum is None else min(low + width, int(maximum))


def tensor(spec: TensorSpec, seed: int = 0) -> torch.Tensor:
    """A random tensor of that kind, of BATCH samples; the last class is always among class numbers."""
    generator = torch.Generator().manual_seed(seed)
    shape = (BATCH, *spec.sizes)
    if spec.dtype == "int64":
        numbers = torch.randint(0, spec.classes or 1, shape, generator=generator)
        numbers.view(-1)[0] = (spec.classes or 1) - 1
        return numbers
    return torch.randn(shape, generator=generator)
