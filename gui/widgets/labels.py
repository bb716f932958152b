"""Labels: plain text in one of the roles that the style sheet knows."""

import re
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

BREAK = "\u200b"
"""A place where a line may be broken."""


def label(text: str = "", role: str = "", parent: QWidget | None = None, *, wraps: bool = False) -> QLabel:
    """A label that never reads its text as markup. role: "title", "muted", "error", "warning", "success" or ""."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    if role:
        made.setProperty("role", role)
    if wraps:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return made


class ElidedLabel(QLabel):
    """One line that is cut short with dots where there is no room for it; the whole of it is its tooltip."""

    LEAST = 6
    """Characters that are always shown."""

    def __init__(self, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("role", role)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(tip(text))

    def minimumSizeHint(self) -> QSize:
        shown = self.text() if len(self.text()) <= self.LEAST else f"{self.text()[: self.LEAST]}…"
        return QSize(self.fontMetrics().horizontalAdvance(shown), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.style().drawItemText(QPainter(self), self.rect(), self.alignment(), self.palette(), self.isEnabled(),
                                  shown, self.foregroundRole())


def tip(text: str) -> str:
    """A tooltip that shows a text of the data as it is: Qt would read what looks like markup as markup."""
    return f"<qt>{escape(text)}</qt>" if "<" in text else text


def one_line(text: str, longest: int) -> str:
    """A text in one line of at most so many characters: names come from files, too, whatever they hold."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def breakable(text: str) -> str:
    """A text whose paths and file names may be broken into lines behind their separators."""
    return re.sub(r"(?<=\S)([/\\_.-])(?=\S)", rf"\1{BREAK}", text)
