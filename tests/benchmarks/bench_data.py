"""Data from the disk to batches, against what people write by hand: pictures, tables, batches, memory, the browser.

    python -m tests.benchmarks.bench_data [--pictures 70000] [--rows 1000000] [--gigabytes 20] [--only pictures]
"""

import argparse
import gzip
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import dataset, sources
from engine.data.dataset import Dataset
from tests.benchmarks import table
from tests.conftest import SHARED_DATA

FASHION = SHARED_DATA / "fashion-mnist"
BATCH = 64
REPEATS = 3
Row = tuple[str, float, float | str, float | str, str]


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    parts: dict[str, Callable[[Path, argparse.Namespace], list[Row]]] = {
        "pictures": pictures, "table": million_rows, "batches": batches, "memory": memory, "browser": browser}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="neuroloom-bench-") as folder:
        os.environ["NEUROLOOM_HOME"] = str(Path(folder) / "home")
        for name, measure in parts.items():
            if options.only in name:
                place = Path(folder) / name
                place.mkdir()
                rows += measure(place, options)
    table.show("Data", ("", "ours", "theirs", "ratio", "asked for"), rows)


def pictures(folder: Path, options: argparse.Namespace) -> list[Row]:
    """A folder of small PNG files: first preparation, second epoch, reopening."""
    import torch

    if not FASHION.is_dir():
        print(f"needs Fashion-MNIST in {FASHION}")
        return []
    place = write_pictures(folder / "pictures", options.pictures)
    data = sources.inspect(place)
    by_hand = _seconds(lambda: pillow_loop(place))
    first = _seconds(lambda: dataset.load(data, None))
    reopened = min(_seconds(lambda: dataset.load(data, None)) for _ in range(REPEATS))
    loaded = dataset.load(data, None)
    feed = _feed(loaded, ("image", "label"))
    ours = min(_seconds(lambda number=number: _exhaust(feed.epoch(0, number))) for number in range(REPEATS))
    loader = torch.utils.data.DataLoader(PictureFolder(place), BATCH, shuffle=True, num_workers=2)
    _exhaust(loader)
    theirs = _seconds(lambda: _exhaust(loader))
    count = f"{options.pictures:,} PNG: "
    return [
        (f"{count}first preparation, s (Pillow loop)", first, by_hand, by_hand / first, ">= 1.8"),
        (f"{count}second epoch, s (DataLoader, 2 workers)", ours, theirs, theirs / ours, ">= 20"),
        (f"{count}reopening, s", reopened, "", "", "< 0.2"),
    ]


def million_rows(folder: Path, options: argparse.Namespace) -> list[Row]:
    """A CSV table of numbers to training tensors, against pandas: read, split, standardised by the training rows. Ours
    also finds out what the columns are, and the medians for gaps."""
    if importlib.util.find_spec("pandas") is None:
        print("needs pandas, of the test extra")
        return []
    path = folder / "table.csv"
    random = np.random.default_rng(0)
    names = [*(f"feature {number}" for number in range(20)), "target"]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for start in range(0, options.rows, 50_000):
            np.savetxt(file, random.normal(size=(min(50_000, options.rows - start), 21)), "%.5f", ",")
    data = sources.inspect(path)

    def ours() -> None:
        loaded = dataset.load(data, None, cached=False)
        _feed(loaded, tuple(column.name for column in loaded.columns))

    taken = [(_seconds(ours), _seconds(lambda: pandas_tensors(path))) for _ in range(REPEATS)]
    seconds, theirs = map(min, zip(*taken, strict=True))
    return [(f"{options.rows:,} x 21 CSV to split, standardised tensors, s (pandas, the same)", seconds, theirs,
             theirs / seconds, "> 1")]


