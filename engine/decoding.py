"""What can be chosen about how a network writes texts: in the terminal, in the window and in exports.

Travels with exports: standard library and `params` only. How it is done is in `preparation.decoding`.
"""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from .errors import OptionError
from .params import Choice, Float, Int, Param, Value, completed

SETTINGS: tuple[Param, ...] = (
    Choice(name="decode", default="greedy", choices=("greedy", "beam", "sample"),
           help="Greedy: always the best next token. Beam: the best of several texts. Sample: tokens are drawn."),
    Int(name="beam", default=4, minimum=1, maximum=256, help="So many texts are kept while they are written."),
    Float(name="length_penalty", default=0.6, minimum=0.0, maximum=10.0,
          help="How much a beam favours long texts; 0: not at all, which prefers short ones."),
    Float(name="temperature", default=1.0, minimum=0.01, maximum=100.0,
          help="Below 1 likely tokens are drawn more often, above 1 unlikely ones."),
    Int(name="top_k", default=0, minimum=0, maximum=1_000_000,
        help="Tokens are drawn from so many of the best; 0: from all."),
    Int(name="seed", default=0, minimum=0, maximum=2**31 - 1, help="The same seed draws the same numbers."),
    Int(name="max_length", default=0, minimum=0, maximum=1_000_000,
        help="The longest text in tokens; 0: as long as the network can write."),
)


def settings_of(values: Mapping[str, Value]) -> dict[str, Any]:
    """All settings: those in `values`, defaults for the rest. Raises OptionError."""
    return completed(SETTINGS, values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """An option for each setting; None where it is not given."""
    group = parser.add_argument_group("texts that the network writes")
    for param in SETTINGS:
        meant = {"choices": param.choices} if isinstance(param, Choice) else {"metavar": "N", "type": _reader(param)}
        group.add_argument(f"--{param.name.replace('_', '-')}", **meant, help=f"{param.help} Default: {param.default}.")


def given(args: argparse.Namespace) -> dict[str, Value]:
    """The settings that were given."""
    return {param.name: value for param in SETTINGS if (value := getattr(args, param.name)) is not None}


def _reader(param: Param) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        try:
            return param.parsed(text)
        except OptionError as error:
            raise argparse.ArgumentTypeError(error.message) from None

    return read
