"""The try panel: give the trained network something of your own and see what it says."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine import jobs
from engine.errors import EngineError
from engine.events import AnyEvent, Saved
from engine.usage import usage_of_run
from gui.results.answer import Answer
from gui.results.decoding_form import DecodingForm
from gui.results.try_inputs import FileInput, NoiseInput, PictureInput, TableInput, TextInput, input_for
from gui.session import Session
from gui.widgets.empty_state import EmptyState

DEBOUNCE_MS = 120


class TryPanel(QWidget):
    """What is given on the left, what the network says on the right. Follows a drawing while it is made: one prediction
    is under way at a time, and the newest input is the next one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: Callable[[str], jobs.AnyJob] | None = None
        self._is_asking = self._is_stale = False
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DEBOUNCE_MS)
        self._delay.timeout.connect(self._ask)
        self.input: PictureInput | TextInput | TableInput | FileInput | NoiseInput | None = None
        self.decoding = DecodingForm(session.decoding, self)
        self.decoding.chosen.connect(self._take_again)
        self.answer = Answer(self)
        self.empty = EmptyState("wand-sparkles", "Nothing to try yet", "", self)
        content = QWidget(self)
        self._row = QHBoxLayout(content)
        self._row.setContentsMargins(10, 8, 10, 8)
        self._row.setSpacing(16)
        self._given = QVBoxLayout()
        self._given.addWidget(self.decoding)
        self._row.addLayout(self._given, 1)
        self._row.addWidget(self.answer, 1)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)
        session.run_changed.connect(self._load)
        session.state_changed.connect(self._load_if_new)
        session.reported.connect(self._follow)
        self._load()

    def _load(self) -> None:
        """Offer what fits the session's run."""
        self._delay.stop()
        self._wanted, self._is_stale = None, False
        if self.input is not None:
            self.input.deleteLater()
            self.input = None
        self.answer.clear()
        run = self._session.run
        self._pages.setCurrentWidget(self.empty)
        if run is None or not run.checkpoint("best").exists():
            first = "Train a network" if self._session.state == "idle" else "Wait for the first weights that are saved"
            self.empty.show_text("Nothing to try yet", f"{first}, then draw or open something for it here.")
            return
        try:
            usage = usage_of_run(run)
            parts, writes = usage.preparation.origins(usage.read), usage.writes
        except EngineError as error:
            self.empty.show_text("This run cannot be tried", f"{error.message} {error.hint}")
            return
        self.answer.name_outputs(usage.outputs, usage.target_of)
        self.decoding.setVisible(writes)
        if parts:
            self.input = input_for(parts, self)
            self.input.given.connect(self._take)
        else:
            self.input = NoiseInput(self)
            self.input.wanted.connect(self._make)
        self._given.insertWidget(0, self.input, 1)
        self._pages.setCurrentIndex(1)

    def _load_if_new(self, _state: str) -> None:
        if self.input is None:
            self._load()

    def _follow(self, event: AnyEvent) -> None:
        """What a training has saved can be tried while it goes on."""
        if isinstance(event, Saved) and self.input is None:
            self._load()

    def _take(self, path: str) -> None:
        self._wanted = lambda run: jobs.Predict(run, (path,), "best", self.decoding.values, with_attention=True)
        self._delay.start()

    def _make(self, count: int, seed: int) -> None:
        self._wanted = lambda run: jobs.Make(run, count, seed)
        self._delay.start()

    def _take_again(self) -> None:
        """What was given is answered with the settings that count now."""
        self._session.set_decoding(self.decoding.values)
        if self._wanted:
            self._delay.start()

    def _ask(self) -> None:
        run = self._session.run
        if self._is_asking:
            self._is_stale = True
            return
        if run is None or self._wanted is None:
            return
        folder, with_score = run.folder, self.decoding.values["decode"] == "beam"
        self._is_asking, self._is_stale = True, False
        self.answer.wait()
        self._session.job(self._wanted(str(folder)),
                          lambda result: self._finish(folder, lambda: self.answer.show_result(result, with_score)),
                          lambda message, hint: self._finish(folder, lambda: self.answer.show_failure(message, hint)))

    def _finish(self, folder: Path, show: Callable[[], None]) -> None:
        """An answer is there; it counts only for the run that is still shown."""
        self._is_asking = False
        run = self._session.run
        if run is not None and run.folder == folder and self._wanted:
            show()
        if self._is_stale:
            self._ask()
