"""Columns as the user wants them: roles and settings that were chosen, the shapes that follow, and lengths."""

from collections.abc import Mapping

import msgspec

from engine.errors import DataError, OptionError
from engine.kinds import KINDS, LENGTHS
from engine.params import Value, completed
from engine.preparation import sample_shape
from engine.project import Column, ColumnChoice

PADDED = ("text", "tokens", "audio")


def settings_of(name: str, kind: str, chosen: Mapping[str, ColumnChoice],
                found: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """All settings of a column's preparation: those that were chosen, then those `found` to suit the data, defaults for
    the rest. Settings of another kind, left from before the kind was changed, count for nothing."""
    params = KINDS[kind].params
    known = {param.name for param in params}
    wanted = {**(found or {}), **(chosen[name].settings if name in chosen else {})}
    try:
        return completed(params, {key: value for key, value in wanted.items() if key in known})
    except OptionError as error:
        raise DataError(f"A setting of column {name!r} cannot be used: {error.message}", error.hint) from None


def finished(columns: tuple[Column, ...], chosen: Mapping[str, ColumnChoice]) -> tuple[Column, ...]:
    """The columns of a source with roles and settings as they were chosen, padded ones followed by their lengths."""
    done: list[Column] = []
    for column in (_chosen(column, chosen) for column in columns if column.kind != "lengths"):
        done.append(column)
        if column.kind in PADDED and column.role in ("input", "target"):
            done.append(_chosen(Column(column.name + LENGTHS, "lengths", "ignore",
                                       reason=f"how much of each {column.name!r} is real"), chosen))
    return tuple(done)


def _chosen(column: Column, chosen: Mapping[str, ColumnChoice]) -> Column:
    choice = chosen.get(column.name, ColumnChoice())
    parts = tuple(_chosen(part, chosen) for part in column.parts)
    settings = column.settings or settings_of(column.name, column.kind, chosen)
    shape = sample_shape(column.kind, len(column.classes), settings)
    return msgspec.structs.replace(column, role=choice.role or column.role, settings=settings, parts=parts,
                                   shape=column.shape if shape is None else shape)
