"""A project written as the Python that is trained and exported.

What is emitted is one module that needs torch only: a class for the network and one for its objective. Identifiers
come from `engine.names`, values from checked settings through repr.
"""

from engine.analysis import Analysis, analyze
from engine.codegen.plan import planned
from engine.codegen.source import Metric, Source
from engine.codegen.writer import written
from engine.errors import TrainingError
from engine.project import Project

__all__ = ["Metric", "Source", "emit", "emit_preview"]

_SHOWN = 5


def emit(project: Project, analysis: Analysis | None = None) -> Source:
    """The source of a project's main graph. `analysis`: of that graph, if it is at hand.

    A design without a loss gives a network alone. Raises TrainingError, with what is wrong, for any other error.
    """
    report = analysis or _analyzed(project)
    if not report.is_buildable:
        errors = [problem.message for problem in report.errors] or ["It is empty."]
        more = f" And {len(errors) - _SHOWN} more." if len(errors) > _SHOWN else ""
        raise TrainingError(f"The design has errors. {' '.join(errors[:_SHOWN])}{more}",
                            "Mend what the list of problems names.")
    plan = planned(project.main, project.graph, report)
    if not plan.results:
        raise TrainingError("The design computes nothing yet.", "Wire a layer to an Input, and an Output to it.")
    return written(plan)


def emit_preview(project: Project, analysis: Analysis | None = None) -> str:
    """The source of what is right in a design so far, to look at; what is missing is said in comments. Never raises."""
    return written(planned(project.main, project.graph, analysis or _analyzed(project))).text


def _analyzed(project: Project) -> Analysis:
    data = project.data
    return analyze(project.graph, data.columns, data.augmentation) if data else analyze(project.graph)
