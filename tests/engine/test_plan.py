"""Phases, their names for settings, and where weights start, as values."""

import pytest

from engine import projectfile
from engine.errors import OptionError, ProjectError
from engine.plan import Phase, phases, started, with_setting
from engine.project import Project, new_project
from tests.engine.plans import gan


def planned(project: Project, *plan: Phase) -> Project:
    return project.replace(plan=plan)


D, G = Phase("d", "Train discriminator"), Phase("g", "Train generator", every=5, start=10, stop=31)


def test_a_phase_is_used_in_its_steps() -> None:
    assert [step for step in range(40) if G.is_used_in(step)] == [10, 15, 20, 25, 30]
    assert all(map(D.is_used_in, range(5)))
    assert [G.uses(steps) for steps in (0, 10, 11, 31, 400)] == [0, 0, 1, 5, 5]
    assert D.uses(400) == 400
    assert (D.epochs(4, 100), G.epochs(4, 100), G.epochs(4, 10), G.epochs(1, 10)) == (4, 1, 3, 0)
    assert not Phase("never", "x", start=15, stop=12).epochs(4, 10)


def test_without_a_plan_the_options_make_the_one_phase() -> None:
    project = with_setting(with_setting(gan(), "lr", "0.5"), "gradient_clipping", "2")
    [phase] = phases(project)
    assert phase.objective == "Train discriminator"
    assert (phase.updates, phase.clip, phase.optimizer.params["lr"]) == ({}, 2.0, 0.5)


def test_settings_of_optimizers_hold_for_all_phases_or_for_the_one_that_is_named() -> None:
    project = with_setting(planned(gan(), D, G), "lr", "0.25")
    assert [phase.optimizer.params["lr"] for phase in project.plan] == [0.25, 0.25]
    project = with_setting(project, "g:optimizer", "SGD")
    assert [phase.optimizer.type for phase in project.plan] == ["Adam", "SGD"]
    assert with_setting(project, "epochs", "7").options["epochs"] == 7
    for name in ("nobody:lr", "g:epochs", "g:momentun"):
        with pytest.raises(OptionError) as caught:
            with_setting(project, name, "1")
        assert caught.value.hint


def test_weights_start_in_networks_and_layers_by_name_or_id() -> None:
    project = started(started(gan(), "Generator", "a.safetensors"), "Generator/linear_1", "run")
    assert project.starts == {"Generator": "a.safetensors", "Generator/linear_1": "run"}
    assert started(project, "Generator", "").starts == {"Generator/linear_1": "run"}
    for where in ("Nobody", "Generator/nothing"):
        with pytest.raises(OptionError):
            started(project, where, "x")


@pytest.mark.parametrize(("entry", "value"), [
    ("plan", {}), ("plan", [{"name": "a"}]), ("plan", [{"name": "", "objective": "x"}]),
    ("plan", [{"name": "a", "objective": "x", "every": 0}]), ("plan", [{"name": "a", "objective": "x", "clip": -1}]),
    ("plan", [{"name": "a", "objective": "x", "updates": {"x": -0.1}}]),
    ("plan", [{"name": "a", "objective": "x"}] * 2), ("plan", [{"name": "a", "objective": "x", "more": 1}]),
    ("plan", [{"name": "a", "objective": "x", "optimizer": {"type": "Best"}}]), ("starts", []), ("starts", {"a": 1}),
])
def test_files_with_impossible_plans_are_refused_with_the_place(entry: str, value: object) -> None:
    import json

    tree = json.loads(projectfile.dumps(new_project()))
    tree[entry] = value
    with pytest.raises(ProjectError, match=entry):
        projectfile.loads(json.dumps(tree).encode())


def test_a_plan_and_starts_are_kept_in_the_file() -> None:
    project = started(planned(gan(), D, G), "Discriminator", "run")
    assert projectfile.loads(projectfile.dumps(project)) == project
