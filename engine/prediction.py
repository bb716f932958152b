"""Predicting new files: what the network says about each sample, in the words and units of the data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DataError
from engine.kinds import LENGTHS
from engine.preparation import prepared, read_new
from engine.preparation.answers import answers, entries
from engine.runs import Run
from engine.trained import load

BATCH = 256


def predict(run: Run, paths: Sequence[Path | str], checkpoint: str = "best") -> dict[str, Any]:
    """Predict every sample in `paths` (pictures, recordings, texts, tables, arrays) with a checkpoint of `run`.

    Returns plain values: {"predictions": [{"name", ...}]}, see `engine.preparation.answers.answers` for what else.
    With several outputs an entry is that of the first, and has all of them in "outputs" by name.
    Raises RunError, DataError (also if the network reads more than files give) or WeightsError.
    """
    trained = load(run, checkpoint)
    source, parts = trained.source, trained.preparation
    known = {part.name: part for part in parts.parts}
    if lacking := next((name for name in source.inputs if name in known and known[name].role == "target"), ""):
        raise DataError(f"The network also reads the column {lacking!r}, which is what it should predict: new files do "
                        "not have it.", "Take it out of the network and train again.")
    raw, names = read_new(parts, paths, [name.removesuffix(LENGTHS) for name in source.inputs])
    columns = prepared(parts, raw)
    batches = [trained.outputs({name: columns[name][start : start + BATCH] for name in source.inputs})
               for start in range(0, len(names), BATCH)]
    outputs = [np.concatenate(rows) for rows in zip(*batches, strict=True)]
    meanings = [(name, answers(known.get(source.target_of.get(name, "")), values))
                for name, values in zip(source.outputs, outputs, strict=True)]
    return {"predictions": entries(names, meanings)}
