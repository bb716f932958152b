"""The options of training, and what they leave to a training plan."""

from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.analysis.planning import default_plan
from gui.document import Document
from gui.training.train_options import TrainOptions
from tests.engine.plans import gan


def test_the_options_of_training_leave_to_the_plan_what_it_says(qtbot: QtBot) -> None:
    document = Document()
    options = TrainOptions(document)
    document.setParent(options)
    qtbot.addWidget(options)
    options.show()
    assert options.components.isVisible()
    clipping = options.advanced.editor("gradient_clipping")
    assert isinstance(clipping, QLineEdit)
    assert clipping.text() == "off"
    plan = default_plan(gan())
    document.new(gan().replace(plan=plan))
    assert not options.components.isVisible()
    assert options.plan_note.text().startswith("The training plan has 2 phases, each with its own optimizer")
    assert options.basic.editor("epochs").isVisible()
    document.new(gan().replace(plan=plan[:1]))
    assert options.plan_note.text() == (
        "The training plan has 1 phase with its own optimizer: click it below the canvas.")
