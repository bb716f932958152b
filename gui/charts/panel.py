"""The charts panel: loss and metrics of the shown run, live, with one set of controls for all charts."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from engine import events
from engine.errors import EngineError
from gui.charts.controls import Controls, title
from gui.charts.curves import RunCurves
from gui.charts.export import save_picture, save_table
from gui.charts.plot import Plot, View
from gui.session import Session
from gui.widgets import theme
from gui.widgets.empty_state import EmptyState

REDRAW_INTERVAL_MS = 66
"""At most 15 redraws a second."""

MIN_WIDTH = 220
MOST_LOSSES = 4
"""So many losses stand side by side; a training with more shows the first."""


class ChartsPanel(QWidget):
    """The losses on the left, one chart for each objective, and a metric of choice on the right. Draws only while it is
    seen, at most 15 times a second."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.curves = RunCurves()
        self._is_stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_INTERVAL_MS)
        self._timer.timeout.connect(self._redraw)
        self.controls = Controls(self)
        self.loss_plots, self.metric_plot = [Plot(self)], Plot(self)
        for plot in self._plots:
            self._follow_pointer(plot)
        self.controls.changed.connect(self._set_view)
        self.controls.metric_chosen.connect(self._show_metric)
        self.controls.fit_clicked.connect(self._fit)
        self.controls.picture_clicked.connect(self._export_picture)
        self.controls.table_clicked.connect(self._export_table)
        self._build()
        session.reported.connect(self._take)
        session.run_changed.connect(self._load)
        theme.notifier().changed.connect(self._restyle)
        self._restyle()
        self._set_view()
        self._load()

    def _build(self) -> None:
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setChildrenCollapsible(False)
        for plot in self._plots:
            plot.setMinimumWidth(MIN_WIDTH)
            self._splitter.addWidget(plot)
        self._splitter.setSizes([1000, 1000])
        self._charts = QWidget(self)
        column = QVBoxLayout(self._charts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.controls)
        column.addWidget(self._splitter, 1)
        self._empty = EmptyState(
            "chart-line", "No training yet",
            "Loss and accuracy appear here while the network learns. Press Train to start.", self,
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._charts)

    def _load(self) -> None:
        """Show the run of the session from its beginning: its history, then its events."""
        self.curves = RunCurves()
        run = self._session.run
        if run is not None:
            try:
                self.curves.load(run.history())
            except EngineError as error:
                self._empty.show_text("No curves for this run", f"{error.message} {error.hint}".strip())
        self._offer_metrics()
        self._point_at(float("nan"))
        self._show_series()
        self._fit()

    def _take(self, event: events.AnyEvent) -> None:
        if self._session.run is None or not self._session.is_showing_training:
            return
        if self.curves.take(event):
            self._offer_metrics()
            self._is_stale = True
            if not self._timer.isActive() and self.isVisible():
                self._timer.start()
        if isinstance(event, events.Ended):
            self._redraw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._redraw()

    def _redraw(self) -> None:
        self._is_stale = False
        self._show_series()

    def _show_series(self) -> None:
        self._stack.setCurrentWidget(self._charts if self.curves else self._empty)
        expected = self.curves.expected(self._view.axis)
        for plot, name in zip(self.loss_plots, self.curves.losses(), strict=False):
            plot.show_series(title(name), self.curves.of(name), expected, self.curves.newest(name))
        name = self.controls.chosen_metric
        self.metric_plot.setVisible(bool(name))
        if name:
            self.metric_plot.show_series(title(name), self.curves.of(name), expected, self.curves.newest(name))

    def _offer_metrics(self) -> None:
        self.controls.offer(self.curves.metrics())
        count = min(len(self.curves.losses()), MOST_LOSSES)
        while len(self.loss_plots) < count:
            plot = Plot(self)
            plot.setMinimumWidth(MIN_WIDTH)
            plot.set_view(self._view)
            self._follow_pointer(plot)
            self._splitter.insertWidget(len(self.loss_plots), plot)
            self.loss_plots.append(plot)
            self._splitter.setSizes([1000] * self._splitter.count())
        for place, plot in enumerate(self.loss_plots):
            plot.setVisible(place < count)

    @property
    def _plots(self) -> tuple[Plot, ...]:
        return (*self.loss_plots, self.metric_plot)

    def _follow_pointer(self, plot: Plot) -> None:
        plot.pointed.connect(self._point_at)
        plot.pointed.connect(self.controls.show_position)

    def _point_at(self, position: float) -> None:
        for plot in self._plots:
            plot.point_at(position)

    def _show_metric(self, _name: str) -> None:
        self._show_series()
        self.metric_plot.fit()

    @property
    def _view(self) -> View:
        return self.controls.view()

    def _set_view(self) -> None:
        view = self._view
        for plot in self.loss_plots:
            plot.set_view(view)
        self.metric_plot.set_view(View(view.axis, view.smoothing))
        self._show_series()

    def _fit(self) -> None:
        for plot in self._plots:
            plot.fit()

    def _restyle(self) -> None:
        for plot in self._plots:
            plot.restyle()

    def _export_picture(self) -> None:
        self._export("Export picture", "charts.png", "PNG picture (*.png)",
                     lambda path: save_picture(self._splitter, path))

    def _export_table(self) -> None:
        self._export("Export values", "values.csv", "Table (*.csv)", lambda path: save_table(self.curves, path))

    def _export(self, text: str, name: str, filters: str, write: Callable[[Path], None]) -> None:
        run = self._session.run
        start = (run.folder if run else Path.home()) / name
        path, _ = QFileDialog.getSaveFileName(self, text, str(start), filters)
        if not path:
            return
        try:
            write(Path(path))
        except EngineError as error:
            QMessageBox.warning(self, text, f"{error.message}\n{error.hint}".strip())
