"""What enters a network without being data."""

from engine.layers.io import MAX_SIZE
from engine.layers.spec import Arguments, Inputs, LayerSpec, Params
from engine.params import Choice, Float, Size
from engine.tensors import TensorSpec

DRAWS = {"normal": "randn", "uniform": "rand"}
"""torch's function for each distribution."""


def _shape(inputs: Inputs, params: Params) -> TensorSpec:
    return TensorSpec(params["shape"])


def _sizes(count: str, params: Params) -> str:
    return ", ".join((count, *map(str, params["shape"])))


def _noise_call(module: str, args: Arguments, params: Params) -> str:
    count, device = args
    return f"torch.{DRAWS[params['distribution']]}({_sizes(count, params)}, device={device})"


def _constant_call(module: str, args: Arguments, params: Params) -> str:
    count, device = args
    shape = _sizes(count, params) if params["shape"] else f"{count},"
    return f"torch.full(({shape}), {params['value']!r}, device={device})"


def _size(default: tuple[int, ...]) -> Size:
    return Size(name="shape", default=default, argument=False, minimum=1, maximum=MAX_SIZE,
                help="Sizes of one sample without the batch, such as 64; empty for a single number.")


LAYERS = (
    LayerSpec(
        type="Noise", category="Inputs and outputs", icon="dice-5", constructor="", inputs=(),
        doc="Random numbers, drawn anew for every batch: what a generator makes its samples of.",
        params=(Choice(name="distribution", default="normal", choices=tuple(DRAWS), argument=False,
                       help="Normal: mean 0 and deviation 1. Uniform: from 0 to 1."),
                _size((64,))),
        shape=_shape, call=_noise_call, is_random=True, aliases=("Random", "Latent", "Gaussian", "Source"),
    ),
    LayerSpec(
        type="Constant", category="Inputs and outputs", icon="pin", constructor="", inputs=(),
        doc="The same number everywhere, for every sample: the target of a discriminator, a state to begin with.",
        params=(Float(name="value", default=1.0, minimum=-1e30, maximum=1e30, argument=False,
                      help="The number: 0 for fakes, 1 for real ones."),
                _size(())),
        shape=_shape, call=_constant_call, aliases=("Ones", "Zeros", "Fill", "Source"),
    ),
)
