"""The data panel: what the network learns from. Choosing, looking, preparing; every change is one undoable edit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.data import sources
from engine.data.browse import Browser
from engine.data.findings import Finding
from engine.project import BUNDLED, ColumnChoice, Data, Project
from gui import drops
from gui.data import data_place
from gui.data.augmentation_preview import AugmentationPreview
from gui.data.augmentation_view import AugmentationView
from gui.data.cache_view import CacheView
from gui.data.column_settings import ColumnSettings, with_choice
from gui.data.columns_view import ColumnsView
from gui.data.data_editor import DataEditor
from gui.data.data_place import EXAMPLES, DataMenu, DataPlace
from gui.data.data_samples import DataSamples
from gui.data.file_watch import FileWatch
from gui.data.findings_view import FindingsView
from gui.data.reading_bar import ReadingBar
from gui.data.reading_settings import SKIP_DAMAGED, ReadingSettings
from gui.data.split_settings import WITH_COLUMN, SplitSettings
from gui.data.starter_button import StarterButton
from gui.document import Document
from gui.session import Session
from gui.widgets.background import Background, Progress
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import label
from gui.widgets.section import Section

_PREVIEWED = 100
"""Augmentation is shown on some of so many training samples."""

_EXAMINE_MS = 300
"""So long nothing may be changed before the data is checked again."""


class DataPanel(QWidget):
    """The chosen data set, or an invitation to choose one. Files and folders can be dropped on it.

    browse(rows, title): the user wants to see these rows (None: all) in the data browser.
    """

    browse = Signal(object, str)

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._document, self._session = document, session
        self._findings: tuple[Finding, ...] = ()
        self._checked: tuple[Data, Path | None] | None = None
        self._rows: tuple[int, ...] = ()
        self.editor = DataEditor(document, self)
        self.watch = FileWatch(self)
        self._checking = Background(self)
        self._make_parts()
        self._build()
        self._connect()
        document.changed.connect(self._follow)
        self._begin()

    def open(self, path: Path | str, source: str = "", options: Mapping[str, Any] | None = None) -> None:
        """Look at a file, a folder or "bundled:<name>" and, if it can be read, make it the data of the project."""
        self._say("")
        self.editor.open(path, source, options)

    @property
    def is_reading(self) -> bool:
        """Something is being read in the background."""
        works = (self._checking.is_busy, self.watch.is_busy, self._timer.isActive())
        return self.editor.is_looking or self.samples.is_reading or self.cache.is_reading or any(works)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if drops.data_path(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = drops.data_path(event)
        if path:
            event.acceptProposedAction()
            self.open(path)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._examine()

    def changeEvent(self, event: QEvent) -> None:
        """Who comes back from another program may have changed the files there."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._watch()

    def _make_parts(self) -> None:
        self.empty = EmptyState(
            "database", "No data yet",
            "Drop a file or folder here, or choose one: pictures, sounds, texts, tables, arrays, also in a ZIP.",
            self, action="Choose data", alternative="Use the Fashion-MNIST example")
        self.empty.alternative.setToolTip("12,000 pictures of clothing that come with the program")
        self._menu = DataMenu(self)
        self.empty.button.setMenu(self._menu)
        self.place = DataPlace(self)
        self.message = label("", "error", self, wraps=True)
        self.starter = StarterButton(self._document, self)
        self.samples = DataSamples(self)
        self.columns, self.column = ColumnsView(self), ColumnSettings(self)
        self.split = SplitSettings(self)
        self.augmentation, self.preview = AugmentationView(self), AugmentationPreview(self._session, self)
        self.findings = FindingsView(self)
        self.cache = CacheView(self)
        self.settings = ReadingSettings(self)
        self.reading = ReadingBar(self)
        self._timer = QTimer(self, singleShot=True, interval=_EXAMINE_MS)

    def _build(self) -> None:
        content = QWidget(self)
        column = QVBoxLayout(content)
        column.setContentsMargins(8, 8, 8, 10)
        column.setSpacing(8)
        column.addWidget(self.place)
        column.addWidget(self.starter)
        self.sections = {
            "Columns": Section("Columns", _stacked(content, self.columns, self.column), content),
            "Samples": Section("Samples", self.samples, content),
            "Checks": Section("Checks", self.findings, content),
            "Split": Section("Split", self.split, content, is_open=False),
            "Augmentation": Section(
                "Augmentation", _stacked(content, self.augmentation, self.preview), content, is_open=False),
            "How it is read": Section("How it is read", self.settings, content, is_open=False),
            "Prepared data": Section("Prepared data", self.cache, content, is_open=False),
        }
        for section in self.sections.values():
            column.addWidget(section)
        column.addStretch(1)
        self._area = QScrollArea(self)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(content)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self._area)
        self.message.setContentsMargins(10, 6, 10, 0)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.reading)
        outer.addWidget(self.message)
        outer.addWidget(self._pages, 1)
        self.message.hide()

    def _connect(self) -> None:
        self.editor.looked.connect(self._show_looked)
        self.editor.told.connect(self._say)
        self.editor.failed.connect(self._refuse)
        self.editor.progressed.connect(self.reading.show_share)
        self.editor.stopped.connect(self._stop_showing_progress)
        self._checking.finished.connect(self._show_findings)
        self._checking.failed.connect(lambda message, hint: self.findings.say(f"{message} {hint}".strip()))
        self.watch.changed.connect(self._examine_anew)
        self._timer.timeout.connect(self._check)
        self._menu.chosen.connect(self.open)
        self.empty.alternative_clicked.connect(lambda: self.open(BUNDLED + next(iter(EXAMPLES))))
        self.place.chosen.connect(self.open)
        self.place.browsed.connect(lambda: self.browse.emit(None, ""))
        self.place.looked_again.connect(self.editor.look_again)
        self.samples.loaded.connect(self._show_loaded)
        self.samples.failed.connect(self._show_unreadable)
        self.columns.selected.connect(self._show_column)
        self.column.chosen.connect(self._choose_column)
        self.split.edited.connect(self._edit_split)
        self.split.taken_back.connect(lambda: self.editor.change("Take rows back", excluded=()))
        self.augmentation.edited.connect(self._edit_augmentation)
        self.findings.rows_wanted.connect(self.browse)
        self.findings.repaired.connect(self.editor.repair)
        self.settings.source_chosen.connect(self._change_source)
        self.settings.edited.connect(self._edit_option)
        self.reading.cancelled.connect(self.editor.cancel)

    def _show_looked(self, path: str) -> None:
        self.reading.hide()
        data_place.remember(path)
        self._examine()

    def _refuse(self, message: str, hint: str) -> None:
        """The look failed: the forms show the project's data again, and what was wrong is said."""
        self._show()
        self._fail(message, hint)

    def _fail(self, message: str, hint: str) -> None:
        self.reading.hide()
        self._say(f"{message} {hint}".strip())

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _stop_showing_progress(self) -> None:
        """Nothing is looked at any more; the forms show the project's data again."""
        self.reading.hide()
        self._show()

    def _follow(self, before: Project, after: Project) -> None:
        if _place(before.data) != _place(after.data):
            self._begin()
        elif before.data != after.data:
            self._show()

    def _begin(self) -> None:
        """Other data is shown: what was found out about the data before is not true of it."""
        self._findings, self._checked, self._rows = (), None, ()
        self.place.tell("")
        self.findings.clear()
        self.split.show_sizes({})
        self._show()
        data = self._document.project.data
        if data is not None and not data.columns:
            self.editor.look_again()

    def _show(self) -> None:
        data = self._document.project.data
        self._pages.setCurrentWidget(self.empty if data is None else self._area)
        self._say("")
        if data is None:
            self.samples.clear()
            self.preview.show_data(None, None, self._rows)
            return
        self.place.show_data(data, self._document.folder)
        self.settings.show_data(data)
        self.split.show_split(data)
        self.augmentation.show_steps(data.augmentation, data.columns)
        self.preview.show_data(data, self._document.folder, self._rows)
        self._show_columns()
        self._examine()

    def _show_columns(self) -> None:
        """The columns as the user wants them, with what was found about each."""
        data = self._document.project.data
        if data is None:
            return
        told: dict[str, list[str]] = {}
        for finding in self._findings:
            if finding.column and finding.severity != "note":
                told.setdefault(finding.column, []).append(finding.message)
        self.columns.show_columns(data.columns, told)
        self.sections["Columns"].header.setText(f"Columns ({len(data.leaves):,})")
        self._show_column(self.columns.current)

    def _show_column(self, name: str) -> None:
        data = self._document.project.data
        both = (*data.columns, *data.leaves) if data else ()
        self.column.show_column(next((column for column in both if column.name == name), None), data)

    def _choose_column(self, name: str, choice: ColumnChoice, what: str, gesture: int) -> None:
        data = self.editor.data
        if data is not None:
            text = f"Set {what.replace('_', ' ')} of {name}"
            self.editor.change(text, f"data.{name}.{what}.{gesture}", chosen=with_choice(data, name, choice))

    def _examine(self) -> None:
        """Open the data, show samples and check it, soon, if the panel is seen."""
        if self._document.project.data is not None and self.isVisible():
            self._timer.start()

    def _watch(self) -> None:
        """See whether the files are still as they were when they were last looked at."""
        data = self._document.project.data
        if data is not None and self.isVisible():
            self.watch.look(data.located(self._document.folder))

    def _examine_anew(self) -> None:
        """The files are others than before."""
        self._checked = None
        self.samples.clear()
        self._examine()

    def _check(self) -> None:
        data, base = self._document.project.data, self._document.folder
        if data is None or self.editor.is_looking:
            return
        data = msgspec.structs.replace(data, augmentation=(), normalize=True)  # they change nothing on the disk
        if (data, base) == self._checked:
            return
        self._checked = data, base
        self.findings.say("Checking the data…")
        self._watch()
        self.samples.show_data(data, base)

    def _show_unreadable(self, message: str, hint: str) -> None:
        self.reading.hide()
        self._checking.cancel()
        self._show_findings(())
        self.findings.say("")
        self.split.show_sizes({})
        self.place.tell(f"{message} {hint}".strip())

    def _show_loaded(self, browser: Browser) -> None:
        self.reading.hide()
        self.place.tell(sources.CHANGED if sources.CHANGED in browser.findings else "")
        self.split.show_sizes({name: len(rows) for name, rows in browser.rows.items()})
        self._rows = tuple(browser.mixed("train")[:_PREVIEWED].tolist())
        self.preview.show_data(self._document.project.data, self._document.folder, self._rows)

        def work(progress: Progress) -> tuple[Finding, ...]:
            from engine.data.doctor import examine

            return examine(browser, progress)

        self._checking.start(work)

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        self._findings = findings
        self.findings.show_findings(findings)
        grave = sum(finding.severity != "note" for finding in findings)
        self.sections["Checks"].header.setText(f"Checks ({grave})" if grave else "Checks")
        self._show_columns()

    def _edit_augmentation(self, steps: object, text: str, merge: str) -> None:
        self.editor.change(text, merge, augmentation=steps)

    def _change_source(self, source: str) -> None:
        self.editor.change("Set kind of data", source=source, options={}, chosen={})

    def _edit_option(self, name: str, value: object) -> None:
        data = self.editor.data
        if data is not None:
            field = {"skips_damaged": value} if name == SKIP_DAMAGED else {"options": {**data.options, name: value}}
            self.editor.change(f"Set {name.replace('_', ' ')}", f"data.{name}.{self.settings.form.gesture}", **field)

    def _edit_split(self, name: str, value: object) -> None:
        data = self.editor.data
        if data is None:
            return
        text, merge = f"Set {name}", f"data.{name}.{self.split.form.gesture}"
        if name == "normalize":
            self.editor.change(text, merge, normalize=value)
            return
        split = msgspec.structs.replace(data.split, **{name: value})
        if name == "folds":
            split = msgspec.structs.replace(split, fold=min(split.fold, split.folds - 1))
        role = WITH_COLUMN.get(split.method, "")
        chosen = dict(data.chosen)
        if name == "column" and role and split.column:
            chosen[split.column] = msgspec.structs.replace(chosen.get(split.column, ColumnChoice()), role=role)
        self.editor.change(text, merge, split=split, **({"chosen": chosen} if chosen != data.chosen else {}))


def _place(data: Data | None) -> tuple[str, str]:
    return (data.path, data.source) if data else ("", "")


def _stacked(parent: QWidget, *widgets: QWidget) -> QWidget:
    """Widgets below each other as one."""
    made = QWidget(parent)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    return made
