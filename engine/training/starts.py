"""First weights that come from files: of the whole, of one network, of one layer."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.codegen import emit
from engine.errors import TrainingError
from engine.events import Noted
from engine.network import Built, build
from engine.plan import address
from engine.project import Project
from engine.training.weights import Report, check_weights, load_weights


def start(built: Built, project: Project) -> Iterator[Noted]:
    """Take over the weights that the project names, the whole before its parts; yields what became of each file, as a
    warning where some weights of the network were not in it.

    Raises WeightsError, or TrainingError for something that the project does not have.
    """
    whole = str(project.options["weights"])
    if whole:
        yield _noted(load_weights(built.state(), Path(whole), built.source.part))
    for name, path in sorted(project.starts.items(), key=lambda item: item[0].count("/")):
        yield _noted(load_weights(*_wanted(built, name, path)), f"{_title(project, name)}: ")


def check(project: Project, name: str) -> Report:
    """How the weights that the project, with absolute paths, names for a graph or node, or with "" for the whole, would
    fit. Takes no memory for the networks. Raises as `start` does, or TrainingError for a design that is not finished.
    """
    with torch.device("meta"):
        built = build(emit(project))
    if not name:
        return check_weights(built.state(), Path(str(project.options["weights"])), built.source.part)
    return check_weights(*_wanted(built, name, project.starts[name]))


def _wanted(built: Built, name: str, path: str) -> tuple[Mapping[str, Tensor], Path, str]:
    """The weights that get those of a file, the file, and the name they have inside of a larger network."""
    modules = _modules(built)
    if name not in modules:
        raise TrainingError(f"The weights of {path} are for {name}, which has none or is not trained.",
                            "Choose another place for them, or take them off.")
    module, inside = modules[name]
    return module.state_dict(keep_vars=True), Path(path), inside


def _modules(built: Built) -> dict[str, tuple[nn.Module, str]]:
    """Networks by graph and layers by address, each with the name that it has inside of a larger network."""
    found = {}
    for part in built.source.parts:
        found[address(part.graph)] = (built.parts[part.name], part.name)
        for node_id, attribute in built.source.modules[part.graph].items():
            found[address(part.graph, node_id)] = (built.parts[part.name].get_submodule(attribute), attribute)
    return found


def _noted(report: Report, title: str = "") -> Noted:
    return Noted(f"{title}{report.text()}", "info" if len(report.matched) == report.total else "warning")


def _title(project: Project, name: str) -> str:
    graph, _, node_id = name.rpartition("/")
    return project.graphs[graph].node(node_id).name if graph in project.graphs else name
