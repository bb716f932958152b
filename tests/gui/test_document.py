"""The open document: undo, merging, selection, saving and opening."""

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from engine.errors import EngineError
from engine.graph import Graph
from engine.project import Data, Project, new_project
from gui.document import Document
from tests.gui.canvas_driver import graph_of

LINEAR = graph_of(("Linear", (0.0, 0.0)))


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document()


def test_an_edit_is_one_step_with_a_text_and_changed_tells_both_sides(document: Document) -> None:
    seen: list[tuple[Project, Project]] = []
    document.changed.connect(lambda before, after: seen.append((before, after)))
    first = document.project
    document.edit_graph("Add Linear 1", LINEAR)
    assert document.graph == LINEAR
    assert document.undo_stack.undoText() == "Add Linear 1"
    document.undo_stack.undo()
    document.undo_stack.redo()
    second = document.project
    assert seen == [(first, second), (second, first), (first, second)]


def test_an_edit_that_changes_nothing_is_no_step(document: Document) -> None:
    document.edit_graph("Nothing", Graph())
    assert document.undo_stack.count() == 0


def test_data_and_notes_undo_like_everything_else(document: Document) -> None:
    document.edit("Write notes", document.project.replace(notes="mine"))
    document.edit("Choose data", document.project.replace(data=Data("x.csv", "csv")))
    document.undo_stack.undo()
    assert document.project.data is None
    assert document.project.notes == "mine"


def test_steps_with_one_merge_key_become_one(document: Document) -> None:
    for text in ("m", "mi", "mine"):
        document.edit("Write notes", document.project.replace(notes=text), merge="notes")
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.project.notes == ""
    document.undo_stack.redo()
    assert document.project.notes == "mine"


def test_other_keys_and_other_edits_end_a_merge(document: Document) -> None:
    document.edit("Write", document.project.replace(notes="a"), merge="notes")
    document.edit_graph("Add", LINEAR)
    document.edit("Write", document.project.replace(notes="b"), merge="notes")
    document.edit("Write", document.project.replace(notes="c"), merge="other")
    assert document.undo_stack.count() == 4


def test_a_merge_that_ends_where_it_began_leaves_no_step(document: Document) -> None:
    document.edit("Write", document.project.replace(notes="a"), merge="notes")
    document.edit("Write", document.project.replace(notes=""), merge="notes")
    assert not document.undo_stack.canUndo()


def test_analysis_is_of_the_current_graph(document: Document) -> None:
    document.edit_graph("Add", LINEAR)
    assert set(document.analysis.nodes) == {"linear_1"}
    assert document.analysis is document.analysis
    document.undo_stack.undo()
    assert not document.analysis.nodes


def test_the_selection_holds_only_nodes_that_exist(document: Document) -> None:
    document.edit_graph("Add", LINEAR)
    changes: list[frozenset[str]] = []
    document.selection_changed.connect(lambda: changes.append(document.selection))
    document.select(["linear_1", "ghost"])
    document.select(["linear_1"])
    document.undo_stack.undo()
    assert changes == [frozenset({"linear_1"}), frozenset()]


def test_saving_and_opening(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "mine.neuroloom"
    document.edit_graph("Add", LINEAR)
    assert not document.undo_stack.isClean()
    document.save(path)
    assert document.undo_stack.isClean()
    assert document.path == path
    other = Document()
    opened: list[bool] = []
    other.opened.connect(lambda: opened.append(True))
    other.open(path)
    assert other.project == document.project
    assert other.undo_stack.count() == 0
    assert opened == [True]


def test_a_file_that_is_refused_leaves_the_document_as_it_is(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "mine.neuroloom"
    document.edit_graph("Add", LINEAR)
    document.save(path)
    document.select(["linear_1"])
    torn = tmp_path / "torn.neuroloom"
    torn.write_bytes(path.read_bytes()[:-40])
    before = document.project
    with pytest.raises(EngineError):
        document.open(torn)
    assert document.project is before
    assert document.path == path
    assert document.undo_stack.canUndo()
    assert document.selection == {"linear_1"}


def test_a_save_that_fails_keeps_document_and_path(document: Document, tmp_path: Path) -> None:
    document.edit_graph("Add", LINEAR)
    with pytest.raises(EngineError):
        document.save(tmp_path / "no such folder" / "mine.neuroloom")
    assert document.path is None
    assert not document.undo_stack.isClean()


def test_data_is_found_after_saving_elsewhere_and_undoing(document: Document, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    (first / "rows.csv").write_text("a,b\n1,2\n")
    document.new(msgspec.structs.replace(new_project(), data=Data(str(first / "rows.csv"), "csv")))
    document.save(first / "mine.neuroloom")
    document.edit("Choose data", document.project.replace(data=Data("other.csv", "csv")))
    document.edit_graph("Add", LINEAR)
    document.save(second / "mine.neuroloom")
    document.undo_stack.undo()
    document.undo_stack.undo()
    data = document.project.data
    assert data is not None
    assert data.located(document.folder).resolve() == (first / "rows.csv").resolve()
    document.undo_stack.redo()
    data = document.project.data
    assert data is not None
    assert data.located(document.folder).resolve() == (first / "other.csv").resolve()


TWO = Project({"Main": LINEAR, "Other": Graph()})


def test_another_graph_is_shown_and_edited(document: Document) -> None:
    document.new(TWO)
    document.select(["linear_1"])
    document.show("Other")
    assert (document.shown, document.graph, document.selection) == ("Other", Graph(), frozenset())
    document.edit_graph("Add", LINEAR)
    assert document.project.graphs["Other"] == LINEAR
    document.show("Main", ["linear_1"])
    assert document.selection == {"linear_1"}
    document.undo_stack.undo()
    assert document.shown == "Other"
    assert document.project.graphs == TWO.graphs


def test_typing_in_two_graphs_is_two_steps(document: Document) -> None:
    document.new(TWO)
    document.edit_graph("Move", LINEAR.move({"linear_1": (1.0, 1.0)}), merge="nudge")
    document.show("Other")
    document.edit_graph("Move", LINEAR, merge="nudge")
    assert document.undo_stack.count() == 2


def test_a_graph_that_is_gone_is_shown_no_more(document: Document) -> None:
    document.new(TWO)
    document.show("Other")
    document.edit("Remove", TWO.replace(graphs={"Main": LINEAR}))
    assert document.shown == "Main"
    document.undo_stack.undo()
    assert document.shown == "Other"


def test_another_order_alone_is_an_edit(document: Document) -> None:
    document.new(TWO)
    document.edit("Reorder", TWO.replace(graphs={"Other": Graph(), "Main": LINEAR}))
    assert document.project.main == "Other"
    document.undo_stack.undo()
    assert document.project.main == "Main"


def test_problems_name_their_graphs_and_only_what_is_trained_stands_in_the_way(document: Document) -> None:
    document.new(TWO)
    assert {problem.graph for problem in document.problems} == {"Main", "Other"}
    assert {problem.graph for problem in document.obstacles} == {"Main"}
    assert document.problems is document.problems
