"""Training options by the names that users write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OptionError
from engine.options import (
    OPTIMIZERS,
    SCHEDULERS,
    TRAINING,
    Options,
    option_names,
    option_param,
    with_option,
)


def value_of(options, name):
    """What an option is set to."""
    if name in ("optimizer", "scheduler"):
        return getattr(options, name).type
    group, _, setting = ("optimizer.lr" if name == "lr" else name).rpartition(".")
    return getattr(options, group).params[setting] if group else options.training[setting]


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("epochs", 3, 3),
        ("epochs", "1_000", 1000),
        ("batch_size", 64.0, 64),
        ("device", "cuda", "cuda"),
        ("lr", "0.05", 0.05),
        ("optimizer.lr", 1, 1.0),
        ("optimizer.weight_decay", "1e-4", 1e-4),
        ("weights", "start.safetensors", "start.safetensors"),
        ("optimizer", "SGD", "SGD"),
        ("optimizer", "rmsprop", "RMSprop"),
        ("scheduler", "OneCycle", "OneCycle"),
    ],
)
def test_one_option_changes_and_nothing_else(name, value, stored):
    before = Options()
    after = with_option(before, name, value)
    assert value_of(after, name) == stored
    assert before == Options()
    group = "optimizer" if name == "lr" else name.partition(".")[0]
    untouched = set(option_names(before)) - {name, "optimizer.lr"}
    same = {other for other in untouched if not other.startswith(group)}
    assert same
    assert all(value_of(after, other) == value_of(before, other) for other in same)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("epochs", "many"), ("epochs", "9" * 5000), ("epochs", True), ("lr", -1), ("lr", "nan"),
     ("lr", float("inf")), ("device", "tpu"), ("epochs", None), ("optimizer", "Adamm"), ("optimizer", None),
     ("scheduler", ""), ("epohcs", 3), ("optimizer.momentum", 0.9), ("scheduler.gamma", 0.5), ("optimizer.", 1),
     (".lr", 1), ("", 1), ("a.b.c", 1)],
)
def test_what_cannot_be_set_is_refused_with_what_can(name, value):
    with pytest.raises(OptionError) as refused:
        with_option(Options(), name, value)
    assert refused.value.message
    assert "Traceback" not in refused.value.message


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("epohcs", "Did you mean epochs?"),
        ("weight_decay", "Did you mean optimizer.weight_decay?"),
        ("optimizer.momentum", "optimizer=SGD, optimizer=RMSprop"),
        ("scheduler.gamma", "scheduler=Step"),
        ("colour", "Options: epochs, batch_size"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(name, advice):
    with pytest.raises(OptionError) as refused:
        with_option(Options(), name, 1)
    assert advice in refused.value.hint


def test_choosing_an_optimizer_keeps_changed_settings_and_takes_its_own_defaults():
    adam = with_option(with_option(Options(), "optimizer.weight_decay", 0.25), "epochs", 2)
    sgd = with_option(adam, "optimizer", "SGD")
    assert sgd.optimizer.params["weight_decay"] == 0.25
    assert sgd.optimizer.params["lr"] == 1e-2  # Adam's was its default: SGD's own is taken
    assert sgd["epochs"] == 2
    assert with_option(with_option(sgd, "lr", 0.3), "optimizer", "AdamW").optimizer.params["lr"] == 0.3


def test_choosing_the_same_optimizer_again_changes_nothing():
    options = with_option(Options(), "lr", 0.5)
    assert with_option(options, "optimizer", "Adam") == options


def test_names_now_and_names_ever():
    now, ever = option_names(Options()), option_names()
    assert "optimizer.beta1" in now
    assert "optimizer.momentum" not in now
    assert {"optimizer.momentum", "scheduler.gamma", "scheduler.max_lr"} <= set(ever)
    assert set(now) <= set(ever)
    assert len(set(ever)) == len(ever)
    assert len(now) == len(TRAINING) + 2 + len(OPTIMIZERS["Adam"].params) + len(SCHEDULERS["Constant"].params)


@given(st.sampled_from(sorted(OPTIMIZERS)), st.sampled_from(sorted(SCHEDULERS)))
def test_every_default_survives_being_shown_and_typed(optimizer, scheduler):
    options = with_option(with_option(Options(), "optimizer", optimizer), "scheduler", scheduler)
    for name in option_names(options):
        shown = option_param(options, name).formatted(value_of(options, name))
        assert with_option(options, name, shown) == options
