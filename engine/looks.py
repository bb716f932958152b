"""What a network gets of single samples: prepared, and as training would change them. The worker looks, the window
takes the arrays from a file.

The answer of `look` is plain JSON:

    {"path": a file, "rows": [...], "versions": k,
     "columns": [{"name", "kind", "role", "shape", "classes", "key"}]}

The file, an .npz, holds "prepared-<key>" (n, *shape) and "augmented-<key>" (n, k, *shape) of each column. Pictures are
uint8 again, everything else is as the network reads it. Columns of tokens have the same in words, too: "texts":
{"prepared": [n], "augmented": [n][k]}.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from engine import folders
from engine.derived import LENGTHS
from engine.errors import DataError
from engine.events import AnyEvent, Progressed
from engine.jobs import Look

if TYPE_CHECKING:
    from engine.preparation import Part

Array = NDArray[Any]

PARTNERS = 8
"""Further training samples in the batch, for Mixup and CutMix to take from."""

SECONDS_KEPT = 86_400.0
"""Files that nobody took are deleted after so long."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One column of the samples that were looked at: (n, *shape) and (n, versions, *shape)."""

    prepared: Array
    augmented: Array


def taken(result: Mapping[str, Any]) -> dict[str, Looked]:
    """The arrays of a finished look, by column name. Its file is deleted. Raises DataError if it is gone."""
    path = Path(result["path"])
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {column["name"]: Looked(arrays[f"prepared-{column['key']}"], arrays[f"augmented-{column['key']}"])
                     for column in result["columns"]}
        path.unlink(missing_ok=True)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"What was prepared cannot be read: {error}", "Look again.") from error
    return found


def look(job: Look, emit: Callable[[AnyEvent], None]) -> dict[str, Any]:
    """Prepare and augment the rows of a job. Raises DataError."""
    import torch

    from engine.data import dataset
    from engine.training.augmentation import Augmenter

    data = dataset.load(job.data, Path(job.base) if job.base else None,
                        lambda share: emit(Progressed("Reading data", share)))
    if not job.rows or min(job.rows) < 0 or max(job.rows) >= len(data.names):
        raise DataError("There is no such row.", f"Rows are numbered from 0 to {len(data.names) - 1:,}.")
    partners = data.rows["train"][:PARTNERS]
    rows = np.concatenate([np.asarray(job.rows, np.int64), partners])
    parts = data.preparation.parts
    names = list(dict.fromkeys(name for part in parts for name in (part.name, part.name + LENGTHS)
                               if name in data.stored))
    batch = [torch.from_numpy(np.array(data.prepared(name, rows))) for name in names]
    augmenter = Augmenter(job.data.augmentation, data.preparation, names)
    versions = []
    for version in range(max(1, job.versions)):
        generator = torch.Generator().manual_seed(job.seed * 1_000_003 + version)
        versions.append(augmenter(batch, generator))
    count = len(job.rows)
    arrays: dict[str, Array] = {}
    columns = []
    for key, part in enumerate(parts):
        place = names.index(part.name)
        prepared = _shown(part, batch[place][:count].numpy())
        augmented = np.stack([_shown(part, version[place][:count].numpy()) for version in versions], axis=1)
        arrays |= {f"prepared-{key}": prepared, f"augmented-{key}": augmented}
        columns.append({"name": part.name, "kind": part.kind, "role": part.role, "shape": list(part.shape),
                        "classes": list(part.classes), "key": str(key), **_texts(part, prepared, augmented)})
    return {"path": str(_written(arrays)), "rows": list(job.rows), "versions": len(versions), "columns": columns}


def _shown(part: "Part", values: Array) -> Array:
    """Pictures as uint8 pixels; everything else as it is."""
    if part.kind != "image":
        return values
    from engine.preparation import restored

    pixels = np.rint(np.asarray(restored(part, values), np.float64) * (255.0 / part.state.get("white", 255.0)))
    shown: Array = np.clip(pixels, 0, 255).astype(np.uint8)
    return shown


def _texts(part: "Part", prepared: Array, augmented: Array) -> dict[str, Any]:
    if part.kind not in ("text", "tokens"):
        return {}
    from engine.preparation import readable

    words = {"prepared": readable(part, prepared), "augmented": [readable(part, versions) for versions in augmented]}
    return {"texts": words}


def _written(arrays: Mapping[str, Array]) -> Path:
    """A new file in the cache folder. What nobody took within a day is deleted there."""
    folder = folders.cache() / "looks"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.npz"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > SECONDS_KEPT:
                left.unlink()
    path = folder / f"{uuid4().hex}.npz"
    np.savez(path, allow_pickle=False, **arrays)
    return path
