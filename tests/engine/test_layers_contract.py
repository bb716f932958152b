"""Every layer of the catalogue against torch. A new entry in the catalogue is tested here without a new line."""

import inspect
import warnings
from math import prod
from random import Random
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from engine.errors import OptionError
from engine.layers import CATALOGUE, LayerSpec, code
from engine.layers.networks import COMPOSITES
from engine.layers.spec import NO_ARGUMENT, NOTHING, ShapeError, no_multiply_adds
from engine.params import Size, completed
from engine.tensors import TensorSpec
from tests.engine.layer_samples import BATCH, namespace, random_inputs, random_params, tensor

pytestmark = pytest.mark.usefixtures("one_thread")

SAMPLES = 300
LAYERS = [spec for spec in CATALOGUE.values() if spec.role == "layer" and spec.type not in COMPOSITES]
MODULES = [spec for spec in CATALOGUE.values() if spec.module]

STRICTER = {
    "Dropout1d": {"rank"}, "Dropout2d": {"rank"}, "MaxPool1d": {"rank"}, "MaxPool2d": {"rank"},
    "AvgPool1d": {"rank"}, "AvgPool2d": {"rank"}, "AdaptiveAvgPool1d": {"rank"}, "AdaptiveAvgPool2d": {"rank"},
    "Conv1d": {"rank"}, "Conv2d": {"rank"}, "ConvTranspose2d": {"rank"}, "RNN": {"rank"}, "LSTM": {"rank"},
    "GRU": {"rank"},
    "Add": {"rank"}, "Multiply": {"rank"},
    "Softmax": {"axis", "rank"}, "LogSoftmax": {"axis", "rank"},
    "LayerNorm": {"rank"}, "Concat": {"axis", "rank"}, "Flatten": {"axis", "rank"},
    "Unflatten": {"axis", "rank"},
    "GroupNorm": {"too-small"},
    "RNNCell": {"rank"}, "LSTMCell": {"rank", "state", "channels"}, "GRUCell": {"rank"},
    "LastValid": {"rank"}, "MaskedMean": {"rank"}, "MaskedMax": {"rank"}, "AttentionPooling": {"rank"},
    "ConvLengths": {"too-small"},
    "MultiheadAttention": {"rank"}, "ScaledDotProductAttention": {"rank", "mask", "keys"},
    "TransformerEncoderLayer": {"rank"}, "TransformerDecoderLayer": {"rank"},
    "PositionalEncoding": {"rank"}, "LearnedPositions": {"rank"},
    "Select": {"axis", "rank"}, "Slice": {"axis", "rank", "empty"}, "Split": {"axis", "rank", "parts"},
    "Stack": {"axis"}, "Subtract": {"rank"}, "MatMul": {"rank"}, "Mean": {"axis", "rank"}, "Sum": {"axis", "rank"},
    "RandomNormal": {"channels"},
}
STRICTER_FOR_ALL = {"dtype", "lengths"}
"""What we refuse and torch takes, by the code of the problem, because it would not treat axis 0 as the batch: torch
reads a missing axis as a missing batch, broadcasts the batch against features, or normalizes, joins and merges along
the batch. GroupNorm with groups of one number works in torch for all batches but those of one sample. Slices are not
empty, parts are equal, every mean has a variance of its own and every key a value, an LSTMCell gets both states or
none. For all layers: class numbers, lengths and masks are never computed with ("dtype"), and lengths are those of the
sequence beside them."""


def by_type(specs):
    return pytest.mark.parametrize("spec", specs, ids=lambda spec: spec.type)


