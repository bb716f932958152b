"""Every kind of data dragged from the desktop onto a real window: what it is, what its columns are, and a network."""

import json
import os
from pathlib import Path

import pytest

from tests.stories.processes import perform
from tests.stories.sources import CASES


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("size", "scale", "colors"),
    [
        pytest.param((1440, 800), 1, "light", id="1280x800"),
        pytest.param((2880, 1600), 2, "dark", id="200-percent-dark", marks=pytest.mark.slow),
    ],
)
def test_every_source_is_dropped_on_the_window(shared_data: Path, tmp_path: Path, size, scale, colors) -> None:
    """The pictures lie in NEUROLOOM_STORIES, if that is set."""
    folder = Path(os.environ.get("NEUROLOOM_STORIES", tmp_path)) / f"drops-{colors}"
    folder.mkdir(parents=True)
    perform("drops", shared_data, folder, colors, size=size, scale=scale)
    opened = json.loads((folder / "opened.json").read_text())
    for name, make in CASES.items():
        (tmp_path / name).mkdir()
        case, found = make(shared_data, tmp_path / name), opened[name]
        assert found["source"] == case.source, name
        overruled = {setting.split(".")[0] for setting in case.settings if ".kind=" in setting}
        columns = {column: tuple(found["columns"][column]) for column in case.columns if column not in overruled}
        assert columns == {column: expected for column, expected in case.columns.items() if column not in overruled}
        assert not case.rows or found["rows"] == case.rows, name
        assert not found["told"], name
        assert not found["message"], name
        assert found["trainable"], name
