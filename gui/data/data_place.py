"""Where the data lies: its name and path, the menu that chooses other data, and a notice when the files changed."""

from pathlib import Path
from textwrap import shorten

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QMenu, QPushButton, QVBoxLayout, QWidget

from engine.project import BUNDLED, Data
from gui.widgets import icons, settings, theme
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import BREAK, breakable, label

EXAMPLES = {"fashion-mnist-small": "Fashion-MNIST example (12,000 pictures)"}
"""Bundled data sets by the name of their folder."""

MAX_RECENT = 8
_MOST_LETTERS = 400
"""A notice is no longer than that."""


class DataMenu(QMenu):
    """Chooses data: a file, a folder, an example, or what was used before. chosen(path)."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.aboutToShow.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        self.clear()
        self.addAction(icons.icon("file"), "File…", self._choose_file)
        self.addAction(icons.icon("folder"), "Folder…", self._choose_folder)
        self.addSeparator()
        for name, text in EXAMPLES.items():
            self.addAction(icons.icon("sparkles"), text, lambda name=name: self.chosen.emit(BUNDLED + name))
        recent = _recent()
        if recent:
            self.addSeparator()
        for path in recent:
            self.addAction(icons.icon("clock"), _short(path), lambda path=path: self.chosen.emit(path))

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.parentWidget(), "Choose a data file", _last_folder())
        if path:
            self.chosen.emit(path)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.parentWidget(), "Choose a folder with data", _last_folder())
        if path:
            self.chosen.emit(path)


class DataPlace(QWidget):
    """The head of the panel.

    chosen(path): other data is wanted. browsed: the samples are to be shown. looked_again: the files are to be read
    anew.
    """

    chosen = Signal(str)
    browsed = Signal()
    looked_again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.place = label("", "title", self, wraps=True), label("", "muted", self, wraps=True)
        self.choose = QPushButton(icons.icon("folder-open"), "Choose", self)
        self.choose.setToolTip("Choose other data")
        menu = DataMenu(self)
        menu.chosen.connect(self.chosen)
        self.choose.setMenu(menu)
        self.browse = QPushButton(icons.icon("search"), "Browse…", self)
        self.browse.setToolTip("Look at all samples: search, filter, sort, listen")
        self.browse.clicked.connect(self.browsed)
        self.notice = QFrame(self)
        self.notice.setObjectName("notice")
        self._told = label("", "warning", self.notice, wraps=True)
        self.again = QPushButton(icons.icon("refresh-cw"), "Look again", self.notice)
        self.again.setToolTip("Read the files anew and adapt the columns to them")
        self.again.clicked.connect(self.looked_again)
        inside = QVBoxLayout(self.notice)
        inside.setContentsMargins(8, 8, 8, 8)
        inside.addWidget(self._told)
        inside.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self.notice.hide()
        row = FlowLayout()
        row.addWidget(self.choose)
        row.addWidget(self.browse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.name)
        column.addWidget(self.place)
        column.addWidget(self.notice)
        column.addLayout(row)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def show_data(self, data: Data, base: Path | None) -> None:
        where, is_bundled = data.located(base), data.path.startswith(BUNDLED)
        self.name.setText(EXAMPLES.get(where.name, where.name) if is_bundled else where.name)
        self.place.setText("Comes with the program" if is_bundled else breakable(str(where.parent)))
        self.place.setToolTip("" if is_bundled else str(where))

    def tell(self, text: str) -> None:
        """Say that something is wrong with the files, with what can be done about it; "" for nothing."""
        self._told.setText(breakable(shorten(text, _MOST_LETTERS, placeholder=" …")))
        self.notice.setVisible(bool(text))

    @property
    def told(self) -> str:
        """What is said of the files."""
        return self._told.text().replace(BREAK, "")

    def _restyle(self) -> None:
        colors = theme.colors()
        self.notice.setStyleSheet(
            f"#notice {{ background: {colors.raised}; border: 1px solid {colors.warning}; border-radius: 6px; }}")


def remember(path: str) -> None:
    """Offer this data again next time."""
    if not path.startswith(BUNDLED):
        settings.remember("recent_data", [path, *(p for p in _recent() if p != path)][:MAX_RECENT])


def _recent() -> list[str]:
    paths = settings.remembered("recent_data", [])
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _last_folder() -> str:
    recent = _recent()
    return str(Path(recent[0]).parent) if recent else str(Path.home())


def _short(path: str) -> str:
    parts = Path(path).parts
    return path if len(parts) <= 3 else str(Path("…", *parts[-2:]))
