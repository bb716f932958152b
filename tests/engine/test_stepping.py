"""A Loop over a cell that was drawn by hand, one step at a time, against the same formulas computed by themselves."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine import jobs, runs
from engine.cli.main import main
from engine.errors import DataError, EngineError, RunError
from engine.events import AnyEvent, Ended, Finished
from engine.runs import Run
from engine.stepping import MAX_NUMBERS, step
from engine.trained import load, load_data
from engine.training.control import Control
from engine.work import perform
from tests.engine import compositions, looped
from tests.engine.training_runs import trained

Array = np.ndarray
CLOSE = {"rtol": 1e-4, "atol": 2e-6}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("reader")
    return trained(looped.reader(folder), folder / "run")[0]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("twice")
    return trained(looped.twice(folder), folder / "run")[0]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def gru(weights: Mapping[str, Array], sequence: Array, h: Array) -> list[tuple[Array, Array]]:
    """(state, update gate) after each step of a sequence (time, features)."""

    def linear(name: str, *parts: Array) -> Array:
        return weights[f"cell.{name}.weight"] @ np.concatenate(parts) + weights[f"cell.{name}.bias"]

    found = []
    for x in sequence:
        r, z = sigmoid(linear("reset", x, h)), sigmoid(linear("update", x, h))
        n = np.tanh(linear("new", x, r * h))
        h = n + z * (h - n)
        found.append((h, z))
    return found


def weights_of(run: Run) -> dict[str, Array]:
    return {name: values.astype(np.float64) for name, values in load_file(run.checkpoint("best")).items()}


def data_of(run: Run):
    return load_data(run, load(run), lambda event: None)


def test_states_of_a_drawn_cell_are_those_of_its_formulas(reader: Run) -> None:
    found = step(reader)
    data, weights = data_of(reader), weights_of(reader)
    [row] = data.rows["test"][:1]
    tokens = data.prepared("word", np.array([row]))[0]
    sequence = weights["reader.embedding.weight"][tokens]
    expected = gru(weights, sequence, np.zeros(looped.STATE))
    assert (found["loop"], found["graph"], found["row"], found["split"]) == ("loop", "Cell", row, "test")
    assert found["steps"] == looped.TIME == len(found["tokens"])
    assert np.allclose(found["states"]["h"], [state for state, _ in expected], **CLOSE)
    assert np.allclose(found["outputs"]["gate"], [gate for _, gate in expected], **CLOSE)
    assert np.allclose(found["inputs"]["x"], sequence, **CLOSE)
    assert found["start"] == {"h": [0.0] * looped.STATE}
    assert found["shapes"] == {"x": [looped.WIDTH], "h": [looped.STATE], "gate": [looped.STATE]}
    word = "".join(found["tokens"]).replace("[PAD]", "")
    assert word.strip("ab") == ""
    assert found["tokens"] == [*word, *["[PAD]"] * (looped.TIME - len(word))]
    assert not found["notes"]


def test_rows_beside_a_sample_lead_through_its_split(reader: Run) -> None:
    rows = data_of(reader).rows["test"].tolist()
    first = step(reader)
    assert (first["previous"], first["next"], first["place"], first["samples"]) == (None, rows[1], 0, len(rows))
    last = step(reader, row=rows[-1])
    assert (last["previous"], last["next"], last["place"]) == (rows[-2], None, len(rows) - 1)
    assert last["states"] != first["states"]
    with pytest.raises(DataError, match="in no split"):
        step(reader, row=100_000)


def test_new_files_are_stepped_through(reader: Run, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("abba")
    found = step(reader, paths=[tmp_path / "new.txt"])
    assert found["tokens"] == ["a", "b", "b", "a", *["[PAD]"] * (looped.TIME - 4)]
    assert (found["name"], found["split"], found["samples"]) == ("new.txt", "", 1)
    with pytest.raises(DataError, match="no sample 3"):
        step(reader, row=3, paths=[tmp_path / "new.txt"])


def test_loops_of_one_cell_are_told_apart(twice: Run) -> None:
    """Each time that the encoder is computed the cell runs 6 + 6 + 1 times."""
    weights, data = weights_of(twice), data_of(twice)
    [row] = data.rows["test"][:1]
    name = next(column.name for column in data.columns if column.role == "input")
    series = data.prepared(name, np.array([row]))[0].astype(np.float64)
    for call, sequence in enumerate((np.tanh(series), series)):  # as the code computes them
        first = gru(weights, sequence, np.zeros(looped.STATE))
        second = gru(weights, sequence, first[-1][0])
        for loop, expected, start in (("first", first, np.zeros(looped.STATE)), ("second", second, first[-1][0])):
            found = step(twice, f"Encoder/{loop}", call=call)
            assert (found["call"], found["calls"], found["steps"], found["tokens"]) == (call, 2, 6, [])
            assert np.allclose(found["states"]["h"], [state for state, _ in expected], **CLOSE)
            assert np.allclose(found["start"]["h"], start, **CLOSE)
    with pytest.raises(RunError, match="2 times"):
        step(twice, "second", call=2)


def test_which_loop_is_meant_must_be_said(twice: Run) -> None:
    assert step(twice, "first") == step(twice, "Encoder/first")
    with pytest.raises(RunError, match="2 Loops") as caught:
        step(twice)
    assert caught.value.hint == "Loops: Encoder/first, Encoder/second."
    with pytest.raises(RunError, match="no Loops named 'third'"):
        step(twice, "third")


def test_what_cannot_be_stepped_is_said(tmp_path: Path) -> None:
    without = trained(compositions.perceptron(tmp_path, 60, epochs=1), tmp_path / "perceptron")[0]
    with pytest.raises(RunError, match="no Loop"):
        step(without)
    fresh = runs.create(looped.reader(tmp_path / "data"), None, tmp_path / "fresh")
    with pytest.raises(EngineError, match="no best checkpoint"):
        step(fresh)


def test_large_states_are_cut(tmp_path: Path) -> None:
    project = looped.reader(tmp_path, 40, epochs=1)
    project = project.with_graph("Cell", looped.gru(size=MAX_NUMBERS + 1))
    found = step(trained(project, tmp_path / "run")[0])
    assert {len(numbers) for numbers in found["states"]["h"]} == {MAX_NUMBERS}
    assert found["notes"][0] == f"h has {MAX_NUMBERS + 1} numbers; the first {MAX_NUMBERS} are shown."


def test_the_job_and_the_command_tell_the_same(reader: Run, tmp_path: Path, capsys) -> None:
    events: list[AnyEvent] = []
    row = int(data_of(reader).rows["test"][1])
    perform(jobs.Step(str(reader.folder), "Reader/loop", row), events.append, Control())
    assert isinstance(events[-1], Ended)
    [told] = [event.result for event in events if isinstance(event, Finished)]
    assert main(["steps", str(reader.folder), "--loop", "loop", "--row", str(row), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == told
    assert not err
    assert main(["steps", str(reader.folder), "--row", str(row)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["step", "token", "h", "gate"]
    assert len(lines) == 1 + looped.TIME
    (tmp_path / "new.txt").write_text("ab")
    assert main(["steps", str(reader.folder), str(tmp_path / "new.txt")]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["1", "a"]
    assert main(["steps", str(reader.folder), "--loop", "other"]) == 1
    assert "Loops: Reader/loop." in capsys.readouterr().err
