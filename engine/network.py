"""Emitted source made into torch modules. The one place of the program that executes code.

What is executed is the text that `engine.codegen.emit` made in this process from a checked design: identifiers come
from one cleaning function and values from typed settings. Text that was read from a file is never executed: a run's
network is built from its project, by emitting the source again.
"""

import hashlib
import linecache
import sys
from types import ModuleType

from torch import nn

from engine.codegen import Source


def load_module(text: str) -> ModuleType:
    """The module that the emitted `text` defines. Tracebacks and torch's tools find its source lines."""
    name = f"neuroloom_network_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    filename = f"<{name}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = ModuleType(name)
    module.__file__ = filename
    exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
    sys.modules[name] = module
    return module


def build(source: Source) -> tuple[nn.Module, nn.Module | None]:
    """The network, with random weights drawn from torch's generator, and its objective around it.

    The objective is None for a design without a loss. It holds the very same network, so that training one trains the
    other.
    """
    module = load_module(source.text)
    network: nn.Module = getattr(module, source.network)()
    objective: nn.Module | None = getattr(module, source.objective)(network) if source.objective else None
    return network, objective
