"""The state dict: the weights alone, by name, for the class that `neuroloom code` prints."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.export.formats import TORCH_SUFFIXES
from engine.export.model import Model


def write(model: Model, path: Path) -> tuple[str, ...]:
    """Write safetensors, or torch's own format where the name asks for it."""
    weights = model.weights()
    if path.suffix.lower() in TORCH_SUFFIXES:
        torch.save(weights, path)
        return ("Load it with torch.load(path, weights_only=True). A .safetensors file also keeps the preparation.",)
    save_file(weights, path, metadata={"format": "pt", **model.facts()})
    return ("Load it with safetensors.torch.load_file(path).",)
