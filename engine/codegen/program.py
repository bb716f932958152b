"""Which graphs of a project become code, in which order, and what their networks are to each other."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.analysis.library import Library
from engine.analysis.survey import Survey
from engine.codegen.outline import Outline, outlined
from engine.codegen.ready_made import ready_made_names
from engine.names import Names, identifier
from engine.plan import phases
from engine.project import Project


@dataclass(frozen=True, slots=True)
class Program:
    """outlines: of every graph that becomes code, each after those that it places. objectives: the graphs that the
    phases train, in their order. main: the graph that is used."""

    outlines: dict[str, Outline]
    main: str
    objectives: tuple[str, ...]

    @property
    def used(self) -> Outline:
        return self.outlines[self.main]

    def parts(self) -> list[Outline]:
        """The graphs of which there is one network object: those that others share, and objectives with weights of
        their own."""
        shared = {name for outline in self.outlines.values() for name in outline.networks}
        return [outline for name, outline in self.outlines.items() if name == self.main or name in shared
                or (name in self.objectives and (outline.is_pair or outline.analysis.own))]


def programmed(project: Project, report: Survey) -> Program:
    """The program of a project: its first graph, the objectives of its phases, and all that these place."""
    library = report.library
    trained = tuple(dict.fromkeys(
        phase.objective for phase in phases(project)
        if phase.objective in project.graphs and report.analyses[phase.objective].nodes))
    placed = library.placed_somewhere()
    order = _in_order((project.main, *trained), library)
    objectives = (f"{identifier(graph, 'class', 'Network')}Objective" for graph in order)
    names = Names((*objectives, *ready_made_names()))
    outlines = dict[str, Outline]()
    for graph in order:
        class_name = names.take(graph, "class", "Network")
        outlines[graph] = outlined(graph, class_name, report.analyses[graph], library, outlines,
                                   is_pair=graph == project.main or graph in placed)
    return Program(outlines, project.main, tuple(graph for graph in trained if outlines[graph].losses))


def _in_order(wanted: Iterable[str], library: Library) -> list[str]:
    """These graphs and all that they place, inner ones first; a graph that contains itself stands somewhere."""
    order: list[str] = []
    for name in wanted:
        if name not in order:
            inner = sorted(library.places(name), key=lambda each: len(library.places(each)))
            order += [each for each in (*inner, name) if each not in order]
    return order
