"""New files for a trained network are prepared exactly as the same samples were for training."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import dataset, sources
from engine.errors import DataError
from tests.engine.data_files import IRIS_LIKE, fashion, idx_bytes, write_csv, write_idx, write_pictures


def test_a_picture_is_prepared_as_in_training(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_pictures(tmp_path, 60)), None)
    files = [tmp_path / name for name in loaded.names]
    inputs, names = loaded.preparation.read(files[:20])
    assert (inputs["image"] == loaded.arrays["image"][:20]).all()
    assert names == tuple(file.name for file in files[:20])


def test_a_picture_for_a_network_trained_on_idx(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_idx(tmp_path / "idx")), None)
    Image.fromarray(fashion(1)[0][0]).convert("RGB").save(tmp_path / "colour.png")
    Image.fromarray(fashion(1)[0][0]).resize((280, 280), Image.Resampling.NEAREST).save(tmp_path / "large.jpg")
    inputs, _ = loaded.preparation.read([tmp_path / "colour.png", str(tmp_path / "large.jpg")])
    assert inputs["image"].shape == (2, 1, 28, 28)
    assert (inputs["image"][0] == loaded.arrays["image"][0]).all()
    assert np.abs(inputs["image"][1] - loaded.arrays["image"][0]).mean() < 0.2


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_pictures(tmp_path / "train", 60)), None)
    inputs, names = loaded.preparation.read([tmp_path / "train" / "c0"])
    assert len(names) == len(inputs["image"]) == sum(name.startswith("c0/") for name in loaded.names)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_idx_file(tmp_path: Path, compressed: bool) -> None:
    loaded = dataset.load(sources.inspect(write_idx(tmp_path)), None)
    data = idx_bytes(fashion(5)[0])
    (tmp_path / "new").write_bytes(gzip.compress(data) if compressed else data)
    inputs, names = loaded.preparation.read([tmp_path / "new"])
    assert (inputs["image"] == loaded.arrays["image"][:5]).all()
    assert names[4] == "new 5"


def test_an_npz_file(tmp_path: Path) -> None:
    images, labels = fashion(60)
    np.savez(tmp_path / "train.npz", x=images, y=labels)
    loaded = dataset.load(sources.inspect(tmp_path / "train.npz"), None)
    np.savez(tmp_path / "new.npz", whatever=images[:5])
    np.savez(tmp_path / "two.npz", whatever=images[5:9], x=images[:5])
    for file in ("train.npz", "new.npz", "two.npz"):
        inputs, _ = loaded.preparation.read([tmp_path / file])
        assert (inputs["image"][:5] == loaded.arrays["image"][:5]).all()
    np.savez(tmp_path / "other.npz", x=images[:, :5])
    with pytest.raises(DataError, match="holds 0 arrays of samples"):
        loaded.preparation.read([tmp_path / "other.npz"])


def test_a_table_with_and_without_target_in_any_order(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_csv(tmp_path / "train.csv", repeat=5)), None)
    whole, names = loaded.preparation.read([tmp_path / "train.csv"])
    assert (whole["features"] == loaded.arrays["features"]).all()
    assert names[29] == "train.csv 30"
    (tmp_path / "new.csv").write_text("colour;petal length;sepal length\nred;1,4;5,1\n")
    inputs, names = loaded.preparation.read([tmp_path / "new.csv"])
    assert (inputs["features"] == loaded.arrays["features"][:1]).all()
    assert names == ("new.csv",)


def test_unseen_categories_and_empty_cells(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_csv(tmp_path / "train.csv", repeat=5)), None)
    (tmp_path / "new.csv").write_text("sepal length,petal length,colour\n,1.4,violet\n")
    row = loaded.preparation.read([tmp_path / "new.csv"])[0]["features"][0]
    part = loaded.preparation.part("features")
    assert row[2:].tolist() == [0, 0, 0]
    assert np.isclose(row[0], (part.fill[0] - part.mean[0]) / part.scale[0])


def test_a_table_that_lacks_a_column_or_has_text_among_numbers(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_csv(tmp_path / "train.csv", repeat=5)), None)
    (tmp_path / "new.csv").write_text("sepal length,colour\n1,red\n")
    with pytest.raises(DataError, match="lacks the column 'petal length'"):
        loaded.preparation.read([tmp_path / "new.csv"])
    (tmp_path / "new.csv").write_text("sepal length,petal length,colour\n1,long,red\n")
    with pytest.raises(DataError, match=r"'petal length' .* line 2 says 'long'"):
        loaded.preparation.read([tmp_path / "new.csv"])


def test_a_table_without_a_header(tmp_path: Path) -> None:
    rows = "".join(IRIS_LIKE.splitlines(keepends=True)[1:])
    (tmp_path / "train.csv").write_text(rows * 5)
    loaded = dataset.load(sources.inspect(tmp_path / "train.csv"), None)
    (tmp_path / "new.csv").write_text("5.1,1.4,red\n4.9,1.4,blue\n")
    inputs, _ = loaded.preparation.read([tmp_path / "new.csv"])
    assert (inputs["features"] == loaded.arrays["features"][:2]).all()


def test_a_table_of_one_column(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("year,rain\n" + "".join(f"{1900 + i},{i * 0.7}\n" for i in range(30)))
    loaded = dataset.load(sources.inspect(tmp_path / "train.csv"), None)
    (tmp_path / "new.csv").write_text("year\n1900\n1929\n")
    inputs, _ = loaded.preparation.read([tmp_path / "new.csv"])
    assert (inputs["features"] == loaded.arrays["features"][[0, 29]]).all()


def test_a_table_for_a_network_trained_on_arrays(tmp_path: Path) -> None:
    values = np.arange(60.0).reshape(20, 3)
    np.savez(tmp_path / "train.npz", x=values, y=np.arange(20) % 2)
    loaded = dataset.load(sources.inspect(tmp_path / "train.npz"), None)
    (tmp_path / "new.csv").write_text("a,b,c\n0,1,2\n3,4,5\n")
    (tmp_path / "bare.csv").write_text("0,1,2\n3,4,5\n")
    for name in ("new.csv", "bare.csv"):
        inputs, _ = loaded.preparation.read([tmp_path / name])
        assert (inputs["features"] == loaded.arrays["features"][:2]).all()
    (tmp_path / "new.csv").write_text("a,b\n0,1\n")
    with pytest.raises(DataError, match="has 2 columns; the network reads 3 numbers"):
        loaded.preparation.read([tmp_path / "new.csv"])


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    loaded = dataset.load(sources.inspect(write_idx(tmp_path / "idx")), None)
    broken = tmp_path / "broken.png"
    Image.fromarray(fashion(1)[0][0]).save(broken)
    broken.write_bytes(broken.read_bytes()[:-100])
    write_csv(tmp_path / "a.csv")
    (tmp_path / "small").write_bytes(idx_bytes(fashion(5)[0][:, :20]))
    for name, message in (("broken.png", "cannot be used: it is damaged"), ("a.csv", "not a file that the network"),
                          ("small", r"\(1, 20, 28\); the network reads \(1, 28, 28\)"), ("gone.png", "no data at")):
        with pytest.raises(DataError, match=message) as caught:
            loaded.preparation.read([tmp_path / name])
        assert name in caught.value.message
    with pytest.raises(DataError, match="no file was given"):
        loaded.preparation.read([])
    table = dataset.load(sources.inspect(write_csv(tmp_path / "b.csv", repeat=5)), None)
    Image.fromarray(fashion(1)[0][0]).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="is a picture; the network reads"):
        table.preparation.read([tmp_path / "a.png"])
