"""The data browser: all rows of a data set, found, sorted, drawn while they are in sight, and looked at closely."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from engine.augmentation import augmentation
from engine.data.sources import inspect
from engine.project import RESOURCES
from gui.data.browser.column_views import PictureView
from gui.data.browser.statistics_view import BY_CLASS, TOGETHER
from gui.data.browser.thumbnails import KEPT
from gui.data.browser.window import BrowserWindow
from gui.data.data_samples import SHOWN, DataSamples
from gui.document import Document
from gui.session import Session
from gui.widgets import settings
from tests.gui.dialogs import opened
from tests.gui.trained import SAMPLES, small_data

PATIENCE_MS = 30_000
SIZE = (1000, 640)

Show = Callable[[Path], BrowserWindow]


@pytest.fixture
def show(qtbot: QtBot, document: Document, session: Session) -> Iterator[Show]:
    """Opens a data set in the project and the browser on it."""
    made: list[BrowserWindow] = []

    def shown(path: Path) -> BrowserWindow:
        document.edit("Choose data", document.project.replace(data=inspect(path)))
        window = BrowserWindow(document, session)
        qtbot.addWidget(window)
        made.append(window)
        window.resize(*SIZE)
        with qtbot.waitActive(window):
            window.browse()
        settle(qtbot, window)
        return window

    yield shown
    for window in made:
        window.close()
    no_background(qtbot)


def no_background(qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: all(t.name != "background" for t in threading.enumerate()), timeout=PATIENCE_MS)


def settle(qtbot: QtBot, window: BrowserWindow) -> None:
    """Wait until nothing is read, found or counted any more."""
    qtbot.waitUntil(lambda: not window.is_busy, timeout=PATIENCE_MS)


def choose(combo: QComboBox, text: str) -> None:
    """Choose an entry as the user does."""
    combo.setCurrentIndex(combo.findText(text))
    combo.activated.emit(combo.currentIndex())


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    rows = [f"{4 + i % 50},{i % 3}.5,{'rose' if i % 4 else 'tulip'}" for i in range(400)]
    path.write_text("\n".join(["length,width,kind", *rows]))
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Twelve pictures of cats and dogs, one of them damaged."""
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for number in range(6):
            picture = QImage(12, 9, QImage.Format.Format_RGB888)
            picture.fill(0x204080 + number)
            picture.save(str(tmp_path / "pets" / kind / f"{number}.png"))
    whole = tmp_path / "pets" / "cat" / "1.png"
    whole.write_bytes(whole.read_bytes()[:40])
    return tmp_path / "pets"


