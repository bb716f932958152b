"""What is noticed about a data set, with the rows it is true of and what can be done about it."""

from dataclasses import dataclass
from typing import Literal

from engine.project import Data

Severity = Literal["error", "warning", "note"]
"""error: training fails or means nothing. warning: it suffers. note: good to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class DataRepair:
    """One thing to do: what a button says, and the data as it is afterwards. `columns` of it are those of before: they
    are found anew by looking at the disk with what is then chosen."""

    text: str
    data: Data


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the data doctor.

    code      what kind of remark it is: "damaged", "duplicates", ..., the same in every version
    message   one or more sentences; hint: what to do, "" where the repairs say it
    column    the column it is about, "" for the whole data set
    rows      row numbers, sorted; () where no rows show it
    count     how many rows, cells, classes or files it is about: may be more than `rows`
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    column: str = ""
    rows: tuple[int, ...] = ()
    count: int = 0
    repairs: tuple[DataRepair, ...] = ()
