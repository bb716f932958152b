"""The form of parameters, by keys and mouse: every kind of parameter, wrong input, reset, values from outside."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from engine.options import OPTIMIZERS, TRAINING
from engine.params import Bool, Choice, Float, Int, Param, Size, Text
from gui.widgets.param_form import ParamForm
from tests.gui.forms import retype

PARAMS: tuple[Param, ...] = (
    Int(name="out_features", default=10, minimum=1, maximum=1000, help="Outputs."),
    Float(name="lr", default=1e-3, minimum=0.0, help="Rate."),
    Bool(name="bias", default=True, help="Add a bias."),
    Choice(name="padding_mode", default="zeros", choices=("zeros", "reflect"), help="Edges."),
    Size(name="kernel_size", default=(3, 3), length=2, help="Window."),
    Int(name="stride", default=None, optional=True, minimum=1, help="Step."),
    Text(name="column", default="", help="Column."),
)


class Edits(list[tuple[str, object]]):
    """Every edit that the form reported."""


@pytest.fixture
def form(qtbot: QtBot) -> Iterator[ParamForm]:
    widget = ParamForm()
    qtbot.addWidget(widget)
    widget.show_params(PARAMS, {"out_features": 128})
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()
    return widget


@pytest.fixture
def edits(form: ParamForm) -> Edits:
    seen = Edits()
    form.edited.connect(lambda name, value: seen.append((name, value)))
    return seen


def line(form: ParamForm, name: str) -> QLineEdit:
    editor = form.editor(name)
    assert isinstance(editor, QLineEdit)
    return editor


def reset_button(form: ParamForm, label: str) -> QToolButton:
    return next(b for b in form.findChildren(QToolButton) if b.accessibleName() == f"Reset {label}")


def test_values_are_shown_without_being_reported(form: ParamForm, edits: Edits) -> None:
    form.show_params(PARAMS, {"out_features": 64, "bias": False, "padding_mode": "reflect", "kernel_size": (5, 3)})
    assert line(form, "out_features").text() == "64"
    assert line(form, "kernel_size").text() == "5, 3"
    assert line(form, "stride").text() == ""
    assert form.editor("bias").isChecked() is False
    assert form.editor("padding_mode").currentText() == "reflect"
    assert edits == []


def test_each_legal_stage_of_typing_is_an_edit_of_one_gesture(form: ParamForm, edits: Edits) -> None:
    retype(line(form, "out_features"), "256")
    assert edits == [("out_features", 2), ("out_features", 25), ("out_features", 256)]


def test_every_visit_of_an_editor_is_a_new_gesture(form: ParamForm, qtbot: QtBot) -> None:
    qtbot.waitUntil(form.isActiveWindow)
    retype(line(form, "out_features"), "2")
    first = form.gesture
    QTest.keyClicks(line(form, "out_features"), "5")
    assert form.gesture == first
    retype(line(form, "lr"), "1")
    assert form.gesture > first


@pytest.mark.parametrize(("name", "typed", "allowed"), [
    ("out_features", "0", "a whole number from 1 to 1000"),
    ("out_features", "ten", "a whole number"),
    ("lr", "-1", "a number of at least 0"),
    ("kernel_size", "3, 3, 3", "2 whole numbers"),
    ("out_features", "", "a whole number"),
])
def test_what_cannot_be_taken_is_told_below_and_not_sent(
    form: ParamForm, edits: Edits, name: str, typed: str, allowed: str
) -> None:
    retype(line(form, name), typed)
    QTest.keyClick(line(form, name), Qt.Key.Key_Return)
    assert allowed in form.message(name)
    assert typed not in [str(value) for _, value in edits]
    assert line(form, name).text() == typed
    assert line(form, name).property("invalid") is True


def test_escape_takes_back_what_cannot_be_taken(form: ParamForm, edits: Edits) -> None:
    retype(line(form, "out_features"), "x")
    assert form.message("out_features")
    QTest.keyClick(line(form, "out_features"), Qt.Key.Key_Escape)
    assert line(form, "out_features").text() == "128"
    assert form.message("out_features") == ""
    assert edits == []


def test_leaving_an_editor_tidies_the_number(form: ParamForm, edits: Edits) -> None:
    retype(line(form, "lr"), "1e-2")
    assert line(form, "lr").text() == "1e-2"
    QTest.keyClick(line(form, "lr"), Qt.Key.Key_Return)
    assert line(form, "lr").text() == "0.01"
    assert edits[-1] == ("lr", 0.01)


def test_the_own_edit_coming_back_does_not_touch_what_is_typed(form: ParamForm, qtbot: QtBot) -> None:
    qtbot.waitUntil(form.isActiveWindow)
    values = {"out_features": 128, "lr": 1e-3}

    def edit(name: str, value: object) -> None:
        values[name] = value
        form.show_params(PARAMS, values)

    form.edited.connect(edit)
    retype(line(form, "lr"), "0.010")
    assert line(form, "lr").text() == "0.010"
    assert values["lr"] == 0.01
    form.show_params(PARAMS, {"lr": 0.5})
    assert line(form, "lr").text() == "0.5", "an undo shows its value"


def test_check_box_and_choice(form: ParamForm, edits: Edits) -> None:
    box, choice = form.editor("bias"), form.editor("padding_mode")
    assert isinstance(box, QCheckBox)
    assert isinstance(choice, QComboBox)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    choice.setFocus()
    QTest.keyClicks(choice, "r")
    QTest.keyClick(choice, Qt.Key.Key_Return)
    assert ("bias", False) in edits
    assert choice.currentText() == "reflect"


def test_an_optional_number_can_be_left_out(form: ParamForm, edits: Edits) -> None:
    retype(line(form, "stride"), "2")
    retype(line(form, "stride"), "")
    assert edits == [("stride", 2), ("stride", None)]
    assert form.message("stride") == ""


def test_reset_goes_back_to_the_default_and_shows_only_when_needed(form: ParamForm, edits: Edits) -> None:
    button = reset_button(form, "Out features")
    assert button.isVisible()
    assert not reset_button(form, "Bias").isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert edits == [("out_features", 10)]
    assert line(form, "out_features").text() == "10"
    assert not button.isVisible()


def test_arrow_keys_step_numbers_within_their_range(form: ParamForm, edits: Edits) -> None:
    QTest.keyClick(line(form, "out_features"), Qt.Key.Key_Up)
    QTest.keyClick(line(form, "lr"), Qt.Key.Key_Up)
    QTest.keyClick(line(form, "lr"), Qt.Key.Key_Down)
    assert edits == [("out_features", 129), ("lr", 0.002), ("lr", 0.001)]
    form.show_params(PARAMS, {"out_features": 1000})
    QTest.keyClick(line(form, "out_features"), Qt.Key.Key_Up)
    assert len(edits) == 3


def test_the_wheel_never_changes_a_value(form: ParamForm, edits: Edits) -> None:
    choice = form.editor("padding_mode")
    choice.setFocus()
    event = QWheelEvent(QPointF(5, 5), QPointF(choice.mapToGlobal(QPoint(5, 5))), QPoint(), QPoint(0, -120),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(choice, event)
    assert choice.currentText() == "zeros"
    assert edits == []


def test_editors_stay_while_only_values_change(form: ParamForm) -> None:
    before = form.editor("lr")
    form.show_params(PARAMS, {"lr": 0.2})
    assert form.editor("lr") is before
    form.show_params(OPTIMIZERS["Adam"].params, {})
    assert form.editor("lr") is not before
    with pytest.raises(KeyError):
        form.editor("out_features")


def test_a_problem_of_the_design_marks_its_parameter(form: ParamForm) -> None:
    form.mark("kernel_size", is_wrong=True)
    assert form.editor("kernel_size").property("invalid")
    assert form.message("kernel_size") == ""
    form.mark("kernel_size", is_wrong=False)
    assert not form.editor("kernel_size").property("invalid")


def test_a_file_has_a_button_that_chooses_it(form: ParamForm) -> None:
    form.show_params(PARAMS, {}, files={"column": "Weights (*.pt)"})
    assert any(b.toolTip() == "Choose a file" for b in form.findChildren(QToolButton))


def test_every_training_option_can_be_shown(form: ParamForm) -> None:
    form.show_params(TRAINING, {})
    assert all(form.editor(param.name).toolTip().startswith(param.help) for param in TRAINING)
