"""The project's columns as parts of a preparation."""

from engine.kinds import KINDS
from engine.params import completed
from engine.preparation import Part, begin
from engine.project import Column


def part_of(column: Column, normalize: bool) -> Part:
    """A column's preparation before it is fitted, with all settings. Raises OptionError for one of another kind."""
    return begin(completed_column(column), normalize)


def completed_column(column: Column) -> Column:
    """With all settings of its kind, and of the kinds of its parts."""
    import msgspec

    return msgspec.structs.replace(column, settings=completed(KINDS[column.kind].params, column.settings),
                                   parts=tuple(completed_column(part) for part in column.parts))
