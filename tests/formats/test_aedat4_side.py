"""Frames, IMU samples and triggers of AEDAT4: values, which stream, and what every check of the reader refuses."""

from __future__ import annotations

from pathlib import Path

import cramjam
import numpy as np
import pytest
from support.aedat4_bytes import event_packet, packet, patched
from support.aedat4_side_bytes import IMU_TYPES, TRIGGER_TYPES, frame_packet, rows_packet, side_header
from support.files import make_events, write_file

from aestream import IMU_DTYPE, TRIGGER_DTYPE, CameraFrame, FileInput, FormatError

SAMPLES = [[5, 30.5, 1, -2, 3, 4, 5, -6, 7, 8, 9], [6, None, 0.25, None, None, 0, 0, 0, None, None, None]]
EDGES = [[10 + source, source] for source in range(10)]


@pytest.fixture
def open_bytes(tmp_path: Path):
    def open_bytes(data: bytes, **options) -> FileInput:
        path = tmp_path / "a.aedat4"
        path.write_bytes(data)
        return FileInput(path, **options)

    return open_bytes


def imu_packet(rows: list[list]) -> bytes:
    return rows_packet("IMUS", IMU_TYPES, rows)


def trigger_packet(rows: list[list]) -> bytes:
    return rows_packet("TRIG", TRIGGER_TYPES, rows)


def test_imu_samples_of_all_packets(open_bytes):
    packets = [imu_packet(SAMPLES), imu_packet([]), imu_packet([[-7, *[0.5] * 10]])]
    got = open_bytes(side_header() + b"".join(packet(each, stream=2) for each in packets)).imu()
    assert got.dtype == IMU_DTYPE
    assert got["t"].tolist() == [5, 6, -7]
    assert got["temperature"].tolist() == [30.5, 0, 0.5]
    assert got["accelerometer"].tolist() == [[1, -2, 3], [0.25, 0, 0], [0.5] * 3]
    assert got["gyroscope"].tolist() == [[4, 5, -6], [0, 0, 0], [0.5] * 3]
    assert got["magnetometer"].tolist() == [[7, 8, 9], [0, 0, 0], [0.5] * 3]


def test_triggers_by_source(open_bytes):
    got = open_bytes(side_header() + packet(trigger_packet(EDGES), stream=3)).triggers()
    assert got.dtype == TRIGGER_DTYPE
    assert got["t"].tolist() == list(range(10, 20))
    assert got["id"].tolist() == [-1, 0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert got["rising"].tolist() == [True, True, False, True, True, False, True, False, True, False]


@pytest.mark.parametrize(
    ("code", "dtype", "shape"),
    [
        (0, "u1", (2, 3)),
        (2, "<u2", (2, 3)),
        (16, "u1", (2, 3, 3)),
        (18, "<u2", (2, 3, 3)),
        (24, "u1", (2, 3, 4)),
        (26, "<u2", (2, 3, 4)),
    ],
)
def test_frame_of_every_pixel_format(open_bytes, code, dtype, shape):
    image = np.arange(np.prod(shape), dtype=dtype).reshape(shape) * 7
    frames = open_bytes(side_header() + packet(frame_packet(image.tobytes(), code=code), stream=1)).frames()
    frame = frames[0]
    assert isinstance(frame, CameraFrame)
    assert frame[:6] == (5, 1, 9, 4, 6, (7, -8))
    assert frame.image.dtype == image.dtype and frame.image.shape == shape
    np.testing.assert_array_equal(frame.image, image)
    frame.image[:] = 0  # the caller's own
    np.testing.assert_array_equal(frames[0].image, image)


def test_frames_are_a_sequence(open_bytes):
    packets = [frame_packet(bytes([i] * 6), times=(i, 0, 0, 0, 0)) for i in range(4)]
    frames = open_bytes(side_header() + b"".join(packet(each, stream=1) for each in packets)).frames()
    assert (len(frames), frames.t.tolist(), frames.skipped) == (4, [0, 1, 2, 3], 0)
    assert [frame.t for frame in frames] == [0, 1, 2, 3]
    assert [int(frame.image[0, 0]) for frame in frames[-2:]] == [2, 3]
    assert frames[-1].t == 3
    assert repr(frames[1]) == "CameraFrame(t=1 µs, offset=(7, -8), image=uint8 [2, 3])"
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"index {index} is out of range for 4 frames"):
            frames[index]


def test_frames_of_other_pixel_formats_are_skipped_and_counted(open_bytes):
    packets = [frame_packet(bytes(6), code=1), frame_packet(bytes(6), times=(8, 0, 0, 0, 0))]
    frames = open_bytes(side_header() + b"".join(packet(each, stream=1) for each in packets)).frames()
    assert (len(frames), frames.skipped, frames[0].t) == (1, 1, 8)


def test_empty_frame(open_bytes):
    frames = open_bytes(side_header() + packet(frame_packet(None, size=(0, 0)), stream=1)).frames()
    assert frames[0].image.shape == (0, 0)


@pytest.mark.parametrize(
    ("compression", "compress"), [(1, cramjam.lz4.compress), (3, cramjam.zstd.compress), (4, cramjam.zstd.compress)]
)
def test_packets_are_inflated_as_events_are(open_bytes, compression, compress):
    large = np.zeros((600, 1000), np.uint8)  # much more than what compressed packets usually become
    packets = [
        (frame_packet(large.tobytes(), size=(1000, 600)), 1),
        (imu_packet(SAMPLES), 2),
        (trigger_packet(EDGES), 3),
    ]
    body = b"".join(packet(bytes(compress(each)), stream=stream) for each, stream in packets)
    file = open_bytes(side_header(compression=compression) + body)
    assert file.frames()[0].image.shape == (600, 1000)
    assert (len(file.imu()), len(file.triggers())) == (2, 10)


