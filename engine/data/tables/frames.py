"""A table in memory, whatever file it came from: columns of a few types, and where each row stands in the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import DataError

if TYPE_CHECKING:
    import polars

EXACT = 2**53
"""Whole numbers are exact in float64 up to here; columns with larger ones are read as texts."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table. Its columns are Float64, Boolean, String, Datetime (microseconds, UTC), List, Array, Struct or Binary;
    names are unique; an empty cell is null.

    place     what to call the file in messages
    lines     the line of the file that each row stands in; text with line breaks in it counts as one. None: row i
              stands in line `first + i`
    unit      "line" of a text, "row" of a sheet
    findings  what the user should know, one sentence each
    sections  of a table that was put together: the name of each file, and how many rows are from it
    """

    data: "polars.DataFrame"
    place: str
    lines: "polars.Series | None" = None
    first: int = 1
    unit: str = "line"
    findings: tuple[str, ...] = ()
    sections: tuple[tuple[str, int], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.data.columns)

    def where(self, row: int) -> str:
        """Where a row stands: "line 1,234"."""
        found = f"{self.unit} {self.first + row if self.lines is None else self.lines[row]:,}"
        for name, count in self.sections:
            if row < count:
                return f"{found} of {name}"
            row -= count
        return found

    def require(self, name: str, what: str) -> None:
        """Raises DataError if there is no column of this name."""
        if name not in self.data.columns:
            shown = ", ".join(self.names[:30])
            raise DataError(f"{self.place} has no column named {name!r} {what}.",
                            f"Its columns: {shown}{', ...' if len(self.names) > 30 else ''}.")


def repeated_names(cells: Sequence[str]) -> str:
    """The first name that several columns have; "" if there is none."""
    seen: set[str] = set()
    for cell in map(str.strip, cells):
        if cell and cell in seen:
            return cell
        seen.add(cell)
    return ""


def plain_types(data: "polars.DataFrame") -> "polars.DataFrame":
    """The columns in the few types of a `Frame`. Columns that are of one already are not copied."""
    return data.with_columns([_plain(series) for series in data.get_columns() if not _is_plain(series)])


def _is_plain(series: "polars.Series") -> bool:
    import polars

    return series.dtype in (polars.Float64, polars.Boolean, polars.String)


def _plain(series: "polars.Series") -> "polars.Series":
    import polars

    dtype = series.dtype
    if dtype.is_integer():
        low, high = series.min(), series.max()
        is_exact = low is None or max(abs(int(low)), abs(int(high))) <= EXACT  # type: ignore[arg-type]
        return series.cast(polars.Float64 if is_exact else polars.String)
    if dtype.is_numeric():
        return series.cast(polars.Float64)
    if dtype in (polars.Date, polars.Datetime):
        if getattr(dtype, "time_zone", None):
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return series.cast(polars.Datetime("us"))
    if dtype == polars.Duration:
        return series.dt.total_microseconds(fractional=False).cast(polars.Float64) / 1e6
    if dtype in (polars.Categorical, polars.Enum, polars.Time, polars.Null):
        return series.cast(polars.String)
    return series
