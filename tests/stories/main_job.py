"""The main job by mouse and keyboard: draw the perceptron, point it at Fashion-MNIST, train, test, try, export.

Run in a process of its own on an X display: python -m tests.stories.main_job DATA FOLDER [light|dark] [epochs].
Pictures of every stage, the project and the exported model are written to FOLDER.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QRadioButton,
    QTabBar,
    QTreeWidgetItem,
)

from engine.graph import Edge
from gui import app
from gui.main_window import MainWindow
from gui.placeable import MARK
from gui.results.export_dialog import ExportDialog
from gui.results.paint_pad import PaintPad
from gui.widgets import theme
from tests.stories.driver import Hand, scaled, tell

COLUMN, ROW = 200, 110
LAYERS = (
    ("Input", 0, 0), ("Flatten", 1, 0), ("Linear", 2, 0), ("ReLU", 3, 0), ("Linear", 4, 0), ("Output", 5, 0),
    ("Input", 4, 1), ("CrossEntropy", 5, 1),
)
WIRES = (
    ("input_1", "output", "flatten_1", "input"), ("flatten_1", "output", "linear_1", "input"),
    ("linear_1", "output", "relu_1", "input"), ("relu_1", "output", "linear_2", "input"),
    ("linear_2", "output", "output_1", "input"), ("linear_2", "output", "crossentropy_1", "prediction"),
    ("input_2", "output", "crossentropy_1", "target"),
)


class Story:
    """The steps, in the order of `tell`."""

    def __init__(self, window: MainWindow, data: Path, folder: Path, epochs: int) -> None:
        self.window, self.data, self.folder, self.epochs = window, data, folder, epochs

    def __call__(self, hand: Hand) -> None:
        hand.wait(lambda: self.window.document.graph.nodes, "the example")
        hand.wait(lambda: self.window.docks["try"].widget().layout(), "all panels")
        hand.shoot("1-start")
        hand.key("ctrl+n")
        hand.wait(lambda: not self.window.document.graph.nodes, "an empty canvas")
        self.choose_data(hand, "Folder…")
        hand.shoot("2-data")
        self.draw(hand)
        self.set_options(hand)
        self.save(hand)
        self.train(hand)
        self.test(hand)
        self.try_it(hand)
        self.export(hand)

    def choose_data(self, hand: Hand, entry: str) -> None:
        """Choose data by an entry of the menu that asks for a path."""
        self.open_tab(hand, "Data")
        hand.click(hand.find(QPushButton, "Choose data"))
        menu = hand.wait(lambda: next((m for m in self.window.findChildren(QMenu) if m.isVisible()), None), "a menu")
        action = hand.see(lambda: next(a for a in menu.actions() if a.text() == entry))
        hand.click(hand.see(lambda: scaled(menu.mapToGlobal(menu.actionGeometry(action).center()), menu)))
        self.give_path(hand, self.data)
        hand.wait(lambda: self.window.document.project.data, "the data set")
        panel = self.window.docks["data"].widget()
        hand.wait(lambda: not panel.is_reading, "the samples")

    def draw(self, hand: Hand) -> None:
        canvas = self.window.canvas
        first = self.make_room(hand, 6)
        for layer, column, row in LAYERS:
            self.place(hand, layer, first, column, row)
        hand.key("Home")
        hand.shoot("3-layers")
        for wire in WIRES:
            self.wire(hand, *wire)
        hand.click(hand.see(lambda: scaled(canvas.node_center("linear_1"), canvas)))
        width = hand.find(QLineEdit, "out_features")
        hand.click(width, times=2)
        hand.key("ctrl+a")
        hand.type("128\n")
        hand.wait(lambda: self.window.document.graph.node("linear_1").params["out_features"] == 128, "128 units")
        hand.shoot("4-problem")
        self.open_tab(hand, "Problems")
        hand.click(hand.find(QPushButton, "Set out features of Linear 2 to 10"))
        hand.wait(lambda: self.window.document.graph.node("linear_2").params["out_features"] == 10, "the repair")
        hand.wait(lambda: not self.window.document.analysis.errors, "a design without errors")
        assert hand.see(lambda: self.window.document.analysis.weights) == 784 * 128 + 128 + 128 * 10 + 10
        hand.shoot("5-drawn")

    def make_room(self, hand: Hand, columns: int) -> QPoint:
        """Zoom out until so many columns of layers fit on the empty canvas; the place of the first layer."""
        self.open_tab(hand, "Layers")
        canvas = self.window.canvas
        origin = hand.see(lambda: canvas.viewport().mapToGlobal(QPoint(0, 0)))
        area = hand.see(lambda: canvas.viewport().size())
        first = origin + QPoint(area.width() // 9, area.height() // 3)
        hand.move(hand.see(lambda: scaled(first, canvas)))
        while hand.see(lambda: canvas.transform().m11()) * COLUMN * columns > area.width():
            hand.scroll_down()
        return first

    def place(self, hand: Hand, layer: str, first: QPoint, column: int, row: int) -> None:
        """Find a layer in the palette and drag it onto the canvas, `first` being the place of the first one."""
        palette, canvas = self.window.docks["palette"].widget(), self.window.canvas
        count = hand.see(lambda: len(self.window.document.graph.nodes)) + 1
        hand.click(palette.search)
        hand.key("ctrl+a")
        hand.type(layer)
        item = hand.wait(lambda: self.found(layer), f"{layer} in the palette")
        start = hand.see(lambda: scaled(
            palette.tree.viewport().mapToGlobal(palette.tree.visualItemRect(item).center()), palette))
        hand.drag(start, hand.see(lambda: scaled(self.spot(first, column, row), canvas)))
        hand.wait(lambda: len(self.window.document.graph.nodes) == count, f"{layer} on the canvas")
        corner = hand.see(lambda: canvas.viewport().rect().bottomLeft() + QPoint(30, -30))
        hand.click(hand.see(lambda: scaled(canvas.viewport().mapToGlobal(corner), canvas)))

    def wire(self, hand: Hand, source: str, source_port: str, target: str, target_port: str) -> None:
        canvas = self.window.canvas
        start = hand.see(lambda: scaled(canvas.port_position(source, source_port, True), canvas))
        end = hand.see(lambda: scaled(canvas.port_position(target, target_port, False), canvas))
        hand.drag(start, end)
        edge = Edge(source, source_port, target, target_port)
        hand.wait(lambda: edge in self.window.document.graph.edges, f"a wire from {source} to {target}")

    def set_options(self, hand: Hand) -> None:
        self.open_tab(hand, "Training")
        epochs = hand.find(QLineEdit, "epochs")
        hand.click(epochs, times=2)
        hand.key("ctrl+a")
        hand.type(f"{self.epochs}\n")
        hand.wait(lambda: self.window.document.project.options["epochs"] == self.epochs, "the number of epochs")

    def save(self, hand: Hand) -> None:
        hand.key("ctrl+s")
        self.give_path(hand, self.folder / "story.neuroloom")
        hand.wait((self.folder / "story.neuroloom").exists, "the saved project")
        hand.wait(self.window.document.undo_stack.isClean, "a clean document")

    def train(self, hand: Hand) -> None:
        self.open_tab(hand, "Charts")
        hand.click(self.window.findChild(QPushButton, "train_button") or hand.find(object, "train_button"))
        hand.wait(lambda: self.window.session.state == "running", "the training")
        hand.wait(lambda: self.window.session.run.info().epoch >= min(2, self.epochs - 1), "two epochs", 120)
        hand.shoot("6-training")
        hand.wait(lambda: self.window.session.state == "idle", "the end of the training", 400)
        assert hand.see(lambda: self.window.session.run.info().status) == "completed"
        hand.shoot("7-trained")

    def test(self, hand: Hand) -> None:
        result = hand.wait(lambda: self.window.session.run.evaluation("test"), "the test", 60)
        self.open_tab(hand, "Test")
        hand.shoot("8-tested")
        (self.folder / "accuracy.txt").write_text(str(result["metrics"]["accuracy"]))

    def try_it(self, hand: Hand) -> None:
        self.open_tab(hand, "Try it")
        pad = hand.find(PaintPad, "")
        corner = hand.see(lambda: pad.mapToGlobal(QPoint(0, 0)))
        size = hand.see(pad.size)
        strokes = (((0.4, 0.2), (0.4, 0.85)), ((0.6, 0.2), (0.6, 0.85)), ((0.4, 0.2), (0.6, 0.2)))  # trousers
        for stroke in strokes:
            ends = [corner + QPoint(int(x * size.width()), int(y * size.height())) for x, y in stroke]
            hand.drag(*(hand.see(lambda end=end: scaled(end, pad)) for end in ends))
        hand.wait(lambda: any("%" in text.text() for text in self.shown_texts()), "an answer")
        hand.shoot("9-tried")

    def export(self, hand: Hand) -> None:
        hand.key("ctrl+shift+e")
        dialog = hand.find(ExportDialog, "")
        button = hand.find(QRadioButton, "onnx")
        hand.click(hand.see(lambda: scaled(button.mapToGlobal(QPoint(8, button.height() // 2)), button)))
        hand.wait(button.isChecked, "ONNX chosen")
        hand.click(dialog.path)
        hand.key("ctrl+a")
        hand.type(str(self.folder / "model.onnx"))
        hand.click(hand.find(QPushButton, "Export"))
        hand.wait(dialog.outcome.isVisible, "the verified export", 120)
        hand.shoot("10-exported")
        hand.key("Escape")

    def open_tab(self, hand: Hand, text: str) -> None:
        """Click the tab of a panel."""

        def look() -> QPoint | None:
            for bar in self.window.findChildren(QTabBar):
                for index in range(bar.count()):
                    if bar.isVisible() and bar.tabText(index).startswith(text):
                        return scaled(bar.mapToGlobal(bar.tabRect(index).center()), bar)
            return None

        hand.click(hand.wait(look, f"a tab {text}"))

    def give_path(self, hand: Hand, path: Path) -> None:
        """Answer a file dialog."""
        def is_open() -> bool:
            return any(dialog.isVisible() for dialog in self.window.findChildren(QFileDialog))

        hand.wait(is_open, "a file dialog")
        hand.key("ctrl+a")
        hand.type(str(path))
        hand.key("Return")  # takes the completion that is offered, if there is one
        if hand.see(is_open):
            hand.key("Return")

    def shown_texts(self) -> list[QLabel]:
        return [text for text in self.window.docks["try"].widget().findChildren(QLabel) if text.isVisible()]

    def found(self, layer: str) -> QTreeWidgetItem | None:
        """The palette's entry for a layer, or a network, once the search has put it where it stays."""
        palette = self.window.docks["palette"].widget()
        first = palette.keys()[0] if palette.search.text() == layer and palette.keys() else ""
        return palette.item(first) if first in (layer, f"Network{MARK}{layer}") else None

    def spot(self, first: QPoint, column: int, row: int) -> QPoint:
        """Where on the screen a layer goes: beside the first one, whose place is `first` while the canvas is empty."""
        nodes = self.window.document.graph.nodes
        if not nodes:
            return first
        canvas = self.window.canvas
        start = canvas.node_center(nodes[0].id)
        zoom = canvas.transform().m11()
        return start + QPoint(round(column * COLUMN * zoom), round(row * ROW * zoom))


def play(make: Callable[[MainWindow], Story], colors: str) -> int:
    """Start the program over the whole screen and do the story in its window; 0 if it held."""
    application = app.create_application([])
    theme.apply(application, colors)
    window = app.create_window(None)
    window.setGeometry(window.screen().geometry())
    window.show()
    story = make(window)
    code = tell(story, window, story.folder)
    window.session.close()
    return code


def main(arguments: list[str]) -> int:
    data, folder = Path(arguments[0]), Path(arguments[1])
    colors = arguments[2] if len(arguments) > 2 else "light"
    epochs = int(arguments[3]) if len(arguments) > 3 else 10
    return play(lambda window: Story(window, data, folder, epochs), colors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
