"""Predicting new files: pictures, tables and arrays, in the words and units of the data."""

from pathlib import Path

import numpy as np
import pytest

from engine import trained
from engine.errors import DataError
from engine.prediction import predict
from engine.preparation import restored
from engine.preparation.answers import probabilities


def test_pictures_get_a_label_with_probabilities(trained_run, tmp_path: Path) -> None:
    from PIL import Image

    run = trained_run("cnn")
    paths = [tmp_path / "a.png", tmp_path / "b.jpg"]
    for path in paths:
        Image.effect_noise((50, 40), 90).save(path)
    found = predict(run, paths)["predictions"]
    assert [entry["name"] for entry in found] == ["a.png", "b.jpg"]
    for entry in found:
        assert sum(entry["probabilities"].values()) == pytest.approx(1)
        assert entry["probabilities"][entry["label"]] == max(entry["probabilities"].values())
        assert len(entry["probabilities"]) == 10


def test_a_test_sample_saved_as_a_picture_gives_what_the_test_gave(trained_run, tmp_path: Path) -> None:
    from PIL import Image

    run = trained_run("perceptron")
    loaded = trained.load(run)
    data = trained.load_data(run, loaded, lambda event: None)
    rows = data.rows["test"][:20]
    prepared = data.prepared("image", rows)
    [scores] = loaded.outputs({"image": prepared})
    paths = []
    for number, picture in enumerate(restored(loaded.preparation.part("image"), prepared)):
        paths.append(tmp_path / f"{number:02}.png")
        Image.fromarray(picture[0]).save(paths[-1])
    found = predict(run, paths)["predictions"]
    classes = loaded.preparation.part("label").classes
    assert [entry["label"] for entry in found] == [classes[winner] for winner in scores.argmax(1)]


def test_a_table_gets_values_in_the_unit_of_the_target(trained_run, house_prices: Path) -> None:
    found = predict(trained_run("regression"), [house_prices])["predictions"]
    prices = np.loadtxt(house_prices, delimiter=",", skiprows=1, usecols=3)
    values = np.array([entry["value"] for entry in found])
    assert len(values) == 400
    assert np.abs(values - prices).mean() < 0.1 * prices.std(), "within a tenth of the spread"


def test_an_array_file_is_read_in_batches(trained_run, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (700, 1, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "many.npz", image=pictures)
    np.savez(tmp_path / "few.npz", image=pictures[600:])
    run = trained_run("perceptron")
    many, few = (predict(run, [tmp_path / name])["predictions"] for name in ("many.npz", "few.npz"))
    assert (len(many), len(few)) == (700, 100)
    assert [entry["label"] for entry in many[600:]] == [entry["label"] for entry in few]


def test_several_outputs_are_all_told_and_the_first_speaks_for_the_sample(trained_run, house_prices: Path) -> None:
    for entry in predict(trained_run("yes_or_no"), [house_prices])["predictions"][:20]:
        assert entry["outputs"].keys() == {"scores", "chance"}
        assert entry["label"] == entry["outputs"]["scores"]["label"] in ("Aalen", "Ulm")
        assert entry["probabilities"]["Ulm"] == pytest.approx(entry["outputs"]["chance"]["value"], abs=1e-6)


def test_files_that_do_not_fit_are_named(trained_run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    for path in (tmp_path / "missing.png", broken):
        with pytest.raises(DataError, match=path.name):
            predict(trained_run("perceptron"), [path])


def test_one_score_of_two_classes_is_that_of_the_second() -> None:
    shares = probabilities(np.array([[0.0], [40.0], [-40.0]], np.float32), 2)
    assert shares == pytest.approx(np.array([[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]), abs=1e-12)
    assert probabilities(np.zeros((4, 3), np.float32), 2) is None
