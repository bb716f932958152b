"""What a network says, for people: of one sample, of many, or the samples that it makes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine.preparation.answers import cut_note, summary
from engine.preparation.pictures import encoded_mask
from engine.preparation.saving import sample_contents
from gui.charts.plot import readable
from gui.charts.scatter import Scatter
from gui.widgets import theme
from gui.widgets.bars import Bar, Bars
from gui.widgets.heat_map import HeatMap
from gui.widgets.labels import label
from gui.widgets.sample_table import SampleTable

MAX_CLASSES = 12
MAX_ROWS = 200
MASK_SIDE = 256
LONGEST_LINE = 24
"""A longer answer is smaller, and goes on in the next line."""

LONGEST_ANSWER = 600
LONGEST_ROW = 200
ATTENTION_HEIGHT = 200


class Answer(QWidget):
    """Probabilities of one sample, a number, a text, all of these where there are several outputs, or a table of many
    samples."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: dict[str, str] = {}
        self._has_answer = False
        self._heading = _Heading(22, self)
        self.headline, self.detail = self._heading.headline, self._heading.detail
        self.note = label("", "warning", self, wraps=True)
        self.bars, self.table, self.picture = Bars(self), SampleTable(self), _picture(self)
        self.attention, self.points = HeatMap(self), Scatter(self)
        self.outputs: list[OutputAnswer] = []
        several = QWidget(self)
        self._several = QVBoxLayout(several)
        self._several.setContentsMargins(0, 0, 0, 0)
        self._several.setSpacing(12)
        self._several.addStretch(1)
        self._pages = QStackedWidget(self)
        self._bars_page, self._several_page = _scrolled(self.bars, self), _scrolled(several, self)
        for page in (self._bars_page, self.table, self.picture, self.attention, self.points, self._several_page):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._heading)
        column.addWidget(self.note)
        column.addWidget(self._pages, 1)
        self.clear()

    def name_outputs(self, outputs: Sequence[str], target_of: Mapping[str, str]) -> None:
        """Call each output by what it predicts; by its own name where it predicts nothing known, or as another does."""
        targets = [target_of.get(output, "") for output in outputs]
        self._names = {output: target if target and targets.count(target) == 1 else output
                       for output, target in zip(outputs, targets, strict=True)}

    def clear(self) -> None:
        self._has_answer = False
        self._heading.say("", "The answer of the network appears here.")
        self._warn("")
        self.bars.show_bars([])
        self._pages.setCurrentWidget(self._bars_page)

    def wait(self) -> None:
        if not self._has_answer:
            self._heading.say("", "Waking up the network…")

    def show_failure(self, message: str, hint: str) -> None:
        self._has_answer = False
        self.bars.show_bars([])
        self._pages.setCurrentWidget(self._bars_page)
        self._heading.say("", f"{message} {hint}".strip(), "error")
        self._warn("")

    def show_result(self, result: dict[str, Any], with_score: bool = False) -> None:
        """Show a result of jobs.Make, or of jobs.Predict: `with_score`, the log-probability of what was written, too.
        """
        self._has_answer = True
        if "samples" in result:
            self._show_samples(np.array(result["samples"]))
            return
        predictions = result["predictions"]
        self._warn(cut_note(predictions))
        if len(predictions) == 1:
            self._show_one(predictions[0], with_score)
            return
        self._heading.say(f"{len(predictions):,} samples",
                          f"The first {MAX_ROWS} are shown." if len(predictions) > MAX_ROWS else "")
        self._show_table(predictions[:MAX_ROWS], with_score)

    def _show_table(self, predictions: Sequence[dict[str, Any]], with_score: bool) -> None:
        """A row a sample. Several outputs have columns of their own."""
        several = predictions[0].get("outputs")
        header = ["Sample"]
        rows = [[entry["name"]] for entry in predictions]
        for output in several or ("",):
            said = [entry["outputs"][output] if several else entry for entry in predictions]
            shown = [_said(one) for one in said]
            header.append(self._name(output) if several else "Prediction")
            has_shares = not several or any(sure for _, sure in shown)
            header += ["Probability"] if has_shares else []
            has_scores = with_score and "log_probability" in said[0]
            header += ["Log-probability"] if has_scores else []
            for row, (answer, sure), one in zip(rows, shown, said, strict=True):
                row += [answer, *([sure] if has_shares else []), *([_score(one)] if has_scores else [])]
        self.table.show_rows(header, rows)
        self._pages.setCurrentWidget(self.table)

    def _show_samples(self, samples: NDArray[Any]) -> None:
        """Samples (n, ...) that were made: pictures side by side, pairs of numbers as points, others in a table."""
        self._heading.say(f"{len(samples):,} samples", "")
        if samples.ndim == 4 and samples.shape[1] in (1, 3):
            values = samples.astype(np.uint8) if samples.dtype.kind == "i" else samples
            [content] = sample_contents({"": values}, Path("samples.png")).values()
            self.picture.setPixmap(_pixels(content))
            self._pages.setCurrentWidget(self.picture)
        elif samples.shape[1:] == (2,):
            self.points.show_points(samples)
            self._pages.setCurrentWidget(self.points)
        else:
            rows = [(str(row + 1), f"{values.tolist()}"[:LONGEST_ROW]) for row, values in enumerate(samples[:MAX_ROWS])]
            self.table.show_rows(("Sample", "Numbers"), rows)
            self._pages.setCurrentWidget(self.table)

    def _show_one(self, entry: dict[str, Any], with_score: bool) -> None:
        if several := entry.get("outputs"):
            self._heading.hide()
            self._show_several(several, with_score)
            return
        self._heading.say(*_told(entry, with_score))
        if "mask" in entry:
            self.picture.setPixmap(_mask(entry))
            self._pages.setCurrentWidget(self.picture)
        elif looked := entry.get("attention"):
            self.attention.show_weights(looked["rows"], looked["columns"], looked["weights"])
            self._pages.setCurrentWidget(self.attention)
        else:
            _show_shares(self.bars, entry)
            self._pages.setCurrentWidget(self._bars_page)

    def _show_several(self, said: Mapping[str, dict[str, Any]], with_score: bool) -> None:
        while len(self.outputs) < len(said):
            self.outputs.append(OutputAnswer(self))
            self._several.insertWidget(len(self.outputs) - 1, self.outputs[-1])
        for number, shown in enumerate(self.outputs):
            shown.setVisible(number < len(said))
        for shown, (output, entry) in zip(self.outputs, said.items(), strict=False):
            shown.show_entry(self._name(output), entry, with_score)
        self._pages.setCurrentWidget(self._several_page)

    def _name(self, output: str) -> str:
        return self._names.get(output, output)

    def _warn(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))


