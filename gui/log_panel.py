"""The log panel: what happened in this session, with its time, newest last."""

from datetime import datetime

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from engine import events
from gui.facts import counted
from gui.session import Session
from gui.widgets import theme

MAX_LINES = 5_000


class LogPanel(QWidget):
    """Lines of text that can be selected and copied."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("log")
        self.text.setAccessibleName("Log")
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(MAX_LINES)
        self.text.setPlaceholderText("What Neuroloom does appears here: trainings, warnings, exports.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        session.reported.connect(self._take)
        session.failed.connect(self._take_failure)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def add(self, message: str) -> None:
        """Add a line, now."""
        self.text.appendPlainText(f"{datetime.now():%H:%M:%S}  {message}")

    def _take(self, event: events.AnyEvent) -> None:
        if line := described(event):
            self.add(line)

    def _take_failure(self, message: str, hint: str) -> None:
        self.add(f"{message} {hint}".strip())

    def _restyle(self) -> None:
        self.text.setFont(theme.mono_font(12))


def described(event: events.AnyEvent) -> str:  # noqa: PLR0911 - one answer for each kind
    """An event as a line of the log, "" for those that are too many to list."""
    match event:
        case events.Started():
            start = f"from step {event.step:,}" if event.step else counted(event.weights, "weight")
            threads = "" if event.device.startswith("cuda") else f", {counted(event.threads, 'thread')}"
            return f"Training {event.run} on {event.device}{threads}: {start}, {counted(event.epochs, 'epoch')}."
        case events.Validated():
            training = _values("train", event.training) if event.training else "nothing was trained"
            validation = f"; {_values('validation', event.validation)}" if event.validation else ""
            return f"Epoch {event.epoch}: {training}{validation}{', the best so far' if event.best else ''}"
        case events.Noted():
            return f"{'Warning: ' if event.level == 'warning' else ''}{event.message}"
        case events.Paused():
            return f"Paused at step {event.step:,}."
        case events.Resumed():
            return f"Resumed at step {event.step:,}."
        case events.Ended(reason="failed"):
            return ""  # the session tells failures itself, also those without a run
        case events.Ended():
            return f"Training {event.reason}. {event.message}".strip()
    return ""


def _values(split: str, values: dict[str, float]) -> str:
    return f"{split} " + ", ".join(f"{name} {value:.4g}" for name, value in values.items())
