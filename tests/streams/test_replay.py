"""FileInput as a stream: frames of what was played since the last read, and nothing lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file

from aestream import Backend, FileInput, FormatError

SHAPE = (WIDTH, HEIGHT)


def counts(events: np.ndarray) -> np.ndarray:
    frame = np.zeros(SHAPE, np.float32)
    inside = events[(events["x"] < WIDTH) & (events["y"] < HEIGHT)]
    np.add.at(frame, (inside["x"], inside["y"]), 1)
    return frame


def play(stream: FileInput, backend: str = "numpy") -> tuple[np.ndarray, int]:
    total, reads = np.zeros(SHAPE, np.float32), 0
    while stream.is_streaming():
        total += np.asarray(stream.read(backend))
        reads += 1
    return total, reads


@pytest.mark.parametrize("format", FORMATS)
def test_all_frames_add_up_to_all_events_at_full_speed(tmp_path, format):
    events = make_events(outside=True)
    with FileInput(write_file(tmp_path, format, events), SHAPE, ignore_time=True) as stream:
        total, _ = play(stream)
        stats = stream.stats
    np.testing.assert_array_equal(total, counts(events))
    assert (stats.received, stats.out_of_bounds, stats.dropped) == (5000, 500, 0)


@pytest.mark.parametrize("step_back_us", [0, 3000])
def test_all_frames_add_up_to_all_events_in_real_time(tmp_path, step_back_us):
    events = make_events(2000, step_back_us=step_back_us)  # 40 ms
    with FileInput(write_file(tmp_path, "evt3", events)) as stream:
        total, reads = play(stream)
    np.testing.assert_array_equal(total, counts(events))
    assert reads > 1


def test_real_time_does_not_play_ahead(tmp_path):
    events = make_events(2)
    events["t"][1] += 3_600_000_000
    with FileInput(write_file(tmp_path, "evt2", events)) as stream:
        assert stream.read().sum() <= 1
        assert stream.is_streaming()
    assert stream.stats.received <= 1


@pytest.mark.parametrize(
    ("backend", "type_name"),
    [("numpy", "ndarray"), ("Torch", "Tensor"), (Backend.Jax, "ArrayImpl"), ("JAX", "ArrayImpl")],
)
def test_read_gives_the_backend_that_was_asked_for(tmp_path, backend, type_name):
    with FileInput(write_file(tmp_path, "dat", make_events()), ignore_time=True) as stream:
        frame = stream.read(backend)
    assert type(frame).__name__ == type_name
    assert frame.shape == SHAPE and str(frame.dtype).endswith("float32")


def test_frames_belong_to_the_reader(tmp_path):
    events = make_events()
    with FileInput(write_file(tmp_path, "dat", events), ignore_time=True) as stream:
        frames = []
        while stream.is_streaming():
            frames.append(stream.read())
        frames.append(stream.read())
    assert all(frame.ctypes.data % 64 == 0 and frame.flags.writeable for frame in frames)
    before = sum(frames).copy()
    frames[-1][:] = 7
    np.testing.assert_array_equal(sum(frames[:-1]), before)


def test_unknown_backend_fails_and_loses_nothing(tmp_path):
    events = make_events()
    with FileInput(write_file(tmp_path, "dat", events), ignore_time=True) as stream:
        with pytest.raises(ValueError, match="backend must be one of"):
            stream.read("nothing")
        total, _ = play(stream)
    np.testing.assert_array_equal(total, counts(events))


def test_start_and_stop_limit_what_is_played(tmp_path):
    events = make_events()
    path = write_file(tmp_path, "evt2", events)
    with FileInput(path, start_us=1_020_000, stop_us=1_050_000, ignore_time=True) as stream:
        total, _ = play(stream)
    np.testing.assert_array_equal(total, counts(events[(events["t"] >= 1_020_000) & (events["t"] < 1_050_000)]))


def test_a_second_with_plays_again(tmp_path):
    file = FileInput(write_file(tmp_path, "evt2", make_events()), ignore_time=True)
    totals = []
    for _ in range(2):
        with file as stream:
            totals.append(play(stream, "torch")[0])
    np.testing.assert_array_equal(*totals)


def test_leaving_early_stops_the_playback(tmp_path):
    events = make_events(2)
    events["t"][1] += 3_600_000_000
    file = FileInput(write_file(tmp_path, "evt2", events))
    with file as stream:
        assert stream.is_streaming()
    assert isinstance(file.read("torch"), torch.Tensor)  # what was played is still there
    assert not file.is_streaming()


def test_read_before_opening_gives_zeros(tmp_path):
    file = FileInput(write_file(tmp_path, "evt2", make_events(3)))
    frame = file.read()
    assert (frame.shape, frame.dtype, frame.sum(), file.is_streaming()) == (SHAPE, "float32", 0, False)


def test_damage_is_raised_after_what_stood_before_it(tmp_path):
    path = write_file(tmp_path, "csv", make_events(100))
    path.write_bytes(path.read_bytes() + b"12,x3,4,1\n")
    total = 0.0
    with FileInput(path, SHAPE, ignore_time=True) as stream, pytest.raises(FormatError, match="line 101"):
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == 100


@pytest.mark.parametrize("format", ["evt3", "dat", "aedat4"])
@pytest.mark.parametrize(
    "options", [{"window_us": 700}, {"window_events": 170}, {"window_us": 3000, "start_us": 980_500}]
)
def test_replayed_items_are_the_file_s(tmp_path, format, options):
    events = make_events(3000, outside=True, step_back_us=4000)
    file = FileInput(write_file(tmp_path, format, events), SHAPE, ignore_time=True, with_times=True, **options)
    got, want = list(file.replay()), list(file)
    assert len(got) == len(want)
    for (x, times), (wanted, wanted_times) in zip(got, want, strict=True):
        assert torch.equal(x, wanted) and torch.equal(times, wanted_times)


def test_a_replay_in_real_time_has_the_same_items(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events(2000)), window_us=5000)
    got = list(file.replay())
    assert all(torch.equal(*pair) for pair in zip(got, file, strict=True))


def test_a_replay_at_full_speed_waits_for_its_reader(tmp_path):
    """More events than a queue holds."""
    events = np.tile(make_events(1000), 4500)
    events["t"] = np.arange(len(events))
    file = FileInput(write_file(tmp_path, "dat", events), SHAPE, ignore_time=True, window_us=500_000)
    with file.replay() as stream:
        iterator = iter(stream)
        first = next(iterator)
        stream.timeout_s = 5
        total = first.sum() + sum(item.sum() for item in iterator)
    assert total == stream.stats.delivered == len(events) and stream.stats.dropped == 0


def test_a_replay_of_damage_says_which_file(tmp_path):
    path = write_file(tmp_path, "csv", make_events(100))
    path.write_bytes(path.read_bytes() + b"12,x3,4,1\n")
    with pytest.raises(FormatError, match=r"csv.*line 101"):
        list(FileInput(path, SHAPE, ignore_time=True).replay())


@pytest.mark.parametrize("options", [{"windows": [[0, 5]]}, {"stride": 5}, {"window_us": None}])
def test_windows_that_no_stream_has_do_not_replay(tmp_path, options):
    file = FileInput(write_file(tmp_path, "dat", make_events(100)), SHAPE, **options)
    with pytest.raises(ValueError, match=r"windows of a stream follow each other|window_us must be a whole number"):
        file.replay()
    assert file.replay(window_us=500).window_us == 500


def test_a_file_that_plays_cannot_be_entered_again(tmp_path):
    file = FileInput(write_file(tmp_path, "evt2", make_events(1000)), SHAPE)
    with file:
        with pytest.raises(RuntimeError, match="is playing already"):
            file.start_stream()
        assert file.is_streaming()
    with file:
        pass
