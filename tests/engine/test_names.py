"""Identifiers from whatever users type."""

import ast
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.names import RESERVED, Names, identifier


@pytest.mark.parametrize(
    ("text", "variable", "class_name"),
    [
        ("Linear 1", "linear_1", "Linear1"),
        ("CrossEntropy 1", "cross_entropy_1", "CrossEntropy1"),
        ("ReLU 12", "relu_12", "ReLU12"),
        ("LeakyReLU", "leaky_relu", "LeakyReLU"),
        ("BCEWithLogits 1", "bce_with_logits_1", "BCEWithLogits1"),
        ("Conv2d 3", "conv2d_3", "Conv2d3"),
        ("LSTM", "lstm", "LSTM"),
        ("my net", "my_net", "MyNet"),
        ("Größe (cm)", "grosse_cm", "GrosseCm"),
        ("2nd", "layer_2nd", "Layer2nd"),
        ("层", "layer", "Layer"),
        ("", "layer", "Layer"),
        ("__class__", "class_", "Class"),
        ("import os; os.system('x')", "import_os_os_system_x", "ImportOsOsSystemX"),
        ("None", "none", "None_"),
        ("print", "print_", "Print"),
        ("Exception", "exception", "Exception_"),
        ("lambda", "lambda_", "Lambda"),
        ("torch", "torch_", "Torch"),
        ("self", "self_", "Self"),
        ("match", "match_", "Match"),
        ('"""\n\\', "layer", "Layer"),
    ],
)
def test_readable_identifiers(text, variable, class_name):
    assert identifier(text, "variable", "layer") == variable
    assert identifier(text, "class", "Layer") == class_name


TEXTS = st.lists(st.text(max_size=60) | st.sampled_from(sorted(RESERVED)), max_size=30)


@given(TEXTS, st.sampled_from(["variable", "class"]))
def test_any_texts_give_different_legal_identifiers(texts, style):
    names = Names({"x"})
    taken = [names.take(text, style, "Node" if style == "class" else "node") for text in texts]
    assert len({*taken, "x"}) == len(texts) + 1
    for name in taken:
        assert name.isidentifier()
        assert name.isascii()
        assert len(name) < 60
        assert not keyword.iskeyword(name)
        assert not keyword.issoftkeyword(name)
        assert name not in RESERVED
        assert not name.startswith("_")
        ast.parse(f"{name} = 1")


def test_thousands_of_equal_names_are_quick_to_tell_apart():
    names = Names()
    assert len({names.take("Linear", "variable", "node") for _ in range(50_000)}) == 50_000
