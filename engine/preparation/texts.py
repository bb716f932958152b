"""Texts and token sequences as token numbers. A vocabulary is learned from the training texts.

Tokens of a text: 0 pads, 1 stands for what the vocabulary lacks, 2 and 3 begin and end a text if the setting "marks"
is on. Numbers of a token sequence are counted from 2 in order of their frequency.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .numbers import Chunks
from .parts import AnyArray, Part, Stored

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNKNOWN, BEGIN, END = "[PAD]", "[UNK]", "[BEGIN]", "[END]"
UNKNOWN_NUMBER = 1
"""Of what a vocabulary lacks; 0 pads."""

FIRST = 2
"""The number of the first token of a token sequence; 0 pads and 1 is unknown."""

BYTES = 256


def fit_text(part: Part, chunks: Chunks) -> dict[str, Any]:
    """A tokenizer trained on texts, as the JSON of the `tokenizers` library."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    settings = part.settings
    special = [PAD, UNKNOWN, *((BEGIN, END) if settings["marks"] else ())]
    size = max(settings["vocabulary"], len(special))
    if settings["tokens"] == "byte-pair":
        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        letters = max(0, min(BYTES, size - len(special)))
        trainer: Any = trainers.BpeTrainer(vocab_size=size, special_tokens=special, limit_alphabet=letters,
                                           show_progress=False)
    else:
        is_word = settings["tokens"] == "word"
        tokenizer = Tokenizer(models.WordLevel(vocab={}, unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace() if is_word else pre_tokenizers.Split(
            Regex(r"[\s\S]"), "isolated")
        if not is_word:
            tokenizer.decoder = decoders.Fuse()
        trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    steps = [normalizers.NFC(), *([normalizers.Lowercase()] if settings["lowercase"] else [])]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.train_from_iterator((text for chunk in chunks for text in chunk), trainer)
    return {"tokenizer": json.loads(tokenizer.to_str())}


def encode_text(part: Part, texts: Sequence[str]) -> Stored:
    """Token numbers (n, max_length) int32, cut or padded with 0, and how many of each are real."""
    tokenizer = _tokenizer(part)
    marks = part.settings["marks"]
    found = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    if marks:
        room = max(0, part.shape[0] - 2)
        found = [[2, *ids[:room], 3] for ids in found]
    return padded(found, part.shape[0], np.int32)


def fit_tokens(part: Part, chunks: Chunks) -> dict[str, Any]:
    """The commonest numbers of token sequences, the most frequent first."""
    numbers, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for chunk in chunks:
        together = np.concatenate([np.zeros(0, np.int64), *(np.asarray(tokens, np.int64) for tokens in chunk)])
        numbers, places = np.unique(np.concatenate([numbers, together]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, np.ones(len(together))]), len(numbers)).astype(np.int64)
    order = np.lexsort((numbers, -counts))[: max(0, part.settings["vocabulary"] - FIRST)]
    return {"known": numbers[order].tolist()}


def encode_tokens(part: Part, sequences: Iterable[AnyArray]) -> Stored:
    """Token numbers (n, max_length) int32, cut or padded with 0, and how many of each are real."""
    known = np.asarray(part.state["known"], np.int64)
    order = np.argsort(known)
    ranked = known[order]
    found = []
    for sequence in sequences:
        tokens = np.asarray(sequence, np.int64)[: part.shape[0]]
        places = np.searchsorted(ranked, tokens).clip(0, max(0, len(ranked) - 1))
        if len(ranked):
            found.append(np.where(ranked[places] == tokens, order[places] + FIRST, UNKNOWN_NUMBER))
        else:
            found.append(np.full(len(tokens), UNKNOWN_NUMBER))
    return padded(found, part.shape[0], np.int32)


def padded(sequences: Sequence[Any], length: int, dtype: Any) -> Stored:
    """Sequences of numbers as (n, length), cut or padded with 0, and their lengths, at least 1: a recurrent layer
    cannot read nothing."""
    values = np.zeros((len(sequences), length), dtype)
    lengths = np.ones(len(sequences), np.int64)
    for row, sequence in enumerate(sequences):
        kept = sequence[:length]
        values[row, : len(kept)] = kept
        lengths[row] = max(1, len(kept))
    return Stored(values, lengths)


def readable(part: Part, numbers: AnyArray) -> list[str]:
    """Token numbers (n, length) as texts; padding, and what follows an end mark, is left out."""
    if part.kind == "tokens":
        known = part.state["known"]
        return [" ".join(str(known[number - FIRST]) if 0 <= number - FIRST < len(known) else "?"
                         for number in row if number) for row in numbers.tolist()]
    tokenizer = _tokenizer(part)
    rows = []
    for row in numbers.tolist():
        if part.settings["marks"] and 3 in row:
            row = row[: row.index(3)]  # noqa: PLW2901
        rows.append([number for number in row if number and not (part.settings["marks"] and number == 2)])
    return list(tokenizer.decode_batch(rows, skip_special_tokens=False))


def specials(part: Part) -> int:
    """How many of the lowest token numbers stand for no word: padding, unknown and the marks."""
    return 4 if part.settings.get("marks") else FIRST


def _tokenizer(part: Part) -> "Tokenizer":
    return _read(json.dumps(part.state["tokenizer"]))


@lru_cache(maxsize=8)
def _read(text: str) -> "Tokenizer":
    """A tokenizer that takes the words of the special tokens in a text for ordinary words."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(text)
    tokenizer.encode_special_tokens = True
    return tokenizer
