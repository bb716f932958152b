"""Processor time of a training epoch: Neuroloom's worker under a window with live charts, against loops in plain torch.

Every contestant runs in a fresh process, in turns with the others; medians of the repeats are compared. All have one
thread, the same data, network, batch size and optimizer.

    python -m tests.benchmarks.bench_training [--samples 60000] [--epochs 3] [--repeats 3] [--only perceptron]
"""

import argparse
import gzip
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from engine import projectfile
from engine.data import sources
from engine.options import with_option
from engine.project import RESOURCES, Split
from tests.benchmarks import table
from tests.conftest import SHARED_DATA

FASHION = SHARED_DATA / "fashion-mnist"
CASES = {
    "perceptron, batch 32": ("perceptron", 32), "perceptron, batch 256": ("perceptron", 256),
    "CNN, batch 64": ("cnn", 64), "LSTM, batch 128": ("lstm", 128),
}
OURS, PLAIN, TUNED, TUNED_LAST = "neuroloom", "plain", "tuned", "tuned, channels last"


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    if not FASHION.is_dir():
        print(f"needs Fashion-MNIST in {FASHION}")
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = _samples(Path(folder) / "data", options.samples)
        for title, (template, batch_size) in CASES.items():
            if options.only in title:
                project = _project(Path(folder), data, template, batch_size, options.epochs)
                rows.append((title, *_row(project, template, options.repeats)))
    table.show(f"Training an epoch of {options.samples:,} images (CPU s, one thread, median of {options.repeats})",
               ("", "Neuroloom", "tuned torch", "plain torch", "to tuned", "to plain"), rows,
               "at most 1.05 times the tuned loop, 0.85 at batch 32")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=3, help="the first is not counted")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="part of a case's title")
    return parser.parse_args(arguments)


def _row(project: Path, template: str, repeats: int) -> tuple[float, float, float, float, float]:
    contestants = [OURS, PLAIN, TUNED, *([TUNED_LAST] if template == "cnn" else [])]
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, measured in seconds.items():
            measured.append(_in_fresh_process(name, project))
    typical = {name: statistics.median(measured) for name, measured in seconds.items()}
    tuned = min(value for name, value in typical.items() if name.startswith(TUNED))
    return typical[OURS], tuned, typical[PLAIN], typical[OURS] / tuned, typical[OURS] / typical[PLAIN]


def _in_fresh_process(contestant: str, project: Path) -> float:
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "NEUROLOOM_HOME": home}
        if not environment.get("DISPLAY"):
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        command = [sys.executable, "-m", "tests.benchmarks.bench_training", "--contestant", contestant, str(project)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


def contestant(name: str, project: Path) -> float:
    """Processor seconds per epoch after the first, in this process or the worker it starts."""
    if name != OURS:
        from tests.benchmarks.training_loops import LOOPS

        return LOOPS[name](project)
    return _through_the_window(project)


def _through_the_window(project: Path) -> float:
    import psutil

    from engine.events import AnyEvent, Ended, Validated
    from gui import app

    application = app.create_application([])
    window = app.create_window(project)
    window.show()
    times: list[float] = []
    ended: list[Ended] = []

    def listen(event: AnyEvent) -> None:
        if isinstance(event, Validated):
            [worker] = psutil.Process().children()
            spent = worker.cpu_times()
            times.append(spent.user + spent.system)
        elif isinstance(event, Ended):
            ended.append(event)

    window.session.reported.connect(listen)
    window.session.train()
    while not ended:
        application.processEvents()
        time.sleep(0.002)
    assert ended[0].reason == "completed", ended[0].message
    return (times[-1] - times[0]) / (len(times) - 1)


def _samples(folder: Path, count: int) -> Path:
    """The first images of the training set, and a few to test on, as plain IDX files."""
    folder.mkdir()
    for split, number in (("train", count), ("t10k", 100)):
        for kind, header, size in (("images-idx3", 16, 28 * 28), ("labels-idx1", 8, 1)):
            content = gzip.decompress((FASHION / f"{split}-{kind}-ubyte.gz").read_bytes())
            cut = content[:4] + struct.pack(">I", number) + content[8:header] + content[header : header + number * size]
            (folder / f"{split}-{kind}-ubyte").write_bytes(cut)
    return folder


def _project(folder: Path, data: Path, template: str, batch_size: int, epochs: int) -> Path:
    """A template on that data, all of it for training, as a project file."""
    project = projectfile.load(RESOURCES / "templates" / f"{template}.neuroloom")
    found = msgspec.structs.replace(sources.inspect(data), split=Split(validation=0.0))
    options = project.options
    for name, value in (("batch_size", batch_size), ("epochs", epochs), ("threads", 1), ("device", "cpu")):
        options = with_option(options, name, value)
    path = folder / f"{template}-{batch_size}.neuroloom"
    projectfile.save(project.replace(data=found, options=options), path)
    return path


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contestant"]:
        print(contestant(sys.argv[2], Path(sys.argv[3])), flush=True)
        os._exit(0)
    main(sys.argv[1:])
