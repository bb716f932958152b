"""Predicting new files, and making samples of noise: what a network says, in the words and units of the data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.decoding import settings_of
from engine.params import Value
from engine.preparation.answers import entries
from engine.preparation.parts import AnyArray
from engine.runs import Run
from engine.trained import load
from engine.usage import usage_of


def predict(run: Run, paths: Sequence[Path | str], checkpoint: str = "best",
            decoding: Mapping[str, Value] | None = None, *, with_attention: bool = False) -> dict[str, Any]:
    """Predict every sample in `paths` (pictures, recordings, texts, tables, arrays) with a checkpoint of `run`.

    decoding        how a network writes texts, see `engine.decoding.SETTINGS`
    with_attention  tell where it looked for each token, where an output of it is a map of that

    Returns plain values: {"predictions": [{"name", ...}]}, see `engine.preparation.answers.answers` for what else; for
    a text that was written also "log_probability", and {"attention": {"output", "rows", "columns", "weights"}}.
    With several outputs an entry is that of the first, and has all of them in "outputs" by name. Of texts that are
    longer than the network reads, "cut" tells {column: {"tokens", "read", "unit"}}.
    Raises RunError, DataError (also if the network reads more than files give), OptionError or WeightsError.
    """
    settings = settings_of(decoding or {})
    trained = load(run, checkpoint)
    usage = usage_of(trained.source, trained.preparation, run.project.graph)
    names, columns, cut = usage.new(paths, settings["seed"])
    return {"predictions": entries(names, usage.said(trained.outputs, columns, settings, with_attention), cut)}


def made(run: Run, count: int, seed: int = 0, checkpoint: str = "best") -> dict[str, AnyArray]:
    """So many samples that a network makes of noise: each of its outputs, (count, ...), in the unit of the data where
    that is known. Raises RunError, WeightsError, or DataError for a network that reads data."""
    trained = load(run, checkpoint)
    usage = usage_of(trained.source, trained.preparation, run.project.graph)
    return usage.made(trained.outputs, count, seed)
