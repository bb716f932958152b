"""Augmentation in real trainings: only training samples change, resuming stays exact, and looks show what is seen."""

import csv
import gzip
import json
import zipfile
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine import jobs, looks, projectfile
from engine.augmentation import augmentation, misfit
from engine.cli.main import main
from engine.data import dataset, sources
from engine.events import AnyEvent, Ended, Finished, Noted, Started
from engine.options import Component
from engine.project import Data, Project
from engine.runs import Run
from engine.training.control import Control
from engine.training.protocol import Request, encoded, request
from engine.work import perform
from tests.engine import examples
from tests.engine.training_runs import StopAfter, continued, of, sha256, trained

EVERYTHING = tuple(augmentation(type) for type in (
    "Flip", "Rotate", "Crop", "Affine", "Colour", "Blur", "Noise", "Erase", "Mixup", "CutMix"))


def augmented(project: Project, *components: Component) -> Project:
    assert project.data is not None
    return project.replace(data=msgspec.structs.replace(project.data, augmentation=components))


def looked(data: Data, *rows: int, versions: int = 4) -> tuple[dict, dict[str, looks.Looked]]:
    """What the worker answers, through JSON as on its wire."""
    job = request(encoded(Request("start", jobs.Look(data, rows, versions=versions)))).job
    events: list[AnyEvent] = []
    perform(job, events.append, Control())
    assert events[-1].reason == "completed", events[-1]
    [finished] = of(Finished, events)
    result = msgspec.json.decode(msgspec.json.encode(finished.result))
    arrays = looks.taken(result)
    assert not Path(result["path"]).exists()
    return result, arrays


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROLOOM_HOME", str(tmp_path / "home"))


class TestTraining:
    def test_an_interrupted_run_ends_with_the_same_bits(self, small_fashion: Path, tmp_path: Path) -> None:
        project = augmented(examples.perceptron(small_fashion, epochs=2), *EVERYTHING)
        whole, _ = trained(project, tmp_path / "whole")
        broken, events = trained(project, tmp_path / "broken", StopAfter(3))
        assert events[-1].reason == "stopped"
        for stops in (7, 12, 1):
            events = continued(broken, StopAfter(stops))
            assert of(Started, events)
        assert continued(broken)[-1].reason == "completed"
        for name in ("last", "best", "resume"):
            assert sha256(broken.checkpoint(name)) == sha256(whole.checkpoint(name)), name

    def test_it_changes_what_is_learned_and_nothing_else(self, small_fashion: Path, tmp_path: Path) -> None:
        plain, _ = trained(examples.perceptron(small_fashion, epochs=1), tmp_path / "plain")
        still, _ = trained(augmented(examples.perceptron(small_fashion, epochs=1),
                                     augmentation("Flip", {"probability": 0.0})), tmp_path / "still")
        moved, _ = trained(augmented(examples.perceptron(small_fashion, epochs=1), augmentation("Flip")),
                           tmp_path / "moved")
        assert sha256(plain.checkpoint("last")) == sha256(still.checkpoint("last")), "same samples, same order"
        assert sha256(plain.checkpoint("last")) != sha256(moved.checkpoint("last"))
        assert plain.preparation() == moved.preparation()

    def test_mixed_classes_keep_losses_and_metrics(self, small_fashion: Path, tmp_path: Path) -> None:
        project = augmented(examples.perceptron(small_fashion, epochs=4), augmentation("Mixup"),
                            augmentation("CutMix", {"probability": 0.5}))
        run, events = trained(project, tmp_path / "run")
        assert events[-1] == Ended("completed", str(run.folder))
        assert run.info().validation["accuracy"] > 0.4
        assert 0.2 < run.info().training["accuracy"] < 1

    def test_numbers_are_mixed_in_a_regression(self, house_prices: Path, tmp_path: Path) -> None:
        project = augmented(examples.regression(house_prices), augmentation("Mixup"), augmentation("Noise"))
        run, events = trained(project, tmp_path / "run")
        assert events[-1].reason == "completed"
        assert run.info().validation["r2"] > 0.9

    def test_a_network_for_clothes_learns_with_flips(self, shared_data: Path, tmp_path: Path) -> None:
        folder = tmp_path / "clothes"
        with zipfile.ZipFile(shared_data / "clothing64" / "clothing64.zip") as archive:
            for name in [name for name in archive.namelist() if name.endswith(".jpg")][::12]:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
        project = augmented(examples.chain(
            folder, ("Conv2d", {"out_channels": 4, "stride": (2, 2)}), ("ReLU", {}), ("MaxPool2d", {}),
            ("Flatten", {}), ("Linear", {"out_features": len(list((folder / "train").iterdir()))}), epochs=3),
            augmentation("Flip"), augmentation("Colour"))
        run, events = trained(project, tmp_path / "run")
        assert events[-1].reason == "completed", events[-1]
        assert not [note for note in of(Noted, events) if "augment" in note.message]
        losses = run.history().series("train_epoch", "loss").values
        assert losses[-1] < losses[0]


