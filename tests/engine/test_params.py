"""Typed settings: what is taken, how it is typed and shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OptionError
from engine.layers import CATALOGUE
from engine.params import Bool, Choice, Float, Int, Size, Text, completed
from tests.engine.designs import values

COUNT = Int(name="count", default=3, minimum=1, maximum=9, help="")
RATE = Float(name="rate", default=0.5, minimum=0.0, maximum=1.0, help="")
FLAG = Bool(name="flag", default=True, help="")
KIND = Choice(name="kind", default="a", choices=("a", "b"), help="")
KERNEL = Size(name="kernel", default=(3, 3), length=2, help="")
SHAPE = Size(name="shape", default=(), help="")
TITLE = Text(name="title", default="", max_length=5, help="")
LIMIT = Float(name="limit", default=0.0, minimum=0.0, zero="off", help="")
MAYBE = Int(name="maybe", default=None, minimum=0, optional=True, help="")

ALL = [(spec.type, param) for spec in CATALOGUE.values() for param in spec.params]


@pytest.mark.parametrize(("param", "given", "stored"), [
    (COUNT, 4, 4), (COUNT, 4.0, 4), (RATE, 1, 1.0), (RATE, 0.25, 0.25), (FLAG, False, False), (KIND, "b", "b"),
    (KERNEL, 5, (5, 5)), (KERNEL, [1, 2], (1, 2)), (KERNEL, (1.0, 2), (1, 2)), (SHAPE, [], ()), (SHAPE, 7, (7,)),
    (TITLE, "12345", "12345"), (MAYBE, None, None), (MAYBE, 0, 0),
])
def test_values_take_their_stored_form(param, given, stored):
    taken = param.normalized(given)
    assert taken == stored
    assert type(taken) is type(stored)
    assert param.normalized(taken) == taken


@pytest.mark.parametrize(("param", "given"), [
    (COUNT, 0), (COUNT, 10), (COUNT, 1.5), (COUNT, True), (COUNT, "4"), (COUNT, None), (COUNT, float("nan")),
    (COUNT, float("inf")), (MAYBE, 2**63), (MAYBE, 1e30), (RATE, -0.1), (RATE, 1.1), (RATE, float("nan")), (RATE, "1"),
    (RATE, True), (FLAG, 1), (FLAG, "true"), (KIND, "c"), (KIND, 1), (KIND, ["a"]), (KERNEL, (1, 2, 3)),
    (KERNEL, (0, 1)), (KERNEL, "33"), (KERNEL, True), (KERNEL, ((1,), 2)), (SHAPE, {"a": 1}), (SHAPE, None),
    (TITLE, "123456"), (TITLE, 1),
])
def test_other_values_are_refused_with_what_is_allowed(param, given):
    with pytest.raises(OptionError) as refused:
        param.normalized(given)
    assert refused.value.message.startswith(param.label)
    assert param.range_text() in refused.value.message


@pytest.mark.parametrize(("param", "typed", "stored"), [
    (COUNT, " 7 ", 7), (RATE, "1e-1", 0.1), (FLAG, "Yes", True), (FLAG, "off", False), (KIND, "b", "b"),
    (KERNEL, "3", (3, 3)), (KERNEL, "3, 5", (3, 5)), (KERNEL, "3x5", (3, 5)), (SHAPE, "(1, 28, 28)", (1, 28, 28)),
    (SHAPE, "", ()), (SHAPE, "[784]", (784,)), (LIMIT, "Off", 0.0),
    (LIMIT, "0", 0.0), (LIMIT, "2", 2.0), (MAYBE, "", None), (MAYBE, "auto", None), (MAYBE, "12", 12),
])
def test_what_users_type_is_understood(param, typed, stored):
    assert param.parsed(typed) == stored


@pytest.mark.parametrize("param", [COUNT, RATE, FLAG, KIND, KERNEL, SHAPE])
@pytest.mark.parametrize("typed", ["__import__('os').abort()", "9**9**9", "1e400", "9" * 10_000, "nan", "\0", "1;2"])
def test_expressions_are_not_computed(param, typed):
    with pytest.raises(OptionError):
        param.parsed(typed)


@pytest.mark.parametrize(("type", "param"), ALL, ids=lambda value: getattr(value, "name", value))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_setting_of_every_layer_survives_being_shown_and_typed(type, param, data):
    value = data.draw(values(param))
    assert param.normalized(value) == value
    if not isinstance(param, Text):
        assert param.parsed(param.formatted(value)) == value
    assert param.normalized(param.default) == param.default
    assert param.help
    assert param.help.endswith((".", "?"))


@pytest.mark.parametrize(("param", "told"), [
    (COUNT, "a whole number from 1 to 9"), (RATE, "a number from 0 to 1"),
    (Int(name="every", default=1, help="", minimum=1, maximum=10**15), "a whole number of at least 1"),
    (Float(name="scale", default=1.0, help="", minimum=0.25), "a number of at least 0.25"),
])
def test_limits_are_told_as_people_read_them(param, told):
    assert param.range_text() == told


def test_a_zero_that_is_no_number_has_a_word():
    assert [LIMIT.formatted(value) for value in (0.0, 0.5)] == ["off", "0.5"]
    assert LIMIT.parsed(LIMIT.formatted(0.0)) == 0.0
    with pytest.raises(OptionError, match="at least 0, or off"):
        LIMIT.parsed("none")


def test_settings_are_completed_in_their_order_and_unknown_ones_refused():
    declared = (COUNT, RATE, KERNEL)
    assert completed(declared, {"kernel": 5}) == {"count": 3, "rate": 0.5, "kernel": (5, 5)}
    assert list(completed(declared, {"kernel": 5})) == ["count", "rate", "kernel"]
    with pytest.raises(OptionError, match="no setting named 'size'") as refused:
        completed(declared, {"size": 1})
    assert "count, rate, kernel" in refused.value.hint
