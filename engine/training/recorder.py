"""Everything a training says: events to whoever listens, history and TensorBoard files, the log."""

from collections.abc import Callable, Mapping

from tensorboardX import SummaryWriter

from engine.events import AnyEvent, Noted, Stepped, Validated
from engine.history import TRAIN, TRAIN_EPOCH, VALIDATION, HistoryWriter, Thinning
from engine.runs import Run

Emit = Callable[[AnyEvent], None]

LEARNING_RATE = "learning_rate"


class Recorder:
    """Writes what is measured. TensorBoard tags: loss/train, loss/validation, accuracy/validation, learning_rate."""

    def __init__(self, run: Run, emit: Emit, last_step: int) -> None:
        """`last_step`: what earlier attempts measured after it is dropped."""
        self._run, self._emit = run, emit
        self._history = HistoryWriter(run.folder / "history.csv", last_step)
        self._board = SummaryWriter(str(run.folder / "tensorboard"), purge_step=last_step + 1 if last_step else None,
                                    flush_secs=10)
        self._thinning = Thinning()

    def stepped(self, event: Stepped, seconds: float) -> None:
        """`seconds` of training since the run began."""
        self._emit(event)
        if self._thinning.keeps(seconds):
            self._history.add(event.step, event.epoch, TRAIN, event.values)
            self._draw(event.step, TRAIN, event.values)

    def validated(self, event: Validated) -> None:
        self._history.add(event.step, event.epoch, TRAIN_EPOCH, event.training)
        if event.validation:
            self._history.add(event.step, event.epoch, VALIDATION, event.validation)
            self._draw(event.step, VALIDATION, event.validation)
        self._emit(event)
        values = ", ".join(f"{name} {value:.4g}" for name, value in event.training.items()) or "nothing trained"
        held_back = ", ".join(f"{name} {value:.4g}" for name, value in event.validation.items())
        self._run.log(f"epoch {event.epoch}: {values}" + (f"; validation {held_back}" if held_back else ""))

    def note(self, message: str, *, is_warning: bool = False) -> None:
        self._run.log(message)
        self._emit(Noted(message, "warning" if is_warning else "info"))

    def close(self) -> None:
        self._history.close()
        self._board.close()

    def _draw(self, step: int, split: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._board.add_scalar(name if name == LEARNING_RATE else f"{name}/{split}", value, step)
