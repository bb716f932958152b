"""One real data set of every kind, as users have them on their disks: shared ones, or made from their content."""

import csv
import gzip
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from tests.stories.models import fashion_mnist


@dataclass(frozen=True)
class Case:
    """A data set on the disk and what must be found in it.

    columns   name: (type, role) of columns that must be found so
    new       a raw sample that training never saw
    settings  what a user decides, as the terminal takes it
    """

    path: Path
    source: str
    columns: dict[str, tuple[str, str]]
    new: Path
    rows: int
    settings: tuple[str, ...] = field(default=())


CASES: dict[str, Callable[[Path, Path], Case]] = {}
"""By name: (shared data, empty folder) -> case."""


def _case(make: Callable[[Path, Path], Case]) -> Callable[[Path, Path], Case]:
    CASES[make.__name__] = make
    return make


def _clothes(shared: Path, count: int = 240) -> list[tuple[str, str, bytes]]:
    """(split, class, JPEG bytes) of real photographs, spread over all classes."""
    with zipfile.ZipFile(shared / "clothing64" / "clothing64.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        return [(*name.split("/")[:2], archive.read(name)) for name in names[:: len(names) // count]]


def _digits(shared: Path, speakers: tuple[str, ...] = ("george", "jackson"), takes: int = 8) -> dict[str, bytes]:
    """WAV bytes by name such as "3_george_0.wav"."""
    with zipfile.ZipFile(shared / "fsdd" / "fsdd.zip") as archive:
        return {Path(name).name: archive.read(name) for name in archive.namelist()
                if name.endswith(tuple(f"_{speaker}_{take}.wav" for speaker in speakers for take in range(takes)))}


def _reviews(shared: Path, count: int = 600) -> list[tuple[float, str]]:
    """(valence, text) of real sentences."""
    with gzip.open(shared / "vader-sentiment" / "movieReviewSnippets.csv.gz", "rt", encoding="utf-8") as file:
        return [(float(row["valence"]), row["text"]) for row in islice(csv.DictReader(file), count)]


def _written(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _flowers(count: int = 150) -> list[dict[str, object]]:
    """Rows with a number, a whole number, a category, a boolean, a date and a class that follows from them."""
    random = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for index in range(count):
        length, petals, garden = random.normal(5, 1), int(random.integers(3, 40)), bool(random.integers(2))
        rows.append({"length": round(float(length), 3), "petals": petals, "colour": str(random.choice(["red", "blue"])),
                     "garden": "yes" if garden else "no", "picked": f"2024-{index % 12 + 1:02}-{index % 28 + 1:02}",
                     "species": "setosa" if length + petals / 10 > 7 else "virginica"})
    return rows


PICTURES = {"image": ("image", "input"), "label": ("category", "target")}

FLOWERS = {"length": ("number", "input"), "petals": ("number", "input"), "colour": ("category", "input"),
           "garden": ("boolean", "input"), "picked": ("date", "input"), "species": ("category", "target")}


def _delimited(path: Path, rows: list[dict[str, object]], separator: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _new_flower(folder: Path) -> Path:
    return _delimited(folder / "new.csv", [{k: v for k, v in _flowers(1)[0].items() if k != "species"}])


@_case
def image_folder(shared: Path, folder: Path) -> Case:
    for number, (split, label, content) in enumerate(_clothes(shared)):
        _written(folder / "clothes" / split / label / f"{number}.jpg", content)
    return Case(folder / "clothes", "image_folder", PICTURES,
                _written(folder / "new.jpg", _clothes(shared)[7][2]), 253)


@_case
def image_zip(shared: Path, folder: Path) -> Case:
    return Case(shared / "clothing64" / "clothing64.zip", "image_folder",
                PICTURES,
                _written(folder / "new.jpg", _clothes(shared)[7][2]), 3781)


@_case
def image_tar(shared: Path, folder: Path) -> Case:
    import io
    import tarfile

    with tarfile.open(folder / "clothes.tar.gz", "w:gz") as archive:
        for number, (_, label, content) in enumerate(_clothes(shared)):
            entry = tarfile.TarInfo(f"clothes/{label}/{number}.jpg")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return Case(folder / "clothes.tar.gz", "image_folder",
                PICTURES,
                _written(folder / "new.jpg", _clothes(shared)[7][2]), 253)


@_case
def flat_folder_with_labels(shared: Path, folder: Path) -> Case:
    rows: list[dict[str, object]] = []
    for number, (_, label, content) in enumerate(_clothes(shared)):
        _written(folder / "clothes" / f"{number}.jpg", content)
        rows.append({"file": f"{number}.jpg", "kind": label})
    _delimited(folder / "clothes" / "labels.csv", rows)
    return Case(folder / "clothes", "table", {"file": ("image", "input"), "kind": ("category", "target")},
                _written(folder / "new.jpg", _clothes(shared)[7][2]), 253)


@_case
def masks(shared: Path, folder: Path) -> Case:
    image = np.asarray(Image.open(shared / "nuclei" / "nuclei_img2d.tif")).astype(np.float64)
    mask = np.asarray(Image.open(shared / "nuclei" / "nuclei_mask2d.tif")) > 0
    image = (image / image.max() * 255).astype(np.uint8)
    for part, values in (("images", image), ("masks", mask.astype(np.uint8) * 255)):
        (folder / "nuclei" / part).mkdir(parents=True)
        for number in range(64):
            y, x = divmod(number, 8)
            Image.fromarray(values[y * 64 : y * 64 + 64, x * 64 : x * 64 + 64]).save(
                folder / "nuclei" / part / f"tile{number:02}.png")
    Image.fromarray(image[30:94, 30:94]).save(folder / "new.png")
    return Case(folder / "nuclei", "image_folder", {"image": ("image", "input"), "mask": ("mask", "target")},
                folder / "new.png", 64)


@_case
def idx(shared: Path, folder: Path) -> Case:
    images, _ = fashion_mnist(shared / "fashion-mnist", "t10k")
    Image.fromarray(images[0]).save(folder / "new.png")
    return Case(Path(__file__).resolve().parents[2] / "resources" / "data" / "fashion-mnist-small", "idx",
                PICTURES, folder / "new.png", 12_000)


@_case
def npz(shared: Path, folder: Path) -> Case:
    with np.load(shared / "quickdraw20" / "quickdraw20.npz") as arrays:
        np.savez(folder / "new.npz", x=arrays["x"][:3])
    return Case(shared / "quickdraw20" / "quickdraw20.npz", "npz", PICTURES,
                folder / "new.npz", 2000)


@_case
def npy(shared: Path, folder: Path) -> Case:
    with np.load(shared / "quickdraw20" / "quickdraw20.npz") as arrays:
        (folder / "drawings").mkdir()
        np.save(folder / "drawings" / "x.npy", arrays["x"])
        np.save(folder / "drawings" / "y.npy", arrays["y"])
        np.save(folder / "new.npy", arrays["x"][:3])
    return Case(folder / "drawings", "npz", PICTURES,
                folder / "new.npy", 2000)


@_case
def cifar(shared: Path, folder: Path) -> Case:
    records = []
    for split, label, content in _clothes(shared):
        _written(folder / "one.jpg", content)
        picture = np.asarray(Image.open(folder / "one.jpg").convert("RGB").resize((32, 32)))
        records.append((split, label, picture.transpose(2, 0, 1).tobytes()))
    names = sorted({label for _, label, _ in records})
    for file, part in (("data_batch_1.bin", "train"), ("test_batch.bin", "test")):
        _written(folder / "cifar" / file, b"".join(bytes([names.index(label)]) + pixels for split, label, pixels
                                                   in records if (split == "test") == (part == "test")))
    _written(folder / "cifar" / "batches.meta.txt", "\n".join(names) + "\n")
    _written(folder / "new.jpg", _clothes(shared)[7][2])
    return Case(folder / "cifar", "cifar", PICTURES,
                folder / "new.jpg", 253)


@_case
def table_csv(shared: Path, folder: Path) -> Case:
    return Case(_delimited(folder / "flowers.csv", _flowers()), "table", FLOWERS, _new_flower(folder), 150)


@_case
def table_tsv(shared: Path, folder: Path) -> Case:
    return Case(_delimited(folder / "flowers.tsv", _flowers(), "\t"), "table", FLOWERS, _new_flower(folder), 150)


@_case
def table_parquet(shared: Path, folder: Path) -> Case:
    import polars

    polars.DataFrame(_flowers()).write_parquet(folder / "flowers.parquet")
    return Case(folder / "flowers.parquet", "table", FLOWERS, _new_flower(folder), 150)


@_case
def table_excel(shared: Path, folder: Path) -> Case:
    import polars

    polars.DataFrame(_flowers()).write_excel(folder / "flowers.xlsx")
    return Case(folder / "flowers.xlsx", "table", FLOWERS, _new_flower(folder), 150)


@_case
def table_of_sounds(shared: Path, folder: Path) -> Case:
    rows: list[dict[str, object]] = []
    for name, content in _digits(shared).items():
        _written(folder / "digits" / "clips" / name, content)
        rows.append({"clip": f"clips/{name}", "digit": f"digit {name[0]}"})
    _delimited(folder / "digits" / "digits.csv", rows)
    return Case(folder / "digits" / "digits.csv", "table",
                {"clip": ("audio", "input"), "digit": ("category", "target")},
                _written(folder / "new.wav", _digits(shared, ("theo",), 1)["3_theo_0.wav"]), 160)


@_case
def sounds_with_transcripts(shared: Path, folder: Path) -> Case:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    rows: list[dict[str, object]] = []
    for name, content in _digits(shared).items():
        _written(folder / "digits" / name, content)
        rows.append({"path": name, "sentence": f"{words[int(name[0])]} said {name.split('_')[1]} loudly {name[-5]}"})
    _delimited(folder / "digits" / "validated.tsv", rows, "\t")
    return Case(folder / "digits", "table", {"path": ("audio", "input"), "sentence": ("text", "target")},
                _written(folder / "new.wav", _digits(shared, ("theo",), 1)["3_theo_0.wav"]), 160,
                ("sentence.kind=text", "sentence.max_length=8", "sentence.vocabulary=64"))


@_case
def audio_folder(shared: Path, folder: Path) -> Case:
    for name, content in _digits(shared).items():
        _written(folder / "digits" / name[0] / name, content)
    return Case(folder / "digits", "audio_folder", {"sound": ("audio", "input"), "label": ("category", "target")},
                _written(folder / "new.wav", _digits(shared, ("theo",), 1)["3_theo_0.wav"]), 160)


@_case
def text_folder(shared: Path, folder: Path) -> Case:
    for number, (valence, text) in enumerate(_reviews(shared)):
        _written(folder / "reviews" / ("good" if valence > 0 else "bad") / f"{number}.txt", text)
    return Case(folder / "reviews", "text_folder", {"text": ("text", "input"), "label": ("category", "target")},
                _written(folder / "new.txt", "A wonderful film with a great cast."), 600)


@_case
def text_table(shared: Path, folder: Path) -> Case:
    _delimited(folder / "new.csv", [{"text": "A wonderful film with a great cast."}])
    return Case(shared / "vader-sentiment" / "movieReviewSnippets.csv.gz", "table",
                {"text": ("text", "input"), "valence": ("number", "target"), "id": ("number", "ignore")},
                folder / "new.csv", 10_605, ("text.vocabulary=2000",))


@_case
def parallel_files(shared: Path, folder: Path) -> Case:
    texts = [text for _, text in _reviews(shared, 200)]
    _written(folder / "corpus" / "train.en", "\n".join(texts) + "\n")
    _written(folder / "corpus" / "train.rev", "\n".join(" ".join(reversed(text.split())) for text in texts) + "\n")
    return Case(folder / "corpus", "parallel_text", {"en": ("text", "input"), "rev": ("text", "target")},
                _written(folder / "new.txt", "A wonderful film."), 200, ("en.vocabulary=500", "rev.vocabulary=500"))


@_case
def parallel_columns(shared: Path, folder: Path) -> Case:
    rows: list[dict[str, object]] = [
        {"source": text, "target": " ".join(reversed(text.split()))} for _, text in _reviews(shared, 200)]
    _delimited(folder / "new.csv", [{"source": "A wonderful film."}])
    return Case(_delimited(folder / "pairs.csv", rows), "table",
                {"source": ("text", "input"), "target": ("text", "target")}, folder / "new.csv", 200,
                ("source.vocabulary=500", "target.vocabulary=500"))


@_case
def series(shared: Path, folder: Path) -> Case:
    lines = (shared / "timeseries" / "co2.csv").read_text().splitlines()
    _written(folder / "new.csv", "\n".join([lines[0], *lines[-60:]]) + "\n")
    return Case(shared / "timeseries" / "co2.csv", "series",
                {"window": ("series", "input"), "horizon": ("vector", "target")}, folder / "new.csv", 0)


@_case
def ratings(shared: Path, folder: Path) -> Case:
    random = np.random.default_rng(0)
    taste, style = random.normal(size=(80, 3)), random.normal(size=(120, 3))
    rows: list[dict[str, object]] = []
    for _ in range(3000):
        user, item = int(random.integers(80)), int(random.integers(120))
        stars = float(np.clip(np.rint(2 * (3 + taste[user] @ style[item])) / 2, 0.5, 5))
        rows.append({"userId": user + 1, "movieId": 10 * item + 1, "rating": stars,
                     "timestamp": 1_000_000_000 + len(rows)})
    _delimited(folder / "new.csv", [{"userId": 3, "movieId": 41}])
    return Case(_delimited(folder / "ratings.csv", rows), "table",
                {"userId": ("category", "input"), "movieId": ("category", "input"), "rating": ("number", "target")},
                folder / "new.csv", 3000)
