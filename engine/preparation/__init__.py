"""How raw values become what a network reads. This package travels with exports as it is: it imports the standard
library and numpy, other libraries inside functions, and of the program nothing but `errors`, `derived`, `params` and
`decoding` beside it.

    parts      `Part`, one column, and `Preparation`, all of them: settings, what was fitted, JSON
    preparing  begin -> fitted -> encode -> scaled -> finish, and back again
    reading    new files as raw values
    answers    what a network puts out, in the words and units of the data
    decoding   from scores of tokens to texts: greedy, beams, samples, CTC
    usage      how a trained network is used: once, again and again, or on noise

Nothing but training rows is fitted on. Stored values (`encode`) are small: bytes for pictures, int32 for tokens;
`finish` turns a batch of them into what the network takes.
"""

from .parts import Part, Preparation, Stored
from .preparing import (
    begin,
    encode,
    finish,
    finish_factors,
    fitted,
    prepared,
    restored,
    sample_shape,
    scaled,
    unit,
)
from .reading import read_new
from .texts import readable

__all__ = [
    "Part",
    "Preparation",
    "Stored",
    "begin",
    "encode",
    "finish",
    "finish_factors",
    "fitted",
    "prepared",
    "read_new",
    "readable",
    "restored",
    "sample_shape",
    "scaled",
    "unit",
]
