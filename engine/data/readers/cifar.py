"""CIFAR-10 and CIFAR-100 in their binary version: records of one or two label bytes and a picture of 3 × 32 × 32."""

from dataclasses import dataclass

import numpy as np

from engine.data.disk.trees import File, Tree
from engine.data.files import AnyArray, Progress, Rows, allocate
from engine.data.labels import named_classes
from engine.data.opened import Asked, Held, Loaded, Opened, RowNames, Values, numbered_classes
from engine.data.readers.image_columns import array_column
from engine.errors import DataError
from engine.project import Column

SHAPE = (3, 32, 32)
PIXELS = 3072
CLASSES = {1: (10,), 2: (20, 100)}
"""How many classes each label byte of a record can tell, by the number of label bytes."""

NAMES = {10: "batches.meta.txt", 20: "coarse_label_names.txt", 100: "fine_label_names.txt"}
MANY_FILES = 50
PROBES = 16


def recognise(tree: Tree) -> bool:
    """True for files of such records: whole ones, with labels that there can be."""
    return bool(_batches(tree)[0])


def open_cifar(asked: Asked) -> Opened:
    """Open all batches; those with "test" in their name are the test split."""
    files, label_bytes = _batches(asked.tree)
    if not files:
        raise DataError(f"{asked.tree.root} holds no CIFAR files in the binary version.",
                        "Choose the folder with data_batch_1.bin or train.bin. The version for Python is a pickle, "
                        "which could run code: download the binary version.")
    files = sorted(files, key=lambda file: "test" in file.base.lower())
    counts = [file.size // (PIXELS + label_bytes) for file in files]
    records = Records(tuple(files), label_bytes)
    labels = records.labels()
    found = Column("image", "image", "input", SHAPE, reason="bytes in 3 × 32 × 32")
    image, pictures = array_column(found, records, asked)
    columns = [image]
    values: dict[str, Values] = {"image": pictures}
    findings: list[str] = []
    for place in reversed(range(label_bytes)):
        is_target = place == label_bytes - 1
        count = CLASSES[label_bytes][place]
        name = "label" if is_target else "group"
        names, said = _names(asked.tree, files[0], count)
        findings += said
        columns.append(Column(name, "category", "target" if is_target else "ignore", classes=names,
                              reason=f"label byte {place + 1} of each record"))
        values[name] = Held(labels[:, place])
    tested = sum(count for file, count in zip(files, counts, strict=True) if "test" in file.base.lower())
    total = sum(counts)
    return Opened(
        columns=tuple(columns),
        values=values,
        names=RowNames(("train", total - tested), ("test", tested)),
        files=files,
        fixed={"train": np.arange(total - tested), "test": np.arange(total - tested, total)}
        if 0 < tested < total else {},
        findings=tuple(findings),
    )


@dataclass(slots=True)
class Records(Values):
    """The pictures of several files, one after the other. They stay in memory once they were read."""

    files: tuple[File, ...]
    label_bytes: int
    _values: AnyArray | None = None

    def read(self, rows: Rows | None, progress: Progress) -> Loaded:
        if self._values is None:
            self._values = self._records(progress)
        pictures = self._values[:, self.label_bytes :].reshape(-1, *SHAPE)
        return Loaded(pictures if rows is None else pictures[rows], {})

    def labels(self) -> AnyArray:
        """Class numbers (n, label bytes). Raises DataError for one that there is not."""
        if self._values is None:
            self._values = self._records(lambda share: None)
        labels = self._values[:, : self.label_bytes].astype(np.int64)
        strange = (labels >= np.array(CLASSES[self.label_bytes])).any(axis=1)
        if strange.any():
            raise DataError(f"Record {int(np.argmax(strange)) + 1:,} of {self.files[0].place} and the files beside it "
                            "has a label that no class has.", "The files are damaged: download them again.")
        return labels

    def _records(self, progress: Progress) -> AnyArray:
        size = PIXELS + self.label_bytes
        counts = [file.size // size for file in self.files]
        records = allocate((sum(counts), size), np.uint8, self.files[0].place)
        row = 0
        for file, count in zip(self.files, counts, strict=True):
            records[row : row + count] = np.frombuffer(file.read(), np.uint8)[: count * size].reshape(count, size)
            row += count
            progress(row / len(records))
        return records


def _batches(tree: Tree) -> tuple[list[File], int]:
    """The files of records, and how many label bytes a record has."""
    folders: dict[str, list[File]] = {}
    for file in tree.files:
        folders.setdefault(file.folder, []).append(file)
    for files in folders.values():
        if len(files) <= MANY_FILES:
            for label_bytes in CLASSES:
                if found := [file for file in files if _holds_records(file, label_bytes)]:
                    return found, label_bytes
    return [], 0


def _holds_records(file: File, label_bytes: int) -> bool:
    size = PIXELS + label_bytes
    try:
        if file.size < size or file.size % size:
            return False
        with file.open() as stream:
            for probe in range(PROBES):
                stream.seek(file.size // size * probe // PROBES * size)
                labels = stream.read(label_bytes)
                if any(label >= most for label, most in zip(labels, CLASSES[label_bytes], strict=True)):
                    return False
    except (DataError, OSError):
        return False
    return True


def _names(tree: Tree, batch: File, count: int) -> tuple[tuple[str, ...], list[str]]:
    name = NAMES[count]
    file = tree.beside(f"{batch.folder}/{name}" if batch.folder else name)
    return named_classes(file, count) if file else (numbered_classes(count), [])
