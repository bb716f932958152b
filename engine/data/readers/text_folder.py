"""A folder of text files with a folder for each class; optionally train, validation and test folders above these."""

import re
from collections.abc import Iterable

import numpy as np

from engine.data.columns import settings_of
from engine.data.disk.contents import content, is_mostly, spread
from engine.data.disk.media import Texts
from engine.data.disk.trees import Tree
from engine.data.opened import Asked, Opened
from engine.data.readers.layouts import Layout, layout_of
from engine.data.vocabularies import with_vocabulary
from engine.errors import DataError
from engine.params import Value
from engine.project import Column

SAMPLE = 400
SAMPLE_BYTES = 1 << 16
SUFFIXES = (".txt", ".text", ".md", ".asc")
WORD = re.compile(r"\w+|[^\w\s]")
SHORTEST, LONGEST = 8, 512
USUAL_SHARE = 95
"""Per cent of the texts that are kept whole."""


def recognise(tree: Tree) -> bool:
    """True for a folder or archive of text files in at least two class folders."""
    return not tree.single and is_mostly(tree, "text") and len(set(_layout(tree).labels)) > 1


def open_text_folder(asked: Asked) -> Opened:
    """Open a folder of text files."""
    layout = _layout(asked.tree)
    if not layout.files:
        raise DataError(f"{asked.tree.root} holds no text files.",
                        "Put the texts of each class into a folder of its own: its name is the class.")
    heads = [file.head(SAMPLE_BYTES) for file in spread(layout.files, SAMPLE)]
    texts = Texts(layout.files)
    column = text_column("text", (head.decode("utf-8", "replace") for head in heads), asked,
                         f"{len(layout.files):,} text files")
    if len(heads) == len(layout.files) and all(len(head) < SAMPLE_BYTES for head in heads):
        column = with_vocabulary(column, texts, len(layout.files), asked)
    others, values = layout.columns("texts")
    return Opened(
        columns=(column, *others),
        values={"text": texts, **values},
        names=layout.names,
        files=layout.files,
        fixed=layout.fixed,
        findings=tuple(layout.findings("texts")),
    )


def text_column(name: str, sample: Iterable[str], asked: Asked, reason: str, role: str = "input") -> Column:
    """A column of texts. A length that most of the `sample` do not exceed is its setting if no other was chosen."""
    known = asked.known_column(name)
    found: dict[str, Value] = {}
    if known and known.kind == "text":
        found = known.settings
    elif counts := [len(WORD.findall(text)) for text in sample]:
        found = {"max_length": int(min(max(np.percentile(counts, USUAL_SHARE), SHORTEST), LONGEST))}
    return Column(name, "text", "target" if role == "target" else "input", reason=reason,
                  settings=settings_of(name, "text", asked.chosen, found))


def _layout(tree: Tree) -> Layout:
    """Text files below the top: what lies there tells about the data, as a README does."""
    return layout_of(tree, {file.name for file in tree.files if "/" in file.name and (
        file.name.lower().endswith(SUFFIXES) or content(file) == "text")})
