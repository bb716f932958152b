"""What this program is."""

import platform

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

import engine
from engine.project import RESOURCES
from gui.widgets.labels import label

LOGO = RESOURCES / "neuroloom.svg"
LOGO_SIZE = 72


class AboutDialog(QDialog):
    """Name, version, what it stands on, and licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Neuroloom")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        logo = QLabel(self)
        logo.setPixmap(QIcon(str(LOGO)).pixmap(QSize(LOGO_SIZE, LOGO_SIZE)))
        texts = QVBoxLayout()
        texts.setSpacing(6)
        texts.addWidget(label("Neuroloom", "title", self))
        texts.addWidget(label(f"Version {engine.__version__}", "muted", self))
        texts.addSpacing(4)
        texts.addWidget(label("Design neural networks by dragging layers, train them by clicking,\n"
                              "watch them learn, test them and export them.", "", self))
        texts.addSpacing(4)
        texts.addWidget(label(f"Python {platform.python_version()} · Qt {qVersion()}\n"
                              "Free software under the MIT licence. Icons by Lucide (ISC);\n"
                              "fonts Inter and JetBrains Mono (SIL Open Font License).", "muted", self))
        body = QHBoxLayout()
        body.setSpacing(18)
        body.addWidget(logo, 0, Qt.AlignmentFlag.AlignTop)
        body.addLayout(texts)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(14)
        column.addLayout(body)
        column.addWidget(buttons)
