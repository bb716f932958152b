"""Training, testing, predicting and exporting from the terminal, in this process: the JSON that programs rely on."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import projectfile, runs
from engine.cli.main import main
from engine.history import History
from engine.project import RESOURCES
from tests.engine import examples

PERCEPTRON = RESOURCES / "templates" / "perceptron.neuroloom"
GAN = RESOURCES / "templates" / "gan_ring.neuroloom"


@pytest.fixture(scope="module")
def project_file(tmp_path_factory: pytest.TempPathFactory, small_fashion: Path) -> Path:
    path = tmp_path_factory.mktemp("project") / "small.neuroloom"
    projectfile.save(examples.perceptron(small_fashion), path)
    return path


def test_train_json_is_a_line_per_event_and_ends_with_the_end(project_file: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "run"
    assert main(["train", str(project_file), "--run-dir", str(folder), "--epochs", "3", "--seed", "5", "--json"]) == 0
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1] == {"event": "ended", "reason": "completed", "run": str(folder)}
    assert events[0]["event"] in ("started", "progressed", "noted")
    assert [event["epoch"] for event in events if event["event"] == "validated"] == [1, 2, 3]
    assert not err
    run = runs.open_run(folder)
    assert (run.project.options["epochs"], run.project.options["seed"]) == (3, 5)


def test_train_for_people_says_epochs_on_stderr_and_the_folder_on_stdout(project_file: Path, tmp_path: Path,
                                                                       capsys) -> None:
    folder = tmp_path / "run"
    assert main(["train", str(project_file), "--run-dir", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{folder}\n"
    assert "epoch 1/2  loss " in err
    assert "epoch 2/2  loss " in err
    assert "\x1b" not in err, "no terminal, no control characters"
    assert main(["train", str(project_file), "--run-dir", str(tmp_path / "quiet"), "-q", "--epochs", "1"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'quiet'}\n"
    assert not err


def test_the_same_seed_gives_the_same_numbers(project_file: Path, tmp_path: Path) -> None:
    def losses(name: str, seed: int) -> list:
        folder = tmp_path / name
        assert main(["train", str(project_file), "--run-dir", str(folder), "--seed", str(seed), "-q"]) == 0
        assert isinstance(runs.open_run(folder).history(), History)
        return runs.open_run(folder).info().validation

    first, second, other = losses("a", 1), losses("b", 1), losses("c", 2)
    assert first == second
    assert first != other


def test_options_and_other_data_from_the_command_line(small_fashion: Path, tmp_path: Path, capsys) -> None:
    """The bundled example is pointed at another Fashion-MNIST, in both ways of saying it; class names are kept."""
    for number, words in enumerate((["--data", str(small_fashion)], ["--set", f"data={small_fashion}"])):
        folder = tmp_path / f"run{number}"
        argv = ["train", str(PERCEPTRON), "--run-dir", str(folder), "--epochs", "1", *words, "--batch-size", "64"]
        assert main([*argv, "--set", "optimizer=SGD", "--set", "lr=0.05", "--set", "optimizer.momentum=0.9"]) == 0
        project = runs.open_run(folder).project
        assert project.options["batch_size"] == 64
        assert project.options.optimizer.type == "SGD"
        assert (project.options.optimizer.params["lr"], project.options.optimizer.params["momentum"]) == (0.05, 0.9)
        assert project.data.path == str(small_fashion)
        assert project.data.column("label").classes[0] == "T-shirt/top"
    assert projectfile.load(PERCEPTRON).data.path.startswith("bundled:"), "the project itself is not changed"
    assert main(["train", str(PERCEPTRON), "--data", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_a_run_folder_is_never_trained_over(project_file: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "holiday.png").write_bytes(b"precious")
    assert main(["train", str(project_file), "--run-dir", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err


def test_data_without_a_target_is_told_before_a_folder_is_made(tmp_path: Path, capsys) -> None:
    for number in range(12):
        Image.new("L", (8, 8), number * 20).save(tmp_path / f"{number}.png")
    project = tmp_path / "some.neuroloom"
    assert main(["data", str(tmp_path), "--project", str(project)]) == 0
    capsys.readouterr()
    assert main(["train", str(project), "--run-dir", str(tmp_path / "run")]) == 1
    assert "The data has no target" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "runs").exists()


def test_a_learning_rate_that_makes_nan_fails_with_a_message(project_file: Path, tmp_path: Path, capsys) -> None:
    argv = ["train", str(project_file), "--run-dir", str(tmp_path / "run"), "--json"]
    assert main([*argv, "--set", "optimizer=SGD", "--set", "lr=1e30"]) == 1
    out, err = capsys.readouterr()
    ended = json.loads(out.splitlines()[-1])
    assert (ended["reason"], ended["run"]) == ("failed", str(tmp_path / "run"))
    assert ended["message"]
    assert ended["message"] in err
    assert "Traceback" not in err


def test_evaluate_json(trained_run, capsys) -> None:
    run = trained_run("perceptron")
    assert main(["evaluate", str(run.folder), "--split", "test", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert isinstance(found["loss"], float)
    assert 0.4 < found["metrics"]["accuracy"] <= 1
    assert len(found["confusion"]) == 10
    assert not err
    assert main(["evaluate", str(run.folder)]) == 0
    text = capsys.readouterr().out
    assert f"{found['metrics']['accuracy']:.4f}" in text
    assert "Ankle boot" in text


def test_predict_prints_text_json_or_a_file(trained_run, tmp_path: Path, capsys) -> None:
    run = trained_run("perceptron")
    path = tmp_path / "new.npz"
    np.savez(path, image=np.zeros((3, 1, 28, 28), np.uint8))
    assert main(["predict", str(run.folder), str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["predictions"]
    assert len(found) == 3
    assert main(["predict", str(run.folder), str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[0].split()[:2] == ["new.npz", "1"]
    assert main(["predict", str(run.folder), str(path), "--json", "-o", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["predictions"] == found
    assert not capsys.readouterr().out
    assert main(["predict", str(run.folder), str(tmp_path / "none.png")]) == 1
    assert "none.png" in capsys.readouterr().err


def test_predict_of_numbers(trained_run, house_prices: Path, capsys) -> None:
    assert main(["predict", str(trained_run("regression").folder), str(house_prices)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 400


def test_export_json_has_the_path_and_the_difference(trained_run, tmp_path: Path, capsys) -> None:
    run = trained_run("perceptron")
    path = tmp_path / "weights.safetensors"
    assert main(["export", str(run.folder), "--format", "state_dict", "-o", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["path"] == str(path)
    assert 0 <= found["difference"] < 1e-4
    assert path.exists()
    assert main(["export", str(run.folder), "-f", "state_dict", "-o", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{path}\n"
    assert "largest difference" in err
    assert main(["export", str(run.folder), "-f", "state_dict", "-o", str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err


def test_a_completed_run_is_not_resumed(trained_run, capsys) -> None:
    assert main(["resume", str(trained_run("perceptron").folder)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("neuroloom resume: ")
    assert "Traceback" not in err


def test_a_gan_is_trained_tested_and_makes_points_in_the_terminal(tmp_path: Path, capsys) -> None:
    """A few epochs of the template; whether it covers all of its ring is a story."""
    run, points = tmp_path / "run", tmp_path / "ring.npy"
    assert main(["train", str(GAN), "--epochs", "2", "--set", "Generator:lr=0.0005", "--run-dir", str(run)]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["loss"] == pytest.approx(sum(found["metrics"][f"Train {each} loss"]
                                              for each in ("discriminator", "generator")))
    assert main(["predict", str(run), "--samples", "50", "--seed", "1", "-o", str(points)]) == 0
    first = np.load(points)
    assert first.shape == (50, 2)
    assert np.isfinite(first).all()
    assert main(["predict", str(run), "--samples", "50", "--seed", "1", "-o", str(tmp_path / "again.npy")]) == 0
    assert np.array_equal(first, np.load(tmp_path / "again.npy"))
