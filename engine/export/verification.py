"""The proof of an export: a fresh process without Neuroloom loads it, and must compute what the program computes."""

import json
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import processes
from engine.errors import ExportError
from engine.export.formats import ExportSpec
from engine.export.model import Model
from engine.preparation import Part
from engine.project import RESOURCES

SCRIPT = RESOURCES / "export" / "verify.py"
ABSOLUTE, RELATIVE = 1e-5, 1e-4
"""An output may differ by ABSOLUTE + RELATIVE * |expected|: float32 sums in another order do."""

SECONDS = 300
"""Longest time that an export may take to load and run on the samples."""


def verify(spec: ExportSpec, model: Model, path: Path) -> float:
    """The largest difference of any output number. Raises ExportError if the export does not load or differs."""
    with tempfile.TemporaryDirectory(prefix="neuroloom-verify-") as name:
        folder = Path(name).resolve()
        empty = folder / "empty"
        empty.mkdir()
        _save(folder / "prepared.npz", model.samples)
        _save(folder / "raw.npz", _raw_arrays(model))
        (folder / "model.py").write_text(model.source.text, encoding="utf-8")
        request = {
            "format": spec.type, "path": str(path), "network": model.source.network, "inputs": model.source.inputs,
            "names": model.source.outputs, "module": str(folder / "model.py"), "raw": str(folder / "raw.npz"),
            "prepared": str(folder / "prepared.npz"), "outputs": str(folder / "outputs.npz"),
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        _run(spec, folder / "request.json", empty)
        with np.load(folder / "outputs.npz") as outputs:
            found = {key: outputs[key] for key in outputs.files}
    return max(
        _difference(spec, name, expected[: len(found[key])], found[key])
        for index, (name, expected) in enumerate(zip(model.source.outputs, model.expected, strict=True))
        for key in (f"all_{index}", f"single_{index}")
    )


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


def _save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """An NPZ file. `np.savez` takes the names as keywords, and a column may be called anything, "file" too."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


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
