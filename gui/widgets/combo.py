"""A choice in a panel that scrolls."""

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox


class PanelCombo(QComboBox):
    """A combo box whose value the mouse wheel never changes in passing: the wheel scrolls the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
