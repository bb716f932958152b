"""Layers whose steps look at each other, and masks: what must not be looked at."""

from dataclasses import replace
from math import gcd

from engine.layers import checks
from engine.layers.spec import (
    NO_ARGUMENT,
    NOTHING,
    Arguments,
    Inputs,
    LayerSpec,
    Outputs,
    Params,
    Port,
    Remark,
    Resize,
    SetParams,
    ShapeError,
)
from engine.params import Bool, Float, Int
from engine.tensors import TensorSpec

SEQUENCE = ("time", "features")
MAX_WIDTH = 1_000_000_000

MASK = Port("mask", optional=True)
ATTENDING = (Port("query"), Port("key", optional=True), Port("value", optional=True), checks.LENGTHS, MASK)


def _attended(inputs: Inputs) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """Query, key and value. A free key is the query, and a free value the key."""
    query, key, value = inputs[:3]
    key = query if key is NOTHING else key
    return query, key, key if value is NOTHING else value


def _checked(inputs: Inputs) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    query, key, value = _attended(inputs)
    for port, given in zip(("query", "key", "value"), inputs, strict=False):
        if given is not NOTHING:
            checks.axes(given, SEQUENCE, port)
    if key.sizes[0] != value.sizes[0]:
        raise ShapeError(f"has {key.sizes[0]} keys but {value.sizes[0]} values", "Every key has one value.",
                         port="key" if inputs[2] is NOTHING else "value", code="keys")
    check_lengths_and_mask(query, key, inputs[3], inputs[4], _keys_port(inputs))
    return query, key, value


def check_lengths_and_mask(query: TensorSpec, key: TensorSpec, lengths: TensorSpec, mask: TensorSpec,
                           of: str = "input") -> None:
    """Raise ShapeError unless lengths and mask are free, or those of such queries and keys."""
    checks.lengths(lengths, key.sizes[0], of=of)
    if mask is NOTHING:
        return
    if mask.dtype != "bool":
        raise ShapeError(f"expects a mask but gets {mask.described()}", "Wire a CausalMask or a PaddingMask to it.",
                         port="mask", code="dtype")
    if mask.rank != 2 or mask.sizes[0] not in (1, query.sizes[0]) or mask.sizes[1] != key.sizes[0]:
        raise ShapeError(
            f"looks from {query.sizes[0]} steps at {key.sizes[0]} but gets a mask {mask.described()}",
            f"The mask must be (batch, {query.sizes[0]}, {key.sizes[0]}), or (batch, 1, {key.sizes[0]}).",
            port="mask", code="mask")


def _keys_port(inputs: Inputs) -> str:
    return "query" if inputs[1] is NOTHING else "key"


def check_heads(width: int, heads: int, param: str, port: str) -> None:
    if width % heads:
        shared = gcd(width, heads)
        raise ShapeError(f"cannot divide {width} features among {heads} heads",
                         "The number of heads must divide the features.",
                         (SetParams(f"Set {param.replace('_', ' ')} to {shared}", {param: shared}),), port=port,
                         param=param, code="heads")


def _attention_map(query: TensorSpec, key: TensorSpec) -> TensorSpec:
    return TensorSpec((query.sizes[0], key.sizes[0]), ("time", "keys"), padded=checks.is_padded_sequence(query))


def _with_map(output: TensorSpec, query: TensorSpec, key: TensorSpec, params: Params) -> Outputs:
    return (output, _attention_map(query, key)) if params["need_weights"] else output


def as_sequence(query: TensorSpec, width: int) -> TensorSpec:
    return TensorSpec((query.sizes[0], width), SEQUENCE, padded=checks.is_padded_sequence(query))


def _multihead_shape(inputs: Inputs, params: Params) -> Outputs:
    query, key, _ = _checked(inputs)
    check_heads(query.sizes[1], params["num_heads"], "num_heads", "query")
    return _with_map(as_sequence(query, query.sizes[1]), query, key, params)