class OutputAnswer(QWidget):
    """What one of several outputs says of a sample, as high as it needs."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = label("", "title", self)
        self.heading = _Heading(16, self)
        self.bars, self.picture, self.attention = Bars(self), _picture(self), HeatMap(self)
        self.attention.setFixedHeight(ATTENTION_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.name, self.heading, self.bars, self.picture, self.attention):
            column.addWidget(part)

    def show_entry(self, name: str, entry: dict[str, Any], with_score: bool) -> None:
        self.name.setText(name)
        self.heading.say(*_told(entry, with_score))
        _show_shares(self.bars, entry)
        if "mask" in entry:
            self.picture.setPixmap(_mask(entry))
        if looked := entry.get("attention"):
            self.attention.show_weights(looked["rows"], looked["columns"], looked["weights"])
        self.bars.setVisible("probabilities" in entry)
        self.picture.setVisible("mask" in entry)
        self.attention.setVisible("attention" in entry)


class _Heading(QWidget):
    """An answer in large letters, and how sure it is beside it; below it, where it is long."""

    def __init__(self, size: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._size = size
        self.headline, self.detail = label("", "", self), label("", "muted", self, wraps=True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.headline)
        self._row.addWidget(self.detail, 1)

    def say(self, answer: str, detail: str, role: str = "muted") -> None:
        """Show other texts; `role`: how the detail is meant, see `label`."""
        self.show()
        is_long = len(answer) > LONGEST_LINE
        self.headline.setFont(theme.font(15 if is_long else self._size))
        self.headline.setWordWrap(is_long)
        policy = self.headline.sizePolicy()  # a new one would forget that the height depends on the width
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored if is_long else QSizePolicy.Policy.Preferred)
        self.headline.setSizePolicy(policy)
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if is_long else QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(2 if is_long else 12)
        self.headline.setVisible(bool(answer))
        self.headline.setText(answer if len(answer) <= LONGEST_ANSWER else f"{answer[:LONGEST_ANSWER]}…")
        self.detail.setProperty("role", role)
        self.detail.style().unpolish(self.detail)
        self.detail.style().polish(self.detail)
        self.detail.setText(detail)


def _scrolled(content: QWidget, parent: QWidget) -> QScrollArea:
    area = QScrollArea(parent)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


def _picture(parent: QWidget) -> QLabel:
    made = QLabel(parent)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setAccessibleName("The class of every pixel")
    return made


def _show_shares(bars: Bars, entry: dict[str, Any]) -> None:
    """The probabilities of an entry, of many classes those of the likeliest; nothing for one without."""
    shares: dict[str, float] = entry.get("probabilities", {})
    names = list(shares)
    if len(names) > MAX_CLASSES:
        names = sorted(names, key=lambda name: -shares[name])[:MAX_CLASSES]
    best = max(range(len(names)), key=lambda place: shares[names[place]], default=-1)
    bars.show_bars([Bar(name, shares[name], f"{shares[name]:.1%}") for name in names], best)


def _mask(entry: dict[str, Any]) -> QPixmap:
    """The class of every pixel in colours."""
    return _pixels(encoded_mask(np.array(entry["mask"], np.int64), len(entry["shares"])))


def _pixels(content: bytes) -> QPixmap:
    """A picture file, as large as is shown."""
    pixels = QPixmap()
    pixels.loadFromData(content)
    return pixels.scaled(MASK_SIDE, MASK_SIDE, Qt.AspectRatioMode.KeepAspectRatio)


def _told(entry: dict[str, Any], with_score: bool) -> tuple[str, str]:
    """An answer, and how sure the network is of it where it says so."""
    answer, sure = _said(entry)
    score = f", log-probability {_score(entry)}" if with_score and "log_probability" in entry else ""
    return answer, f"{sure} sure{score}" if sure else ""


def _said(entry: dict[str, Any]) -> tuple[str, str]:
    """One prediction in words: the class and its probability, or what else the network says and nothing."""
    value = entry.get("value")
    return (readable(value), "") if isinstance(value, int | float) else summary(entry)


def _score(entry: dict[str, Any]) -> str:
    return readable(entry["log_probability"])