class TestLooks:
    def test_pictures_come_back_as_pixels(self, small_fashion: Path) -> None:
        data = msgspec.structs.replace(sources.inspect(small_fashion), augmentation=(augmentation("Flip"),))
        result, arrays = looked(data, 5, 2, versions=6)
        [picture] = (column for column in result["columns"] if column["kind"] == "image")
        assert (result["rows"], result["versions"], picture["shape"]) == ([5, 2], 6, [1, 28, 28])
        pixels, versions = arrays[picture["name"]].prepared, arrays[picture["name"]].augmented
        assert (pixels.dtype, pixels.shape, versions.shape) == (np.uint8, (2, 1, 28, 28), (2, 6, 1, 28, 28))
        stored = dataset.load(data, None).stored[picture["name"]]
        assert np.array_equal(pixels, stored[[5, 2]])
        for pixel, changed in zip(pixels, versions, strict=True):
            flipped = [np.array_equal(version, pixel[:, :, ::-1]) for version in changed]
            kept = [np.array_equal(version, pixel) for version in changed]
            assert all(one != other for one, other in zip(flipped, kept, strict=True))
        assert (versions[0] != versions[0, 0]).any(), "not all alike"
        label = next(column for column in result["columns"] if column["role"] == "target")
        assert arrays[label["name"]].augmented.shape == (2, 6)

    def test_one_row_is_mixed_with_others(self, small_fashion: Path) -> None:
        data = msgspec.structs.replace(sources.inspect(small_fashion),
                                       augmentation=(augmentation("CutMix", {"probability": 1.0}),))
        _, arrays = looked(data, 7)
        picture = arrays["image"]
        assert (picture.augmented != picture.prepared[:, None]).any()

    def test_the_seed_decides(self, small_fashion: Path) -> None:
        data = msgspec.structs.replace(sources.inspect(small_fashion), augmentation=EVERYTHING)
        (_, first), (_, again) = looked(data, 1), looked(data, 1)
        assert np.array_equal(first["image"].augmented, again["image"].augmented)

    def test_a_row_that_is_not_there_is_refused(self, small_fashion: Path) -> None:
        events: list[AnyEvent] = []
        perform(jobs.Look(sources.inspect(small_fashion), (10_000,)), events.append, Control())
        assert (events[-1].reason, events[-1].message) == ("failed", "There is no such row.")


