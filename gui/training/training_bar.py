"""Training from the toolbar: one button that trains, pauses and goes on, Stop, the device, and the time left."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from engine import events
from engine.options import with_option
from gui.document import Document
from gui.session import IDLE, PAUSED, RUNNING, STARTING, STOPPING, Session
from gui.widgets import icons, theme
from gui.widgets.actions import ActionSpec, build
from gui.widgets.labels import label

ACTIONS = (
    ActionSpec("train", "&Train", "F5; Ctrl+Return", "play", "Train the network on the chosen data."),
    ActionSpec("continue", "&Continue from the last run", "", "",
               "Begin with the weights of the last run, wherever names and shapes are the same.", checkable=True),
    ActionSpec("stop", "&Stop", "Shift+F5", "square", "End the training; its state is saved and can be resumed."),
)

DEVICES = {
    "auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)",
}

_TRAIN_FACES = {
    IDLE: ("&Train", "play"),
    STARTING: ("Starting…", "hourglass"),
    RUNNING: ("&Pause", "pause"),
    PAUSED: ("Resu&me", "play"),
    STOPPING: ("Stopping…", "hourglass"),
}


class TrainingBar(QObject):
    """The actions of training and the widgets that the toolbar and the status bar show for it."""

    def __init__(self, document: Document, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._session = document, session
        self.actions = build(ACTIONS, {
            "train": self._train_or_pause, "continue": session.set_continuing, "stop": session.stop}, window)
        self.device = QComboBox(window)
        self.device.setObjectName("device")
        self.device.setToolTip("Where the network is trained.")
        self.device.setAccessibleName("Device")
        self.device.activated.connect(self._choose_device)
        self.button = QToolButton(window)
        self.button.setObjectName("train_button")
        self.button.setProperty("primary", True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setToolTip(self.train.toolTip())
        self.button.clicked.connect(self._train_or_pause)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.button.setMenu(QMenu(self.button))
        self.button.menu().addAction(self.actions["continue"])
        self.progress = _Progress(session, window)
        document.changed.connect(self._show_device)
        session.devices_changed.connect(self._show_device)
        session.state_changed.connect(self._show_state)
        session.continuing_changed.connect(self.actions["continue"].setChecked)
        theme.notifier().changed.connect(self._restyle)
        self._show_device()
        self._show_state(session.state)

    @property
    def train(self) -> QAction:
        return self.actions["train"]

    def add_to(self, bar: QToolBar) -> None:
        """Put the device, the buttons and the progress into a toolbar."""
        bar.addWidget(self.device)
        bar.addSeparator()
        bar.addWidget(self.button)
        bar.addAction(self.actions["stop"])
        stop = bar.widgetForAction(self.actions["stop"])
        assert isinstance(stop, QToolButton)
        stop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def _train_or_pause(self) -> None:
        match self._session.state:
            case "running":
                self._session.pause()
            case "paused":
                self._session.resume()
            case "idle":
                self._session.train()

    def _restyle(self) -> None:
        self._show_state(self._session.state)

    def _show_state(self, state: str) -> None:
        text, icon = _TRAIN_FACES[state]
        can_act = state in (IDLE, RUNNING, PAUSED)
        self.train.setText(text)
        self.train.setIcon(icons.icon(icon))
        self.train.setEnabled(can_act)
        self.button.setText(text.replace("&", ""))
        self.button.setIcon(icons.icon(icon, theme.colors().on_accent if can_act else None))
        self.button.setEnabled(can_act)
        self.actions["stop"].setEnabled(state in (STARTING, RUNNING, PAUSED))
        self.device.setEnabled(state == IDLE)

    def _show_device(self) -> None:
        """Offer the devices that this computer has, and show the chosen one even where it is missing."""
        chosen, found = self._document.project.options["device"], self._session.devices
        offered = {name: text for name, text in DEVICES.items() if name in ("auto", "cpu", chosen, *found)}
        if found and chosen != "auto" and chosen not in found:
            offered[chosen] += ", not found"
        shown = {self.device.itemData(row): self.device.itemText(row) for row in range(self.device.count())}
        if shown != offered:
            self.device.clear()
            for name, text in offered.items():
                self.device.addItem(icons.icon("cpu"), text, name)
        self.device.setCurrentIndex(list(offered).index(chosen))

    def _choose_device(self, row: int) -> None:
        project = self._document.project
        options = with_option(project.options, "device", self.device.itemData(row))
        self._document.edit("Choose device", project.replace(options=options))


class _Progress(QWidget):
    """A bar with the epoch and the time left, there only while something is trained."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("progress")
        self._session = session
        self._epochs = self._total_steps = 0
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.text = label("", "muted", self)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.text)
        row.addWidget(self.bar)
        session.reported.connect(self._take)
        session.state_changed.connect(self._show_state)
        self._show_state(session.state)

    def _take(self, event: events.AnyEvent) -> None:
        if isinstance(event, events.Started):
            self._epochs, self._total_steps = event.epochs, event.epochs * event.steps_per_epoch
        elif isinstance(event, events.Progressed):
            self.text.setText(event.task)
            self.bar.setValue(round(1000 * event.fraction))
        elif isinstance(event, events.Stepped) and self._total_steps:
            epoch = min(int(event.epoch) + 1, self._epochs)
            self.text.setText(f"Epoch {epoch} of {self._epochs} · {time_left(event.seconds_left)} left")
            self.bar.setValue(round(1000 * event.step / self._total_steps))

    def _show_state(self, state: str) -> None:
        self.setVisible(state != IDLE)
        if state == STARTING:
            self.text.setText("Starting…")
            self.bar.setValue(0)


def time_left(seconds: float) -> str:
    """A duration as people say it: "8 s", "3 min", "1 h 20 min"."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
