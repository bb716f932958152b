"""What is true of a whole project, and what is wrong with it: the analyses of all its graphs."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.analysis.analyze import analyze
from engine.analysis.library import Library
from engine.analysis.placements import mended
from engine.analysis.report import Analysis
from engine.plan import has_loss, objectives, phases
from engine.problems import Problem
from engine.project import Project


@dataclass(frozen=True, slots=True)
class Survey:
    """analyses of all graphs by name; `trained`: the names of those that take part in a training or are what comes of
    it: the first, the objectives of all phases, and what these place."""

    library: Library
    analyses: Mapping[str, Analysis]
    trained: tuple[str, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What stands against training."""
        return tuple(problem for name in self.trained for problem in self.analyses[name].errors)

    @property
    def faults(self) -> tuple[Problem, ...]:
        """What stands against building the networks."""
        return tuple(problem for name in self.trained for problem in self.analyses[name].faults)


def survey(project: Project) -> Survey:
    """Never raises, like `analyze`."""
    library = Library(project.graphs)
    with_loss = objectives(project)
    analyses = {}
    for name, graph in project.graphs.items():
        is_objective = has_loss(graph) or (not with_loss and name == project.main)
        data = project.data if is_objective else None
        columns, augmentation = (data.columns, data.augmentation) if data else ((), ())
        found = analyze(graph, columns, augmentation, library) if is_objective else library.analysis(name)
        analyses[name] = mended(found, name, library)
    wanted = (project.main, *(phase.objective for phase in phases(project) if phase.objective in project.graphs))
    trained = dict.fromkeys(each for name in wanted for each in (name, *library.places(name)))
    return Survey(library, analyses, tuple(trained))
