"""Slices of AEDAT4 by its data table: found without reading the file, checked by what is read, right where it lies."""

from pathlib import Path

import numpy as np
import pytest
from support import aedat4_words
from support.aedat4_words import encode_aedat4

from aestream import EVENT_DTYPE, FileInput
from aestream.errors import FormatError

CODECS = ("none", "lz4", "zstd")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat4"


def make_events(count: int = 5000, *, steps_back: bool = False) -> np.ndarray:
    rng = np.random.default_rng(3)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = 1000 + 10 * np.arange(count) + (rng.integers(-400, 400, count) if steps_back else 0)
    events["x"], events["y"], events["p"] = (
        rng.integers(0, 640, count),
        rng.integers(0, 480, count),
        rng.random(count) < 0.5,
    )
    return events


def expected(events: np.ndarray, start: int, stop: int) -> np.ndarray:
    """By the rule of windows: an event belongs where the latest time so far lies."""
    latest = np.maximum.accumulate(events["t"])
    return events[(latest >= start) & (latest < stop)]


def lie(monkeypatch: pytest.MonkeyPatch, *, packets: slice, times: int = 0, count: int = 0) -> None:
    """The data table of what is encoded says other times, or other counts, of some packets."""
    honest = aedat4_words.data_table

    def table(entries: list) -> bytes:
        entries = list(entries)
        for i in range(*packets.indices(len(entries))):
            *place, t = entries[i]
            entries[i] = (*place, np.append(t + times, [t[-1] + times] * count))
        return honest(entries)

    monkeypatch.setattr(aedat4_words, "data_table", table)


def leave_out(monkeypatch: pytest.MonkeyPatch, packets: slice) -> None:
    """The data table of what is encoded does not know some packets."""
    honest = aedat4_words.data_table

    def table(entries: list) -> bytes:
        entries = list(entries)
        del entries[packets]
        return honest(entries)

    monkeypatch.setattr(aedat4_words, "data_table", table)


def compare_slices(path: Path, events: np.ndarray, spans: list[tuple[int, int]]) -> None:
    for start, stop in spans:
        fresh = FileInput(path, cache_index=False)
        np.testing.assert_array_equal(fresh.slice(start, stop), expected(events, start, stop))


SPANS = [(0, 900), (0, 1500), (1000, 1010), (10_990, 11_000), (11_000, 21_000), (29_995, 45_000), (50_990, 10**9)]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("steps_back", [False, True])
@pytest.mark.parametrize("table", [False, True])
def test_the_first_slice_is_that_of_the_index(path: Path, codec: str, steps_back: bool, table: bool) -> None:
    events = make_events(steps_back=steps_back)
    path.write_bytes(encode_aedat4(events, codec, packet_events=300, table=table, extra_streams=True))
    compare_slices(path, events, SPANS)
    file = FileInput(path, cache_index=False)
    for start, stop in SPANS:
        np.testing.assert_array_equal(file.slice(start, stop), expected(events, start, stop))


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_a_slice_reads_its_packets_only(path: Path, codec: str) -> None:
    events = make_events()
    data = bytearray(encode_aedat4(events, codec, packet_events=500))
    path.write_bytes(data)
    damaged = len(data) * 2 // 3
    data[damaged : damaged + 400] = bytes(400)  # inside of a packet; headers are whole
    path.write_bytes(data)
    file = FileInput(path, cache_index=False)
    np.testing.assert_array_equal(file.slice(7000, 12_000), expected(events, 7000, 12_000))
    with pytest.raises(FormatError):
        file.num_events  # noqa: B018 - the index reads it all


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("times", [-7000, 9000])
@pytest.mark.parametrize("packets", [slice(None), slice(2, 5), slice(0, 1), slice(-1, None)])
def test_times_that_are_wrong_are_refuted(
    path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, times: int, packets: slice
) -> None:
    events = make_events()
    lie(monkeypatch, packets=packets, times=times)
    path.write_bytes(encode_aedat4(events, codec, packet_events=500))
    compare_slices(path, events, SPANS)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("packets", [slice(None), slice(2, 5), slice(-1, None)])
def test_counts_that_are_wrong_are_refuted(
    path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, packets: slice
) -> None:
    events = make_events()
    lie(monkeypatch, packets=packets, count=3)
    path.write_bytes(encode_aedat4(events, codec, packet_events=500))
    compare_slices(path, events, SPANS)
    assert FileInput(path, cache_index=False).num_events == len(events)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("packets", [slice(0, 1), slice(2, 5), slice(4, 5), slice(-1, None), slice(None)])
def test_packets_that_the_table_leaves_out_are_found(
    path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, packets: slice
) -> None:
    events = make_events()
    leave_out(monkeypatch, packets)
    path.write_bytes(encode_aedat4(events, codec, packet_events=500, extra_streams=True))
    compare_slices(path, events, [*SPANS, *((start, start + 2500) for start in range(0, 60_000, 2500))])
    for threads in (1, 2):
        np.testing.assert_array_equal(FileInput(path, cache_index=False, threads=threads).load(), events)


@pytest.mark.parametrize("codec", CODECS)
def test_a_file_that_was_cut_short_is_an_error_of_the_first_slice(path: Path, codec: str) -> None:
    path.write_bytes(encode_aedat4(make_events(), codec, packet_events=500))
    file = FileInput(path, cache_index=False)
    file.format  # noqa: B018 - opens it
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(OSError, match="has changed since it was opened"):
        file.slice(7000, 12_000)
