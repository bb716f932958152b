"""A project's data set, prepared: what training, testing and the exports' checks read. In memory, or in the cache."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.data import cache
from engine.data.browse import shown_date
from engine.data.cache import Entry
from engine.data.disk.trees import Tree, open_tree
from engine.data.encoding import IN_MEMORY, Encoded, RawRows, StoredRows, about, encoded, of_entry, step_of
from engine.data.files import AnyArray, Progress, Rows, ignore_progress, portion
from engine.data.fitting import part_of
from engine.data.opened import Opened
from engine.data.sources import CHANGED, OTHER_ROWS, changes, open_data
from engine.data.splits import class_findings, rows_of, without
from engine.errors import DataError, StorageError
from engine.kinds import KINDS
from engine.preparation import Part, Preparation, finish, fitted, scaled
from engine.preparation.parts import is_usable
from engine.project import Column, Data

SHOWN_DAMAGE = 10
SLOW_SECONDS = 0.5
"""What took longer to prepare is kept in the cache."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """All n samples, prepared but for what `finish` does.

    columns      inputs and targets
    stored       by column name: (n, ...) as `preparation.encode` leaves it, in memory or mapped from the cache and not
                 to be written to; also what is derived from the columns, see engine.derived
    rows         by split ("train", "validation", "test"): row numbers into the arrays, sorted and disjoint. Rows that
                 could not be read, or that have no target, are in no split.
    preparation  how raw values became these; fitted on the training rows
    findings     what the user should know, one sentence each
    names        what to call each row: a file's name, or its number
    fingerprint  changes when the files change
    weights      how much each sample counts, float64 (n,), from the column of that role; None: all alike
    """

    columns: tuple[Column, ...]
    stored: Mapping[str, AnyArray]
    rows: Mapping[str, Rows]
    preparation: Preparation
    findings: tuple[str, ...]
    names: Sequence[str]
    fingerprint: str
    weights: NDArray[np.float64] | None = None

    def prepared(self, name: str, rows: Rows | None = None) -> AnyArray:
        """What a network reads of these rows, or of all: float32 (m, *shape), or int64 for classes, tokens, lengths."""
        values = self.stored[name]
        stored = np.asarray(values if rows is None else values[rows])
        if rows is not None:  # they were copied
            cache.release(values)
        part = self.preparation.finishing(name)
        return finish(part, stored) if part else stored.astype(np.int64, copy=False)


def load(data: Data, base: Path | None, progress: Progress | None = None, cached: bool | None = None,
         *, preparation: Preparation | None = None, in_memory: int = IN_MEMORY) -> Dataset:
    """Read, split and prepare a project's data; `base` is the folder of the project file (None: not saved yet).

    progress     is told the finished share and may raise to cancel
    cached       False: neither read nor write the cache; True: keep even what is quick to prepare
    preparation  prepare with this one instead of fitting one
    in_memory    columns of more bytes are written into the cache while they are prepared, and mapped from there

    Raises DataError.
    """
    progress = progress or ignore_progress
    tree = open_tree(data.located(base), progress)
    key = cache.key_of("data set", str(tree.root), tree.fingerprint(), _plain(data),
                       preparation and preparation.to_json())
    if cached is not False and (entry := cache.find(key)) and (known := _reopened(entry, tree)):
        progress(1.0)
        return replace(known, findings=(*changes(data, known.fingerprint), *known.findings))
    started = monotonic()
    opened = open_data(data, base, portion(progress, 0.0, 0.1), tree)
    loading = _Loading(data, opened, tree.root, None if cached is False else in_memory, portion(progress, 0.1, 0.95))
    made = loading.dataset(preparation)
    if cached or (cached is None and monotonic() - started > SLOW_SECONDS):
        beside = [file.name for file in opened.files if file and file.path != tree.root] if tree.kind == "file" else []
        _keep(key, made, loading.encoded, beside)
    progress(1.0)
    return made


def _plain(data: Data) -> Any:
    """What of the user's choices decides the prepared values, as plain values."""
    chosen = msgspec.structs.replace(data, path="", augmentation=(), fingerprint="")
    return msgspec.to_builtins(chosen)


