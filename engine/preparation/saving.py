"""Predictions as files: JSON, lines of text, arrays, or pictures."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError
from .answers import Entry, summary
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
    """JSON with everything, or a line a sample: its name, what the network says, and how sure it is."""
    if as_json:
        return json.dumps({"predictions": list(entries)}, ensure_ascii=False)
    return "\n".join("\t".join(filter(None, (entry["name"], *summary(entry)))) for entry in entries)


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
