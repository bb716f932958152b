"""The training plan in the window: the strip of phases, the settings of one, and what it colours on the canvas."""

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QPushButton
from pytestqt.qtbot import QtBot

from engine.analysis.planning import default_plan
from engine.graph import Edge
from engine.plan import Phase
from engine.project import Project
from gui.document import Document
from gui.main_window import MainWindow
from gui.plan.chip import CROWDED
from gui.plan.phase_settings import PhaseSettings
from gui.plan.strip import PlanStrip
from gui.plan.updates_tree import FACTOR, FROZEN
from gui.widgets import theme
from tests.engine.plans import gan, head, two_heads
from tests.gui.dialogs import opened
from tests.gui.forms import pick, retype

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window with a GAN of two phases: "Train discriminator", "Train generator"."""
    with opened(qtbot) as window:
        window.resize(1280, 800)
        window.document.new(planned(gan()))
        yield window


@pytest.fixture
def document(window: MainWindow) -> Document:
    return window.document


@pytest.fixture
def strip(window: MainWindow) -> PlanStrip:
    return window.plan.strip


@pytest.fixture
def settings(window: MainWindow) -> PhaseSettings:
    """The settings of the second phase, "Train generator"."""
    click(window.plan.strip, 1)
    return window.plan.settings


def planned(project: Project) -> Project:
    return project.replace(plan=default_plan(project))


def click(strip: PlanStrip, position: int) -> None:
    QTest.mouseClick(strip.chips[position], LEFT)


def names(document: Document) -> list[str]:
    return [phase.name for phase in document.project.plan]


def phase(document: Document, position: int) -> Phase:
    return document.project.plan[position]


# When it is there


def test_one_objective_needs_no_plan_and_two_do(window: MainWindow, strip: PlanStrip) -> None:
    window.document.new(Project({"Price": head("price"), "Body": two_heads().graphs["Body"]}))
    assert not strip.isVisible()
    window.document.new(two_heads())
    assert strip.isVisible()
    assert "Age has a loss, too" in strip.badge.toolTip()
    QTest.mouseClick(strip.make, LEFT)
    assert names(window.document) == ["Price", "Age"]
    assert strip.chips[0].isChecked()
    assert window.plan.settings.name.isVisible()
    assert window.plan.settings.name.text() == "Price"
    window.document.undo_stack.undo()
    assert not window.document.project.plan


def test_the_action_shows_a_plan_that_is_hidden(window: MainWindow, strip: PlanStrip) -> None:
    window.document.new(Project({"Price": head("price"), "Body": two_heads().graphs["Body"]}))
    window.activateWindow()
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_F8)
    assert strip.isVisible()
    assert strip.chips[0].hasFocus()
    assert not window.document.project.plan, "to look is no edit"
    QTest.keyClick(window, Qt.Key.Key_F8)
    assert not strip.isVisible()


def test_chips_say_what_a_phase_does(strip: PlanStrip, document: Document) -> None:
    assert [chip.text() for chip in strip.chips] == ["Train discriminator", "Train generator"]
    assert [chip.detail for chip in strip.chips] == ["updates Discriminator", "updates Generator"]
    plan = (phase(document, 0), msgspec.structs.replace(phase(document, 1), name="Fool it", every=5, start=100,
                                                         updates={"Generator": 0.1, "Generator/linear_1": 0.0}))
    document.edit("Change", document.project.replace(plan=plan))
    assert strip.chips[1].detail == "Train generator · updates Generator ×0.1 · every 5 steps, from step 100"
    assert "Adam, learning rate 0.001" in strip.chips[1].toolTip()


def test_a_chip_shows_all_that_it_says_where_there_is_room(qtbot: QtBot, strip: PlanStrip, document: Document) -> None:
    updates = {"Generator": 0.25, "Discriminator": 0.5}
    first = msgspec.structs.replace(phase(document, 0), updates=updates, start=100, stop=20_000)
    document.edit("Change", document.project.replace(plan=(first,)))
    qtbot.waitUntil(lambda: strip.chips[0].width() == strip.chips[0].sizeHint().width() > CROWDED)
    plan = tuple(msgspec.structs.replace(first, name=f"Phase {number}") for number in range(4))
    document.edit("Add", document.project.replace(plan=plan))
    qtbot.waitUntil(lambda: [chip.width() for chip in strip.chips] == [CROWDED] * 4)


# Order and number


def test_phases_are_added_duplicated_and_removed_with_one_undo_step_each(strip: PlanStrip, document: Document) -> None:
    QTest.mouseClick(strip.add, LEFT)
    assert names(document) == ["Train discriminator", "Train generator", "Train discriminator 2"]
    assert strip.chips[2].isChecked()
    click(strip, 1)
    QTest.mouseClick(strip.tools["duplicate"], LEFT)
    assert names(document)[2] == "Train generator 2"
    QTest.mouseClick(strip.tools["remove"], LEFT)
    assert names(document) == ["Train discriminator", "Train generator", "Train discriminator 2"]
    assert document.undo_stack.count() == 3
    for _ in range(3):
        document.undo_stack.undo()
    assert names(document) == ["Train discriminator", "Train generator"]


def test_a_chip_is_dragged_to_another_place(strip: PlanStrip, document: Document) -> None:
    chip, goal = strip.chips[0], strip.chips[1]
    QTest.mousePress(chip, LEFT, pos=QPoint(20, 20))
    far = chip.mapFromGlobal(goal.mapToGlobal(QPoint(goal.width() - 5, 20)))
    for step in (0.3, 0.7, 1.0):
        QTest.mouseMove(chip, QPoint(20, 20) + (far - QPoint(20, 20)) * step)
        QTest.qWait(1)
    QTest.mouseRelease(chip, LEFT, pos=far)
    assert names(document) == ["Train generator", "Train discriminator"]
    assert document.undo_stack.undoText() == "Move phase Train discriminator"


def test_keys_walk_move_and_remove(strip: PlanStrip, document: Document, qtbot: QtBot) -> None:
    strip.chips[0].setFocus()
    QTest.keyClick(strip.chips[0], Qt.Key.Key_Right)
    assert strip.chips[1].hasFocus()
    QTest.keyClick(strip.chips[1], Qt.Key.Key_Left, CTRL)
    assert names(document) == ["Train generator", "Train discriminator"]
    assert strip.chips[0].hasFocus()
    QTest.keyClick(strip.chips[0], Qt.Key.Key_Return)
    assert strip.chips[0].isChecked()
    QTest.keyClick(strip.chips[0], Qt.Key.Key_Delete)
    assert names(document) == ["Train discriminator"]


def test_phases_that_do_not_fit_are_scrolled_to(qtbot: QtBot, strip: PlanStrip, document: Document) -> None:
    for _ in range(6):
        QTest.mouseClick(strip.add, LEFT)
    last = strip.chips[-1]
    qtbot.waitUntil(lambda: not last.visibleRegion().isEmpty())
    strip.chips[1].setFocus()
    QTest.keyClick(strip.chips[1], Qt.Key.Key_Left)
    assert not strip.chips[0].visibleRegion().isEmpty()
    assert last.visibleRegion().isEmpty()
    viewport, at = strip.chips[0].parentWidget().parentWidget(), QPointF(20, 20)
    turned = QWheelEvent(at, viewport.mapToGlobal(at), QPoint(), QPoint(0, -5000), Qt.MouseButton.NoButton,
                         Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(viewport, turned)
    assert not last.visibleRegion().isEmpty()


def test_undo_keeps_showing_the_phase_that_was_chosen(window: MainWindow, strip: PlanStrip, document: Document) -> None:
    click(strip, 1)
    QTest.mouseClick(strip.tools["earlier"], LEFT)
    assert window.plan.shown.position == 0
    document.undo_stack.undo()
    assert window.plan.shown.position == 1
    assert strip.chips[1].isChecked()


# Settings


def test_choosing_a_phase_opens_its_settings_and_a_node_those_of_the_node(
    window: MainWindow, settings: PhaseSettings
) -> None:
    assert settings.isVisible()
    assert settings.name.text() == "Train generator"
    window.document.select([window.document.graph.nodes[0].id])
    assert not settings.isVisible()
    window.document.select([])
    assert settings.isVisible()
    click(window.plan.strip, 1)
    assert not settings.isVisible()


def test_a_double_click_renames(window: MainWindow, strip: PlanStrip, document: Document) -> None:
    QTest.mouseDClick(strip.chips[0], LEFT)
    editor = window.plan.settings.name
    assert editor.hasFocus()
    QTest.keyClicks(editor, "Judge")
    assert names(document)[0] == "Judge"
    assert document.undo_stack.count() == 1
    retype(editor, "Train generator")
    assert names(document)[0] == "Train generato", "the last name that was free"
    assert "Another phase" in window.plan.settings.refusal
    document.undo_stack.undo()
    assert editor.text() == "Train discriminator"


def test_factors_and_freezing(qtbot: QtBot, settings: PhaseSettings, document: Document) -> None:
    tree = settings.updates
    assert tree.item("Discriminator").checkState(FROZEN) == Qt.CheckState.Checked
    assert tree.item("Generator").text(FACTOR) == "×1"
    box = tree.visualItemRect(tree.item("Discriminator"))
    QTest.mouseClick(tree.viewport(), LEFT, pos=QPoint(tree.columnViewportPosition(FROZEN) + 11, box.center().y()))
    assert phase(document, 1).updates == {"Generator": 1.0, "Discriminator": 1.0}
    assert document.undo_stack.undoText() == "Set factor of Discriminator"

    row = tree.visualItemRect(tree.item("Discriminator"))
    place = QPoint(tree.columnViewportPosition(FACTOR) + 8, row.center().y())
    QTest.mouseClick(tree.viewport(), LEFT, pos=place)
    QTest.mouseDClick(tree.viewport(), LEFT, pos=place)
    editor = tree.findChild(QDoubleSpinBox)
    assert editor is not None
    editor.selectAll()
    QTest.keyClicks(editor, "0.25")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: phase(document, 1).updates["Discriminator"] == 0.25)
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert phase(document, 1).updates == {"Generator": 1.0}


def test_the_tree_has_the_colours_of_the_theme(settings: PhaseSettings) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    for choice, colors in (("dark", theme.DARK), ("light", theme.LIGHT)):
        theme.apply(application, choice)
        assert settings.updates.item("Generator").foreground(0).color() == QColor(colors.text)


def test_a_single_layer_has_a_factor_of_its_own(settings: PhaseSettings, document: Document) -> None:
    tree = settings.updates
    tree.item("Generator").setExpanded(True)
    box = tree.visualItemRect(tree.item("Generator", "linear_1"))
    QTest.mouseClick(tree.viewport(), LEFT, pos=QPoint(tree.columnViewportPosition(FROZEN) + 11, box.center().y()))
    assert phase(document, 1).updates == {"Generator": 1.0, "Generator/linear_1": 0.0}
    box = tree.visualItemRect(tree.item("Generator", "linear_1"))
    QTest.mouseClick(tree.viewport(), LEFT, pos=QPoint(tree.columnViewportPosition(FROZEN) + 11, box.center().y()))
    assert phase(document, 1).updates == {"Generator": 1.0}, "as its network again"


def test_everything_that_is_reached_can_be_updated(settings: PhaseSettings, document: Document) -> None:
    assert not settings.everything.isChecked()
    settings.everything.setFocus()
    QTest.keyClick(settings.everything, Qt.Key.Key_Space)
    assert phase(document, 1).updates == {}
    assert settings.updates.item("Discriminator").text(FACTOR) == "×1"
    QTest.keyClick(settings.everything, Qt.Key.Key_Space)
    assert phase(document, 1).updates == {"Generator": 1.0, "Discriminator": 1.0}


def test_another_objective_brings_what_it_should_update(settings: PhaseSettings, document: Document) -> None:
    pick(settings.objective, "Train discriminator")
    assert phase(document, 1).objective == "Train discriminator"
    assert phase(document, 1).updates == {"Discriminator": 1.0}


def test_optimizer_times_and_clipping(settings: PhaseSettings, document: Document) -> None:
    pick(settings.components.optimizer.editor("optimizer"), "SGD")
    retype(settings.components.rate.editor("lr"), "0.5")
    pick(settings.components.scheduler.editor("scheduler"), "Step")
    assert [settings.times.editor(name).text() for name in ("to_step", "clipping")] == ["end", "off"]
    for name, text in (("every", "5"), ("from_step", "10"), ("to_step", "20"), ("clipping", "1.5")):
        retype(settings.times.editor(name), text)
    now = phase(document, 1)
    assert (now.optimizer.type, now.optimizer.params["lr"], now.scheduler.type) == ("SGD", 0.5, "Step")
    assert (now.every, now.start, now.stop, now.clip) == (5, 10, 20, 1.5)
    for name, text in (("to_step", "end"), ("clipping", "off")):
        retype(settings.times.editor(name), text)
    assert (phase(document, 1).stop, phase(document, 1).clip) == (0, 0.0)
    assert phase(document, 0).optimizer.type == "Adam"
    assert document.project.options.optimizer.type == "Adam"


def test_a_problem_is_a_badge_and_a_card_with_its_repair(
    window: MainWindow, strip: PlanStrip, settings: PhaseSettings, document: Document
) -> None:
    assert strip.chips[1].severity == ""
    settings.everything.setFocus()
    QTest.keyClick(settings.everything, Qt.Key.Key_Space)
    assert strip.chips[1].severity == "warning"
    assert "both update Discriminator" in strip.chips[1].toolTip()
    card = next(card for card in settings.problems if card.isVisible())
    button = next(b for b in card.findChildren(QPushButton) if b.text().startswith("Take Discriminator out of Train g"))
    QTest.mouseClick(button, LEFT)
    assert phase(document, 1).updates == {"Generator": 1.0}
    assert strip.chips[1].severity == ""
    assert not any(card.isVisible() for card in settings.problems)


# Colours


def test_the_canvas_shows_what_the_phase_updates(window: MainWindow, strip: PlanStrip, document: Document) -> None:
    items, wires = window.canvas.canvas.nodes, window.canvas.canvas.wires
    document.show("Train discriminator")
    click(strip, 0)
    assert {name: item.effect.state for name, item in items.items() if item.effect} == {
        "noise": "stopped", "real": "stopped", "made": "frozen", "cut": "stopped", "on_real": "updated",
        "on_made": "updated", "yes": "stopped", "no": "stopped", "loss_real": "passed", "loss_made": "passed"}
    assert wires[Edge("cut", "output", "on_made", "in")].gradient == "stopped"
    assert wires[Edge("on_made", "out", "loss_made", "prediction")].gradient == "flowing"
    document.show("Discriminator")
    assert items["linear_1"].effect is not None
    assert items["linear_1"].effect.factor_text == "×1"
    click(strip, 1)
    assert items["linear_1"].effect.state == "frozen"
    assert wires[Edge("in", "output", "linear_1", "input")].gradient == "flowing", "through to the generator"
    click(strip, 1)
    assert items["linear_1"].effect is None
    assert wires[Edge("in", "output", "linear_1", "input")].gradient == ""


def test_a_phase_without_a_part_in_the_shown_network_shows_its_objective(strip: PlanStrip, document: Document) -> None:
    document.show("Train generator")
    click(strip, 0)
    assert document.shown == "Train discriminator"
    document.show("Generator")
    click(strip, 1)
    assert document.shown == "Generator", "which the phase updates"
    click(strip, 1)
    assert document.shown == "Generator"


def test_new_nodes_and_edits_are_coloured_at_once(window: MainWindow, strip: PlanStrip, document: Document) -> None:
    document.show("Generator")
    click(strip, 1)
    added = window.canvas.add_layer("Linear")
    assert window.canvas.canvas.nodes[added].effect is not None
    document.undo_stack.undo()
    click(strip, 0)
    settings = window.plan.settings
    pick(settings.objective, "Train generator")
    assert window.canvas.canvas.nodes["linear_1"].effect.state == "updated"


@pytest.mark.parametrize("place", ["canvas", "strip", "button"])
def test_it_ends_with_escape(window: MainWindow, strip: PlanStrip, place: str) -> None:
    click(strip, 0)
    assert strip.legend.isVisible()
    if place == "canvas":
        window.canvas.setFocus()
        QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    elif place == "strip":
        QTest.keyClick(strip.chips[0], Qt.Key.Key_Escape)
    else:
        QTest.mouseClick(strip.tools["leave"], LEFT)
    assert window.plan.shown.phase is None
    assert not strip.legend.isVisible()
    assert not strip.chips[0].isChecked()


def test_another_document_shows_no_phase(window: MainWindow, strip: PlanStrip) -> None:
    click(strip, 1)
    window.document.new(Project({"Price": head("price"), "Body": two_heads().graphs["Body"]}))
    assert window.plan.shown.phase is None
    assert not strip.isVisible()


def test_without_a_plan_the_one_phase_can_be_looked_at(window: MainWindow, strip: PlanStrip) -> None:
    window.document.new(two_heads())
    click(strip, 0)
    settings = window.plan.settings
    assert settings.make.isVisible()
    assert not settings.name.isVisible()
    QTest.mouseClick(settings.make, LEFT)
    assert names(window.document) == ["Price", "Age"]
