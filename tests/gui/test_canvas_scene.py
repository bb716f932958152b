"""The scene repairs only what an edit changed, for graphs of any size, and never loses the document."""

import random

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtWidgets import QApplication

from engine import layers
from engine.analysis.freezing import frozen
from engine.graph import Edge
from gui.canvas.content import shape_text
from gui.canvas.scene import CanvasScene
from tests.gui.canvas_driver import Driver, chain, graph_of, show

LARGE = 1_000


def snapshot(canvas: CanvasScene) -> dict[object, tuple[object, ...]]:
    """Every item by what it shows, with the identity of the item."""
    nodes = {key: (id(item), item.content, item.x(), item.y()) for key, item in canvas.nodes.items()}
    wires = {key: (id(item), item.state, item.label, item.start.toTuple(), item.end.toTuple())
             for key, item in canvas.wires.items()}
    return {**nodes, **wires}


def differing(before: dict[object, tuple[object, ...]], after: dict[object, tuple[object, ...]]) -> set[object]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def agrees(driver: Driver) -> bool:
    """Whether the items show the document, all of it and nothing else."""
    canvas, graph = driver.view.canvas, driver.graph
    assert set(canvas.nodes) == {node.id for node in graph.nodes}
    assert set(canvas.wires) == set(graph.edges)
    assert len(canvas.items()) == len(graph.nodes) + len(graph.edges)
    for node in graph.nodes:
        item = canvas.nodes[node.id]
        assert (item.x(), item.y()) == node.position
        assert item.content.name == node.name
    for edge, item in canvas.wires.items():
        assert item.start == canvas.nodes[edge.source].port_center(edge.source_port, True)
        assert item.end == canvas.nodes[edge.target].port_center(edge.target_port, False)
    return True


def test_one_edit_of_a_thousand_nodes_repairs_one_item(driver: Driver) -> None:
    show(driver.view.document, chain(LARGE))
    document, canvas = driver.view.document, driver.view.canvas
    before = snapshot(canvas)
    document.edit_graph("Rename", driver.graph.update("relu_200", name="Middle"))
    assert differing(before, snapshot(canvas)) == {"relu_200"}
    before = snapshot(canvas)
    document.edit_graph("Move", driver.graph.move({"relu_100": (5.0, -500.0)}))
    assert differing(before, snapshot(canvas)) == {"relu_100", *canvas.wires_at("relu_100")}
    before = snapshot(canvas)
    document.edit_graph("Add", driver.graph.add(driver.graph.new_node("Tanh", {}, (0.0, -900.0))))
    assert differing(before, snapshot(canvas)) == {"tanh_1"}
    document.undo_stack.undo()
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert agrees(driver)


def test_a_width_that_changes_redraws_only_what_it_reaches(driver: Driver) -> None:
    show(driver.view.document, chain(LARGE))
    before = snapshot(driver.view.canvas)
    driver.view.document.edit_graph("Resize", driver.graph.set_params("linear_100", {"out_features": 9}))
    after = snapshot(driver.view.canvas)
    wires = [Edge("linear_100", "output", "relu_101", "input"), Edge("relu_101", "output", "linear_101", "input")]
    assert differing(before, after) == {"linear_100", "relu_101", "linear_101", *wires}  # linear_101 has more weights
    assert driver.view.canvas.wires[wires[0]].label == "9"


def test_an_edit_repaints_only_the_place_of_the_node(driver: Driver, qtbot) -> None:
    show(driver.view.document, chain(30))
    driver.view.set_zoom(1.0)
    driver.view.centerOn(driver.view.canvas.nodes["linear_1"])
    QApplication.processEvents()
    areas: list[QRectF] = []
    driver.view.canvas.changed.connect(areas.extend)
    driver.view.document.edit_graph("Rename", driver.graph.update("linear_1", name="Other"))
    qtbot.waitUntil(lambda: bool(areas))
    near = driver.view.canvas.nodes["linear_1"].sceneBoundingRect().adjusted(-2, -2, 2, 2)
    assert all(near.contains(area) for area in areas)


def test_wires_tell_the_shape_that_travels(driver: Driver) -> None:
    graph = graph_of(("Input", (0.0, 0.0)), ("Conv2d", (300.0, 0.0)), ("Flatten", (600.0, 0.0)),
                     wires=[("input_1.output", "conv2d_1.input"), ("conv2d_1.output", "flatten_1.input")])
    show(driver.view.document, graph.set_params("input_1", {"shape": (1, 28, 28)}))
    reports = driver.view.document.analysis.nodes
    for edge, item in driver.view.canvas.wires.items():
        assert item.label == shape_text(reports[edge.source].outputs["output"])
    assert driver.view.canvas.nodes["conv2d_1"].content.footer.count(" × ") == 2


def test_a_long_chain_does_not_recurse(driver: Driver) -> None:
    show(driver.view.document, chain(3_000))
    driver.view.document.select(["linear_1"])
    driver.view.commands.delete()
    driver.undo()
    assert agrees(driver)


