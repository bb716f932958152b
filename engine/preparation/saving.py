"""Predictions as files: JSON, lines of text, arrays, or pictures; samples that were made of noise as well."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from .answers import Entry, line
from .parts import AnyArray
from .pictures import encoded_mask, encoded_picture


def contents(entries: Sequence[Entry], path: Path, as_json: bool) -> dict[Path, bytes]:
    """What to write where, told by the ending of `path`: .npy an array of all samples, .png a picture of each (numbered
    if there are several), .json or `as_json` everything, else a line a sample. Raises DataError for pictures of what is
    none."""
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return {path: _array(entries)}
    if suffix == ".png":
        places = [path] if len(entries) == 1 else [path.with_name(f"{path.stem}-{number + 1}{path.suffix}")
                                                   for number in range(len(entries))]
        return {place: _picture(entry) for place, entry in zip(places, entries, strict=True)}
    return {path: f"{text(entries, as_json or suffix == '.json')}\n".encode()}


def text(entries: Sequence[Entry], as_json: bool) -> str:
    """JSON with everything, or a line a sample."""
    if as_json:
        return json.dumps({"predictions": list(entries)}, ensure_ascii=False)
    return "\n".join("\t".join(filter(None, line(entry))) for entry in entries)


def sample_contents(outputs: Mapping[str, AnyArray], path: Path) -> dict[Path, bytes]:
    """What to write where of samples (n, ...) by output, told by the ending of `path`: .npz all outputs, .npy the only
    or first one, .png its pictures side by side. Raises DataError for another ending, and for pictures of what is none.
    """
    first = next(iter(outputs.values()))
    written, suffix = io.BytesIO(), path.suffix.lower()
    if suffix == ".png":
        return {path: encoded_picture(_side_by_side(first))}
    if suffix == ".npy":
        np.save(written, first, allow_pickle=False)
    elif suffix == ".npz":
        return {path: npz(outputs)}
    else:
        raise DataError(f"Samples are not written as {suffix or 'a file without an ending'}.",
                        "Write a .npy, .npz or .png file.")
    return {path: written.getvalue()}


def npz(arrays: Mapping[str, AnyArray]) -> bytes:
    """An NPZ file. `np.savez` takes the names as keywords, and a column may be called anything, "file" too."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return written.getvalue()


def described(outputs: Mapping[str, AnyArray]) -> dict[str, Any]:
    """{output: {"shape", "mean", "minimum", "maximum"}} of samples."""
    return {name: {"shape": list(values.shape), "mean": float(values.mean()), "minimum": float(values.min()),
                   "maximum": float(values.max())} for name, values in outputs.items()}


def _side_by_side(values: AnyArray) -> AnyArray:
    """Pictures (n, channels, height, width) as one, as wide as it is high; what are no bytes from black to white."""
    if values.ndim != 4 or values.shape[1] not in (1, 3):
        raise DataError(f"The network makes no pictures but {values.shape[1:]} numbers a sample.",
                        "Write a .npy or .npz file.")
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = np.rint((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    count, channels, height, width = values.shape
    columns = ceil(sqrt(count))
    rows = ceil(count / columns)
    grid = np.zeros((rows * columns, channels, height, width), np.uint8)
    grid[:count] = values
    tiles = grid.reshape(rows, columns, channels, height, width).transpose(2, 0, 3, 1, 4)
    return tiles.reshape(channels, rows * height, columns * width)


def _array(entries: Sequence[Entry]) -> bytes:
    key = next(key for key in ("mask", "label", "text", "value") if key in entries[0])
    written = io.BytesIO()
    np.save(written, np.array([entry[key] for entry in entries]), allow_pickle=False)
    return written.getvalue()


def _picture(entry: Entry) -> bytes:
    if "mask" in entry:
        return encoded_mask(np.array(entry["mask"], np.int64), len(entry["shares"]))
    values = np.array(entry.get("value", 0))
    if values.ndim != 3 or values.shape[0] not in (1, 3):
        raise DataError("The network puts out no pictures.", "Write a .json, .txt or .npy file.")
    return encoded_picture(np.clip(np.rint(values), 0, 255).astype(np.uint8))
