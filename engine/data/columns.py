"""Columns as the user wants them: roles and settings that were chosen, the shapes that follow, and derived columns."""

from collections.abc import Mapping
from typing import cast

import msgspec

from engine.derived import LENGTHS, SHIFTED
from engine.errors import DataError, OptionError
from engine.kinds import KINDS, VOCABULARY
from engine.params import Value, completed
from engine.preparation import sample_shape
from engine.preparation.texts import specials
from engine.project import Column, ColumnChoice

USUAL_VOCABULARY = cast(int, VOCABULARY.default)
"""So many tokens where nobody said how many, and fewer where the texts hold fewer."""


def settings_of(name: str, kind: str, chosen: Mapping[str, ColumnChoice],
                found: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """All settings of a column's preparation: those that were chosen, then those `found` to suit the data, defaults for
    the rest. Settings of another kind, left from before the kind was changed, count for nothing."""
    params = KINDS[kind].params
    known = {param.name for param in params}
    wanted = {**(found or {}), **_settings(chosen, name)}
    try:
        return completed(params, {key: value for key, value in wanted.items() if key in known})
    except OptionError as error:
        raise DataError(f"A setting of column {name!r} cannot be used: {error.message}", error.hint) from None


def finished(columns: tuple[Column, ...], chosen: Mapping[str, ColumnChoice],
             known: tuple[Column, ...] = ()) -> tuple[Column, ...]:
    """The columns of a source with roles and settings as they were chosen, followed by what is derived from them.

    known  as they were when the data was looked at before: what nobody chose stays as it was then
    """
    own = [_chosen(column, chosen) for column in columns if not column.is_derived]
    are_heard = any(column.kind == "audio" and column.role == "input" for column in own)
    before = {column.name: column for column in known if column.role == "target"}
    done: list[Column] = []
    for column in own:
        if column.kind == "text" and column.role == "target" and not is_chosen(column.name, "marks", chosen):
            was = before.get(column.name)
            # what is spoken is usually written by CTC, which needs no marks
            column = _marked(column, was.settings.get("marks", False) if was else not are_heard, chosen)  # noqa: PLW2901
        done += [column, *(_chosen(derived, chosen) for derived in _derived(column))]
    return tuple(done)


def is_chosen(name: str, setting: str, chosen: Mapping[str, ColumnChoice]) -> bool:
    """Whether the user decided this setting of the column."""
    return setting in _settings(chosen, name)


def _marked(column: Column, marks: bool, chosen: Mapping[str, ColumnChoice]) -> Column:
    """The column with or without marks, for which a vocabulary that nobody chose has room."""
    marked = msgspec.structs.replace(column, settings={**column.settings, "marks": marks})
    if is_chosen(column.name, "vocabulary", chosen):
        return marked
    vocabulary = min(column.settings["vocabulary"] + specials(marked) - specials(column), USUAL_VOCABULARY)
    return msgspec.structs.replace(marked, settings={**marked.settings, "vocabulary": vocabulary})


def _derived(column: Column) -> list[Column]:
    """The lengths of a padded column, and for teacher forcing a target with marks moved by one step."""
    if not column.spec.padded or column.role not in ("input", "target"):
        return []
    lengths = Column(column.name + LENGTHS, "lengths", "ignore",
                     reason=f"how much of each {column.name!r} is real, at the port lengths of its Input")
    if column.role == "input" or not column.settings.get("marks"):
        return [lengths]
    settings = {name: column.settings[name] for name in ("vocabulary", "max_length")}
    return [lengths, Column(column.name + SHIFTED, "shifted", "input", column.shape, settings=settings,
                            reason=f"{column.name!r} moved by one step, for teacher forcing")]


def _settings(chosen: Mapping[str, ColumnChoice], name: str) -> Mapping[str, Value]:
    return chosen[name].settings if name in chosen else {}


def _chosen(column: Column, chosen: Mapping[str, ColumnChoice]) -> Column:
    choice = chosen.get(column.name, ColumnChoice())
    parts = tuple(_chosen(part, chosen) for part in column.parts)
    settings = column.settings or settings_of(column.name, column.kind, chosen)
    shape = sample_shape(column.kind, len(column.classes), settings)
    return msgspec.structs.replace(column, role=choice.role or column.role, settings=settings, parts=parts,
                                   shape=column.shape if shape is None else shape)
