"""Colours Python source as it is shown in the code panel."""

import keyword
import re

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from gui.widgets import theme

_TOKENS = re.compile(
    r"(?P<comment>#[^\n]*)"
    r"|(?P<string>\"\"\".*?(?:\"\"\"|$)|'''.*?(?:'''|$)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<number>\b\d[\d_.]*(?:e[-+]?\d+)?\b)"
    r"|(?<=\bclass )(?P<class>\w+)|(?<=\bdef )(?P<function>\w+)"
    rf"|(?P<keyword>\b(?:{'|'.join(keyword.kwlist)})\b)|(?P<self>\bself\b)"
)
_QUOTES = re.compile(r'"""')
_INSIDE_STRING = 1


class PythonHighlighter(QSyntaxHighlighter):
    """Good enough for generated modules: comments, strings (also over several lines), numbers, keywords, names."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme that is shown."""
        colors = theme.colors()
        names = {"comment": colors.muted, "string": colors.success, "number": colors.warning, "class": colors.accent,
                 "function": colors.accent, "keyword": colors.series[3], "self": colors.muted}
        self._formats = {name: QTextCharFormat() for name in names}
        for name, color in names.items():
            self._formats[name].setForeground(QColor(color))
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        start = 0
        if self.previousBlockState() == _INSIDE_STRING:
            end = _QUOTES.search(text)
            start = end.end() if end else len(text)
            self.setFormat(0, start, self._formats["string"])
            self.setCurrentBlockState(-1 if end else _INSIDE_STRING)
            if not end:
                return
        for token in _TOKENS.finditer(text, start):
            self.setFormat(token.start(), token.end() - token.start(), self._formats[str(token.lastgroup)])
            if token["string"] and token["string"].startswith('"""') and len(_QUOTES.findall(token["string"])) == 1:
                self.setCurrentBlockState(_INSIDE_STRING)
