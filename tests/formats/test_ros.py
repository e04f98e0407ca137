"""ROS bags through FileInput; the bags are written here, by the rosbags package."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import reference
import torch
from support.checks import assert_same_events, slice_by_running_maximum
from support.files import HEIGHT, WIDTH, make_events
from support.ros_words import ARRAY, OLD_PACKET, PACKET, TEXT, event_array, fields, mono_word, packet, write_bag
from support.words import encode_evt2, encode_evt3, encode_evt21, evt2_word
from torch.utils.data import DataLoader

from aestream import FileInput, FormatError
from aestream.datasets import index_cache
from aestream.formats import folder_identity

KINDS = ("rosbag", "sqlite3", "mcap")
EVENTS = make_events(2000)
TOPIC = "/camera/events"


def dvs_messages(events: np.ndarray, cdr: bool, size: int = 150) -> list[bytes]:
    stored = [(t * 1000, x, y, p) for t, x, y, p in events.tolist()]
    return [event_array(stored[i : i + size], cdr=cdr) for i in range(0, len(stored), size)]


def evt3_messages(events: np.ndarray, cdr: bool, size: int = 301) -> list[bytes]:
    """Messages that end anywhere: EVT3's state goes on in the next."""
    words = encode_evt3(events, vectors=True)
    parts = [words[i : i + 2 * size] for i in range(0, len(words), 2 * size)]
    return [packet(part, "evt3", seq=seq, cdr=cdr) for seq, part in enumerate(parts)]


