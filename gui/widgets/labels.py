"""Labels: plain text in one of the roles that the style sheet knows."""

import re

from PySide6.QtCore import Qt
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


def one_line(text: str, longest: int) -> str:
    """A text in one line of at most so many characters: names come from files, too, whatever they hold."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def breakable(text: str) -> str:
    """A text whose paths and file names may be broken into lines behind their separators."""
    return re.sub(r"(?<=\S)([/\\_.-])(?=\S)", rf"\1{BREAK}", text)
