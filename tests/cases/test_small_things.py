"""What users try once: each does what it says, or an error names what to use."""

from __future__ import annotations

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file

from aestream import Events, FileInput, Frame


@pytest.fixture
def file(tmp_path):
    return FileInput(write_file(tmp_path, "dat", make_events(100)))


def test_a_slice_of_items_and_of_times(file):
    assert len(file[0:1]) == 1
    assert torch.equal(file[0:1][0], file[0])
    assert len(file.slice(float(file.t_start), float(file.t_stop))) == 100
    with pytest.raises(ValueError, match="start_us must be a whole number of microseconds; got 0.5"):
        file.slice(0.5, 1)


def test_a_representation_s_class_fails(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    with pytest.raises(ValueError, match=r"representation must be an object, Frame\(\), not its class"):
        FileInput(path, representation=Frame)


def test_two_lengths_fail(tmp_path):
    with pytest.raises(ValueError, match="window_us and window_events exclude each other"):
        FileInput(write_file(tmp_path, "dat", make_events(10)), window_us=1000, window_events=10)


def test_a_span_beside_the_recording_warns(tmp_path):
    file = FileInput(write_file(tmp_path, "dat", make_events(10)), start_us=0, stop_us=50_000)
    with pytest.warns(UserWarning, match=r"the span \[0, 50000\) holds no time of the recording, which covers \[1000"):
        assert len(file) == 5


def test_events_are_joined_by_plus_and_by_torch():
    events = Events.from_numpy(make_events(5))
    for both in (events + events, torch.cat([events, events]), torch.concat((events, events))):
        assert isinstance(both, Events)
        assert both.t.tolist() == events.t.tolist() * 2
        assert both.p.tolist() == events.p.tolist() * 2
    with pytest.raises(TypeError):
        events + [1, 2]  # noqa: RUF005
    with pytest.raises(TypeError, match=r"torch\.stack is for tensors: use the columns"):
        torch.stack([events, events])


@pytest.mark.skipif(torch.cuda.is_available(), reason="pins for real where there is a GPU")
def test_pin_memory_asks_every_column(monkeypatch):
    events, pinned = Events.from_numpy(make_events(5)), []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda column: pinned.append(column) or column)
    assert events.pin_memory().t.tolist() == events.t.tolist()
    assert [column.dtype for column in pinned] == [torch.int64, torch.int16, torch.int16, torch.bool]
    assert all(column.is_contiguous() for column in pinned)


def test_duration_and_print_look_through_the_file(file):
    assert "not indexed yet" in repr(file)
    shown = str(file)
    events = make_events(100)
    length = int(events["t"][-1] - events["t"][0]) + 1
    assert file.duration_us == length
    assert f"dat, {WIDTH}x{HEIGHT}, 100 events in {length / 1e6:.3f} s" in shown


def test_folders_and_lists_say_what_to_use(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    with pytest.raises(IsADirectoryError, match="is a folder: aestream.datasets.EventFolder reads"):
        FileInput(tmp_path)
    with pytest.raises(ValueError, match="got list: several files are a RecordingDataset"):
        FileInput([path, path])
