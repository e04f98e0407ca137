"""Events over UDP: UDPInput receives them, UDPOutput sends them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias, overload

import torch
from torch.utils.data import get_worker_info
from typing_extensions import Unpack

import aestream._core as _core
from aestream.arguments import positive, positive_or_none, to_time
from aestream.datasets.file import FileInput
from aestream.options import StreamOptions, takes
from aestream.representations import AnyEvents, as_records
from aestream.streams.base import EventStream

Protocol: TypeAlias = Literal["spif", "aestream", "t64_x16_y16_on8", "t32_x16_y15_on1"]

_DATAGRAM_WORDS = {"spif": 128, "aestream": 128, "t64_x16_y16_on8": 325, "t32_x16_y15_on1": 200}  # faery's: 100 events


@takes(StreamOptions)
class UDPInput(EventStream):
    """Events from UDP datagrams of any size: ``with UDPInput((640, 480), port=3333) as stream: stream.read()``.

    Times of 32 bits are unwrapped, for each sender by itself. An event without a timestamp, as SPIF may have it, gets
    the time when it arrived: on its sender's clock, if that has sent timestamps before, else in microseconds since the
    stream was opened. Windows need clocks that agree: two senders whose clocks differ belong to two streams.

    A datagram with bytes that are no event counts as malformed; the whole events before them are received.

    Args:
        shape: sensor (width, height) in pixels.
        device: …
        port: to listen at; 0: a free one, which ``port`` says once the stream is open.
        host: address to listen at: "0.0.0.0" for all of IPv4, "::" for both families, "127.0.0.1" for this machine, or
            a multicast group to join.
        protocol: "spif", with or without timestamps or mixed: bit 31 of an event's word says that none follows, and
            where a datagram ends instead of one that is due, the event has none. "aestream": no word is a timestamp,
            for senders that send none and never set the bit. Or faery's "t64_x16_y16_on8" or "t32_x16_y15_on1".
        interface: name of the network interface on which to join a group; None: as the system chooses.
        **options: keyword arguments, as of every ``EventStream``:

    Raises:
        ValueError: if an argument is out of range, or, when the stream is opened, if the host is not known.
        OSError: when the stream is opened, if the address cannot be listened at.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        device: torch.device | str | None = "cpu",
        port: int = 3333,
        *,
        host: str = "0.0.0.0",
        protocol: Protocol = "spif",
        interface: str | None = None,
        **options: Unpack[StreamOptions],
    ) -> None:
        super().__init__(shape, device, **options)
        _check(port, protocol, lowest_port=0)
        self.host = host
        self.protocol = protocol
        self.interface = interface
        self._port = port
        self._receiver: _core.UdpReceiver | None = None

    def _open(self, sink: _core.EventSink) -> _core.UdpReceiver:
        if self._port == 0 and get_worker_info() is not None:
            raise ValueError(f"{self!r}: a worker would listen at a free port that nobody knows; give it a port")
        self._receiver = _core.UdpReceiver(sink, self.host, self._port, self.protocol, self.interface or "")
        return self._receiver

    @property
    def port(self) -> int:
        """Where it listens, or will."""
        return self._port if self._receiver is None else self._receiver.port

    @property
    def receive_buffer(self) -> int:
        """Bytes that the system holds of datagrams that were not received yet, its overhead included; 0 before opening.

        32 MiB are asked for. Without CAP_NET_ADMIN Linux grants ``net.core.rmem_max``.
        """
        return 0 if self._receiver is None else self._receiver.receive_buffer

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_receiver": None}

    def __repr__(self) -> str:
        return f"UDPInput({self.shape[0]}x{self.shape[1]}, {self.host} port {self.port}, {self.protocol})"


class SendCounts(NamedTuple):
    """What a ``UDPOutput`` has sent.

    Attributes:
        events: in the datagrams sent.
        datagrams: that were sent.
        rejected: events that the protocol cannot say: negative coordinates or times.
    """

    events: int
    datagrams: int
    rejected: int


