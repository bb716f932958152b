"""What the worker can be asked to do: plain values, JSON on the wire. Ground floor: no torch."""

from typing import Any

import msgspec

from engine.project import Data


class Job(msgspec.Struct, frozen=True, tag_field="job", tag=str.lower):
    """Base of all jobs. Every job ends with exactly one `events.Ended`."""

    @property
    def of_run(self) -> str:
        """The folder of the run that it is about; "" for none."""
        return str(getattr(self, "run", ""))


class Train(Job, frozen=True):
    """Train the run in this folder from where it stands (a fresh folder: from the start)."""

    run: str


class Evaluate(Job, frozen=True):
    """Test a checkpoint on a split; `Finished.result` is the evaluation, which is also written to the run folder."""

    run: str
    split: str = "test"
    checkpoint: str = "best"


class Predict(Job, frozen=True):
    """Predict files with a checkpoint; `Finished.result` holds one entry a sample. `decoding`: how texts are written,
    see engine.decoding; `with_attention`: tell where the network looked while it wrote."""

    run: str
    paths: tuple[str, ...]
    checkpoint: str = "best"
    decoding: dict[str, Any] = {}
    with_attention: bool = False


class Make(Job, frozen=True):
    """Make samples of noise; `Finished.result` has those of the first output: {"samples": nested lists}."""

    run: str
    count: int
    seed: int = 0
    checkpoint: str = "best"


class Step(Job, frozen=True):
    """Tell every time step of a Loop on one sample: a row of the data, or of new files; see engine.stepping."""

    run: str
    loop: str = ""
    row: int | None = None
    paths: tuple[str, ...] = ()
    call: int = 0
    checkpoint: str = "best"


class Export(Job, frozen=True):
    """Write a checkpoint in a format and verify it; `Finished.result` has the path and the largest difference.
    `decoding`: how its texts are written where nothing else is chosen; {} for a network that writes none."""

    run: str
    format: str
    path: str
    checkpoint: str = "best"
    decoding: dict[str, Any] = {}


class Suspect(Job, frozen=True):
    """Rank a run's samples by their loss; `Finished.result` lists the highest, see engine.suspicion."""

    run: str
    checkpoint: str = "best"


class Look(Job, frozen=True):
    """Prepare some rows of a data set as a training would, with random `versions` of each as augmented;
    `Finished.result` says where the arrays are, see engine.looks. `base`: the folder of the project file, "" if it was
    never saved."""

    data: Data
    rows: tuple[int, ...]
    base: str = ""
    versions: int = 4
    seed: int = 0


class Match(Job, frozen=True):
    """Compare the weights that a graph or node, or with no address the whole, starts from with those that it has,
    before a training.
    `Finished.result`: {"matched", "total", "misfits": lines for people}. `project`: the text of a project file, with
    absolute paths."""

    project: str
    address: str


class Script(Job, frozen=True):
    """Write a training as a script, see engine.training.script; `Finished.result` has the path, and as "notes" what it
    leaves out. `project`: the text of a project file, with absolute paths."""

    project: str
    path: str


AnyJob = Train | Evaluate | Predict | Make | Step | Export | Suspect | Look | Match | Script
