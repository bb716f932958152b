"""What the data panel shows: raw samples, labels, counts; the same splits as training has."""

from pathlib import Path

import numpy as np
from PIL import Image

from engine.data import dataset, samples, sources
from engine.data.samples import Preview
from tests.engine.data_files import fashion, write_csv, write_idx, write_pictures


def test_samples_of_a_split_page_by_page(tmp_path: Path) -> None:
    data = sources.inspect(write_idx(tmp_path))
    preview = Preview(data, None)
    images, labels = fashion(240)
    first, second = preview.page(10, 0, "test"), preview.page(10, 10, "test")
    assert [sample.row for sample in first + second] == list(range(200, 220))
    assert (np.stack([sample.values["image"][0] for sample in first]) == images[200:210]).all()
    assert [sample.label for sample in first] == [str(label) for label in labels[200:210]]
    assert len(preview.page(100, 30, "test")) == 10
    assert samples.preview(data, None, 3, 0, "test")[2].name == "t10k 3"


def test_splits_and_counts_are_those_of_training(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path, 100))
    preview, loaded = Preview(data, None), dataset.load(data, None)
    counts = preview.class_counts()
    for split, rows in loaded.rows.items():
        assert (preview.rows[split] == rows).all()
        assert list(counts[split].values()) == np.bincount(loaded.arrays["label"][rows], minlength=10).tolist()
    assert sum(preview.sizes.values()) == 100


def test_damaged_pictures_are_marked(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    (tmp_path / "c0" / "zz.png").write_bytes(b"broken")
    preview = Preview(sources.inspect(tmp_path), None)
    damaged = [sample for sample in preview.page(50, split="") if sample.damage]
    assert [sample.name for sample in damaged] == ["c0/zz.png"]


def test_table_rows_have_named_features_and_number_labels(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", repeat=5)
    preview = Preview(sources.inspect(path, options={"target": "petal length"}), None)
    assert preview.features == ("sepal length", "colour = blue", "colour = green", "colour = red",
                                "species = setosa", "species = versicolor", "species = virginica")
    row = preview.page(1, split="")[0]
    assert row.values["features"].tolist() == [5.1, 0, 0, 1, 1, 0, 0]
    assert row.label == "1.4"
    assert preview.class_counts() == {}


def test_data_that_lies_class_by_class_is_shown_mixed(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("cat", "dog", "owl"):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(20):
                Image.new("L", (4, 4), number).save(folder / f"{number}.png")
    preview = Preview(sources.inspect(tmp_path), None)
    first = [sample.row for sample in preview.page(12)]
    assert len({sample.label for sample in preview.page(12)}) == 3
    assert [sample.row for sample in preview.page(12)] == first
    every = [sample.row for page in range(5) for sample in preview.page(12, 12 * page)]
    assert len(set(every)) == len(every) == preview.sizes["train"]
