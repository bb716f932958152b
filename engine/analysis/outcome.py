"""What one node computes, remembered: the same settings and inputs never have to be worked out twice.

Two memories, both by value and without effect on results. Settings are found by the identity of a node's `params`,
which edits keep for the nodes that they do not touch; outcomes by settings and input specs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.analysis.report import NodeReport
from engine.errors import OptionError
from engine.layers.spec import NOTHING, LayerSpec, Remark, ShapeError
from engine.params import Value, completed
from engine.tensors import TensorSpec

BYTES = {"float32": 4, "int64": 8, "bool": 1}
REMEMBERED = 65_536


class Settings:
    """Checked settings of a layer. Equal ones are one object, so that comparing them costs nothing.

    errors: what is wrong, by the name of the setting; `params` is complete and legal where there are none.
    """

    __slots__ = ("errors", "params", "spec")

    def __init__(self, spec: LayerSpec, params: Mapping[str, Value], errors: Mapping[str, str]) -> None:
        self.spec, self.params, self.errors = spec, params, errors


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a report (state "ok") with remarks, or the error that the shape rule raised."""

    report: NodeReport | None
    remarks: tuple[Remark, ...] = ()
    error: ShapeError | None = None


_by_identity: dict[int, tuple[dict[str, Any], Settings]] = {}
_by_value: dict[tuple[Any, ...], Settings] = {}


def settings_of(spec: LayerSpec, params: dict[str, Any]) -> Settings:
    """The checked settings of a node with that declaration. `params` is never changed in place, by contract."""
    remembered = _by_identity.get(id(params))
    if remembered is not None and remembered[0] is params and remembered[1].spec is spec:
        return remembered[1]
    settings = checked(spec, params)
    if len(_by_identity) >= REMEMBERED:
        _by_identity.clear()
    _by_identity[id(params)] = (params, settings)
    return settings


def checked(spec: LayerSpec, params: Mapping[str, Any]) -> Settings:
    """The settings with defaults filled in, or with what is wrong."""
    try:
        complete = completed(spec.params, params)
    except OptionError:
        return Settings(spec, params, _errors(spec, params))
    if len(_by_value) >= REMEMBERED:
        _by_value.clear()
    return _by_value.setdefault((spec, *complete.values()), Settings(spec, complete, {}))


def _errors(spec: LayerSpec, params: Mapping[str, Any]) -> dict[str, str]:
    known = {param.name: param for param in spec.params}
    errors = {}
    for name, value in params.items():
        if name not in known:
            errors[name] = f"{spec.type} has no setting named {str(name)[:40]!r}."
            continue
        try:
            known[name].normalized(value)
        except OptionError as error:
            errors[name] = error.message
    return errors


@lru_cache(maxsize=REMEMBERED)
def outcome(settings: Settings, inputs: tuple[TensorSpec, ...]) -> Outcome:
    """What a layer with these settings, which are legal, makes of these inputs; optional ports at the end may be left
    out."""
    spec, params = settings.spec, settings.params
    if len(inputs) < len(spec.inputs):
        inputs = (*inputs, *(NOTHING,) * (len(spec.inputs) - len(inputs)))
    try:
        shaped = spec.shape(inputs, params)
    except ShapeError as error:
        return Outcome(None, error=error)
    outputs = shaped if isinstance(shaped, tuple) else (shaped,)
    report = NodeReport(
        "ok", inputs, {port.name: made for port, made in zip(spec.outputs, outputs, strict=True)},
        spec.weights(inputs, params), spec.multiply_adds(inputs, outputs, params),
        sum(made.elements * BYTES[made.dtype] for made in outputs),
    )
    return Outcome(report, spec.remarks(inputs, params))
