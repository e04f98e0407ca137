"""FileInput against the damaged vectors: each row's outcome column as assertions (DESIGN.md, section 8)."""

from __future__ import annotations

import re
import resource
import warnings

import numpy as np
import pytest
import reference
from support.checks import assert_same_events, rows

import aestream

from .manifest import FORMATS, corrupt_rows, params, truth, vector, vector_rows

OURS = {row["file"]: row for row in corrupt_rows()}
ANYTHING = "any events or FormatError; no crash, bounded memory"
CUT = [row for row in OURS.values() if re.match(r"first (N|\d+) of truth \+ TruncatedFileWarning", row["outcome"])]
REFUSED = {
    "FormatError": None,
    "FormatError; memory bounded": None,
    "FormatError naming EVT9": "EVT9",
    "FormatError with line 11": "line 11",
    "FormatError (unless format= and shape= are given)": None,
}
EITHER = {  # a FormatError, or this many events, with or without a warning
    "corrupt/aedat4_xml_nosize.aedat4": 2,
    "corrupt/aedat4_unknown_stream.aedat4": 0,
    "corrupt/empty.csv": 0,
    "corrupt/empty.bin": 0,
    "corrupt/h5_ecf_flip.hdf5": 1003,
}
EXACT = {  # (t, x, y, p) of every event
    "corrupt/raw_header_only.raw": [],
    "corrupt/dat_header_only.dat": [],
    "corrupt/evt3_no_time.raw": [],
    "corrupt/evt3_lone_v12.raw": [(1, 10, 5, 1), (1, 11, 5, 1), (1, 5, 5, 0), (2, 6, 5, 0)],
    "corrupt/evt2_before_time.raw": [(67, 5, 6, 1)],
    "corrupt/evt2_others.raw": [(3, 5, 6, 1), (4, 5, 6, 1)],
}
OTHERS = {  # a test each, below
    "corrupt/dat_no_type.dat",
    "corrupt/aedat4_packet_size_huge.aedat4",
    "corrupt/aedat4_table_wrong.aedat4",
    "corrupt/evt3_x_oob.raw",
    "corrupt/evt3_base_overflow.raw",
    "corrupt/aedat3_count.aedat",
    "corrupt/es_oob.es",
    "corrupt/npy_cut.npy",
}


