"""A vocabulary is as large as the texts need, where nobody chose another."""

from pathlib import Path

import pytest

from engine.analysis import analyze
from engine.data import dataset, sources
from engine.data.readers import text_folder
from engine.data.vocabularies import MOST
from engine.kinds import VOCABULARY
from engine.project import ColumnChoice, Data
from engine.starter import starter_graph

USUAL = VOCABULARY.default
WORDS = ("one", "Two", "three", "four", "ONE")
MEANINGS = ("eins", "zwei", "drei", "vier", "acht")


def pairs(folder: Path, count: int = 400, change: str = "") -> Path:
    """A table of texts of four words, one of them also in capitals, and what they mean in five words."""
    def text(row: int, words: tuple[str, ...]) -> str:
        return " ".join(words[row // len(words) ** place % len(words)] for place in range(5))

    lines = [f"{text(row, WORDS)}\t{text(row, MEANINGS)}{change}" for row in range(count)]
    (folder / "pairs.tsv").write_text("\n".join(["english\tgerman", *lines]))
    return folder / "pairs.tsv"


def vocabularies(data: Data) -> dict[str, object]:
    return {column.name: column.settings["vocabulary"] for column in data.columns if "vocabulary" in column.settings}


def looked(data: Data, **settings: object) -> Data:
    """After settings of the input were chosen."""
    return sources.inspect(data.path, chosen={"english": ColumnChoice(settings=settings)}, previous=data)


def test_a_table_of_texts_has_room_for_its_words_and_the_special_tokens(tmp_path: Path) -> None:
    data = sources.inspect(pairs(tmp_path))
    assert vocabularies(data) == {"english": 4 + 2, "german": 5 + 4, "german shifted": 5 + 4}
    prepared = dataset.load(data, None)
    for name, count in vocabularies(data).items():
        values = prepared.prepared(name)
        assert values.max() == count - 1
        assert not (values == 1).any(), "a word has no place in the vocabulary"


def test_it_follows_what_texts_are_cut_into(tmp_path: Path) -> None:
    data = sources.inspect(pairs(tmp_path))
    assert vocabularies(looked(data, lowercase=False))["english"] == 5 + 2
    assert vocabularies(looked(data, marks=True))["english"] == 4 + 4
    assert vocabularies(looked(data, tokens="character"))["english"] == len(set("onetwothreefour ")) + 2
    assert vocabularies(looked(data, tokens="byte-pair"))["english"] == USUAL
    assert vocabularies(looked(data, vocabulary=3, tokens="character"))["english"] == 3
    without = sources.inspect(data.path, chosen={"german": ColumnChoice(settings={"marks": False})})
    assert vocabularies(without) == {"english": 6, "german": 7}
    chosen = sources.inspect(data.path, chosen={"german": ColumnChoice(settings={"vocabulary": 5})})
    assert vocabularies(chosen) == {"english": 6, "german": 5, "german shifted": 5}


def test_letters_of_all_languages_are_cut_as_they_are_prepared(tmp_path: Path) -> None:
    texts = ("İstanbul STRASSE straße ẞ", "e\u0301 é ﬁ fi", "ΣΑΣ σας", "a\u200db 👩\u200d👧 don't", "i\u0307")
    (tmp_path / "texts.tsv").write_text("\n".join(
        ["text\tlabel", *(f"{texts[row % len(texts)]}\tx{row % 2}" for row in range(50))]), encoding="utf-8")
    for tokens in ("word", "character"):
        chosen = {"text": ColumnChoice("text", "input", {"tokens": tokens})}
        data = sources.inspect(tmp_path / "texts.tsv", chosen=chosen)
        values = dataset.load(data, None).prepared("text")
        assert values.max() == data.columns[0].settings["vocabulary"] - 1
        assert not (values == 1).any()


def test_a_project_keeps_it_when_texts_have_changed(tmp_path: Path) -> None:
    data = sources.inspect(pairs(tmp_path))
    pairs(tmp_path, change="!")
    assert vocabularies(sources.open_data(data, None)) == vocabularies(data)  # type: ignore[arg-type]
    assert vocabularies(sources.inspect(data.path, previous=data))["german"] == 9 + 1


def test_very_much_text_and_very_many_words_keep_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "words.tsv").write_text("\n".join(
        ["english\tgerman", *(f"number {row} is\tnumero {row // 100} est" for row in range(USUAL))]))
    assert vocabularies(sources.inspect(tmp_path / "words.tsv"))["english"] == USUAL
    long = "ab cd " * (MOST["text"] // 120)
    (tmp_path / "long.tsv").write_text("\n".join(["english\tgerman", *(f"{long}\tx{row} y" for row in range(21))]))
    chosen = {"english": ColumnChoice("text", "input"), "german": ColumnChoice("text", "target")}
    data = sources.inspect(tmp_path / "long.tsv", "table", chosen=chosen)
    assert vocabularies(data) == {"english": USUAL, "german": 22 + 4, "german shifted": 22 + 4}


def test_token_sequences_of_a_table(tmp_path: Path) -> None:
    rows = [f"{' '.join(str(100 + row * step % 9) for step in range(2 + row % 3))},{'ab'[row % 2]}"
            for row in range(90)]
    (tmp_path / "tokens.csv").write_text("\n".join(["steps,label", *rows]))
    data = sources.inspect(tmp_path / "tokens.csv")
    assert [column.kind for column in data.columns] == ["tokens", "lengths", "category"]
    assert vocabularies(data) == {"steps": 9 + 2}
    assert dataset.load(data, None).prepared("steps").max() == 10
    (tmp_path / "tokens.csv").write_text("\n".join(["steps,label", *rows, "200 201 202,a"]))
    assert vocabularies(sources.open_data(data, None)) == {"steps": 9 + 2}  # type: ignore[arg-type]
    chosen = {"steps": ColumnChoice(settings={"vocabulary": 50})}
    assert vocabularies(sources.inspect(data.path, chosen=chosen)) == {"steps": 50}


def test_parallel_text(tmp_path: Path) -> None:
    (tmp_path / "text.en").write_text("one two\nthree\n" * 20)
    (tmp_path / "text.de").write_text("eins zwei\ndrei.\n" * 20)
    assert vocabularies(sources.inspect(tmp_path)) == {"en": 3 + 2, "de": 4 + 4, "de shifted": 4 + 4}


@pytest.mark.parametrize(("count", "needed"), [(text_folder.SAMPLE, 3 + 2), (text_folder.SAMPLE + 1, USUAL)])
def test_a_folder_of_texts_of_which_all_were_looked_at(tmp_path: Path, count: int, needed: int) -> None:
    for row in range(count):
        folder = tmp_path / ("good", "bad")[row % 2]
        folder.mkdir(exist_ok=True)
        (folder / f"{row}.txt").write_text("it is" if row % 2 else "is so")
    assert vocabularies(sources.inspect(tmp_path)) == {"text": needed}


def test_a_starter_is_as_large_as_the_texts_need(tmp_path: Path) -> None:
    data = sources.inspect(pairs(tmp_path))
    graph = starter_graph(data.columns)
    report = analyze(graph, data.columns)
    assert not report.problems
    assert [node.params["num_embeddings"] for node in graph.nodes if node.type == "Embedding"] == [6, 9]
    assert report.weights < 400_000
