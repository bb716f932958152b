"""The proof of an export: a fresh process without Neuroloom loads it, and must compute what the program computes."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import processes
from engine.decoding import settings_of
from engine.errors import ExportError
from engine.export.formats import ExportSpec
from engine.export.model import Model
from engine.export.source import RUNTIME, copy_runtime
from engine.preparation import Part
from engine.preparation.saving import npz
from engine.project import RESOURCES

SCRIPT = RESOURCES / "export" / "verify.py"
ABSOLUTE, RELATIVE = 1e-5, 1e-4
"""An output may differ by ABSOLUTE + RELATIVE * |expected|: float32 sums in another order do."""

METHODS = ("greedy", "beam")
"""Texts are written with each of these, and as was chosen for the export."""

TEXTS = 8
"""So many texts are compared of each, see verify.py."""

SECONDS = 300
"""Longest time that an export may take to load and run on the samples."""


def verify(spec: ExportSpec, model: Model, path: Path) -> float:
    """The largest difference of any output number. Raises ExportError if the export does not load or differs."""
    with tempfile.TemporaryDirectory(prefix="neuroloom-verify-") as name:
        folder = Path(name).resolve()
        empty = folder / "empty"
        empty.mkdir()
        (folder / "prepared.npz").write_bytes(npz(model.samples))
        (folder / "raw.npz").write_bytes(npz(_raw_arrays(model)))
        (folder / "runtime").mkdir()
        copy_runtime(folder / "runtime" / RUNTIME)
        (folder / "model.py").write_text(model.source.text, encoding="utf-8")
        decodings = _decodings(model)
        request = {
            "format": spec.type, "path": str(path), "parts": model.parts(), "inputs": model.source.inputs,
            "names": model.source.outputs, "module": str(folder / "model.py"), "raw": str(folder / "raw.npz"),
            "prepared": str(folder / "prepared.npz"), "outputs": str(folder / "outputs.npz"),
            "decodings": decodings, "usage": model.usage.to_json(),
            "runtime": str(folder / "runtime"), "texts": str(folder / "texts.json"),
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        _run(spec, folder / "request.json", empty)
        with np.load(folder / "outputs.npz") as outputs:
            found = {key: outputs[key] for key in outputs.files}
        if decodings:
            _compare_texts(spec, model, decodings, json.loads((folder / "texts.json").read_text(encoding="utf-8")))
    return max(
        _difference(spec, name, expected[: len(found[key])], found[key])
        for index, (name, expected) in enumerate(zip(model.source.outputs, model.expected, strict=True))
        for key in (f"all_{index}", f"single_{index}")
    )


def _decodings(model: Model) -> list[dict[str, Any]]:
    """The settings with which texts are compared; [] for a network that writes none."""
    if not model.decoding():
        return []
    ordinary = [settings_of({"decode": method}) for method in METHODS]
    return ordinary + [model.settings] * (model.settings not in ordinary)


def _compare_texts(spec: ExportSpec, model: Model, decodings: Sequence[dict[str, Any]],
                   found: Sequence[dict[str, list[list[int]]]]) -> None:
    """The tokens that were written with each of the settings must be those that the network writes here."""
    for settings, texts in zip(decodings, found, strict=True):
        for output, written in model.written(settings, TEXTS).items():
            if [list(text.tokens) for text in written] != texts[output]:
                raise ExportError(f"The exported {spec.label} does not write what the network writes: output "
                                  f"{output!r}, decoded with {settings['decode']}. It was not kept.")


def _raw_arrays(model: Model) -> dict[str, NDArray[Any]]:
    """The raw samples as users would save them: classes by name, recordings and tokens filled up to one length."""
    leaves = {leaf.name: leaf for part in model.preparation.parts for leaf in (part, *part.leaves)}
    return {name: _as_array(leaves[name], values) for name, values in model.raw.items()}


def _as_array(leaf: Part, values: Any) -> NDArray[Any]:
    if leaf.kind == "category":
        return np.array([leaf.classes[number] if 0 <= number < len(leaf.classes) else "" for number in values], np.str_)
    if leaf.kind == "text":
        return np.array(values, np.str_)
    if leaf.kind not in ("audio", "tokens"):
        return np.asarray(values)
    filler, dtype = (np.nan, np.float32) if leaf.kind == "audio" else (-1, np.int64)
    filled = np.full((len(values), max(map(len, values))), filler, dtype)
    for row, sequence in enumerate(values):
        filled[row, : len(sequence)] = sequence
    return filled


def _run(spec: ExportSpec, request: Path, folder: Path) -> None:
    """Load and run the export in a process that starts in an empty folder."""
    try:
        done = processes.run_script(SCRIPT, [str(request)], folder, SECONDS)
    except subprocess.TimeoutExpired:
        raise ExportError(f"The exported {spec.label} did not finish in {SECONDS} seconds in a fresh process. "
                          "It was not kept.", "Try again when the machine is less busy.") from None
    if done.returncode:
        raise ExportError(f"The exported {spec.label} does not run in a fresh process: {_last_line(done.stderr)} "
                          "It was not kept.")


def _difference(spec: ExportSpec, name: str, expected: NDArray[Any], found: NDArray[Any]) -> float:
    if expected.shape != found.shape:
        raise ExportError(f"The exported {spec.label} gives output {name!r} the shape {found.shape} instead of "
                          f"{expected.shape}. It was not kept.")
    difference = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    if not np.all(difference <= ABSOLUTE + RELATIVE * np.abs(expected)):  # also refuses NaN
        raise ExportError(f"The exported {spec.label} does not compute what the network computes: output {name!r} "
                          f"differs by up to {difference.max():.3g}. It was not kept.")
    return float(difference.max(initial=0.0))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a message."
