"""What enters: a training that reads no data, and a network that draws its noise where nobody can say how much."""

import pytest

from engine.analysis.planning import default_plan, problems
from engine.codegen import emit
from engine.graph import Graph
from engine.problems import Problem
from engine.project import Project
from tests.engine.plans import gan, layer, wires

CODES = ("nothing-read", "noise-inside")


def of_nothing() -> Graph:
    """A layer learns to make ones of noise."""
    return Graph((layer("noise", "Noise", shape=(2,)), layer("linear", "Linear", (1, 0), out_features=1),
                  layer("one", "Constant", (1, 1), shape=(1,)), layer("loss", "MSE", (2, 0))),
                 wires("noise linear", "linear loss.prediction", "one loss.target"))


def drawing_inside() -> Project:
    """A GAN whose generator draws its noise itself."""
    project = gan()
    for name in ("Train discriminator", "Train generator"):
        project = project.with_graph(name, project.graphs[name].remove(("noise",)))
    generator = project.graphs["Generator"]
    project = project.with_graph("Generator", generator.update(
        "z", type="Noise", params={"distribution": "uniform", "shape": (2,)}))
    return project.replace(plan=default_plan(project))


def told(project: Project, code: str) -> list[Problem]:
    return [problem for problem in problems(project) if problem.code == code]


def test_a_training_that_reads_nothing_is_an_error() -> None:
    [problem] = told(Project({"Network": of_nothing()}), "nothing-read")
    assert problem.severity == "error"
    assert "Network" in problem.hint


def test_noise_inside_the_used_network_is_told_and_moved_outside() -> None:
    project = drawing_inside()
    [problem] = told(project, "noise-inside")
    assert (problem.severity, problem.graph, problem.node) == ("warning", "Generator", "z")
    assert not emit(project).inputs
    [repair] = problem.project_repairs
    mended = repair.edit(project)
    assert not problems(mended)
    source = emit(mended)
    assert source.inputs == ("z",)
    assert source.noise == {"z": "uniform"}
    assert repair.edit(mended) == mended


def test_a_network_that_is_trained_itself_is_told_what_to_do() -> None:
    graph = of_nothing()
    graph = graph.update("one", type="Input", params={"column": "y", "shape": (1,)})
    [problem] = told(Project({"Network": graph}), "noise-inside")
    assert not problem.project_repairs


@pytest.mark.parametrize("project", [gan(), Project({"Network": of_nothing().remove(("linear",))})])
def test_what_data_enters_and_what_is_not_finished_is_fine(project: Project) -> None:
    assert not told(project, "noise-inside") + told(project, "nothing-read")
