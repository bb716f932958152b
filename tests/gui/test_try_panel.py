"""Trying a network: drawing, opening and dropping pictures, filling in a table, with a real worker that answers."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from engine.preparation import Preparation, read_new
from engine.project import Column
from gui.results.paint_pad import PaintPad
from gui.results.try_inputs import FileInput, NoiseInput, PictureInput, TableInput, TextInput, input_for
from gui.results.try_panel import TryPanel
from gui.session import Session
from gui.widgets.heat_map import HeatMap
from tests.engine.preparing import made
from tests.gui.dialogs import active
from tests.gui.drops import drop
from tests.gui.forms import retype
from tests.gui.trained import CLASSES

PATIENCE_MS = 60_000


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> TryPanel:
    return active(qtbot, TryPanel(session), 760, 232)


def draw(pad: PaintPad, *points: tuple[int, int]) -> None:
    middle = pad.rect().center()
    first, *rest = [middle + QPoint(x, y) for x, y in points]
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=first)
    for point in rest:
        QTest.mouseMove(pad, point)
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=point)


def test_without_a_run_it_says_what_to_do(panel: TryPanel) -> None:
    assert "Train" in panel.empty.text
    assert panel.empty.isVisible()


def test_a_drawing_and_a_dropped_picture_are_answered(
    qtbot: QtBot, panel: TryPanel, session: Session, trained_runs: dict[str, Path], tmp_path: Path
) -> None:
    session.show_run(trained_runs["pictures"])
    assert isinstance(panel.input, PictureInput)
    draw(panel.input.pad, (-20, -40), (-20, 0), (20, 40))
    qtbot.waitUntil(lambda: panel.answer.headline.text() in CLASSES, timeout=PATIENCE_MS)
    bars = panel.answer.bars.bars
    assert [bar.name for bar in bars] == list(CLASSES)
    assert sum(bar.share for bar in bars) == pytest.approx(1, abs=1e-4)
    assert panel.answer.headline.text() == max(bars, key=lambda bar: bar.share).name

    picture = QImage(40, 40, QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.white)
    picture.save(str(tmp_path / "white.png"))
    assert drop(panel.input.pad, tmp_path / "white.png")
    qtbot.waitUntil(lambda: panel.answer.bars.bars != bars, timeout=PATIENCE_MS)

    (tmp_path / "broken.png").write_bytes((tmp_path / "white.png").read_bytes()[:30])
    panel.input.open(str(tmp_path / "broken.png"))
    qtbot.waitUntil(lambda: "broken.png" in panel.answer.detail.text(), timeout=PATIENCE_MS)
    assert panel.answer.bars.bars == ()


def test_fields_of_a_table_are_answered_with_a_number(
    qtbot: QtBot, panel: TryPanel, session: Session, trained_runs: dict[str, Path], tmp_path: Path
) -> None:
    session.show_run(trained_runs["table"])
    assert isinstance(panel.input, TableInput)
    form = panel.input.form
    colour = form.editor("colour")
    assert isinstance(colour, QComboBox)
    assert [colour.itemText(row) for row in range(colour.count())] == ["blue", "red"]
    retype(form.editor("width"), "2")
    qtbot.waitUntil(lambda: bool(panel.answer.headline.text()), timeout=PATIENCE_MS)
    assert float(panel.answer.headline.text()) == pytest.approx(6, abs=4)

    (tmp_path / "two.csv").write_text("width,height,colour\n1,1,red\n-1,1,blue\n")
    panel.input.open(str(tmp_path / "two.csv"))
    qtbot.waitUntil(panel.answer.table.isVisible, timeout=PATIENCE_MS)
    assert panel.answer.table.rowCount() == 2


def test_all_outputs_are_answered_by_name(
    qtbot: QtBot, panel: TryPanel, session: Session, two_targets_run: Path, tmp_path: Path
) -> None:
    session.show_run(two_targets_run)
    assert isinstance(panel.input, TableInput)
    retype(panel.input.form.editor("age"), "2")
    qtbot.waitUntil(lambda: len(panel.answer.outputs) == 2, timeout=PATIENCE_MS)
    buys, spend = panel.answer.outputs
    assert [buys.name.text(), spend.name.text()] == ["buys", "spend"]
    assert (buys.heading.headline.text(), [bar.name for bar in buys.bars.bars]) == ("yes", ["no", "yes"])
    assert "% sure" in buys.heading.detail.text()
    assert float(spend.heading.headline.text())
    assert buys.bars.isVisible()
    assert not spend.bars.isVisible()
    assert panel.answer.headline.text() == ""

    (tmp_path / "two.csv").write_text("age,income\n1,1\n-1,-1\n")
    panel.input.open(str(tmp_path / "two.csv"))
    qtbot.waitUntil(panel.answer.table.isVisible, timeout=PATIENCE_MS)
    table = panel.answer.table
    assert [table.horizontalHeaderItem(column).text() for column in range(4)] == [
        "Sample", "buys", "Probability", "spend"]
    assert [table.item(row, 1).text() for row in range(2)] == ["yes", "no"]


def test_a_text_is_written_and_told_where_the_network_looked(
    qtbot: QtBot, panel: TryPanel, session: Session, translation_run: Path, trained_runs: dict[str, Path]
) -> None:
    session.show_run(translation_run)
    assert isinstance(panel.input, TextInput)
    assert panel.decoding.isVisible()
    QTest.keyClicks(panel.input.editor, "abca")
    qtbot.waitUntil(panel.answer.attention.isVisible, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: panel.answer.attention.columns == ("a", "b", "c", "a"), timeout=PATIENCE_MS)
    assert "%" in panel.answer.detail.text()
    greedy, attention = panel.answer.detail.text(), panel.answer.attention
    assert "".join(attention.rows).removesuffix("[END]") == panel.answer.headline.text()

    assert not panel.answer.note.isVisible()
    QTest.keyClicks(panel.input.editor, "bcab")
    qtbot.waitUntil(panel.answer.note.isVisible, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "5 of 8 characters" in panel.answer.note.text(), timeout=PATIENCE_MS)
    panel.input.editor.setPlainText("abca")
    qtbot.waitUntil(lambda: not panel.answer.note.isVisible(), timeout=PATIENCE_MS)

    method = panel.decoding.form.editor("decode")
    assert isinstance(method, QComboBox)
    assert [method.itemText(row) for row in range(method.count())] == ["greedy", "beam", "sample"]
    method.setCurrentText("beam")
    method.textActivated.emit("beam")
    qtbot.waitUntil(lambda: "log-probability -" in panel.answer.detail.text(), timeout=PATIENCE_MS)
    method = panel.decoding.form.editor("decode")
    method.setCurrentText("sample")
    method.textActivated.emit("sample")
    assert panel.decoding.form.editor("temperature") is not None
    retype(panel.decoding.form.editor("seed"), "8")
    assert session.decoding == panel.decoding.values
    assert (session.decoding["decode"], session.decoding["seed"]) == ("sample", 8)
    qtbot.waitUntil(lambda: panel.answer.detail.text() != greedy, timeout=PATIENCE_MS)
    session.show_run(trained_runs["table"])
    assert not panel.decoding.isVisible()


def test_a_network_that_reads_noise_makes_samples(
    qtbot: QtBot, panel: TryPanel, session: Session, generator_run: Path
) -> None:
    session.show_run(generator_run)
    assert isinstance(panel.input, NoiseInput)
    assert not panel.decoding.isVisible()
    QTest.mouseClick(panel.input.make, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.answer.points.isVisible, timeout=PATIENCE_MS)
    assert panel.answer.points.points == 64
    retype(panel.input.form.editor("samples"), "9")
    qtbot.waitUntil(lambda: panel.answer.points.points == 9, timeout=PATIENCE_MS)
    assert panel.answer.headline.text() == "9 samples"


def test_pointing_at_a_cell_of_a_heat_map_tells_it(qtbot: QtBot) -> None:
    shown = HeatMap()
    qtbot.addWidget(shown)
    shown.resize(300, 200)
    shown.show_weights(("x", "[END]"), ("one", "two", "three"), ((0.1, 0.7, 0.2), (0.0, 0.0, 1.0)))
    shown.show()
    told = {shown.told_at(QPointF(x, y)) for x in range(300) for y in range(0, 200, 3)}
    assert {"", "x looks at two: 70.0%", "[END] looks at three: 100.0%"} <= told
    assert len(told) == 7
    assert not shown.grab().isNull()


def test_all_names_of_a_heat_map_are_shown_where_there_is_room(qtbot: QtBot) -> None:
    shown = HeatMap()
    qtbot.addWidget(shown)
    shown.resize(500, 170)
    words = ("the", "small", "man", "sees", "the", "red", "house", "and", "the", "dog")
    shown.show_weights((*words, "[END]"), words, np.eye(11, 10))
    assert (shown.named_rows(), shown.named_columns()) == (range(11), range(10))
    assert shown.column_rect(9).right() > 400
    assert not shown.grab().isNull()
    shown.resize(200, 90)
    assert len(shown.named_rows()) < 11
    assert shown.column_rect(9).right() <= 200
    shown.show_weights(("a", "b"), ("c", "d"), ((1.0, 0.0), (0.0, 1.0)))
    cell = shown.column_rect(0)
    assert cell.width() * 2 == cell.height()


@pytest.fixture
def pad(qtbot: QtBot) -> PaintPad:
    return active(qtbot, PaintPad(), 200, 120)


def test_strokes_are_white_on_black_where_the_mouse_was(pad: PaintPad) -> None:
    draw(pad, (0, -40), (0, 40))
    drawing = pad.drawing(28, 28)
    assert (drawing.width(), drawing.height()) == (28, 28)
    assert drawing.pixelColor(14, 14).value() > 200
    assert drawing.pixelColor(2, 14).value() == 0
    pad.clear()
    assert pad.is_blank
    assert pad.drawing(28, 28).pixelColor(14, 14).value() == 0


def test_drawing_takes_the_place_of_an_opened_picture(pad: PaintPad, tmp_path: Path) -> None:
    picture = QImage(10, 10, QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.red)
    picture.save(str(tmp_path / "red.png"))
    pad.show_picture(tmp_path / "red.png")
    assert pad.grab().toImage().pixelColor(100, 60).red() > 200
    draw(pad, (-50, -50), (-49, -49))
    assert pad.grab().toImage().pixelColor(100, 60).red() == 0


def test_a_pad_for_colours_is_not_drawn_on(pad: PaintPad) -> None:
    pad.can_draw = False
    draw(pad, (0, 0), (10, 10))
    assert pad.is_blank


def fitted(*columns: Column, **raw: object) -> Preparation:
    return Preparation(tuple(made(column, {leaf.name: raw[leaf.name] for leaf in column.leaves}) for column in columns))


def test_a_text_is_typed(qtbot: QtBot) -> None:
    preparation = fitted(Column("review", "text", "input", (5,), settings={"max_length": 5}), review=["good", "bad"])
    shown = QWidget()
    qtbot.addWidget(shown)
    typed = input_for(preparation.inputs, shown)
    assert isinstance(typed, TextInput)
    shown.show()
    with qtbot.waitSignal(typed.given) as given:
        QTest.keyClicks(typed.editor, 'b')
    typed.editor.setPlainText('good, "really"\nreview')
    raw, names = read_new(preparation, given.args)
    assert raw == {"review": ['good, "really"\nreview']}
    assert len(names) == 1


def test_several_inputs_of_a_table_have_a_field_each(qtbot: QtBot) -> None:
    users = tuple(f"user {number}" for number in range(1200))
    preparation = fitted(
        Column("user", "category", "input", classes=users, settings={"encoding": "index"}),
        Column("features", "vector", "input", (9,), parts=(
            Column("when", "date", "input"), Column("member", "boolean", "input"),
            Column("age", "number", "input", settings={"thousands": "point"}))),
        user=np.array([5, 7]), when=np.array([0.0, 0]), member=np.array([1.0, 1]), age=np.array([1.234, 1.234]))
    shown = QWidget()
    qtbot.addWidget(shown)
    fields = input_for(preparation.inputs, shown)
    assert isinstance(fields, TableInput)
    with qtbot.waitSignal(fields.given) as given:
        fields.predict.click()
    raw, _ = read_new(preparation, given.args)
    assert (raw["user"][0], raw["when"][0], raw["member"][0], raw["age"][0]) == (0, 0, 1, 1.234)


def test_recordings_are_dropped(qtbot: QtBot, tmp_path: Path) -> None:
    settings = {"features": "waveform", "seconds": 0.1}
    sound = Column("sound", "audio", "input", (1, 1600), settings=settings)
    shown = QWidget()
    qtbot.addWidget(shown)
    files = input_for(fitted(sound, sound=[np.ones(1600, np.float32)]).inputs, shown)
    assert isinstance(files, FileInput)
    (tmp_path / "a.wav").touch()
    with qtbot.waitSignal(files.given) as given:
        assert drop(files, tmp_path / "a.wav")
    assert given.args == [str(tmp_path / "a.wav")]
    assert files.name.text() == "a.wav"


def test_answers_of_other_kinds_are_shown(
    qtbot: QtBot, panel: TryPanel, session: Session, translation_run: Path
) -> None:
    session.show_run(translation_run)
    panel.answer.show_result({"predictions": [{"name": "a", "text": "ein Hund " * 20, "log_probability": -20.0}]})
    assert panel.answer.headline.text() == "ein Hund " * 20
    panel.answer.show_result({"predictions": [{"name": "a", "text": "ein Hund " * 4, "log_probability": -20.0}]})
    qtbot.waitUntil(lambda: 0 < panel.answer.detail.y() < 30)
    assert panel.answer.detail.text() == "<0.1% sure"
    panel.answer.show_result({"predictions": [{"name": "a", "text": "ein Hund " * 200}]})
    assert panel.answer.headline.text().endswith("…")
    panel.answer.show_result({"predictions": [
        {"name": "a", "shares": {"sky": 0.5, "tree": 0.5}, "mask": [[0, 1], [1, 0]]}]})
    assert "sky 50.0%" in panel.answer.headline.text()
    picture = panel.answer.picture.pixmap().toImage()
    assert picture.pixelColor(10, 10) != picture.pixelColor(200, 10)
