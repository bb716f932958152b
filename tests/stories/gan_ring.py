"""A GAN by mouse and keyboard: from an empty project to four networks and a plan of two phases, trained on a ring.

Run in a process of its own on an X display: python -m tests.stories.gan_ring DATA FOLDER.
Pictures of every stage and the project are written to FOLDER, and run.txt with the folder of the run.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit, QToolButton

from engine.graph import Graph, Node
from gui.canvas.geometry import CARD_WIDTH
from gui.canvas.ports import PortRef
from gui.canvas.search_popup import SearchPopup
from gui.widgets import theme
from tests.stories.driver import Hand, scaled
from tests.stories.main_job import COLUMN, ROW, Story, play

NOISE, HIDDEN, EPOCHS, BATCH, SHOWN = 8, 128, 200, 256, 1_000
REAL = 0.9
"""What the discriminator is to say of real points: a little less than 1 keeps it from being too sure."""

GENERATOR, DISCRIMINATOR = "Generator", "Discriminator"
TRAIN_DISCRIMINATOR, TRAIN_GENERATOR = "Train discriminator", "Train generator"
DISCRIMINATOR_LAYERS = (
    ("Input", 0, 0), ("Linear", 1, 0), ("LeakyReLU", 2, 0), ("Linear", 3, 0),
    ("LeakyReLU", 1, 1), ("Linear", 2, 1), ("Output", 3, 1),
)
DISCRIMINATOR_WIRES = (
    ("input_1", "linear_1"), ("linear_1", "leakyrelu_1"), ("leakyrelu_1", "linear_2"), ("linear_2", "leakyrelu_2"),
    ("leakyrelu_2", "linear_3"), ("linear_3", "output_1"),
)
OBJECTIVE_LAYERS = (
    ("Input", 0, 0), (DISCRIMINATOR, 3, 0), ("BCEWithLogits", 4, 0), ("Constant", 3, 1),
    ("Noise", 0, 2), (GENERATOR, 1, 2), ("Detach", 2, 2), (DISCRIMINATOR, 3, 2), ("BCEWithLogits", 4, 2),
    ("Constant", 3, 3),
)
OBJECTIVE_WIRES = (
    ("input_1", "output", "network_1", "input_1"), ("network_1", "output_1", "bcewithlogits_1", "prediction"),
    ("constant_1", "output", "bcewithlogits_1", "target"), ("noise_1", "output", "network_2", "input_1"),
    ("network_2", "output_1", "detach_1", "input"), ("detach_1", "output", "network_3", "input_1"),
    ("network_3", "output_1", "bcewithlogits_2", "prediction"),
    ("constant_2", "output", "bcewithlogits_2", "target"),
)


PHASES = ((TRAIN_DISCRIMINATOR, DISCRIMINATOR), (TRAIN_GENERATOR, GENERATOR))
COLORS = {"light": theme.LIGHT, "dark": theme.DARK}


class GanStory(Story):
    """The steps, in the order of `__call__`."""

    def __call__(self, hand: Hand) -> None:
        hand.wait(lambda: self.window.document.graph.nodes, "the example")
        hand.wait(lambda: self.window.docks["try"].widget().layout(), "all panels")
        hand.key("ctrl+n")
        hand.wait(lambda: not self.window.document.graph.nodes, "an empty canvas")
        self.choose_data(hand, "File…")
        hand.shoot("1-data")
        self.draw_generator(hand)
        self.draw_discriminator(hand)
        self.draw_discriminator_training(hand)
        self.draw_generator_training(hand)
        self.make_plan(hand)
        self.set_options(hand)
        self.save(hand)
        self.train_to_the_end(hand)
        self.make_samples(hand)

    def draw_generator(self, hand: Hand) -> None:
        """By the keyboard: each layer is added behind the selected one."""
        self.name_network(hand, GENERATOR)
        self.add(hand, "Input")
        hand.click(hand.find(QToolButton, "Reset Column"))
        self.set_param(hand, "shape", (NOISE,))
        for layer, width in (("Linear", HIDDEN), ("ReLU", 0), ("Linear", HIDDEN), ("ReLU", 0), ("Linear", 2),
                             ("Output", 0)):
            self.add(hand, layer)
            if width:
                self.set_param(hand, "out_features", width)
        hand.key("Home")
        hand.shoot("2-generator")

    def draw_discriminator(self, hand: Hand) -> None:
        """By the mouse: layers are dragged from the palette, and wires from port to port."""
        self.new_network(hand, DISCRIMINATOR)
        self.place_all(hand, DISCRIMINATOR_LAYERS)
        for source, target in DISCRIMINATOR_WIRES:
            self.wire(hand, source, "output", target, "input")
        for node_id, width in (("linear_1", HIDDEN), ("linear_2", HIDDEN), ("linear_3", 1)):
            self.choose(hand, node_id)
            self.set_param(hand, "out_features", width)
        hand.shoot("3-discriminator")

    def draw_discriminator_training(self, hand: Hand) -> None:
        self.new_network(hand, TRAIN_DISCRIMINATOR)
        self.place_all(hand, OBJECTIVE_LAYERS)
        hand.shoot("4-networks-placed")
        for wire in OBJECTIVE_WIRES:
            self.wire(hand, *wire)
        self.open_tab(hand, "Problems")
        hand.shoot("5-problems")
        for node_id, name, value in (("noise_1", "shape", (NOISE,)), ("constant_1", "value", REAL),
                                     ("constant_2", "value", 0.0)):
            self.choose(hand, node_id)
            self.set_param(hand, name, value)
        hand.shoot("6-discriminator-training")

    def draw_generator_training(self, hand: Hand) -> None:
        """By wires dropped on the empty canvas, which ask what comes next."""
        self.new_network(hand, TRAIN_GENERATOR)
        self.place(hand, GENERATOR, self.make_room(hand, 4) + QPoint(COLUMN, 0), 0, 0)
        self.pull(hand, PortRef("network_1", "input_1", False), (-1, 0), "Noise")
        hand.wait(lambda: self.graph.node("noise_1").params["shape"] == (NOISE,), "noise of the generator's shape")
        self.pull(hand, PortRef("network_1", "output_1", True), (1, 0), DISCRIMINATOR)
        self.pull(hand, PortRef("network_2", "output_1", True), (1, 0), "BCEWithLogits")
        self.pull(hand, PortRef("bcewithlogits_1", "target", False), (-1, 1), "Constant")
        hand.key("Home")
        hand.wait(lambda: not self.window.document.analysis.errors, "a design without errors")
        hand.shoot("7-generator-training")

    def make_plan(self, hand: Hand) -> None:
        """The plan that is offered is the right one; each phase gets Adam with less momentum."""
        hand.click(hand.find(QToolButton, "Make a training plan"))
        hand.wait(lambda: len(self.window.document.project.plan) == len(PHASES), "a plan of two phases")
        for number, (objective, network) in enumerate(PHASES):
            phase = hand.see(lambda number=number: self.window.document.project.plan[number])
            assert (phase.objective, phase.updates) == (objective, {network: 1.0})
            if number:  # a new plan shows its first phase
                hand.click(self.window.plan.strip.chips[number])
            hand.wait(lambda phase=phase: self.window.plan.shown.phase == phase, f"the phase {objective}")
            if number == 0:
                hand.click(hand.find(QToolButton, "Optimizer settings"))
            self.set_momentum(hand, number, 0.5)
            self.look_at_phase(hand, number)

    def look_at_phase(self, hand: Hand, number: int) -> None:
        """What it does to its objective and to both networks, in both themes."""
        objective, network = PHASES[number]
        for shown in (objective, GENERATOR, DISCRIMINATOR):
            self.open_tab(hand, shown)
            hand.wait(lambda shown=shown: self.window.document.shown == shown, shown)
            states = hand.see(self.states)
            expected = {name: "updated" if name == network else "frozen" for name in (GENERATOR, DISCRIMINATOR)}
            assert states == (expected if shown == objective else {"": expected[shown]})
            for colors in ("dark", "light"):
                self.choose_theme(hand, colors)
                hand.shoot(f"8-phase-{number + 1}-{shown.lower().replace(' ', '-')}-{colors}")

    def states(self) -> dict[str, str]:
        """What the canvas shows of the networks that are placed, by their names; of layers with weights, by ""."""
        items = self.window.canvas.canvas.nodes
        return {str(node.params.get("graph", "")): items[node.id].effect.state for node in self.graph.nodes
                if node.type in ("Network", "Linear")}

    def set_options(self, hand: Hand) -> None:
        super().set_options(hand)
        self.fill_in(hand, "batch_size", BATCH)
        hand.wait(lambda: self.window.document.project.options["batch_size"] == BATCH, "the size of batches")

    def train_to_the_end(self, hand: Hand) -> None:
        hand.key("F5")
        hand.wait(lambda: self.window.session.state == "running", "the training")
        hand.wait(lambda: self.window.session.run.info().epoch >= EPOCHS // 4, "a quarter of the training", 200)
        hand.shoot("9-training")
        run = hand.see(lambda: self.window.session.run)
        hand.wait(lambda: run.info().status != "running", "the end of the training", 400)
        assert run.info().status == "completed"
        hand.wait(lambda: self.window.session.state == "idle", "an idle session")
        hand.shoot("10-trained")
        (self.folder / "run.txt").write_text(str(run.folder))

    def make_samples(self, hand: Hand) -> None:
        self.open_tab(hand, "Try it")
        self.fill_in(hand, "samples", SHOWN)
        answer = f"{SHOWN:,} samples"
        hand.wait(lambda: any(answer in text.text() for text in self.shown_texts()), "samples of noise")
        hand.shoot("11-samples")

    # What a hand does

    def new_network(self, hand: Hand, name: str) -> None:
        hand.key("ctrl+t")
        hand.wait(lambda: not self.graph.nodes, "an empty network")
        self.name_network(hand, name)

    def name_network(self, hand: Hand, name: str) -> None:
        hand.key("shift+F2")
        hand.type(name)
        hand.key("Return")
        hand.wait(lambda: self.window.document.shown == name, f"a network named {name}")

    def add(self, hand: Hand, layer: str) -> None:
        """Search for a layer and add it behind the selected one."""
        count = hand.see(lambda: len(self.graph.nodes)) + 1
        hand.key("Tab")
        hand.type(layer)
        hand.key("Return")
        hand.wait(lambda: len(self.graph.nodes) == count, f"{layer} on the canvas")

    def place_all(self, hand: Hand, layers: tuple[tuple[str, int, int], ...]) -> None:
        first = self.make_room(hand, 1 + max(column for _, column, _ in layers))
        for layer, column, row in layers:
            self.place(hand, layer, first, column, row)
        hand.key("Home")

    def choose(self, hand: Hand, node_id: str) -> None:
        """Click a node."""
        canvas = self.window.canvas
        hand.click(hand.see(lambda: scaled(canvas.node_center(node_id), canvas)))
        hand.wait(lambda: self.window.document.selection == {node_id}, f"{node_id} selected")

    def pull(self, hand: Hand, port: PortRef, way: tuple[int, int], layer: str) -> None:
        """Drop a wire so many columns and rows away from its port, and choose a layer for its other end."""
        canvas = self.window.canvas
        before = hand.see(lambda: len(self.graph.edges))
        start = hand.see(lambda: canvas.port_position(port.node, port.name, port.is_output))
        zoom = hand.see(lambda: canvas.zoom)
        end = start + QPoint(round(way[0] * (COLUMN - CARD_WIDTH) * zoom), round(way[1] * ROW * zoom))
        hand.drag(*(hand.see(lambda point=point: scaled(point, canvas)) for point in (start, end)))
        hand.wait(lambda: canvas.findChild(SearchPopup).isVisible(), "the search")
        hand.type(layer)
        hand.key("Return")
        hand.wait(lambda: len(self.graph.edges) > before, f"a wire to {layer}")

    def set_momentum(self, hand: Hand, number: int, value: float) -> None:
        self.fill_in(hand, "beta1", value)
        hand.wait(lambda: self.window.document.project.plan[number].optimizer.params["beta1"] == value, "less momentum")

    def choose_theme(self, hand: Hand, colors: str) -> None:
        """By the keys of the menu."""
        hand.key("alt+v", "t", colors[0])
        hand.wait(lambda: theme.colors() is COLORS[colors], f"{colors} colours")

    def set_param(self, hand: Hand, name: str, value: object) -> None:
        """Type a setting of the selected node into the inspector, and go back to the canvas."""
        chosen = hand.see(lambda: self.chosen.id)
        self.fill_in(hand, name, ", ".join(map(str, value)) if isinstance(value, tuple) else value)
        hand.wait(lambda: self.graph.node(chosen).params[name] == value, f"{name} {value}")
        self.choose(hand, chosen)

    def fill_in(self, hand: Hand, name: str, value: object) -> None:
        """Type into the field of that name that is seen."""
        hand.click(hand.find(QLineEdit, name), times=2)
        hand.key("ctrl+a")
        hand.type(str(value))
        hand.key("Return")

    @property
    def graph(self) -> Graph:
        return self.window.document.graph

    @property
    def chosen(self) -> Node:
        (node_id,) = self.window.document.selection
        return self.graph.node(node_id)


def main(arguments: list[str]) -> int:
    data, folder = Path(arguments[0]), Path(arguments[1])
    return play(lambda window: GanStory(window, data, folder, EPOCHS), "light")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
