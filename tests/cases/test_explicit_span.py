"""A span that is given as such has its windows, with events or without.

The kind of neuromorphs/tonic#264 (bins must not depend on the data) and uzh-rpg/RVT#80 (a label every 50 ms, few
events): what is made of accumulate() must not change its shape for a silent window.
"""

import warnings

import numpy as np
import pytest

from aestream import EVENT_DTYPE, FileInput, Frame, Steps, accumulate, save

SPAN = {"window_us": 50_000, "start_us": 0, "stop_us": 510_000}


@pytest.mark.parametrize("count", [0, 1])
def test_an_explicit_span_has_its_windows_with_or_without_events(tmp_path, count):
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = 900_000
    save(tmp_path / "a.raw", events, (4, 4))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        file = FileInput(tmp_path / "a.raw", **SPAN)
        assert len(file) == 11 and file.window(10) == (500_000, 510_000)
        assert all(item.sum() == 0 for item in file)
        assert len(FileInput(tmp_path / "a.raw", **SPAN, include_incomplete=False)) == 10
        assert accumulate(events, Frame(), (4, 4), **SPAN).shape == (11, 2, 4, 4)
        assert accumulate(events, Steps(Frame(), 3), (4, 4), **SPAN).shape == (11, 3, 2, 4, 4)
    texts = {str(each.message) for each in caught}
    expected = "the span [0, 510000) holds no time of the recording, which covers [900000, 900001)"
    assert texts == ({expected} if count else set())


def test_half_a_span_has_the_windows_that_the_recording_reaches(tmp_path):
    save(tmp_path / "a.raw", np.zeros(0, EVENT_DTYPE), (4, 4))
    assert len(FileInput(tmp_path / "a.raw", start_us=0)) == len(FileInput(tmp_path / "a.raw", stop_us=10**6)) == 0