def _multihead_weights(inputs: Inputs, params: Params) -> int:
    query, key, value = (given.sizes[1] for given in _attended(inputs))
    return int(query * (2 * query + key + value) + 4 * query * params["bias"])


def _multihead_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    query, key, value = _attended(inputs)
    (steps, width), keys = query.sizes, key.sizes[0]
    projected = 2 * steps * width + keys * (key.sizes[1] + value.sizes[1])
    return width * (projected + 2 * steps * keys)


def _other_width(place: int, inputs: Inputs) -> int | None:
    """The features of key or value where they differ from the query's."""
    width = _attended(inputs)[place].sizes[1]
    return None if width == inputs[0].sizes[1] else width


def _dot_product_shape(inputs: Inputs, params: Params) -> Outputs:
    query, key, value = _checked(inputs)
    if query.sizes[1] != key.sizes[1]:
        raise ShapeError(f"compares queries of {query.sizes[1]} features with keys of {key.sizes[1]}",
                         "Both must have the same number of features; a Linear before one of them makes it so.",
                         (Resize((key.sizes[0], query.sizes[1]), "key"),
                          Resize((query.sizes[0], key.sizes[1]), "query")), port="key", code="channels")
    return _with_map(as_sequence(query, value.sizes[1]), query, key, params)


def _dot_product_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    query, key, value = _attended(inputs)
    return query.sizes[0] * key.sizes[0] * (key.sizes[1] + value.sizes[1])


def _attending_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    """Of causal self-attention there are none: padding comes after every real step."""
    _, key, _, lengths, mask = inputs
    if mask is not NOTHING or (params["causal"] and key is NOTHING):
        return ()
    return checks.padding(_attended(inputs)[1], lengths, "looks at", of=_keys_port(inputs))


def _causal_mask_shape(inputs: Inputs, params: Params) -> TensorSpec:
    (given,) = inputs
    checks.at_least_one_axis(given)
    return TensorSpec((given.sizes[0], given.sizes[0]), ("time", "keys"), "bool")


def _padding_mask_shape(inputs: Inputs, params: Params) -> TensorSpec:
    given, lengths = inputs
    checks.at_least_one_axis(given)
    checks.lengths(lengths, given.sizes[0])
    return TensorSpec((1, given.sizes[0]), ("time", "keys"), "bool")


def _multihead_call(module: str, args: Arguments, params: Params) -> str:
    query, key, value, lengths, mask = args
    key = query if key == NO_ARGUMENT else key
    passed = [query, key, key if value == NO_ARGUMENT else value]
    if lengths != NO_ARGUMENT:
        passed.append(f"key_padding_mask=padding_mask({lengths}, {key})")
    if not params["need_weights"]:
        passed.append("need_weights=False")
    if mask != NO_ARGUMENT or params["causal"]:
        passed.append(f"attn_mask={mask_of_heads(query, key, mask, params['causal'], params['num_heads'])}")
    return f"{module}({', '.join(passed)})" + ("" if params["need_weights"] else "[0]")


def mask_of_heads(query: str, key: str, mask: str, causal: bool, heads: int) -> str:
    later = f"causal_mask({query}, {key})"
    if mask == NO_ARGUMENT:
        return later
    return f"mask_for_heads({f'{later} | {mask}' if causal else mask}, {query}, {heads})"


def _dot_product_call(module: str, args: Arguments, params: Params) -> str:
    query, key, value, lengths, mask = args
    key = query if key == NO_ARGUMENT else key
    passed = [query, key, key if value == NO_ARGUMENT else value]
    masks = [f"causal_mask({query}, {key})"] if params["causal"] else []
    if lengths != NO_ARGUMENT:
        masks.append(f"padding_mask({lengths}, {key}).unsqueeze(1)")
    if mask != NO_ARGUMENT:
        masks.append(mask)
    if masks:
        passed.append(" | ".join(masks))
    return f"{'attend' if params['need_weights'] else 'attend_without_map'}({', '.join(passed)})"


