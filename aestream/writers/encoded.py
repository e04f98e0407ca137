"""Files whose words or lines the core writes: all that a format adds is its header and its limits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy.typing as npt

import aestream._core as _core
from aestream.writers.base import Limits, WriteOptions
from aestream.writers.output import Output


class EncodedWriter(ABC):
    """A `FormatWriter` around one of the core's encoders.

    Attributes:
        FORMAT: name of the encoder.
        LIMITS: what the format can say, by the rules of readers.
    """

    FORMAT: ClassVar[str]
    LIMITS: ClassVar[Limits]
    IS_STREAM: ClassVar[bool] = True

    def __init__(self, output: Output, shape: tuple[int, int], options: WriteOptions) -> None:
        self._file = _core.EncodedFile(output.fileno(), self.FORMAT, *shape, self.header(*shape))

    @abstractmethod
    def header(self, width: int, height: int) -> bytes:
        """What stands before the first event."""

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events."""
        self._file.write(events)

    def finish(self) -> None:
        """Write what the encoder has kept."""
        self._file.finish()

    def abort(self) -> None:  # noqa: B027 - a default, of which formats need nothing more
        """Nothing is open here."""
