"""Fixtures of all tests. Nothing here imports torch."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets beside the project's root."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the real data sets, expected in {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def neuroloom_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, runs and recovery files of every test lie in a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("NEUROLOOM_HOME", str(home))
    return home