def random_edit(driver: Driver, dice: random.Random) -> None:
    """One thing that a user might do, sensible or not."""
    view, graph = driver.view, driver.graph
    ids = [node.id for node in graph.nodes]
    chosen = dice.sample(ids, min(len(ids), dice.randint(0, 3)))
    choice = dice.randrange(12)
    if choice <= 2 or not ids:
        view.document.select(chosen)
        view.add_layer(dice.choice(list(layers.CATALOGUE)))
    elif choice <= 5:
        source, target = dice.choice(ids), dice.choice(ids)
        outputs = layers.CATALOGUE[graph.node(source).type].outputs
        inputs = layers.CATALOGUE[graph.node(target).type].inputs
        if outputs and inputs:
            edge = Edge(source, dice.choice(outputs).name, target, dice.choice(inputs).name)
            view.commit("Wire", graph.connect(edge, exclusive=dice.random() < 0.8))
    elif choice == 6:
        view.commit("Move", graph.move({name: (dice.randint(-90, 90) * 10.0, 0.5) for name in chosen}))
    elif choice == 7:
        view.document.select(chosen)
        view.canvas.select_wires(dice.sample(graph.edges, min(len(graph.edges), dice.randint(0, 2))))
        dice.choice((view.commands.delete, view.commands.dissolve, view.commands.cut))()
    elif choice == 8:
        view.document.select(chosen)
        dice.choice((view.commands.copy, view.commands.paste, view.commands.duplicate, view.commands.duplicate_wired,
                     view.commands.connect_selected))()
    elif choice == 9:
        dice.choice((view.document.undo_stack.undo, view.document.undo_stack.redo))()
    elif choice == 10:
        view.commands.set_name(dice.choice(ids), dice.choice(("Name", "ünï", "a" * 90, "<b>", "  ")))
    else:
        start, end = (QPoint(dice.randrange(1000), dice.randrange(700)) for _ in range(2))
        driver.drag(start, end)
        driver.key(Qt.Key.Key_Escape)


def test_thousands_of_random_edits_undo_to_the_beginning(driver: Driver) -> None:
    show(driver.view.document, chain(6))
    document, dice = driver.view.document, random.Random(7)
    first = document.project
    for round_ in range(2_000):
        random_edit(driver, dice)
        if len(driver.graph.nodes) > 40:
            document.undo_stack.undo()
        if round_ % 100 == 0:
            assert agrees(driver)
            driver.view.grab()
    last = document.project
    steps = document.undo_stack.index()
    assert steps > 300
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.project == first
    assert agrees(driver)
    while document.undo_stack.index() < steps:
        document.undo_stack.redo()
    assert document.project == last
    assert agrees(driver)


def test_cards_tell_what_is_missing_as_a_state(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Linear", (0.0, 0.0)), ("ReLU", (300.0, 0.0)), ("CrossEntropy", (600.0, 0.0)),
                                        wires=[("linear_1.output", "relu_1.input")]))
    cards = {key: item.content for key, item in driver.view.canvas.nodes.items()}
    assert cards["linear_1"].footer == "Needs a wire"
    assert cards["relu_1"].footer == "Waits for Linear 1"
    assert cards["relu_1"].subtitle == "Activation"
    assert cards["crossentropy_1"].subtitle == "Loss"


def test_the_card_of_an_input_names_its_column_only_where_its_name_does_not(driver: Driver) -> None:
    graph = graph_of(("Input", (0.0, 0.0)), ("Input", (0.0, 200.0)))
    graph = graph.set_params("input_1", {"column": "image", "shape": (1, 28, 28)}).update("input_1", name="image")
    graph = graph.set_params("input_2", {"column": "label"}).update("input_2", name="truth")
    show(driver.view.document, graph)
    cards = driver.view.canvas.nodes
    assert cards["input_1"].content.subtitle == "Input"
    assert cards["input_2"].content.subtitle == "Input, column label"


def test_the_card_of_a_source_says_what_it_gives_also_by_default(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Noise", (0.0, 0.0)), ("Constant", (0.0, 200.0))))
    cards = driver.view.canvas.nodes
    assert cards["noise_1"].content.subtitle == "normal"
    assert cards["constant_1"].content.subtitle == "value 1"


def test_the_card_of_what_is_frozen_says_so_without_a_phase(driver: Driver) -> None:
    show(driver.view.document, graph_of(("Input", (0.0, 0.0)), ("Linear", (300.0, 0.0)), ("MSE", (600.0, 0.0)), wires=[
        ("input_1.output", "linear_1.input"), ("linear_1.output", "mse_1.prediction"),
        ("input_1.output", "mse_1.target")]).set_params("input_1", {"shape": (8,)}))
    document, cards = driver.view.document, driver.view.canvas.nodes
    assert cards["linear_1"].mark is None
    document.edit("Freeze", frozen(document.project, document.shown, "linear_1"))
    assert cards["linear_1"].mark is not None
    assert cards["linear_1"].mark.state == "frozen"
    assert "<b>Frozen:</b>" in driver.view.canvas.tooltip_at(cards["linear_1"].card().center(), 1.0)
    assert cards["mse_1"].mark is None
    driver.view.grab()
    document.undo_stack.undo()
    assert cards["linear_1"].mark is None


def test_another_network_is_shown_whole(driver: Driver) -> None:
    show(driver.view.document, chain(2))
    driver.view.set_zoom(1.0)
    driver.view.document.replace_main("Another network", chain(40))
    seen = driver.view.mapToScene(driver.view.viewport().rect()).boundingRect()
    assert all(seen.contains(item.card()) for item in driver.view.canvas.nodes.values())
