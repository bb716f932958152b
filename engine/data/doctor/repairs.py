"""Repairs: data as it is after something was decided about it."""

from typing import Any

import msgspec

from engine.data.files import AnyArray
from engine.data.findings import DataRepair
from engine.project import ColumnChoice, Data

MOST_EXCLUDED = 200_000
"""More rows than these are not listed one by one in a project file."""


def ignored(data: Data, name: str) -> DataRepair:
    """Without a column."""
    return DataRepair(f"Ignore {name!r}", _chosen(data, name, role="ignore"))


def as_kind(data: Data, name: str, kind: str, text: str) -> DataRepair:
    """With a column read as another kind; settings that were chosen for the old kind go."""
    return DataRepair(text, _chosen(data, name, kind=kind, settings={}))


def with_setting(data: Data, name: str, setting: str, value: Any, text: str) -> DataRepair:
    """With one setting of a column's preparation changed."""
    before = data.chosen.get(name, ColumnChoice()).settings
    return DataRepair(text, _chosen(data, name, settings={**before, setting: value}))


def without_rows(data: Data, rows: AnyArray, text: str) -> tuple[DataRepair, ...]:
    """Without some rows, () if they are too many to list."""
    if not 0 < len(rows) <= MOST_EXCLUDED:
        return ()
    excluded = tuple(sorted({*data.excluded, *rows.tolist()}))
    return (DataRepair(text, msgspec.structs.replace(data, excluded=excluded)),)


def split_by(data: Data, method: str, text: str) -> DataRepair:
    """With the rows divided in another way."""
    return DataRepair(text, msgspec.structs.replace(data, split=msgspec.structs.replace(data.split, method=method)))


def _chosen(data: Data, name: str, **changes: Any) -> Data:
    choice = msgspec.structs.replace(data.chosen.get(name, ColumnChoice()), **changes)
    return msgspec.structs.replace(data, chosen={**data.chosen, name: choice})
