"""Event files inside gzip, Zstandard, xz or zip: inflated once into a temporary file, then opened as what they are."""

from __future__ import annotations

import contextlib
import lzma
import os
import select
import signal
import threading
import zipfile
import zlib
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeAlias

import cramjam

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.base import OpenedFile, Request, Spooled
from aestream.formats.spool import PIECE_BYTES, Spool
from aestream.formats.zip_archive import open_zip
from aestream.hidden import is_hidden

_Pieces: TypeAlias = Generator[bytes, None, None]

_STREAMS = ("raw", "dat", "csv", "es", "aedat1", "aedat2", "aedat3", "aedat4", "bin40", "npy")
_XZ_MEMORY = 128 << 20  # twice what `xz -9` needs
_KEPT_BYTES = 8 << 20  # inflated, after which a large file's mapped pages are let go
_FIRST_BYTES = 1 << 9  # of a member: what lies behind its end is copied, which for many small ones is all the time
_INFLATED = "the inflated bytes"


def open_compressed(request: Request, wrapper: str, open_inner: Callable[[Request], OpenedFile]) -> OpenedFile:
    """Open the event file inside a compressed one.

    Inflating takes one pass and room in ``$TMPDIR`` in every process that opens the file; forked ones inherit it. What
    a file that was cut short still gives is there. Offsets in errors are those of the inflated bytes.

    Raises:
        FormatError: if the compressed file is damaged, inflates to more than 256 times its size and 64 MiB, or holds
            another compressed file or a format that is more than a stream of bytes.
    """
    name = (zip_member(request) if wrapper == "zip" else None) or os.path.splitext(request.path)[0]
    try:
        with Spool(len(request.bytes)) as spool:
            is_cut = _inflate(request, wrapper, spool)
            file = spool.map()
            if is_cut and _core.detect_format(file) == "csv":  # the last line may lack digits, yet look whole
                spool.truncate(_end_of_lines(file))
                file = spool.map()
        opened = open_inner(Request(name, file, request.options))
    except FormatError as error:
        raise error.within(_INFLATED) from None
    cut = f"expected a whole {wrapper} file, found one that is cut short" if is_cut else None
    return replace(
        opened, metadata={**opened.metadata, "wrapper": wrapper}, spooled=Spooled(len(file), _INFLATED, cut_message=cut)
    )


def is_wrappable(format: str) -> bool:
    """Whether files of a format may be inside a compressed one: those that are one stream of bytes."""
    return format in _STREAMS


def zip_member(request: Request) -> str | None:
    """The name of the only file in a zip archive; None if there are several, or the first is an array of NumPy's."""
    header = bytes(memoryview(request.bytes)[: 1 << 9])
    if header[30 : 30 + int.from_bytes(header[26:28], "little")].endswith(b".npy"):
        return None  # as of most archives, without their lists
    with contextlib.suppress(FormatError, OSError), open_zip(request) as archive:
        all_names = [name for name in archive.namelist() if not name.endswith("/")]
        names = [name for name in all_names if not any(map(is_hidden, name.split("/")))]
        return names[0] if len(names) == 1 and not names[0].endswith(".npy") else None
    return None


def _inflate(request: Request, wrapper: str, spool: Spool) -> bool:
    """Fill the spool; returns whether the file ends too early."""
    file, kept = request.bytes, 0
    try:
        inflating = _unzip(request) if wrapper == "zip" else WRAPPERS[wrapper](memoryview(file))
        with contextlib.closing(inflating) as pieces:
            for piece in pieces:
                spool.write(piece)
                if file.is_large and spool.size - kept >= _KEPT_BYTES:
                    file.forget(0, len(file))  # what was read, and some that will be: it is mapped again
                    kept = spool.size
    except EOFError:
        return True
    except (zlib.error, lzma.LZMAError, cramjam.DecompressionError, zipfile.BadZipFile, RuntimeError) as error:
        raise FormatError(f"expected a sound {wrapper} file, found: {error}", spool.size) from None
    return False


def _end_of_lines(file: _core.MappedFile) -> int:
    """The bytes up to and including the last newline."""
    tail = bytes(memoryview(file)[-PIECE_BYTES:])
    return len(file) - len(tail) + tail.rfind(b"\n") + 1


def _unzip(request: Request) -> _Pieces:
    """What the only file of a zip archive holds; of one with a password, or in a rare method, a RuntimeError."""
    with open_zip(request) as archive, archive.open(zip_member(request) or "") as member:
        while piece := member.read(PIECE_BYTES):
            yield piece


def _gunzip(data: memoryview) -> _Pieces:
    """What the members of a gzip file hold, one behind the other; zeros may follow the last."""
    at = 0
    while at < len(data):
        inflater = zlib.decompressobj(wbits=31)
        size = _FIRST_BYTES
        while not inflater.eof:
            source: bytes | memoryview = inflater.unconsumed_tail
            if not source:
                source = data[at : at + size]
                at += len(source)
                size = min(2 * size, PIECE_BYTES)
            piece = inflater.decompress(source, PIECE_BYTES)
            if not source and not piece:
                raise EOFError
            yield piece
        at = _skip_zeros(data, at - len(inflater.unused_data))


def _unxz(data: memoryview) -> _Pieces:
    """What the streams of an xz file hold, one behind the other; zeros may follow each."""
    at = 0
    while at < len(data):
        inflater = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
        size = _FIRST_BYTES
        while not inflater.eof:
            source: bytes | memoryview = b""
            if inflater.needs_input:
                source = data[at : at + size]
                at += len(source)
                size = min(2 * size, PIECE_BYTES)
            piece = inflater.decompress(source, PIECE_BYTES)
            if not piece and not source and not inflater.eof:
                raise EOFError
            yield piece
        at = _skip_zeros(data, at - len(inflater.unused_data))


def _skip_zeros(data: memoryview, at: int) -> int:
    while at < len(data) and data[at] == 0:
        piece = bytes(data[at : at + PIECE_BYTES])
        rest = piece.lstrip(b"\0")
        at += len(piece) - len(rest)
        if rest:
            break
    return at


def _unzstd(data: memoryview) -> _Pieces:
    """What the frames of a Zstandard file hold. cramjam streams into files only: a pipe is one, and stops a bomb."""
    reading, writing = os.pipe()
    errors: list[cramjam.DecompressionError] = []
    try:
        out = [cramjam.File(f"/dev/fd/{writing}", read=False, write=True, truncate=False)]
    finally:
        os.close(writing)

    def inflate() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})  # of a pipe that nobody reads: an error, too
        try:
            cramjam.zstd.decompress_into(data, out[0])
        except cramjam.DecompressionError as error:
            errors.append(error.with_traceback(None))
        finally:
            out.clear()  # closes the pipe

    worker = threading.Thread(target=inflate, daemon=True)
    worker.start()
    try:
        yield from _read_pipe(reading, worker)
        worker.join()
    finally:
        os.close(reading)
    if errors:
        raise EOFError if "incomplete frame" in str(errors[0]) else errors[0]


def _read_pipe(reading: int, worker: threading.Thread) -> _Pieces:
    """All that `worker` writes. Its end ends the reading: a process forked meanwhile would keep the pipe open."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    while True:
        is_alive = worker.is_alive()
        if poll.poll(50 if is_alive else 0):
            piece = os.read(reading, PIECE_BYTES)
            if not piece:
                return
            yield piece
        elif not is_alive:
            return


WRAPPERS: dict[str, Callable[[memoryview], _Pieces]] = {"gzip": _gunzip, "zstd": _unzstd, "xz": _unxz}
