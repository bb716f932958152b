"""Looking at the canvas: zoom, pan, fit, far view, tool tips, themes."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip

from engine import layers
from engine.graph import Graph
from gui.widgets import icons, theme
from tests.gui.canvas_driver import NONE, Driver, chain, graph_of, show

CTRL = Qt.KeyboardModifier.ControlModifier
ONE = graph_of(("Linear", (0.0, 0.0)))


def wheel(driver: Driver, at: QPoint, notches: float) -> None:
    viewport = driver.view.viewport()
    event = QWheelEvent(QPointF(at), QPointF(viewport.mapToGlobal(at)), QPoint(), QPoint(0, round(120 * notches)),
                        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(viewport, event)


def image_of(driver: Driver) -> QImage:
    QApplication.processEvents()
    return driver.view.grab().toImage()


def colors_in(image: QImage, color: QColor) -> int:
    """How many of a grid of pixels have that colour."""
    return sum(image.pixelColor(x, y) == color for x in range(0, image.width(), 3) for y in range(0, image.height(), 3))


@pytest.mark.parametrize("notches", [1, 3, -2, 7])
def test_the_wheel_zooms_at_the_pointer(driver: Driver, notches: int) -> None:
    show(driver.view.document, chain(5))
    at = QPoint(700, 150)
    before, zoom = driver.view.mapToScene(at), driver.view.zoom
    wheel(driver, at, notches)
    assert (driver.view.zoom > zoom) == (notches > 0)
    off = driver.view.mapFromScene(before) - at
    assert abs(off.x()) <= 1
    assert abs(off.y()) <= 1


def test_zoom_has_limits_both_ways(driver: Driver) -> None:
    show(driver.view.document, ONE)
    for notches in (60, -200):
        wheel(driver, QPoint(500, 350), notches)
        assert 0.04 < driver.view.zoom < 4.1
        image_of(driver)


def test_pinching_zooms_at_the_fingers(driver: Driver) -> None:
    show(driver.view.document, ONE)
    at = QPointF(300, 200)
    before = driver.view.mapToScene(at.toPoint())
    event = QNativeGestureEvent(Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, at,
                                at, driver.view.viewport().mapToGlobal(at), 0.5, QPointF())
    QApplication.sendEvent(driver.view.viewport(), event)
    assert driver.view.zoom == pytest.approx(1.5)
    assert (driver.view.mapFromScene(before) - at.toPoint()).manhattanLength() <= 2


def test_keys_fit_all_the_selection_and_natural_size(driver: Driver) -> None:
    show(driver.view.document, chain(30))
    visible = driver.view.viewport().rect()
    driver.key(Qt.Key.Key_0, CTRL)
    assert driver.view.zoom == 1.0
    driver.key(Qt.Key.Key_Home)
    assert all(visible.contains(driver.node(node.id)) for node in driver.graph.nodes)
    assert driver.view.zoom < 1.0
    driver.view.document.select(["linear_1"])
    driver.key(Qt.Key.Key_F)
    assert driver.view.zoom == 1.0
    assert (driver.node("linear_1") - visible.center()).manhattanLength() < 5
    driver.key(Qt.Key.Key_Minus, CTRL)
    assert driver.view.zoom == pytest.approx(0.8)


def test_an_opened_document_is_shown_whole_and_an_edit_does_not_move_the_view(driver: Driver) -> None:
    show(driver.view.document, chain(30))
    assert all(driver.view.rect().contains(driver.node(node.id)) for node in driver.graph.nodes)
    place = driver.view.mapToScene(0, 0)
    driver.drop_layer("ReLU", QPoint(500, 600))
    assert driver.view.mapToScene(0, 0) == place


def test_panning_has_no_end(driver: Driver) -> None:
    show(driver.view.document, ONE)
    before = driver.view.mapToScene(0, 0)
    for _ in range(50):
        driver.drag(QPoint(900, 600), QPoint(50, 50), button=Qt.MouseButton.MiddleButton)
    moved = driver.view.mapToScene(0, 0) - before
    assert moved == QPointF(50 * 850, 50 * 550)


def test_an_empty_canvas_says_what_to_do(driver: Driver) -> None:
    muted = QColor(theme.colors().muted)
    assert colors_in(image_of(driver), muted) > 0
    show(driver.view.document, graph_of(("Linear", (0.0, 20_000.0))))
    driver.view.centerOn(0, 0)
    assert colors_in(image_of(driver), muted) == 0


def test_from_afar_cards_are_plain_and_their_colour_is_kept(driver: Driver) -> None:
    show(driver.view.document, chain(20))
    color = QColor(theme.category_color("Activations"))
    near = colors_in(image_of(driver), color)
    driver.view.set_zoom(0.2)
    assert driver.view.is_far
    far = colors_in(image_of(driver), color)
    driver.view.document.edit_graph("Clear", Graph())
    assert near > 0
    assert far > 0
    assert colors_in(image_of(driver), color) == 0


def test_a_move_in_the_far_view_is_seen(driver: Driver) -> None:
    show(driver.view.document, graph_of(("ReLU", (0.0, 0.0))))
    driver.view.set_zoom(0.2)
    before = image_of(driver)
    driver.drag(driver.node("relu_1"), driver.node("relu_1") + QPoint(100, 0))
    assert driver.graph.node("relu_1").position == (500.0, 0.0)
    assert image_of(driver) != before


def test_themes_are_followed_while_open(driver: Driver, qapp: QApplication) -> None:
    show(driver.view.document, chain(3))
    backgrounds = []
    for choice in ("dark", "light"):
        theme.apply(qapp, choice)
        image = image_of(driver)
        backgrounds.append(image.pixelColor(5, 5).lightness())
        assert colors_in(image, QColor(theme.colors().raised)) > 0
    assert backgrounds[0] < 100 < backgrounds[1]


def test_a_tool_tip_tells_what_is_wrong_and_what_to_do(driver: Driver) -> None:
    show(driver.view.document, ONE)
    at = driver.node("linear_1")
    QApplication.sendEvent(driver.view.viewport(),
                           QHelpEvent(QEvent.Type.ToolTip, at, driver.view.viewport().mapToGlobal(at)))
    problem = driver.view.document.analysis.errors[0]
    assert problem.message in driver.view.canvas.nodes["linear_1"].content.tooltip
    assert problem.hint in QToolTip.text()
    QToolTip.hideText()


def test_names_are_text_never_markup(driver: Driver) -> None:
    show(driver.view.document, ONE.update("linear_1", name="<img src=x><b>"))
    tooltip = driver.view.canvas.nodes["linear_1"].content.tooltip
    assert "<img" not in tooltip
    assert "&lt;img" in tooltip


def test_ports_are_found_by_name_on_the_screen(driver: Driver) -> None:
    show(driver.view.document, graph_of(("CrossEntropy", (0.0, 0.0))))
    prediction, target = (driver.port("crossentropy_1", name) for name in ("prediction", "target"))
    assert prediction.x() == target.x()
    assert prediction.y() < target.y()
    assert driver.view.canvas.target_at(driver.view.mapToScene(target), 1.0).name == "target"


def test_hovering_grows_a_port(driver: Driver) -> None:
    show(driver.view.document, ONE)
    driver.move(driver.port("linear_1", "output"))
    hot = image_of(driver)
    driver.move(QPoint(5, 5))
    assert image_of(driver) != hot


def test_every_layer_of_the_catalogue_is_painted_with_its_icon(driver: Driver) -> None:
    kinds = list(layers.CATALOGUE.values())
    assert [spec.type for spec in kinds if not icons.path_of(spec.icon).is_file()] == []
    places = [(220.0 * (number % 8), 120.0 * (number // 8)) for number in range(len(kinds))]
    show(driver.view.document, graph_of(*((spec.type, place) for spec, place in zip(kinds, places, strict=True))))
    for zoom in (1.0, 0.5, 0.2):
        driver.view.set_zoom(zoom)
        driver.view.centerOn(driver.view.canvas.bounds().center())
        image = image_of(driver)
        seen = {name for name in layers.categories() if colors_in(image, QColor(theme.category_color(name))) > 0}
        assert sum(spec.category in seen for spec in kinds) > len(kinds) / 2