def batches(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Batches a second, against tensors in memory that are indexed by hand."""
    import torch

    loaded = _dataset(np.random.default_rng(0).integers(0, 256, (60_000, 1, 28, 28)).astype(np.uint8))
    rows = torch.from_numpy(loaded.rows["train"])
    images, labels = torch.from_numpy(loaded.prepared("image")), torch.from_numpy(loaded.prepared("label"))

    def by_hand() -> None:
        for index in rows[torch.randperm(len(rows))].split(BATCH):
            images[index], labels[index]

    feed = _feed(loaded, ("image", "label"))
    ours, theirs = (min(_seconds(run) for _ in range(5)) for run in (lambda: _exhaust(feed.epoch(0, 0)), by_hand))
    steps = -(-len(rows) // BATCH)
    return [("batches of 64 a second (tensors indexed by hand)", steps / ours, steps / theirs, ours / theirs,
             "time <= 1.05")]


def memory(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Resident memory of a process that trains on far more prepared data than that: a sparse file."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_data", "--stream", str(folder / "values.npy"),
               str(options.gigabytes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    resident, speed = map(float, done.stdout.split())
    return [(f"{options.gigabytes:g} GB prepared, trained at {speed:,.0f} samples/s: resident GB", resident, "", "",
             "< 1.5")]


def browser(folder: Path, options: argparse.Namespace) -> list[Row]:
    """The slowest frames while the data browser is scrolled."""
    from tests.benchmarks import bench_browser

    return [(f"browser, {options.rows:,} rows: {what}, p99 ms", slowest, "", "", "< 16")
            for what, _, slowest in bench_browser.frames(options.rows)]


def stream(path: Path, gigabytes: float) -> None:
    """Train a network on a sparse file of so many bytes; print resident GB at most and samples a second."""
    import torch

    count = int(gigabytes * 1e9 / (3 * 64 * 64))
    np.lib.format.open_memmap(path, "w+", np.uint8, (count, 3, 64, 64)).flush()
    feed = _feed(_dataset(np.load(path, mmap_mode="r")), ("image", "label"))
    network = torch.nn.Sequential(torch.nn.AvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 10))
    optimizer = torch.optim.SGD(network.parameters(), 0.01)
    begun = time.perf_counter()
    for _, (images, labels) in feed.epoch(0, 0):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
    speed = count / (time.perf_counter() - begun)
    status = Path("/proc/self/status").read_text(encoding="ascii")  # getrusage would tell the parent's peak, too
    print(int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9, speed)


def write_pictures(folder: Path, count: int) -> Path:
    """Fashion-MNIST's pictures, training set first, as PNG files in class folders."""
    from PIL import Image

    written = 0
    for split, total in (("train", 60_000), ("t10k", 10_000)):
        content = [gzip.decompress((FASHION / f"{split}-{kind}-ubyte.gz").read_bytes())
                   for kind in ("images-idx3", "labels-idx1")]
        images = np.frombuffer(content[0], np.uint8, offset=16).reshape(total, 28, 28)
        labels = np.frombuffer(content[1], np.uint8, offset=8)
        for image, label in zip(images[: count - written], labels, strict=False):
            place = folder / str(label)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{written:05}.png")
            written += 1
    return folder


def pillow_loop(folder: Path) -> Any:
    """What people write: every file opened and kept as an array."""
    from PIL import Image

    images, labels = [], []
    for path in sorted(folder.glob("*/*.png")):
        with Image.open(path) as image:
            images.append(np.asarray(image))
        labels.append(int(path.parent.name))
    return np.stack(images), np.array(labels)


class PictureFolder:
    """A data set as PyTorch's tutorials write it."""

    def __init__(self, folder: Path) -> None:
        self._paths = sorted(folder.glob("*/*.png"))

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, row: int) -> tuple[Any, int]:
        import torch
        from PIL import Image

        path = self._paths[row]
        with Image.open(path) as image:
            pixels = np.asarray(image)
        return torch.from_numpy(pixels.copy()).unsqueeze(0).float().div_(255).sub_(0.286).div_(0.353), \
            int(path.parent.name)


def pandas_tensors(path: Path) -> Any:
    """Features and target, split at random and standardised by the training rows, as a notebook has them."""
    import pandas
    import torch

    values = pandas.read_csv(path).to_numpy(np.float32)
    training = values[np.random.default_rng(0).permutation(len(values))[: int(0.72 * len(values))]]
    values = (values - training.mean(axis=0)) / training.std(axis=0)
    return torch.from_numpy(values[:, :-1].copy()), torch.from_numpy(values[:, -1].copy())


def _dataset(images: Any) -> Dataset:
    """Prepared pictures, uint8 (n, channels, height, width), with a class each."""
    from engine.preparation import Part, Preparation

    channels = images.shape[1]
    state = {"divide": 255.0, "mean": [0.3] * channels, "scale": [0.35] * channels}
    parts = (Part("image", "image", "input", images.shape[1:], state=state),
             Part("label", "category", "target", classes=tuple("0123456789")))
    rows = np.arange(len(images))
    return Dataset((), {"image": images, "label": rows % 10}, {"train": rows}, Preparation(parts), (), range(0), "")


def _feed(data: Dataset, names: Sequence[str]) -> Any:
    import torch

    from engine.training.feed import Feed

    torch.set_num_threads(1)
    return Feed(data, names, BATCH, torch.device("cpu"), channels_last=False, skips_single=False)


def _exhaust(items: Any) -> None:
    for _ in items:
        pass


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench_data")
    parser.add_argument("--pictures", type=int, default=70_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--only", default="", help="pictures, table, batches, memory or browser")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        stream(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        main(sys.argv[1:])
