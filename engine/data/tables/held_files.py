"""Files that lie in the cells of a table, as Parquet data sets of pictures and recordings have them."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from engine.data.disk.trees import File
from engine.data.tables.frames import Frame

if TYPE_CHECKING:
    import polars


class HeldFile(File):
    """One cell: the bytes of a file. They stay in the table until they are read."""

    __slots__ = ("_place", "_row", "_series")

    def __init__(self, series: "polars.Series", row: int, place: str) -> None:
        self._series, self._row, self._place = series, row, place
        self.name = f"row {row + 1}"

    @property
    def place(self) -> str:
        return f"{self._place}: {self.name}"

    @property
    def path(self) -> None:
        return None

    @property
    def size(self) -> int:
        return len(self._content)

    @property
    def stamp(self) -> int:
        return 0

    def head(self, count: int) -> bytes:
        return self._content[:count]

    def read(self, limit: int | None = None) -> bytes:
        self._require(self.size, limit)
        return self._content

    def open(self) -> BinaryIO:
        return BytesIO(self._content)

    @property
    def _content(self) -> bytes:
        found: bytes = self._series[self._row]
        return found


def held_files(frame: Frame, name: str) -> Sequence[File | None]:
    """The file of each row of a column whose cells are bytes, or structures with a field "bytes"; () for other columns,
    None for empty cells."""
    import polars

    series = frame.data[name]
    if series.dtype == polars.Struct and series.struct.schema.get("bytes") == polars.Binary:
        series = series.struct.field("bytes")
    if series.dtype != polars.Binary:
        return ()
    return [None if is_empty else HeldFile(series, row, frame.place)
            for row, is_empty in enumerate(series.is_null().to_list())]