def test_stream_chooses_one_of_several(open_bytes):
    body = packet(imu_packet(SAMPLES[:1]), stream=4) + packet(imu_packet(SAMPLES), stream=2)
    body += packet(frame_packet(bytes(6)), stream=5)
    file = open_bytes(side_header() + body)
    assert (len(file.imu()), len(file.imu(stream=4)), len(file.frames()), len(file.frames(stream=5))) == (2, 1, 0, 1)
    with pytest.raises(ValueError, match=r"stream must be one of \[2, 4\]; got 1"):
        file.imu(stream=1)
    with pytest.raises(ValueError, match=r"stream must be one of \[1, 5\]; got 0"):
        file.frames(stream=0)


def test_streams_are_of_the_camera_whose_events_are_read(open_bytes):
    streams = {0: "EVTS", 1: "IMUS", 2: "EVTS", 3: "IMUS"}
    data = side_header(streams, sources={2: "T_2", 3: "T_2"})
    data += packet(imu_packet(SAMPLES[:1]), stream=1) + packet(imu_packet(SAMPLES), stream=3)
    assert (len(open_bytes(data).imu()), len(open_bytes(data, stream=2).imu())) == (1, 2)


def test_file_without_such_streams_holds_none(open_bytes):
    file = open_bytes(side_header({0: "EVTS"}) + packet(event_packet([(1, 2, 3, 1)])))
    assert (len(file.frames()), file.imu().dtype, file.imu().shape) == (0, IMU_DTYPE, (0,))
    assert (file.triggers().dtype, file.triggers().shape) == (TRIGGER_DTYPE, (0,))
    assert list(file.frames()) == []


def test_whole_packets_before_a_cut(open_bytes):
    data = side_header() + 2 * packet(imu_packet(SAMPLES), stream=2)
    assert len(open_bytes(data[:-1]).imu()) == 2


@pytest.mark.parametrize("format", ["evt3", "csv", "es"])
def test_formats_without_frames_and_samples_fail(tmp_path, format):
    file = FileInput(write_file(tmp_path, format, make_events(20)))
    with pytest.raises(ValueError, match=f"format {format}, which holds no frames"):
        file.frames()
    with pytest.raises(ValueError, match=f"format {format}, which holds no IMU samples"):
        file.imu()


def test_damaged_frames_fail_with_path_and_offset(open_bytes):
    begin = len(side_header()) + 8
    for pixels, message in [
        (bytes(5), "expected 6 bytes for 3x2 pixels, found 5"),
        (bytes(7), "expected 6 bytes for 3x2 pixels, found 7"),
        (None, "expected 6 bytes for 3x2 pixels, found 0"),
    ]:
        with pytest.raises(FormatError, match=f"a.aedat4, byte .*{message}"):
            open_bytes(side_header() + packet(frame_packet(pixels), stream=1)).frames()
    with pytest.raises(FormatError, match="expected a width of at least 0, found -3"):
        open_bytes(side_header() + packet(frame_packet(bytes(6), size=(-3, 2)), stream=1)).frames()
    with pytest.raises(FormatError, match="expected identifier FRME, found IMUS") as caught:
        open_bytes(side_header() + packet(imu_packet(SAMPLES), stream=1)).frames()
    assert caught.value.offset == begin + 8


def test_damaged_rows_fail(open_bytes):
    begin = len(side_header()) + 8  # of the packet
    count, first = begin + 28, begin + 32  # of the vector, and its first offset
    samples = side_header() + packet(imu_packet(SAMPLES), stream=2)
    for place, patch, message in [
        (count, b"\xff\xff\xff\x7f", "expected at most .* elements of 8 bytes, found 2147483647"),
        (first, b"\xff\xff\xff\x7f", "expected an offset of at most"),
        (begin, b"\x00\x00\x00\x00", "expected size prefix"),
    ]:
        with pytest.raises(FormatError, match=message) as caught:
            open_bytes(patched(samples, place, patch)).imu()
        assert caught.value.offset == place
    for source in (-1, 10):
        with pytest.raises(FormatError, match=f"expected a trigger of source 0 to 9, found {source}"):
            open_bytes(side_header() + packet(trigger_packet([[1, source]]), stream=3)).triggers()


def test_damaged_inflated_rows_fail_at_their_packet(open_bytes):
    good, bad = (bytes(cramjam.lz4.compress(trigger_packet([[1, source]]))) for source in (1, 11))
    data = side_header(compression=1) + packet(good, stream=3)
    with pytest.raises(FormatError, match="byte [0-9]+ of the inflated packet: expected a trigger of source") as caught:
        open_bytes(data + packet(bad, stream=3)).triggers()
    assert caught.value.offset == len(data) + 8
    with pytest.raises(FormatError, match="expected a packet that can be inflated"):
        open_bytes(data + packet(b"no frame of LZ4", stream=3)).triggers()


def test_damage_there_does_not_keep_events_from_loading(open_bytes):
    file = open_bytes(side_header() + packet(b"damage", stream=1) + packet(event_packet([(1, 2, 3, 1)])))
    assert len(file.load()) == 1
    with pytest.raises(FormatError, match="a.aedat4"):
        file.frames()


def test_imu_dtype_is_the_48_bytes_of_the_core():
    assert IMU_DTYPE.itemsize == 48
    assert [IMU_DTYPE.fields[name][1] for name in IMU_DTYPE.names] == [0, 8, 12, 24, 36]
