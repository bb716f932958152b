"""The data doctor: every fault that is put into real files is found, with its rows, and its repair mends it."""

import wave
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.data import sources
from engine.data.browse import Browser
from engine.data.doctor import examine
from engine.data.doctor.survey import surveyed
from engine.data.files import ignore_progress
from engine.data.findings import Finding
from engine.errors import DataError
from engine.project import ColumnChoice, Data, Split
from tests.engine.data_files import fashion, write_idx, write_pictures


def found(data: Data, code: str) -> list[Finding]:
    return [finding for finding in examine(Browser(data, None)) if finding.code == code]


def the(data: Data, code: str, column: str = "") -> Finding:
    [finding] = [finding for finding in found(data, code) if not column or finding.column == column]
    return finding


def names(data: Data, finding: Finding) -> list[str]:
    all_names = Browser(data, None).opened.names
    return [all_names[row] for row in finding.rows]


def repaired(data: Data, finding: Finding, text: str = "") -> Data:
    """What the window makes of a repair: the changed data, looked at again."""
    repair = next(repair for repair in finding.repairs if text in repair.text)
    return sources.inspect(repair.data.path, repair.data.source, repair.data.options, chosen=repair.data.chosen,
                           previous=repair.data)


def write_table(path: Path, columns: dict[str, object], count: int = 200) -> Data:
    """A table of `count` rows; a column is a list, or a function of the row's number."""
    values = {name: [given(row) for row in range(count)] if callable(given) else list(given)
              for name, given in columns.items()}
    lines = [",".join(map(str, row)) for row in zip(*values.values(), strict=True)]
    path.write_text("\n".join([",".join(values), *lines]) + "\n", encoding="utf-8")
    return sources.inspect(path)


def noise(seed: int = 0) -> object:
    numbers = np.random.default_rng(seed).normal(size=10_000).round(4)
    return lambda row: numbers[row]


def kinds(row: int) -> str:
    return ("setosa", "versicolor", "virginica")[row * 7 % 3]


def test_nothing_is_said_of_sound_data(tmp_path: Path) -> None:
    assert examine(Browser(sources.inspect("bundled:fashion-mnist-small"), None)) == ()
    table = write_table(tmp_path / "a.csv", {"width": noise(1), "height": noise(2), "kind": kinds})
    assert examine(Browser(table, None)) == ()


