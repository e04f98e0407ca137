"""save(): what is written reads back the same, and what cannot be written is refused and leaves nothing behind."""

import struct
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aestream.formats import open_file
from aestream.io import save

EVENT = np.dtype(
    {"names": ["t", "x", "y", "p"], "formats": ["<i8", "<i2", "<i2", "?"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)
COMPRESSIONS = ["none", "lz4", "zstd"]
Columns = namedtuple("Columns", "t x y p")


def array(*rows: tuple[int, int, int, int]) -> Any:
    events = np.zeros(len(rows), EVENT)  # with zeros between the fields, as files have
    events[:] = list(rows)
    return events


def read(path: Path, threads: int = 1) -> Any:
    return open_file(path).recording.load(threads)[0].view(EVENT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat4"


rows = st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 345), st.integers(0, 259), st.booleans())


@pytest.mark.parametrize("compression", COMPRESSIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=st.lists(rows, max_size=40), packet_us=st.integers(1, 2**63 - 1))
def test_saved_events_read_back(path: Path, compression: str, events: list[Any], packet_us: int) -> None:
    save(path, array(*events), (346, 260), compression=compression, packet_us=packet_us)
    assert read(path).tobytes() == array(*events).tobytes()
    recording = open_file(path).recording
    assert (recording.num_events, recording.cut_bytes) == (len(events), 0)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("threads", [1, 2])
def test_many_packets_read_back(path: Path, compression: str, threads: int) -> None:
    rng = np.random.default_rng(0)
    events = np.zeros(50_000, EVENT)
    events["t"] = np.sort(rng.integers(0, 300_000, 50_000))
    events["x"], events["y"] = rng.integers(0, 1280, 50_000), rng.integers(0, 720, 50_000)
    events["p"] = rng.integers(0, 2, 50_000).astype(bool)
    save(path, events, (1280, 720), compression=compression, source='<"camera" & co>')
    assert read(path, threads).tobytes() == events.tobytes()
    opened = open_file(path)
    assert (opened.shape, opened.metadata["compression"]) == ((1280, 720), compression)
    assert opened.metadata["source"] == '<"camera" & co>'
    assert [(each["name"], each["type"]) for each in opened.metadata["streams"]] == [("events", "EVTS")]


def test_what_lies_between_fields_is_not_written(path: Path) -> None:
    events = np.full(16, 255, np.uint8).view(EVENT)
    events["t"], events["x"], events["y"], events["p"] = 1, 2, 3, True
    save(path, events, (4, 4), compression="none")
    assert read(path).tobytes() == array((1, 2, 3, 1)).tobytes()


def test_layout_of_a_packet_and_of_the_table(path: Path) -> None:
    save(path, array((1000, 3, 2, 1), (1001, 0, 1, 0)), (4, 3), compression="none")
    data = path.read_bytes()
    (header,) = struct.unpack_from("<I", data, 14)
    (table,) = struct.unpack_from("<q", data, 54)
    first = 18 + header
    assert data[first:table] == bytes.fromhex(
        "00000000 40000000 3c000000 10000000 45565453 0000 060008000400 06000000 04000000 02000000"
        "e803000000000000 0300 0200 01 000000  e903000000000000 0000 0100 00 000000"
    )
    assert data[table:] == bytes.fromhex(
        "5c000000 10000000 46544142 0000 060008000400 06000000 04000000 01000000 14000000 0000"
        "0e00 2c00 0c00 0400 1400 1c00 2400 0e000000 00000000 40000000"
    ) + struct.pack("<qqqq", first + 8, 2, 1000, 1001)


def test_packets_are_short(path: Path) -> None:
    save(path, array(*((i // 10_000 * 10_000, 0, 0, 1) for i in range(30_000))), (1, 1), compression="none")
    (table,) = struct.unpack_from("<q", path.read_bytes(), 54)
    assert struct.unpack_from("<I", path.read_bytes(), table + 28) == (6,)  # 8192 and 1808 events, three times


def test_columns_may_be_tensors_or_any_layout(path: Path) -> None:
    t, x = torch.tensor([5, 6]), torch.tensor([1, 2], dtype=torch.int16)
    y, p = torch.tensor([0, 1]), torch.tensor([1, 0])
    other = np.zeros(2, [("x", "<u2"), ("p", "u1"), ("t", "<u8"), ("y", ">i4")])
    for name, column in zip("txyp", (t, x, y, p), strict=True):
        other[name] = column.numpy()
    expected = array((5, 1, 0, 1), (6, 2, 1, 0)).tobytes()
    for events in ((t, x, y, p), Columns(t, x, y, p.bool()), other, [[5, 6], [1, 2], [0, 1], [1, 0]]):
        save(path, events, (3, 2))
        assert read(path).tobytes() == expected


def test_times_of_other_units_and_polarities_of_minus_one_are_taken(path: Path) -> None:
    seconds, minus = np.array([0.1, 0.2]), np.array([-1, 1])
    for p in (minus, minus.astype(np.uint16), minus.astype(float)):
        save(path, (seconds, [1, 2], [1.0, 0.0], p), (3, 2), time_unit="s")
        assert read(path).tobytes() == array((100_000, 1, 1, 0), (200_000, 2, 0, 1)).tobytes()
    save(path, array((3, 1, 1, 1)), (3, 2), time_unit="ms")
    assert read(path)["t"].tolist() == [3000]


GOOD = array((0, 0, 0, 0))
REFUSED = [
    (array((0, 4, 0, 0)), {}, "x must be from 0 to 3; got 4"),
    (array((0, 0, 3, 0)), {}, "y must be from 0 to 2; got 3"),
    (array((0, -1, 0, 0)), {}, "x must be from 0 to 3; got -1"),
    (([0], [0], [0], [2]), {}, "p must be from 0 to 1; got 2"),
    (([0.5], [0], [0], [1]), {}, "t must be integers; got float64"),
    (([0], [0], [0], [-1]), {"time_unit": "min"}, "time_unit must be one of s, ms, us, ns, or None; got 'min'"),
    (([0, np.nan], [0, 0], [0, 0], [1, 1]), {}, "event 1: t must be a finite number; got nan"),
    (([0, 0, 0], [0, 0, 0], [0, 0, 0], [1, -1, 0]), {}, "event 2: p must be from 0 to 1; got 0"),
    (([0], [True], [0], [1]), {}, "x must be integers; got bool"),
    (([0, 1], [0], [0], [1]), {}, "columns must have one dimension and one length; got x of shape"),
    ((0, 0, 0, 1), {}, "columns must have one dimension"),
    (([[0]], [[0]], [[0]], [[1]]), {}, "columns must have one dimension"),
    (([np.uint64(2**63)], [0], [0], [1]), {}, "t must be from 0 to 9223372036854775807; got 9223372036854775808"),
    (([0], [0], [0]), {}, r"four columns \(t, x, y, p\); got tuple"),
    (7, {}, r"four columns \(t, x, y, p\); got int"),
    (np.zeros(1, [("t", "<i8"), ("x", "<i2")]), {}, "events must have the fields t, x, y, p; got t, x"),
    (GOOD, {"compression": "gzip"}, "compression must be one of none, lz4, zstd; got 'gzip'"),
    (GOOD, {"packet_us": 0}, "packet_us must be at least 1; got 0"),
    (GOOD, {"source": "a\0b"}, "source must be printable"),
    (GOOD, {"shape": (0, 3)}, r"from 1 to 32767, got \(0, 3\)"),
    (GOOD, {"shape": (4, 32768)}, "from 1 to 32767"),
    (GOOD, {"shape": (3.5, 2)}, r"shape must be \(width, height\), each from 1 to 32767, got \(3.5, 2\)"),
    (GOOD, {"shape": 5}, r"shape must be \(width, height\), each from 1 to 32767, got 5"),
    (GOOD, {"path": "a.aedat"}, "path must end in one of .aedat4"),
]


@pytest.mark.parametrize(("events", "options", "message"), REFUSED)
def test_save_fails_and_leaves_nothing(tmp_path: Path, events: Any, options: dict[str, Any], message: str) -> None:
    arguments = {"shape": (4, 3), "path": "a.aedat4"} | options
    with pytest.raises(ValueError, match=message):
        save(tmp_path / arguments.pop("path"), events, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, GOOD, (4, 3))
    before = path.read_bytes()

    def fail(_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("aestream._core.encode_aedat4_table", fail)
    with pytest.raises(KeyboardInterrupt):
        save(path, array((9, 1, 1, 1)), (4, 3))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_save_fails_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "none" / "a.aedat4", GOOD, (4, 3))


def test_the_argument_is_not_modified(path: Path) -> None:
    events = array((0, 1, 2, 1), (5, 3, 0, 0))
    before = events.tobytes()
    save(path, events, (4, 3))
    assert events.tobytes() == before
