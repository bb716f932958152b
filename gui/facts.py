"""A small table of facts: a name on the left, a value on the right; and how numbers and times are said."""

from collections.abc import Iterable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gui.widgets.labels import label


class Facts(QWidget):
    """Shows pairs of texts. Values can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Show these pairs instead."""
        facts = list(facts)
        while len(self._rows) < len(facts):
            self._add_row()
        for position, (name, value) in enumerate(self._rows):
            is_shown = position < len(facts)
            if is_shown:
                name.setText(facts[position][0])
                value.setText(facts[position][1])
            name.setVisible(is_shown)
            value.setVisible(is_shown)

    def facts(self) -> dict[str, str]:
        """What is shown, by name."""
        return {name.text(): value.text() for name, value in self._rows if not name.isHidden()}

    def _add_row(self) -> None:
        name, value = label("", "muted", self), label("", "", self, wraps=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line = len(self._rows)
        self._grid.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, line, 1)
        self._rows.append((name, value))


def moment(created: str) -> str:
    """A time in the reader's own time zone, as short as is clear: "14:05 today", "03 May 14:05"."""
    then = datetime.fromisoformat(created).astimezone()
    return then.strftime("%H:%M today" if then.date() == datetime.now().astimezone().date() else "%d %b %H:%M")


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 layer", "2 layers", "101,770 weights"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def magnitude(number: int) -> str:
    """A large number as people say it: "101,632", "1.2 million", "3.46 billion"."""
    for size, word in ((1_000_000_000, "billion"), (1_000_000, "million")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:,}"
