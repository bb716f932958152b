"""Changes of the project's data: each one an undoable edit, after a look at the disk in the background if it needs one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from engine.augmentation import misfit
from engine.data import sources
from engine.data.findings import DataRepair
from engine.project import BUNDLED, Data, Project, Split
from gui.data.split_settings import WITH_COLUMN
from gui.document import Document
from gui.facts import counted
from gui.widgets.background import Background

KEPT = ("split", "normalize", "augmentation", "skips_damaged", "excluded")
"""What needs no look at the disk. A look that was begun before such a change must not take it back."""

_REPAIRED = ("split", "skips_damaged", "excluded", "chosen", "options", "source")
"""What the repair of a finding may change."""


class DataEditor(QObject):
    """Changes build on each other while the disk is looked at; the newest look is the one that counts.

    looked(path): a look succeeded. told(text): what it changed of the user's decisions. failed(message, hint): it
    failed, and the data is as it was. progressed(share).
    stopped: the look was given up, by the user or because the data it started from is gone.
    """

    looked = Signal(str)
    told = Signal(str)
    failed = Signal(str, str)
    progressed = Signal(float)
    stopped = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._wanted: Data | None = None
        self._own: Data | None = None
        self._text, self._merge = "", ""
        self._looking = Background(self)
        self._looking.finished.connect(self._take)
        self._looking.failed.connect(self._refuse)
        self._looking.progressed.connect(self.progressed)
        document.changed.connect(self._follow)

    @property
    def is_looking(self) -> bool:
        return self._looking.is_busy

    @property
    def data(self) -> Data | None:
        """The data as the user wants it: that of the project, or what is being looked at to become it."""
        return self._wanted or self._document.project.data

    def open(self, path: Path | str, source: str = "", options: Mapping[str, Any] | None = None) -> None:
        """Look at a file, a folder or "bundled:<name>" and, if it can be read, make it the data of the project.

        What is named like data that is no longer where it was is that data: everything decided about it is kept.
        """
        before = self._document.project.data
        if before is not None and not source and self._has_moved(before, str(path)):
            self._look(msgspec.structs.replace(before, path=str(path)), "Find the data again", "", previous=before)
            return
        wanted = Data(str(path), source, dict(options or {}))
        if before is not None:
            split = before.split
            if split.method in WITH_COLUMN:
                split = Split(split.validation, split.test, split.seed)
            wanted = msgspec.structs.replace(
                wanted, split=split, normalize=before.normalize, augmentation=before.augmentation)
        self._look(wanted, "Choose data", "", previous=before)

    def change(self, text: str, merge: str = "", **fields: Any) -> None:
        """Change fields of the data, as one undo step named `text`; steps in a row with the same `merge` are one."""
        data = self.data
        if data is None:
            return
        changed = msgspec.structs.replace(data, **fields)
        if self._wanted is None and set(fields) <= set(KEPT):
            self._edit(changed, text, merge)
        else:
            self._look(changed, text, merge, previous=changed)

    def look_again(self) -> None:
        """Read the files anew: they have changed."""
        self.change("Look at the data again", fingerprint="")

    def repair(self, repair: DataRepair) -> None:
        """Do what a finding offers."""
        data = self.data
        changes = {name: getattr(repair.data, name) for name in _REPAIRED}
        self.change(repair.text, **{name: value for name, value in changes.items() if value != getattr(data, name)})

    def cancel(self) -> None:
        """Give up the look; the data stays as it is."""
        self._looking.cancel()
        self._wanted = None
        self.stopped.emit()

    def _has_moved(self, data: Data, path: str) -> bool:
        """True if the data is no longer where it was, and `path` is called as it was."""
        place = data.located(self._document.folder)
        return place.name == Path(path).name and not place.exists()

    def _look(self, wanted: Data, text: str, merge: str, previous: Data | None) -> None:
        self._wanted, self._text, self._merge = wanted, text, merge
        base = self._document.folder
        path = wanted.path if wanted.path.startswith(BUNDLED) else wanted.located(base)
        chosen = wanted.chosen if wanted.columns else None
        self._looking.start(lambda progress: sources.inspect(
            path, wanted.source, wanted.options, progress, chosen=chosen, previous=previous, base=base))
        self.progressed.emit(0.0)

    def _take(self, found: Data) -> None:
        wanted, self._wanted = self._wanted, None
        assert wanted is not None, "a look that was given up is not reported"
        before = self._document.project.data
        is_other = before is not None and before.path == wanted.path and not sources.numbers_rows_as(before, found)
        taken_back = len(wanted.excluded) if is_other else 0
        if taken_back:
            wanted = msgspec.structs.replace(wanted, excluded=())
        if wanted.columns:
            found = msgspec.structs.replace(found, **{name: getattr(wanted, name) for name in KEPT})
        else:
            fitting = tuple(step for step in wanted.augmentation if not misfit(step, found.columns))
            found = msgspec.structs.replace(found, split=wanted.split, augmentation=fitting)
        self._edit(found, self._text, self._merge)
        self.looked.emit(found.path)
        if taken_back:
            self.told.emit(f"{counted(taken_back, 'row')} that you left out {'is' if taken_back == 1 else 'are'} back: "
                           "rows have other numbers now. Leave them out again where it is needed.")

    def _refuse(self, message: str, hint: str) -> None:
        self._wanted = None
        self.failed.emit(message, hint)

    def _edit(self, data: Data, text: str, merge: str) -> None:
        self._own = data
        self._document.edit(text, self._document.project.replace(data=data), merge)

    def _follow(self, before: Project, after: Project) -> None:
        """What is looked at follows from data that an undo, or another document, has taken away."""
        if self._wanted is not None and after.data not in (before.data, self._own):
            self.cancel()
