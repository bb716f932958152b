"""The declaration of a layer. Palette, inspector, ports, shapes, problems, code and file format are computed from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.params import Param, Value
from engine.tensors import TensorSpec

Role = Literal["input", "output", "layer", "loss", "metric"]
Params = Mapping[str, Value]
Inputs = tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """A place to wire to. A variadic port takes any number of wires, in the order in which they were drawn."""

    name: str
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Insert:
    """Fix: put a new node of `type` on the wire into `port` (the first input if empty)."""

    label: str
    type: str
    params: Params = field(default_factory=dict)
    port: str = ""


@dataclass(frozen=True, slots=True)
class SetParams:
    """Fix: change settings of the node itself."""

    label: str
    params: Params


@dataclass(frozen=True, slots=True)
class Replace:
    """Fix: make the node another layer; settings of the same name are kept."""

    label: str
    type: str


Fix = Insert | SetParams | Replace


class ShapeError(Exception):
    """A layer cannot take these inputs. `message` continues "<node name> ": what was expected and what came.

    `hint` says what to do; `fixes` are the one-click repairs; `port` and `param` name the culprit where there is one.
    """

    def __init__(self, message: str, hint: str = "", fixes: tuple[Fix, ...] = (), port: str = "", param: str = "",
                 code: str = "shape") -> None:
        super().__init__(message)
        self.message, self.hint, self.fixes, self.port, self.param, self.code = message, hint, fixes, port, param, code


def same_shape(inputs: Inputs, params: Params) -> TensorSpec:
    """Shape rule of layers that change no shape."""
    return inputs[0]


def no_weights(inputs: Inputs, params: Params) -> int:
    return 0


def one_per_element(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    """Multiply-adds of elementwise layers, counted as zero, as is usual for FLOP counters."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """One kind of operation. All callables are pure, closed-form and torch-free.

    type         name of the layer and of its torch class: the constructor is ``nn.<type>`` unless `constructor` says so
    constructor  the expression that is called to build the module; "" for an operation without a module
    params       typed settings, in the order of torch's signature
    fixed        constructor arguments that the user never sees, such as batch_first=True
    infer        constructor arguments that come from the inputs, by name: nobody types in_features. Written first.
    shape        (inputs, params) -> the spec of each output port; raises ShapeError
    weights      (inputs, params) -> number of learned weights
    multiply_adds (inputs, outputs, params) -> multiply-adds of one sample
    call         (module, args, params) -> the Python expression of the forward pass; module is "self.linear_1"
    aliases      other words people search for: "Dense", "Fully connected"
    metrics      of a loss: metric types that are measured when the graph places none
    sums, value  of a metric: see `engine.layers.metrics`
    """

    type: str
    category: str
    doc: str
    icon: str = "box"
    role: Role = "layer"
    params: tuple[Param, ...] = ()
    inputs: tuple[Port, ...] = (Port("input"),)
    outputs: tuple[Port, ...] = (Port("output"),)
    constructor: str | None = None
    fixed: Mapping[str, Value] = field(default_factory=dict)
    infer: Mapping[str, Callable[[Inputs], int | tuple[int, ...]]] = field(default_factory=dict)
    shape: Callable[[Inputs, Params], TensorSpec | tuple[TensorSpec, ...]] = same_shape
    weights: Callable[[Inputs, Params], int] = no_weights
    multiply_adds: Callable[[Inputs, Inputs, Params], int] = one_per_element
    call: Callable[[str, tuple[str, ...], Params], str] | None = None
    aliases: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    sums: str = ""
    value: Callable[[list[float]], float] | None = None

    @property
    def module(self) -> str:
        """The constructor expression, "" for an operation without a module."""
        return f"nn.{self.type}" if self.constructor is None else self.constructor

    def param(self, name: str) -> Param:
        return next(param for param in self.params if param.name == name)

    def defaults(self) -> dict[str, Value]:
        return {param.name: param.default for param in self.params}

    def input_port(self, name: str) -> Port | None:
        return next((port for port in self.inputs if port.name == name), None)
