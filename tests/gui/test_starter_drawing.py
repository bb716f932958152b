"""Starter networks on the canvas: every wire can be followed."""

import pytest
from PySide6.QtCore import QPointF, QRectF

from engine.project import Column
from engine.starter import starter_graph
from tests.gui.canvas_driver import Driver, show

ANSWER = (Column("answer", "text", "target", (9,), settings={"vocabulary": 60, "marks": True}),
          Column("answer shifted", "shifted", "input", (9,), settings={"vocabulary": 60}))
LABEL = (Column("label", "category", "target", classes=("cat", "dog")),)

CLOSE = 20


def points(card: QRectF) -> list[QPointF]:
    """Points of a card of which one is near any wire that runs through it."""
    left, top, right, bottom = (int(edge) for edge in card.adjusted(8, 8, -8, -8).getCoords())
    return [QPointF(x, y) for x in range(left, right, CLOSE) for y in range(top, bottom, CLOSE)]


@pytest.mark.parametrize("columns", [
    (Column("question", "text", "input", (20,), settings={"vocabulary": 50}), *ANSWER),
    (Column("sound", "audio", "input", (101, 64)), *ANSWER),
    (Column("window", "series", "input", (24, 2)), *ANSWER),
    (Column("question", "text", "input", (20,), settings={"vocabulary": 50}), *LABEL),
    (Column("sound", "audio", "input", (101, 64)), *LABEL),
    (Column("wave", "audio", "input", (1, 16000), settings={"features": "waveform"}), *LABEL),
    (Column("image", "image", "input", (3, 224, 224)), *LABEL),
], ids=lambda columns: f"{columns[0].name} {columns[1].name}")
def test_no_wire_runs_behind_a_node(driver: Driver, columns: tuple[Column, ...]) -> None:
    show(driver.view.document, starter_graph(columns))
    canvas = driver.view.canvas
    behind = [(edge.source, edge.target, node_id) for edge, wire in canvas.wires.items()
              for node_id, node in canvas.nodes.items() if node_id not in (edge.source, edge.target)
              and wire.boundingRect().intersects(node.card())
              and any(wire.distance(point) < 0.75 * CLOSE for point in points(node.card()))]
    assert behind == []
