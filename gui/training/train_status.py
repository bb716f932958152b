"""How the training stands, in numbers that are read from across the room."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine import events
from engine.errors import RunError
from engine.runs import RunInfo
from gui.charts.controls import title
from gui.charts.plot import readable
from gui.document import Document
from gui.session import IDLE, PAUSED, RUNNING, STARTING, STOPPING, Session
from gui.widgets import icons, theme
from gui.widgets.labels import ElidedLabel, label

_HEADLINES = {STARTING: "Preparing…", RUNNING: "Training", PAUSED: "Paused", STOPPING: "Stopping…"}
_OUTCOMES = {"completed": "Training completed", "stopped": "Training stopped", "failed": "Training failed"}
_SHOWN_METRICS = 3
_LONG_NAME = 14
"""A quantity with more characters has its name on a line above its numbers."""

_NUMBER_SIZE = 20


class TrainStatus(QWidget):
    """State, progress, time left and the latest losses and metrics, with the buttons that start and stop."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_refused = False
        self._epochs = self._steps_per_epoch = 0
        self._outcome, self._train_icon = "", "play"
        self._rows: dict[str, _Row] = {}
        self.headline = label("", "title", self)
        self.message = label("", "error", self, wraps=True)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.detail = label("", "muted", self, wraps=True)
        self.train = _button("play", self)
        self.train.setProperty("primary", True)
        self.train.clicked.connect(self._press_train)
        self.stop = _button("circle-stop", self)
        self.stop.setText("Stop")
        self.stop.setToolTip("End the training; what was learned is kept")
        self.stop.clicked.connect(session.stop)
        self.continues = QCheckBox("Continue from the last run", self)
        self.continues.setToolTip("Train begins with the best weights of the last run, wherever names and shapes are "
                                  "the same. The project is not changed.")
        self.continues.clicked.connect(session.set_continuing)
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(12)
        self._numbers.setVerticalSpacing(0)
        self._numbers.setColumnStretch(2, 1)
        self._headings = (label("Training", "muted", self), label("Validation", "muted", self))
        self._build()
        session.reported.connect(self._take)
        session.state_changed.connect(self._show_state)
        session.run_changed.connect(self._show_run)
        session.runs_changed.connect(self._show_continuing)
        session.continuing_changed.connect(self._show_continuing)
        session.failed.connect(self._show_failure)
        document.changed.connect(self._show_readiness)
        theme.notifier().changed.connect(self._restyle)
        self._show_run()
        self._show_state(session.state)

    def number(self, name: str, split: str) -> str:
        """What is read for a quantity ("loss") of a split ("training"); "" if nothing is."""
        row = self._rows.get(name)
        return "" if row is None else row.values[split].text()

    def _build(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.train, 1)
        buttons.addWidget(self.stop)
        for place, heading in enumerate(self._headings, start=1):
            self._numbers.addWidget(heading, 0, place)
            heading.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.headline)
        column.addWidget(self.progress)
        column.addWidget(self.detail)
        column.addWidget(self.message)
        column.addLayout(self._numbers)
        column.addLayout(buttons)
        column.addWidget(self.continues)
        column.addStretch(1)

    def _press_train(self) -> None:
        action = {IDLE: self._session.train, RUNNING: self._session.pause, PAUSED: self._session.resume}
        action.get(self._session.state, self._session.train)()

    def _show_state(self, state: str) -> None:
        self.headline.setText(_HEADLINES.get(state, self._outcome))
        text, icon, tip = {
            RUNNING: ("Pause", "pause", "Pause the training"),
            PAUSED: ("Resume", "play", "Go on with the training"),
        }.get(state, ("Train", "play", "Train this network in a new run"))
        self.train.setText(text)
        self.train.setToolTip(tip)
        self.train.setEnabled(state in (IDLE, RUNNING, PAUSED))
        self._train_icon = icon
        self._restyle()
        self.stop.setEnabled(state in (STARTING, RUNNING, PAUSED))
        if state == STARTING:
            self._outcome = ""
            self._say("")
            self.detail.setText("Reading the data and measuring the fastest way to train.")
        self._show_continuing()
        self._show_readiness()

    def _show_continuing(self) -> None:
        """There is nothing to choose before the first run, or in the midst of one."""
        self.continues.setVisible(self._session.last_run is not None)
        self.continues.setEnabled(self._session.state == IDLE)
        self.continues.setChecked(self._session.is_continuing)

    def _show_readiness(self) -> None:
        """Before there is a run to tell of: whether the document can be trained, else what it lacks. A refusal is
        unsaid once its reason is gone."""
        if self._session.state != IDLE:
            return
        refusal = self._session.refusal()
        if not self._outcome:
            self.headline.setText("Ready to train" if refusal is None else "Not ready to train")
            self.detail.setText("Choose the options, then press Train." if refusal is None else " ".join(refusal))
        if self._is_refused and refusal is None:
            self._say("")

    def _restyle(self) -> None:
        colors = theme.colors()
        self.train.setIcon(icons.icon(self._train_icon, colors.on_accent if self.train.isEnabled() else None))

    def _take(self, event: events.AnyEvent) -> None:
        if isinstance(event, events.Started):
            self._epochs, self._steps_per_epoch = event.epochs, event.steps_per_epoch
            self.detail.setText(f"{event.weights:,} weights on {event.device}, {_counted(event.threads, 'thread')}")
        elif isinstance(event, events.Progressed):
            self.headline.setText(f"{event.task.rstrip('.…')}…")
            self.progress.setValue(round(1000 * event.fraction))
        elif isinstance(event, events.Stepped):
            self._show_step(event)
        elif isinstance(event, events.Validated):
            self._show_numbers("training", event.training)
            self._show_numbers("validation", event.validation)
        elif isinstance(event, events.Ended):
            self._show_end(event)

    def _show_step(self, event: events.Stepped) -> None:
        total = self._epochs * self._steps_per_epoch
        self.progress.setValue(round(1000 * event.step / total) if total else 0)
        epoch = min(int(event.epoch) + 1, self._epochs) if self._epochs else int(event.epoch) + 1
        if self._session.state == RUNNING:
            self.headline.setText(f"Epoch {epoch} of {self._epochs}")
        self.detail.setText(
            f"{duration(event.seconds_left)} left  ·  {event.samples_per_second:,.0f} samples/s\n"
            f"step {event.step:,} of {total:,}"
        )
        self._show_numbers("training", event.values)

    def _show_end(self, event: events.Ended) -> None:
        self._outcome = _OUTCOMES[event.reason]
        if event.reason == "completed":
            self.progress.setValue(1000)
        if event.reason != "failed":
            self.detail.setText(event.message or "The run is saved. The Test panel shows how well it does.")

    def _show_run(self) -> None:
        """Show how the session's run stands: what its folder says, until its events say more."""
        self._forget_numbers()
        self._outcome = ""
        self._say("")
        self.progress.setValue(0)
        run = self._session.run
        try:
            info = run.info() if run is not None else None
        except RunError as error:
            self._say(str(error))
            info = None
        if info is not None and info.status != "created":
            self._show_info(info)
        self._show_state(self._session.state)

    def _show_info(self, info: RunInfo) -> None:
        self._outcome = _OUTCOMES.get(info.status, "")
        self._epochs, self._steps_per_epoch = info.epochs, info.steps_per_epoch
        self.progress.setValue(round(1000 * info.epoch / info.epochs) if info.epochs else 0)
        self.detail.setText(f"{info.name}: {info.epoch:.3g} of {info.epochs} epochs in {duration(info.seconds)}")
        self._show_numbers("training", info.training)
        self._show_numbers("validation", info.validation)
        if info.message:
            self._say(f"{info.message} {info.hint}".strip())

    def _show_failure(self, message: str, hint: str) -> None:
        """The window tells it too; here it stays. A refusal stands in the detail already unless a run is shown."""
        self._is_refused = (message, hint) == self._session.refusal()
        if self._outcome or not self._is_refused:
            self._say(f"{message} {hint}".strip())

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _forget_numbers(self) -> None:
        """Another run may measure other quantities."""
        for row in self._rows.values():
            row.remove(self._numbers)
        self._rows.clear()
        for heading in self._headings:
            heading.hide()

    def _show_numbers(self, split: str, values: dict[str, float]) -> None:
        for name, value in sorted(values.items(), key=lambda item: not item[0].endswith("loss")):
            if name.endswith("learning_rate"):
                continue
            if name not in self._rows:
                if len(self._rows) > _SHOWN_METRICS:
                    continue
                for heading in self._headings:
                    heading.show()
                self._rows[name] = _Row(name, self._numbers, len(self._rows) + 1, self)
            self._rows[name].values[split].setText(readable(value))


