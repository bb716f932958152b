"""Where things lie on the canvas: cards, ports, wires, the grid. Pure; lengths in scene units (pixels at 100 %)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import hypot

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from engine.analysis.placing import COLUMN

GRID = 10
CARD_WIDTH = 160.0
CARD_RADIUS = 10.0
HEADER = 48.0
ROW = 20.0
ROWS_TOP = 2.0
FOOTER = 24.0
GAP = COLUMN - CARD_WIDTH
"""Free space between a card and the next one in a row, as wherever networks are laid out."""

PORT_RADIUS = 5.0
MARGIN = 12.0
"""What a card paints beyond its edges: ports that grow, outline of the selection, shadow."""

WIRE_WIDTH = 2.0
MIN_REACH, MAX_REACH = 40.0, 160.0
CARD_ROOM = 90.0
"""Height from a port to where a wire clears the cards."""

STEPS = 16
"""Straight pieces that stand for a curve when distances are measured."""

Curve = tuple[QPointF, QPointF, QPointF, QPointF]
"""A cubic Bézier curve: start, two control points, end."""

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CardLayout:
    """The inner measures of a card. Ports map a name to its height below the card's top."""

    height: float
    inputs: dict[str, float]
    outputs: dict[str, float]
    footer: float | None

    @property
    def rect(self) -> QRectF:
        return QRectF(0.0, 0.0, CARD_WIDTH, self.height)

    def port(self, name: str, is_output: bool) -> QPointF:
        """Where a port lies in the card. A port that the layer no longer has is taken to be in its header."""
        ports = self.outputs if is_output else self.inputs
        return QPointF(CARD_WIDTH if is_output else 0.0, ports.get(name, HEADER / 2))


@lru_cache(maxsize=256)
def card_layout(inputs: tuple[str, ...], outputs: tuple[str, ...], has_footer: bool) -> CardLayout:
    """A side with one port has it beside the name; a side with several has a named row for each."""
    rows = max(len(ports) if len(ports) > 1 else 0 for ports in (inputs, outputs))
    body = HEADER + (ROWS_TOP + rows * ROW if rows else 0.0)
    height = body + (FOOTER if has_footer else 6.0 if rows else 0.0)
    return CardLayout(height, _port_heights(inputs), _port_heights(outputs), body if has_footer else None)


def _port_heights(names: tuple[str, ...]) -> dict[str, float]:
    if len(names) == 1:
        return {names[0]: HEADER / 2}
    return {name: HEADER + ROWS_TOP + (row + 0.5) * ROW for row, name in enumerate(names)}


def snapped(position: Position) -> Position:
    """The nearest point of the grid."""
    return round(position[0] / GRID) * GRID, round(position[1] / GRID) * GRID


def wire_curves(start: QPointF, end: QPointF) -> list[Curve]:
    """A wire as Bézier curves. One that runs back turns round, passes between its cards or below them, and turns in."""
    ahead = end.x() - start.x()
    if ahead >= 0:
        least = min(MIN_REACH, hypot(ahead, end.y() - start.y()) / 2)
        reach = min(max(ahead / 2, least), MAX_REACH)
        return [(start, start + QPointF(reach, 0), end - QPointF(reach, 0), end)]
    level = (start.y() + end.y() + FOOTER) / 2
    if abs(end.y() - start.y()) < CARD_ROOM:
        level = max(start.y(), end.y()) + CARD_ROOM
    out, back = _turn_reach(level - start.y()), _turn_reach(level - end.y())
    right, left = QPointF(start.x(), level), QPointF(end.x(), level)
    return [
        (start, start + QPointF(out, 0), right + QPointF(out, 0), right),
        (right, right + (left - right) / 3, left + (right - left) / 3, left),
        (left, left - QPointF(back, 0), end - QPointF(back, 0), end),
    ]


def _turn_reach(height: float) -> float:
    """How far to the side a turn swings that climbs by `height`."""
    return min(max(abs(height) * 0.7, MIN_REACH), MAX_REACH / 2)


def wire_path(curves: list[Curve]) -> QPainterPath:
    path = QPainterPath(curves[0][0])
    for _, first, second, end in curves:
        path.cubicTo(first, second, end)
    return path


def wire_middle(curves: list[Curve]) -> QPointF:
    """Where the label of a wire is: half way along its middle curve."""
    return _curve_point(curves[len(curves) // 2], 0.5)


def distance_to_wire(point: QPointF, curves: list[Curve]) -> float:
    """How far `point` is from a wire, measured on a chain of straight pieces."""
    return min(
        _distance_to_piece(point, a, b)
        for curve in curves
        for a, b in pairwise(_curve_point(curve, step / STEPS) for step in range(STEPS + 1))
    )


def _curve_point(curve: Curve, t: float) -> QPointF:
    """The point of a curve at `t`, 0 at its start and 1 at its end."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return QPointF(
        sum(weight * point.x() for weight, point in zip(weights, curve, strict=True)),
        sum(weight * point.y() for weight, point in zip(weights, curve, strict=True)),
    )


def _distance_to_piece(point: QPointF, a: QPointF, b: QPointF) -> float:
    dx, dy = b.x() - a.x(), b.y() - a.y()
    length = dx * dx + dy * dy
    along = ((point.x() - a.x()) * dx + (point.y() - a.y()) * dy) / length if length else 0.0
    along = min(max(along, 0.0), 1.0)
    return hypot(point.x() - a.x() - along * dx, point.y() - a.y() - along * dy)


def square(center: QPointF, half: float) -> QRectF:
    return QRectF(center.x() - half, center.y() - half, 2 * half, 2 * half)


def free_spot(position: Position, taken: Iterable[Position]) -> Position:
    """`position`, or the next place below it where a card overlaps none of those at `taken`."""
    x, y = snapped(position)
    column = sorted(other for ox, other in taken if abs(ox - x) < CARD_WIDTH + 2 * GRID)
    for other in column:
        if abs(other - y) < 2 * HEADER:
            y = other + 2 * HEADER
    return snapped((x, y))
