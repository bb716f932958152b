"""First weights: torch's own, or one of the schemes of `options.TRAINING`."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Draw = Callable[[Tensor], object]

_NORMAL_DEVIATION = 0.02
_EMBEDDING_RANGE = 0.05

_MATRICES: dict[str, Draw] = {
    "glorot": nn.init.xavier_uniform_,
    "he": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "orthogonal": nn.init.orthogonal_,
    "normal": lambda weight: nn.init.normal_(weight, 0.0, _NORMAL_DEVIATION),
}


def initialize(network: nn.Module, scheme: str) -> None:
    """Draw all weights of matrix form anew and set biases to zero. Normalisation layers keep ones and zeros.

    Recurrent layers follow Keras: each gate is drawn by itself, hidden-to-hidden matrices are orthogonal (unless the
    scheme is "normal"), and the forget gates of an LSTM begin open. "torch" leaves everything as torch made it.
    """
    if scheme == "torch":
        return
    draw = _MATRICES[scheme]
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.RNNBase | nn.RNNCellBase):
                _recurrent(module, draw, scheme)
            elif isinstance(module, nn.Embedding):
                _embedding(module, draw, scheme)
            else:
                _plain(module, draw)


def _plain(module: nn.Module, draw: Draw) -> None:
    """Matrices and their biases, of attention too: those of query, key and value are one matrix of three."""
    for weight_name, bias_name in (("weight", "bias"), ("in_proj_weight", "in_proj_bias")):
        weight, bias = getattr(module, weight_name, None), getattr(module, bias_name, None)
        if isinstance(weight, nn.Parameter) and weight.dim() >= 2:
            for part in torch.split(weight, weight.shape[0] // 3) if weight_name != "weight" else (weight,):
                draw(part)
            if isinstance(bias, nn.Parameter):
                nn.init.zeros_(bias)


def _embedding(module: nn.Embedding, draw: Draw, scheme: str) -> None:
    if scheme == "normal":
        draw(module.weight)
    else:
        nn.init.uniform_(module.weight, -_EMBEDDING_RANGE, _EMBEDDING_RANGE)
    if module.padding_idx is not None:
        module.weight[module.padding_idx].zero_()


def _recurrent(module: nn.RNNBase | nn.RNNCellBase, draw: Draw, scheme: str) -> None:
    for name, weight in module.named_parameters(recurse=False):
        if name.startswith("bias"):
            nn.init.zeros_(weight)
            if isinstance(module, nn.LSTM | nn.LSTMCell) and name.startswith("bias_ih"):
                weight[module.hidden_size : 2 * module.hidden_size] = 1.0
            continue
        for gate in torch.split(weight, module.hidden_size):
            if name.startswith("weight_hh") and scheme != "normal":
                nn.init.orthogonal_(gate)
            else:
                draw(gate)