def test_pictures_are_drawn_while_they_are_in_sight(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    window = show(small_data(tmp_path / "idx"))
    grid, thumbnails = window.list.grid, window.list.thumbnails
    assert window.list.currentWidget() is grid
    assert grid.count == SAMPLES
    assert window.filters.message.text() == f"{SAMPLES:,} samples"
    first, last = grid.visible
    assert all(thumbnails.cell(row) for row in range(first, last))
    assert thumbnails.cell(SAMPLES - 1) is None
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    settle(qtbot, window)
    cell = thumbnails.cell(SAMPLES - 1)
    assert cell is not None
    assert cell.picture is not None
    assert len(thumbnails._cells) <= KEPT


def test_what_scrolled_past_is_forgotten(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    window = show(small_data(tmp_path / "idx", 4 * KEPT))
    bar = window.list.grid.verticalScrollBar()
    while bar.value() < bar.maximum():
        bar.setValue(bar.value() + bar.pageStep())
        settle(qtbot, window)
    assert len(window.list.thumbnails._cells) <= KEPT
    assert window.list.thumbnails.cell(0) is None


def test_split_class_and_search_narrow_what_is_shown(qtbot: QtBot, show: Show, flowers: Path) -> None:
    window = show(flowers)
    assert window.list.currentWidget() is window.list.table
    assert len(window.rows) == 400
    choose(window.filters.label, "tulip")
    settle(qtbot, window)
    assert len(window.rows) == 100
    choose(window.filters.split, "Test")
    settle(qtbot, window)
    assert len(window.rows) == 20
    assert window.filters.message.text() == "20 of 400 samples"
    choose(window.filters.split, "All splits")
    choose(window.filters.label, "All classes")
    QTest.keyClicks(window.filters.search, "rose")
    settle(qtbot, window)
    assert len(window.rows) == 300
    window.filters.search.clear()
    QTest.keyClicks(window.filters.search, "kind = tulip")
    settle(qtbot, window)
    assert len(window.rows) == 100


def test_a_condition_that_makes_no_sense_is_told_and_changes_nothing(qtbot: QtBot, show: Show, flowers: Path) -> None:
    window = show(flowers)
    QTest.keyClicks(window.filters.search, "kind > rose")
    settle(qtbot, window)
    assert window.filters.search.property("invalid")
    assert window.filters.message.property("role") == "error"
    assert len(window.rows) == 400
    window.filters.search.selectAll()
    QTest.keyClick(window.filters.search, Qt.Key.Key_Delete)
    settle(qtbot, window)
    assert not window.filters.search.property("invalid")
    assert window.filters.message.text() == "400 samples"


def test_a_click_on_a_header_sorts_up_then_down_then_not(qtbot: QtBot, show: Show, flowers: Path) -> None:
    window = show(flowers)
    header, model = window.list.table.horizontalHeader(), window.list.model
    column = model.columns.index("kind")
    at = QPoint(header.sectionViewportPosition(column) + 10, header.height() // 2)

    def click() -> list[str]:
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        settle(qtbot, window)
        return [model.index(line, column).data() for line in (0, model.rowCount() - 1)]

    def title() -> str:
        return model.headerData(column, Qt.Orientation.Horizontal)

    assert click() == ["rose", "tulip"]
    assert title() == "kind  ↑"
    assert click() == ["tulip", "rose"]
    assert title() == "kind  ↓"
    click()
    assert title() == "kind"
    assert window.rows.tolist() == list(range(400))


def test_only_these_rows_in_their_order(qtbot: QtBot, show: Show, flowers: Path) -> None:
    window = show(flowers)
    window.browse((7, 300, 12), "3 suspicious labels")
    settle(qtbot, window)
    assert window.rows.tolist() == [7, 300, 12]
    assert window.filters.only.isVisible()
    assert window.filters.only.text() == "3 suspicious labels"
    QTest.mouseClick(window.filters.only, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert len(window.rows) == 400
    assert not window.filters.only.isVisible()


def test_rows_of_an_earlier_run_are_those_of_its_own_data(
    qtbot: QtBot, show: Show, document: Document, flowers: Path, pets: Path
) -> None:
    window = show(pets)
    window.browse((3, 5), "2 mistakes", 5, inspect(flowers))
    settle(qtbot, window)
    assert window.windowTitle().endswith("flowers.csv")
    assert window.rows.tolist() == [3, 5]
    assert window.detail.sample.row == 5
    QTest.mouseClick(window.filters.only, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.windowTitle().endswith("pets"), "all rows are those of the project"
    opened_once = window._browser
    window.browse((3,), "1 mistake", 3, document.project.data)
    settle(qtbot, window)
    assert window._browser is opened_once, "the run learned from what is open already"


def test_the_keys_go_from_sample_to_sample(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    window = show(small_data(tmp_path / "idx"))
    grid = window.list.grid
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.rect_of(2).center().toPoint())
    settle(qtbot, window)
    assert window.detail.sample.row == 2
    QTest.keyClick(grid, Qt.Key.Key_Down)
    settle(qtbot, window)
    assert window.detail.sample.row == 2 + grid.in_a_row
    QTest.keyClick(grid, Qt.Key.Key_End)
    settle(qtbot, window)
    assert window.detail.sample.row == SAMPLES - 1
    assert grid.visible[1] == SAMPLES
    QTest.mouseClick(window.filters.views["table"], Qt.MouseButton.LeftButton)
    assert window.list.table.currentIndex().row() == SAMPLES - 1, "the table has the same current row"


def test_a_sample_is_shown_closely(qtbot: QtBot, show: Show, pets: Path) -> None:
    window = show(pets)
    window.browse(row=7)
    settle(qtbot, window)
    detail = window.detail
    assert detail.name.text().endswith("dog/1.png")
    assert detail.place.text().startswith("Row 8 · ")
    assert detail.place.text().endswith("dog")
    assert detail.show_file.isVisible()
    view = detail.views["image"]
    assert isinstance(view, PictureView)
    assert view.size.text() == "12 × 9"
    assert not view.raw.pixmap().isNull()


def test_a_damaged_picture_says_so(qtbot: QtBot, show: Show, pets: Path) -> None:
    window = show(pets)
    cell = window.list.thumbnails.cell(1)
    assert cell is not None
    assert cell.is_damaged
    window.browse(row=1)
    settle(qtbot, window)
    assert window.detail.damage.isVisible()
    assert not window.detail.views["image"].isVisible()


def test_a_column_is_compared_by_split_and_by_class(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    window = show(small_data(tmp_path / "idx"))
    window.sides.setCurrentWidget(window.statistics)
    settle(qtbot, window)
    shown = window.statistics
    assert [group.name for group in shown.histogram.groups] == ["Training", "Validation", "Test"]
    assert sum(sum(group.counts) for group in shown.histogram.groups) == SAMPLES
    choose(shown.grouping, BY_CLASS)
    assert len(shown.histogram.groups) > 3
    choose(shown.grouping, TOGETHER)
    assert len(shown.histogram.groups) == 1
    choose(shown.column, "label")
    settle(qtbot, window)
    assert not shown.histogram.isVisible()
    assert shown.bars.isVisible()
    assert len(shown.bars.bars) == 10


def test_the_raw_sample_stands_beside_what_the_network_gets(
    qtbot: QtBot, show: Show, document: Document, session: Session, tmp_path: Path
) -> None:
    window = show(small_data(tmp_path / "idx"))
    data = document.project.data
    flips = msgspec.structs.replace(data, augmentation=(augmentation("Rotate"),))
    document.edit("Rotate", document.project.replace(data=flips))
    settle(qtbot, window)
    with qtbot.waitSignal(window._looks.looked, timeout=PATIENCE_MS):
        window.browse(row=5)
    view = window.detail.views["image"]
    assert isinstance(view, PictureView)
    assert view.size.text() == "28 × 28  →  network: 1 × 28 × 28"
    assert view.raw.pixmap().toImage() == view.prepared.pixmap().toImage()
    assert all(version.isVisible() and not version.pixmap().isNull() for version in view.versions)
    assert view.versions[0].pixmap().toImage() != view.versions[1].pixmap().toImage()


def test_a_row_of_a_table_stands_beside_its_features(qtbot: QtBot, show: Show, flowers: Path) -> None:
    window = show(flowers)
    with qtbot.waitSignal(window._looks.looked, timeout=PATIENCE_MS):
        window.browse(row=5)
    facts = window.detail.views["features"].facts.facts()
    assert facts["length"].startswith("9  →  -1.")
    assert facts["width"].startswith("2.5  →  1.")
    assert window.detail.views["kind"].facts.facts() == {"Raw": "rose", "Network": "0"}


def test_it_follows_the_project(qtbot: QtBot, show: Show, document: Document, flowers: Path, pets: Path) -> None:
    window = show(flowers)
    document.edit("Choose data", document.project.replace(data=inspect(pets)))
    settle(qtbot, window)
    assert window.windowTitle().endswith("pets")
    assert len(window.rows) == 12
    assert window.list.currentWidget() is window.list.grid
    document.edit("Remove", document.project.replace(data=None))
    assert window.empty.isVisible()
    document.undo_stack.undo()
    settle(qtbot, window)
    assert not window.empty.isVisible()
    assert len(window.rows) == 12


def test_files_that_are_gone_are_told(qtbot: QtBot, show: Show, flowers: Path) -> None:
    window = show(flowers)
    window.close()
    window._forget()
    flowers.unlink()
    window.browse()
    settle(qtbot, window)
    assert "flowers.csv" in window.filters.message.text()


def test_the_window_opens_it_with_a_key_and_takes_it_along(qtbot: QtBot) -> None:
    with opened(qtbot) as main:
        main.files.new_from(main.files.EXAMPLE) if hasattr(main.files, "EXAMPLE") else None
        main.actions_by_id["browse"].trigger()
        browser = main._browser
        assert browser is not None
        assert browser.isVisible()
        settle(qtbot, browser)
        main.actions_by_id["browse"].trigger()
        assert main._browser is browser
        settle(qtbot, browser)
        browser.resize(900, 500)
        main.close()
        assert not browser.isVisible()
        assert not settings.remembered_bytes("browser_geometry").isEmpty()
    no_background(qtbot)


def test_a_glance_shows_some_samples_and_opens_one(qtbot: QtBot, tmp_path: Path) -> None:
    glance = DataSamples()
    qtbot.addWidget(glance)
    glance.resize(232, 600)
    glance.show()
    with qtbot.waitSignal(glance.loaded, timeout=PATIENCE_MS):
        glance.show_data(inspect(small_data(tmp_path / "idx", 200)), None)
    assert glance.grid.count == SHOWN
    assert glance.grid.verticalScrollBar().maximum() == 0, "every cell is seen without a second scroll bar"
    assert len(glance.classes.bars) == 10
    with qtbot.waitSignal(glance.opened) as wanted:
        QTest.mouseClick(glance.grid.viewport(), Qt.MouseButton.LeftButton,
                         pos=glance.grid.rect_of(1).center().toPoint())
    assert glance.browser is not None
    assert wanted.args[0] == glance.browser.mixed("train")[1]
    choose(glance.split, "Test")
    qtbot.waitUntil(lambda: not glance.is_reading, timeout=PATIENCE_MS)
    assert glance._place.text() == f"{SHOWN} of 40"
    glance.clear()
    no_background(qtbot)


def test_points_are_shown_as_rows_of_numbers(qtbot: QtBot, show: Show) -> None:
    points = RESOURCES / "data" / "ring" / "points.npy"
    first = ", ".join(f"{number:.6g}" for number in np.load(points)[0])
    glance = DataSamples()
    qtbot.addWidget(glance)
    glance.show()
    with qtbot.waitSignal(glance.loaded, timeout=PATIENCE_MS):
        glance.show_data(inspect(points), None)
    assert not glance.grid.isVisible()
    assert glance.table.rowCount() == SHOWN
    assert glance.browser is not None
    row = glance.browser.mixed("train")[0]
    assert glance.table.item(0, 0).text() == ", ".join(f"{number:.6g}" for number in np.load(points)[row])
    browser = show(points)
    assert browser.list.currentWidget() is browser.list.table
    assert browser.list.model.text(0, 1) == first
    no_background(qtbot)


def test_the_original_is_shown_however_small_the_network_gets_it(
    qtbot: QtBot, show: Show, document: Document, tmp_path: Path
) -> None:
    for kind, width in (("cat", 1200), ("dog", 300)):
        (tmp_path / "large" / kind).mkdir(parents=True)
        for number in range(6):
            picture = QImage(width, 200 + number, QImage.Format.Format_RGB888)
            picture.fill(0x204080 + number)
            picture.save(str(tmp_path / "large" / kind / f"{number}.png"))
    window = show(tmp_path / "large")
    with qtbot.waitSignal(window._looks.looked, timeout=PATIENCE_MS):
        window.browse(row=1)
    view = window.detail.views["image"]
    shape = next(column.shape for column in document.project.data.columns if column.name == "image")
    assert view.size.text() == f"1,200 × 201  →  network: {' × '.join(map(str, shape))}"
    assert isinstance(view, PictureView)
    assert view.raw.pixmap().width() > 4 * view.raw.pixmap().height()
