"""What `train` and `resume` show of a run: a bar on a terminal, a line per epoch elsewhere, or lines of JSON."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.cli.console import Console
from engine.events import AnyEvent, Ended, Noted, Started, Stepped, Validated

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Watcher:
    """Receives a run's events in order and keeps the last one."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.ended: Ended | None = None
        self._epochs = 0

    def receive(self, event: AnyEvent) -> None:
        if isinstance(event, Started):
            self._epochs = event.epochs
        elif isinstance(event, Ended):
            self.ended = event
        self.show(event)

    def show(self, event: AnyEvent) -> None:
        """Lines for people: the start, notes, and every epoch."""
        match event:
            case Started():
                self.console.remark(f"{event.weights:,} weights; the run is in {event.run}")
            case Validated():
                self.console.remark(self.epoch_line(event))
            case Noted():
                self.console.noted(event)
            case _:
                pass

    def epoch_line(self, event: Validated) -> str:
        """ "epoch 3/10  loss 0.4170  accuracy 0.8493  validation loss 0.4401  accuracy 0.8402  best" """
        parts = [f"epoch {event.epoch}/{self._epochs}", values_text(event.training) or "nothing trained"]
        if event.validation:
            parts.append(f"validation {values_text(event.validation)}")
        return "  ".join([*parts, "best"] if event.best else parts)


class JsonWatcher(Watcher):
    """Every event is one line of JSON on stdout; `Ended` is the last line."""

    def show(self, event: AnyEvent) -> None:
        self.console.json(ended_json(event) if isinstance(event, Ended) else event)


class BarWatcher(Watcher):
    """A bar over the steps of the whole run, with the latest values, speed and time left, above it the epochs."""

    def __init__(self, console: Console, progress: "Progress") -> None:
        super().__init__(console)
        self._progress = progress
        self._task: TaskID | None = None

    def show(self, event: AnyEvent) -> None:
        match event:
            case Started():
                super().show(event)
                total = event.epochs * event.steps_per_epoch
                self._task = self._progress.add_task("starting", total=total, completed=event.step, values="", left="")
            case Stepped():
                epoch = min(int(event.epoch) + 1, self._epochs)
                speed = f"{event.samples_per_second:,.0f} samples/s" if event.samples_per_second else ""
                self._update(f"epoch {epoch}/{self._epochs}", event.step, f"{values_text(event.values)}  {speed}",
                             _duration(event.seconds_left))
            case Validated():
                self._update(f"epoch {event.epoch}/{self._epochs}", event.step, values_text(event.training))
                super().show(event)
            case _:
                super().show(event)

    def _update(self, text: str, step: int, values: str = "", left: str = "") -> None:
        if self._task is not None:
            self._progress.update(self._task, description=text, completed=step, values=values, left=left)


@contextmanager
def watching(console: Console, *, as_json: bool) -> Iterator[Watcher]:
    """The right watcher for what was asked and for who looks on."""
    if as_json:
        yield JsonWatcher(console)
    elif console.has_terminal:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn(),
                   TextColumn("{task.fields[values]}"), TextColumn("{task.fields[left]}"))
        with Progress(*columns, console=Terminal(stderr=True), expand=True) as progress:
            yield BarWatcher(console, progress)
    else:
        yield Watcher(console)


def ended_json(event: Ended) -> dict[str, Any]:
    """The last line of `train --json`; part of the stable interface. A failed run also says why."""
    line: dict[str, Any] = {"event": "ended", "reason": event.reason, "run": event.run}
    if event.reason == "failed":
        line |= {"message": event.message, "hint": event.hint}
    return line


def values_text(values: Mapping[str, float]) -> str:
    """ "loss 0.4170  accuracy 0.8493", without the learning rate; of several objectives the loss of each."""
    losses = {name: value for name, value in values.items() if name.endswith(" loss")}
    return "  ".join(f"{name} {value:.4g}" for name, value in (losses or values).items() if name != "learning_rate")


def _duration(seconds: float) -> str:
    if not 0 <= seconds < 1e8:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"
