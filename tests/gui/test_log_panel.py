"""The log panel: events of a training in plain words."""

from pytestqt.qtbot import QtBot

from engine.events import Started, Validated
from gui.log_panel import LogPanel
from gui.session import Session


def test_what_a_training_reports_is_said_in_words(qtbot: QtBot, session: Session) -> None:
    panel = LogPanel(session)
    qtbot.addWidget(panel)
    session.reported.emit(Started("runs/first", "cpu", threads=1, weights=12, epochs=1, steps_per_epoch=4))
    session.reported.emit(Validated(1, 4, {"loss": 0.5}, {"loss": 0.25}, 0.001, 1.0, best=True))
    session.reported.emit(Validated(2, 8, {"loss": 0.5}, {"loss": 0.5}, 0.001, 1.0, best=False))
    session.reported.emit(Validated(3, 12, {}, {"loss": 0.5}, 0.001, 1.0, best=False))
    session.reported.emit(Validated(4, 16, {"loss": 0.5}, {}, 0.001, 1.0, best=False))
    lines = [line[10:] for line in panel.text.toPlainText().splitlines()]
    assert lines == ["Training runs/first on cpu, 1 thread: 12 weights, 1 epoch.",
                     "Epoch 1: train loss 0.5; validation loss 0.25, the best so far",
                     "Epoch 2: train loss 0.5; validation loss 0.5",
                     "Epoch 3: nothing was trained; validation loss 0.5", "Epoch 4: train loss 0.5"]
