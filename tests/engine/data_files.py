"""Real data files for the tests of engine.data: cut from the bundled Fashion-MNIST, written in every format."""

import gzip
import struct
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.disk.trees import disk_file
from engine.data.readers import idx
from engine.project import RESOURCES

BUNDLED = RESOURCES / "data" / "fashion-mnist-small"

IRIS_LIKE = """sepal length,petal length,colour,species
5.1,1.4,red,setosa
4.9,1.4,blue,setosa
6.4,4.5,red,versicolor
6.9,4.9,red,versicolor
6.3,6.0,blue,virginica
5.8,5.1,green,virginica
"""


@cache
def fashion(count: int = 200) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The first training pictures, uint8 (count, 28, 28), and their class numbers."""
    images = idx.read(idx.read_header(disk_file(BUNDLED / "train-images-idx3-ubyte.gz")))[:count]
    labels = idx.read(idx.read_header(disk_file(BUNDLED / "train-labels-idx1-ubyte.gz")))[:count].astype(np.int64)
    return images, labels


def idx_bytes(values: NDArray[np.generic], code: int = 0x08) -> bytes:
    """An IDX file with `values`, big-endian."""
    big_endian = values.astype(values.dtype.newbyteorder(">"))
    return bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + big_endian.tobytes()


def write_idx(folder: Path, count: int = 200, test: int = 40, *, compressed: bool = False) -> Path:
    """A folder as Fashion-MNIST has it: `count` training samples and, if `test` is not 0, as many test samples."""
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = fashion(count + test)
    for name, part in (("train", slice(0, count)), ("t10k", slice(count, count + test))):
        if part.start == part.stop:
            continue
        for file, values in ((f"{name}-images-idx3-ubyte", images[part]),
                             (f"{name}-labels-idx1-ubyte", labels[part].astype(np.uint8))):
            data = idx_bytes(values)
            if compressed:
                (folder / f"{file}.gz").write_bytes(gzip.compress(data))
            else:
                (folder / file).write_bytes(data)
    return folder


def write_pictures(folder: Path, count: int = 60, suffix: str = ".png") -> Path:
    """A folder per class, named c0 to c9, with Fashion-MNIST pictures."""
    images, labels = fashion(count)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / f"c{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"c{label}" / f"{number:04}{suffix}")
    return folder


def write_csv(path: Path, text: str = IRIS_LIKE, repeat: int = 1) -> Path:
    """A table; its rows `repeat` times."""
    header, *rows = text.splitlines(keepends=True)
    path.write_text(header + "".join(rows) * repeat, encoding="utf-8")
    return path