class UDPOutput:
    """Sends events as UDP datagrams, as fast as they happened or as the network takes them.

    Args:
        host, port: where to: an address or name of either family, or a multicast group.
        protocol: "spif"; "aestream", which is SPIF without timestamps; or faery's "t64_x16_y16_on8" or
            "t32_x16_y15_on1".
        timestamps: whether SPIF's events have one; AEStream 0.6 wants none. Those of faery's protocols always do.
        max_words: words of 4 bytes in one datagram; None: 128 of SPIF, which every receiver takes, or what 100 events
            of faery's protocols need.
        speed: None sends at full speed, 1.0 as fast as the events' times say, 2.0 twice as fast.
        rate_hz: events per second, instead of ``speed``.
        interface: name of the network interface that a multicast group is sent on; None: as the system chooses.

    Raises:
        ValueError: if an argument is out of range or the host is not known.
        OSError: if the address cannot be sent to.
    """

    def __init__(
        self,
        host: str,
        port: int = 3333,
        *,
        protocol: Protocol = "spif",
        timestamps: bool = True,
        max_words: int | None = None,
        speed: float | None = None,
        rate_hz: float | None = None,
        interface: str | None = None,
    ) -> None:
        _check(port, protocol, lowest_port=1)
        words = _DATAGRAM_WORDS[protocol] if max_words is None else max_words
        positive("max_words", words)
        if not 4 <= words <= 16_000:
            raise ValueError(f"max_words must lie in [4, 16000]; got {max_words!r}")
        for name, value in (("speed", speed), ("rate_hz", rate_hz)):
            positive_or_none(name, value)
            if value == float("inf"):
                raise ValueError(f"{name} must be finite; got {value!r}")
        if speed is not None and rate_hz is not None:
            raise ValueError("speed and rate_hz exclude each other")
        self.host = host
        self.port = port
        self.protocol = protocol
        self._sender = _core.UdpSender(
            host, port, protocol, timestamps, 4 * words, speed or 0.0, rate_hz or 0.0, interface or ""
        )

    def send(self, events: AnyEvents) -> None:
        """Send events, in order, and return when the last one has been sent. The pace goes on from call to call.

        Args:
            events: array of ``EVENT_DTYPE``, ``Events``, or what ``Events.from_numpy`` takes.

        Raises:
            ValueError: if they are no events, or one would not fit, as in ``Events.from_numpy``.
            OSError: if the network is down. That nobody listens is no error.
        """
        self._sender.send(as_records(events))

    @overload
    def send_file(self, file: FileInput) -> None: ...

    @overload
    def send_file(self, file: FileInput, *, start_at_us: int) -> int: ...

    def send_file(self, file: FileInput, *, start_at_us: int | None = None) -> int | None:
        """Send the events of a file, from its ``start_us`` to its ``stop_us``, decoding as it goes.

        With ``start_at_us`` its first window begins there: all times are shifted by as much, and where that is a
        multiple of the windows' length, ``UDPInput(align_us=0)`` with such windows gives the file's items. Recordings
        follow each other like this, in one stream::

            time_us = 0
            for path in paths:
                time_us = output.send_file(FileInput(path, window_us=5000), start_at_us=time_us)

        A receiver that has seen nothing else takes timestamps of 32 bits as they are: begin below 2^32 µs.

        Args:
            file: what is sent, whole where ``start_us`` and ``stop_us`` are None.
            start_at_us: where the first window begins, µs; None leaves times as they were recorded.

        Returns:
            With ``start_at_us``, where the file's last window ends, which is where the next recording may begin.

        Raises:
            ValueError: if ``start_at_us`` is no whole number.
            FormatError: if the file is damaged, once everything before the damage was sent.
            OSError: if the network is down.
        """
        if not isinstance(file, FileInput):
            raise ValueError(f"file must be a FileInput, such as FileInput(path); got {file!r}")
        source = file._file
        begin, length = (0, 0) if start_at_us is None else _span_of(file)
        shift = 0 if start_at_us is None else to_time("start_at_us", start_at_us) - begin
        if not -(2**63) <= shift < 2**63:
            raise ValueError(f"start_at_us must be in reach of the file's times, from {begin}; got {start_at_us}")
        source.located(
            lambda: self._sender.send_recording(
                source.opened.recording, file.start_us, file.stop_us, shift, source.thread_count
            )
        )
        return None if start_at_us is None else to_time("start_at_us", start_at_us) + length

    @property
    def counts(self) -> SendCounts:
        """What was sent so far."""
        return SendCounts(*self._sender.counts)

    def __repr__(self) -> str:
        return f"UDPOutput({self.host} port {self.port}, {self.protocol})"


def _span_of(file: FileInput) -> tuple[int, int]:
    """Where the first window of a file begins, and from there how long all of them last, µs."""
    begin = file.t_start if file.start_us is None else file.start_us
    stop = file.t_stop if file.stop_us is None else file.stop_us
    length = max(0, stop - begin)
    if file.window_us is not None:
        length = -(-length // file.window_us) * file.window_us
    return begin, length


def _check(port: int, protocol: str, *, lowest_port: int) -> None:
    if isinstance(port, bool) or not isinstance(port, int) or not lowest_port <= port <= 65535:
        raise ValueError(f"port must be a whole number from {lowest_port} to 65535; got {port!r}")
    if protocol not in _DATAGRAM_WORDS:
        raise ValueError(f"protocol must be one of {', '.join(_DATAGRAM_WORDS)}; got {protocol!r}")
