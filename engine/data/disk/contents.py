"""What a file holds, told by its first bytes, never by its name."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeVar

from engine.data.disk.trees import File, Tree

Content = Literal["picture", "sound", "arrays", "idx", "text", "packed", "other"]

HEAD_BYTES = 512
SAMPLE = 64
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*")
SOUNDS = (b"fLaC", b"OggS")
ARRAYS = b"\x93NUMPY"
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PAR1")
IDX_TYPES = frozenset({0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E})
CONTROLS = bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32))
WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff")
RIVALS: tuple[Content, ...] = ("picture", "sound", "idx", "arrays")

Item = TypeVar("Item")


def content(file: File) -> Content:
    """What the file holds; "other" for what is not known or cannot be read."""
    return content_of(file.head(HEAD_BYTES))


def content_of(start: bytes) -> Content:
    """What a file holds that begins so."""
    if start.startswith(PICTURES) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP"):
        return "picture"
    if start.startswith(SOUNDS) or (start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE"):
        return "sound"
    if start.startswith((ARRAYS, *PACKED)):
        return "arrays" if start.startswith(ARRAYS) else "packed"
    if start[:2] == b"\0\0" and len(start) > 3 and start[2] in IDX_TYPES and 1 <= start[3] <= 8:
        return "idx"
    is_text = start.startswith(WIDE_TEXT) or (start and len(start.translate(None, CONTROLS)) == len(start))
    return "text" if is_text else "other"


def sampled(tree: Tree) -> Counter[Content]:
    """The contents of some files of a tree, evenly spread."""
    return Counter(content(file) for file in spread(tree.files, SAMPLE))


def is_mostly(tree: Tree, wanted: Content) -> bool:
    """True if a tree holds files of this kind, and no more of another that is data."""
    found = sampled(tree)
    rivals = RIVALS if wanted == "text" else RIVALS[:2]
    return found[wanted] > 0 and all(found[wanted] >= found[other] for other in rivals)


def spread(items: Sequence[Item], count: int) -> Sequence[Item]:
    """At most `count` items, evenly spread."""
    return items if len(items) <= count else [items[index * len(items) // count] for index in range(count)]
