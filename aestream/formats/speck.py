"""Speck's events as samna's JitZMQStreamer publishes them: frame "V", then a frame of 8 bytes an event.

An event is polarity u8, y u8, x u8, a byte without meaning, time u32 in microseconds modulo 2^32; little-endian.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SPECK_DTYPE = np.dtype({"names": ["p", "y", "x", "t"], "formats": ["u1", "u1", "u1", "<u4"], "offsets": [0, 1, 2, 4]})
TOPIC = b"V"
_WRAP = 1 << 32


def is_speck_message(frames: Sequence[bytes]) -> bool:
    """Whether a message has the shape above; its events may be none."""
    return len(frames) == 2 and frames[0] == TOPIC and len(frames[1]) % SPECK_DTYPE.itemsize == 0


def view_speck_events(payloads: Sequence[bytes]) -> npt.NDArray[np.void]:
    """The events of second frames, one behind the other: array ``[n]`` of ``SPECK_DTYPE``."""
    return np.frombuffer(b"".join(payloads), SPECK_DTYPE)


class SpeckClock:
    """Makes 32-bit times whole, across messages: each is the nearest to what the sensor's clock should show.

    So a fall by more than half of 2^32 is a wrap, and a smaller one a step back; a sensor may be silent for hours.
    """

    def __init__(self) -> None:
        self._ahead: int | None = None  # of ours, by the latest event

    def unwrap(self, stamps: npt.NDArray[np.uint32], arrival_us: int) -> npt.NDArray[np.int64]:
        """Times of events that arrived together, never below 0.

        Args:
            stamps: uint32 ``[n]``, n >= 1, microseconds modulo 2^32.
            arrival_us: when they arrived, on a steady clock of ours.

        Returns:
            int64 ``[n]``, microseconds.
        """
        expected = int(stamps[0]) if self._ahead is None else arrival_us + self._ahead
        steps = np.diff(stamps, prepend=np.uint32(expected % _WRAP)).view(np.int32)
        times = expected + np.cumsum(steps, dtype=np.int64)
        times -= np.minimum(np.minimum.accumulate(times), 0) // _WRAP * _WRAP
        self._ahead = int(times[-1]) - arrival_us
        return times
