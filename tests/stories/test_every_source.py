"""Every kind of data set from the terminal: found out, trained on for one epoch, tested, exported, and a raw new sample
predicted by the export in a process that has nothing of Neuroloom."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stories.sources import CASES

ROOT = Path(__file__).resolve().parents[2]


def _neuroloom(*arguments: object) -> str:
    done = subprocess.run([sys.executable, "-m", "gui.launch", *map(str, arguments)], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


QUICK = ("image_folder", "masks", "table_csv", "table_of_sounds", "text_table", "parallel_columns", "series", "ratings")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in CASES])
def test_from_the_disk_to_the_exported_model(name: str, shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    case = CASES[name](shared_data, tmp_path / "made")
    project, run, export = tmp_path / "p.neuroloom", tmp_path / "run", tmp_path / "export"
    settings = [part for setting in case.settings for part in ("--set", setting)]
    found = json.loads(_neuroloom("data", case.path, "--json", "--project", project, *settings))
    assert found["source"] == case.source
    columns = {column["name"]: (column["type"], column["role"]) for column in found["columns"]}
    assert case.columns.items() <= columns.items()
    assert all(column["reason"] for column in found["columns"])
    assert not case.rows or found["rows"] == case.rows
    assert min(found["splits"].values()) > 0
    _neuroloom("train", project, "--epochs", 1, "--run-dir", run, "-q")
    tested = json.loads(_neuroloom("evaluate", run, "--json", "-q"))
    assert tested["samples"] == found["splits"]["test"]
    _neuroloom("export", run, "--format", "source", "-o", export, "-q")
    done = subprocess.run([sys.executable, "-I", str(export / "predict.py"), str(case.new), "--json"], text=True,
                          capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [entry, *_] = json.loads(done.stdout)["predictions"]
    ours = json.loads(_neuroloom("predict", run, case.new, "--json", "-q"))["predictions"]
    assert _agree(entry, ours[0])


def _agree(one: Any, other: Any) -> bool:
    """Alike, numbers nearly so."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_agree(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_agree, one, other))
    return bool(one == (pytest.approx(other, rel=1e-3, abs=1e-4) if isinstance(other, float) else other))
