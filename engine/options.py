"""Training options, optimizers and schedulers: one declaration each, with the same typed params as layers."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import msgspec

from engine.errors import OptionError
from engine.params import Bool, Choice, Float, Int, Param, Text, Value, completed


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec:
    """An optimizer or scheduler. `constructor` is the torch class below torch.optim, "" for none.

    derived: constructor arguments that follow from the run: "total_steps", "epochs" (T_max of Cosine).
    per_step: a scheduler that moves after every step instead of every epoch.
    """

    type: str
    doc: str
    constructor: str
    params: tuple[Param, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict)
    per_step: bool = False


def _rate(default: float) -> Float:
    return Float(name="lr", default=default, minimum=0.0, help="Learning rate: how far one step moves the weights.")


_BELOW_ONE = 0.9999999
_MOMENTUM = "Share of the last step kept."
_SQUARED = "Memory of the squared gradient."
_DECAY = "Pulls the weights towards zero, against overfitting."
_BETAS = (
    Float(name="beta1", default=0.9, minimum=0.0, maximum=_BELOW_ONE, help="Memory of the mean gradient."),
    Float(name="beta2", default=0.999, minimum=0.0, maximum=_BELOW_ONE, help=_SQUARED),
)
_EPS = Float(name="eps", default=1e-8, minimum=0.0, help="Added to the denominator, against division by zero.")

OPTIMIZERS: dict[str, ComponentSpec] = {
    spec.type: spec
    for spec in (
        ComponentSpec(
            type="Adam", constructor="Adam", doc="Adapts the step of every weight; a good first choice.",
            params=(_rate(1e-3), *_BETAS, _EPS,
                    Float(name="weight_decay", default=0.0, minimum=0.0, help=_DECAY)),
        ),
        ComponentSpec(
            type="AdamW", constructor="AdamW", doc="Adam with weight decay apart from the gradient.",
            params=(_rate(1e-3), *_BETAS, _EPS,
                    Float(name="weight_decay", default=1e-2, minimum=0.0, help=_DECAY)),
        ),
        ComponentSpec(
            type="SGD", constructor="SGD", doc="Plain stochastic gradient descent, with momentum if you want it.",
            params=(
                _rate(1e-2),
                Float(name="momentum", default=0.0, minimum=0.0, maximum=_BELOW_ONE, help=_MOMENTUM),
                Float(name="weight_decay", default=0.0, minimum=0.0, help=_DECAY),
                Bool(name="nesterov", default=False, help="Look ahead along the momentum; needs momentum above 0."),
            ),
        ),
        ComponentSpec(
            type="RMSprop", constructor="RMSprop", doc="Divides by the running size of the gradient; common for RNNs.",
            params=(
                _rate(1e-2),
                Float(name="alpha", default=0.99, minimum=0.0, maximum=_BELOW_ONE, help=_SQUARED),
                _EPS,
                Float(name="momentum", default=0.0, minimum=0.0, maximum=_BELOW_ONE, help=_MOMENTUM),
                Float(name="weight_decay", default=0.0, minimum=0.0, help=_DECAY),
            ),
        ),
    )
}

FUSED = frozenset(("SGD", "Adam", "AdamW"))
"""Optimizers of which torch has one kernel for a whole update."""


SCHEDULERS: dict[str, ComponentSpec] = {
    spec.type: spec
    for spec in (
        ComponentSpec(type="Constant", constructor="", doc="The learning rate stays as it is."),
        ComponentSpec(
            type="Step", constructor="lr_scheduler.StepLR", doc="Multiplies the rate every few epochs.",
            params=(
                Int(name="step_size", default=5, minimum=1, help="Epochs between two changes."),
                Float(name="gamma", default=0.1, minimum=0.0, maximum=1.0, help="Factor of each change."),
            ),
        ),
        ComponentSpec(
            type="Cosine", constructor="lr_scheduler.CosineAnnealingLR",
            doc="Falls along half a cosine to the end of the run.", derived={"T_max": "epochs"},
            params=(Float(name="eta_min", default=0.0, minimum=0.0, help="The rate at the end."),),
        ),
        ComponentSpec(
            type="OneCycle", constructor="lr_scheduler.OneCycleLR", per_step=True,
            doc="Rises to max_lr, then falls to almost nothing, within the run.",
            derived={"total_steps": "total_steps"},
            params=(
                Float(name="max_lr", default=1e-2, minimum=0.0, help="The highest rate."),
                Float(name="pct_start", default=0.3, minimum=0.0, maximum=_BELOW_ONE,
                      help="Share of the run spent rising."),
            ),
        ),
        ComponentSpec(
            type="ReduceOnPlateau", constructor="lr_scheduler.ReduceLROnPlateau",
            doc="Multiplies the rate when the validation loss stops falling.",
            params=(
                Float(name="factor", default=0.1, minimum=0.0, maximum=_BELOW_ONE, help="Factor of each change."),
                Int(name="patience", default=3, minimum=0, help="Epochs without progress before a change."),
            ),
        ),
    )
}

TRAINING: tuple[Param, ...] = (
    Int(name="epochs", default=10, minimum=1, maximum=1_000_000, help="Passes over the training samples."),
    Int(name="batch_size", default=32, minimum=1, maximum=1_000_000, help="Samples per step."),
    Int(name="seed", default=0, minimum=0, maximum=2**31 - 1, help="The same seed gives the same numbers."),
    Choice(name="device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="Where the network is trained."),
    Int(name="threads", default=0, minimum=0, maximum=256, help="Processor threads; 0 measures what is fastest."),
    Int(name="early_stopping", default=0, minimum=0, maximum=1_000_000, zero="off",
        help="Stop after this many epochs without a better validation loss."),
    Float(name="gradient_clipping", default=0.0, minimum=0.0, zero="off",
          help="The largest norm of the gradient; larger ones are shortened to it."),
    Choice(name="initialization", default="torch", choices=("torch", "glorot", "he", "orthogonal", "normal"),
           help="How random weights are drawn: torch's defaults, Glorot (Keras), He, orthogonal or normal (0.02)."),
    Choice(name="balance", default="none", choices=("none", "loss", "sampling"),
           help="Give rare classes as much say as frequent ones: in the loss, or by drawing their samples more often."),
    Bool(name="bucketing", default=False, help="Put samples of like length into the same batch."),
    Text(name="weights", default="", help="A weights file to start from instead of random weights."),
)


COMPONENTS: dict[str, Mapping[str, ComponentSpec]] = {"optimizer": OPTIMIZERS, "scheduler": SCHEDULERS}
"""What an option group of that name can be set to."""

ALIASES = {"lr": "optimizer.lr"}
"""Short names of options that are set often."""


class Component(msgspec.Struct, frozen=True):
    """A chosen optimizer or scheduler with all its settings by name."""

    type: str
    params: dict[str, Any] = {}


def chosen(specs: Mapping[str, ComponentSpec], type: str, params: Mapping[str, Value]) -> Component:
    """A component with checked, complete settings. Raises OptionError."""
    if type not in specs:
        raise OptionError(f"There is no {type!r}.", f"Choose one of {', '.join(specs)}.")
    return Component(type, completed(specs[type].params, params))


class Options(msgspec.Struct, frozen=True):
    """How a network is trained. Values are complete and checked: build with `options` or `with_option`."""

    training: dict[str, Any] = msgspec.field(default_factory=lambda: completed(TRAINING, {}))
    optimizer: Component = chosen(OPTIMIZERS, "Adam", {})
    scheduler: Component = chosen(SCHEDULERS, "Constant", {})

    def __getitem__(self, name: str) -> Value:
        return self.training[name]


def with_option(options: Options, name: str, value: Value) -> Options:
    """With one option changed. `name` as users write it: "epochs", "optimizer", "optimizer.lr", "scheduler.gamma", and
    "lr" for the optimizer's. A text value is parsed. Choosing an optimizer or scheduler takes its defaults, except
    settings of the same name, which are kept if they were changed. Raises OptionError."""
    if name in COMPONENTS:
        return msgspec.structs.replace(options, **{name: _rechosen(COMPONENTS[name], getattr(options, name), value)})
    param = option_param(options, name)
    taken = param.parsed(value) if isinstance(value, str) else param.normalized(value)
    group, _, setting = ALIASES.get(name, name).rpartition(".")
    if not group:
        return msgspec.structs.replace(options, training={**options.training, setting: taken})
    component: Component = getattr(options, group)
    changed = Component(component.type, {**component.params, setting: taken})
    return msgspec.structs.replace(options, **{group: changed})


def option_names(options: Options | None = None) -> tuple[str, ...]:
    """The names that `with_option` takes: with `options` those that can be set now, else those of every optimizer and
    scheduler too, as a terminal completes them."""
    names = [param.name for param in TRAINING]
    for group, specs in COMPONENTS.items():
        shown = [specs[getattr(options, group).type]] if options else specs.values()
        names.append(group)
        names.extend(dict.fromkeys(f"{group}.{param.name}" for spec in shown for param in spec.params))
    return tuple(names)


def option_param(options: Options, name: str) -> Param:
    """The declaration behind an option name, for its help, range and default. Raises OptionError."""
    full = ALIASES.get(name, name)
    group, _, setting = full.rpartition(".")
    if not group and setting in COMPONENTS:
        specs = COMPONENTS[setting]
        return Choice(name=setting, default=next(iter(specs)), choices=tuple(specs), help=f"Which {setting} is used.")
    if group in COMPONENTS:
        declared = COMPONENTS[group][getattr(options, group).type].params
    else:
        declared = () if group else TRAINING
    for param in declared:
        if param.name == setting:
            return param
    raise _unknown(options, name, full)


def _rechosen(specs: Mapping[str, ComponentSpec], old: Component, value: Value) -> Component:
    type = next((known for known in specs if known.lower() == str(value).strip().lower()), str(value))
    if type == old.type or type not in specs:
        return chosen(specs, type, old.params)
    before = {param.name: param.default for param in specs[old.type].params}
    kept: dict[str, Value] = {}
    for param in specs[type].params:
        if param.name in before and old.params[param.name] != before[param.name]:
            with suppress(OptionError):  # beyond the new component's range: its default
                kept[param.name] = param.normalized(old.params[param.name])
    return chosen(specs, type, kept)


def _unknown(options: Options, name: str, full: str) -> OptionError:
    group, _, setting = full.rpartition(".")
    having = [
        f"{kind}={type}" for kind, specs in COMPONENTS.items() if group in ("", kind)
        for type, spec in specs.items() if any(param.name == setting for param in spec.params)
    ]
    current = option_names(options)
    if having and group:
        return OptionError(f"{getattr(options, group).type} has no setting {setting!r}.",
                           f"Choose one that has it first: {', '.join(having)}.")
    close = [known for known in current if known.endswith(f".{setting}")] or get_close_matches(name, current, 1, 0.6)
    asked = f"Did you mean {close[0]}? " if close else ""
    return OptionError(f"There is no option named {name!r}.", f"{asked}Options: {', '.join(current)}.")
