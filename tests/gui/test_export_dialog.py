"""The export dialog: every declared format, a verified export by the worker, and errors in place."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QRadioButton
from pytestqt.qtbot import QtBot
from safetensors import safe_open

from engine.decoding import settings_of
from engine.export.formats import FORMATS
from gui.results.export_dialog import ExportDialog
from gui.session import Session
from tests.gui.forms import retype

PATIENCE_MS = 120_000


@pytest.fixture
def dialog(qtbot: QtBot, session: Session, trained_runs: dict[str, Path]) -> ExportDialog:
    session.show_run(trained_runs["pictures"])
    made = ExportDialog(session)
    qtbot.addWidget(made)
    made.open()
    return made


def choose_format(dialog: ExportDialog, name: str) -> None:
    button = dialog.findChild(QRadioButton, name)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())
    button.setChecked(True)


def test_every_declared_format_is_offered_with_a_fitting_name(dialog: ExportDialog) -> None:
    for spec in FORMATS.values():
        choose_format(dialog, spec.type)
        assert dialog.spec is spec
        assert Path(dialog.path.text()).suffix == spec.suffix


def test_a_chosen_path_is_kept_and_takes_the_suffix_of_the_format(dialog: ExportDialog, tmp_path: Path) -> None:
    choose_format(dialog, "onnx")
    dialog.path.clear()
    QTest.keyClicks(dialog.path, str(tmp_path / "mine.onnx"))
    choose_format(dialog, "pt2")
    assert dialog.path.text() == str(tmp_path / "mine.pt2")
    dialog.path.clear()
    assert not dialog.export.isEnabled()


def test_of_several_objectives_no_weights_are_called_the_best(
    qtbot: QtBot, session: Session, dialog: ExportDialog, generator_run: Path
) -> None:
    assert [dialog.checkpoint.itemData(row) for row in range(dialog.checkpoint.count())] == ["best", "last"]
    session.show_run(generator_run)
    made = ExportDialog(session)
    qtbot.addWidget(made)
    assert [made.checkpoint.itemText(row) for row in range(made.checkpoint.count())] == ["Last step"]
    assert "no loss says" in made.checkpoint.toolTip()


def test_how_texts_are_written_goes_along_and_begins_as_it_was_tried(
    qtbot: QtBot, session: Session, dialog: ExportDialog, translation_run: Path, tmp_path: Path
) -> None:
    assert not dialog.decoding.isVisible(), "pictures are not written"
    session.set_decoding(settings_of({"decode": "beam", "beam": 3}))
    session.show_run(translation_run)
    made = ExportDialog(session)
    qtbot.addWidget(made)
    made.open()
    assert made.decoding.isVisible()
    assert made.decoding.values == session.decoding
    retype(made.decoding.form.editor("beam"), "2")
    choose_format(made, "state_dict")
    made.path.setText(str(tmp_path / "weights.safetensors"))
    QTest.mouseClick(made.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(made.outcome.text()), timeout=PATIENCE_MS)
    with safe_open(tmp_path / "weights.safetensors", "np") as file:
        told = json.loads(file.metadata()["decoding"])["settings"]
    assert told == settings_of({"decode": "beam", "beam": 2})
    assert session.decoding["beam"] == 3, "what is tried stays as it was"


def test_an_export_is_told_with_its_measured_difference_and_a_failure_in_place(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path
) -> None:
    choose_format(dialog, "state_dict")
    dialog.path.setText(str(tmp_path / "weights"))
    QTest.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    assert not dialog.export.isEnabled()
    assert dialog.progress.isVisible()
    qtbot.waitUntil(lambda: bool(dialog.outcome.text()), timeout=PATIENCE_MS)
    assert (tmp_path / "weights.safetensors").exists()
    assert "largest difference" in dialog.outcome.text()
    assert dialog.folder.isVisible()
    assert dialog.export.isDefault()
    assert not dialog.progress.isVisible()

    (tmp_path / "a file").write_text("in the way")
    dialog.path.setText(str(tmp_path / "a file" / "weights.safetensors"))
    QTest.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.message.text()), timeout=PATIENCE_MS)
    assert "a file" in dialog.message.text()
    assert dialog.outcome.text() == ""
    assert dialog.export.isEnabled()


def test_without_a_run_there_is_nothing_to_export(qtbot: QtBot, session: Session) -> None:
    made = ExportDialog(session)
    qtbot.addWidget(made)
    made.path.setText("/tmp/x")
    made.export.click()
    assert "Train one first" in made.message.text()


def test_escape_closes_it(qtbot: QtBot, dialog: ExportDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.isVisible())
