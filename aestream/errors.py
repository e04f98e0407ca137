"""What aestream raises and warns of."""

from __future__ import annotations

from typing import Any


class FormatError(ValueError):
    """Bytes are not what the format says.

    Attributes:
        offset: bytes from the start of the file to where something else was expected, or None where no place is meant.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self._whole = ""  # what the offset counts from the start of, unless that is the file

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.offset), {"_whole": self._whole}

    def within(self, whole: str) -> FormatError:
        """The same error, its offset counted from the start of ``whole``, unless it already says what from."""
        error = FormatError(self.args[0], self.offset)
        error._whole = self._whole or whole
        return error

    def located(self, path: str) -> FormatError:
        """The same error, its message led by the path and the offset."""
        place = path if self.offset is None else f"{path}, byte {self.offset}"
        if self._whole:
            place += f" of {self._whole}" if self.offset is not None else f", {self._whole}"
        return FormatError(f"{place}: {self.args[0]}", self.offset)


class TruncatedFileWarning(UserWarning):
    """A file ends inside a word, a line or a packet; everything before it was read."""


class ShapeWarning(UserWarning):
    """A shape that was given is not the one in the file's header; the given one is used."""


class IndexWarning(UserWarning):
    """The index in a pickle is not one of the file that is at its path now; it is built again."""


class TimeUnitWarning(UserWarning):
    """Times, of a file or in memory, are floats, and what they count was guessed; ``time_unit=`` says it."""


class CameraNotFound(OSError):  # noqa: N818 - the field's own word
    """No camera could be opened: none is connected, or not the one asked for, or its driver refuses or is missing.

    The message says what was looked for and with which drivers, and which extra to install.
    """


class CameraDisconnected(ConnectionError):  # noqa: N818
    """A camera was unplugged, or its driver has given up. Comes after everything that was received before."""
