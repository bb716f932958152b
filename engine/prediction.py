"""Predicting new files: what the network says about each sample, in the words and units of the data."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DataError
from engine.runs import Run
from engine.trained import Array, Trained, load, probabilities

BATCH = 256


def predict(run: Run, paths: Sequence[Path | str], checkpoint: str = "best") -> dict[str, Any]:
    """Predict every sample in `paths` (pictures, tables, arrays) with a checkpoint of `run`.

    Returns plain values: {"predictions": [{"name", "label", "probabilities": {class: share}} or {"name", "value"}]}.
    With several outputs an entry is that of the first, and has all of them in "outputs" by name.
    Raises RunError, DataError (also if the network reads more than files give) or WeightsError.
    """
    trained = load(run, checkpoint)
    columns, names = trained.preparation.read(paths)
    if lacking := next((name for name in trained.source.inputs if name not in columns), ""):
        raise DataError(f"The network also reads the column {lacking!r}, which is what it should predict: new files do "
                        "not have it.", "Take it out of the network and train again.")
    batches = [
        trained.outputs({name: columns[name][start : start + BATCH] for name in trained.source.inputs})
        for start in range(0, len(names), BATCH)
    ]
    outputs = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    meanings = {name: list(_meaning(trained, name, values))
                for name, values in zip(trained.source.outputs, outputs, strict=True)}
    entries = []
    for row, name in enumerate(names):
        said = {output: column[row] for output, column in meanings.items()}
        entry = {"name": name, **next(iter(said.values()))}
        entries.append({**entry, "outputs": said} if len(said) > 1 else entry)
    return {"predictions": entries}


def _meaning(trained: Trained, output: str, values: Array) -> Iterator[dict[str, Any]]:
    """What each sample's output (n, ...) says: a class with its probabilities, or numbers in the target's unit."""
    target = trained.source.target_of.get(output, "")
    column = trained.preparation.part(target).column if target else None
    shares = probabilities(values, len(column.classes)) if column and column.classes else None
    if column and shares is not None and shares.ndim == 2:
        for row in shares:
            yield {"label": column.classes[row.argmax()],
                   "probabilities": dict(zip(column.classes, row.tolist(), strict=True))}
        return
    if column and column.kind != "category":
        values = trained.preparation.restored(target, values.reshape(len(values), *column.shape))
    for row in values:
        yield {"value": row.item() if row.size == 1 else row.tolist()}