class _Row:
    """One quantity: its name and its newest training and validation values."""

    def __init__(self, name: str, grid: QGridLayout, line: int, parent: QWidget) -> None:
        self.name = ElidedLabel("muted", parent)
        self.name.setText(title(name))
        is_long = len(name) > _LONG_NAME
        self.values: dict[str, QLabel] = {}
        grid.addWidget(self.name, 2 * line - is_long, 0, 1, 3 if is_long else 1, Qt.AlignmentFlag.AlignVCenter)
        for place, split in ((1, "training"), (2, "validation")):
            self.values[split] = label("–", "number", parent)
            self.values[split].setFont(theme.font(_NUMBER_SIZE))
            self.values[split].setMinimumWidth(QFontMetrics(theme.font(_NUMBER_SIZE)).horizontalAdvance("00.0000"))
            grid.addWidget(self.values[split], 2 * line, place)

    def remove(self, grid: QGridLayout) -> None:
        for part in (self.name, *self.values.values()):
            grid.removeWidget(part)
            part.hide()
            part.deleteLater()


def duration(seconds: float) -> str:
    """A time as people say it: "12 s", "3 min 20 s", "1 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _button(icon: str, parent: QWidget) -> QPushButton:
    button = QPushButton(parent)
    button.setIcon(icons.icon(icon))
    return button
