"""The inspector: generated from declarations, checked while typing, every change undoable."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine import layers, projectfile
from engine.graph import Graph, Node
from gui import files
from gui.design.inspector import Inspector
from gui.document import Document
from gui.session import Session
from tests.gui.dialogs import active
from tests.gui.forms import retype


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    document = Document()
    document.new(projectfile.load(files.EXAMPLE))
    return document


@pytest.fixture
def inspector(document: Document, session: Session, qtbot: QtBot) -> Inspector:
    return active(qtbot, Inspector(document, session), 288, 600)


def node(document: Document, layer_type: str) -> Node:
    return next(node for node in document.graph.nodes if node.type == layer_type)


def test_nothing_selected_shows_the_project_and_its_notes(inspector: Inspector, document: Document) -> None:
    facts = inspector.project.facts.facts()
    assert facts["Weights"] == "101,770"
    assert facts["Nodes"] == str(len(document.graph.nodes))
    assert inspector.project.notes.toPlainText() == document.project.notes
    inspector.project.notes.selectAll()
    QTest.keyClicks(inspector.project.notes, "My notes")
    assert document.project.notes == "My notes"
    document.undo_stack.undo()
    assert "My notes" not in inspector.project.notes.toPlainText()


def test_one_node_shows_shapes_and_costs(inspector: Inspector, document: Document) -> None:
    document.select((node(document, "Linear").id,))
    facts = inspector.node.facts.facts()
    assert "784" in facts["Takes"]
    assert "128" in facts["Gives"]
    assert facts["Weights"] == "100,480"
    assert facts["Multiply-adds"].startswith("100,352")


def test_typing_in_one_field_is_one_undo_step(inspector: Inspector, document: Document) -> None:
    linear = node(document, "Linear")
    document.select((linear.id,))
    line = inspector.node.form.editor("out_features")
    assert isinstance(line, QLineEdit)
    retype(line, "256")
    assert document.graph.node(linear.id).params["out_features"] == 256
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.graph.node(linear.id) == linear
    assert line.text() == str(linear.params["out_features"])


def test_two_fields_are_two_steps(inspector: Inspector, document: Document) -> None:
    linear = node(document, "Linear")
    document.select((linear.id,))
    retype(inspector.node.form.editor("out_features"), "64")
    box = inspector.node.form.editor("bias")
    assert isinstance(box, QCheckBox)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center() - box.rect().center() / 2)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert document.undo_stack.count() >= 2


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5", ""])
def test_what_cannot_be_taken_says_what_can(inspector: Inspector, document: Document, text: str) -> None:
    linear = node(document, "Linear")
    document.select((linear.id,))
    retype(inspector.node.form.editor("out_features"), text)
    assert "whole number" in inspector.node.form.message("out_features")
    assert document.graph.node(linear.id).params["out_features"] != text


def test_what_cannot_be_taken_is_not_shown_for_another_node(inspector: Inspector, document: Document) -> None:
    first, second = [node for node in document.graph.nodes if node.type == "Linear"]
    document.select([first.id])
    retype(inspector.node.form.editor("out_features"), "abc")
    assert inspector.node.form.message("out_features")
    document.select([second.id])
    assert inspector.node.form.editor("out_features").text() == str(second.params["out_features"])
    assert not inspector.node.form.message("out_features")
    document.select([first.id])
    assert inspector.node.form.editor("out_features").text() == str(first.params["out_features"])


def test_renaming(inspector: Inspector, document: Document) -> None:
    linear = node(document, "Linear")
    document.select((linear.id,))
    retype(inspector.node.name, "Hidden")
    assert document.graph.node(linear.id).name == "Hidden"
    assert document.undo_stack.count() == 1
    retype(inspector.node.name, node(document, "ReLU").name)
    assert document.graph.node(linear.id).name != node(document, "ReLU").name
    document.undo_stack.undo()
    assert document.graph.node(linear.id).name == linear.name


def test_the_column_of_an_input_is_chosen_and_brings_its_shape(inspector: Inspector, document: Document) -> None:
    image = next(n for n in document.graph.nodes if n.params.get("column") == "image")
    document.select((image.id,))
    box = inspector.node.form.editor("column")
    assert isinstance(box, QComboBox)
    assert [box.itemText(row) for row in range(box.count())] == ["(none)", "image", "label"]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert document.graph.node(image.id).params["column"] == ""
    assert box.currentText() == "(none)"
    document.undo_stack.undo()
    QTest.keyClick(box, Qt.Key.Key_Down)
    params = document.graph.node(image.id).params
    assert (params["column"], params["shape"], params["values"], params["classes"]) == ("label", (), "classes", 10)
    assert document.undo_stack.count() == 1


def test_problems_of_the_node_are_shown_with_repairs(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    document.edit_graph("Remove", document.graph.dissolve((node(document, "Flatten").id,)))
    problem = next(p for p in document.analysis.problems if p.node and p.repairs)
    document.select((problem.node,))
    button = inspector.node.cards[0].findChildren(QPushButton)[0]
    qtbot.waitUntil(button.isVisible)
    broken = document.project
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.project != broken


def test_several_nodes_show_their_number_and_sums(inspector: Inspector, document: Document) -> None:
    chosen = [n.id for n in document.graph.nodes if n.type == "Linear"]
    document.select(chosen)
    facts = inspector.selection.facts.facts()
    assert facts["Linear"] == str(len(chosen))
    assert facts["Weights"] == "101,770"


@pytest.mark.parametrize("layer_type", sorted(layers.CATALOGUE))
def test_every_layer_can_be_inspected(inspector: Inspector, document: Document, layer_type: str) -> None:
    spec = layers.CATALOGUE[layer_type]
    fresh = document.graph.new_node(layer_type, spec.defaults())
    document.edit_graph("Add", document.graph.add(fresh))
    document.select((fresh.id,))
    for param in spec.params:
        assert inspector.node.form.editor(param.name).isVisible()
        assert inspector.node.form.editor(param.name).toolTip()


def test_deleting_the_shown_node_and_undoing(inspector: Inspector, document: Document) -> None:
    linear = node(document, "Linear")
    document.select((linear.id,))
    document.edit_graph("Delete", document.graph.remove((linear.id,)))
    assert inspector.project.isVisible()
    document.undo_stack.undo()
    document.select((linear.id,))
    assert inspector.node.name.text() == linear.name


def test_a_layer_that_this_version_does_not_know(inspector: Inspector, document: Document) -> None:
    strange = Node("odd", "Wizardry", "Odd", {"power": 3})
    document.edit_graph("Add", document.graph.add(strange))
    document.select(("odd",))
    assert inspector.node.name.text() == "Odd"


def test_a_placed_network_is_chosen_repeated_and_opened(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    body = Graph((Node("input_1", "Input", "left", {"shape": (4,)}), Node("input_2", "Input", "right", {"shape": (4,)}),
                  Node("output_1", "Output", "sum")))
    document.edit("Add", document.project.with_graph("Body", body))
    fresh = document.graph.new_node("Block", layers.CATALOGUE["Block"].defaults())
    document.edit_graph("Add", document.graph.add(fresh))
    document.select((fresh.id,))
    choice = inspector.node.form.editor("graph")
    assert isinstance(choice, QComboBox)
    assert [choice.itemText(row) for row in range(choice.count())] == ["Choose…", "Body"]
    assert not inspector.node.open_button.isVisible()
    choice.setCurrentText("Body")
    choice.textActivated.emit("Body")
    placed = document.graph.node(fresh.id)
    assert (placed.name, placed.params["graph"]) == ("Body", "Body")
    assert inspector.node.facts.facts()["Takes"] == "left"
    with qtbot.waitSignal(inspector.node.entered) as entered:
        QTest.mouseClick(inspector.node.open_button, Qt.MouseButton.LeftButton)
    assert entered.args == [fresh.id]
    retype(inspector.node.form.editor("repeat"), "3")
    assert document.graph.node(fresh.id).params["repeat"] == 3


def test_what_is_wrong_with_a_setting_is_said_once(inspector: Inspector, document: Document) -> None:
    fresh = document.graph.new_node("Loop", layers.CATALOGUE["Loop"].defaults())
    document.edit_graph("Add", document.graph.add(fresh))
    document.select((fresh.id,))
    assert inspector.node.form.editor("graph").property("invalid")
    assert inspector.node.form.message("graph") == ""
    [card] = inspector.node.cards
    assert "no other network" in card.problem.hint