def load(row, **options) -> tuple[np.ndarray, int]:
    """(events, how often the file was called truncated)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        events = aestream.FileInput(vector(row), cache_index=False, **options).load()
    return events, sum(issubclass(warning.category, aestream.TruncatedFileWarning) for warning in caught)


def load_or_refuse(row) -> tuple[np.ndarray | None, int]:
    """As load(), or (None, 0) where the file is refused with a FormatError."""
    try:
        return load(row)
    except aestream.FormatError:
        return None, 0


def test_every_row_has_a_test():
    named = {*EITHER, *EXACT, *OTHERS, *(row["file"] for row in CUT)}
    rest = {name: row["outcome"] for name, row in OURS.items() if name not in named}
    assert {*rest.values()} <= {ANYTHING, *REFUSED}
    assert named <= set(OURS)


def test_errors_are_of_the_usual_kinds():
    assert issubclass(aestream.FormatError, ValueError)
    assert issubclass(aestream.TruncatedFileWarning, UserWarning)


@pytest.mark.parametrize("row", params(CUT))
def test_whole_events_and_one_warning_when_cut(row):
    events, warned = load(row)
    assert warned == 1
    assert_same_events(events, truth(row)[: int(row["events"])])


@pytest.mark.parametrize("row", params([*CUT, *(row for row in OURS.values() if "packet_size_huge" in row["file"])]))
def test_cut_file_when_strict_fails(row):
    with pytest.raises(aestream.FormatError, match=vector(row).name):
        load(row, strict=True)


@pytest.mark.parametrize("row", params([row for row in OURS.values() if row["outcome"] in REFUSED]))
def test_damaged_file_fails(row):
    with pytest.raises(aestream.FormatError, match=REFUSED[row["outcome"]]) as error:
        load(row)
    assert vector(row).name in str(error.value)


@pytest.mark.parametrize("name", [name for name in OURS if re.search(r"_(bomb|huge|count)\.aedat", name)])
def test_memory_is_bounded_when_sizes_lie(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load_or_refuse(OURS[name])
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 160  # MiB


@pytest.mark.parametrize("name", [name for name in EXACT if name in OURS])
def test_exact_events_of_an_odd_file(name):
    events, warned = load(OURS[name])
    assert rows(events) == EXACT[name]
    assert warned == 0


@pytest.mark.parametrize("name", [name for name in EITHER if name in OURS])
def test_refused_or_so_many_events(name):
    events, _ = load_or_refuse(OURS[name])
    assert events is None or len(events) == EITHER[name]


@pytest.mark.parametrize("row", params([row for row in OURS.values() if row["outcome"] == ANYTHING]))
def test_same_events_as_the_reference_when_there_is_no_checksum(row):
    events, _ = load_or_refuse(row)
    if events is not None:
        assert_same_events(events, reference.decode_file(vector(row))[0])


def test_nothing_and_a_warning_or_refused_when_a_dat_has_no_size_byte():
    events, warned = load_or_refuse(OURS["corrupt/dat_no_type.dat"])
    assert events is None or (len(events), warned) == (0, 1)


def test_every_event_and_a_warning_when_a_packet_says_that_there_are_more():
    row = OURS["corrupt/aedat3_count.aedat"]
    events, warned = load(row)
    assert warned == 1
    assert_same_events(events, reference.decode_file(vector(row))[0])
    assert len(events) == 1000


def test_whole_rows_and_one_warning_when_an_npy_is_cut():
    row = OURS["corrupt/npy_cut.npy"]
    events, warned = load(row)
    assert warned == 1
    assert_same_events(events, truth(row)[:999])
    with pytest.raises(aestream.FormatError, match=vector(row).name):
        load(row, strict=True)


def test_nothing_and_a_warning_when_a_packet_is_longer_than_the_file():
    events, warned = load(OURS["corrupt/aedat4_packet_size_huge.aedat4"])
    assert (len(events), warned) == (0, 1)


def test_all_events_or_refused_when_the_table_is_wrong():
    row = OURS["corrupt/aedat4_table_wrong.aedat4"]
    events, _ = load_or_refuse(row)
    if events is not None:
        assert_same_events(events, truth(row))


def test_out_of_sensor_event_is_loaded_but_not_in_a_tensor():
    row = OURS["corrupt/evt3_x_oob.raw"]
    assert rows(load(row)[0]) == [(1, 2000, 5, 0), (1, 7, 5, 0)]
    file = aestream.FileInput(vector(row), cache_index=False)
    assert [int(file[i].sum()) for i in range(len(file))] == [1]


def test_y_from_the_bottom_is_loaded_when_x_lies_outside():
    row = OURS["corrupt/es_oob.es"]
    assert rows(load(row)[0]) == [(1, 5000, 256, 0), (2, 5, 256, 1)]
    file = aestream.FileInput(vector(row), cache_index=False)
    assert [int(file[i].sum()) for i in range(len(file))] == [1]


def test_x_never_wraps_when_vectors_chain():
    row = OURS["corrupt/evt3_base_overflow.raw"]
    events, _ = load(row)
    assert events["x"].min() >= 0
    assert_same_events(events, reference.decode_file(vector(row))[0])


def test_payload_without_header_when_format_and_shape_are_given():
    row = OURS["corrupt/raw_no_header.raw"]
    events, _ = load(row, format="evt3", shape=(346, 260))
    assert len(events) > 0
    assert_same_events(events, reference.evt3.decode(vector(row).read_bytes()))


def first_of_each_other_kind() -> list[dict[str, str]]:
    """One sound file of every kind that holds no recording: labels, lists of datagrams."""
    found = {}
    for row in vector_rows():
        if row["variant"] != "corrupt" and row["format"] not in FORMATS and vector(row).is_file():
            found.setdefault(row["format"], row)
    return list(found.values())


@pytest.mark.parametrize("row", params(first_of_each_other_kind()))
def test_file_that_is_no_recording_fails(row):
    with pytest.raises(aestream.FormatError, match=vector(row).name):
        load(row)
