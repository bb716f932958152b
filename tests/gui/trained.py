"""A small network, trained once for all tests of the panels that show runs, by the real worker."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine import jobs, runs
from engine.data.sources import inspect
from engine.events import Ended
from engine.jobs import AnyJob
from engine.options import with_option
from engine.project import RESOURCES, ColumnChoice, Project, new_project
from engine.starter import starter_graph
from engine.training.supervisor import Supervisor
from gui.document import Document
from gui.session import Session
from tests.engine import compositions, looped

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
SAMPLES = 600
POLL_SECONDS = 0.05


def small_data(folder: Path, samples: int = SAMPLES) -> Path:
    """The first samples of the bundled pictures as an IDX data set of its own."""
    source = RESOURCES / "data" / "fashion-mnist-small"
    folder.mkdir(exist_ok=True)
    for name, size, head in (("train-images-idx3-ubyte", 784, 16), ("train-labels-idx1-ubyte", 1, 8)):
        content = gzip.decompress((source / f"{name}.gz").read_bytes())
        count = samples.to_bytes(4, "big")
        (folder / name).write_bytes(content[:4] + count + content[8:head] + content[head : head + samples * size])
    (folder / "classes.txt").write_text("\n".join(CLASSES))
    return folder


def small_project(folder: Path, epochs: int = 2) -> Project:
    """A starter network for `small_data`."""
    data = inspect(small_data(folder))
    project = new_project().replace(data=data)
    project = project.with_graph(project.main, starter_graph(data.columns))
    options = with_option(with_option(project.options, "epochs", epochs), "threads", 1)
    return project.replace(options=options)


def regression_project(folder: Path) -> Project:
    """A starter network for a table of two numbers and a category, with a number to be predicted."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    rows = [f"{a:.4f},{b:.4f},{c},{3 * a - b + (c == 'red'):.4f}"
            for a, b, c in zip(random.normal(size=200), random.normal(size=200), ("red", "blue") * 100, strict=True)]
    (folder / "table.csv").write_text("\n".join(["width,height,colour,weight", *rows]))
    data = inspect(folder / "table.csv", chosen={"weight": ColumnChoice(role="target")})
    project = new_project().replace(data=data)
    return project.with_graph(project.main, starter_graph(data.columns))


def two_targets_project(folder: Path) -> Project:
    """A starter network for a table with a class and a number to be predicted."""
    folder.mkdir(exist_ok=True)
    rows = [f"{a:.3f},{b:.3f},{'yes' if a + b > 0 else 'no'},{a * 10 + b:.3f}"
            for a, b in np.random.default_rng(0).normal(size=(200, 2))]
    (folder / "table.csv").write_text("\n".join(["age,income,buys,spend", *rows]))
    data = inspect(folder / "table.csv", chosen={name: ColumnChoice(role="target") for name in ("buys", "spend")})
    project = new_project().replace(data=data)
    return project.with_graph(project.main, starter_graph(data.columns))


def translation_project(folder: Path) -> Project:
    """A starter network for a table of words and the same words backwards."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("abc"), 3)) for _ in range(200)]
    (folder / "words.tsv").write_text("\n".join(["source\ttarget", *(f"{word}\t{word[::-1]}" for word in words)]))
    settings = {"tokens": "character", "vocabulary": 10, "max_length": 5}
    data = inspect(folder / "words.tsv", chosen={
        "source": ColumnChoice("text", "input", settings), "target": ColumnChoice("text", "target", settings)})
    project = new_project().replace(data=data)
    project = project.with_graph(project.main, starter_graph(data.columns))
    return project.replace(options=with_option(project.options, "epochs", 3))


def _done(supervisor: Supervisor, job: AnyJob) -> None:
    supervisor.submit(job)
    ended: list[Ended] = []
    while not ended:
        threading.Event().wait(POLL_SECONDS)
        ended += [event for event in supervisor.poll() if isinstance(event, Ended)]
    assert ended[0].reason == "completed", ended[0]


def _completed(supervisor: Supervisor, project: Project, folder: Path) -> Path:
    """The folder of a run that was trained to its end."""
    run = runs.create(project, None, folder)
    _done(supervisor, jobs.Train(str(run.folder)))
    return run.folder


@pytest.fixture(scope="session")
def trained_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of two completed and tested runs: of pictures and of a table. Not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    made = {}
    with closing(Supervisor()) as supervisor:
        for name, project in (("pictures", small_project(folder / "data")),
                              ("table", regression_project(folder / "csv"))):
            made[name] = _completed(supervisor, project, folder / name)
            _done(supervisor, jobs.Evaluate(str(made[name])))
    return made


@pytest.fixture(scope="session")
def two_targets_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a completed run of a network with two outputs. Not to be changed."""
    folder = tmp_path_factory.mktemp("two")
    with closing(Supervisor()) as supervisor:
        return _completed(supervisor, two_targets_project(folder / "data"), folder / "run")


@pytest.fixture(scope="session")
def translation_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a completed run of a network that writes texts. Not to be changed."""
    folder = tmp_path_factory.mktemp("translation")
    with closing(Supervisor()) as supervisor:
        return _completed(supervisor, translation_project(folder / "data"), folder / "run")


@pytest.fixture(scope="session")
def generator_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a completed run of a network that makes points of noise. Not to be changed."""
    folder = tmp_path_factory.mktemp("generator")
    with closing(Supervisor()) as supervisor:
        return _completed(supervisor, compositions.gan(folder, 100, epochs=1), folder / "run")


@pytest.fixture(scope="session")
def looped_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a completed run of a network with a Loop over a cell drawn by hand. Not to be changed."""
    folder = tmp_path_factory.mktemp("looped")
    with closing(Supervisor()) as supervisor:
        return _completed(supervisor, looped.reader(folder), folder / "run")


@pytest.fixture(name="document")
def new_document() -> Document:
    return Document()


@pytest.fixture
def session(document: Document) -> Iterator[Session]:
    """A session of an empty document; its workers are ended after the test."""
    made = Session(document)
    yield made
    made.close()
