"""What the checks of the data found: a card each, with its rows to open and repairs."""

from collections.abc import Callable, Sequence
from textwrap import fill

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.data.findings import Finding
from gui.widgets import icons, theme
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import breakable, label

_ICON_SIZE = 16
_ICONS = {"error": "circle-alert", "warning": "triangle-alert", "note": "info"}
_MOST_CARDS = 30
_BUTTON_LETTERS = 24
"""Longer texts of buttons go on in the next line: the panel is narrow."""



class FindingsView(QWidget):
    """Cards below each other, the gravest first.

    rows_wanted(rows, title): the user wants to see the rows of a finding. repaired(DataRepair): a repair was chosen.
    """

    rows_wanted = Signal(object, str)
    repaired = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = label("", "muted", self, wraps=True)
        self._cards: list[_Card] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self.state)
        self.say("")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is shown."""
        return tuple(card.finding for card in self._cards)

    def buttons(self, place: int) -> list[QPushButton]:
        """The buttons of a card: rows to show, then repairs."""
        return self._cards[place].findChildren(QPushButton)

    def say(self, text: str) -> None:
        """Say something above the cards, such as that the checks are under way; "" for nothing."""
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show these findings instead."""
        shown = sorted(findings, key=lambda finding: tuple(_ICONS).index(finding.severity))
        left_out = len(shown) - _MOST_CARDS
        self.say("Nothing stands out." if not shown else f"And {left_out:,} more." if left_out > 0 else "")
        if tuple(shown[:_MOST_CARDS]) == self.findings:
            return
        self.clear()
        for finding in shown[:_MOST_CARDS]:
            card = _Card(finding, self.rows_wanted.emit, self.repaired.emit, self)
            self._cards.append(card)
            self._column.addWidget(card)

    def clear(self) -> None:
        """Show no cards."""
        for card in self._cards:
            card.hide()
            card.deleteLater()
        self._cards = []


class _Card(QFrame):
    """One finding."""

    def __init__(self, finding: Finding, show_rows: Callable[[object, str], object],
                 repair: Callable[[object], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.finding = finding
        self._icon = QLabel(self)
        self._icon.setFixedSize(QSize(_ICON_SIZE, _ICON_SIZE))
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(label(breakable(finding.message), "", self, wraps=True))
        if finding.hint:
            texts.addWidget(label(breakable(finding.hint), "muted", self, wraps=True))
        buttons = FlowLayout()
        if len(finding.rows):
            title = finding.message.rstrip(".")
            buttons.addWidget(self._button("Show rows", lambda: show_rows(tuple(finding.rows), title)))
        for offer in finding.repairs:
            buttons.addWidget(self._button(offer.text, lambda offer=offer: repair(offer)))
        texts.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        self.setObjectName("finding")
        self.setAccessibleName(f"{finding.severity}: {finding.message} {finding.hint}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def _button(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(fill(text, _BUTTON_LETTERS), self)
        button.setAccessibleName(text)
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _restyle(self) -> None:
        colors = theme.colors()
        shades = {"error": colors.error, "warning": colors.warning, "note": colors.muted}
        severity = self.finding.severity
        self._icon.setPixmap(icons.icon(_ICONS[severity], shades[severity]).pixmap(_ICON_SIZE, _ICON_SIZE))
        self.setStyleSheet(
            f"#finding {{ background: {colors.raised}; border: 1px solid {colors.border}; border-radius: 6px; }}")
