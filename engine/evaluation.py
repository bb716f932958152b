"""Testing: loss, metrics, confusion matrix and the most confident mistakes of a trained network on one split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from engine.comparison import EMPTY, Comparison, comparison
from engine.data.dataset import Dataset
from engine.data.disk.media import Pictures, Sounds
from engine.data.files import ignore_progress
from engine.data.sources import open_data
from engine.decoding import settings_of
from engine.derived import LENGTHS
from engine.errors import DataError, RunError, TrainingError
from engine.events import AnyEvent, Progressed
from engine.preparation.answers import TOKENS
from engine.preparation.texts import readable, real
from engine.preparation.usage import Usage, entries_of
from engine.runs import Run
from engine.trained import Array, Trained, load, load_data
from engine.training import devices
from engine.training.measures import Measures
from engine.usage import usage_of

BATCH = 512
WRITTEN = 128
"""Of so many samples texts are written: one at a time is slow."""

SEED = 0
"""Networks that draw random numbers are measured with the same ones each time."""


@dataclass
class _Sums:
    """Of one objective: its loss times the samples, and each metric's sums."""

    loss: float = 0.0
    metrics: list[torch.Tensor] = field(default_factory=list)

    def add(self, loss: torch.Tensor, sums: Sequence[torch.Tensor], samples: int) -> None:
        self.loss += loss.item() * samples
        parts = [part.cpu().double() for part in sums]
        before = self.metrics or [torch.zeros_like(part) for part in parts]
        self.metrics = [total + part for total, part in zip(before, parts, strict=True)]


@dataclass(frozen=True)
class _Measured:
    """Over one split: the mean loss, the sums by objective, and truth against prediction by output."""

    loss: float
    sums: dict[str, _Sums]
    compared: dict[str, Comparison]


def evaluate(run: Run, split: str = "test", checkpoint: str = "best",
             emit: Callable[[AnyEvent], None] | None = None) -> dict[str, Any]:
    """Measure a checkpoint on "train", "validation" or "test"; the result is written into the run folder, too.

    Returns plain values: {"split", "checkpoint", "samples", "loss", "metrics": {name: value in the target's unit},
    "target": column, "classes": [names], "confusion": [[count by predicted class] by true class],
    "wrong": [{"row", "name", "truth", "predicted", "confidence"}], "wrong_count",
    "pairs": {"truth": [...], "predicted": [...]}}. What does not apply to the kind of target is empty. Where a sample
    has a class or token at every place, {"places": {"right", "count"}} tells how many are right. All this is about one
    "output"; with several it is the first that can be compared, classes before numbers, and "others" lists the same of
    the rest. For a network that writes texts {"written": {"samples", "exact", "output", "target", "texts"}} tells which
    share of some samples it writes exactly, greedily and on its own, and what it writes: [{"row", "name", "read": the
    text that it read, or the name of the file, or "", "truth", "text", "is_exact"}], those with mistakes first.

    Raises RunError, DataError, WeightsError, or TrainingError if the network has no loss.
    """
    emit = emit or (lambda event: None)
    wanted = run.project.options["device"]
    trained = load(run, checkpoint, devices.resolved("cpu" if wanted == "cpu" else "auto"))
    data = load_data(run, trained, emit)
    if split not in data.rows:
        raise RunError(f"There is no split {split!r}.", f"Splits: {', '.join(data.rows)}.")
    rows = data.rows[split]
    if not len(rows):
        raise DataError(f"The {split} split has no samples.", "Hold back a share of the data for it, and train again.")
    measured = _measure(trained, data, rows, emit)
    compared = [{"output": name, **found.result(data.names)} for name, found in measured.compared.items()]
    compared.sort(key=lambda found: "pairs" in found)
    result: dict[str, Any] = {
        "split": split, "checkpoint": checkpoint, "samples": len(rows), "loss": measured.loss,
        "metrics": _metrics(trained, measured, len(rows)), **EMPTY, **(compared[0] if compared else {}),
    }
    if len(compared) > 1:
        result["others"] = [{**EMPTY, **found} for found in compared[1:]]
    usage = usage_of(trained.source, trained.preparation, run.project.graph)
    if usage.writes:
        result["written"] = _written(run, trained, usage, data, rows[:WRITTEN])
    run.write_evaluation(split, result)
    return result


