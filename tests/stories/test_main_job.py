"""The main job in a real window: by mouse and keyboard, on the whole of Fashion-MNIST."""

import os
from pathlib import Path

import pytest

from tests.stories.models import onnx_accuracy
from tests.stories.processes import perform


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("size", "scale", "colors"),
    [
        pytest.param((1280, 800), 1, "light", id="1280x800"),
        pytest.param((2560, 1600), 2, "dark", id="200-percent-dark", marks=pytest.mark.slow),
    ],
)
def test_draw_train_test_try_and_export(shared_data: Path, tmp_path: Path, size, scale, colors) -> None:
    """784, Linear 128, ReLU, Linear 10; Adam, cross-entropy, batch 32, 10 epochs: 0.87 here and in ONNX Runtime.

    The pictures of the stages lie in NEUROLOOM_STORIES, if that is set.
    """
    folder = Path(os.environ.get("NEUROLOOM_STORIES", tmp_path)) / f"main-job-{colors}"
    folder.mkdir(parents=True, exist_ok=True)
    data = shared_data / "fashion-mnist"
    perform("main_job", data, folder, colors, size=size, scale=scale)
    accuracy = float((folder / "accuracy.txt").read_text())
    assert accuracy >= 0.87
    assert onnx_accuracy(folder / "model.onnx", data) == pytest.approx(accuracy, abs=2e-4)

