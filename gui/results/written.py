"""The texts that a network wrote of samples with known ones, those with mistakes first."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTreeWidget, QTreeWidgetItem, QWidget

from gui.results.evaluations import Written
from gui.widgets import icons, theme
from gui.widgets.labels import one_line, tip

_LONGEST = 300
"""Of a text so many characters are in its line; all of it is in the tooltip."""


class WrittenTexts(QTreeWidget):
    """A line a sample: what was read, what was wanted, and what was written. opened(row): look at this row of the data.
    """

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setColumnCount(3)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(200, 130)
        self.setFont(theme.font(11))
        self.setAccessibleName("Texts that were written")
        self.itemActivated.connect(lambda item: self.opened.emit(item.data(0, Qt.ItemDataRole.UserRole)))
        theme.notifier().changed.connect(self._restyle)

    def show_texts(self, written: Written) -> None:
        """Show these instead. Samples that are no texts are told by their names."""
        are_read = any(text.read for text in written.texts)
        self.clear()
        self.setHeaderLabels(["Read" if are_read else "Sample", "Wanted", "Written"])
        for text in written.texts:
            said = (text.read if are_read else text.name, text.truth, text.text)
            item = QTreeWidgetItem([one_line(part, _LONGEST) for part in said])
            for column, part in enumerate(said):
                item.setToolTip(column, tip(part))
            item.setData(0, Qt.ItemDataRole.UserRole, text.row)
            item.setData(2, Qt.ItemDataRole.UserRole, text.is_exact)
            self.addTopLevelItem(item)
        self._restyle()

    def _restyle(self) -> None:
        """Mark what is right and what is wrong in the colours of the theme."""
        colors = theme.colors()
        right, wrong = icons.icon("circle-check", colors.success), icons.icon("x", colors.error)
        for number in range(self.topLevelItemCount()):
            item = self.topLevelItem(number)
            item.setIcon(2, right if item.data(2, Qt.ItemDataRole.UserRole) else wrong)
