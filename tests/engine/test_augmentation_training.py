"""Augmentation in real trainings: only training samples change, resuming stays exact, and looks show what is seen."""

import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine import jobs, looks
from engine.augmentation import augmentation
from engine.data import dataset, sources
from engine.events import AnyEvent, Ended, Finished, Noted, Started
from engine.options import Component
from engine.project import Data, Project
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
        project = augmented(examples.cnn(small_fashion, epochs=2), *EVERYTHING)
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
