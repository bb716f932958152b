"""Texts and token sequences as token numbers. A vocabulary is learned from the training texts.

Tokens: 0 pads, 1 stands for what the vocabulary lacks, 2 and 3 begin and end a text if the setting "marks" is on.
A target has no begin mark: that stands in the column for teacher forcing, which is the target moved by one step.
Numbers of a token sequence are counted from there on in order of their frequency.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .numbers import Chunks
from .parts import BOTH_MARKS, AnyArray, Part, Stored

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from .preparing import Facts

PAD, UNKNOWN, BEGIN, END = "[PAD]", "[UNK]", "[BEGIN]", "[END]"
UNKNOWN_NUMBER, BEGIN_NUMBER, END_NUMBER = 1, 2, 3
"""Of what a vocabulary lacks, and of the marks; 0 pads."""

BYTES = 256

UNITS = {"word": "words", "character": "characters"}
"""What people call the tokens of a text."""


def fit_text(part: Part, chunks: Chunks) -> dict[str, Any]:
    """A tokenizer trained on texts, as the JSON of the `tokenizers` library."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    settings = part.settings
    special = [PAD, UNKNOWN, *((BEGIN, END) if has_marks(part) else ())]
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
    encodings = _tokenizer(part).encode_batch_fast(list(texts), add_special_tokens=False)
    return _stored(part, [encoding.ids for encoding in encodings])


def _stored(part: Part, found: Sequence[Any]) -> Stored:
    """Token numbers with marks, cut or padded. They are cut before the end mark: every text has one."""
    length, begin, room = part.shape[0], _begin(part), _room(part)
    if not has_marks(part):
        return padded(found, length, np.int32)
    stored = padded([[*begin, *tokens[:room], END_NUMBER] for tokens in found], length, np.int32)
    return stored if begin else stored._replace(shifted=shifted(stored.values))


def _begin(part: "Part | Facts") -> list[int]:
    has_begin = has_marks(part) and (part.role != "target" or part.settings["marks"] == BOTH_MARKS)
    return [BEGIN_NUMBER] if has_begin else []


def _room(part: Part) -> int:
    """So many tokens of a text are kept, beside the marks."""
    return max(0, part.shape[0] - mark_count(part))


def cut(part: Part, raw: Sequence[Any], lengths: AnyArray) -> dict[int, dict[str, Any]]:
    """Of what was cut, by row: {"tokens": so many there were, "read": so many were kept, "unit": what they are}.
    `raw` are texts or sequences of numbers, `lengths` (n,) what encoding made of them."""
    full = np.flatnonzero(lengths >= part.shape[0]).tolist()
    long, room = [raw[row] for row in full], _room(part)
    if part.kind == "text":
        long = [encoding.ids for encoding in _tokenizer(part).encode_batch_fast(long, add_special_tokens=False)]
    unit = UNITS.get(part.settings.get("tokens", ""), "tokens")
    return {row: {"tokens": len(tokens), "read": room, "unit": unit}
            for row, tokens in zip(full, long, strict=True) if len(tokens) > room}


def shifted(values: AnyArray) -> AnyArray:
    """Targets (n, time) moved by one step: a begin mark, then the tokens without the end mark."""
    moved = np.zeros_like(values)
    moved[:, 1:] = np.where(values[:, :-1] == END_NUMBER, 0, values[:, :-1])
    moved[:, 0] = BEGIN_NUMBER
    return moved


def fit_tokens(part: Part, chunks: Chunks) -> dict[str, Any]:
    """The commonest numbers of token sequences, the most frequent first."""
    numbers, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for chunk in chunks:
        together = np.concatenate([np.zeros(0, np.int64), *(np.asarray(tokens, np.int64) for tokens in chunk)])
        numbers, places = np.unique(np.concatenate([numbers, together]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, np.ones(len(together))]), len(numbers)).astype(np.int64)
    order = np.lexsort((numbers, -counts))[: max(0, part.settings["vocabulary"] - specials(part))]
    return {"known": numbers[order].tolist()}


def encode_tokens(part: Part, sequences: Iterable[AnyArray]) -> Stored:
    """Token numbers (n, max_length) int32, cut or padded with 0, and how many of each are real."""
    known = np.asarray(part.state["known"], np.int64)
    order = np.argsort(known)
    ranked, first = known[order], specials(part)
    found = []
    for sequence in sequences:
        tokens = np.asarray(sequence, np.int64)[: part.shape[0]]
        places = np.searchsorted(ranked, tokens).clip(0, max(0, len(ranked) - 1))
        if len(ranked):
            found.append(np.where(ranked[places] == tokens, order[places] + first, UNKNOWN_NUMBER))
        else:
            found.append(np.full(len(tokens), UNKNOWN_NUMBER))
    return _stored(part, found)


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
    """Token numbers (n, length) as texts; padding and marks, and what follows an end mark, are left out."""
    rows = [real(part, row) for row in numbers.tolist()]
    if part.kind == "tokens":
        return [" ".join(_names(part, row)) for row in rows]
    return list(_tokenizer(part).decode_batch(rows, skip_special_tokens=False))


def real(part: Part, row: Sequence[int]) -> list[int]:
    """The token numbers of one text without padding and marks, and without what follows an end mark."""
    if not has_marks(part):
        return [number for number in row if number]
    until = row.index(END_NUMBER) if END_NUMBER in row else len(row)
    return [number for number in row[:until] if number not in (0, BEGIN_NUMBER)]


def words(part: Part, row: Sequence[int]) -> list[str]:
    """What each token number of one text stands for."""
    named = {0: PAD, UNKNOWN_NUMBER: UNKNOWN, **({BEGIN_NUMBER: BEGIN, END_NUMBER: END} if has_marks(part) else {})}
    if part.kind == "tokens":
        return [named.get(number) or name for number, name in zip(row, _names(part, row), strict=True)]
    found = _tokenizer(part).decode_batch([[number] for number in row], skip_special_tokens=False)
    return [named.get(number) or name for number, name in zip(row, found, strict=True)]


def has_marks(part: "Part | Facts") -> bool:
    return bool(part.settings.get("marks"))


def mark_count(part: "Part | Facts") -> int:
    """How many marks there are in every text."""
    return len(_begin(part)) + 1 if has_marks(part) else 0


def specials(part: "Part | Facts") -> int:
    """How many of the lowest token numbers stand for no word: padding, unknown and the marks."""
    return 4 if has_marks(part) else 2


def _names(part: Part, row: Sequence[int]) -> list[str]:
    """The whole numbers that tokens of a token sequence stand for; "?" for those that stand for none."""
    known, first = part.state["known"], specials(part)
    return [str(known[number - first]) if 0 <= number - first < len(known) else "?" for number in row]


def _tokenizer(part: Part) -> "Tokenizer":
    return _read(json.dumps(part.state["tokenizer"]))


@lru_cache(maxsize=8)
def _read(text: str) -> "Tokenizer":
    """A tokenizer that takes the words of the special tokens in a text for ordinary words."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(text)
    tokenizer.encode_special_tokens = True
    return tokenizer
