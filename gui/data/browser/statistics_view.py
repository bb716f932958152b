"""How the values of a column are spread: over all, by split or by class."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.data.browse import Browser, shown
from engine.data.statistics import Group, Statistics, statistics
from engine.project import Column
from gui.data.data_samples import SPLITS
from gui.widgets.background import Background
from gui.widgets.bars import Bar, Bars
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.histogram import Histogram, Spread, color_of
from gui.widgets.labels import label
from gui.widgets.sample_table import SampleTable

BY_SPLIT, BY_CLASS, TOGETHER = "By split", "By class", "All together"
MAX_GROUPS = 8
"""Outlines that can be told apart."""

_MOST_LINES = 24
"""Lines of numbers that are seen without scrolling."""

_SCROLL_BAR = 11
_ANY_DATE = Column("", "date", "input")


class StatisticsView(QScrollArea):
    """Histogram and numbers of one column. They are computed in the background when a column is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._browser: Browser | None = None
        self._shown: Statistics | None = None
        self._counting = Background(self)
        self._counting.finished.connect(self._take)
        self._counting.failed.connect(lambda message, hint: self._say(f"{message} {hint}".strip()))
        content = QWidget(self)
        self.column, self.grouping = QComboBox(content), QComboBox(content)
        self.column.setAccessibleName("Column")
        self.column.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.grouping.setAccessibleName("Compare")
        self.grouping.addItems([BY_SPLIT, BY_CLASS, TOGETHER])
        self.column.activated.connect(self._count)
        self.grouping.activated.connect(self._show)
        self.message = label("", "muted", content, wraps=True)
        self.reason = label("", "muted", content, wraps=True)
        self.histogram, self.bars = Histogram(content), Bars(content)
        self.numbers = SampleTable(content)
        self._legend = QWidget(content)
        self._legend_row = FlowLayout(self._legend, 10)
        self._legend_parts: list[QWidget] = []
        row = QHBoxLayout()
        row.addWidget(self.column, 2)
        row.addWidget(self.grouping, 1)
        body = QVBoxLayout(content)
        body.setContentsMargins(12, 10, 12, 10)
        body.setSpacing(8)
        body.addLayout(row)
        for part in (self.reason, self.message, self._legend, self.histogram, self.bars, self.numbers):
            body.addWidget(part)
        body.addStretch(1)
        self.setWidget(content)

    @property
    def is_counting(self) -> bool:
        return self._counting.is_busy

    def show_browser(self, browser: Browser | None) -> None:
        """Offer the columns of another data set."""
        self._counting.cancel()
        self._browser, self._shown = browser, None
        chosen = self.column.currentText()
        self.column.clear()
        for leaf in browser.leaves if browser else ():
            self.column.addItem(leaf.name)
        self.column.setCurrentIndex(max(0, self.column.findText(chosen)))
        self._show()
        if self.isVisible():
            self._count()

    def show_column(self, name: str) -> None:
        """Show this column."""
        self.column.setCurrentIndex(self.column.findText(name))
        self._count()

    def start(self) -> None:
        """Count, if it was not done yet: the view is in sight now."""
        if self._shown is None and not self._counting.is_busy:
            self._count()

    def stop(self) -> None:
        self._counting.cancel()

    def _count(self) -> None:
        browser, name = self._browser, self.column.currentText()
        if browser is not None and name:
            self._say("Counting…")
            self._counting.start(lambda progress: statistics(browser, name, progress))

    def _take(self, found: Statistics) -> None:
        self._shown = found
        part = f", measured on {found.sampled:,} of {found.total:,} rows" if found.sampled < found.total else ""
        self._say(f"{found.measure[:1].upper()}{found.measure[1:]}{part}" if found.edges or part else "")
        self._show()

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _show(self) -> None:
        found = self._shown
        groups = self._groups(found) if found else []
        has_bins = bool(found and len(found.edges) > 1)
        self.histogram.setVisible(has_bins)
        self.bars.hide()
        self.numbers.setVisible(bool(groups))
        self.reason.setText(next((leaf.reason for leaf in self._browser.leaves if leaf.name == found.column), "")
                            if found and self._browser else "")
        self.reason.setVisible(bool(self.reason.text()))
        self._show_legend([name for name, _ in groups] if has_bins and len(groups) > 1 else [])
        if found is None:
            return
        if has_bins:
            spreads = [Spread(name, tuple(group.counts)) for name, group in groups[:MAX_GROUPS]]
            self.histogram.show_groups(found.edges, spreads, _date if found.kind == "date" else _number)
        self._show_bars(found)
        self._show_numbers(found, groups)

    def _groups(self, found: Statistics) -> list[tuple[str, Group]]:
        """The groups to compare, with the names that people read."""
        grouping = self.grouping.currentText()
        if grouping == BY_SPLIT:
            return [(SPLITS.get(group.split, group.split), group) for group in found.groups if group.split]
        if grouping == BY_CLASS:
            return [(group.label, group) for group in found.groups if group.label]
        return [("All", group) for group in found.groups if not group.split and not group.label]

    def _show_bars(self, found: Statistics) -> None:
        """How often each name occurs in all groups, or each size of pictures."""
        together = next((group.counts for group in found.groups if not group.split and not group.label), ())
        counts = list(found.sizes or zip(found.names, together, strict=False))
        counts.sort(key=lambda entry: -entry[1])
        most = max((count for _, count in counts), default=0) or 1
        self.bars.show_bars([Bar(name, count / most, f"{count:,}") for name, count in counts])
        self.bars.setVisible(bool(counts))

    def _show_numbers(self, found: Statistics, groups: list[tuple[str, Group]]) -> None:
        tell = _date if found.kind == "date" else _number
        rows = [("rows", *(f"{group.count:,}" for _, group in groups)),
                ("missing", *(f"{group.missing:,}" for _, group in groups))]
        for fact in dict.fromkeys(fact for _, group in groups for fact in group.facts):
            rows.append((fact, *(tell(group.facts[fact]) if fact in group.facts else "" for _, group in groups)))
        for place, name in enumerate(found.names):
            rows.append((name, *(f"{group.counts[place]:,}" for _, group in groups)))
        self.numbers.show_rows(("", *(name for name, _ in groups)), rows)
        header = self.numbers.horizontalHeader().sizeHint().height()
        self.numbers.setFixedHeight(header + self.numbers.verticalHeader().defaultSectionSize()
                                    * min(_MOST_LINES, len(rows)) + 2 * self.numbers.frameWidth() + _SCROLL_BAR)

    def _show_legend(self, names: list[str]) -> None:
        for part in self._legend_parts:
            self._legend_row.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._legend_parts = []
        for place, name in enumerate(names[:MAX_GROUPS]):
            dot = QPixmap(10, 10)
            dot.fill(color_of(place))
            part = QWidget(self._legend)
            mark, row = QLabel(part), QHBoxLayout(part)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
            mark.setPixmap(dot)
            row.addWidget(mark)
            row.addWidget(label(name, "muted", part))
            self._legend_row.addWidget(part)
            part.show()
            self._legend_parts.append(part)
        self._legend.setVisible(bool(names))


def _number(value: float) -> str:
    return f"{value:.4g}"


def _date(seconds: float) -> str:
    return shown(_ANY_DATE, seconds)
