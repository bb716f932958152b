"""What a plan of several networks trains is, in every bit, what a script written by hand trains; and it goes on, is
saved, tested, used and exported like any other."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine import projectfile
from engine.codegen import emit
from engine.evaluation import evaluate
from engine.export import export
from engine.prediction import made, predict
from engine.project import Project
from engine.runs import Run
from tests.engine import compositions
from tests.engine.handwritten import SCRIPTS, material
from tests.engine.training_runs import StopAfter, continued, sha256, trained

pytestmark = pytest.mark.usefixtures("one_thread")
"""The scripts compute with as many threads as the trainings: sums in another order have other last digits."""

Composed = Callable[[str], Run]
ENDINGS = {"source": "", "onnx": ".onnx", "pt2": ".pt2"}


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Composed:
    """composed("gan"): a completed run of 50 steps. Tests only read it."""
    runs: dict[str, Run] = {}

    def get(name: str) -> Run:
        if name not in runs:
            start = [get("two_heads").folder] if name == "fine_tuning" else []
            project = getattr(compositions, name)(tmp_path_factory.mktemp(name), *start)
            runs[name] = completed(project, tmp_path_factory.mktemp("runs") / name)
        return runs[name]

    return get


def completed(project: Project, folder: Path) -> Run:
    run, _ = trained(project, folder)
    assert run.info().status == "completed", run.info().message
    return run


def weights(run: Run, checkpoint: str = "last") -> dict[str, Tensor]:
    return load_file(run.checkpoint(checkpoint))


def different(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> list[str]:
    """Names of tensors that are not the same in every bit."""
    assert found.keys() == wanted.keys()
    return [name for name, value in wanted.items() if not torch.equal(found[name], value)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_fifty_steps_give_the_bits_of_a_script_written_by_hand(name: str, composed: Composed) -> None:
    run = composed(name)
    assert run.info().step == compositions.STEPS
    assert not different(weights(run), SCRIPTS[name](material(run.project)).state_dict())


def test_a_body_that_is_never_moved_keeps_weights_and_statistics(composed: Composed, tmp_path: Path) -> None:
    start = composed("two_heads")
    project = compositions.fine_tuning(tmp_path, start.folder, thaw=0)
    run = completed(project, tmp_path / "run")
    assert not different(weights(run), SCRIPTS["fine_tuning"](material(project)).state_dict())
    before = weights(start, "best")
    body = {name: value for name, value in weights(run).items() if name.startswith("body.")}
    assert "body.norm.running_mean" in body
    assert not different(body, {name: before[name] for name in body})


@pytest.mark.parametrize("name", ["gan", "two_tasks", "fine_tuning"])
def test_an_interrupted_plan_ends_with_the_same_bits(name: str, composed: Composed, tmp_path: Path) -> None:
    """One interruption is right before the step in which the body of fine-tuning begins to move."""
    whole = composed(name)
    broken, events = trained(whole.project, tmp_path / "broken", StopAfter(4))
    stops = [broken.info().step]
    for looks in (13, 9, 3, 14):
        assert events[-1].reason == "stopped"
        events = continued(broken, StopAfter(looks))
        stops.append(broken.info().step)
    assert stops == [4, 15, 22, 25, 37]
    events = continued(broken)
    assert events[-1].reason == "completed"
    for checkpoint in ("last", "best", "resume"):
        assert sha256(broken.checkpoint(checkpoint)) == sha256(whole.checkpoint(checkpoint)), checkpoint


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_project_file_holds_all_of_it(name: str, composed: Composed, tmp_path: Path) -> None:
    project = composed(name).project
    projectfile.save(project, tmp_path / "project.neuroloom")
    loaded = projectfile.load(tmp_path / "project.neuroloom")
    assert loaded == project
    assert emit(loaded) == emit(project)


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_is_tested_like_any_other(name: str, composed: Composed) -> None:
    run = composed(name)
    found = evaluate(run, "test")
    assert np.isfinite(found["loss"])
    assert found["samples"] == 84


@pytest.mark.parametrize("format", ENDINGS)
@pytest.mark.parametrize("name", ["gan", "translation", "speech", "two_heads", "two_tasks", "fine_tuning"])
def test_what_is_exported_computes_the_same(name: str, format: str, composed: Composed, tmp_path: Path) -> None:
    report = export(composed(name), format, tmp_path / f"network{ENDINGS[format]}", "last")
    assert report["difference"] < 1e-4


def test_a_generator_makes_points(composed: Composed) -> None:
    points = made(composed("gan"), 100, seed=1)
    assert {name: array.shape for name, array in points.items()} == {"point_out": (100, 2)}


def test_answers_of_both_heads(composed: Composed, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a,b,c,d,e,f\n1,0,0.5,-1,0,0\n-2,1,0,0,0,1\n")
    for entry in predict(composed("two_heads"), [tmp_path / "new.csv"])["predictions"]:
        assert entry["outputs"].keys() == {"price_out", "age_out"}
    assert len(predict(composed("two_tasks"), [tmp_path / "new.csv"])["predictions"]) == 2
    assert len(predict(composed("fine_tuning"), [tmp_path / "new.csv"])["predictions"]) == 2


def test_texts_are_written_by_two_networks(composed: Composed, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("source\n1234\n40\n")
    for method in ("greedy", "beam"):
        found = predict(composed("translation"), [tmp_path / "new.csv"], decoding={"decode": method},
                        with_attention=True)["predictions"]
        assert len(found) == 2
        assert all(set(entry["text"]) <= set("01234") and entry["attention"]["columns"] for entry in found)


def test_letters_are_heard(composed: Composed) -> None:
    run = composed("speech")
    assert run.project.data is not None
    recording = Path(run.project.data.path) / "7.wav"
    [entry] = predict(run, [recording])["predictions"]
    assert set(entry["text"]) <= set("abc")
    told = evaluate(run)["written"]["texts"]
    assert all(text["read"] == f"{text['row']}.wav" and set(text["truth"]) <= set("abc") for text in told)
