"""The try panel: give the trained network something of your own and see what it says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from engine import jobs
from engine.errors import EngineError
from engine.events import AnyEvent, Saved
from engine.preparation.answers import cut_note, summary
from engine.preparation.pictures import encoded_mask
from engine.preparation.saving import sample_contents
from engine.usage import usage_of_run
from gui.charts.plot import readable
from gui.charts.scatter import Scatter
from gui.results.decoding_form import DecodingForm
from gui.results.try_inputs import FileInput, NoiseInput, PictureInput, TableInput, TextInput, input_for
from gui.session import Session
from gui.widgets import theme
from gui.widgets.bars import Bar, Bars
from gui.widgets.empty_state import EmptyState
from gui.widgets.heat_map import HeatMap
from gui.widgets.labels import label
from gui.widgets.sample_table import SampleTable

DEBOUNCE_MS = 120
MAX_CLASSES = 12
MAX_ROWS = 200
MASK_SIDE = 256
LONGEST_HEADLINE = 60
LONGEST_ROW = 200


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
        self.decoding = DecodingForm(self)
        self.decoding.chosen.connect(self._take_again)
        self.answer = _Answer(self)
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
        if self._wanted:
            self._delay.start()

    def _ask(self) -> None:
        run = self._session.run
        if self._is_asking:
            self._is_stale = True
            return
        if run is None or self._wanted is None:
            return
        folder = run.folder
        self._is_asking, self._is_stale = True, False
        self.answer.wait()
        self._session.job(self._wanted(str(folder)),
                          lambda result: self._finish(folder, lambda: self.answer.show_result(result)),
                          lambda message, hint: self._finish(folder, lambda: self.answer.show_failure(message, hint)))

    def _finish(self, folder: Path, show: Callable[[], None]) -> None:
        """An answer is there; it counts only for the run that is still shown."""
        self._is_asking = False
        run = self._session.run
        if run is not None and run.folder == folder and self._wanted:
            show()
        if self._is_stale:
            self._ask()


class _Answer(QWidget):
    """What the network says: probabilities of one sample, a number, or a table of many."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.headline = label("", "", self)
        self.headline.setFont(theme.font(22))
        self.detail = label("", "muted", self, wraps=True)
        self.note = label("", "warning", self, wraps=True)
        self.bars, self.table = Bars(self), SampleTable(self)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.bars)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(area)
        self._pages.addWidget(self.table)
        self.picture = QLabel(self)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("The class of every pixel")
        self._pages.addWidget(self.picture)
        self.attention, self.points = HeatMap(self), Scatter(self)
        self._pages.addWidget(self.attention)
        self._pages.addWidget(self.points)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        heading = QHBoxLayout()
        heading.setSpacing(12)
        heading.addWidget(self.headline)
        heading.addWidget(self.detail, 1)
        column.addLayout(heading)
        column.addWidget(self.note)
        column.addWidget(self._pages, 1)
        self.clear()

    def clear(self) -> None:
        self.headline.setText("")
        self._say("muted", "The answer of the network appears here.")
        self._warn("")
        self.bars.show_bars([])
        self._pages.setCurrentIndex(0)

    def wait(self) -> None:
        if not self.headline.text():
            self._say("muted", "Waking up the network…")

    def show_failure(self, message: str, hint: str) -> None:
        self.headline.setText("")
        self.bars.show_bars([])
        self._say("error", f"{message} {hint}".strip())
        self._warn("")

    def show_result(self, result: dict[str, Any]) -> None:
        if "samples" in result:
            self._show_samples(np.array(result["samples"]))
            return
        predictions = result["predictions"]
        self._warn(cut_note(predictions))
        if len(predictions) == 1:
            self._show_one(predictions[0])
            return
        self.headline.setText(f"{len(predictions):,} samples")
        self._say("muted", f"The first {MAX_ROWS} are shown." if len(predictions) > MAX_ROWS else "")
        rows = [(entry["name"], *_said(entry)) for entry in predictions[:MAX_ROWS]]
        self.table.show_rows(("Sample", "Prediction", "Probability"), rows)
        self._pages.setCurrentIndex(1)

    def _show_samples(self, samples: NDArray[Any]) -> None:
        """Samples (n, ...) that were made: pictures side by side, pairs of numbers as points, others in a table."""
        self.headline.setText(f"{len(samples):,} samples")
        self._say("muted", "")
        if samples.ndim == 4 and samples.shape[1] in (1, 3):
            values = samples.astype(np.uint8) if samples.dtype.kind == "i" else samples
            [content] = sample_contents({"": values}, Path("samples.png")).values()
            pixels = QPixmap()
            pixels.loadFromData(content)
            self.picture.setPixmap(pixels.scaled(MASK_SIDE, MASK_SIDE, Qt.AspectRatioMode.KeepAspectRatio))
            self._pages.setCurrentWidget(self.picture)
        elif samples.shape[1:] == (2,):
            self.points.show_points(samples)
            self._pages.setCurrentWidget(self.points)
        else:
            rows = [(str(row + 1), f"{values.tolist()}"[:LONGEST_ROW]) for row, values in enumerate(samples[:MAX_ROWS])]
            self.table.show_rows(("Sample", "Numbers"), rows)
            self._pages.setCurrentWidget(self.table)

    def _show_one(self, entry: dict[str, Any]) -> None:
        self._pages.setCurrentIndex(0)
        answer, sure = _said(entry)
        self.headline.setText(answer if len(answer) <= LONGEST_HEADLINE else f"{answer[:LONGEST_HEADLINE]}…")
        shares: dict[str, float] = entry.get("probabilities", {})
        self._say("muted", f"{sure} sure" if sure else entry["name"])
        if "mask" in entry:
            self._show_mask(entry)
            return
        if looked := entry.get("attention"):
            self.attention.show_weights(looked["rows"], looked["columns"], looked["weights"])
            self._pages.setCurrentWidget(self.attention)
            return
        names = list(shares)
        if len(names) > MAX_CLASSES:
            names = sorted(names, key=lambda name: -shares[name])[:MAX_CLASSES]
        best = max(range(len(names)), key=lambda place: shares[names[place]], default=-1)
        self.bars.show_bars([Bar(name, shares[name], f"{100 * shares[name]:.1f} %") for name in names], best)

    def _show_mask(self, entry: dict[str, Any]) -> None:
        pixels = QPixmap()
        pixels.loadFromData(encoded_mask(np.array(entry["mask"], np.int64), len(entry["shares"])))
        self.picture.setPixmap(pixels.scaled(MASK_SIDE, MASK_SIDE, Qt.AspectRatioMode.KeepAspectRatio))
        self._pages.setCurrentWidget(self.picture)

    def _warn(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _say(self, role: str, text: str) -> None:
        self.detail.setProperty("role", role)
        self.detail.style().unpolish(self.detail)
        self.detail.style().polish(self.detail)
        self.detail.setText(text)


def _said(entry: dict[str, Any]) -> tuple[str, str]:
    """One prediction in words: the class and its probability, or what else the network says and nothing."""
    value = entry.get("value")
    return (readable(value), "") if isinstance(value, int | float) else summary(entry)
