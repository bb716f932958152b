"""The selected sample: where it comes from, its raw values, and what the network really gets of them."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.data.browse import Browser, Sample, shown
from gui.data.browser.column_views import ColumnView, NumbersView, view_of
from gui.data.browser.looks import Look
from gui.data.browser.originals import Closeup
from gui.data.data_samples import SPLITS
from gui.widgets import icons
from gui.widgets.labels import label

MAX_LEAVES = 100
"""Columns of a table that are listed; the rows of the table show them all."""


class SampleDetail(QScrollArea):
    """One sample, column by column. The views are made once for a data set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sample: Sample | None = None
        self._browser: Browser | None = None
        self.views: dict[str, ColumnView] = {}
        content = QWidget(self)
        self.name = label("", "title", content, wraps=True)
        self.place = label("", "muted", content, wraps=True)
        self.damage = label("", "error", content, wraps=True)
        self.message = label("", "muted", content, wraps=True)
        self.show_file = QPushButton(icons.icon("folder-open"), "Show file", content)
        self.show_file.setToolTip("Open the folder that holds the file of this sample")
        self.show_file.clicked.connect(self._open_folder)
        self._body = QVBoxLayout(content)
        self._body.setContentsMargins(12, 10, 12, 10)
        self._body.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(self.show_file)
        row.addStretch(1)
        for part in (self.name, self.place, self.damage):
            self._body.addWidget(part)
        self._body.addLayout(row)
        self._views = QVBoxLayout()
        self._views.setSpacing(10)
        self._body.addLayout(self._views)
        self._body.addWidget(self.message)
        self._body.addStretch(1)
        self.setWidget(content)
        self.clear()

    def show_browser(self, browser: Browser | None) -> None:
        """Be ready for the samples of another data set."""
        self.stop()
        for view in self.views.values():
            self._views.removeWidget(view)
            view.hide()
            view.deleteLater()
        self._browser = browser
        columns = browser.columns if browser else ()
        self.views = {column.name: view_of(column, self.widget()) for column in columns
                      if column.role in ("input", "target") and not column.is_derived}
        for view in self.views.values():
            self._views.addWidget(view)
        self.clear()

    def clear(self, message: str = "Select a sample to see it closely.") -> None:
        """Show none, and say why."""
        self.stop()
        self.sample = None
        for part in (self.name, self.place, self.damage, self.show_file, *self.views.values()):
            part.hide()
        self.say(message)

    def say(self, message: str) -> None:
        """Tell something about what the network gets; "" for nothing."""
        self.message.setText(message)
        self.message.setVisible(bool(message))

    def show_sample(self, shown: Closeup) -> None:
        """Show the raw values; `show_look` adds what the network gets."""
        self.sample = sample = shown.sample
        self.name.setText(sample.name)
        parts = (f"Row {sample.row + 1:,}", SPLITS.get(sample.split, "In no split"), sample.label)
        self.place.setText(" · ".join(part for part in parts if part))
        self.damage.setText(sample.damage)
        for part, is_shown in ((self.name, True), (self.place, True), (self.damage, bool(sample.damage)),
                               (self.show_file, sample.place is not None)):
            part.setVisible(is_shown)
        for view in self.views.values():
            view.setVisible(not sample.damage)
            if not sample.damage:
                self._show_raw(view, sample, shown.sizes.get(view.column.name, ""))
        self.say("")

    def show_look(self, look: Look) -> None:
        """What the network gets of the shown sample."""
        if self.sample is None or self.sample.row != look.row:
            return
        for name, looked in look.columns.items():
            if name in self.views and not self.sample.damage:
                self.views[name].show_look(looked, look.texts.get(name, ""))
        self.say("")

    def stop(self) -> None:
        """Be silent."""
        for view in self.views.values():
            view.stop()

    def _show_raw(self, view: ColumnView, sample: Sample, size: str) -> None:
        leaves = view.column.leaves
        if isinstance(view, NumbersView) and view.column.kind != "vector":
            view.show_texts([("", shown(view.column, sample.values[view.column.name]))])
        elif isinstance(view, NumbersView) and view.column.parts:
            view.show_texts([(leaf.name, shown(leaf, sample.values[leaf.name])) for leaf in leaves[:MAX_LEAVES]])
        else:
            view.show_raw(sample.values[view.column.name], size)

    def _open_folder(self) -> None:
        if self.sample is not None and self.sample.place is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.sample.place.parent)))
