"""Optimizers and schedulers, built from the declarations in `engine.options`, and their states as tensors and JSON."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.errors import TrainingError
from engine.options import FUSED, OPTIMIZERS, SCHEDULERS, Component


def build_optimizer(chosen: Component, groups: Sequence[tuple[float, list[nn.Parameter]]]) -> Optimizer:
    """A torch optimizer over groups of tensors, each with the factor of its learning rate; with one kernel for all of
    an update where torch has one.

    Raises TrainingError for settings that do not go together.
    """
    arguments = dict(chosen.params)
    if arguments.get("nesterov") and not arguments["momentum"]:
        raise TrainingError("Nesterov looks ahead along the momentum, and the momentum is 0.",
                            "Set momentum, for example to 0.9, or turn nesterov off.")
    if "beta1" in arguments:
        arguments["betas"] = (arguments.pop("beta1"), arguments.pop("beta2"))
    if chosen.type in FUSED and groups[0][1][0].device.type in ("cpu", "cuda"):
        arguments["fused"] = True
    constructor = getattr(torch.optim, OPTIMIZERS[chosen.type].constructor)
    rates = [{"params": tensors, "lr": arguments["lr"] * factor} for factor, tensors in groups]
    optimizer: Optimizer = constructor(rates, **arguments)
    return optimizer


def update_of(optimizer: Optimizer) -> Callable[[], None]:
    """What moves the weights once, from the gradients in `.grad`.

    For a fused Adam over few tensors on the CPU it calls the kernel directly, with the same arguments that
    `Optimizer.step` would pass: at small batches the wrapping costs as much as the update. The settings are read anew
    each time, so that schedulers work as usual.
    """
    tensors = optimizer.param_groups[0]["params"]
    kernels = {torch.optim.Adam: torch._fused_adam_, torch.optim.AdamW: torch._fused_adamw_}
    kernel = kernels.get(type(optimizer))
    if kernel is None or len(optimizer.param_groups) != 1 or tensors[0].device.type != "cpu":
        return optimizer.step
    weights, gradients = [tensor.data for tensor in tensors], [tensor.grad for tensor in tensors]
    first: list[Tensor] = []
    second: list[Tensor] = []
    steps: list[Tensor] = []

    def update() -> None:
        if not steps:  # torch makes the state in the first step, and its schedulers learn that one was made
            optimizer.step()
            for tensor in tensors:
                state: dict[str, Any] = optimizer.state[tensor]
                first.append(state["exp_avg"])
                second.append(state["exp_avg_sq"])
                steps.append(state["step"])
            return
        torch._foreach_add_(steps, 1)
        group = optimizer.param_groups[0]
        beta1, beta2 = group["betas"]
        kernel(weights, gradients, first, second, [], steps, amsgrad=False, lr=group["lr"], beta1=beta1, beta2=beta2,
               weight_decay=group["weight_decay"], eps=group["eps"], maximize=False)

    return update


class Schedule:
    """Moves the learning rate after every step or every epoch, as its declaration says."""

    def __init__(self, chosen: Component, optimizer: Optimizer, factors: Sequence[float], epochs: int,
                 steps: int) -> None:
        """`factors`: of the rates of the optimizer's groups. It is used in so many `epochs`, and will move its weights
        in so many `steps`."""
        spec = SCHEDULERS[chosen.type]
        derived = {"epochs": max(1, epochs), "total_steps": max(1, steps)}
        arguments = {**chosen.params, **{name: derived[source] for name, source in spec.derived.items()}}
        if "max_lr" in arguments:
            arguments["max_lr"] = [arguments["max_lr"] * factor for factor in factors]
        self._optimizer = optimizer
        self._scheduler: Any = None
        if spec.constructor:
            constructor = getattr(torch.optim.lr_scheduler, spec.constructor.removeprefix("lr_scheduler."))
            try:
                self._scheduler = constructor(optimizer, **arguments)
            except ZeroDivisionError:  # OneCycle, where rising ends with the very first step
                raise TrainingError(
                    f"{chosen.type} cannot divide the {derived['total_steps']} steps of this run as its settings say.",
                    "Change pct_start a little, or train for more epochs.") from None
        self.is_per_step = spec.per_step
        self._reads_loss = isinstance(self._scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)

    @property
    def learning_rate(self) -> float:
        return float(self._optimizer.param_groups[0]["lr"])

    def after_step(self) -> None:
        """Only for a scheduler that moves with every step."""
        self._scheduler.step()

    def after_epoch(self, loss: float) -> None:
        """`loss`: of the validation samples, or of the training samples if there are none."""
        if self._scheduler is None or self.is_per_step:
            return
        if self._reads_loss:
            self._scheduler.step(loss)
        else:
            self._scheduler.step()

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        return dict(self._scheduler.state_dict()) if self._scheduler is not None else {}

    def restore(self, state: Mapping[str, Any]) -> None:
        if self._scheduler is not None:
            self._scheduler.load_state_dict(dict(state))
            vars(self._optimizer)["_opt_called"] = True  # in an earlier sitting; torch would warn of a wrong order


def optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """The state by "<number of the tensor>.<name>", and the settings of each group as JSON values."""
    state = optimizer.state_dict()
    tensors = {f"{number}.{name}": value for number, entry in state["state"].items() for name, value in entry.items()
               if isinstance(value, Tensor)}
    return tensors, [{name: value for name, value in group.items() if name != "params"}
                     for group in state["param_groups"]]


def restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor], groups: list[dict[str, Any]]) -> None:
    """The inverse of `optimizer_state`."""
    state = optimizer.state_dict()
    entries: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, key = name.partition(".")
        entries.setdefault(int(number), {})[key] = value
    for group, saved in zip(state["param_groups"], groups, strict=True):
        group.update({name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()})
    state["state"] = entries
    optimizer.load_state_dict(state)
