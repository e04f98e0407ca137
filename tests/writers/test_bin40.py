"""The .bin files of N-MNIST: rows as published ones have them, read back by the plainest reader, and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import bin40
from reference.events import EVENT_DTYPE
from support.checks import assert_same_events
from support.words import encode_bin40

from aestream import FileInput, Writer, save
from aestream.datasets import NMNIST

SHAPE = (240, 180)


def events_of(*rows: tuple[int, int, int, int]) -> np.ndarray:
    return np.array(list(rows), dtype=EVENT_DTYPE)


def test_rows_are_x_y_polarity_and_time(tmp_path):
    save(tmp_path / "a.bin", events_of((0x012345, 7, 9, 1), (0x7FFFFF, 239, 179, 0)), SHAPE)
    assert (tmp_path / "a.bin").read_bytes() == bytes([7, 9, 0x81, 0x23, 0x45, 239, 179, 0x7F, 0xFF, 0xFF])


@given(
    st.lists(st.tuples(st.integers(0, 2**23 - 1), st.integers(0, 255), st.integers(0, 239), st.integers(0, 1))),
    st.integers(0, 20),
)
def test_readers_get_every_event_back(tmp_path_factory, rows, cut):
    events, path = events_of(*rows), tmp_path_factory.mktemp("bin") / "a.bin"
    with Writer(path, (256, 240)) as writer:
        writer.write(events[:cut])
        writer.write(events[cut:])
    written = path.read_bytes()
    assert written == encode_bin40(events)
    assert_same_events(bin40.decode(written), events)
    assert_same_events(FileInput(path, format="bin40").load(), events)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ((0, 256, 0, 0), "x must be from 0 to 255; got 256"),
        ((0, 0, 240, 0), "y must be from 0 to 239; got 240"),
        ((2**23, 0, 0, 0), "t must be at most 8388607 in bin40 files; got 8388608; subtract a start time"),
        ((-1, 0, 0, 0), "t must be at least 0 in bin40 files; got -1"),
    ],
)
def test_what_five_bytes_cannot_say_is_refused(tmp_path, event, message):
    with pytest.raises(ValueError, match=message):
        save(tmp_path / "a.bin", events_of(event), (640, 480))
    assert not (tmp_path / "a.bin").exists()


def test_a_file_without_events_is_a_digit_of_zeros(tmp_path):
    (tmp_path / "Train" / "3").mkdir(parents=True)
    save(tmp_path / "Train" / "3" / "1.bin", events_of(), (34, 34))
    x, label = NMNIST(tmp_path)[0]
    assert x.shape == (2, 34, 34) and not x.any() and label == 3
