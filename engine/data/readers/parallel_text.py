"""Parallel text: two files whose lines are translations of each other; or such pairs for train, validation and test."""

from collections.abc import Mapping
from itertools import accumulate

import numpy as np

from engine.data.disk.contents import content, spread
from engine.data.disk.media import text_of
from engine.data.disk.trees import File, Tree
from engine.data.opened import Asked, Held, Opened, RowNames
from engine.data.readers.text_folder import text_column
from engine.data.splits import SPLIT_NAMES, SPLITS
from engine.data.vocabularies import with_vocabulary
from engine.errors import DataError

MAX_FILES = 20
MAX_BYTES = 2 << 30
SAMPLE = 2000
ABOUT = ("readme", "licen", "copying", "changelog", "notice")
SOURCES = ("source", "src", "en", "eng", "english", "input", "question", "questions")
"""Names of what is translated from, the likeliest first."""

Pair = dict[str, File]
"""The two files of a pair, by the name of the language."""


def recognise(tree: Tree) -> bool:
    """True for a folder or archive with pairs of text files of as many lines."""
    pairs = _pairs(tree)
    if not pairs:
        return False
    try:
        return all(len({_count_lines(file) for file in pair.values()}) == 1 for pair in pairs.values())
    except DataError:
        return False


def open_parallel_text(asked: Asked) -> Opened:
    """Open pairs of text files: the lines of the one are the input, those of the other the target."""
    pairs = _pairs(asked.tree)
    if not pairs:
        raise DataError(f"{asked.tree.root} holds no pair of text files.",
                        "Put two files side by side whose lines belong together, such as train.en and train.de.")
    splits = [split for split in ("", *SPLITS) if split in pairs]
    languages = sorted(pairs[splits[0]], key=lambda name: (SOURCES.index(name.lower()) if name.lower() in SOURCES
                                                           else len(SOURCES), name))
    lines = {language: [_lines(pairs[split][language]) for split in splits] for language in languages}
    counts = [len(part) for part in lines[languages[0]]]
    for split, count, other in zip(splits, counts, lines[languages[1]], strict=True):
        if len(other) != count:
            one, two = (pairs[split][language] for language in languages)
            raise DataError(f"{one.place} has {count:,} lines, {two.base} {len(other):,}.",
                            "Every line needs its counterpart in the same place.")
    texts = {language: [line for part in parts for line in part] for language, parts in lines.items()}
    values = {language: Held(text) for language, text in texts.items()}
    ends = list(accumulate(counts))
    columns = tuple(
        with_vocabulary(text_column(language, spread(texts[language], SAMPLE), asked,
                                    f"the lines of {pairs[splits[0]][language].base}", role),
                        values[language], ends[-1], asked)
        for language, role in zip(languages, ("input", "target"), strict=True))
    usable = np.array([all(texts[language][row].strip() for language in languages) for row in range(ends[-1])], bool)
    empty = ends[-1] - int(usable.sum())
    return Opened(
        columns=columns,
        values=values,
        names=RowNames(*((split or "line", count) for split, count in zip(splits, counts, strict=True))),
        files=[file for pair in pairs.values() for file in pair.values()],
        usable=np.flatnonzero(usable),
        fixed={split: np.arange(end - count, end) for split, count, end in zip(splits, counts, ends, strict=True)
               if split},
        findings=(f"Lines without text in one of the languages were left out ({empty:,}).",) if empty else (),
    )


def _pairs(tree: Tree) -> Mapping[str, Pair]:
    """By split ("" where the names speak of none) two text files each: train.en and train.de, or any two files."""
    if tree.single or len(tree.files) > MAX_FILES:
        return {}
    files = [file for file in tree.files
             if not file.base.lower().startswith(ABOUT) and content(file) == "text"]
    by_stem: dict[str, Pair] = {}
    for file in files:
        by_stem.setdefault(file.stem, {})[file.base.rpartition(".")[2]] = file
    languages = {tuple(sorted(pair)) for pair in by_stem.values()}
    if len(languages) == 1 and len(next(iter(languages))) == 2:
        splits = {SPLIT_NAMES.get(stem.lower(), ""): pair for stem, pair in by_stem.items()}
        return splits if len(splits) == len(by_stem) else {}
    if len(files) == 2 and files[0].stem != files[1].stem:
        return {"": {file.stem: file for file in files}}
    return {}


def _lines(file: File) -> list[str]:
    try:
        text = text_of(file.read(MAX_BYTES))
    except DataError as error:
        raise DataError(error.message if file.place in error.message else f"{file.place}: {error.message}.",
                        error.hint or "Save it as text in UTF-8.") from None
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return lines[:-1] if lines and not lines[-1] else lines


def _count_lines(file: File) -> int:
    return len(_lines(file))
