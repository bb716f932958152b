"""A project written as the Python that is trained and exported.

What is emitted is one module that needs torch only: a class for each network and for each objective. Identifiers come
from `engine.names`, values from checked settings through repr.
"""

from engine.analysis.survey import Survey, survey
from engine.codegen.program import programmed
from engine.codegen.source import Metric, Objective, Part, Source
from engine.codegen.summary import summed_up
from engine.codegen.writer import Writer
from engine.errors import TrainingError
from engine.project import Project

__all__ = ["Metric", "Objective", "Part", "Source", "emit", "emit_preview"]

_SHOWN = 5


def emit(project: Project, report: Survey | None = None) -> Source:
    """The source of a project: its first graph, the objectives of its plan, and all that these place. `report`: of that
    project, if it is at hand.

    A design without a loss gives a network alone. Raises TrainingError, with what is wrong, for any other error.
    """
    report = report or survey(project)
    main = report.analyses[project.main]
    if report.faults or not main.nodes:
        errors = [problem.message for problem in report.faults] or ["It is empty."]
        more = f" And {len(errors) - _SHOWN} more." if len(errors) > _SHOWN else ""
        raise TrainingError(f"The design has errors. {' '.join(errors[:_SHOWN])}{more}",
                            "Mend what the list of problems names.")
    program = programmed(project, report)
    if not program.used.results:
        raise TrainingError("The design computes nothing yet.", "Wire a layer to an Input, and an Output to it.")
    writer = Writer(program, report.library)
    return summed_up(program, writer.text(), writer.modules)


def emit_preview(project: Project, report: Survey | None = None) -> str:
    """The source of what is right in a design so far, to look at; what is missing is said in comments. Never raises."""
    report = report or survey(project)
    return Writer(programmed(project, report), report.library).text()
