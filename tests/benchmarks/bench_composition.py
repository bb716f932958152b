"""Processor time of a training step: Neuroloom's trainer against loops written by hand in torch, for networks that are
composed: GAN, variational autoencoder, encoder-decoder, CTC, several heads, fine-tuning.

Both give the same weights, bit for bit (tests/engine/test_compositions.py), and watch the same sums. Every contestant
runs in a fresh process with one thread, in turns with the other; medians of the repeats are compared.

    python -m tests.benchmarks.bench_composition [--samples 12000] [--epochs 4] [--repeats 5] [--only gan]

In half a minute: --samples 600 --epochs 2 --repeats 1.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from engine import projectfile
from engine.project import Project, Split
from tests.benchmarks import table

OURS, BY_HAND = "neuroloom", "by hand"
CASES = {
    "perceptron": "perceptron", "GAN": "gan", "variational autoencoder": "vae", "encoder-decoder": "translation",
    "CTC": "speech", "body with two heads": "two_heads", "two objectives": "two_tasks", "fine-tuning": "fine_tuning",
}
MOST_SOUNDS = 2000
"""Each is a file of its own; more epochs make up for what is missing."""

BATCH = 32


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, case in CASES.items():
            if options.only in (*title.split(), case, ""):
                project = _project(folder, case, options.samples, options.epochs)
                rows.append((title, *_row(project, case, options.repeats)))
    table.show(f"A training step of {BATCH} samples (CPU microseconds, one thread, median of {options.repeats})",
               ("", "Neuroloom", "by hand", "ratio"), rows, "at most 1.05 times the loop by hand")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=12_000)
    parser.add_argument("--epochs", type=int, default=4, help="the first is not counted")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="a case, such as gan or CTC")
    return parser.parse_args(arguments)


def _row(project: Path, case: str, repeats: int) -> tuple[float, float, float]:
    seconds: dict[str, list[float]] = {OURS: [], BY_HAND: []}
    for _ in range(repeats):
        for name, measured in seconds.items():
            measured.append(_in_fresh_process(name, case, project))
    ours, by_hand = (statistics.median(measured) * 1e6 for measured in seconds.values())
    return ours, by_hand, ours / by_hand


def _in_fresh_process(contestant: str, case: str, project: Path) -> float:
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "tests.benchmarks.bench_composition", "--contestant", contestant, case,
                   str(project)]
        done = subprocess.run(command, env={**os.environ, "NEUROLOOM_HOME": home}, check=True, stdout=subprocess.PIPE,
                              text=True)
    return float(done.stdout.split()[-1])


def contestant(name: str, case: str, path: Path) -> float:
    """Processor seconds per step, of all epochs but the first."""
    project = projectfile.load(path)
    ends = _ends_of_trainer(project) if name == OURS else _ends_by_hand(project, case)
    steps = -(-_training_samples(project) // int(project.options["batch_size"]))
    return (ends[-1] - ends[0]) / (steps * (len(ends) - 1))


def _ends_of_trainer(project: Project) -> list[float]:
    """Processor time at the end of each epoch."""
    from engine import runs
    from engine.events import AnyEvent, Validated
    from engine.training.control import Control
    from engine.training.loop import train

    ends: list[float] = []

    def listen(event: AnyEvent) -> None:
        if isinstance(event, Validated):
            ends.append(time.process_time())

    with tempfile.TemporaryDirectory() as folder:
        run = runs.create(project, None, Path(folder) / "run")
        train(run, listen, Control())
        assert run.info().status == "completed", run.info().message
    return ends


def _ends_by_hand(project: Project, case: str) -> list[float]:
    import torch

    from tests.engine.handwritten import SCRIPTS, material

    torch.set_num_threads(1)
    begun: list[float] = []
    SCRIPTS[case](material(project, lambda: begun.append(time.process_time())))
    return [*begun[1:], time.process_time()]


def _training_samples(project: Project) -> int:
    from engine.data import dataset

    assert project.data is not None
    return len(dataset.load(project.data, None).rows["train"])


def _project(folder: Path, case: str, samples: int, epochs: int) -> Path:
    """The project of a case as a file, all of its data but a few samples for training."""
    from tests.engine import compositions

    place = folder / case
    place.mkdir()
    if case == "speech" and samples > MOST_SOUNDS:
        samples, epochs = MOST_SOUNDS, 1 + (epochs - 1) * samples // MOST_SOUNDS
    start = (_pretrained(folder),) if case == "fine_tuning" else ()
    settings = {"thaw": samples // BATCH * epochs // 2} if case == "fine_tuning" else {}
    project = getattr(compositions, case)(place, *start, samples=samples, epochs=epochs, **settings)
    assert project.data is not None
    path = folder / f"{case}.neuroloom"
    data = msgspec.structs.replace(project.data, split=Split(validation=0.0, test=0.01))
    projectfile.save(project.replace(data=data), path)
    return path


def _pretrained(folder: Path) -> Path:
    """A run whose body is taken over."""
    from engine import runs
    from engine.training.control import Control
    from engine.training.loop import train
    from tests.engine import compositions

    (folder / "body").mkdir()
    run = runs.create(compositions.two_heads(folder / "body", epochs=1), None, folder / "body run")
    train(run, lambda event: None, Control())
    assert run.info().status == "completed", run.info().message
    return run.folder


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contestant"]:
        print(contestant(sys.argv[2], sys.argv[3], Path(sys.argv[4])), flush=True)
        os._exit(0)
    main(sys.argv[1:])
