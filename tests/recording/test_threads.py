"""Files large enough for several threads: pieces that are scanned apart, joined, give what one thread gives."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest
from reference import evt2
from support.checks import assert_same_events
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file
from support.words import evt2_change, evt2_word, raw_header

from aestream import FileInput
from aestream.errors import TruncatedFileWarning

SHAPE = (WIDTH, HEIGHT)


@pytest.fixture(scope="module", params=FORMATS)
def large(request, tmp_path_factory):
    """More than two pieces of 1 MiB; EVT3's clock wraps often in it, DAT's once, and times step back."""
    events = make_events(450_000, outside=True)
    events["t"] = 2**32 - 20_000_000 + (events["t"] - events["t"][0]) * 7
    events["t"][1000::997] -= 500
    if request.param == "es":  # whose times begin at 0 and cannot step back
        events["t"] = np.maximum.accumulate(events["t"] - events["t"][0])
    path = write_file(tmp_path_factory.mktemp("large"), request.param, events)
    assert path.stat().st_size > 2 << 20
    return path, events


@pytest.mark.parametrize("threads", [1, 2, 3, 16])
def test_any_number_of_threads_gives_the_same_events(large, threads):
    path, events = large
    file = FileInput(path, SHAPE, threads=threads, cache_index=False)
    assert_same_events(file.load(), events)
    assert (file.num_events, file.t_start, file.t_stop) == (len(events), events["t"][0], events["t"].max() + 1)
    assert_same_events(file.load(), events)  # by the index now


SPARSE, DENSE = evt2_word(0x8, 5) * 400_000, b"".join(evt2_change(True, 5, x % WIDTH, 2) for x in range(400_000))


@pytest.mark.parametrize("cut", [b"", b"\x01", b"\x01\x02\x03"], ids=len)
@pytest.mark.parametrize(
    "parts", [(SPARSE, DENSE), (DENSE, SPARSE), (DENSE, SPARSE, DENSE), (SPARSE, SPARSE)], ids=range(4)
)
def test_one_thread_counts_nothing_and_takes_files_that_are_not_alike_everywhere(tmp_path, parts, cut):
    """Memory is asked for by what was found so far: too little, or too much."""
    path = tmp_path / "file.raw"
    payload = evt2_word(0x8, 4) + b"".join(parts)
    path.write_bytes(raw_header("EVT2", WIDTH, HEIGHT) + payload + cut)
    file = FileInput(path, threads=1, cache_index=False)
    with contextlib.nullcontext() if not cut else pytest.warns(TruncatedFileWarning, match=f"{len(cut)} bytes of a"):
        events = file.load()
    assert not file._file.has_index
    assert len(events) == 400_000 * parts.count(DENSE)
    assert_same_events(
        events, FileInput(path, threads=3, cache_index=False, strict=False)._file.opened.recording.load(3)[0]
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_slices_and_windows_do_not_depend_on_threads(large, threads):
    path, events = large
    file = FileInput(path, SHAPE, threads=threads, cache_index=False, window_us=500_000, representation=None)
    latest = np.maximum.accumulate(events["t"])
    edges = np.linspace(events["t"][0], events["t"].max() + 1, 9).astype(np.int64)
    for start, stop in zip(edges, edges[1:], strict=False):
        assert_same_events(file.slice(int(start), int(stop)), events[(latest >= start) & (latest < stop)])
    assert sum(len(item) for item in file) == len(events)


@pytest.mark.parametrize("fall", [2**28 - 158, 2**28 - 157])
def test_evt2_wraps_exactly_where_the_rule_says(tmp_path, fall):
    high = 2**28 - 1
    payload = b"".join(
        evt2_word(0x8, time) + evt2_change(True, 5, 1, 2) for time in (high - 1, high, high - fall, high - fall + 1)
    )
    path = tmp_path / "wrap.raw"
    path.write_bytes(raw_header("EVT2", WIDTH, HEIGHT) + payload * 200)
    file, expected = FileInput(path), evt2.decode(payload * 200)
    assert_same_events(file.load(), expected)
    assert file.t_stop == expected["t"].max() + 1
    assert (expected["t"].max() > 2**34) == (fall == 2**28 - 157)


def test_an_index_that_is_read_by_is_not_replaced_by_a_restored_one(large):
    path, _ = large
    recording = FileInput(path, SHAPE, cache_index=False)._file.indexed
    packed = recording.pack_index()
    reader = threading.Thread(target=lambda: [recording.find(0, 2**40, True, 2) for _ in range(200)])
    reader.start()
    while reader.is_alive():
        recording.restore_index(packed)
    reader.join()
    assert recording.pack_index() == packed
