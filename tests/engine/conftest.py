"""Runs that were really trained, shared by tests of what comes after training: made once, when first asked for; and one
thread for tests that compute with torch themselves."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine import examples


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Thousands of tiny computations are faster so, and other tests beside are not held up."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def small_fashion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 training and 300 test samples of Fashion-MNIST as IDX files."""
    return examples.small_fashion(tmp_path_factory.mktemp("fashion") / "fashion")


@pytest.fixture(scope="session")
def house_prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return examples.house_prices(tmp_path_factory.mktemp("houses") / "houses.csv")


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory, small_fashion: Path, house_prices: Path) -> Callable:
    """trained_run("perceptron"), "cnn", "lstm", "regression" or "yes_or_no": a completed run. Tests only read it."""
    from engine import runs
    from engine.training.control import Control
    from engine.training.loop import train

    made: dict[str, runs.Run] = {}

    def get(name: str) -> runs.Run:
        if name not in made:
            data = house_prices if name in ("regression", "yes_or_no") else small_fashion
            folder = tmp_path_factory.mktemp("runs") / name
            made[name] = runs.create(getattr(examples, name)(data), None, folder)
            train(made[name], lambda event: None, Control())
            assert made[name].info().status == "completed", made[name].info().message
        return made[name]

    return get
