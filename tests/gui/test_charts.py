"""Charts: the numbers behind a curve, what is drawn of them, following a run, and reading, switching, exporting."""

import csv
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPicture, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from engine import events
from gui.charts import ChartsPanel
from gui.charts.controls import title
from gui.charts.curves import RunCurves
from gui.charts.export import save_picture, save_table
from gui.charts.plot import Plot, View, readable
from gui.charts.series import BINS, Series, smoothed
from gui.session import Session
from tests.gui.dialogs import active

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


def series_of(values: list[float], per_epoch: int = 10) -> Series:
    made = Series()
    steps = np.arange(1, len(values) + 1, dtype=float)
    made.extend(steps, steps / per_epoch, np.array(values, float))
    return made


@given(st.lists(FINITE | st.just(float("nan")), max_size=80), st.integers(0, 99), st.integers(0, 80))
def test_smoothing_goes_on_where_it_stopped(values: list[float], percent: int, cut: int) -> None:
    expected, average, weight = [], float("nan"), percent / 100
    for value in values:
        if not isnan(value):
            average = value if isnan(average) else weight * average + (1 - weight) * value
        expected.append(average)
    numbers = np.array(values, float)
    first = smoothed(numbers[:cut], weight)
    rest = smoothed(numbers[cut:], weight, float(first[-1]) if len(first) else float("nan"))
    np.testing.assert_allclose(np.concatenate([first, rest]), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("count", [10, 1_000, 1_401, 5_000, 70_003])
def test_a_long_curve_is_drawn_with_few_points_and_all_extremes(count: int) -> None:
    values = np.sin(np.arange(count) / 50)
    values[count // 3], values[-1] = 100.0, -100.0
    whole = series_of(values.tolist())
    x, y = whole.curve("step", 0, count)
    assert len(x) == len(y) <= 2 * BINS + 2
    assert y.max() == 100.0
    assert y.min() == -100.0
    assert (np.diff(x) >= 0).all()


def test_points_that_come_one_by_one_are_drawn_like_points_that_come_together() -> None:
    values = np.random.default_rng(0).normal(size=9_000)
    grown = Series()
    for step, value in enumerate(values, 1):
        grown.append(step, step / 10, value)
        if step % 1_000 == 0:
            grown.curve("step", 0, step, 0.5)
    for smoothing in (0.0, 0.5):
        np.testing.assert_allclose(grown.curve("epoch", 0, 900, smoothing),
                                   series_of(values.tolist()).curve("epoch", 0, 900, smoothing))


def test_a_part_of_a_curve_is_cut_from_what_is_seen() -> None:
    x, _ = series_of(list(range(100_000))).curve("step", 500, 510)
    assert x[0] <= 500
    assert x[-1] >= 510
    assert len(x) < 20


def test_a_value_that_is_no_number_is_a_gap() -> None:
    _, y = series_of([1.0, float("inf"), 3.0]).curve("step", 0, 3)
    assert np.isnan(y[1])
    assert series_of([1.0, 2.0, 3.0]).at("step", 2.2) == 2.0
    assert isnan(Series().at("step", 1.0))


def test_a_resumed_run_goes_on_from_its_checkpoint() -> None:
    curves = RunCurves()
    curves.take(events.Started("r", "cpu", 1, 10, 2, 100))
    for step in range(10, 110, 10):
        curves.take(events.Stepped(step, step / 100, {"loss": 1.0}, 1.0, 1.0))
    curves.take(events.Started("r", "cpu", 1, 10, 2, 100, step=50))
    assert curves.of("loss")["training"].steps.view.tolist() == [10, 20, 30, 40, 50]
    assert curves.expected("epoch") == 2
    assert curves.expected("step") == 200


def curves_of(epochs: int, steps: tuple[float, ...]) -> RunCurves:
    """Of a training of 100 steps an epoch, with values at these parts of every epoch; the first is that of step 1."""
    curves = RunCurves()
    curves.take(events.Started("r", "cpu", 1, 10, epochs, 100))
    curves.take(events.Stepped(1, 0.01, {"loss": 9.0}, 1.0, 1.0))
    for epoch in range(epochs):
        for part in steps:
            curves.take(events.Stepped(round(100 * (epoch + part)), epoch + part, {"loss": 1.0}, 1.0, 1.0))
        curves.take(events.Validated(epoch + 1, 100 * (epoch + 1), {"loss": 2.0}, {"loss": 3.0}, 0.1, 1.0, best=False))
    return curves


def test_where_steps_are_few_the_means_of_epochs_are_drawn() -> None:
    training = curves_of(3, (0.5,)).of("loss")["training"]
    assert training.epochs.view.tolist() == [0.01, 1, 2, 3]
    assert training.values.view.tolist() == [9, 2, 2, 2]
    dense = curves_of(3, (0.2, 0.4, 0.6, 0.8)).of("loss")
    assert len(dense["training"]) == 13
    assert len(dense["validation"]) == 3
    resumed = curves_of(3, (0.5,))
    resumed.take(events.Started("r", "cpu", 1, 10, 3, 100, step=200))
    assert resumed.of("loss")["training"].epochs.view.tolist() == [0.01, 1, 2]


def test_at_the_end_of_an_epoch_its_mean_is_read() -> None:
    curves = curves_of(1, (0.2, 0.4, 0.6, 0.8))
    assert curves.newest("loss") == {"training": 2.0, "validation": 3.0}
    curves.take(events.Stepped(101, 1.01, {"loss": 0.5}, 1.0, 1.0))
    assert curves.newest("loss")["training"] == 0.5
    assert {split for _, _, split, _, _ in curves.rows()} == {"training", "training_epoch", "validation"}


@pytest.mark.parametrize(("value", "text"), [
    (0.41234, "0.4123"), (12.3456, "12.35"), (1234.5, "1234"), (0.00001, "1.00e-05"), (float("nan"), "–"),
    (0.0, "0.0000"),
])
def test_values_are_readable(value: float, text: str) -> None:
    assert readable(value) == text


@pytest.fixture
def plot(qtbot: QtBot) -> Plot:
    return active(qtbot, Plot(), 500, 300)


def test_a_plot_moves_its_range_only_when_data_leaves_it(plot: Plot) -> None:
    series = series_of([1.0, 0.5], per_epoch=1)
    plot.set_view(View("step"))
    plot.show_series("Loss", {"training": series}, 100)
    before = plot.ranges
    series.append(2.5, 2.5, 0.7)
    plot.redraw()
    assert plot.ranges == before
    series.append(50, 50, 9.0)
    plot.redraw()
    (_, right), (_, top) = plot.ranges
    assert right >= 50
    assert top >= 9
    assert right <= 102, "no room is shown behind the end of the run"


def test_a_plot_that_was_zoomed_stays_until_a_double_click(qtbot: QtBot, plot: Plot) -> None:
    series = series_of([1.0] * 50 + [2.0], per_epoch=1)
    plot.set_view(View("step"))
    plot.show_series("Loss", {"training": series}, 0)
    viewport = plot._plot.viewport()
    center = viewport.rect().center()
    before = plot.ranges
    turn_wheel(viewport, QPointF(center), -240)
    moved = plot.ranges
    assert moved[0][1] > before[0][1]
    series.append(400, 400, 30.0)
    plot.redraw()
    assert plot.ranges == moved
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=center)
    qtbot.waitUntil(lambda: plot.ranges[0][1] >= 400)


def turn_wheel(widget: QWidget, position: QPointF, by: int) -> None:
    event = QWheelEvent(position, widget.mapToGlobal(position), QPoint(), QPoint(0, by), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


def test_logarithmic_smooth_and_switched_off(plot: Plot) -> None:
    series = series_of([100.0, 10.0, 1.0, 0.0, 100.0], per_epoch=1)
    plot.show_series("Loss", {"training": series}, 0)
    plot.set_view(View("step", is_logarithmic=True))
    _, y = plot.curve("training")
    np.testing.assert_allclose(y, [2, 1, 0, np.nan, 2])
    plot.set_view(View("step", smoothing=0.9))
    _, y = plot.curve("training")
    assert y[-1] == pytest.approx(smoothed(series.values.view, 0.9)[-1])
    entry = plot.legend._entries["training"]
    QTest.mouseClick(entry, Qt.MouseButton.LeftButton)
    assert len(plot.curve("training")[0]) == 0


def test_the_mouse_reads_values(qtbot: QtBot, plot: Plot) -> None:
    plot.set_view(View("step"))
    plot.show_series("Loss", {"training": series_of([5.0, 6.0, 7.0]), "validation": series_of([1.0])}, 0)
    assert plot.legend.text("training").endswith("7.0000")
    with qtbot.waitSignal(plot.pointed) as pointed:
        QTest.mouseMove(plot._plot.viewport(), plot._plot.viewport().rect().center())
    plot.point_at(pointed.args[0])
    plot.point_at(2.1)
    assert plot.legend.text("training").endswith("6.0000")
    assert plot.legend.text("validation").endswith("1.0000")


def test_the_panel_shows_the_run_of_the_session_and_exports_it(
    qtbot: QtBot, session: Session, trained_runs: dict[str, Path], tmp_path: Path
) -> None:
    panel = ChartsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(760, 240)
    panel.show()
    assert not panel.loss_plots[0].isVisible(), "the empty state comes first"
    session.show_run(trained_runs["pictures"])
    assert panel.loss_plots[0].isVisible()
    assert panel.metric_plot.isVisible()
    assert panel.controls.chosen_metric == "accuracy"
    assert len(panel.loss_plots[0].curve("validation")[0]) == 2
    assert panel.loss_plots[0].curve("training")[0][-1] == 2, "to the end"
    info = session.run.info() if session.run else None
    assert info is not None
    for split, values in (("training", info.training), ("validation", info.validation)):
        assert panel.loss_plots[0].legend.text(split).endswith(f" {readable(values['loss'])}")
    assert not any(menu.isVisible() for menu in panel.findChildren(QMenu))
    panel.controls.axis.setCurrentIndex(1)
    assert panel.loss_plots[0].ranges[0][1] > 2, "steps, not epochs"

    save_picture(panel, tmp_path / "charts.png")
    assert QImage(str(tmp_path / "charts.png")).width() >= 760
    save_table(panel.curves, tmp_path / "values.csv")
    with (tmp_path / "values.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["split"] for row in rows} == {"training", "training_epoch", "validation"}
    assert {"loss", "accuracy"} <= {row["name"] for row in rows}

    session.show_run(trained_runs["table"])
    assert panel.controls.chosen_metric in ("mae", "learning_rate", "rmse", "r2")


def test_the_ends_of_the_axis_are_labelled(plot: Plot) -> None:
    plot.show_series("Loss", {"training": series_of([float(n) for n in range(41)])}, expected=4.0)
    QApplication.processEvents()
    picture = QPicture()
    painter = QPainter(picture)
    _, _, labels = plot._item.getAxis("bottom").generateDrawSpecs(painter)
    painter.end()
    texts = [text for _, _, text in labels]
    assert {"0", "4"} <= set(texts)
    axis = plot._item.getAxis("bottom").sceneBoundingRect()
    assert plot._plot.sceneRect().contains(axis), "nothing of a label is cut off"


def test_each_of_several_objectives_has_a_chart_of_its_loss(qtbot: QtBot, session: Session,
                                                            trained_runs: dict[str, Path]) -> None:
    panel = ChartsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1000, 240)
    panel.show()
    panel.curves = RunCurves()
    panel.curves.take(events.Started("run", "cpu", 1, 10, 2, 5))
    values = {"loss": 3.0, "Train generator loss": 1.0, "Train discriminator loss": 2.0,
              "Train discriminator accuracy": 0.5, "Train generator learning_rate": 0.1,
              "Train discriminator learning_rate": 0.1}
    for step in (1, 2):
        panel.curves.take(events.Stepped(step, step / 5, values, 100.0, 1.0))
    panel._redraw()
    panel._offer_metrics()
    panel._redraw()
    assert [plot.legend._title.text() for plot in panel.loss_plots] == ["Train generator loss",
                                                                        "Train discriminator loss"]
    assert [plot.curve("training")[1][0] for plot in panel.loss_plots] == [1.0, 2.0]
    assert panel.curves.metrics()[0] == "Train discriminator accuracy"
    session.show_run(trained_runs["pictures"])
    assert [plot.isVisible() for plot in panel.loss_plots] == [True, False]


@pytest.mark.parametrize(("name", "said"), [
    ("loss", "Loss"), ("mae", "MAE"), ("train generator mse", "Train generator MSE"), ("mse_1", "MSE 1"),
    ("cross_entropy_12", "CrossEntropy 12"), ("character_error_rate", "Character error rate"), ("my_mae_2", "My MAE 2"),
])
def test_headings_keep_the_names_of_nodes_and_acronyms(name: str, said: str) -> None:
    assert title(name) == said
