"""Fills in forms as a person does: types into fields, and chooses entries of boxes by keys."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget


def retype(editor: QWidget, text: str) -> None:
    """Type over what stands in a field."""
    assert isinstance(editor, QLineEdit)
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text) if text else QTest.keyClick(editor, Qt.Key.Key_Delete)


def pick(editor: QWidget, text: str) -> None:
    """Choose an entry of a combo box."""
    assert isinstance(editor, QComboBox)
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Home)
    while editor.currentText() != text:
        QTest.keyClick(editor, Qt.Key.Key_Down)
