"""An evaluation as the window shows it, and the pictures of the samples that it is about."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.data.files import ignore_progress
from engine.data.sources import open_data
from engine.errors import RunError
from engine.runs import Run
from gui.widgets.background import Progress


class Wrong(msgspec.Struct, frozen=True):
    """One sample that was taken for something else. `confidence` is 0 to 1, `row` its row in the data set."""

    row: int
    name: str
    truth: str
    predicted: str
    confidence: float


class Pairs(msgspec.Struct, frozen=True):
    """True and predicted numbers of a regression, equally many, in the unit of the data."""

    truth: list[float] = []
    predicted: list[float] = []


class WrittenText(msgspec.Struct, frozen=True):
    """What a network wrote of one sample, and what it should have; `read` is the text that it read, or the name of the
    file, or "".
    """

    row: int
    name: str
    read: str
    truth: str
    text: str
    is_exact: bool


class Written(msgspec.Struct, frozen=True):
    """How many of the first texts a network writes exactly as they should be; `exact` is 0 to 1."""

    samples: int
    exact: float
    output: str = ""
    target: str = ""
    texts: list[WrittenText] = []


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One output against its target; what does not apply to the kind of target is empty.

    confusion: counts by true class, then by predicted class. wrong: the most confident mistakes first, perhaps not all
    `wrong_count` of them.
    """

    output: str = ""
    target: str = ""
    classes: list[str] = []
    confusion: list[list[int]] = []
    wrong: list[Wrong] = []
    wrong_count: int = 0
    pairs: Pairs = Pairs()


class Evaluation(Compared, frozen=True, kw_only=True):
    """What testing a run on a split measured: of its first output, and of the others."""

    split: str
    samples: int
    loss: float
    metrics: dict[str, float]
    others: list[Compared] = []
    written: Written | None = None

    def outputs(self) -> dict[str, Compared]:
        """What there is to be shown of each output, by what people call it: its target's name."""
        found = [self, *self.others] if self.target else []
        written = self.written
        if written is not None and written.texts and written.output not in {one.output for one in found}:
            found.append(Compared(output=written.output, target=written.target))
        targets = [one.target for one in found]
        return {one.target if targets.count(one.target) == 1 else f"{one.target} ({one.output})": one for one in found}


def evaluation(result: dict[str, Any]) -> Evaluation:
    """The result of testing, checked. Raises RunError if it is not one."""
    try:
        return msgspec.convert(result, Evaluation)
    except msgspec.ValidationError as error:
        raise RunError(f"The result of the test is damaged: {error}.", "Test again.") from None


def pictures_of(run: Run, rows: Sequence[int], progress: Progress) -> dict[int, NDArray[np.generic]]:
    """The raw pictures of some rows of a run's data, by row; empty if its samples are none. Raises EngineError."""
    data = run.project.data
    column = next((c for c in data.columns if c.role == "input" and c.kind == "image"), None) if data else None
    if data is None or column is None or not rows:
        return {}
    opened = open_data(data, None, progress)
    loaded = opened.values[column.name].read(np.asarray(rows, np.int64), ignore_progress)
    return {row: loaded.values[place] for place, row in enumerate(rows) if row not in loaded.damaged}
