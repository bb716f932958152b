"""Transformer layers, and the positions that they need: attention itself knows no order."""

from engine.layers import checks
from engine.layers.attention import (
    MASK,
    MAX_WIDTH,
    SEQUENCE,
    as_sequence,
    causal_setting,
    check_heads,
    check_lengths_and_mask,
    heads_setting,
    mask_of_heads,
)
from engine.layers.spec import (
    NO_ARGUMENT,
    NOTHING,
    Arguments,
    Inputs,
    LayerSpec,
    Params,
    Port,
    Remark,
    Resize,
    ShapeError,
)
from engine.params import Bool, Choice, Float, Int, Param
from engine.tensors import TensorSpec


def _encoder_shape(inputs: Inputs, params: Params) -> TensorSpec:
    given = inputs[0]
    checks.axes(given, SEQUENCE)
    check_heads(given.sizes[1], params["nhead"], "nhead", "input")
    check_lengths_and_mask(given, given, inputs[1], inputs[2])
    return as_sequence(given, given.sizes[1])


def _encoder_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    given, lengths, mask = inputs
    return () if params["causal"] or mask is not NOTHING else checks.padding(given, lengths, "looks at")


def _attention_weights(width: int) -> int:
    return 4 * width * width + 4 * width


def _encoder_weights(inputs: Inputs, params: Params) -> int:
    width, inner = inputs[0].sizes[1], params["dim_feedforward"]
    return int(_attention_weights(width) + 2 * width * inner + inner + width + 4 * width)


def _encoder_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    steps, width = inputs[0].sizes
    return int(steps * width * (4 * width + 2 * steps + 2 * params["dim_feedforward"]))


def _decoder_shape(inputs: Inputs, params: Params) -> TensorSpec:
    given, memory, lengths, memory_lengths = inputs
    result = _encoder_shape((given, lengths, NOTHING), params)
    checks.axes(memory, SEQUENCE, "memory")
    if memory.sizes[1] != given.sizes[1]:
        raise ShapeError(f"has {given.sizes[1]} features but looks at a memory of {memory.sizes[1]}",
                         "Both must have the same number of features; a Linear before one of them makes it so.",
                         (Resize((memory.sizes[0], given.sizes[1]), "memory"),
                          Resize((given.sizes[0], memory.sizes[1]), "input")), port="memory", code="channels")
    checks.lengths(memory_lengths, memory.sizes[0], "memory_lengths", "memory")
    return result


def _decoder_remarks(inputs: Inputs, params: Params) -> tuple[Remark, ...]:
    given, memory, lengths, memory_lengths = inputs
    own = () if params["causal"] else checks.padding(given, lengths, "looks at")
    return (*own, *checks.padding(memory, memory_lengths, "looks at", "memory_lengths", "memory"))


def _decoder_weights(inputs: Inputs, params: Params) -> int:
    width = inputs[0].sizes[1]
    return _encoder_weights(inputs, params) + _attention_weights(width) + 2 * width


def _decoder_multiply_adds(inputs: Inputs, outputs: Inputs, params: Params) -> int:
    (steps, width), keys = inputs[0].sizes, inputs[1].sizes[0]
    return _encoder_multiply_adds(inputs, outputs, params) + 2 * width * (width * (steps + keys) + steps * keys)


def _positions_shape(inputs: Inputs, params: Params) -> TensorSpec:
    checks.axes(inputs[0], SEQUENCE)
    return inputs[0]


def _encoder_call(module: str, args: Arguments, params: Params) -> str:
    given, lengths, mask = args
    passed = [given]
    if mask != NO_ARGUMENT or params["causal"]:
        passed.append(f"src_mask={mask_of_heads(given, given, mask, params['causal'], params['nhead'])}")
    if lengths != NO_ARGUMENT:
        passed.append(f"src_key_padding_mask=padding_mask({lengths}, {given})")
    return f"{module}({', '.join(passed)})"


def _decoder_call(module: str, args: Arguments, params: Params) -> str:
    given, memory, lengths, memory_lengths = args
    passed = [given, memory]
    if params["causal"]:
        passed.append(f"tgt_mask=causal_mask({given}, {given})")
    if lengths != NO_ARGUMENT:
        passed.append(f"tgt_key_padding_mask=padding_mask({lengths}, {given})")
    if memory_lengths != NO_ARGUMENT:
        passed.append(f"memory_key_padding_mask=padding_mask({memory_lengths}, {memory})")
    return f"{module}({', '.join(passed)})"


def _layer_params(heads: Int, causal: Bool) -> tuple[Param, ...]:
    """Settings of a whole transformer layer, in torch's order."""
    return (
        heads,
        Int(name="dim_feedforward", default=256, minimum=1, maximum=MAX_WIDTH, required=True,
            help="Width of the two Linear layers that follow the attention."),
        Float(name="dropout", default=0.1, minimum=0.0, maximum=1.0,
              help="The share of numbers that is set to zero while training."),
        Choice(name="activation", default="relu", choices=("relu", "gelu"), help="The bend between the Linear layers."),
        Bool(name="norm_first", default=False,
             help="Normalize before attention and Linear layers instead of after them: deep stacks train more easily."),
        causal,
    )


def _positions(type: str, icon: str, doc: str, aliases: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(
        type=type, category="Attention", icon=icon, constructor=type, doc=doc, helpers=("positions",), aliases=aliases,
        infer={"steps": lambda inputs, params: inputs[0].sizes[0],
               "features": lambda inputs, params: inputs[0].sizes[1]},
        shape=_positions_shape,
        weights=lambda inputs, params: inputs[0].elements if type == "LearnedPositions" else 0,
    )


LAYERS = (
    LayerSpec(
        type="TransformerEncoderLayer", category="Attention", icon="layers-plus", helpers=("masks",),
        inputs=(Port("input"), checks.LENGTHS, MASK),
        doc="Self-attention, then two Linear layers, each with a skip connection, normalization and dropout.",
        params=_layer_params(heads_setting("nhead"), causal_setting()),
        infer={"d_model": lambda inputs, params: inputs[0].sizes[1]}, fixed={"batch_first": True},
        positional=("d_model", "nhead"),
        shape=_encoder_shape, weights=_encoder_weights, multiply_adds=_encoder_multiply_adds,
        remarks=_encoder_remarks, call=_encoder_call,
        aliases=("Transformer block", "Encoder", "BERT layer", "GPT block"),
    ),
    LayerSpec(
        type="TransformerDecoderLayer", category="Attention", icon="layers-2", helpers=("masks",),
        inputs=(Port("input"), Port("memory"), checks.LENGTHS,
                Port("memory_lengths", optional=True, label="memory lengths")),
        doc="Self-attention that sees no later step, attention to a memory (what an encoder made), two Linear layers.",
        params=_layer_params(heads_setting("nhead"), causal_setting(True)),
        infer={"d_model": lambda inputs, params: inputs[0].sizes[1]}, fixed={"batch_first": True},
        positional=("d_model", "nhead"),
        shape=_decoder_shape, weights=_decoder_weights, multiply_adds=_decoder_multiply_adds,
        remarks=_decoder_remarks, call=_decoder_call, aliases=("Transformer block", "Decoder", "Cross-attention"),
    ),
    _positions("PositionalEncoding", "waves", "Adds sines and cosines that tell each step its position.",
               ("Sinusoidal positions", "Position encoding", "Positional embedding")),
    _positions("LearnedPositions", "list-ordered", "Adds a learned vector to each step that tells it its position.",
               ("Positional embedding", "Position embedding", "Learned positional encoding")),
)
