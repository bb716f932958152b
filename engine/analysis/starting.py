"""What is wrong with the files that weights start from: whether they are there, and what of them was found to fit.
Nothing is read here."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.plan import address
from engine.problems import Problem, ProjectRepair, Severity
from engine.project import Project, expanded
from engine.runs import weights_file

WEIGHTS = "weights"
"""The training option that names the weights of the whole."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How the weights of `path`, as the project writes it, fit by name and shape: so many tensors of all that are
    wanted. `misfits`: lines for people; `failure`: message and hint where none can be taken over."""

    path: str
    matched: int = 0
    total: int = 0
    misfits: tuple[str, ...] = ()
    failure: tuple[str, str] | None = None


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


def misfits(project: Project, folder: Path | None, fits: Mapping[str, Fit]) -> Iterator[Problem]:
    """Starts that bring less than the network has, of those whose fit is known, by address; "": the whole."""
    for name, path in paths(project).items():
        fit = fits.get(name)
        graph, node_id, title = _place(project, name) if name else ("", "", "The training")
        if fit is None or fit.path != path or not title or _missing(path, folder):
            continue
        if fit.failure:
            yield _problem(name, graph, f"{title} cannot start from {path}. {fit.failure[0]}", node_id,
                           severity="warning", code="start-unfit")
        elif fit.matched < fit.total:
            yield _problem(name, graph, f"{title} starts from {path}, where {fit.matched} of {fit.total} tensors fit "
                           "by name and shape; the others start at random.", node_id, severity="warning",
                           code="start-partial", hint=" ".join(line[:1].upper() + line[1:] for line in fit.misfits))


def paths(project: Project) -> dict[str, str]:
    """Where weights start from, by address; "": the whole."""
    whole = str(project.options[WEIGHTS])
    return {**({"": whole} if whole else {}), **project.starts}


def file_of(path: str, folder: Path | None) -> Path:
    """The file of weights that a path of the project means. It may not exist."""
    return weights_file(located(path, folder))


def located(path: str, folder: Path | None) -> Path:
    """A path as the project writes it, from the folder of the project file."""
    return (folder or Path.cwd()) / expanded(path)


def without_start(project: Project, name: str) -> Project:
    """With random first weights for an address; "": for the whole."""
    if name:
        return project.replace(starts={key: path for key, path in project.starts.items() if key != name})
    training = {**project.options.training, WEIGHTS: ""}
    return project.replace(options=msgspec.structs.replace(project.options, training=training))


def _missing(path: str, folder: Path | None) -> str:
    if os.path.isfile(file_of(path, folder)):  # noqa: PTH113 -- Path.is_file raises for names that are too long
        return ""
    is_run = os.path.isdir(located(path, folder))  # noqa: PTH112
    return "a run that has no checkpoint yet" if is_run else "which is not there"


def _place(project: Project, name: str) -> tuple[str, str, str]:
    """The graph and node of an address, and what users call it; "" if the project does not have it."""
    for graph, drawn in project.graphs.items():
        if name == address(graph):
            return graph, "", graph
        node_id = name.removeprefix(f"{graph}/")
        if node_id != name and node_id in drawn:
            return graph, node_id, drawn.node(node_id).name
    return "", "", ""


def _problem(name: str, graph: str, message: str, node: str = "", *, severity: Severity = "error",
             code: str = "start-missing", hint: str = "Choose another file, or start at random.") -> Problem:
    return Problem(severity=severity, code=code, message=message, graph=graph, node=node, hint=hint,
                   project_repairs=(ProjectRepair("Start at random", lambda now: without_start(now, name)),))
