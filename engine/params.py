"""Typed parameters: one declaration serves the inspector, the file, the terminal, the checks and the emitted code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import float_info
from typing import Any

from .errors import OptionError

_LARGEST = float_info.max
"""Whole numbers beyond it have no float; no comparison with it holds for NaN."""

Value = Any
"""A parameter's value: int, float, bool, str, None or a tuple of ints."""

MAX_INTEGER = 2**63
"""Below this in size are the whole numbers that torch and project files can hold."""

_UNREACHED = 10**12
"""Nobody wants so much: a limit from here on guards files, and is not told."""

_SPELLED_OUT = {"lr": "Learning rate", "max_lr": "Highest rate", "eta_min": "Lowest rate", "eps": "Epsilon",
                "graph": "Network"}
"""Names that a beginner cannot read, or that users know by another word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One named setting with its default and one sentence of help.

    required: the constructor has no default for it, so that emitted code always names it.
    argument: it is passed to the constructor; False for settings that only shape the call.
    optional: None is a legal value.
    zero: the word for 0 where that is no number but the absence of one: "off".
    """

    name: str
    default: Value
    help: str
    required: bool = False
    argument: bool = True
    optional: bool = False
    zero: str = ""

    @property
    def label(self) -> str:
        """The name as shown to users: "Out features"."""
        return _SPELLED_OUT.get(self.name) or self.name.replace("_", " ").capitalize()

    def normalized(self, value: Value) -> Value:
        """`value` in its stored form. Raises OptionError, with what is allowed, if it cannot be taken."""
        if value is None:
            if self.optional:
                return None
            raise self._refusal(value)
        return self._taken(value)

    def parsed(self, text: str) -> Value:
        """The value that `text`, typed by a user, stands for. Raises OptionError."""
        stripped = text.strip()
        if self.optional and stripped.lower() in ("", "none", "auto"):
            return None
        return self.normalized(0 if self.zero and stripped.lower() == self.zero else self._read(stripped))

    def formatted(self, value: Value) -> str:
        """`value` as a user types it; the inverse of `parsed`."""
        return "" if value is None else self.zero if self.zero and value == 0 else self._written(value)

    def range_text(self) -> str:
        """What is allowed, in words: "a whole number from 1 to 100"."""
        raise NotImplementedError

    def _taken(self, value: Value) -> Value:
        raise NotImplementedError

    def _read(self, text: str) -> Value:
        return text

    def _written(self, value: Value) -> str:
        return str(value)

    def _refusal(self, value: Value) -> OptionError:
        return OptionError(f"{self.label} must be {self.range_text()}, not {_shown(value)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Int(Param):
    minimum: int | None = None
    maximum: int | None = None

    def range_text(self) -> str:
        return "a whole number" + _bounds_text(self.minimum, self.maximum) + (f", or {self.zero}" if self.zero else "")

    def _taken(self, value: Value) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise self._refusal(value)
        if abs(value) >= MAX_INTEGER or not _within(value, self.minimum, self.maximum):
            raise self._refusal(value)
        return int(value)

    def _read(self, text: str) -> Value:
        try:
            return int(text[:32].replace("_", ""))
        except ValueError:
            raise self._refusal(text) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Float(Param):
    minimum: float | None = None
    maximum: float | None = None

    def range_text(self) -> str:
        return "a number" + _bounds_text(self.minimum, self.maximum) + (f", or {self.zero}" if self.zero else "")

    def _written(self, value: Value) -> str:
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)

    def _taken(self, value: Value) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refusal(value)
        if not _within(value, self.minimum, self.maximum) or not -_LARGEST <= value <= _LARGEST:
            raise self._refusal(value)
        return float(value)

    def _read(self, text: str) -> Value:
        try:
            return float(text)
        except ValueError:
            raise self._refusal(text) from None


_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool(Param):
    def range_text(self) -> str:
        return "true or false"

    def formatted(self, value: Value) -> str:
        return "true" if value else "false"

    def _taken(self, value: Value) -> Value:
        if not isinstance(value, bool):
            raise self._refusal(value)
        return value

    def _read(self, text: str) -> Value:
        if text.lower() not in (*_TRUE, *_FALSE):
            raise self._refusal(text)
        return text.lower() in _TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Param):
    choices: tuple[str, ...]

    def range_text(self) -> str:
        return "one of " + ", ".join(self.choices)

    def _taken(self, value: Value) -> Value:
        if value not in self.choices:
            raise self._refusal(value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Param):
    """A tuple of whole numbers. With `length`, a single number stands for that many equal ones."""

    length: int | None = None
    minimum: int | None = 1
    maximum: int | None = None

    def range_text(self) -> str:
        count = f"{self.length} whole numbers" if self.length else "whole numbers"
        return f"{count}{_bounds_text(self.minimum, self.maximum)}, such as {self.formatted(self.default) or '3, 3'}"

    def formatted(self, value: Value) -> str:
        return "" if value is None else ", ".join(str(part) for part in value)

    def _taken(self, value: Value) -> Value:
        one = Int(name=self.name, default=0, help="", minimum=self.minimum, maximum=self.maximum)
        parts = [value] * (self.length or 1) if isinstance(value, int | float) else value
        if not isinstance(parts, list | tuple) or (self.length and len(parts) != self.length):
            raise self._refusal(value)
        try:
            return tuple(one.normalized(part) for part in parts)
        except OptionError:
            raise self._refusal(value) from None

    def _read(self, text: str) -> Value:
        parts = [part for part in text.strip("()[]").replace("x", ",").replace(" ", ",").split(",") if part]
        try:
            numbers = tuple(int(part[:32]) for part in parts)
        except ValueError:
            raise self._refusal(text) from None
        return numbers[0] if len(numbers) == 1 and self.length else numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Param):
    max_length: int = 1000

    def range_text(self) -> str:
        return f"text of at most {self.max_length} characters"

    def _taken(self, value: Value) -> Value:
        if not isinstance(value, str) or len(value) > self.max_length:
            raise self._refusal(value)
        return value


def completed(params: Iterable[Param], values: Mapping[str, Value]) -> dict[str, Value]:
    """All of `params` by name, normalized: from `values`, else the default. Raises OptionError, unknown names too."""
    known = {param.name: param for param in params}
    for name in values:
        if name not in known:
            raise OptionError(f"There is no setting named {name!r}.", f"Settings: {', '.join(known) or 'none'}.")
    return {name: param.normalized(values.get(name, param.default)) for name, param in known.items()}


def _shown(value: Value) -> str:
    """A value for a message, shortened."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        text = "a number with thousands of digits"
    return text if len(text) <= 80 else text[:77] + "..."


def _within(value: float, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def _bounds_text(minimum: float | None, maximum: float | None) -> str:
    if maximum is not None and maximum >= _UNREACHED:
        maximum = None
    if minimum is not None and maximum is not None:
        return f" from {_grouped(minimum)} to {_grouped(maximum)}"
    if minimum is not None:
        return f" of at least {_grouped(minimum)}"
    return f" of at most {_grouped(maximum)}" if maximum is not None else ""


def _grouped(bound: float) -> str:
    """A bound as people read it: "1000", "1,000,000", "0.5"."""
    return f"{bound:,}" if isinstance(bound, int) and abs(bound) >= 10_000 else f"{bound:g}"
