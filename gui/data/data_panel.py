"""The data panel: what the network learns from. Choosing, looking, splitting; every change is one undoable edit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.data.samples import Preview
from engine.data.sources import SOURCES, inspect
from engine.params import Bool, Float, Int
from engine.project import BUNDLED, Column, Data, Project
from engine.starter import starter_graph
from gui.data.data_samples import DataSamples
from gui.document import Document
from gui.session import Session
from gui.widgets import icons, messages, settings
from gui.widgets.background import Background
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import label
from gui.widgets.param_form import ParamForm
from gui.widgets.section import Section

EXAMPLES = {"fashion-mnist-small": "Fashion-MNIST example (12,000 pictures)"}
"""Bundled data sets by the name of their folder."""

MAX_RECENT = 8

SPLIT_PARAMS = (
    Float(name="validation", default=0.1, minimum=0.0, maximum=0.9,
          help="Share of the samples that is held back to measure progress while training."),
    Float(name="test", default=0.2, minimum=0.0, maximum=0.9,
          help="Share held back for the test at the end. Data with a test part of its own keeps that."),
    Int(name="seed", default=0, minimum=0, maximum=2**31 - 1, help="Another seed draws other samples."),
    Bool(name="normalize", default=True,
         help="Bring numbers to mean 0 and deviation 1, measured on the training samples alone."),
)


class DataPanel(QWidget):
    """The chosen data set, or an invitation to choose one. Files and folders can be dropped on it."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._document, self._session = document, session
        self._shown: Data | None = None
        self._merge = ""
        self._looking = Background(self)
        self._looking.finished.connect(self._take)
        self._looking.failed.connect(self._fail)
        self._looking.progressed.connect(self._show_progress)
        self.empty = EmptyState(
            "database", "No data yet",
            "Choose pictures in folders, a table (CSV), or IDX and NPZ files, or drop them here.", self,
            action="Choose data", alternative="Use the Fashion-MNIST example")
        self.empty.alternative.setToolTip("12,000 pictures of clothing that come with the program")
        self.empty.alternative_clicked.connect(lambda: self._open_anew(BUNDLED + next(iter(EXAMPLES))))
        self.name, self.place = label("", "title", self, wraps=True), label("", "muted", self, wraps=True)
        self.message = label("", "error", self, wraps=True)
        self.findings = label("", "warning", self, wraps=True)
        self.columns = label("", "", self, wraps=True)
        self.choose = QPushButton(icons.icon("folder-open"), "Choose data", self)
        self.choose.setMenu(self._menu())
        self.empty.button.setMenu(self._menu())
        self.starter = QPushButton("Starter network for this data", self)
        self.starter.setToolTip("Draw a sensible first network with the right input and output sizes")
        self.starter.clicked.connect(self._draw_starter)
        self.source = QComboBox(self)
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(8)
        self.source.setAccessibleName("Kind of data")
        self.source.setToolTip("How the files are read")
        for spec in SOURCES.values():
            self.source.addItem(spec.title, spec.name)
        self.source.activated.connect(lambda: self._look_again({}))
        self.options, self.split = ParamForm(self), ParamForm(self)
        self.options.edited.connect(self._edit_option)
        self.split.edited.connect(self._edit_split)
        self.samples = DataSamples(self)
        self.samples.loaded.connect(self._show_preview)
        self.samples.failed.connect(self._fail)
        self.samples.progressed.connect(self._show_progress)
        self._build()
        document.changed.connect(self._show)
        self._show()

    def _build(self) -> None:
        content = QWidget(self)
        column = QVBoxLayout(content)
        column.setContentsMargins(8, 8, 8, 10)
        column.setSpacing(8)
        for widget in (self.name, self.place, self.choose, self.findings, self.columns, self.starter):
            column.addWidget(widget)
        column.addWidget(Section("Samples", self.samples, content))
        column.addWidget(Section("Split", self.split, content))
        reading = QWidget(content)
        rows = QVBoxLayout(reading)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.source)
        rows.addWidget(self.options)
        column.addWidget(Section("How it is read", reading, content, is_open=False))
        column.addStretch(1)
        self._area = QScrollArea(self)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(content)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self._area)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.cancel = QToolButton(self)
        self.cancel.setIcon(icons.icon("x"))
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Stop reading")
        self.cancel.clicked.connect(self._stop_reading)
        self._reading = QWidget(self)
        row = QHBoxLayout(self._reading)
        row.setContentsMargins(10, 4, 10, 0)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        self._reading.hide()
        self.message.setContentsMargins(10, 6, 10, 0)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._reading)
        outer.addWidget(self.message)
        outer.addWidget(self._pages, 1)
        self.message.hide()

    def open(self, path: Path | str, source: str = "", options: Mapping[str, Any] | None = None) -> None:
        """Look at a file, a folder or "bundled:<name>" and, if it can be read, make it the data of the project."""
        previous, base = self._document.project.data, self._document.folder
        self._say("")
        self._looking.start(
            lambda progress: inspect(path, source, options, progress, previous=previous, base=base))
        self._show_progress(0.0)

    @property
    def is_reading(self) -> bool:
        """Something is being read in the background."""
        return self._looking.is_busy or self.samples.is_reading

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event)
        if path:
            event.acceptProposedAction()
            self._merge = ""
            self.open(path)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self._fill(menu)
        return menu

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        menu.addAction(icons.icon("file"), "File…", self._choose_file)
        menu.addAction(icons.icon("folder"), "Folder…", self._choose_folder)
        menu.addSeparator()
        for name, text in EXAMPLES.items():
            menu.addAction(icons.icon("sparkles"), text, lambda name=name: self._open_anew(BUNDLED + name))
        recent = _recent()
        if recent:
            menu.addSeparator()
        for path in recent:
            menu.addAction(icons.icon("clock"), _short(path), lambda path=path: self._open_anew(path))

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a data file", _last_folder())
        if path:
            self._open_anew(path)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Choose a folder with data", _last_folder())
        if path:
            self._open_anew(path)

    def _open_anew(self, path: str) -> None:
        self._merge = ""
        self.open(path)

    def _take(self, data: Data) -> None:
        """The look at a data set succeeded: it becomes the project's."""
        self._reading.hide()
        project = self._document.project
        if data == project.data:
            self._show()
        else:
            self._document.edit("Choose data", project.replace(data=data), self._merge)
        if not data.path.startswith(BUNDLED):
            settings.remember("recent_data", [data.path, *(p for p in _recent() if p != data.path)][:MAX_RECENT])

    def _fail(self, message: str, hint: str) -> None:
        self._reading.hide()
        self._say(f"{message} {hint}".strip())

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _show_progress(self, share: float) -> None:
        self._reading.show()
        self.progress.setValue(round(1000 * share))

    def _stop_reading(self) -> None:
        self._looking.cancel()
        self._reading.hide()

    def _show(self, before: Project | None = None, after: Project | None = None) -> None:
        data = self._document.project.data
        if before is not None and after is not None and before.data == after.data:
            return
        self._shown = data
        self._pages.setCurrentWidget(self.empty if data is None else self._area)
        if data is None:
            self.samples.clear()
            return
        where = data.located(self._document.folder)
        self.name.setText(EXAMPLES.get(where.name, where.name) if data.path.startswith(BUNDLED) else where.name)
        self.place.setText("Comes with the program" if data.path.startswith(BUNDLED) else str(where))
        self.columns.setText("\n".join(described(column) for column in data.columns))
        self.source.setCurrentIndex(self.source.findData(data.source))
        spec = SOURCES.get(data.source)
        self.options.show_params(spec.params if spec else (), data.options)
        self.split.show_params(SPLIT_PARAMS, {**msgspec.structs.asdict(data.split), "normalize": data.normalize})
        self._say("")
        self.findings.hide()
        self.samples.show_data(data, self._document.folder)

    def _show_preview(self, preview: Preview) -> None:
        self._reading.hide()
        self._say("")
        self.findings.setText("\n".join(preview.findings))
        self.findings.setVisible(bool(preview.findings))
        if "target" in {param.name for param in SOURCES[self.source.currentData()].params} and self._shown:
            names = dict.fromkeys(feature.split(" = ")[0] for feature in preview.features)
            targets = [column.name for column in preview.columns if column.role == "target"]
            self.options.show_params(SOURCES[self._shown.source].params, self._shown.options,
                                     suggestions={"target": (*names, *targets)})

    def _edit_option(self, name: str, value: object) -> None:
        if self._shown is not None:
            self._merge = f"data.{name}.{self.options.gesture}"
            self._look_again({**self._shown.options, name: value})

    def _look_again(self, options: Mapping[str, Any]) -> None:
        data = self._shown
        if data is not None:
            path = data.path if data.path.startswith(BUNDLED) else data.located(self._document.folder)
            self.open(path, self.source.currentData(), options)

    def _edit_split(self, name: str, value: object) -> None:
        project = self._document.project
        data = project.data
        if data is None:
            return
        if name == "normalize":
            changed = msgspec.structs.replace(data, normalize=value)
        else:
            changed = msgspec.structs.replace(data, split=msgspec.structs.replace(data.split, **{name: value}))
        self._document.edit(f"Set {name}", project.replace(data=changed), f"data.{name}.{self.split.gesture}")

    def _draw_starter(self) -> None:
        data = self._document.project.data
        if data is None:
            return
        if self._document.graph.nodes and not messages.ask(
            self, "Starter network", "The canvas is not empty.",
            "The starter network takes the place of what is on it. Undo brings it back.", ("Replace",),
        ):
            return
        self._document.replace_graph("Starter network", starter_graph(data.columns))


def described(column: Column) -> str:
    """A column in words: "image: pictures of 1 × 28 × 28, input"."""
    size = " × ".join(map(str, column.shape))
    what = {
        "image": f"pictures of {size}", "vector": f"{size} numbers", "number": "a number",
        "category": f"{len(column.classes)} classes",
    }[column.kind]
    return f"{column.name}: {what}, {'input' if column.role == 'input' else 'to be predicted'}"


def _dropped(event: QDropEvent) -> str:
    """The local file or folder that is dragged, "" for anything else."""
    urls = event.mimeData().urls()
    return urls[0].toLocalFile() if len(urls) == 1 else ""


def _recent() -> list[str]:
    paths = settings.remembered("recent_data", [])
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _last_folder() -> str:
    recent = _recent()
    return str(Path(recent[0]).parent) if recent else str(Path.home())


def _short(path: str) -> str:
    parts = Path(path).parts
    return path if len(parts) <= 3 else str(Path("…", *parts[-2:]))
