"""Looking at the scene: zoom, pan, fit, and what is painted behind and over the items. It edits nothing."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPainter, QPaintEvent, QShowEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from gui.canvas.overview import DotGrid, Overview, paint_hint
from gui.canvas.scene import CanvasScene
from gui.canvas.style import OVERVIEW_ZOOM
from gui.widgets import theme

SMALLEST_ZOOM, LARGEST_ZOOM = 0.05, 4.0
WHEEL_ZOOM = 1.2
"""Factor of one notch of the wheel."""

REACH = 8
"""Pixels within which a wire or port is hit."""

FIT_MARGIN = 48
EXTENT = 2e7
"""Half the side of the plane that can be panned over: what a project file may use, and room around it."""


class CanvasViewport(QGraphicsView):
    """Shows a scene at any zoom.

    zoom_changed(float): 1.0 is natural size.
    """

    zoom_changed = Signal(float)

    def __init__(self, canvas: CanvasScene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self.setScene(canvas)
        self._overview = Overview(canvas)
        self._grid = DotGrid()
        self._was_shown = False
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setSceneRect(-EXTENT, -EXTENT, 2 * EXTENT, 2 * EXTENT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setMinimumSize(240, 180)
        canvas.repaired.connect(self._follow_repair)
        theme.notifier().changed.connect(self._restyle)

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    @property
    def reach(self) -> float:
        """The distance, in scene units, within which the pointer hits a wire or port."""
        return REACH / self.zoom

    @property
    def is_far(self) -> bool:
        """Whether items are too small to be painted one by one."""
        return self.zoom < OVERVIEW_ZOOM

    def set_zoom(self, zoom: float, at: QPoint | None = None) -> None:
        """Zoom so that the scene point at `at` (in the viewport; its middle if None) stays where it is."""
        at = at or self.viewport().rect().center()
        wanted = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
        fixed = self.mapToScene(at)
        self.setTransform(QTransform.fromScale(wanted, wanted))
        self.scroll_by(self.mapFromScene(fixed) - at)
        self.viewport().update()
        self.zoom_changed.emit(self.zoom)

    def scroll_by(self, way: QPoint) -> None:
        """Move the view over the scene, in pixels."""
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + way.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + way.y())

    def fit(self, area: QRectF) -> None:
        """Show `area` whole, at natural size at most."""
        room = self.viewport().rect().adjusted(FIT_MARGIN, FIT_MARGIN, -FIT_MARGIN, -FIT_MARGIN)
        if area.isNull() or room.isEmpty():
            self.set_zoom(1.0)
        else:
            self.set_zoom(min(room.width() / area.width(), room.height() / area.height(), 1.0))
        self.centerOn(area.center())

    def reveal(self, node_id: str) -> None:
        """Scroll, if need be, until a node is visible."""
        card = self.canvas.nodes[node_id].card()
        if not self.mapToScene(self.viewport().rect()).boundingRect().contains(card):
            self.ensureVisible(card, FIT_MARGIN, FIT_MARGIN)

    def node_center(self, node_id: str) -> QPoint:
        """Where a node is on the screen, in global coordinates."""
        return self._global(self.canvas.nodes[node_id].card().center())

    def port_position(self, node_id: str, port: str, is_output: bool | None = None) -> QPoint:
        """Where a port is on the screen, in global coordinates. `is_output` tells ports of one name apart."""
        item = self.canvas.nodes[node_id]
        key = next(key for key in item.ports() if key[0] == port and is_output in (None, key[1]))
        return self._global(item.port_center(*key))

    def _global(self, point: QPointF) -> QPoint:
        return self.viewport().mapToGlobal(self.mapFromScene(point))

    def paint_overlay(self, painter: QPainter) -> None:
        """Paint over the items, in scene coordinates."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_far:
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setTransform(self.viewportTransform())
        self.drawBackground(painter, self.mapToScene(event.rect()).boundingRect())
        self._overview.paint(painter)
        self.paint_overlay(painter)

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        self._grid.paint(painter, rect, self.devicePixelRatioF())

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        self.paint_overlay(painter)
        painter.restore()
        if not self.canvas.nodes:
            painter.save()
            painter.resetTransform()
            paint_hint(painter, QRectF(self.viewport().rect()))
            painter.restore()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if not self.canvas.nodes:
            self.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self.fit(self.canvas.bounds())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel zooms at the pointer. Two fingers on a touch pad pan, with Ctrl they zoom."""
        is_pad = event.device().type() == QInputDevice.DeviceType.TouchPad
        if is_pad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.scroll_by(-(event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 4))
        else:
            self.set_zoom(self.zoom * WHEEL_ZOOM ** (event.angleDelta().y() / 120), event.position().toPoint())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.set_zoom(self.zoom * (1 + event.value()), event.position().toPoint())
            return True
        return super().viewportEvent(event)

    def _follow_repair(self) -> None:
        if self.is_far or len(self.canvas.nodes) <= 1:
            self.viewport().update()

    def _restyle(self) -> None:
        self.canvas.restyle()
        self.viewport().update()