@dataclass(slots=True)
class _Loading:
    """One preparation under way."""

    data: Data
    opened: Opened
    place: Path
    in_memory: int | None
    progress: Progress
    encoded: dict[str, Encoded] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def dataset(self, preparation: Preparation | None) -> Dataset:
        opened, data = self.opened, self.data
        self.findings += opened.findings
        columns = tuple(column for column in opened.columns if column.role in ("input", "target"))
        if preparation:  # one of an earlier version lacks derived columns that are new
            known = {part.name for part in preparation.parts}
            columns = tuple(column for column in columns if column.name in known or not column.is_derived)
        rows = rows_of(opened, data.split, without(opened.rows, np.array(data.excluded, np.int64)))
        parts = [preparation.part(column.name) if preparation else
                 fitted(part_of(column, data.normalize), self._training(column, rows["train"])) for column in columns]
        for index, part in enumerate(parts):
            if not part.is_derived:
                self._encode(part, portion(self.progress, index / len(parts), (index + 1) / len(parts)))
        rows = self._without_damaged(rows)
        if not preparation:
            parts = [part if part.is_derived else scaled(part, self._stored(part, rows["train"]))
                     for part in parts]
        self._find_gaps(parts)
        self._find_classes(columns, rows)
        return Dataset(columns, _by_name(self.encoded), rows, Preparation(tuple(parts)), tuple(self.findings),
                       opened.names, opened.fingerprint, self._weights())

    def _training(self, column: Column, rows: Rows) -> dict[str, RawRows]:
        return {leaf.name: RawRows(self.opened, leaf.name, rows, step_of(leaf.shape), lambda: self.progress(0.0))
                for leaf in column.leaves}

    def _stored(self, part: Part, rows: Rows) -> StoredRows:
        return StoredRows(self.encoded[part.name].stored.values, rows, lambda: self.progress(1.0))

    def _encode(self, part: Part, progress: Progress) -> None:
        key = cache.key_of("column", str(self.place), self.opened.fingerprint, self.data.source, self.data.options,
                           part.to_json())
        self.encoded[part.name], finding = encoded(part, self.opened, key, progress, self.in_memory)
        self.findings += [finding] if finding else []

    def _without_damaged(self, rows: Mapping[str, Rows]) -> dict[str, Rows]:
        """The splits without what could not be read, and findings about it. Raises DataError."""
        used = np.concatenate(list(rows.values()))
        bad = np.array(sorted({row for column in self.encoded.values() for row in column.damaged}), np.int64)
        bad = bad[np.isin(bad, used)]
        damaged = {row: column.damaged[row] for row in bad.tolist() for column in self.encoded.values()
                   if row in column.damaged}
        if not damaged:
            return dict(rows)
        first = min(damaged)
        names = self.opened.names
        if len(damaged) == len(used):
            raise DataError(f"None of the {len(damaged):,} files can be read. {names[first]}: {damaged[first]}",
                            "Check that the files are whole.")
        files = "1 file" if len(damaged) == 1 else f"{len(damaged):,} files"
        listed = [f"{names[row]}: {problem}" for row, problem in sorted(damaged.items())[:SHOWN_DAMAGE]]
        if not self.data.skips_damaged:
            raise DataError(f"{files} could not be read. {' '.join(listed)}",
                            "Repair or remove them, or agree in the Data panel to go on without them.")
        more = [f"... and {len(damaged) - SHOWN_DAMAGE:,} more."] if len(damaged) > SHOWN_DAMAGE else []
        were = "was" if len(damaged) == 1 else "were"
        self.findings += [f"{files} could not be read and {were} left out.", *listed, *more]
        left = {split: without(part, bad) for split, part in rows.items()}
        if lost := next((split for split, part in rows.items() if len(part) and not len(left[split])), ""):
            raise DataError(f"None of the files of the {lost} split can be read. {names[first]}: {damaged[first]}",
                            "Check that the files are whole.")
        return left

    def _find_gaps(self, parts: Sequence[Part]) -> None:
        leaves = {leaf.name: leaf for part in parts for leaf in part.leaves}
        for column in self.encoded.values():
            for name, counts in column.gaps.items():
                fill = leaves[name].state.get("fill", ())
                show = shown_date if leaves[name].kind == "date" else "{:g}".format
                for place, count in enumerate(counts):
                    cells = "1 cell without a usable number was" if count == 1 else \
                        f"{count:,} cells without a usable number were"
                    told = f" with {show(fill[place])}, taken from the training part" if len(fill) == len(counts) else \
                        ""
                    label = name if len(counts) == 1 else f"feature {place + 1}"
                    if count:
                        self.findings.append(f"{label!r}: {cells} filled{told}.")

    def _find_classes(self, columns: Sequence[Column], rows: Mapping[str, Rows]) -> None:
        for column in columns:
            if column.role == "target" and column.kind == "category":
                self.findings += class_findings(rows, self.encoded[column.name].stored.values, column.classes)

    def _weights(self) -> NDArray[np.float64] | None:
        leaf = next((leaf for column in self.opened.columns for leaf in column.leaves if leaf.role == "weight"), None)
        if leaf is None:
            return None
        if leaf.kind not in ("number", "boolean"):
            raise DataError(f"The weight {leaf.name!r} is a {KINDS[leaf.kind].title.lower()}, not a number.",
                            "Set its kind to number, or choose another column as the weight.")
        weights = np.asarray(self.opened.values[leaf.name].read(None, ignore_progress).values, np.float64)
        bad = without(self.opened.rows, np.flatnonzero(is_usable(weights) & (weights >= 0)))
        if len(bad):
            raise DataError(f"The weight {leaf.name!r} of {self.opened.names[int(bad[0])]} is {weights[bad[0]]:g}.",
                            "Weights are numbers from 0 on. Correct it, or choose another column as the weight.")
        return weights


