"""Batches: the same whether a column is held, streamed or mapped; orders that only seed and epoch decide."""

import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.data import dataset, sources
from engine.data.dataset import Dataset
from engine.derived import LENGTHS
from engine.errors import DataError
from engine.training.feed import Feed
from engine.training.order import Order, order_of
from tests.contracts.source_tree import ROOT
from tests.engine.data_files import write_csv, write_pictures

CPU = torch.device("cpu")
NAMES = ("image", "label")


@pytest.fixture
def pictures(small_fashion: Path) -> Dataset:
    return dataset.load(sources.inspect(small_fashion), None)


def feed(data: Dataset, names: tuple[str, ...] = NAMES, size: int = 32, **settings: object) -> Feed:
    return Feed(data, names, size, CPU, **{"channels_last": False, "skips_single": False, **settings})


def epoch_of(source: Feed, epoch: int = 0, done: int = 0) -> list[list[Tensor]]:
    return [[part.clone(memory_format=torch.preserve_format) for part in batch]
            for _, batch in source.epoch(3, epoch, done)]


def same(first: list[list[Tensor]], second: list[list[Tensor]]) -> bool:
    return len(first) == len(second) and all(
        torch.equal(a, b) and a.stride() == b.stride() and a.dtype == b.dtype
        for one, other in zip(first, second, strict=True) for a, b in zip(one, other, strict=True))


def mapped(data: Dataset, folder: Path) -> Dataset:
    """The same data, mapped from files as the cache does it."""
    stored = {}
    for number, (name, values) in enumerate(data.stored.items()):
        np.save(folder / f"{number}.npy", values)
        stored[name] = np.load(folder / f"{number}.npy", mmap_mode="r")
    return replace(data, stored=stored)


@pytest.mark.parametrize("channels_last", [False, True])
def test_streamed_and_mapped_batches_are_the_held_ones_bit_for_bit(pictures: Dataset, tmp_path: Path,
                                                                   channels_last: bool) -> None:
    held = epoch_of(feed(pictures, channels_last=channels_last))
    assert sum(len(images) for images, _ in held) == len(pictures.rows["train"])
    for data in (pictures, mapped(pictures, tmp_path)):
        streamed = feed(data, channels_last=channels_last, held_bytes=0)
        assert same(epoch_of(streamed), held)
        assert same(epoch_of(streamed, done=5), held[5:])
        validation = [[part.clone() for part in batch] for batch in streamed.in_order("validation")]
        expected = list(feed(pictures).in_order("validation"))
        assert all(torch.equal(a, b) for one, other in zip(validation, expected, strict=True)
                   for a, b in zip(one, other, strict=True))


def test_the_thread_ends_with_the_epoch_however_it_is_left(pictures: Dataset) -> None:
    before = threading.active_count()
    with closing(feed(pictures, held_bytes=0).epoch(0, 0)) as batches:
        next(batches)
    assert threading.active_count() == before
    list(feed(pictures, held_bytes=0).epoch(0, 0))
    assert threading.active_count() == before


def test_another_epoch_and_another_seed_are_other_orders(pictures: Dataset) -> None:
    source = feed(pictures)
    orders = [torch.cat(source.order(seed, epoch)).tolist() for seed, epoch in ((0, 0), (0, 1), (1, 0), (0, 0))]
    assert orders[0] == orders[3]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert all(sorted(order) == pictures.rows["train"].tolist() for order in orders)


def test_augmentation_changes_training_batches_only_and_alike_when_resumed(pictures: Dataset) -> None:
    def noisy(batch: list[Tensor], generator: torch.Generator) -> list[Tensor]:
        return [batch[0] + torch.randn(batch[0].shape, generator=generator), batch[1]]

    plain, source = feed(pictures), feed(pictures, augment=noisy)
    whole = epoch_of(source)
    assert not same(whole, epoch_of(plain))
    assert same(whole[7:], epoch_of(source, done=7))
    assert not torch.equal(whole[0][0] - epoch_of(plain)[0][0], whole[1][0] - epoch_of(plain)[1][0])
    assert all(torch.equal(a, b) for one, other in zip(source.in_order("test"), plain.in_order("test"), strict=True)
               for a, b in zip(one, other, strict=True))
    list(source.epoch(3, 0))
    assert torch.equal(source.last[0], whole[-1][0]), "what the network saw last is told when training diverges"


