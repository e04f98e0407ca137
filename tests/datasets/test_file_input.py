"""FileInput as arrays and as a map-style dataset."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file
from support.words import encode_evt2, raw_header

from aestream import EVENT_DTYPE, Events, FileInput, FormatError, Frame, TruncatedFileWarning, VoxelGrid

SHAPE = (WIDTH, HEIGHT)


def running_maximum(events: np.ndarray) -> np.ndarray:
    return np.maximum.accumulate(events["t"])


def plain_frame(events: np.ndarray) -> torch.Tensor:
    frame = torch.zeros(2, HEIGHT, WIDTH)
    for _, x, y, p in events.tolist():
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            frame[int(p), y, x] += 1
    return frame


@pytest.fixture(params=FORMATS)
def recording(request, tmp_path):
    events = make_events(outside=True)
    return write_file(tmp_path, request.param, events), events, request.param


def test_load_gives_every_event_in_every_format(recording):
    path, events, format = recording
    file = FileInput(path, SHAPE)
    assert_same_events(file.load(), events)
    assert file.load().dtype == EVENT_DTYPE
    assert (file.format, file.num_events, file.shape) == (format, len(events), SHAPE)
    assert (file.t_start, file.t_stop) == (events["t"][0], events["t"].max() + 1)


def test_load_to_torch_gives_events(recording):
    path, events, _ = recording
    loaded = FileInput(path, SHAPE).load("torch")
    assert isinstance(loaded, Events)
    assert loaded.t.dtype == torch.int64 and loaded.x.dtype == torch.int16 and loaded.p.dtype == torch.bool
    assert_same_events(loaded.numpy(), events)


def test_load_to_jax_gives_times_after_the_first_event(recording):
    path, events, _ = recording
    loaded = FileInput(path, SHAPE).load("jax")
    assert str(loaded.t.dtype) == "int32"
    np.testing.assert_array_equal(np.asarray(loaded.t), events["t"] - events["t"][0])
    np.testing.assert_array_equal(np.asarray(loaded.p), events["p"])


def test_load_to_jax_fails_where_int32_cannot_hold_the_times(tmp_path):
    events = make_events(2)
    events["t"][1] += 2**31
    file = FileInput(write_file(tmp_path, "evt2", events))
    with pytest.raises(OverflowError, match="int32"):
        file.load("jax")


def test_unknown_backend_fails_with_the_known_ones(recording):
    with pytest.raises(ValueError, match="'numpy', 'torch', 'jax'; got 'tensorflow'"):
        FileInput(recording[0], SHAPE).load("tensorflow")
    with pytest.raises(AttributeError):
        FileInput(recording[0], SHAPE).load("tensorflow")


def test_slices_partition_the_file_even_where_time_steps_back(tmp_path):
    events = make_events(step_back_us=3000)
    latest = running_maximum(events)
    file = FileInput(write_file(tmp_path, "evt2", events))
    edges = [events["t"].min() - 5, 1_000_500, 1_020_000, 1_020_001, 1_070_000, events["t"].max() + 1]
    for start, stop in zip(edges, edges[1:], strict=False):
        assert_same_events(file.slice(start, stop), events[(latest >= start) & (latest < stop)])
    assert sum(len(file.slice(a, b)) for a, b in zip(edges, edges[1:], strict=False)) == len(events)


def test_slice_outside_the_file_is_empty(recording):
    file = FileInput(recording[0], SHAPE)
    assert len(file.slice(0, 10)) == len(file.slice(file.t_stop, file.t_stop + 10)) == len(file.slice(7, 3)) == 0


def test_items_are_frames_of_windows(recording):
    path, events, _ = recording
    file = FileInput(path, SHAPE, window_us=9_000)
    latest = running_maximum(events)
    for i in range(len(file)):
        start = events["t"][0] + i * 9_000
        window = events[(latest >= start) & (latest < start + 9_000)]
        assert torch.equal(file[i], plain_frame(window))
        assert torch.equal(file[i - len(file)], file[i])
    assert start + 9_000 > events["t"].max()


def test_items_by_count_hold_as_many_events(recording):
    path, events, _ = recording
    file = FileInput(path, SHAPE, window_events=700, stride=500)
    assert len(file) == 10
    for i in range(len(file)):
        assert torch.equal(file[i], plain_frame(events[i * 500 : i * 500 + 700]))


def test_incomplete_windows_are_left_out_on_request(recording):
    path, events, _ = recording
    assert len(FileInput(path, SHAPE, window_events=700, include_incomplete=False)) == len(events) // 700
    span = int(events["t"].max()) + 1 - int(events["t"][0])
    assert len(FileInput(path, SHAPE, include_incomplete=False)) == span // 10_000
    assert len(FileInput(path, SHAPE)) == -(-span // 10_000)


def test_start_and_stop_limit_the_windows(recording):
    path, events, _ = recording
    file = FileInput(path, SHAPE, window_us=4_000, start_us=1_010_000, stop_us=1_021_000, representation=None)
    items = [item.numpy() for item in file]
    assert len(items) == 3
    expected = events[(events["t"] >= 1_010_000) & (events["t"] < 1_021_000)]
    assert_same_events(np.concatenate(items), expected)


def test_batches_equal_single_items(recording):
    file = FileInput(recording[0], SHAPE, representation=VoxelGrid(bins=4))
    indices = [3, 0, len(file) - 1, 3]
    for item, index in zip(file.__getitems__(indices), indices, strict=True):
        assert item.shape == (4, HEIGHT, WIDTH) and torch.equal(item, file[index])


def test_any_callable_is_a_representation(recording):
    path, events, _ = recording

    def rate(window, *, shape, start_us, stop_us):
        assert shape == SHAPE
        return torch.tensor(len(window) / (stop_us - start_us))

    file = FileInput(path, SHAPE, representation=rate, transform=lambda item: item * 2)
    assert file[1] == pytest.approx(2 * ((running_maximum(events) - events["t"][0]) // 10_000 == 1).sum() / 10_000)


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(0, 2**32))
def test_any_stride_gives_the_windows_of_the_definition(tmp_path_factory, window_us, stride, seed):
    events = make_events(60, seed=seed, step_back_us=50)
    path = write_file(tmp_path_factory.mktemp("stride"), "evt3", events)
    file = FileInput(path, window_us=window_us, stride=stride, representation=None)
    latest = running_maximum(events)
    for i, item in enumerate(file):
        start = events["t"][0] + i * stride
        assert_same_events(item.numpy(), events[(latest >= start) & (latest < start + window_us)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window_us": 0}, "window_us must be a whole number, 1 or more; got 0"),
        ({"window_events": -1}, "window_events"),
        ({"stride": 0.5}, "stride"),
        ({"threads": 0}, "threads"),
        ({"start_us": 5, "stop_us": 4}, r"stop_us must not be before start_us; got \[5, 4\)"),
        ({"shape": (64, 0)}, r"shape must be \(width, height\), each from 1 to 32767, got \(64, 0\)"),
        ({"shape": (2, 48, 64)}, r"shape must be \(width, height\), .* got \(2, 48, 64\)"),
        ({"shape": "64x48"}, "shape must be .* got '64x48'"),
        ({"shape": (64.0, 48)}, r"shape must be .* got \(64.0, 48\)"),
        ({"shape": (40_000, 48)}, "shape must be .* got"),
        ({"targets": torch.tensor(3)}, "targets must be a sequence, a tensor or an array; got Tensor"),
        ({"targets": np.array("a")}, "targets must be a sequence, a tensor or an array; got ndarray"),
        ({"representation": 3}, "representation must be callable or None"),
    ],
)
def test_bad_arguments_fail_showing_what_came(tmp_path, arguments, message):
    path = write_file(tmp_path, "evt3", make_events(10))
    with pytest.raises(ValueError, match=message):
        FileInput(path, **arguments)


def test_index_out_of_range_fails(recording):
    file = FileInput(recording[0], SHAPE)
    for index in (len(file), -len(file) - 1):
        with pytest.raises(IndexError, match="out of range"):
            file[index]


def test_file_without_geometry_needs_a_shape_for_items(tmp_path):
    file = FileInput(write_file(tmp_path, "csv", make_events(50)))
    assert len(file.load()) == 50 and file.shape is None
    with pytest.raises(ValueError, match=r"pass shape=\(width, height\)"):
        file[0]


def test_truncated_file_gives_what_is_whole_and_warns_once(tmp_path):
    events = make_events(100)
    path = tmp_path / "cut.raw"
    path.write_bytes(raw_header("EVT2", WIDTH, HEIGHT) + encode_evt2(events)[:-1])
    file = FileInput(path)
    with pytest.warns(TruncatedFileWarning, match="the last 3 bytes of a truncated file") as caught:
        assert_same_events(file.load(), events[:-1])
        assert file.num_events == 99
    assert len(caught) == 1


def test_truncated_file_fails_when_strict(tmp_path):
    path = tmp_path / "cut.raw"
    path.write_bytes(raw_header("EVT2", WIDTH, HEIGHT) + encode_evt2(make_events(100))[:-1])
    for call in (lambda file: file.load(), len, lambda file: file.slice(0, 1)):
        with pytest.raises(FormatError, match="cut.raw, byte .* truncated") as caught:
            call(FileInput(path, strict=True))
        assert caught.value.offset == path.stat().st_size - 3


def test_empty_recording_has_no_items(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events(0)))
    assert (len(file), len(file.load()), file.num_events, file.t_start, file.t_stop) == (0, 0, 0, 0, 0)
    assert list(file) == []


def test_missing_file_fails_as_files_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.raw"):
        FileInput(tmp_path / "nothing.raw")
    with pytest.raises(IsADirectoryError):
        FileInput(tmp_path)


def test_unknown_bytes_fail_with_path(tmp_path):
    path = tmp_path / "noise.raw"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(FormatError, match="noise.raw"):
        FileInput(path)


def test_repr_says_what_the_file_is(recording):
    path, events, format = recording
    file = FileInput(path, SHAPE)
    assert "not indexed yet" in repr(file)
    assert len(file) == 10
    for part in (format, "64x48", f"{len(events)} events", "10 windows of 10000 µs"):
        assert part in repr(file)


def test_uint8_frames_come_through_the_dataset(recording):
    path, events, _ = recording
    file = FileInput(path, SHAPE, window_events=1000, representation=Frame("sum", torch.uint8))
    assert file[0].dtype == torch.uint8
    assert torch.equal(file[0].float(), plain_frame(events[:1000]).sum(0, keepdim=True))


def test_times_as_large_as_int64_are_read(tmp_path):
    events = make_events(3)
    events["t"] = [-(2**63), 0, 2**63 - 1]
    file = FileInput(write_file(tmp_path, "aedat4", events))
    assert_same_events(file.load(), events)
    assert (file.t_start, file.t_stop) == (-(2**63), 2**63 - 1)
    assert_same_events(file.slice(file.t_start, file.t_stop), events[:2])
    assert "3 events" in repr(file)
