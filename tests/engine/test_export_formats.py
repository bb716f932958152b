"""Every format for networks of every kind: written, loaded in a fresh process, equal; and what is in the files."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine import trained
from engine.evaluation import evaluate
from engine.events import AnyEvent
from engine.export import FORMATS, export
from engine.prediction import predict
from engine.project import RESOURCES

LOCAL = (str(Path(__file__).parents[2]).encode(), b"/tmp/", b"/home/", b"/root", b"site-packages", b"stack_trace")
CASES = [*product(("perceptron", "cnn", "lstm"), FORMATS), ("yes_or_no", "onnx")]


class Exported(NamedTuple):
    path: Path
    result: dict[str, Any]
    events: list[AnyEvent]


@pytest.fixture(scope="module")
def exported(trained_run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Exported]:
    """exported("cnn", "onnx"): made once. Tests only read it."""
    made: dict[tuple[str, str], Exported] = {}

    def get(network: str, format: str) -> Exported:
        if (network, format) not in made:
            path = tmp_path_factory.mktemp("exported") / "made" / f"network{FORMATS[format].suffix}"
            events: list[AnyEvent] = []
            result = export(trained_run(network), format, path, emit=events.append)
            made[network, format] = Exported(path, result, events)
        return made[network, format]

    return get


@pytest.mark.parametrize(("network", "format"), CASES)
def test_every_format_computes_what_the_network_does(exported, network: str, format: str) -> None:
    path, result, events = exported(network, format)
    assert result["path"] == str(path)
    assert result["samples"] == (80 if network == "yes_or_no" else 256)
    assert 0 <= result["difference"] <= 1e-4
    assert events[-1].fraction == 1.0
    assert [entry.name for entry in path.parent.iterdir()] == [path.name], "nothing is left beside an export"
    assert not local_paths(path)


def local_paths(path: Path) -> list[str]:
    """Traces of this machine in the files of an export."""
    contents: dict[str, bytes] = {}
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        if file.suffix == ".pt2":
            with zipfile.ZipFile(file) as archive:
                contents |= {name: archive.read(name) for name in archive.namelist()}
        else:
            contents[file.name] = file.read_bytes()
    return [f"{name}: {text!r}" for name, content in contents.items() for text in LOCAL if text in content]


def test_onnx_has_names_a_free_batch_and_the_accuracy_of_the_test(trained_run, exported) -> None:
    import onnx
    import onnxruntime

    run = trained_run("perceptron")
    path, result, _ = exported("perceptron", "onnx")
    model = onnx.load(path)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert next(entry.version for entry in model.opset_import if not entry.domain) >= 18
    assert any("opset 18" in note for note in result["notes"])
    facts = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert facts["preparation"] == json.loads(json.dumps(run.preparation().to_json()))
    assert facts["classes"]["scores"][:2] == ["T-shirt/top", "Trouser"]

    data = trained.load_data(run, trained.load(run), lambda event: None)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [scores] = session.run(["scores"], {"image": data.prepared("image", data.rows["test"])})
    accuracy = (scores.argmax(1) == data.prepared("label", data.rows["test"])).mean()
    assert accuracy == pytest.approx(evaluate(run, "test")["metrics"]["accuracy"], abs=1e-6)
    assert accuracy > 0.4, "it has learned something, so that equality means something"


def test_the_state_dict_holds_the_weights_bit_for_bit(trained_run, exported, tmp_path: Path) -> None:
    run = trained_run("cnn")
    expected = load_file(run.checkpoint("best"))
    export(run, "state_dict", tmp_path / "w.pt")
    for found in (load_file(exported("cnn", "state_dict").path), torch.load(tmp_path / "w.pt", weights_only=True)):
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_the_preparation_travels_with_every_file(trained_run, exported) -> None:
    from safetensors import safe_open

    expected = json.loads(json.dumps(trained_run("perceptron").preparation().to_json()))
    with safe_open(exported("perceptron", "state_dict").path, "pt") as file:
        assert json.loads(file.metadata()["preparation"]) == expected
        assert json.loads(file.metadata()["classes"])["scores"][0] == "T-shirt/top"
    facts = {"preparation.json": ""}
    with exported("perceptron", "pt2").path.open("rb") as file:
        torch.export.load(file, extra_files=facts)
    assert json.loads(facts["preparation.json"]) == expected


def test_the_source_folder_predicts_by_itself_as_the_program_does(trained_run, tmp_path: Path) -> None:
    from PIL import Image

    run = trained_run("perceptron")
    evaluate(run, "test")
    folder = tmp_path / "network"
    export(run, "source", folder)
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "README.md", "config.json", "model.py", "model.safetensors", "predict.py", "requirements.txt",
        "runtime"]
    pictures = [tmp_path / "shirt.png", tmp_path / "wide.png"]
    Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28)).save(pictures[0])
    Image.effect_noise((90, 60), 80).convert("RGBA").save(pictures[1])
    found = json.loads(run_predict(folder, tmp_path, "--json", *map(str, pictures)))
    expected = predict(run, pictures)
    for ours, theirs in zip(expected["predictions"], found["predictions"], strict=True):
        assert theirs["name"] == ours["name"]
        assert theirs["label"] == ours["label"]
        assert theirs["probabilities"] == pytest.approx(ours["probabilities"], abs=1e-6)
    lines = run_predict(folder, tmp_path, *map(str, pictures)).splitlines()
    assert lines[0].startswith(f"shirt.png\t{found['predictions'][0]['label']}\t")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| accuracy |" in card
    assert "(batch, 1, 28, 28)" in card


def test_the_source_folder_reads_tables_and_answers_in_the_unit_of_the_data(trained_run, house_prices: Path,
                                                                           tmp_path: Path) -> None:
    run = trained_run("regression")
    export(run, "source", tmp_path / "network")
    found = json.loads(run_predict(tmp_path / "network", tmp_path, "--json", str(house_prices)))["predictions"]
    expected = predict(run, [house_prices])["predictions"]
    assert len(found) == 400
    assert [entry["value"] for entry in found] == pytest.approx([entry["value"] for entry in expected], rel=1e-4)
    assert 100_000 < np.mean([entry["value"] for entry in found]) < 500_000


def test_the_source_folder_tells_all_outputs(trained_run, house_prices: Path, tmp_path: Path) -> None:
    run = trained_run("yes_or_no")
    export(run, "source", tmp_path / "network")
    found = json.loads(run_predict(tmp_path / "network", tmp_path, "--json", str(house_prices)))["predictions"]
    expected = predict(run, [house_prices])["predictions"]
    assert [entry["outputs"].keys() for entry in found] == [{"scores", "chance"}] * 400
    assert [entry["label"] for entry in found] == [entry["label"] for entry in expected]


def run_predict(folder: Path, somewhere: Path, *arguments: str) -> str:
    """The exported predict.py as its user runs it: from another folder, without Neuroloom on the path."""
    done = subprocess.run([sys.executable, "-E", "-s", folder / "predict.py", *arguments], cwd=somewhere, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_written_scripts_need_nothing_of_the_program() -> None:
    for script in ("predict.py", "verify.py"):
        text = (RESOURCES / "export" / script).read_text(encoding="utf-8")
        assert "import engine" not in text
        assert "from engine" not in text