def test_balanced_sampling_draws_classes_equally_often(tmp_path: Path) -> None:
    rows = "".join(f"{number},{'rare' if number % 10 == 0 else 'common'}\n" for number in range(1000))
    data = dataset.load(sources.inspect(write_csv(tmp_path / "a.csv", f"size,kind\n{rows}")), None)
    order = order_of(data, ("features",), is_balanced=True, is_bucketed=False)
    labels = data.prepared("kind")
    drawn = torch.cat(order.batches(0, 0, 32)).numpy()
    assert len(drawn) == len(data.rows["train"])
    assert set(drawn) <= set(data.rows["train"])
    assert 0.4 < labels[drawn].mean() < 0.6
    assert torch.equal(torch.cat(order.batches(0, 0, 32)), torch.from_numpy(drawn))


def test_without_classes_there_is_nothing_to_balance(house_prices: Path) -> None:
    data = dataset.load(sources.inspect(house_prices), None)
    with pytest.raises(DataError, match="no classes to balance"):
        order_of(data, ("features",), is_balanced=True, is_bucketed=False)


def test_weights_decide_how_often_a_sample_is_drawn(pictures: Dataset) -> None:
    weights = np.zeros(len(pictures.names))
    chosen = pictures.rows["train"][:50]
    weights[chosen] = 1.0
    weights[chosen[:10]] = 4.0
    order = order_of(replace(pictures, weights=weights), NAMES, is_balanced=False, is_bucketed=False)
    drawn = np.concatenate([torch.cat(order.batches(0, epoch, 32)).numpy() for epoch in range(10)])
    assert set(drawn) == set(chosen)
    assert 0.45 < np.isin(drawn, chosen[:10]).mean() < 0.55
    with pytest.raises(DataError, match="weights of all training samples are 0"):
        order_of(replace(pictures, weights=weights * 0), NAMES, is_balanced=False, is_bucketed=False)


def test_buckets_hold_samples_of_similar_length(pictures: Dataset) -> None:
    lengths = np.random.default_rng(0).integers(1, 100, len(pictures.names))
    data = replace(pictures, stored={**pictures.stored, "image" + LENGTHS: lengths})
    order = order_of(data, NAMES, is_balanced=False, is_bucketed=True)
    batches = order.batches(0, 0, 16)
    assert sorted(torch.cat(batches).tolist()) == data.rows["train"].tolist()
    assert all(len(batch) == 16 for batch in batches[:-1])
    spread = np.mean([np.ptp(lengths[batch.numpy()]) for batch in batches])
    assert spread < 10
    means = [lengths[batch.numpy()].mean() for batch in batches]
    assert means != sorted(means), "long and short batches are mixed"


def test_the_order_without_wishes_is_a_permutation_of_the_seed() -> None:
    rows = torch.arange(100, 200)
    expected = rows[torch.randperm(100, generator=torch.Generator().manual_seed(2 * 1_000_003 + 5))]
    assert torch.equal(torch.cat(Order(rows).batches(2, 5, 7)), expected)


MEMORY = """
import sys
import numpy as np, torch
from engine.data.dataset import Dataset
from engine.preparation import Part, Preparation
from engine.training.feed import Feed
count = 100_000
stored = np.lib.format.open_memmap(sys.argv[1], "w+", np.uint8, (count, 1, 64, 64))
stored = np.load(sys.argv[1], mmap_mode="r")
part = Part("image", "image", "input", (1, 64, 64), state={"divide": 255.0, "mean": [0.5], "scale": [0.25]})
data = Dataset((), {"image": stored}, {"train": np.arange(count)}, Preparation((part,)), (), range(count), "")
feed = Feed(data, ("image",), 256, torch.device("cpu"), channels_last=False, skips_single=False, held_bytes=0)
resident = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096
before = peak = resident()
for _, batch in feed.epoch(0, 0):
    peak = max(peak, resident())
print((peak - before) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat_while_more_is_read_than_is_kept(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY, str(tmp_path / "a.npy")], cwd=ROOT, check=True,
                          capture_output=True, text=True)
    assert int(done.stdout) < 250, "410 MB were read"


def test_files_that_are_deleted_while_training_are_not_missed(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path / "pictures", 120))
    kept = dataset.load(data, None, cached=True)
    again = dataset.load(data, None)
    source = feed(again, ("image", "label"), held_bytes=0)
    for picture in (tmp_path / "pictures").rglob("*.png"):
        picture.unlink()
    assert same(epoch_of(source), epoch_of(feed(kept, ("image", "label"))))
