"""Which rows of a data set are looked at, and in which order."""

from dataclasses import dataclass, replace

import numpy as np

from engine.data.browse import Browser
from engine.data.files import Rows


@dataclass(frozen=True, slots=True)
class Query:
    """What the user asked to see. "" means all, and the order of the data.

    only   these rows and no others, in this order unless they are sorted; None: all rows
    title  what `only` is: "12 duplicates"
    """

    split: str = ""
    label: str = ""
    where: str = ""
    sort: str = ""
    descending: bool = False
    only: tuple[int, ...] | None = None
    title: str = ""

    def sorted_by(self, column: str) -> "Query":
        """After a click on the header of a column: upwards, then downwards, then in the order of the data again."""
        if column != self.sort:
            return replace(self, sort=column, descending=False)
        return replace(self, descending=True) if not self.descending else replace(self, sort="", descending=False)

    def rows(self, browser: Browser) -> Rows:
        """The row numbers (n,). Raises DataError if the condition cannot be understood."""
        found = browser.order(split=self.split, where=self.where, label=self.label, sort=self.sort,
                              descending=self.descending)
        if self.only is None:
            return found
        only = np.asarray(self.only, np.int64)
        return found[np.isin(found, only)] if self.sort else only[np.isin(only, found)]