def _by_name(encoded: Mapping[str, Encoded]) -> dict[str, AnyArray]:
    return {name: array for column, of in encoded.items() for name, array in of.stored.columns(column).items()}


def _keep(key: str, made: Dataset, encoded: Mapping[str, Encoded], beside: Sequence[str]) -> None:
    """Write into the cache what is not yet there. A cache that cannot be written costs time, nothing else."""

    def give_up() -> None:
        raise StorageError("Another process is writing the same.")

    try:
        for column in encoded.values():
            if cache.find(column.key):
                continue
            with cache.writing(column.key, give_up) as draft:
                if draft:
                    draft.about |= about(column.damaged, column.gaps)
                    cache.make_room(column.stored.values.nbytes)
                    for name, array in column.stored.arrays().items():
                        draft.write(name, array)
        with cache.writing(key, give_up) as draft:
            if draft:
                draft.about |= {
                    "columns": msgspec.to_builtins(made.columns), "preparation": made.preparation.to_json(),
                    "findings": [finding for finding in made.findings if finding not in (CHANGED, OTHER_ROWS)],
                    "fingerprint": made.fingerprint, "keys": {name: column.key for name, column in encoded.items()},
                }
                arrays: dict[str, AnyArray] = {f"rows {split}": rows for split, rows in made.rows.items()}
                for name, texts in (("names", made.names), ("beside", beside)):
                    arrays[name], arrays[f"{name} ends"] = cache.Packed.arrays(texts)
                if made.weights is not None:
                    arrays["weights"] = made.weights
                for name, array in arrays.items():
                    draft.write(name, array)
    except StorageError:
        return


def _reopened(entry: Entry, tree: Tree) -> Dataset | None:
    """The data set of an entry, or None if a column of it is no longer in the cache, or a file beside a table is no
    longer what it was."""
    about = entry.about
    encoded = {}
    try:
        names = cache.Packed(entry.array("beside"), entry.array("beside ends"))
        if names and tree.fingerprint([tree.beside(name) for name in names]) != about["fingerprint"]:
            return None
        for name, key in about["keys"].items():
            column = cache.find(key)
            if column is None:
                return None
            encoded[name] = of_entry(column, key)
        rows = {name.removeprefix("rows ").removesuffix(".npy"): entry.array(name.removesuffix(".npy"))
                for name in about["files"] if name.startswith("rows ")}
        weights = entry.array("weights") if "weights.npy" in about["files"] else None
        return Dataset(msgspec.convert(about["columns"], tuple[Column, ...]), _by_name(encoded),
                       {split: rows[split] for split in ("train", "validation", "test")},
                       Preparation.from_json(about["preparation"]), tuple(about["findings"]),
                       cache.Packed(entry.array("names"), entry.array("names ends")),
                       about["fingerprint"], weights)
    except (StorageError, DataError, msgspec.ValidationError, KeyError):
        return None