def causal_setting(default: bool = False) -> Bool:
    return Bool(name="causal", default=default, argument=False,
                help="No step looks at later ones, as in text that is written word by word.")


def heads_setting(name: str) -> Int:
    return Int(name=name, default=4, minimum=1, maximum=10_000, required=True,
               help="How many attentions work side by side, each on its part of the features.")


_NEED_WEIGHTS = Bool(name="need_weights", default=True, argument=False,
                     help="Give the attention map too: how much each step looks at each key. Without it is faster.")


def _with_weights(spec: LayerSpec) -> LayerSpec:
    """The layer with a second output port for the attention map, as long as its settings ask for it."""
    without = replace(spec, outputs=(Port("output"),))

    def variant(params: Params) -> LayerSpec:
        return without if params.get("need_weights") is False else complete

    complete = replace(spec, outputs=(Port("output"), Port("weights")), variant=variant)
    return complete


LAYERS = (
    _with_weights(LayerSpec(
        type="MultiheadAttention", category="Attention", icon="scan-eye", inputs=ATTENDING, helpers=("masks",),
        doc="Every step of the query looks at all keys and takes what their values hold, in several ways at once. "
            "Without a key it looks at the query itself: self-attention.",
        params=(
            heads_setting("num_heads"),
            Float(name="dropout", default=0.0, minimum=0.0, maximum=1.0,
                  help="The share of the attention map that is set to zero while training."),
            Bool(name="bias", default=True, help="Add learned numbers to queries, keys, values and the output."),
            causal_setting(), _NEED_WEIGHTS,
        ),
        infer={"embed_dim": lambda inputs, params: inputs[0].sizes[1],
               "kdim": lambda inputs, params: _other_width(1, inputs),
               "vdim": lambda inputs, params: _other_width(2, inputs)},
        fixed={"batch_first": True}, positional=("embed_dim", "num_heads"),
        shape=_multihead_shape, weights=_multihead_weights, multiply_adds=_multihead_multiply_adds,
        remarks=_attending_remarks, call=_multihead_call,
        aliases=("Self-attention", "Cross-attention", "Attention", "MHA"),
    )),
    _with_weights(LayerSpec(
        type="ScaledDotProductAttention", category="Attention", icon="eye", constructor="", inputs=ATTENDING,
        helpers=("masks", "attend"),
        doc="Attention without weights: softmax(query key^T / sqrt(features)) value. "
            "Without a key the query looks at itself.",
        params=(causal_setting(), _NEED_WEIGHTS),
        shape=_dot_product_shape, multiply_adds=_dot_product_multiply_adds, remarks=_attending_remarks,
        call=_dot_product_call, aliases=("Dot-product attention", "Luong attention", "SDPA"),
    )),
    LayerSpec(
        type="CausalMask", category="Attention", icon="triangle-right", constructor="", helpers=("masks",),
        doc="A mask for attention: no step of a sequence may look at later ones. (batch, time, time), true for those.",
        shape=_causal_mask_shape, aliases=("Look-ahead mask", "Subsequent mask", "Triangular mask"),
        call=lambda module, args, params: f"causal_mask({args[0]}, {args[0]}).expand({args[0]}.shape[0], -1, -1)",
    ),
    LayerSpec(
        type="PaddingMask", category="Attention", icon="eye-off", constructor="", helpers=("masks",),
        inputs=(Port("input"), Port("lengths")),
        doc="A mask for attention: nothing may look beyond the lengths of this sequence. (batch, 1, time), true there.",
        shape=_padding_mask_shape, aliases=("Key padding mask", "Sequence mask"),
        call=lambda module, args, params: f"padding_mask({args[1]}, {args[0]}).unsqueeze(1)",
    ),
)
