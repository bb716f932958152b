"""A folder of recordings: a folder for each class, or names that begin with it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.data.columns import settings_of
from engine.data.disk.contents import content, is_mostly, spread
from engine.data.disk.media import Sounds
from engine.data.disk.trees import File, Tree
from engine.data.opened import Asked, Opened
from engine.data.readers.layouts import layout_of
from engine.errors import DataError
from engine.params import Value
from engine.preparation import sounds
from engine.project import Column

SAMPLE = 200
HIGHEST_RATE = 16000
LONGEST = 10.0
USUAL_SHARE = 95
"""Per cent of the recordings that are kept whole."""


def recognise(tree: Tree) -> bool:
    """True for a folder or archive with recordings in it."""
    return not tree.single and is_mostly(tree, "sound")


def open_audio_folder(asked: Asked) -> Opened:
    """Open a folder of recordings."""
    layout = layout_of(asked.tree, {file.name for file in asked.tree.files if _is_sound(file)})
    if not layout.files:
        raise DataError(f"{asked.tree.root} holds no recordings (WAV, FLAC, OGG).",
                        "Put the recordings of each class into a folder of its own: its name is the class.")
    column = sound_column("sound", layout.files, asked)
    others, values = layout.columns("recordings")
    return Opened(
        columns=(column, *others),
        values={"sound": Sounds(layout.files, column.settings["rate"], column.settings["seconds"]), **values},
        names=layout.names,
        files=layout.files,
        fixed=layout.fixed,
        findings=tuple(layout.findings("recordings")),
    )


def sound_column(name: str, files: Sequence[File | None], asked: Asked) -> Column:
    """The input column of recordings. Their usual rate, at most 16 kHz, and a length that most do not exceed are its
    settings if nothing else was chosen. Raises DataError if none can be read."""
    known = asked.known_column(name)
    found = known.settings if known and known.kind == "audio" else _found(files, asked)
    return Column(name, "audio", "input", reason=f"{len(files):,} recordings",
                  settings=settings_of(name, "audio", asked.chosen, found))


def _found(files: Sequence[File | None], asked: Asked) -> dict[str, Value]:
    present = [file for file in files if file]
    sample = spread(present, SAMPLE)
    lengths: list[float] = []
    rates: Counter[int] = Counter()
    for index, file in enumerate(sample):
        try:
            with file.open() as stream:
                seconds, rate = sounds.facts(stream)
        except DataError:
            continue  # counted and listed when it is read
        lengths.append(seconds)
        rates[rate] += 1
        asked.progress(index / len(sample))
    if not lengths:
        raise DataError(f"None of the {len(sample)} recordings that were looked at can be read, such as "
                        f"{sample[0].place if sample else 'those that are named'}.", "Check that the files are whole.")
    usual = float(np.ceil(np.percentile(lengths, USUAL_SHARE) * 10) / 10)
    return {"rate": max(1000, min(rates.most_common(1)[0][0], HIGHEST_RATE)), "seconds": min(max(usual, 0.1), LONGEST)}


def _is_sound(file: File) -> bool:
    """Damaged files with the name of a recording count, so that they can be listed."""
    return file.name[file.name.rfind(".") :].lower() in sounds.SUFFIXES or content(file) == "sound"
