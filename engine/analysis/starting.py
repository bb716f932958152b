"""What is wrong with the files that weights start from, as far as names tell: nothing is read."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.plan import address
from engine.problems import Problem, ProjectRepair
from engine.project import Project
from engine.runs import weights_file

WEIGHTS = "weights"
"""The training option that names the weights of the whole."""


def problems(project: Project, folder: Path | None) -> Iterator[Problem]:
    """Starts whose file is missing, or whose layer is. `folder`: of the project file, None if it was never saved."""
    whole = str(project.options[WEIGHTS])
    if whole and (reason := _missing(whole, folder)):
        yield _problem("", "", f"The training starts from {whole}, {reason}.")
    for name, path in project.starts.items():
        graph, node_id, title = _place(project, name)
        reason = _missing(path, folder)
        if not title:
            yield _problem(name, graph, f"Weights of {path} are for {name}, which the project does not have.")
        elif reason:
            yield _problem(name, graph, f"{title} starts from {path}, {reason}.", node_id)


def without_start(project: Project, name: str) -> Project:
    """With random first weights for an address; "": for the whole."""
    if name:
        return project.replace(starts={key: path for key, path in project.starts.items() if key != name})
    training = {**project.options.training, WEIGHTS: ""}
    return project.replace(options=msgspec.structs.replace(project.options, training=training))


def _missing(path: str, folder: Path | None) -> str:
    located = (folder or Path.cwd()) / Path(path).expanduser()
    if weights_file(located).is_file():
        return ""
    return "a run that has no checkpoint yet" if located.is_dir() else "which is not there"


def _place(project: Project, name: str) -> tuple[str, str, str]:
    """The graph and node of an address, and what users call it; "" if the project does not have it."""
    for graph, drawn in project.graphs.items():
        if name == address(graph):
            return graph, "", graph
        node_id = name.removeprefix(f"{graph}/")
        if node_id != name and node_id in drawn:
            return graph, node_id, drawn.node(node_id).name
    return "", "", ""


def _problem(name: str, graph: str, message: str, node: str = "") -> Problem:
    return Problem(severity="error", code="start-missing", message=message, graph=graph, node=node,
                   hint="Choose another file, or start at random.",
                   project_repairs=(ProjectRepair("Start at random", lambda now: without_start(now, name)),))