class TestTerminal:
    @pytest.fixture
    def project_file(self, small_fashion: Path, tmp_path: Path) -> Path:
        path = tmp_path / "small.neuroloom"
        projectfile.save(augmented(examples.perceptron(small_fashion, epochs=1), augmentation("Noise")), path)
        return path

    def test_train_does_what_the_project_says(self, project_file: Path, tmp_path: Path) -> None:
        folders = [tmp_path / name for name in ("with", "again", "without")]
        data = projectfile.load(project_file).data
        assert data is not None
        assert data.augmentation == (augmentation("Noise"),)
        for folder, more in zip(folders, ([], [], ["--augment", "noise:amount=0"]), strict=True):
            assert main(["train", str(project_file), "--run-dir", str(folder), "-q", *more]) == 0
        first, again, without = (sha256(Run(folder).checkpoint("last")) for folder in folders)
        assert first == again != without

    def test_settings_that_a_file_leaves_out_have_their_defaults(self, project_file: Path) -> None:
        tree = json.loads(project_file.read_bytes())
        tree["data"]["augmentation"] = [{"type": "Rotate", "params": {"degrees": 5}}]
        project_file.write_text(json.dumps(tree), encoding="utf-8")
        data = projectfile.load(project_file).data
        assert data is not None
        assert data.augmentation == (augmentation("Rotate", {"degrees": 5}),)

    def test_augment_takes_the_place_of_what_the_project_says(self, project_file: Path, tmp_path: Path) -> None:
        assert main(["train", str(project_file), "--run-dir", str(tmp_path / "run"), "-q",
                     "--augment", "Flip", "--augment", "rotate: degrees=10, fill=edge"]) == 0
        data = Run(tmp_path / "run").project.data
        assert data is not None
        assert data.augmentation == (augmentation("Flip"), augmentation("Rotate", {"degrees": 10.0, "fill": "edge"}))

    @pytest.mark.parametrize("text", ["Explode", "Flip:angle=3", "Rotate:degrees=far", "Rotate:degrees=500"])
    def test_wrong_use_is_refused(self, text: str, project_file: Path, capsys: pytest.CaptureFixture) -> None:
        assert main(["train", str(project_file), "--augment", text]) == 2
        assert capsys.readouterr().err

    def test_what_does_nothing_is_told(self, project_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
        assert main(["train", str(project_file), "--run-dir", str(tmp_path / "run"), "--augment", "WordDropout"]) == 0
        assert "kind text" in capsys.readouterr().err
        project = projectfile.load(project_file)
        projectfile.save(augmented(project, augmentation("WordDropout")), project_file)
        assert main(["check", str(project_file), "--json"]) == 0
        [problem] = json.loads(capsys.readouterr().out)["problems"]
        assert problem["code"] == "augmentation-without-column"


class TestKinds:
    """Looks at, and trainings on, real sounds and texts."""

    def test_sounds(self, shared_data: Path, tmp_path: Path) -> None:
        folder = tmp_path / "digits"
        with zipfile.ZipFile(shared_data / "fsdd" / "fsdd.zip") as archive:
            for name in archive.namelist():
                digit = Path(name).name[0]
                if name.endswith(tuple(f"_george_{take}.wav" for take in range(6))) and digit in "0123":
                    (folder / digit).mkdir(parents=True, exist_ok=True)
                    (folder / digit / Path(name).name).write_bytes(archive.read(name))
        data = sources.inspect(folder)
        steps = tuple(augmentation(type) for type in ("TimeMask", "FrequencyMask", "Shift", "Gain", "Noise", "Mixup"))
        data = msgspec.structs.replace(data, augmentation=steps)
        assert not [reason for step in steps if (reason := misfit(step, data.columns))]
        result, arrays = looked(data, 3, 4)
        [sound] = (column for column in result["columns"] if column["kind"] == "audio")
        frames = tuple(sound["shape"])
        assert arrays[sound["name"]].prepared.shape == (2, *frames)
        assert arrays[sound["name"]].augmented.shape == (2, 4, *frames)
        assert not np.array_equal(arrays[sound["name"]].augmented[:, 0], arrays[sound["name"]].prepared)
        project = augmented(examples.chain(folder, ("Flatten", {}), ("Linear", {"out_features": 4}), epochs=2), *steps)
        _, events = trained(project, tmp_path / "run")
        assert events[-1].reason == "completed", events[-1]

    def test_texts(self, shared_data: Path, tmp_path: Path) -> None:
        with gzip.open(shared_data / "vader-sentiment" / "movieReviewSnippets.csv.gz", "rt", encoding="utf-8") as file:
            rows = [(row["text"], float(row["valence"]) > 0) for row in islice(csv.DictReader(file), 300)]
        for index, (text, is_good) in enumerate(rows):
            path = tmp_path / "reviews" / ("good" if is_good else "bad") / f"{index}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        data = sources.inspect(tmp_path / "reviews")
        data = msgspec.structs.replace(data, augmentation=(augmentation("WordDropout", {"amount": 0.5}),))
        result, arrays = looked(data, 0, 9, versions=3)
        [text] = (column for column in result["columns"] if column["kind"] == "text")
        ids, changed = arrays[text["name"]].prepared, arrays[text["name"]].augmented
        assert changed.shape == (2, 3, *text["shape"])
        assert set(changed[changed != np.repeat(ids[:, None], 3, 1)]) == {1}
        words = text["texts"]
        assert "[UNK]" in words["augmented"][0][0]
        assert len(words["prepared"][0].split()) == len(words["augmented"][0][0].split())
        assert words["augmented"][1][0] != words["augmented"][1][1]