def evt2_messages(events: np.ndarray, cdr: bool, size: int = 4 * 301) -> list[bytes]:
    words = encode_evt2(events)
    return [packet(words[i : i + size], "evt2", seq=i // size, cdr=cdr) for i in range(0, len(words), size)]


def evt21_messages(events: np.ndarray, cdr: bool, size: int = 8 * 301) -> list[bytes]:
    words = encode_evt21(events)
    return [packet(words[i : i + size], "evt21", seq=i // size, cdr=cdr) for i in range(0, len(words), size)]


def mono_messages(events: np.ndarray, cdr: bool, size: int = 150) -> list[bytes]:
    out = []
    for i in range(0, len(events), size):
        part = events[i : i + size].tolist()
        words = b"".join(mono_word((t - part[0][0]) * 1000 + 999, x, y, p) for t, x, y, p in part)
        out.append(packet(words, "mono", seq=i // size, time_base=part[0][0] * 1000, cdr=cdr))
    return out


def bag(folder: Path, kind: str, topics=None, **options) -> Path:
    path = folder / ("events.bag" if kind == "rosbag" else "bag")
    return write_bag(path, kind, topics or {TOPIC: (ARRAY, dvs_messages(EVENTS, kind != "rosbag"))}, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("type", "messages", "encoding"),
    [
        (ARRAY, dvs_messages, "dvs"),
        (PACKET, evt2_messages, "evt2"),
        (PACKET, evt21_messages, "evt21"),
        (PACKET, evt3_messages, "evt3"),
        (OLD_PACKET, mono_messages, "mono"),
    ],
)
def test_bag_gives_every_event(tmp_path, kind, type, messages, encoding):
    sent = messages(EVENTS, kind != "rosbag")
    path = bag(tmp_path, kind, {TOPIC: (type, sent), "/chatter": (TEXT, [fields(kind != "rosbag", "hello")] * 3)})
    file = FileInput(path)
    assert_same_events(file.load(), EVENTS)
    assert_same_events(reference.decode_file(path)[0], EVENTS)
    assert (file.shape, file.num_events, file.t_start) == ((WIDTH, HEIGHT), len(EVENTS), EVENTS["t"][0])
    assert file.format == ("rosbag" if kind == "rosbag" else "rosbag2")
    assert file.metadata == {
        "topic": TOPIC,
        "message_type": type,
        "encoding": encoding,
        "messages": len(sent),
        "topics": {TOPIC: type},
    }


@pytest.fixture
def path(tmp_path) -> Path:
    return bag(tmp_path, "sqlite3", {TOPIC: (PACKET, evt3_messages(EVENTS, cdr=True))})


def test_slices_are_parts_of_the_bag(path):
    file = FileInput(path)
    for start_us in range(file.t_start - 5000, file.t_stop + 5000, 7000):
        want = slice_by_running_maximum(EVENTS, start_us, start_us + 7000)
        assert_same_events(file.slice(start_us, start_us + 7000), want)


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process .* is multi-threaded")  # other tests import jax
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_give_the_windows_of_the_bag(path, context):
    file = FileInput(path, window_us=5000)
    want = torch.stack([file[i] for i in range(len(file))])
    loader = DataLoader(file, batch_size=4, num_workers=2, multiprocessing_context=context)
    assert torch.equal(torch.cat(list(loader)), want)
    assert want.sum() == len(EVENTS)


def test_pickle_holds_no_events(path):
    packed = pickle.dumps(FileInput(path))
    assert len(packed) < 4000
    assert_same_events(pickle.loads(packed).load(), EVENTS)


def test_replay_plays_every_event(path):
    total = 0
    with FileInput(path, ignore_time=True) as stream:
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == len(EVENTS)


@pytest.mark.parametrize("kind", ["sqlite3", "mcap"])
def test_storage_file_is_read_like_its_folder(tmp_path, kind):
    folder = bag(tmp_path, kind)
    storage = next(each for each in folder.iterdir() if each.suffix in {".db3", ".mcap"})
    assert_same_events(FileInput(storage).load(), EVENTS)
    (folder / "metadata.yaml").unlink()
    assert_same_events(FileInput(storage).load(), EVENTS)


@pytest.mark.parametrize("mode", ["FILE", "MESSAGE"])
def test_compressed_bag_gives_every_event(tmp_path, mode):
    from rosbags.rosbag2 import CompressionFormat, CompressionMode

    path = bag(tmp_path, "sqlite3", compression=(CompressionMode[mode], CompressionFormat.ZSTD))
    assert "zstd" in (path / "metadata.yaml").read_text()
    assert_same_events(FileInput(path).load(), EVENTS)


def test_older_metadata_without_storage_identifier_is_no_error(tmp_path):
    path = bag(tmp_path, "sqlite3")
    metadata = path / "metadata.yaml"
    lines = metadata.read_text().splitlines(keepends=True)
    metadata.write_text("".join(line for line in lines if "storage_identifier" not in line))
    assert metadata.read_text() != "".join(lines)
    assert_same_events(FileInput(path).load(), EVENTS)


@pytest.mark.parametrize("metadata", ["none", "older"])
def test_files_without_metadata_are_read_in_the_order_of_time(tmp_path, metadata):
    late = bag(
        tmp_path / "late", "sqlite3", {TOPIC: (ARRAY, dvs_messages(EVENTS[700:], cdr=True))}, start_ns=2 * 10**18
    )
    early = bag(tmp_path / "early", "sqlite3", {TOPIC: (ARRAY, dvs_messages(EVENTS[:700], cdr=True))})
    folder = tmp_path / "both"
    folder.mkdir()
    next(late.glob("*.db3")).rename(folder / "a.db3")
    next(early.glob("*.db3")).rename(folder / "b.db3")
    if metadata == "older":
        (folder / "metadata.yaml").write_text(
            "rosbag2_bagfile_information: {version: 1, relative_file_paths: [b.db3, a.db3]}"
        )
    assert_same_events(FileInput(folder).load(), EVENTS)
    assert_same_events(FileInput(folder / "b.db3").load(), EVENTS[:700])


def test_index_of_a_folder_is_stale_when_a_file_in_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("aestream.datasets.event_file.MIN_FILE_BYTES", 0)
    path = bag(tmp_path, "sqlite3")
    assert FileInput(path).num_events == len(EVENTS)
    assert index_cache.read_index(str(path), "rosbag2 {}", folder_identity(str(path))) is not None
    storage = next(path.glob("*.db3"))
    other = bag(tmp_path / "cache", "sqlite3", {TOPIC: (ARRAY, dvs_messages(EVENTS[:700], cdr=True))})
    storage.write_bytes(next(other.glob("*.db3")).read_bytes())
    assert index_cache.read_index(str(path), "rosbag2 {}", folder_identity(str(path))) is None
    assert FileInput(path).num_events == 700


@pytest.mark.parametrize("kind", KINDS)
def test_stream_chooses_the_topic(tmp_path, kind):
    cdr = kind != "rosbag"
    topics = {
        "/left": (ARRAY, dvs_messages(EVENTS[:500], cdr)),
        "/right": (PACKET, evt3_messages(EVENTS[500:], cdr)),
    }
    path = bag(tmp_path, kind, topics)
    assert_same_events(FileInput(path, stream="/left").load(), EVENTS[:500])
    assert_same_events(FileInput(path, stream="/right").load(), EVENTS[500:])
    with pytest.raises(ValueError, match=r"stream= one of \['/left', '/right'\]"):
        FileInput(path).load()
    with pytest.raises(ValueError, match=r"one of \['/left', '/right'\]; got '/up'"):
        FileInput(path, stream="/up").load()


def test_topic_that_is_empty_or_damaged_is_in_nobodys_way(tmp_path):
    sound = (ARRAY, dvs_messages(EVENTS, cdr=True))
    assert_same_events(FileInput(bag(tmp_path, "mcap", {"/a": sound, "/b": (PACKET, [])})).load(), EVENTS)
    path = bag(tmp_path / "x", "mcap", {"/a": sound, "/b": (PACKET, [packet(b"", "evt4")])})
    assert_same_events(FileInput(path, stream="/a").load(), EVENTS)
    with pytest.raises(FormatError, match='byte 0 of message 0 on /b: expected the encoding.*found "evt4"'):
        FileInput(path, stream="/b").load()
    with pytest.raises(ValueError, match=r"stream= one of \['/a', '/b'\]"):
        FileInput(path).load()


def test_triggers_come_from_their_own_topic(tmp_path):
    edges = packet(mono_word(5000, 0, 3, 1) + mono_word(7999, 0, 3, 0), "trigger", time_base=10**6)
    more = packet(mono_word(8000, 0, 4, 1), "trigger", time_base=10**6, seq=1)
    topics = {TOPIC: (PACKET, mono_messages(EVENTS, cdr=True)), "/camera/trigger": (PACKET, [edges, more])}
    path = bag(tmp_path, "mcap", topics)
    file = FileInput(path)
    assert_same_events(file.load(), EVENTS)
    assert file.triggers().tolist() == [(1005, 3, True), (1007, 3, False), (1008, 4, True)]
    alone = FileInput(path, stream="/camera/trigger")
    assert alone.num_events == 0
    assert alone.triggers().tolist() == file.triggers().tolist()
    with pytest.raises(ValueError, match="no triggers"):
        FileInput(bag(tmp_path / "x", "mcap")).triggers()


@pytest.mark.parametrize("kind", KINDS)
def test_topic_without_messages_is_an_empty_recording(tmp_path, kind):
    file = FileInput(bag(tmp_path, kind, {TOPIC: (PACKET, [])}))
    assert (len(file.load()), file.shape, file.metadata["messages"]) == (0, None, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_bag_without_events_fails_with_what_there_is(tmp_path, kind):
    path = bag(tmp_path, kind, {"/chatter": (TEXT, [fields(kind != "rosbag", "hello")])})
    with pytest.raises(FormatError, match="expected a topic of type dvs_msgs.*found std_msgs/msg/String"):
        FileInput(path).load()


def test_error_says_which_message_is_damaged(tmp_path):
    messages = mono_messages(EVENTS, cdr=True)
    messages[3] = messages[3][:-1]
    path = bag(tmp_path, "sqlite3", {TOPIC: (PACKET, messages)})
    with pytest.raises(FormatError, match=rf"{path}, byte \d+ of message 3 on {TOPIC}: expected 1200 more bytes"):
        FileInput(path).load()


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bag_fails_or_is_read(tmp_path, kind):
    path = bag(tmp_path, kind)
    storage = path if kind == "rosbag" else next(each for each in path.iterdir() if each.suffix != ".yaml")
    whole = storage.read_bytes()
    random = np.random.default_rng(1)
    outcomes = set()
    for size in [*random.integers(20, len(whole), 12).tolist(), len(whole) - 1]:
        storage.write_bytes(whole[:size])
        outcomes.add(outcome(path))
    for place in random.integers(20, len(whole), 40).tolist():
        storage.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        outcomes.add(outcome(path))
    assert any(outcomes - {"events"})
    assert all(str(path) in outcome for outcome in outcomes - {"events"})


def outcome(path: Path) -> str:
    """What the FormatError says, or "events"; every other exception is one too many."""
    try:
        FileInput(path, cache_index=False).load()
    except FormatError as error:
        return str(error)
    return "events"


def test_bag_with_a_missing_file_fails(tmp_path):
    path = bag(tmp_path, "sqlite3")
    next(path.glob("*.db3")).unlink()
    with pytest.raises(FormatError, match="missing"):
        FileInput(path).load()


def test_metadata_that_is_no_yaml_fails(tmp_path):
    path = bag(tmp_path, "sqlite3")
    (path / "metadata.yaml").write_text("a: [")
    with pytest.raises(FormatError, match="sound ROS bag"):
        FileInput(path).load()


def test_folder_that_is_no_bag_fails(tmp_path):
    with pytest.raises(IsADirectoryError, match="folder"):
        FileInput(tmp_path).load()


def test_missing_package_fails_naming_the_extra(tmp_path, monkeypatch):
    path = bag(tmp_path, "sqlite3")
    monkeypatch.setitem(sys.modules, "rosbags", None)
    with pytest.raises(ImportError, match=r"pip install 'aestream\[ros\]'"):
        FileInput(path).load()


def test_triggers_among_words_of_evt2(tmp_path):
    words = evt2_word(8, 1) + evt2_word(0xA, 5 << 22 | 3 << 8 | 1)
    file = FileInput(bag(tmp_path, "mcap", {TOPIC: (PACKET, [packet(words, "evt2")])}))
    assert file.triggers().tolist() == [(69, 3, True)]
    assert file.num_events == 0
