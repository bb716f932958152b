"""Attention, masks and positions against their formulas; the code of their many ports; what is padded afterwards."""

from math import cos, sin

import pytest
import torch
from torch import nn

from engine.layers import CATALOGUE, code
from engine.layers.spec import NO_ARGUMENT, NOTHING
from engine.params import completed
from engine.tensors import TensorSpec
from resources.code.attend import attend, attend_without_map
from resources.code.masks import causal_mask, mask_for_heads, padding_mask
from resources.code.positions import PositionalEncoding

PADDED = TensorSpec((6, 8), ("time", "features"), padded=True)
LENGTHS = TensorSpec((), (), "int64", steps=6)
FREE = NO_ARGUMENT


def call(type: str, *args: str, **params: object) -> str:
    spec = CATALOGUE[type]
    return code.call(spec, "self.layer", args, completed(spec.params, params))


def shape(type: str, *inputs: TensorSpec, **params: object) -> TensorSpec | tuple[TensorSpec, ...]:
    spec = CATALOGUE[type]
    return spec.shape((*inputs, *(NOTHING,) * (len(spec.inputs) - len(inputs))), completed(spec.params, params))


@pytest.mark.parametrize("features", [1, 4, 7])
def test_positions_follow_the_formula_of_the_paper(features: int) -> None:
    made = PositionalEncoding(20, features)(torch.zeros(2, 20, features))
    for position in range(20):
        for feature in range(features):
            angle = position / 10000 ** (2 * (feature // 2) / features)
            expected = cos(angle) if feature % 2 else sin(angle)
            assert made[1, position, feature].item() == pytest.approx(expected, abs=2e-6)


def test_positions_take_fewer_steps_and_are_no_weights() -> None:
    encoding = PositionalEncoding(20, 4)
    assert encoding(torch.zeros(1, 3, 4)).shape == (1, 3, 4)
    assert not encoding.state_dict()


def test_both_ways_of_attention_are_torchs() -> None:
    query, key, value = torch.randn(3, 5, 8), torch.randn(3, 6, 8), torch.randn(3, 6, 2)
    lengths = torch.tensor([6, 1, 4])
    for mask in (None, causal_mask(query, key), padding_mask(lengths, key).unsqueeze(1)):
        expected = nn.functional.scaled_dot_product_attention(query, key, value, None if mask is None else ~mask)
        output, weights = attend(query, key, value, mask)
        torch.testing.assert_close(output, expected)
        torch.testing.assert_close(attend_without_map(query, key, value, mask), expected)
        torch.testing.assert_close(weights.sum(2), torch.ones(3, 5))


def test_masks_are_true_for_what_must_not_be_looked_at() -> None:
    steps = torch.zeros(2, 3, 1)
    assert causal_mask(steps, steps).tolist() == [[False, True, True], [False, False, True], [False, False, False]]
    mask = padding_mask(torch.tensor([1, 3]), steps)
    assert mask.tolist() == [[False, True, True], [False, False, False]]
    heads = mask_for_heads(mask.unsqueeze(1), steps, 4)
    assert heads.shape == (8, 3, 3)
    assert heads[:4].all(0).tolist() == [[False, True, True]] * 3, "the heads of a sample stand side by side"
    assert not heads[4:].any()


@pytest.mark.parametrize(("type", "args", "params", "expected"), [
    ("MultiheadAttention", ("x", FREE, FREE, FREE, FREE), {}, "self.layer(x, x, x)"),
    ("MultiheadAttention", ("x", "memory", FREE, "lengths", FREE), {"need_weights": False},
     "self.layer(x, memory, memory, key_padding_mask=padding_mask(lengths, memory), need_weights=False)[0]"),
    ("MultiheadAttention", ("x", FREE, FREE, FREE, "mask"), {"causal": True, "num_heads": 2},
     "self.layer(x, x, x, attn_mask=mask_for_heads(causal_mask(x, x) | mask, x, 2))"),
    ("ScaledDotProductAttention", ("q", "k", "v", "lengths", "mask"), {"causal": True},
     "attend(q, k, v, causal_mask(q, k) | padding_mask(lengths, k).unsqueeze(1) | mask)"),
    ("ScaledDotProductAttention", ("q", "k", "v", FREE, FREE), {"need_weights": False}, "attend_without_map(q, k, v)"),
    ("TransformerEncoderLayer", ("x", "lengths", FREE), {"causal": True},
     "self.layer(x, src_mask=causal_mask(x, x), src_key_padding_mask=padding_mask(lengths, x))"),
    ("TransformerDecoderLayer", ("x", "memory", FREE, "lengths"), {},
     "self.layer(x, memory, tgt_mask=causal_mask(x, x), memory_key_padding_mask=padding_mask(lengths, memory))"),
    ("LSTMCell", ("x", FREE, FREE), {}, "self.layer(x)"),
    ("LSTMCell", ("x", "h", "c"), {}, "self.layer(x, (h, c))"),
    ("Slice", ("x",), {"dim": 2, "start": 1, "stop": -1}, "x[:, :, 1:-1]"),
    ("Slice", ("x",), {"dim": -2, "start": 3}, "x[..., 3:, :]"),
    ("Noise", ("x.shape[0]", "x.device"), {"shape": (2, 3)}, "torch.randn(x.shape[0], 2, 3, device=x.device)"),
    ("Constant", ("x.shape[0]", "x.device"), {"value": 0.0}, "torch.full((x.shape[0],), 0.0, device=x.device)"),
])
def test_code_names_only_what_is_wired(type: str, args: tuple[str, ...], params: dict, expected: str) -> None:
    assert call(type, *args, **params) == expected


def test_ports_follow_the_settings() -> None:
    attention, split = CATALOGUE["MultiheadAttention"], CATALOGUE["Split"]
    assert attention.variant is not None
    assert split.variant is not None
    assert [port.name for port in attention.variant({}).outputs] == ["output", "weights"]
    assert [port.name for port in attention.variant({"need_weights": False}).outputs] == ["output"]
    assert [port.name for port in split.variant({"parts": 3}).outputs] == ["part_1", "part_2", "part_3"]
    assert split.variant({"parts": 3}) is split.variant({"parts": 3})
    assert len(split.variant({"parts": "many"}).outputs) == len(split.outputs) == 2


def test_padding_stays_as_long_as_the_time_does() -> None:
    output, weights = shape("MultiheadAttention", PADDED, NOTHING, NOTHING, LENGTHS)
    assert output.has_padding
    assert weights.described() == "(batch, time 6, keys 6)"
    assert weights.has_padding
    memory = TensorSpec((4, 8))
    assert shape("TransformerDecoderLayer", PADDED, memory).has_padding
    assert not shape("TransformerDecoderLayer", memory, PADDED).has_padding
    for type in ("TransformerEncoderLayer", "PositionalEncoding", "LearnedPositions", "Exp", "Detach"):
        assert shape(type, PADDED).has_padding, type
    for type in ("Mean", "Sum", "Select"):
        assert not shape(type, PADDED, dim=1).has_padding, type
        assert shape(type, PADDED, dim=2).has_padding, type
    assert shape("Subtract", PADDED, TensorSpec((6, 8))).has_padding
    assert shape("Stack", PADDED, PADDED, dim=2).described() == "(batch, time 6, stack 2, features 8)"
    assert all(part.has_padding for part in shape("Split", PADDED, dim=2))
    assert not shape("MatMul", TensorSpec((8, 6), ("features", "time"), padded=True), PADDED).has_padding
