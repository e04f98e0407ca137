"""What all streams share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamStats:
    """Where every event of a stream went. Counts since the stream was opened.

    Attributes:
        received: events that came in, whatever became of them.
        out_of_bounds: events outside the sensor: in no frame.
        dropped: events that a full queue could not take.
        malformed: datagrams, messages or packets that could not be decoded.
        packets: datagrams, messages or packets that came in.
        kernel_drops: datagrams that the operating system lost before we saw them.
        rate_hz: events received per second, from the first to the latest.
    """

    received: int = 0
    out_of_bounds: int = 0
    dropped: int = 0
    malformed: int = 0
    packets: int = 0
    kernel_drops: int = 0
    rate_hz: float = 0.0
