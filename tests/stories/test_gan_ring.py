"""The ring GAN: drawn in a real window and trained there; and the template, trained and used from the terminal."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tests.stories.processes import ROOT, neuroloom, perform

POINTS = ROOT / "resources" / "data" / "ring" / "points.npy"
TEMPLATE = ROOT / "resources" / "templates" / "gan_ring.neuroloom"
SAMPLES = 2_000
MODES, RADIUS, DEVIATION = 8, 2.0, 0.1
"""The ring: normal clouds of that deviation, evenly around a circle."""


def modes(points: np.ndarray) -> tuple[int, float]:
    """How many modes points (n, 2) cover, and the share of points within three deviations of one."""
    angles = 2 * np.pi * np.arange(MODES) / MODES
    centers = RADIUS * np.stack((np.cos(angles), np.sin(angles)), 1)
    distances = np.linalg.norm(points[:, None] - centers, axis=2)
    is_on = distances.min(1) <= 3 * DEVIATION
    return len(set(distances.argmin(1)[is_on])), float(is_on.mean())


def check_samples(run: Path, ring: Path) -> None:
    """What the generator of a run makes up lies on the whole ring."""
    neuroloom("predict", run, "--samples", SAMPLES, "--seed", 1, "-o", ring)
    points = np.load(ring)
    covered, share = modes(points)
    print(f"{run.name}: {covered} of {MODES} modes, {share:.1%} of {len(points):,} samples on one")
    assert points.shape == (SAMPLES, 2)
    assert covered == MODES
    assert share >= 0.8


def test_the_data_lies_on_the_ring() -> None:
    covered, share = modes(np.load(POINTS))
    assert covered == MODES
    assert share >= 0.97


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_draw_plan_train_and_sample(tmp_path: Path) -> None:
    """From an empty project, by mouse and keyboard. The pictures of the stages lie in NEUROLOOM_STORIES, if that is
    set."""
    folder = Path(os.environ.get("NEUROLOOM_STORIES", tmp_path)) / "gan-ring"
    folder.mkdir(parents=True, exist_ok=True)
    (tmp_path / "ring").mkdir()
    data = Path(shutil.copy(POINTS, tmp_path / "ring"))
    perform("gan_ring", data, folder, size=(1440, 900))
    check_samples(Path((folder / "run.txt").read_text()), tmp_path / "ring.npy")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_template_from_the_terminal(tmp_path: Path, seed: int) -> None:
    """Under a minute on a quiet machine."""
    run = tmp_path / f"seed-{seed}"
    start = time.perf_counter()
    neuroloom("train", TEMPLATE, "--seed", seed, "--run-dir", run)
    print(f"seed {seed}: trained in {time.perf_counter() - start:.0f} s")
    check_samples(run, tmp_path / "ring.npy")
