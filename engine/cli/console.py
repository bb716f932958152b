"""What commands print: data and JSON on stdout, messages and progress bars on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.events import AnyEvent


class Console:
    """Where a command writes. `is_quiet` drops progress and remarks, never warnings, errors or data."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self.is_quiet = is_quiet

    @property
    def has_terminal(self) -> bool:
        """Whether a person watches stderr, so that a bar that redraws itself is of use."""
        return not self.is_quiet and sys.stderr.isatty()

    def data(self, text: str) -> None:
        """Print a result."""
        print(text, flush=True)

    def json(self, value: Any) -> None:
        """Print a result as one line of JSON. NaN and infinity, which JSON lacks, become null."""
        import msgspec

        self.data(msgspec.json.encode(value).decode())

    def remark(self, text: str) -> None:
        """Say something that may be left unread."""
        if not self.is_quiet:
            self.message(text)

    def message(self, text: str) -> None:
        """Say something that must be read."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def progress(self) -> "Iterator[Callable[[AnyEvent], None]]":
        """A receiver of the events of a job: a bar on a terminal; notes as lines. The bar is gone afterwards."""
        from engine.events import Noted, Progressed

        if not self.has_terminal:
            yield lambda event: self.noted(event) if isinstance(event, Noted) else None
            return
        from rich.console import Console as Terminal
        from rich.progress import Progress

        with Progress(console=Terminal(stderr=True), transient=True) as bar:
            task = bar.add_task("Starting", total=1.0)

            def receive(event: "AnyEvent") -> None:
                if isinstance(event, Progressed):
                    bar.update(task, description=event.task, completed=event.fraction)
                elif isinstance(event, Noted):
                    self.noted(event)

            yield receive

    def noted(self, event: Any) -> None:
        """Say a `Noted` event; information is a remark."""
        if event.level == "warning":
            self.message(f"Warning: {event.message}")
        else:
            self.remark(event.message)


def table(rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """Rows as aligned columns of plain text; the columns numbered in `right` are set to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
