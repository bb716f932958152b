"""The Python that a placed layer stands for: its constructor, its forward call, the sums of a metric."""

from engine.layers.spec import NO_ARGUMENT, NOTHING, Inputs, LayerSpec, Params
from engine.params import Param, Size, Value


def constructor(spec: LayerSpec, inputs: Inputs, params: Params) -> str:
    """The expression that builds the module, "" if the layer has none: ``nn.Conv2d(1, 32, 3, padding=1)``.

    Arguments without a name come first, then what differs from torch's default, then what is fixed. `params` are
    completed, `inputs` accepted by the layer's shape rule.
    """
    if not spec.module:
        return ""
    inferred = {name: infer(inputs, params) for name, infer in spec.infer.items()}
    arguments = {name: repr(value) for name, value in inferred.items() if value is not None}
    for param in spec.params:
        value = params[param.name]
        if param.argument and (value is not None if param.required else value != param.default):
            arguments[param.name] = literal(param, value)
    arguments.update({name: repr(value) for name, value in spec.fixed.items()})
    positional = [arguments.pop(name) for name in _positional(spec)]
    return f"{spec.module}({', '.join((*positional, *(f'{name}={text}' for name, text in arguments.items())))})"


def call(spec: LayerSpec, module: str, args: tuple[str, ...], params: Params) -> str:
    """The expression of the forward pass. `module` is "self.linear_1"; `args` are names of variables, one per wire.

    Optional ports at the end may be left out.
    """
    args += (NO_ARGUMENT,) * (len(spec.inputs) - len(args))
    if spec.call is not None:
        return spec.call(module, args, params)
    while args and args[-1] == NO_ARGUMENT:
        args = args[:-1]
    return f"{module}({', '.join(args)})"


def sums(spec: LayerSpec, args: tuple[str, ...], inputs: Inputs, params: Params) -> str:
    """The expression of a metric's sums: a 1-D float tensor that is additive over batches.

    `args` are the names of what is wired to it, `inputs` their specs. Optional ports at the end may be left out.
    """
    if spec.sums is None:
        raise ValueError(f"{spec.type} is not a metric")
    free = len(spec.inputs) - len(args)
    return spec.sums((*args, *(NO_ARGUMENT,) * free), (*inputs, *(NOTHING,) * free), params)


def literal(param: Param, value: Value) -> str:
    """The Python literal of a setting; equal numbers for all axes become one: (3, 3) is written 3."""
    if isinstance(param, Size) and param.length and value is not None and len(set(value)) == 1:
        return repr(value[0])
    return repr(value)


def _positional(spec: LayerSpec) -> tuple[str, ...]:
    if spec.positional is not None:
        return spec.positional
    return (*spec.infer, *(param.name for param in spec.params if param.required and param.argument))
