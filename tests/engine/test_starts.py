"""Starting from earlier weights: what fits is told before a training, a run goes on from another, files that are gone
are problems; and freezing by the plan, and back."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import jobs, projectfile, runs
from engine.analysis.freezing import frozen, frozen_nodes, is_frozen, is_trainable, unfrozen
from engine.analysis.starting import Fit, misfits, problems
from engine.events import AnyEvent, Ended, Finished, Noted, Progressed
from engine.options import with_option
from engine.plan import IMPLICIT, Phase, started
from engine.project import Project
from engine.training.control import Control
from engine.work import perform
from tests.engine import compositions, examples
from tests.engine.plans import gan
from tests.engine.training_runs import of, trained


def asked(job: jobs.AnyJob) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    perform(job, events.append, Control())
    return events


def matching(project: Project, address: str) -> AnyEvent:
    """The answer to a check: what fits, or the failure."""
    events = asked(jobs.Match(projectfile.dumps(project).decode(), address))
    return next((event for event in events if isinstance(event, Finished)), events[-1])


def resized(project: Project, node_id: str, **params: object) -> Project:
    return project.with_graph(project.main, project.graph.set_params(node_id, params))


def layers(project: Project, layer_type: str) -> list[str]:
    return [node.id for node in project.graph.nodes if node.type == layer_type]


# What fits


def test_what_fits_is_known_before_the_training(trained_run: Callable[[str], runs.Run], small_fashion: Path) -> None:
    run = trained_run("perceptron")
    project = started(examples.perceptron(small_fashion), "Example", str(run.folder))
    found = matching(project, "Example")
    assert isinstance(found, Finished)
    assert found.result == {"matched": 4, "total": 4, "misfits": ()}
    wider = resized(project, layers(project, "Linear")[0], out_features=7)
    found = matching(wider, "Example")
    assert isinstance(found, Finished)
    assert (found.result["matched"], found.result["total"]) == (1, 4)
    assert "(7, 784) here" in found.result["misfits"][0]


def test_one_layer_takes_its_own_weights_of_a_run(trained_run: Callable[[str], runs.Run], small_fashion: Path) -> None:
    first = layers(examples.perceptron(small_fashion), "Linear")[0]
    project = started(examples.perceptron(small_fashion), f"Example/{first}", str(trained_run("perceptron").folder))
    found = matching(project, f"Example/{first}")
    assert isinstance(found, Finished)
    assert found.result["matched"] == 2
    wider = resized(project, first, out_features=10)
    found = matching(wider, f"Example/{first}")
    assert isinstance(found, Ended)
    assert found.reason == "failed"
    assert "(10, 784) here" in found.message, "another layer of that shape is not taken for it"


def test_the_whole_is_checked_and_a_file_is_looked_at_again_when_it_changes(
    trained_run: Callable[[str], runs.Run], small_fashion: Path, tmp_path: Path
) -> None:
    file = tmp_path / "whole.safetensors"
    file.write_bytes(trained_run("perceptron").checkpoint("best").read_bytes())
    project = examples.perceptron(small_fashion, weights=str(file))
    for _ in range(2):
        found = matching(project, "")
        assert isinstance(found, Finished)
        assert (found.result["matched"], found.result["total"]) == (4, 4)
    save_file({name: value for name, value in load_file(file).items() if name.endswith("bias")}, file)
    found = matching(project, "")
    assert isinstance(found, Finished)
    assert found.result["matched"] == 2
    broken = tmp_path / "broken.safetensors"
    save_file({name: torch.full_like(value, torch.nan) for name, value in load_file(file).items()}, broken)
    found = matching(project.replace(options=with_option(project.options, "weights", str(broken))), "")
    assert isinstance(found, Ended)
    assert "not numbers" in found.message


def test_a_check_says_why_it_cannot_be_made(small_fashion: Path, tmp_path: Path) -> None:
    project = started(examples.perceptron(small_fashion), "Example", str(tmp_path / "none.pt"))
    found = matching(project, "Example")
    assert isinstance(found, Ended)
    assert "none.pt" in found.message
    graph = project.graph
    cut = project.with_graph(project.main, graph.disconnect(*graph.into(layers(project, "Linear")[0])))
    found = matching(cut, "Example")
    assert isinstance(found, Ended)
    assert found.message


def test_a_file_of_one_network_fits_that_network_among_others(tmp_path: Path) -> None:
    run, _ = trained(compositions.perceptron(tmp_path, 60, epochs=1), tmp_path / "run")
    project = compositions.perceptron(tmp_path, 60, epochs=1)
    shared = project.replace(graphs={**project.graphs, "Body": compositions.body()})
    _, events = trained(runs.continued(shared, None, run), tmp_path / "next")
    (taken,) = (note for note in of(Noted, events) if "4 of 4 taken over" in note.message)
    assert taken.level == "info"


# Going on from a run


def test_a_run_goes_on_from_another_and_what_that_began_with_is_not_read_again(
    trained_run: Callable[[str], runs.Run], small_fashion: Path, tmp_path: Path
) -> None:
    first = trained_run("perceptron")
    where = f"Example/{layers(examples.perceptron(small_fashion), 'Linear')[0]}"
    project = started(examples.perceptron(small_fashion, epochs=1), where, str(first.folder))
    second, _ = trained(project, tmp_path / "second")
    going_on = runs.continued(project, None, second)
    assert going_on.options["weights"] == str(second.folder)
    assert going_on.starts == {}
    other = runs.continued(started(project, "Example", "other.pt"), tmp_path / "project.neuroloom", second)
    assert other.starts == {"Example": str(tmp_path / "other.pt")}, "what is new is read"
    _, events = trained(resized(going_on, layers(project, "Linear")[0], out_features=9), tmp_path / "third")
    (taken,) = (note for note in of(Noted, events) if "1 of 4 taken over" in note.message)
    assert "other shape" in taken.message
    assert taken.level == "warning"


# Files that are gone


def test_what_is_not_there_is_a_problem_with_its_repair(small_fashion: Path, tmp_path: Path) -> None:
    project = examples.perceptron(small_fashion)
    (tmp_path / "there.pt").touch()
    (tmp_path / "run").mkdir()
    good = started(project, "Example", "there.pt")
    assert list(problems(good, tmp_path)) == []
    assert len(list(problems(good, tmp_path / "elsewhere"))) == 1
    node = project.graph.node(layers(project, "Linear")[0])
    bad = started(started(project, "Example", "run"), f"Example/{node.name}", "gone.pt")
    bad = bad.replace(starts={**bad.starts, "Old": "there.pt"}, options=with_option(bad.options, "weights", "w.pt"))
    found = list(problems(bad, tmp_path))
    assert [(problem.graph, problem.node) for problem in found] == [("", ""), ("Example", ""), ("Example", node.id),
                                                                    ("", "")]
    assert "no checkpoint" in found[1].message
    assert node.name in found[2].message
    assert "Old" in found[3].message
    for problem in found:
        bad = problem.project_repairs[0].edit(bad)
    assert bad == project


@pytest.mark.parametrize("path", ["~nobody who is there/w.pt", 300 * "x", "w\0.pt"], ids=["user", "long", "nul"])
def test_what_can_be_no_file_is_not_there(path: str, small_fashion: Path, tmp_path: Path) -> None:
    project = started(examples.perceptron(small_fashion), "Example", path)
    [problem] = problems(project, tmp_path)
    assert "which is not there" in problem.message
    assert path in runs.anchored(project, tmp_path / "example.neuroloom").starts["Example"]
    projectfile.save(project, tmp_path / "example.neuroloom")
    assert list(problems(projectfile.load(tmp_path / "example.neuroloom"), tmp_path))


def test_what_does_not_fit_is_a_warning_with_its_repair(small_fashion: Path, tmp_path: Path) -> None:
    plain = examples.perceptron(small_fashion)
    (tmp_path / "there.pt").touch()
    layer = f"Example/{layers(plain, 'Linear')[0]}"
    project = started(started(plain, "Example", "there.pt"), layer, "there.pt")
    project = project.replace(options=with_option(project.options, "weights", "there.pt"))
    fits = {"": Fit("there.pt", failure=("No weight is in it.", "Choose another.")),
            "Example": Fit("there.pt", 1, 6, ("other shape: a.",)), layer: Fit("there.pt", 2, 2)}
    found = list(misfits(project, tmp_path, fits))
    assert [(problem.code, problem.severity, problem.graph) for problem in found] == [
        ("start-unfit", "warning", ""), ("start-partial", "warning", "Example")]
    assert "No weight is in it." in found[0].message
    assert "1 of 6 tensors" in found[1].message
    assert found[1].hint == "Other shape: a."
    assert not list(misfits(project, tmp_path / "elsewhere", fits)), "that it is gone is said already"
    for problem in found:
        project = problem.project_repairs[0].edit(project)
    assert project.starts == {layer: "there.pt"}
    assert not list(misfits(started(plain, "Example", "other.pt"), tmp_path, fits))


@pytest.mark.parametrize(("old", "path", "new", "expected"), [
    ("a", "weights/x.pt", "a", "weights/x.pt"), ("a", "x.pt", "a/b", "../x.pt"), (None, "{}/a/x.pt", "a", "x.pt"),
    ("a", "{}/x.pt", "a", "{}/x.pt"),
])
def test_weights_are_found_again_when_a_project_moves(
    old: str | None, path: str, new: str, expected: str, tmp_path: Path
) -> None:
    project = started(gan(), "Generator", path.format(tmp_path))
    project = project.replace(options=with_option(project.options, "weights", path.format(tmp_path)))
    moved = projectfile.relocated(project, tmp_path / old if old else None, tmp_path / new)
    assert moved.starts == {"Generator": expected.format(tmp_path)}
    assert moved.options["weights"] == expected.format(tmp_path)


# Freezing


def test_freezing_makes_a_plan_and_back_none(small_fashion: Path) -> None:
    project = examples.perceptron(small_fashion, lr=0.02)
    first, second = layers(project, "Linear")
    assert is_trainable(project, "Example")
    assert not is_trainable(project, "Example", layers(project, "ReLU")[0])
    cold = frozen(project, "Example", first)
    (phase,) = cold.plan
    assert phase.updates == {"Example": 1.0, f"Example/{first}": 0.0}
    assert (phase.name, phase.optimizer) == (IMPLICIT, project.options.optimizer)
    assert is_frozen(cold, "Example", first)
    assert not is_frozen(cold, "Example", second)
    assert not is_frozen(cold, "Example")
    assert unfrozen(cold, "Example", first) == project
    both = frozen(cold, "Example", second)
    assert is_frozen(both, "Example")
    assert unfrozen(unfrozen(both, "Example", first), "Example", second) == project
    assert unfrozen(both, "Example") == project
    whole = frozen(cold, "Example")
    assert whole.plan[0].updates == {"Example": 0.0}
    assert unfrozen(whole, "Example", first).plan[0].updates == {"Example": 0.0, f"Example/{first}": 1.0}
    assert unfrozen(whole, "Example") == project


def test_a_plan_that_says_more_stays(small_fashion: Path) -> None:
    project = examples.perceptron(small_fashion)
    cold = frozen(project, "Example", layers(project, "Linear")[0])
    clipped = cold.replace(plan=tuple(msgspec.structs.replace(phase, clip=1.0) for phase in cold.plan))
    assert unfrozen(clipped, "Example", layers(project, "Linear")[0]).plan[0].clip == 1.0


def test_of_several_phases_those_change_that_update_it() -> None:
    plan = (Phase("d", "Train discriminator", {"Discriminator": 1.0}),
            Phase("g", "Train generator", {"Generator": 0.5}))
    project = gan().replace(plan=plan)
    cold = frozen(project, "Discriminator", "linear_1")
    assert [phase.updates for phase in cold.plan] == [
        {"Discriminator": 1.0, "Discriminator/linear_1": 0.0}, {"Generator": 0.5}]
    assert is_frozen(cold, "Discriminator", "linear_1")
    assert unfrozen(cold, "Discriminator", "linear_1") == project
    assert frozen_nodes(cold, "Discriminator") == {"linear_1"}


def test_a_node_is_frozen_where_no_phase_moves_any_of_its_weights() -> None:
    project = gan().replace(plan=(Phase("d", "Train discriminator", {"Discriminator": 1.0}),))
    assert frozen_nodes(project, "Train discriminator") == {"made"}
    assert frozen_nodes(project, "Generator") == {"linear_1", "linear_2"}
    assert not frozen_nodes(project, "Discriminator")
    both = project.replace(plan=(*project.plan, Phase("g", "Train generator", {"Generator": 0.5})))
    assert not any(frozen_nodes(both, name) for name in both.graphs), "each rests only in the phase of the other"
    assert not frozen_nodes(project.replace(plan=()), "Generator")


# The training as a script


def test_a_job_writes_the_training_as_a_script(small_fashion: Path, tmp_path: Path) -> None:
    text = projectfile.dumps(examples.perceptron(small_fashion, early_stopping=2)).decode()
    events = asked(jobs.Script(text, str(tmp_path / "script")))
    assert of(Progressed, events)
    (finished,) = of(Finished, events)
    assert finished.result == {"path": str(tmp_path / "script"), "notes": ["The script does not stop early."]}
    assert {"model.py", "train.py"} < {path.name for path in (tmp_path / "script").iterdir()}
    again = asked(jobs.Script(text, str(tmp_path / "script")))[-1]
    assert isinstance(again, Ended)
    assert "not empty" in again.message
    (tmp_path / "file").touch()
    blocked = asked(jobs.Script(text, str(tmp_path / "file")))[-1]
    assert isinstance(blocked, Ended)
    assert "cannot be created" in blocked.message
