"""Emitted source made into torch modules. The one place of the program that executes code.

What is executed is the text that `engine.codegen.emit` made in this process from a checked design: identifiers come
from one cleaning function and values from typed settings. Text that was read from a file is never executed: a run's
network is built from its project, by emitting the source again.
"""

import hashlib
import linecache
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor, nn

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


@dataclass(frozen=True)
class Built:
    """All network objects of a source, and its objectives, which hold these very objects.

    parts       networks by name, inner ones first; random weights were drawn in this order
    objectives  by graph
    """

    source: Source
    parts: dict[str, nn.Module]
    objectives: dict[str, nn.Module]

    @property
    def network(self) -> nn.Module:
        """The network that is tested, tried and exported."""
        return self.parts[self.source.part]

    @property
    def objective(self) -> nn.Module | None:
        """What the network is tested by; None for one without a loss of its own."""
        judged = self.source.objective
        return self.objectives[judged.graph] if judged else None

    @property
    def everything(self) -> nn.ModuleList:
        """All modules, to be moved or switched together."""
        return nn.ModuleList((*self.parts.values(), *self.objectives.values()))

    def state(self) -> dict[str, Tensor]:
        """All weights and statistics by name: of a single network as that names them, of several with the name of the
        part that owns them in front. The tensors are those of the networks themselves."""
        if len(self.parts) == 1:
            return dict(self.network.state_dict(keep_vars=True))
        found: dict[str, Tensor] = {}
        known: set[int] = set()
        for part, module in self.parts.items():
            for name, tensor in module.state_dict(keep_vars=True).items():
                if id(tensor) not in known:
                    known.add(id(tensor))
                    found[f"{part}.{name}"] = tensor
        return found

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Copy a state of the same networks. Raises RuntimeError if it is of others."""
        own = self.state()
        if own.keys() != state.keys():
            name = next(iter(own.keys() ^ state.keys()))
            raise RuntimeError(f"it is of another network: {name} is only in one of them")
        with torch.no_grad():
            for name, tensor in own.items():
                if tensor.shape != state[name].shape:
                    raise RuntimeError(f"it is of another network: {name} is {tuple(state[name].shape)}, not "
                                       f"{tuple(tensor.shape)}")
                tensor.copy_(state[name])

    def owners(self) -> dict[int, tuple[str, str]]:
        """The graph and node that each weight belongs to, by the identity of the weight."""
        found: dict[int, tuple[str, str]] = {}
        for part in self.source.parts:
            for node_id, attribute in self.source.modules[part.graph].items():
                for weight in self.parts[part.name].get_submodule(attribute).parameters():
                    found.setdefault(id(weight), (part.graph, node_id))
        return found


def build(source: Source) -> Built:
    """The networks, with random weights drawn from torch's generator, and the objectives around them."""
    module = load_module(source.text)
    parts: dict[str, nn.Module] = {}
    for part in source.parts:
        given = (parts[name] for name in part.parts)
        parts[part.name] = getattr(module, part.network)(*given)
    objectives: dict[str, nn.Module] = {}
    for graph, objective in source.objectives.items():
        given = (parts[name] for name in objective.parts)
        objectives[graph] = (parts[objective.part] if objective.is_part
                             else getattr(module, objective.objective)(*given))
    return Built(source, parts, objectives)
