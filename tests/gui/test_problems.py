"""The problems panel: what is wrong is listed, chosen and mended."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine import layers, projectfile
from engine.graph import Edge, Graph
from gui import files
from gui.design.problems_panel import MAX_SHOWN, ProblemsPanel
from gui.document import Document
from tests.gui.dialogs import active


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    document = Document()
    document.new(projectfile.load(files.EXAMPLE))
    return document


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> ProblemsPanel:
    return active(qtbot, ProblemsPanel(document), 700, 260)


def without_flatten(document: Document) -> None:
    flatten = next(node for node in document.graph.nodes if node.type == "Flatten")
    document.edit_graph("Remove", document.graph.dissolve((flatten.id,)))


def test_a_sound_design_says_that_it_is_ready(panel: ProblemsPanel) -> None:
    assert panel.cards == []
    assert panel.empty.isVisible()
    assert "ready to train" in panel.empty.text
    assert panel.counts == (0, 0)


def test_an_empty_document_is_not_called_ready(panel: ProblemsPanel, document: Document) -> None:
    document.new()
    assert "ready" not in panel.empty.text


def test_a_click_selects_the_node(panel: ProblemsPanel, document: Document) -> None:
    without_flatten(document)
    card = panel.cards[0]
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    assert document.selection == {card.problem.node}
    document.select(())
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert document.selection == {card.problem.node}


def test_every_repair_button_mends_and_undoes(panel: ProblemsPanel, document: Document) -> None:
    without_flatten(document)
    broken = document.project
    repairs = [len(card.findChildren(QPushButton)) for card in panel.cards]
    assert sum(repairs) > 0
    for number, count in enumerate(repairs):
        for which in range(count):
            button = panel.cards[number].findChildren(QPushButton)[which]
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            assert document.project != broken
            assert document.undo_stack.undoText() == button.text()
            document.undo_stack.undo()
            assert document.project == broken
            assert [len(card.findChildren(QPushButton)) for card in panel.cards] == repairs


def test_errors_come_before_warnings_and_are_counted(panel: ProblemsPanel, document: Document) -> None:
    linear = document.graph.new_node("Linear", layers.CATALOGUE["Linear"].defaults())
    document.edit_graph("Add", document.graph.add(linear))
    last = next(node for node in document.graph.nodes if node.type == "Linear")
    document.edit_graph("Wire", document.graph.connect(Edge(last.id, "output", linear.id, "input")))
    without_flatten(document)
    severities = [card.problem.severity for card in panel.cards]
    assert severities == sorted(severities, key=("error", "warning").index)
    assert panel.counts == (severities.count("error"), severities.count("warning"))


def test_very_many_problems_are_cut_short_and_said(panel: ProblemsPanel, document: Document) -> None:
    graph = document.graph
    for _ in range(MAX_SHOWN + 5):
        graph = graph.add(graph.new_node("Linear", layers.CATALOGUE["Linear"].defaults()))
    document.edit_graph("Add many", graph)
    assert len(panel.cards) == MAX_SHOWN
    assert sum(panel.counts) > MAX_SHOWN


def test_unknown_layers_are_a_problem_of_their_node(panel: ProblemsPanel, document: Document, tmp_path: Path) -> None:
    text = files.EXAMPLE.read_text(encoding="utf-8").replace('"ReLU"', '"Wizardry"')
    path = tmp_path / "odd.neuroloom"
    path.write_text(text, encoding="utf-8")
    document.open(path)
    assert any("Wizardry" in card.problem.message for card in panel.cards)


def test_problems_of_other_networks_are_listed_and_lead_there(panel: ProblemsPanel, document: Document) -> None:
    linear = Graph().new_node("Linear", layers.CATALOGUE["Linear"].defaults())
    project = document.project
    document.edit("Add", project.with_graph("Side", Graph((linear,))), shown=project.main)
    assert document.shown == project.main
    card = next(card for card in panel.cards if card.problem and card.problem.graph == "Side")
    assert "Side" in card.accessibleName()
    QTest.mouseClick(card, Qt.MouseButton.LeftButton, pos=card.rect().topLeft() + QPoint(40, 12))
    assert document.shown == "Side"
    assert document.selection == {linear.id}


def test_a_repair_mends_the_network_it_is_about(panel: ProblemsPanel, document: Document) -> None:
    without_flatten(document)
    project = document.project
    document.edit("Add", project.with_graph("Side", Graph()), shown="Side")
    card = next(card for card in panel.cards if card.problem and card.problem.graph == project.main
                and card.findChildren(QPushButton))
    QTest.mouseClick(card.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert document.shown == project.main
    assert document.project.graphs[project.main] != project.graph
    assert document.project.graphs["Side"] == Graph()
