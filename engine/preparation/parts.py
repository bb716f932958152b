"""What a preparation is made of: plain values that are written as JSON and read back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..derived import DERIVED, LENGTHS, SHIFTED, origin
from ..errors import DataError

AnyArray = NDArray[Any]

FORMAT = 3
BOTH_MARKS = "both"
"""What the setting "marks" of a target says that was written before format 3: it begins with a mark, too."""


class Stored(NamedTuple):
    """Encoded samples.

    values   (n, ...)
    lengths  of padded kinds how many steps of each are real, int64 (n,)
    shifted  of targets with marks the values moved by one step, (n, time)
    """

    values: AnyArray
    lengths: AnyArray | None = None
    shifted: AnyArray | None = None

    def arrays(self) -> dict[str, AnyArray]:
        """What there is, by the names above."""
        return {name: array for name, array in self._asdict().items() if array is not None}

    def columns(self, name: str) -> dict[str, AnyArray]:
        """What there is, by the names of the columns that it makes of the column `name`."""
        found = {name: self.values}
        if self.lengths is not None:
            found[name + LENGTHS] = self.lengths
        if self.shifted is not None:
            found[name + SHIFTED] = self.shifted
            if self.lengths is not None:  # begin mark and end mark are one token each
                found[name + SHIFTED + LENGTHS] = self.lengths
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """How one column is prepared.

    shape     one prepared sample's, without the batch axis
    settings  all settings of the kind, with every "auto" resolved
    state     what was fitted on the training rows; numbers, texts, lists and dictionaries only
    parts     of a vector that is put together: the table's columns, in order
    """

    name: str
    kind: str
    role: str
    shape: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple["Part", ...] = ()

    @property
    def is_derived(self) -> bool:
        """Whether it is computed from another column."""
        return self.kind in DERIVED

    @property
    def leaves(self) -> tuple["Part", ...]:
        """The columns as the user's files have them; none of what is derived."""
        return () if self.is_derived else self.parts or (self,)

    @property
    def looks(self) -> tuple[Any, ...]:
        """What another part must share to read the same raw values."""
        return self.name, self.kind, self.role, self.shape, self.classes, tuple(part.looks for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "kind": self.kind, "role": self.role, "shape": list(self.shape),
            "classes": list(self.classes),
            "settings": {name: list(value) if isinstance(value, tuple) else value
                         for name, value in self.settings.items()},
            "state": dict(self.state), "parts": [part.to_json() for part in self.parts],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Part":
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for what is none."""
        return cls(
            name=_text(values["name"]), kind=_text(values["kind"]), role=_text(values["role"]),
            shape=tuple(int(size) for size in values["shape"]),
            classes=tuple(_text(name) for name in values["classes"]),
            settings={name: tuple(value) if isinstance(value, list) else value
                      for name, value in dict(values["settings"]).items()},
            state=dict(values["state"]), parts=tuple(cls.from_json(part) for part in values["parts"]),
        )


@dataclass(frozen=True, slots=True)
class Preparation:
    """The preparation of a data set: enough, alone, to prepare new raw files.

    As JSON: {"format": 3, "parts": [{"name", "kind", "role", "shape", "classes", "settings", "state", "parts"}]}.
    """

    parts: tuple[Part, ...]

    @property
    def inputs(self) -> tuple[Part, ...]:
        """The columns that a network reads and that new files have."""
        return tuple(part for part in self.parts if part.role == "input" and not part.is_derived)

    @property
    def targets(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.role == "target")

    def part(self, name: str) -> Part:
        """The preparation of one column. Raises DataError for a name that is not a column."""
        for part in self.parts:
            if part.name == name:
                return part
        raise DataError(f"The data has no column named {name!r}.",
                        f"Its columns: {', '.join(part.name for part in self.parts)}.")

    def finishing(self, name: str) -> Part | None:
        """How stored values of a column are finished; None for derived ones, which are whole numbers as they are."""
        return next((part for part in self.parts if part.name == name and not part.is_derived), None)

    def origins(self, names: Iterable[str]) -> tuple[Part, ...]:
        """The columns, as files have them, that columns of these names are prepared from; each once. Names that are no
        columns of the data are passed over."""
        known = {part.name: part for part in self.parts if not part.is_derived}
        wanted = dict.fromkeys(name if name in known else origin(name) for name in names)
        return tuple(known[name] for name in wanted if name in known)

    def reads_as(self, other: "Preparation") -> bool:
        """Raw values mean the same to both: columns, classes and the columns behind them are alike, in one order."""
        mine, theirs = ([part.looks for part in parts if not part.is_derived] for parts in (self.parts, other.parts))
        return mine == theirs

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers."""
        return {"format": FORMAT, "parts": [part.to_json() for part in self.parts]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Preparation":
        """The inverse of `to_json`; the format of earlier versions is read, too. Raises DataError."""
        try:
            if values["format"] > FORMAT:
                raise DataError("The preparation of the data was written by a newer version of the program.",
                                "Update the program.")
            if values["format"] == 1:
                return cls(tuple(_from_format_1(part) for part in values["prepared"]))
            parts = tuple(Part.from_json(part) for part in values["parts"])
            return cls(tuple(map(_from_format_2, parts)) if values["format"] == 2 else parts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"The preparation of the data is damaged: {type(error).__name__} {error}.",
                            "Train the network again.") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _from_format_2(part: Part) -> Part:
    """Marks stood at both ends of a target, too."""
    has_marks = part.role == "target" and part.settings.get("marks")
    return _changed(part, {**part.settings, "marks": BOTH_MARKS}, dict(part.state)) if has_marks else part


def _from_format_1(values: Mapping[str, Any]) -> Part:
    """A column of format 1, which knew pictures, numbers, categories and vectors of them."""
    column = values["column"]
    name, kind, shape = _text(column["name"]), _text(column["kind"]), tuple(column["shape"])
    numbers = {key: [float(number) for number in values[key]] for key in ("fill", "mean", "scale")}
    part = Part(name, kind, _text(column["role"]), shape, tuple(column["classes"]))
    if kind == "image":
        settings: dict[str, Any] = {"size": shape[1:], "channels": "grey" if shape[0] == 1 else "rgb",
                                    "fit": "stretch", "normalize": "standardise"}
        return _changed(part, settings, {"divide": values["divide"], "mean": numbers["mean"],
                                         "scale": numbers["scale"], "white": values["divide"]})
    if kind == "category":
        return _changed(part, {"encoding": "auto", "unseen": "zeros"}, {})
    if not values.get("features"):
        return _changed(part, {"scaling": "standardise", "missing": "median"}, numbers)
    leaves: list[Part] = []
    for place, feature in enumerate(values["features"]):
        own = {key: [numbers[key][place]] for key in numbers}
        if feature["value"] is None:
            leaves.append(Part(feature["column"], "number", "input", (), (),
                               {"scaling": "standardise", "missing": "median"}, own))
        elif leaves and leaves[-1].name == feature["column"]:
            leaves[-1] = Part(leaves[-1].name, "category", "input", (), (*leaves[-1].classes, feature["value"]),
                              leaves[-1].settings)
        else:
            leaves.append(Part(feature["column"], "category", "input", (), (feature["value"],),
                               {"encoding": "one-hot", "unseen": "zeros"}))
    return Part(name, kind, part.role, shape, (), {}, {}, tuple(leaves))


def _changed(part: Part, settings: dict[str, Any], state: dict[str, Any]) -> Part:
    return Part(part.name, part.kind, part.role, part.shape, part.classes, settings, state, part.parts)


def is_usable(values: AnyArray) -> NDArray[np.bool_]:
    """True where a number can be computed with: not missing, not infinite, not beyond what float32 can square."""
    usable: NDArray[np.bool_] = np.isfinite(values) if values.dtype == np.float16 else np.abs(values) <= LARGEST
    return usable


def all_usable(values: AnyArray) -> bool:
    """True if all numbers are usable; quicker than to tell of each of them."""
    if values.dtype == np.float16:  # in which LARGEST would be infinite
        return bool(np.isfinite(values).all())
    return not values.size or bool(values.min() >= -LARGEST and values.max() <= LARGEST)


LARGEST = 1e18
"""Larger numbers count as missing."""
