"""The 40-bit .bin files of N-MNIST and N-Caltech101. Spec: garrickorchard.com/datasets/n-mnist."""

from __future__ import annotations

from aestream.writers.base import Limits
from aestream.writers.encoded import EncodedWriter


class Bin40Writer(EncodedWriter):
    """5 bytes for an event, no header: 256x240 pixels and the first 8.3 s, as a row with y = 240 is no event."""

    FORMAT = "bin40"
    LIMITS = Limits(max_x=255, max_y=239, min_t=0, max_t=2**23 - 1)

    def header(self, width: int, height: int) -> bytes:
        """Nothing: the format does not say its sensor."""
        return b""
