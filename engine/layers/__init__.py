"""The layers that a network can be built of. Torch-free: importing it is quick."""

from engine.layers.catalogue import CATALOGUE, categories, find, search
from engine.layers.spec import LayerSpec, Port

__all__ = ["CATALOGUE", "LayerSpec", "Port", "categories", "find", "search"]
