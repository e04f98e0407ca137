"""ROS bags: finding the topic, and its messages one after another; the core reads the messages.

Messages are event_camera_msgs/EventPacket (once event_array_msgs/EventArray) and dvs_msgs/EventArray, in ROS 1 bags
and in ROS 2 bags of SQLite or MCAP files. The package ``rosbags`` reads the bags; nothing of ROS is needed.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.errors import FormatError
from aestream.events import TRIGGER_DTYPE
from aestream.formats.base import OpenedFile, Request, Spooled
from aestream.formats.ros_bounds import bound_chunks, bound_messages, check_storage
from aestream.formats.spool import Spool

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag1 import Reader as Reader1
    from rosbags.rosbag2 import Reader as Reader2

    _Reader: TypeAlias = Reader1 | Reader2

_MESSAGES = {  # by the type as rosbags spells it
    "dvs_msgs/msg/EventArray": "EventArray",
    "prophesee_event_msgs/msg/EventArray": "EventArray",  # byte for byte the same
    "event_camera_msgs/msg/EventPacket": "EventPacket",
    "event_array_msgs/msg/EventArray": "EventPacket",
}
_WORDS = ("evt2", "evt21", "evt3")  # encodings that are a camera's own words
_STORAGE = (".db3", ".mcap")
_METADATA = "metadata.yaml"


def is_bag_folder(path: str) -> bool:
    """Whether a folder is a ROS 2 bag; a recorder that was killed leaves one without metadata."""
    return (Path(path) / _METADATA).is_file() or bool(_files_of(Path(path)))


def open_rosbag1(request: Request) -> OpenedFile:
    """Open one topic of a ROS 1 bag; see ``open_rosbag2``."""
    return _open("rosbag", request, [Path(request.path)], len(request.bytes))


def open_rosbag2(request: Request) -> OpenedFile:
    """Open one topic of a ROS 2 bag: a folder, or its only .db3 or .mcap file.

    The messages are read once, into a temporary file, by every process that opens the bag; forked ones inherit it. The
    topic is ``stream``, or the only one with events. Times are those of the events, not of the messages.

    Raises:
        FormatError: if the bag, or a message, is damaged; if no topic has messages with events.
        ValueError: if there are several such topics, or ``stream`` is none of them.
        ImportError: if the package rosbags is not installed.
    """
    path = Path(request.path)
    folder = path if path.is_dir() else path.parent
    paths = _files_of(folder) if path.is_dir() else [path]
    if (folder / _METADATA).is_file() and (path == folder or _files_of(folder) == [path]):
        paths = [folder]  # its metadata tells of compression, and of more files
    size = sum(each.stat().st_size for each in folder.iterdir()) if path.is_dir() else path.stat().st_size
    return _open("rosbag2", request, paths, size)


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _STORAGE)


@dataclass(frozen=True)
class _Topic:
    """One topic of an open bag whose messages hold events or triggers."""

    name: str
    type: str
    is_cdr: bool
    messages: Callable[[], Iterator[bytes]]

    def read(self) -> _core.RosTopic:
        """A reader of its messages, in the order of the bag."""
        return _core.RosTopic(_MESSAGES[self.type], self.is_cdr)

    def encoding(self) -> str:
        """What the first message says; empty if there is none, "unknown" if it is damaged."""
        reader = self.read()
        try:
            for message in self.messages():
                reader.take(message)
                break
        except FormatError:
            return "unknown"
        return reader.encoding

    def take(self, reader: _core.RosTopic, message: bytes, number: int) -> bytes:
        """What a message gives the spool; errors say which one it is."""
        try:
            return reader.take(message)
        except FormatError as error:
            raise error.within(f"message {number} on {self.name}") from None


def _open(format: str, request: Request, paths: list[Path], size: int) -> OpenedFile:
    with _open_bag(format, paths) as readers:
        topics = _topics(format, readers)
        with _translated():
            encodings = {name: topic.encoding() for name, topic in topics.items()}
        name = _choose(encodings, request.options.stream)
        topic = topics[name]
        with Spool(size) as spool, _translated():
            reader = topic.read()
            count = 0
            for message in topic.messages():
                piece = topic.take(reader, message, count)
                count += 1
                if reader.encoding != "trigger":
                    spool.write(piece)
            file = spool.map()
    decoder = reader.encoding if reader.encoding in _WORDS else "events"
    others = [name] if encodings[name] == "trigger" else [one for one, each in encodings.items() if each == "trigger"]
    metadata = {
        "topic": name,
        "message_type": topic.type,
        "encoding": reader.encoding,
        "messages": count,
        "topics": {each: topics[each].type for each in topics},
    }
    return OpenedFile(
        _core.Recording.open_stream(file, decoder, 0),
        format,
        reader.shape,
        metadata,
        triggers=_trigger_reader(format, paths, others, None if decoder == "events" else (file, decoder)),
        spooled=Spooled(len(file), f"the joined messages on {name}"),
    )


def _choose(encodings: dict[str, str], wanted: int | str | None) -> str:
    """The topic that the user names; else the only one with events, else without messages, else with triggers."""
    if wanted is not None:
        if wanted not in encodings:
            raise ValueError(f"stream must be one of {sorted(encodings)}; got {wanted!r}")
        return str(wanted)
    with_events = [name for name, encoding in encodings.items() if encoding not in ("", "trigger")]
    empty = [name for name, encoding in encodings.items() if not encoding]
    names = with_events or empty or list(encodings)
    if len(names) > 1:
        raise ValueError(f"several topics may hold events: pass stream= one of {sorted(names)}")
    return names[0]


def _topics(format: str, readers: list[_Reader]) -> dict[str, _Topic]:
    """The topics whose messages hold events, by name."""
    found: dict[str, list[tuple[_Reader, Connection]]] = {}
    for reader in readers:
        for each in reader.connections:
            if each.msgtype in _MESSAGES:
                found.setdefault(each.topic, []).append((reader, each))
    if not found:
        types = sorted({each.msgtype for reader in readers for each in reader.connections})
        raise FormatError(f"expected a topic of type {', '.join(_MESSAGES)}; found {', '.join(types) or 'no topics'}")
    return {name: _topic(format, name, parts) for name, parts in found.items()}


def _topic(format: str, name: str, parts: list[tuple[_Reader, Connection]]) -> _Topic:
    types = {each.msgtype for _, each in parts}
    wires = {"ros1" if format == "rosbag" else getattr(each.ext, "serialization_format", "") for _, each in parts}
    if len(types) != 1 or wires not in ({"ros1"}, {"cdr"}):
        raise FormatError(f"expected messages of one type in ros1 or cdr on {name}, found {types} in {wires}")

    def messages() -> Iterator[bytes]:
        by_reader = {id(reader): (reader, [each for owner, each in parts if owner is reader]) for reader, _ in parts}
        streams = [reader.messages(connections) for reader, connections in by_reader.values()]
        for _, _, message in heapq.merge(*streams, key=lambda item: item[1]):
            yield bytes(message)

    return _Topic(name, types.pop(), wires == {"cdr"}, messages)


def _trigger_reader(
    format: str, paths: list[Path], topics: list[str], words: tuple[_core.MappedFile, str] | None
) -> Callable[[], npt.NDArray[Any]] | None:
    """Reads the only topic with triggers, else those among the words of the camera."""
    if len(topics) == 1:
        return lambda: _read_triggers(format, paths, topics[0])
    return None if words is None else lambda: _core.read_triggers(*words, 0)


def _read_triggers(format: str, paths: list[Path], name: str) -> npt.NDArray[Any]:
    with _open_bag(format, paths) as readers, _translated():
        topic = _topics(format, readers)[name]
        reader = topic.read()
        pieces = [topic.take(reader, message, number) for number, message in enumerate(topic.messages())]
    triggers: npt.NDArray[Any] = np.frombuffer(b"".join(pieces), TRIGGER_DTYPE).copy()
    return triggers


@contextlib.contextmanager
def _open_bag(format: str, paths: list[Path]) -> Iterator[list[_Reader]]:
    """Readers of all files of the bag: one, or one per file where the metadata of a folder is of no use."""
    try:
        from rosbags import rosbag1, rosbag2
    except ImportError as error:
        raise ImportError("ROS bags need the package rosbags: pip install 'aestream[ros]'") from error
    reader_of: Callable[[Path], contextlib.AbstractContextManager[_Reader]] = (
        rosbag1.Reader if format == "rosbag" else rosbag2.Reader
    )
    for path in paths:
        for each in path.iterdir() if path.is_dir() else (path,):
            check_storage(each)
    with contextlib.ExitStack() as stack:
        with _translated():
            try:
                readers = [stack.enter_context(reader_of(path)) for path in paths]
            except rosbag2.ReaderError as error:
                if "storage_identifier" not in str(error):  # which older metadata lack; their files tell it
                    raise
                readers = [stack.enter_context(reader_of(path)) for path in _files_of(paths[0])]
            for reader in readers:
                (bound_chunks if format == "rosbag" else bound_messages)(reader)
        yield readers


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """What rosbags raises on a damaged bag, which may be anything, as FormatError."""
    try:
        yield
    except (FormatError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the system; bz2 raises OSError for bad data
            raise
        raise FormatError(f"expected a sound ROS bag, found: {type(error).__name__}: {error}") from None
