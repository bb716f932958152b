"""Scrolls the canvas while something is dragged at its edge."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, QTimer

BORDER = 24
"""Pixels from the edge of the canvas within which it scrolls."""

STEP = 14
INTERVAL = 25


class EdgeScroller(QObject):
    """Calls `scroll` with a step, again and again, while the pointer it was last told is near an edge."""

    def __init__(self, scroll: Callable[[QPoint], None], parent: QObject) -> None:
        super().__init__(parent)
        self._scroll = scroll
        self._step = QPoint()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._tick)

    def follow(self, pointer: QPoint, area: QRect) -> None:
        """The pointer is at `pointer`; `area` is what is visible."""
        inner = area.adjusted(BORDER, BORDER, -BORDER, -BORDER)
        self._step = QPoint(
            STEP * ((pointer.x() > inner.right()) - (pointer.x() < inner.left())),
            STEP * ((pointer.y() > inner.bottom()) - (pointer.y() < inner.top())),
        )
        if self._step.isNull():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        self._scroll(self._step)
