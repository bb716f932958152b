"""What the supervisor and its worker say to each other: one line of JSON each way. Nothing is ever unpickled."""

from typing import Literal

import msgspec

from engine.events import AnyEvent, Event
from engine.jobs import AnyJob


class Request(msgspec.Struct, frozen=True):
    """To the worker. "start" comes with a job, which waits for the one before it to end."""

    command: Literal["start", "pause", "resume", "stop"]
    job: AnyJob | None = None


class Ready(Event, frozen=True):
    """From the worker: torch is loaded and warm; a job would start at once. `devices`: where it can train."""

    devices: tuple[str, ...]


Reply = AnyEvent | Ready

_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_reply_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encoded(message: Request | Event) -> bytes:
    """The message as one line, with its newline."""
    return msgspec.json.encode(message) + b"\n"


def request(line: bytes) -> Request:
    """Raises msgspec.DecodeError, also for a start without a job."""
    decoded = _request_decoder.decode(line)
    if decoded.command == "start" and decoded.job is None:
        raise msgspec.ValidationError("start needs a job")
    return decoded


def reply(line: bytes) -> Reply:
    """Raises msgspec.DecodeError."""
    return _reply_decoder.decode(line)