def signature(spec: LayerSpec) -> dict[str, inspect.Parameter]:
    """The constructor's parameters; recurrent layers hide theirs behind *args of a common base."""
    cls = eval(spec.module, namespace(spec))
    if issubclass(cls, nn.RNNBase):
        parameters = dict(inspect.signature(nn.RNNBase.__init__).parameters)
        del parameters["mode"]
        if cls is nn.RNN:
            parameters["nonlinearity"] = inspect.Parameter("nonlinearity", inspect.Parameter.KEYWORD_ONLY,
                                                           default=nn.RNN(1, 1).nonlinearity)
    else:
        parameters = dict(inspect.signature(cls.__init__).parameters)
    del parameters["self"]
    return {name: p for name, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def build(spec: LayerSpec, inputs, params) -> nn.Module | None:
    expression = code.constructor(spec, inputs, params)
    return eval(expression, namespace(spec)) if expression else None


def placed(spec: LayerSpec, params) -> LayerSpec:
    """The declaration with the ports that these settings ask for."""
    return spec.variant(params) if spec.variant else spec


def run(spec: LayerSpec, module: nn.Module | None, tensors, params) -> tuple[torch.Tensor, ...]:
    """One result for each output port."""
    names = tuple(NO_ARGUMENT if given is None else f"x{i}" for i, given in enumerate(tensors))
    args = names if spec.inputs else (str(BATCH), "torch.device('cpu')")
    made = eval(code.call(spec, "self.layer", args, params),
                {**namespace(spec), "self": SimpleNamespace(layer=module), **dict(zip(names, tensors, strict=True))})
    return made if isinstance(made, tuple) else (made,)


def legal_samples(spec: LayerSpec, choose: Random):
    """Random inputs, settings and results of a layer, as far as its shape rule accepts them, with tensors for them."""
    for number in range(SAMPLES * max(1, len(spec.inputs))):
        inputs = random_inputs(spec, choose)
        try:
            params = completed(spec.params, random_params(spec, inputs, choose))
        except OptionError:
            continue
        expected = shape_or_refusal(spec, inputs, params)
        if not isinstance(expected, ShapeError):
            yield inputs, params, expected, [tensor(given, number) for given in inputs]


@by_type(CATALOGUE.values())
def test_the_declaration_is_complete(spec: LayerSpec) -> None:
    assert spec.doc.endswith("."), "one sentence of help"
    assert spec.icon
    assert len({param.name for param in spec.params}) == len(spec.params)
    for param in spec.params:
        assert param.help.endswith("."), param.name
        assert param.normalized(param.default) == param.default
        assert param.range_text()
        assert param.parsed(param.formatted(param.default)) == param.default
    assert completed(spec.params, {}) == spec.defaults()
    assert all(name in CATALOGUE and CATALOGUE[name].role == "metric" for name in spec.metrics)
    assert all(name in CATALOGUE for name in spec.unwanted)
    assert not spec.width or spec.param(spec.width)
    assert (spec.sums is None) == (spec.value is None) == (spec.role != "metric")
    assert not spec.metrics or spec.role == "loss"


@by_type(MODULES)
def test_signature_and_defaults_are_torchs(spec: LayerSpec) -> None:
    theirs = signature(spec)
    ours = {param.name: param for param in spec.params if param.argument}
    assert set(ours) | set(spec.infer) | set(spec.fixed) <= set(theirs)
    needed = {name for name, p in theirs.items() if p.default is p.empty}
    assert needed <= set(ours) | set(spec.infer) | set(spec.fixed)
    for name, param in ours.items():
        default = param.default
        if isinstance(param, Size) and param.length and default is not None and len(set(default)) == 1:
            default = default[0]
        torchs = getattr(theirs[name].default, "__name__", theirs[name].default)  # of functions the name
        is_torchs = theirs[name].default is not inspect.Parameter.empty and torchs == default
        assert param.required == (not is_torchs), f"{name}: torch's default is {theirs[name].default!r}"
    order = [name for name in theirs if name in ours]
    assert [name for name in ours if name in order and name != "nonlinearity"] == [n for n in order
                                                                                  if n != "nonlinearity"]


@by_type(MODULES)
def test_arguments_without_a_name_stand_in_torchs_order(spec: LayerSpec) -> None:
    required = (*spec.infer, *(param.name for param in spec.params if param.required and param.argument))
    positional = required if spec.positional is None else spec.positional
    assert list(positional) == list(signature(spec))[:len(positional)]


@by_type(LAYERS)
def test_shapes_weights_and_refusals_are_torchs(spec: LayerSpec) -> None:
    choose = Random(spec.type)
    accepted = 0
    for number in range(SAMPLES * max(1, len(spec.inputs))):
        inputs = random_inputs(spec, choose)
        try:
            params = completed(spec.params, random_params(spec, inputs, choose))
        except OptionError:
            continue
        accepted += agrees(spec, inputs, params, number)
    assert accepted >= SAMPLES // 40, f"only {accepted} of {SAMPLES} random samples were legal"


def agrees(spec: LayerSpec, inputs: tuple[TensorSpec, ...], params, seed: int) -> bool:
    """Whether the shape rule accepts the sample; asserts that torch says the same."""
    case = f"{spec.type} {params} of {', '.join(map(str, inputs))}"
    tensors = [tensor(given, seed) for given in inputs]
    expected = shape_or_refusal(spec, inputs, params)
    if isinstance(expected, ShapeError):
        is_stricter = expected.code in STRICTER_FOR_ALL | STRICTER.get(spec.type, set())
        assert is_stricter or torch_refuses(spec, inputs, params, tensors), f"torch takes {case}: {expected.message}"
        return False
    module, results = attempt(spec, inputs, params, tensors)
    assert len(results) == len(expected) == len(placed(spec, params).outputs), case
    for result, promised in zip(results, expected, strict=True):
        assert result.shape == (BATCH, *promised.sizes), case
        assert str(result.dtype) == f"torch.{promised.dtype}", case
        assert len(promised.axes) == promised.rank
    weights = sum(p.numel() for p in module.parameters()) if module else 0
    assert spec.weights(inputs, params) == weights, case
    return True


def shape_or_refusal(spec: LayerSpec, inputs, params) -> tuple[TensorSpec, ...] | ShapeError:
    """The promised specs, one for each output port."""
    try:
        shaped = spec.shape(inputs, params)
    except ShapeError as error:
        return error
    return shaped if isinstance(shaped, tuple) else (shaped,)


def torch_refuses(spec: LayerSpec, inputs, params, tensors) -> bool:
    try:
        attempt(spec, inputs, params, tensors)
    except (RuntimeError, ValueError, IndexError, NotImplementedError, AssertionError, TypeError):
        return True
    return False


def attempt(spec: LayerSpec, inputs, params, tensors) -> tuple[nn.Module | None, tuple[torch.Tensor, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of idle dropout and the like; so do our remarks
        module = build(spec, inputs, params) if spec.module else None
        return module, run(spec, module, tensors, params)


MORE_FLOPS = {torch.ops.aten.mv: lambda matrix, vector, **_: 2 * prod(matrix)}
"""Of operations that torch's counter does not know, from the shapes of their arguments."""


@by_type([spec for spec in LAYERS if spec.multiply_adds is not no_multiply_adds])
def test_multiply_adds_are_those_that_torch_counts(spec: LayerSpec) -> None:
    compared = 0
    for inputs, params, expected, tensors in legal_samples(spec, Random(spec.type)):
        ours = spec.multiply_adds(inputs, expected, params) * BATCH
        module, _ = attempt(spec, inputs, params, tensors)
        if isinstance(module, nn.RNNBase):
            matrices = sum(p.numel() for name, p in module.named_parameters() if name.startswith("weight"))
            theirs = matrices * inputs[0].sizes[0] * BATCH
        else:
            with FlopCounterMode(display=False, custom_mapping=MORE_FLOPS) as counter, sdpa_kernel(SDPBackend.MATH):
                run(spec, module, tensors, params)
            theirs = counter.get_total_flops() // 2
        assert ours == theirs, f"{params} of {', '.join(map(str, inputs))}"
        compared += 1
        if compared == 20:
            break
    assert compared > 5


@by_type([spec for spec in LAYERS if spec.inputs])
def test_layers_do_not_mix_samples(spec: LayerSpec) -> None:
    """Axis 0 is the batch: what comes out for one sample does not depend on the others, once training is over."""
    checked = 0
    for inputs, params, _, tensors in legal_samples(spec, Random(spec.type)):
        if params.get("track_running_stats") is False:
            continue
        module, _ = attempt(spec, inputs, params, tensors)
        together, again = (in_use(spec, module, tensors, params) for _ in range(2))
        is_random = any(not torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(together, again, strict=True))
        if not is_random:
            alone = in_use(spec, module, [None if t is None else t[:1] for t in tensors], params)
            for one, other in zip(together, alone, strict=True):
                torch.testing.assert_close(one[:1], other, rtol=1e-4, atol=1e-5, equal_nan=True)
        checked += 1
        if checked == 8:
            break
    assert checked


def in_use(spec: LayerSpec, module: nn.Module | None, tensors, params) -> tuple[torch.Tensor, ...]:
    """The results once training is over."""
    if module is not None:
        module.eval()
    with torch.no_grad():
        return run(spec, module, tensors, params)


def sequences_of(spec: LayerSpec, port: str) -> list[int]:
    """The places of the inputs whose lengths come in at a port: memory_lengths are those of memory, and lengths those
    of all others."""
    named = {other.name.removesuffix("_lengths") for other in spec.inputs if other.name.endswith("_lengths")}
    own = port.removesuffix("_lengths")
    return [place for place, other in enumerate(spec.inputs)
            if other.name == own or (port == "lengths" and other.name not in named)]


@by_type([spec for spec in LAYERS if len(spec.inputs) > 1 and any(p.name.endswith("lengths") for p in spec.inputs)])
def test_padding_never_influences_real_steps(spec: LayerSpec) -> None:
    checked = 0
    for inputs, params, expected, tensors in legal_samples(spec, Random(spec.type)):
        changed, counted = list(tensors), {}
        for place, port in enumerate(spec.inputs):
            if port.name.endswith("lengths") and tensors[place] is not None:
                steps = inputs[place].steps
                counted[steps] = torch.minimum(tensors[place], counted.get(steps, tensors[place]))
                padding = torch.arange(steps) >= tensors[place][:, None]
                for other in sequences_of(spec, port.name):
                    if inputs[other].dtype == "float32" and inputs[other].sizes[:1] == (steps,):
                        changed[other] = tensors[other].clone()
                        changed[other][padding] += 1000
        if not any(a is not b for a, b in zip(tensors, changed, strict=True)):
            continue
        module, _ = attempt(spec, inputs, params, tensors)
        for one, other, promised in zip(in_use(spec, module, tensors, params), in_use(spec, module, changed, params),
                                        expected, strict=True):
            lengths = counted.get(promised.sizes[0]) if promised.axes[:1] == ("time",) else None
            for sample in range(BATCH):
                real = slice(None) if lengths is None else slice(lengths[sample])
                torch.testing.assert_close(one[sample][real], other[sample][real], rtol=1e-4, atol=1e-4, equal_nan=True)
        checked += 1
        if checked == 20:
            break
    assert checked > 5


@by_type([spec for spec in LAYERS if any(param.name == "causal" for param in spec.params)])
def test_causal_layers_never_look_ahead(spec: LayerSpec) -> None:
    checked = 0
    for inputs, params, _, tensors in legal_samples(spec, Random(spec.type)):
        steps = inputs[0].sizes[0]
        if steps < 2 or any(given is not NOTHING for given, port in zip(inputs, spec.inputs, strict=True)
                            if port.name in ("key", "value")):
            continue
        settings = {**params, "causal": True}
        module, _ = attempt(spec, inputs, settings, tensors)
        changed = tensors[0].clone()
        changed[:, steps // 2:] += 1000
        before = in_use(spec, module, tensors, settings)[0][:, :steps // 2]
        after = in_use(spec, module, [changed, *tensors[1:]], settings)[0][:, :steps // 2]
        torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-4)
        checked += 1
        if checked == 10:
            break
    assert checked > 2


def test_a_size_written_once_means_all_axes() -> None:
    spec = CATALOGUE["Conv2d"]
    params = completed(spec.params, {"out_channels": 4, "kernel_size": (3, 3), "padding": (1, 2)})
    assert code.constructor(spec, (TensorSpec((1, 8, 8)),), params) == "nn.Conv2d(1, 4, 3, padding=(1, 2))"


def test_the_constructor_names_only_what_differs_from_torch() -> None:
    inputs = (TensorSpec((28, 12)),)
    for type, params, text in (
        ("Linear", {"out_features": 10}, "nn.Linear(12, 10)"),
        ("Linear", {"out_features": 10, "bias": False}, "nn.Linear(12, 10, bias=False)"),
        ("LSTM", {"hidden_size": 64}, "nn.LSTM(12, 64, batch_first=True)"),
        ("GroupNorm", {"num_groups": 4}, "nn.GroupNorm(4, 28)"),
        ("Flatten", {}, "nn.Flatten()"),
        ("Softmax", {}, "nn.Softmax(dim=-1)"),
        ("Permute", {}, ""),
    ):
        spec = CATALOGUE[type]
        assert code.constructor(spec, inputs, completed(spec.params, params)) == text


def test_the_last_step_of_a_bidirectional_layer_holds_both_finished_directions() -> None:
    inputs = (TensorSpec((5, 3)),)
    for type in ("RNN", "LSTM", "GRU"):
        spec = CATALOGUE[type]
        params = completed(spec.params, {"hidden_size": 4, "bidirectional": True, "num_layers": 2})
        module, (result,) = attempt(spec, inputs, params, [tensor(inputs[0])])
        steps = module(tensor(inputs[0]))[0]
        torch.testing.assert_close(result, torch.cat((steps[:, -1, :4], steps[:, 0, 4:]), 1))


def test_input_declares_what_it_says() -> None:
    spec = CATALOGUE["Input"]
    image = spec.shape((), completed(spec.params, {"shape": [1, 28, 28]}))
    assert image.described() == "(batch, channels 1, height 28, width 28)"
    label = spec.shape((), completed(spec.params, {"values": "classes", "classes": 10}))
    assert (label.sizes, label.dtype, label.classes) == ((), "int64", 10)
    assert prod(label.sizes) == 1
    with pytest.raises(ShapeError, match="at most 8"):
        spec.shape((), completed(spec.params, {"shape": [1] * 9}))
