"""Write events to files: all at once, or piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from aestream.arguments import check_shape
from aestream.writers import check_options, choose, load_writer
from aestream.writers.base import FormatWriter, WriteOptions
from aestream.writers.checks import Checker
from aestream.writers.output import Output


def save(
    path: str | os.PathLike[str],
    events: Any,
    shape: tuple[int, int],
    *,
    format: str | None = None,
    compression: str | None = None,
    source: str = "aestream",
    packet_us: int = 10_000,
    time_unit: str | None = None,
) -> None:
    """Write events to a file, which appears under its name only when it is complete.

    Args:
        path: the file; one that exists is replaced.
        events: a structured array with the fields t (or timestamp), x, y and p (or polarity), an ``Events``, or four
            arrays or tensors in that order; p of 0 and 1, or of -1 and 1. May be empty. Their order is kept.
        shape: sensor (width, height) in pixels.
        format, compression, source, packet_us, time_unit: as in `Writer`.

    Raises:
        ValueError: if an argument is not as above, an event lies outside the sensor, or the format cannot say what an
            event says; nothing is clipped or shifted.
        OSError: if the file cannot be written.
    """
    with Writer(
        path,
        shape,
        format=format,
        compression=compression,
        source=source,
        packet_us=packet_us,
        time_unit=time_unit,
    ) as writer:
        writer.write(events)


class Writer:
    """A file that events are written to piece by piece, in memory that does not grow with the file.

    ``with Writer(path, shape) as writer: writer.write(events)``. The file appears under its name when the writer is
    closed, and not at all if the block ends with an exception; then a file that had the name before is still there.
    A link is written through. A pipe or a character device, such as ``/dev/stdout``, is written to as it is, by the
    formats that are written from front to back: not AEDAT4, HDF5 and NPZ.

    SIGTERM and SIGHUP remove the unfinished file, which ends in ``.tmp``, unless the process handles them; a process
    that is killed leaves it, and the next one that writes the same file removes it. In a forked child the writer is
    closed, and the parent's file left alone.

    Args:
        path: the file; one that exists is replaced in the end, and its mode kept.
        shape: sensor (width, height) in pixels.
        format: None to go by the path's ending: ``.aedat4``, ``.dat``, ``.es`` and ``.npz`` are the formats of these
            names, ``.raw`` is ``"evt3"`` unless ``"evt2"`` or ``"evt21"`` is given, ``.h5`` is ``"dsec"``, ``.hdf5``
            is ``"prophesee"``, ``.bin`` is ``"bin40"``, that of N-MNIST; ``.csv`` has a header t,x,y,p and
            microseconds, ``.txt`` no header, spaces and seconds.
        compression: for AEDAT4: ``"none"``, ``"lz4"`` or ``"zstd"`` (the default). For NPZ: ``"none"`` (the default) or
            ``"deflate"``.
        source: for AEDAT4: name of the camera.
        packet_us: for AEDAT4: time that one packet spans at most; it holds at most 8192 events, too.
        time_unit: what the times of events count: "s", "ms", "us" or "ns"; None: microseconds, which are whole.

    Raises:
        ValueError: if an argument is not as above, or the format has no use for an option that was given.
        ImportError: if the format needs a package that is not installed.
        OSError: if the file cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        shape: tuple[int, int],
        *,
        format: str | None = None,
        compression: str | None = None,
        source: str = "aestream",
        packet_us: int = 10_000,
        time_unit: str | None = None,
    ) -> None:
        self._path = os.fsdecode(path)
        name = choose(self._path, format)
        options = WriteOptions(compression, source, packet_us)
        check_options(name, options)
        shape = check_shape(shape)
        kind = load_writer(name)
        self._checker = Checker(name, shape, kind.LIMITS, time_unit)
        self._file: FormatWriter | None = None
        self._process = os.getpid()
        self._output = Output(self._path, is_stream=kind.IS_STREAM)
        with self._or_discard():
            self._file = kind(self._output, shape, options)

    @property
    def num_events(self) -> int:
        """Events written so far."""
        return self._checker.num_events

    def write(self, events: Any) -> None:
        """Append events, in their order.

        Args:
            events: a structured array with the fields t (or timestamp), x, y and p (or polarity), an ``Events``, or
                four arrays or tensors in that order; p of 0 and 1, or of -1 and 1. May be empty.

        Raises:
            ValueError: if they are no events, one lies outside the sensor, the format cannot say what one says, or the
                writer is closed. None of them is written then; the writer stays as it was.
            OSError: if the file cannot be written. The writer is closed then, and the file is gone.
        """
        if self._file is None:
            raise ValueError(f"write() after close(): {self._path!r}")
        if os.getpid() != self._process:
            raise ValueError(f"write() in a forked process: {self._path!r}")
        records = self._checker.check(events)
        with self._or_discard():
            self._file.write(records)

    def close(self) -> None:
        """Complete the file and give it its name. A second call does nothing.

        Raises:
            OSError: if the file cannot be written; then it is gone.
        """
        if self._file is None or os.getpid() != self._process:
            return
        with self._or_discard():
            self._file.finish()
            self._output.commit()
        self._file = None

    @contextmanager
    def _or_discard(self) -> Iterator[None]:
        """Ends the file with any error; one of the system names the path, and what follows from it is not told."""
        try:
            yield
            self._output.check()
        except BaseException as error:
            self._discard()
            if isinstance(error, Exception):
                self._output.check()
            if isinstance(error, OSError) and error.errno is not None and error.filename != self._path:
                raise OSError(error.errno, error.strerror, self._path) from None
            raise

    def _discard(self) -> None:
        file, self._file = self._file, None
        if os.getpid() != self._process:
            return
        try:
            if file is not None:
                file.abort()
        finally:
            self._output.discard()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._discard()
