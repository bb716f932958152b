"""What is shown of the data: search and conditions, split, class, and how it is drawn."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from engine.data.browse import Browser
from gui.data.browser.query import Query
from gui.data.data_samples import SPLITS, picturable
from gui.widgets import icons
from gui.widgets.labels import label

GRID, TABLE = "grid", "table"
_HELP = "Search in all columns, or give conditions: age > 30, kind = rose, name contains cat"


class FilterBar(QWidget):
    """Two lines over the samples.

    changed(Query): the user asks for other rows. view_changed("grid" or "table"). column_changed(name): whose pictures.
    """

    changed = Signal(object)
    view_changed = Signal(str)
    column_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._query = Query()
        self._count = ""
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search, or a condition such as age > 30")
        self.search.setToolTip(_HELP)
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textEdited.connect(lambda text: self._ask(where=text))
        self.split, self.label, self.column = (self._combo(name) for name in ("Split", "Class", "Column shown"))
        self.split.addItem("All splits", "")
        for name, text in SPLITS.items():
            self.split.addItem(text, name)
        self.split.activated.connect(lambda: self._ask(split=self.split.currentData()))
        self.label.activated.connect(lambda: self._ask(label=self.label.currentData()))
        self.column.activated.connect(lambda: self.column_changed.emit(self.column.currentText()))
        self.views = {GRID: self._view("layout-dashboard", "Samples side by side", GRID),
                      TABLE: self._view("table", "Rows of a table", TABLE)}
        self._group = QButtonGroup(self)
        for button in self.views.values():
            self._group.addButton(button)
        self.only = QToolButton(self)
        self.only.setIcon(icons.icon("x"))
        self.only.setToolButtonStyle(self.only.toolButtonStyle().ToolButtonTextBesideIcon)
        self.only.setToolTip("Show all rows again")
        self.only.clicked.connect(lambda: self._ask(only=None, title=""))
        self.message = label("", "muted", self)
        self._build()
        self.show_query(self._query)

    def show_browser(self, browser: Browser) -> None:
        """Offer what there is in another data set; its samples are drawn if they can be, else listed."""
        classes = browser.target.classes if browser.target and browser.target.kind == "category" else ()
        self.label.clear()
        self.label.addItem("All classes", "")
        for name in classes:
            self.label.addItem(name, name)
        self.label.setVisible(bool(classes))
        columns = [leaf.name for leaf in picturable(browser)]
        self.column.clear()
        self.column.addItems(columns)
        self.column.setVisible(len(columns) > 1)
        for button in self.views.values():
            button.setVisible(bool(columns))
        view = self.views[GRID if columns else TABLE]
        view.setChecked(True)
        self.view_changed.emit(GRID if columns else TABLE)
        self.column_changed.emit(columns[0] if columns else "")
        self.show_query(self._query)

    def show_query(self, query: Query) -> None:
        """Show what is asked for."""
        self._query = query
        if self.search.text() != query.where:
            self.search.setText(query.where)
        self.split.setCurrentIndex(max(0, self.split.findData(query.split)))
        self.label.setCurrentIndex(max(0, self.label.findData(query.label)))
        self.only.setText(query.title or "These rows only")
        self.only.setVisible(query.only is not None)

    def say(self, text: str, *, is_error: bool = False) -> None:
        """Say something in place of the count; "" brings the count back."""
        self.message.setText(text or self._count)
        self.message.setProperty("role", "error" if is_error else "muted")
        self.message.style().polish(self.message)
        self.search.setProperty("invalid", is_error and bool(self._query.where))
        self.search.style().polish(self.search)

    def say_count(self, shown: int, count: int) -> None:
        """So many of all rows are shown."""
        self._count = f"{count:,} samples" if shown == count else f"{shown:,} of {count:,} samples"
        self.say("")

    def focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _ask(self, **changes: object) -> None:
        self.changed.emit(replace(self._query, **changes))

    def _build(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self.search, 1)
        for part in (self.split, self.label, self.column, *self.views.values()):
            first.addWidget(part)
        second.addWidget(self.message)
        second.addWidget(self.only)
        self.message.setMinimumHeight(self.only.sizeHint().height())  # the samples stay where they are
        second.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 6)
        column.setSpacing(4)
        column.addLayout(first)
        column.addLayout(second)

    def _combo(self, name: str) -> QComboBox:
        made = QComboBox(self)
        made.setAccessibleName(name)
        made.setToolTip(name)
        made.setMinimumContentsLength(9)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return made

    def _view(self, icon: str, tip: str, name: str) -> QToolButton:
        made = QToolButton(self)
        made.setIcon(icons.icon(icon))
        made.setCheckable(True)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.clicked.connect(lambda: self.view_changed.emit(name))
        return made
