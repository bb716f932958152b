"""`neuroloom data`: what a data set holds and what is wrong with it, for people and for programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine import projectfile
from engine.cli.main import main
from tests.engine.data_files import write_csv, write_idx, write_pictures


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "flowers.csv", repeat=20)


def told(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    main(["data", *map(str, words), "--json"])
    described: dict[str, Any] = json.loads(capsys.readouterr().out)
    return described


def column(described: dict[str, Any], name: str) -> dict[str, Any]:
    [one] = [column for column in described["columns"] if column["name"] == name]
    return one


def test_json_names_source_rows_columns_splits_and_findings(tmp_path: Path, capsys) -> None:
    described = told(capsys, write_idx(tmp_path))
    assert list(described) == ["source", "rows", "columns", "splits", "findings"]
    assert (described["source"], described["rows"]) == ("idx", 240)
    assert [list(column) for column in described["columns"]] == [["name", "type", "role", "reason"]] * 2
    assert [(column["name"], column["type"], column["role"]) for column in described["columns"]] == [
        ("image", "image", "input"), ("label", "category", "target")]
    assert described["splits"] == {"train": 180, "validation": 20, "test": 40}


def test_columns_of_a_table_have_types_with_reasons(flowers: Path, capsys) -> None:
    described = told(capsys, flowers)
    assert described["source"] == "table"
    assert [column(described, name)["type"] for name in ("sepal length", "colour", "species")] == [
        "number", "category", "category"]
    assert column(described, "species")["role"] == "target"
    assert all(column["reason"] for column in described["columns"])


def test_findings_name_their_rows(tmp_path: Path, capsys) -> None:
    write_pictures(tmp_path, 60)
    (tmp_path / "c0" / "zz.png").write_bytes(b"broken")
    assert main(["data", str(tmp_path), "--json"]) == 0
    [damaged] = [finding for finding in json.loads(capsys.readouterr().out)["findings"] if finding["code"] == "damaged"]
    assert set(damaged) == {"code", "severity", "message", "hint", "rows", "count", "column"}
    assert len(damaged["rows"]) == damaged["count"] == 1
    assert main(["data", str(tmp_path)]) == 0
    assert "c0/zz.png" in capsys.readouterr().out


def test_text_is_for_people(flowers: Path, capsys) -> None:
    assert main(["data", str(flowers)]) == 0
    said = capsys.readouterr().out
    assert "120 rows: " in said
    assert "sepal length  number" in said
    assert "note: " in said


def test_one_column_is_told_as_one(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.csv").write_text("size,label\n" + "".join(f"{row / 7},{'ab'[row % 2]}\n" for row in range(40)))
    assert main(["data", str(tmp_path / "a.csv")]) == 0
    assert "1 column makes the input 'features': 1 number.\n" in capsys.readouterr().out


def test_what_was_found_is_overruled(flowers: Path, capsys) -> None:
    described = told(capsys, flowers, "--set", "colour.role=ignore", "--set", "petal length.role=target",
                     "--set", "species.role=input", "--option", "header=yes")
    assert column(described, "colour")["role"] == "ignore"
    assert column(described, "petal length")["role"] == "target"
    described = told(capsys, flowers, "--set", "colour.kind=text", "--set", "colour.max_length=3")
    assert column(described, "colour")["type"] == "text"


def test_the_split_is_set(flowers: Path, capsys) -> None:
    described = told(capsys, flowers, "--set", "split.test=0.5", "--set", "split.validation=0", "--set", "split.seed=3")
    assert described["splits"] == {"train": 60, "validation": 0, "test": 60}


@pytest.mark.parametrize(("words", "said"), [
    (["--set", "colour"], "is not NAME=VALUE"), (["--set", "colour=3"], "not the setting of a column"),
    (["--set", "colour.kind=picture"], "no kind 'picture'"), (["--set", "colour.role=boss"], "no role 'boss'"),
    (["--set", "colour.size_of=3"], "no setting named 'size_of'"), (["--option", "leaf=3"], "no option named 'leaf'"),
    (["--set", "split.test=1.5"], "split.test cannot be '1.5'"), (["--set", "split.method=fair"], "cannot be 'fair'"),
    (["--source", "excel"], "no kind of data set named 'excel'"),
])
def test_wrong_use_is_said(flowers: Path, words: list[str], said: str, capsys) -> None:
    assert main(["data", str(flowers), *words]) == 1
    assert said in capsys.readouterr().err


def test_a_path_is_needed(capsys) -> None:
    assert main(["data"]) == 2
    assert "a PATH is needed" in capsys.readouterr().err


def test_data_that_is_not_there(tmp_path: Path, capsys) -> None:
    assert main(["data", str(tmp_path / "gone"), "--json"]) == 1
    captured = capsys.readouterr()
    assert not captured.out
    assert "There is no data at" in captured.err


def test_a_project_is_written_and_its_data_looked_at(flowers: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "new.neuroloom"
    assert main(["data", str(flowers), "--set", "colour.role=ignore", "--project", str(path)]) == 0
    project = projectfile.load(path)
    assert project.data is not None
    assert project.data.path == "flowers.csv"
    assert project.data.chosen["colour"].role == "ignore"
    assert {node.type for node in project.graph.nodes} >= {"Input", "CrossEntropy"}
    capsys.readouterr()
    assert column(told(capsys, path), "colour")["role"] == "ignore"
    flowers.write_text(flowers.read_text() + "5.0,1.5,red,setosa\n")
    assert "changed" in [finding["code"] for finding in told(capsys, path)["findings"]]
    assert main(["data", str(flowers), "--project", str(path)]) == 1
    assert "is there already" in capsys.readouterr().err


def test_the_cache_is_cleared(monkeypatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setenv("NEUROLOOM_HOME", str(tmp_path))
    assert main(["data", "--clear-cache"]) == 0
    assert "was removed" in capsys.readouterr().err