def test_damaged_files_are_listed_and_can_be_left_out(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    (tmp_path / "c0" / "zz.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    whole = next((tmp_path / "c1").iterdir())
    whole.write_bytes(whole.read_bytes()[:80])
    data = sources.inspect(tmp_path)
    damaged = the(data, "damaged")
    assert sorted(names(data, damaged)) == sorted(["c0/zz.png", f"c1/{whole.name}"])
    assert damaged.severity == "warning"
    assert "c0/zz.png" in damaged.message
    asked = msgspec.structs.replace(data, skips_damaged=False)
    assert the(asked, "damaged").severity == "error"
    assert found(repaired(asked, the(asked, "damaged"), "Go on"), "damaged")[0].severity == "warning"
    assert not found(repaired(data, damaged, "Leave out"), "damaged")


def test_copies_within_and_across_splits_are_told_apart(tmp_path: Path) -> None:
    images, labels = fashion(80)
    for split, rows in (("train", range(60)), ("test", range(60, 80))):
        for row in rows:
            folder = tmp_path / split / f"c{labels[row] % 3}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[row]).save(folder / f"{row:03}.png")
    original, tested = tmp_path / "train" / f"c{labels[0] % 3}", tmp_path / "test" / f"c{labels[0] % 3}"
    Image.fromarray(images[0]).save(original / "again.bmp")  # other bytes, the same picture
    row = next(row for row in range(1, 60) if labels[row] % 3 == labels[0] % 3)
    Image.fromarray(images[row]).save(tested / "known.png")
    data = sources.inspect(tmp_path)
    within, across = the(data, "duplicates"), the(data, "duplicates-across")
    assert [Path(name).name for name in names(data, within)] == ["000.png", "again.bmp"]
    assert sorted(Path(name).name for name in names(data, across)) == sorted([f"{row:03}.png", "known.png"])
    assert (within.count, across.count) == (1, 1)
    assert across.severity == "warning"
    mended = repaired(data, across)
    assert not found(mended, "duplicates-across")
    left = Browser(mended, None)
    assert "known.png" in [Path(left.opened.names[row]).name for row in left.rows["test"]]


def test_equal_samples_with_different_labels(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    source = next((tmp_path / "c2").iterdir())
    (tmp_path / "c3" / "twin.png").write_bytes(source.read_bytes())
    data = sources.inspect(tmp_path)
    finding = the(data, "contradiction")
    assert sorted(names(data, finding)) == sorted([f"c2/{source.name}", "c3/twin.png"])
    assert not found(repaired(data, finding), "contradiction")


def test_blank_pictures(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    Image.new("L", (28, 28), 90).save(tmp_path / "c4" / "grey.png")
    data = sources.inspect(tmp_path)
    assert names(data, the(data, "blank")) == ["c4/grey.png"]


def test_pictures_of_other_shapes_and_sizes(tmp_path: Path) -> None:
    write_pictures(tmp_path, 60)
    images, _ = fashion(2)
    Image.fromarray(images[0]).resize((90, 28)).save(tmp_path / "c4" / "wide.png")
    Image.fromarray(images[0]).resize((9, 9)).save(tmp_path / "c4" / "small.png")
    data = sources.inspect(tmp_path)
    bent = the(data, "bent")
    assert names(data, bent) == ["c4/wide.png"]
    assert repaired(data, bent, "Pad").columns[0].settings["fit"] == "pad"
    assert not found(repaired(data, bent, "Pad"), "bent")
    assert names(data, the(data, "small-pictures")) == ["c4/small.png"]


def test_constant_and_empty_columns(tmp_path: Path) -> None:
    data = write_table(tmp_path / "a.csv", {"width": noise(1), "unit": lambda row: 3, "kind": kinds})
    data = sources.inspect(data.path, chosen={"unit": ColumnChoice(role="input")})
    constant = the(data, "constant", "unit")
    assert (constant.column, constant.severity) == ("unit", "warning")
    mended = repaired(data, constant)
    assert next(leaf.role for leaf in mended.leaves if leaf.name == "unit") == "ignore"
    assert the(mended, "constant").severity == "note"


def test_gaps_infinite_numbers_and_outliers(tmp_path: Path) -> None:
    width = noise(1)
    cells = [width(row) for row in range(200)]
    cells[3], cells[4], cells[5], cells[6] = "", "nan", "inf", "1e6"
    mostly = ["" if row % 4 else row / 7 for row in range(200)]
    data = write_table(tmp_path / "a.csv", {"width": cells, "rare": mostly, "height": noise(2), "kind": kinds})
    gaps = the(data, "missing", "width")
    assert (gaps.rows, gaps.count, gaps.severity) == ((3, 4), 2, "note")
    assert next(leaf for leaf in repaired(data, gaps).leaves if leaf.name == "width").settings["missing"] == "flag"
    assert the(data, "missing", "rare").severity == "warning"
    assert "Ignore 'rare'" in [repair.text for repair in the(data, "missing", "rare").repairs]
    assert the(data, "infinite").rows == (5,)
    outlier = the(data, "outliers")
    assert (outlier.column, outlier.rows) == ("width", (6,))
    scaled = repaired(data, outlier, "rank")
    assert next(leaf for leaf in scaled.leaves if leaf.name == "width").settings["scaling"] == "quantile"
    assert 6 not in np.concatenate(list(Browser(repaired(data, outlier, "Leave out"), None).rows.values()))


@pytest.mark.parametrize("leak", [
    pytest.param(lambda row: kinds(row).upper(), id="a category"),
    pytest.param(lambda row: len(kinds(row)) + row / 1000, id="a number in ranges"),
])
def test_a_column_that_gives_the_class_away(tmp_path: Path, leak: object) -> None:
    data = write_table(tmp_path / "a.csv", {"width": noise(1), "secret": leak, "kind": kinds})
    finding = the(data, "leakage")
    assert finding.column == "secret"
    assert finding.severity == "warning"
    assert not found(repaired(data, finding), "leakage")


def test_a_column_that_gives_a_number_away(tmp_path: Path) -> None:
    width = noise(1)
    data = write_table(tmp_path / "a.csv", {
        "width": width, "inches": lambda row: round(2.54 * width(row + 500) + 1, 5), "other": noise(3),
        "price": lambda row: width(row + 500)})
    assert [leaf.role for leaf in data.leaves if leaf.name == "price"] == ["target"]
    assert the(data, "leakage").column == "inches"
    assert "correlation" in the(data, "leakage").message


def test_unbalanced_and_tiny_classes(tmp_path: Path) -> None:
    def kind(row: int) -> str:
        return "often" if row % 20 else "rarely" if row % 100 else "hardly"

    data = write_table(tmp_path / "a.csv", {"width": noise(1), "height": noise(2), "kind": kind})
    assert "'often'" in the(data, "imbalance").message
    tiny = the(data, "tiny-class")
    assert "hardly" in tiny.message
    assert tiny.rows == (0, 100)
    assert not found(repaired(data, tiny), "tiny-class")


def test_a_class_that_is_tested_but_not_trained(tmp_path: Path) -> None:
    images = iter(fashion(60)[0])
    for folder in ("train/c0", "train/c1", "test/c0", "test/c1", "test/c2"):
        (tmp_path / folder).mkdir(parents=True)
        for row in range(12):
            Image.fromarray(next(images)).save(tmp_path / folder / f"{row}.png")
    data = sources.inspect(tmp_path)
    missing = the(data, "class-missing")
    assert missing.severity == "error"
    assert "'c2'" in missing.message
    assert not found(repaired(data, missing), "class-missing")


def test_one_class_and_one_sample_are_said_in_words(tmp_path: Path) -> None:
    write_pictures(tmp_path, 30)
    data = sources.inspect(tmp_path)
    one = msgspec.structs.replace(data, excluded=tuple(range(1, 30)))
    for broken in (one, msgspec.structs.replace(data, path=str(tmp_path / "gone"))):
        with pytest.raises(DataError) as refused:
            Browser(broken, None)
        assert refused.value.message
        assert refused.value.hint


def test_few_samples(tmp_path: Path) -> None:
    finding = the(sources.inspect(write_pictures(tmp_path, 40)), "few-samples")
    assert "to validate on" in finding.message
    assert "to test on" in finding.message
    (tmp_path / "few").mkdir()
    for number in range(3):
        Image.new("L", (8, 8), number * 50).save(tmp_path / "few" / f"{number}.png")
    few = the(sources.inspect(tmp_path / "few"), "few-samples")
    assert few.message.startswith("There is only 1 sample to train on")


def test_labels_below_zero_and_gaps(tmp_path: Path) -> None:
    data = write_table(tmp_path / "a.csv", {"width": noise(1), "height": noise(2),
                                            "kind": lambda row: (0, 1, 9, -1)[row * 7 % 4]})
    negative = the(data, "negative-label")
    assert negative.count == 50
    assert "9" in the(data, "label-gaps").message
    assert not found(repaired(data, negative), "negative-label")


def test_a_number_that_may_be_classes(tmp_path: Path) -> None:
    data = write_table(tmp_path / "a.csv", {"width": noise(1), "height": noise(2),
                                            "grade": lambda row: 1 + row * 7 % 4 / 2})
    data = sources.inspect(data.path, chosen={"grade": ColumnChoice(kind="number", role="target")})
    finding = the(data, "few-values")
    assert "1, 1.5, 2, 2.5" in finding.message
    target = next(leaf for leaf in repaired(data, finding).leaves if leaf.name == "grade")
    assert (target.kind, len(target.classes)) == ("category", 4)


def test_groups_on_both_sides(tmp_path: Path) -> None:
    data = write_table(tmp_path / "a.csv", {"patient": lambda row: f"p{row // 10}", "width": noise(1), "kind": kinds})
    data = sources.inspect(data.path, chosen={"patient": ColumnChoice(role="group")})
    data = msgspec.structs.replace(data, split=Split(method="random"))
    finding = the(data, "group-split")
    mended = repaired(data, finding)
    assert mended.split.method == "group"
    assert not found(mended, "group-split")


def test_copies_in_a_table_of_few_different_rows_are_natural(tmp_path: Path) -> None:
    data = write_table(tmp_path / "a.csv", {"colour": lambda row: "rgb"[row * 7 % 3], "big": lambda row: row * 11 % 2,
                                            "price": noise(1)})
    for finding in found(data, "duplicates") + found(data, "duplicates-across"):
        assert finding.severity == "note"
        assert not finding.repairs


def test_texts_that_are_cut_and_empty_ones(tmp_path: Path) -> None:
    for row in range(60):
        folder = tmp_path / ("good", "bad")[row % 2]
        folder.mkdir(exist_ok=True)
        (folder / f"{row:02}.txt").write_text(f"{row} " + "word " * (50 if row % 10 == 0 else 4), encoding="utf-8")
    (tmp_path / "good" / "nothing.txt").write_text("  \n", encoding="utf-8")
    data = sources.inspect(tmp_path, chosen={"text": ColumnChoice(settings={"max_length": 10})})
    assert names(data, the(data, "blank")) == ["good/nothing.txt"]
    cut = the(data, "cut")
    assert cut.count == 6
    mended = repaired(data, cut)
    assert mended.column("text").settings["max_length"] == 51
    assert not found(mended, "cut")


@pytest.mark.parametrize(("tokens", "different"), [("character", "abcdefghi "), ("word", ["abc", "def", "ghi"])])
def test_a_vocabulary_far_larger_than_its_texts(tmp_path: Path, tokens: str, different: object) -> None:
    data = write_table(tmp_path / "a.csv", {"said": lambda row: ("ABC def", "def", "ghi")[row % 3],
                                            "meant": lambda row: ("x y", "y z", "z é")[row % 3]})
    settings = {"said": {"tokens": tokens}, "meant": {"tokens": tokens, "marks": True}}
    chosen = {name: ColumnChoice(role=role, kind="text", settings=settings[name])
              for name, role in (("said", "input"), ("meant", "target"))}
    assert not found(sources.inspect(data.path, chosen=chosen), "vocabulary")
    for name, choice in chosen.items():
        chosen[name] = msgspec.structs.replace(choice, settings={**settings[name], "vocabulary": 8000})
    data = sources.inspect(data.path, chosen=chosen)
    finding = the(data, "vocabulary", "said")
    assert "8,000" in finding.message
    assert f"{len(different)} different {tokens}s" in finding.message
    assert repaired(data, finding).column("said").settings["vocabulary"] == 2 + len(different)  # padding, unknown
    mended = repaired(data, the(data, "vocabulary", "meant"))  # what is written ends with a mark
    assert mended.column("meant").settings["vocabulary"] == 4 + len("xyzé" if tokens == "word" else "xyzé ")
    assert not [each for each in found(mended, "vocabulary") if each.column == "meant"]


def test_texts_that_are_cut_for_their_marks(tmp_path: Path) -> None:
    words = [" ".join(f"w{(row + place) % 9}" for place in range(5)) for row in range(60)]
    (tmp_path / "pairs.tsv").write_text("\n".join(["english\tgerman", *(f"{text}\t{text} v" for text in words)]))
    chosen = {"german": ColumnChoice("text", "target", {"marks": True, "max_length": 6}),
              "english": ColumnChoice("text", "input", {"max_length": 5})}
    data = sources.inspect(tmp_path / "pairs.tsv", chosen=chosen)
    cut = the(data, "cut")
    assert cut.column == "german"
    assert "longer than the 5 words" in cut.message
    mended = repaired(data, cut, "Keep 6 words")
    assert mended.chosen["german"].settings["max_length"] == 7, "and the mark at the end"
    assert not found(mended, "cut")


def test_recordings_that_are_cut_and_silent_ones(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for row in range(40):
        folder = tmp_path / ("yes", "no")[row % 2]
        folder.mkdir(exist_ok=True)
        samples = generator.integers(-9000, 9000, 8000 if row % 10 == 0 else 2000)
        with wave.open(str(folder / f"{row:02}.wav"), "wb") as file:
            file.setparams((1, 2, 4000, 0, "NONE", ""))
            file.writeframes((samples if row else samples * 0).astype("<i2").tobytes())
    data = sources.inspect(tmp_path, chosen={"sound": ColumnChoice(settings={"seconds": 0.6})})
    assert names(data, the(data, "blank")) == ["yes/00.wav"]
    cut = the(data, "cut")
    assert cut.count == 4
    assert repaired(data, cut).column("sound").settings["seconds"] == 2.0


def test_files_that_a_table_names_in_vain(tmp_path: Path) -> None:
    images, labels = fashion(40)
    for row, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{row}.png")
    lines = [f"{row}.png,c{labels[row] % 2}" for row in range(40)]
    (tmp_path / "labels.csv").write_text("file,label\n" + "\n".join(lines), encoding="utf-8")
    (tmp_path / "7.png").unlink()
    Image.fromarray(images[0].T.copy()).save(tmp_path / "unnamed.png")
    data = sources.inspect(tmp_path)
    assert the(data, "damaged").rows == (7,)
    said = " ".join(finding.message for finding in found(data, "reading"))
    assert "'7.png'" in said
    assert "unnamed.png" in said


def test_files_that_changed_are_noticed(tmp_path: Path) -> None:
    data = sources.inspect(write_pictures(tmp_path, 60))
    Image.fromarray(fashion(1)[0][0].T.copy()).save(tmp_path / "c1" / "new.png")
    assert the(data, "changed").severity == "warning"


def test_a_look_that_takes_too_long_is_cut_short_and_says_so(tmp_path: Path) -> None:
    browser = Browser(sources.inspect(write_idx(tmp_path, 60_000 // 40, 40)), None)
    everything = surveyed(browser, ignore_progress)
    assert len(everything.rows) == browser.count
    part = surveyed(browser, ignore_progress, seconds=0.0)
    assert 0 < len(part.rows) <= browser.count
    assert (part.hashes == everything.hashes[np.isin(everything.rows, part.rows)]).all()


def test_an_examination_can_be_cancelled(tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        raise CancelledError

    browser = Browser(sources.inspect(write_pictures(tmp_path, 30)), None)
    with pytest.raises(CancelledError):
        examine(browser, cancel)