def _written(run: Run, trained: Trained, usage: Usage, data: Dataset, rows: Array) -> dict[str, Any]:
    """What the network writes when it reads nothing but what it wrote before."""
    columns = {name: data.prepared(name, rows) for column in usage.inputs for name in (column, column + LENGTHS)
               if name in data.stored}
    [(output, written), *_] = usage.written(trained.outputs, columns, settings_of({})).items()
    target = usage.target_of[output]
    part, truths = trained.preparation.part(target), data.prepared(target, rows)
    are_exact = [real(part, text.tokens) == real(part, truth)
                 for text, truth in zip(written, truths.tolist(), strict=True)]
    found = zip(rows.tolist(), _read(run, usage, data, rows), readable(part, truths), entries_of(part, written),
                are_exact, strict=True)
    texts = [{"row": row, "name": data.names[row], "read": read, "truth": truth, "text": entry["text"],
              "is_exact": is_exact} for row, read, truth, entry, is_exact in found]
    return {"samples": len(rows), "exact": sum(are_exact) / len(rows), "output": output, "target": target,
            "texts": sorted(texts, key=lambda text: text["is_exact"])}


def _read(run: Run, usage: Usage, data: Dataset, rows: Array) -> list[str]:
    """What the network reads of each sample, as far as it can be told in a line: its text, or else the name of its
    picture or sound file."""
    parts = usage.preparation.origins(usage.read)
    told = [readable(part, data.prepared(part.name, rows)) for part in parts if part.kind in TOKENS]
    if not told:
        assert run.project.data is not None, "its data was loaded"
        opened = open_data(run.project.data, None, ignore_progress)
        found = [opened.values[leaf.name] for part in parts for leaf in part.leaves]
        told = [[file.name if file is not None else "" for file in (values.files[row] for row in rows.tolist())]
                for values in found if isinstance(values, Pictures | Sounds)]
    return [" · ".join(read) for read in zip(*told, strict=True)] if told else [""] * len(rows)


def _measure(trained: Trained, data: Dataset, rows: Array, emit: Callable[[AnyEvent], None]) -> _Measured:
    """One pass over the rows. The objectives compute losses and sums; a hook gets what the used network puts out in
    the one that compares it."""
    if not trained.source.objectives:
        raise TrainingError("The network has no loss, so there is nothing to measure.", "Wire an output into a loss.")
    judging = trained.source.objective
    measured = {graph: _Sums() for graph in trained.source.objectives}
    compared: dict[str, Comparison] = {}
    torch.manual_seed(SEED)
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            columns = {name: data.prepared(name, batch) for name in trained.source.columns}
            tensors = {name: torch.from_numpy(values).to(trained.device) for name, values in columns.items()}
            for graph, objective in trained.source.objectives.items():
                (loss, sums), outputs = trained.judged(objective, [tensors[name] for name in objective.columns],
                                                       len(batch))
                measured[graph].add(loss, sums, len(batch))
                if objective is judging and objective.compares:
                    _compare(trained, compared, batch, columns, outputs, count=len(rows))
            emit(Progressed("Testing", (start + len(batch)) / len(rows)))
    return _Measured(sum(sums.loss for sums in measured.values()) / len(rows), measured, compared)


def _compare(trained: Trained, compared: dict[str, Comparison], rows: Array, columns: dict[str, Array],
             outputs: tuple[torch.Tensor, ...], *, count: int) -> None:
    """Add a batch to the comparison of every output that a target belongs to; the first batch decides how."""
    for name, output in zip(trained.source.outputs, outputs, strict=True):
        target = trained.source.target_of.get(name, "")
        if target not in columns or trained.source.loss_of.get(name) == "CTC":  # places of which are not its target's
            continue
        values = output.cpu().numpy()
        if name not in compared and (found := comparison(trained.preparation.part(target), values, count)):
            compared[name] = found
        if name in compared:
            compared[name].add(rows, columns[target], values)


def _metrics(trained: Trained, measured: _Measured, samples: int) -> dict[str, float]:
    """Values by metric name; of several objectives each with its name in front, their losses too."""
    values = {}
    is_contest = len(measured.sums) > 1
    for graph, sums in measured.sums.items():
        metrics = trained.source.objectives[graph].metrics
        measures = Measures(metrics, [part.numel() for part in sums.metrics], trained.preparation)
        found = measures.values([sums.loss, *(value for part in sums.metrics for value in part.tolist())], samples)
        values.update({f"{graph} {name}": value for name, value in found.items()} if is_contest else
                      {name: value for name, value in found.items() if name != "loss"})
    return values
