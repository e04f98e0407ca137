"""DSEC's maps in 16-bit PNGs, and MVSEC's recordings."""

from __future__ import annotations

import builtins
import pickle
import struct
import zlib

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.trees import frame_of, some_events
from torch.utils.data import DataLoader

from aestream.datasets import DSEC, MVSEC
from aestream.datasets.dense_truth import read_disparity, read_flow
from aestream.formats.png import read_png, unfilter_slowly


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def png_bytes(pixels, filters=None, *, colour=None, depth=16, interlace=0):
    """A PNG of uint16 or uint8 [H, W, C], each line with a filter of its own, as the spec defines them."""
    height, width, channels = pixels.shape
    raw = pixels.astype(">u2" if pixels.dtype == np.uint16 else np.uint8).tobytes()
    bpp = channels * pixels.dtype.itemsize
    row_bytes, out, above = width * bpp, bytearray(), bytes(width * bpp)
    for y in range(height):
        row, kind = raw[y * row_bytes : (y + 1) * row_bytes], (filters[y] if filters else 0)
        out.append(kind)
        for i, byte in enumerate(row):
            a, b, c = (row[i - bpp] if i >= bpp else 0), above[i], (above[i - bpp] if i >= bpp else 0)
            out.append((byte - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) % 256)
        above = row
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels] if colour is None else colour
    depth = pixels.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(out))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@given(st.data())
@settings(max_examples=60)
def test_every_bit_of_every_filter_is_read(tmp_path_factory, data):
    height, width, channels = (data.draw(st.integers(1, n)) for n in (5, 6, 4))
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    random = np.random.default_rng(data.draw(st.integers(0, 999)))
    pixels = random.integers(0, np.iinfo(dtype).max + 1, (height, width, channels)).astype(dtype)
    filters = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    path = tmp_path_factory.mktemp("png") / "a.png"
    path.write_bytes(png_bytes(pixels, filters))
    found = read_png(str(path))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pixels)


def test_without_pillow_the_same_pixels_are_read(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 65536, (10, 7, 3)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(png_bytes(pixels, [0, 1, 2, 3, 4] * 2))
    genuine = builtins.__import__

    def refuse(name, *rest, **named):
        if name.startswith("PIL"):
            raise ImportError(name)
        return genuine(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    np.testing.assert_array_equal(read_png(str(tmp_path / "a.png")), pixels)


def test_a_plane_is_unfiltered_line_by_line():
    filters, plane = np.array([1, 2], np.uint8), np.array([[1, 1, 255], [1, 0, 2]], np.uint8)
    assert unfilter_slowly(filters, plane).tolist() == [[1, 2, 1], [2, 2, 3]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"GIF89a" + data, "signature of a PNG"),
        (lambda data: data[:60], "whole chunk|header and pixels"),
        (lambda data: data[:30] + b"\x00\x01" + data[32:], "whole chunk at byte 8"),
        (lambda data: data[:8], "header and pixels"),
    ],
)
def test_damaged_pngs_are_named(tmp_path, change, message):
    data = png_bytes(np.full((9, 9, 1), 9000, np.uint16))
    (tmp_path / "a.png").write_bytes(change(data))
    with pytest.raises(ValueError, match=rf"a\.png': .*({message})"):
        read_png(str(tmp_path / "a.png"))


def test_pngs_of_other_kinds_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(png_bytes(np.zeros((2, 2, 1), np.uint16), interlace=1))
    with pytest.raises(ValueError, match="interlace 1"):
        read_png(str(tmp_path / "a.png"))
    (tmp_path / "a.png").write_bytes(png_bytes(np.zeros((2, 2, 3), np.uint8)))
    with pytest.raises(ValueError, match=r"expected 3 channels of uint16, found 3 of uint8"):
        read_flow(str(tmp_path / "a.png"))
    with pytest.raises(ValueError, match="expected 1 channels of uint16"):
        read_disparity(str(tmp_path / "a.png"))


def test_flow_is_in_pixels(tmp_path):
    pixels = np.array([[[2**15 + 128, 2**15 - 64, 1], [0, 0, 0]]], np.uint16)
    (tmp_path / "a.png").write_bytes(png_bytes(pixels))
    flow = read_flow(str(tmp_path / "a.png"))
    assert flow.dtype == torch.float32
    assert flow.tolist() == [[[1.0, 0.0]], [[-0.5, 0.0]], [[1.0, 0.0]]]


def write_dsec(root, sequence="thun_00_a", *, folders=("train", "train", "train"), rows=2):
    """Events from 1 s on, 100 µs apart, with flow and disparity at two times."""
    events = some_events(50, shape=(640, 480), start_us=1_000_000)
    path = root / folders[0] / sequence / "events" / "left" / "events.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        for name in "xyp":
            file[f"events/{name}"] = events[name].astype(np.uint16 if name != "p" else np.uint8)
        file["events/t"] = (events["t"] - 900_000).astype(np.uint32)
        file["t_offset"] = 900_000
    flow, disparity = root / folders[1] / sequence / "flow", root / folders[2] / sequence / "disparity"
    (flow / "forward").mkdir(parents=True)
    (disparity / "event").mkdir(parents=True)
    for i in range(2):
        pixels = np.full((4, 5, 3), 2**15 + 128 * (i + 1), np.uint16)
        (flow / "forward" / f"{2 * i:06}.png").write_bytes(png_bytes(pixels))
        (disparity / "event" / f"{2 * i:06}.png").write_bytes(png_bytes(np.full((4, 5, 1), 384 * (i + 1), np.uint16)))
    lines = ["1000500, 1001500\n", "1001500, 1002500\n"]
    (flow / "forward_timestamps.txt").write_text("# from_timestamp_us, to_timestamp_us\n" + "".join(lines[:rows]))
    (disparity / "timestamps.txt").write_text("1001000\n1002000\n")
    return events


@pytest.mark.parametrize("folders", [("train",) * 3, ("train_events", "train_optical_flow", "train_disparity")])
def test_dsec_windows_are_those_of_its_times(tmp_path, folders):
    events = write_dsec(tmp_path, folders=folders)
    dataset = DSEC(tmp_path, target="flow")
    assert [dataset.window(i) for i in range(2)] == [(1000500, 1001500), (1001500, 1002500)]
    x, flow = dataset[1]
    np.testing.assert_array_equal(x, frame_of(events[15:25], (640, 480)))
    assert flow.shape == (3, 4, 5) and flow[0, 0, 0] == 2
    dataset = DSEC(tmp_path, target="disparity", length_us=300)
    assert [dataset.window(i) for i in range(2)] == [(1000700, 1001000), (1001700, 1002000)]
    restored = pickle.loads(pickle.dumps(dataset))
    ((x, disparity),) = DataLoader(restored, batch_size=2, collate_fn=restored.collate)
    assert disparity.shape == (2, 1, 4, 5) and disparity[:, 0, 0, 0].tolist() == [1.5, 3.0]
    plain = DSEC(tmp_path, window_us=2000)
    assert len(plain) == 3 and plain[0].sum() == 20


def test_dsec_leaves_out_sequences_without_ground_truth(tmp_path):
    write_dsec(tmp_path)
    (tmp_path / "train" / "zz" / "events" / "left").mkdir(parents=True)
    path = tmp_path / "train" / "thun_00_a" / "events" / "left" / "events.h5"
    (tmp_path / "train" / "zz" / "events" / "left" / "events.h5").write_bytes(path.read_bytes())
    assert DSEC(tmp_path).num_recordings == 2
    assert DSEC(tmp_path, target="flow").num_recordings == 1


def test_dsec_maps_and_times_must_match(tmp_path):
    write_dsec(tmp_path, rows=1)
    with pytest.raises(ValueError, match=r"expected 1 maps in .*forward'.*found 2"):
        DSEC(tmp_path, target="flow")
    times = tmp_path / "train" / "thun_00_a" / "disparity" / "timestamps.txt"
    times.write_text("12.5\n")
    with pytest.raises(ValueError, match=r"timestamps\.txt', line 1: expected 1 whole µs"):
        DSEC(tmp_path, target="disparity")
    times.unlink()
    with pytest.raises(ValueError, match=r"timestamps\.txt', found no file"):
        DSEC(tmp_path, target="disparity")


def test_dsec_publishes_no_other_ground_truth(tmp_path):
    write_dsec(tmp_path)
    for options in ({"split": "test"}, {"side": "right"}):
        with pytest.raises(ValueError, match="published for split='train', side='left'"):
            DSEC(tmp_path, target="flow", **options)
    with pytest.raises(ValueError, match=r"test of DSEC.*dsec\.ifi\.uzh\.ch"):
        DSEC(tmp_path, "test")
    with pytest.raises(ValueError, match="of the right camera in .*found none"):
        DSEC(tmp_path, side="right")


def write_mvsec(path):
    with h5py.File(path, "w") as file:
        for side, x in (("left", 3), ("right", 4)):
            rows = [[x, 5, 1504645177.5, 1], [x, 6, 1504645177.6, -1]]
            file[f"davis/{side}/events"] = np.array(rows, np.float64)


def test_mvsec(tmp_path):
    for name in ("outdoor_day2", "indoor_flying1"):
        write_mvsec(tmp_path / f"{name}_data.hdf5")
    dataset = MVSEC(tmp_path, side="right", window_us=50_000)
    assert dataset.recording_lengths.tolist() == [3, 3]
    assert dataset.name(0) == "indoor_flying1_data.hdf5#davis/right/events"
    assert dataset[0].shape == (2, 260, 346) and dataset[0][1, 5, 4] == 1
    assert dataset.window(0)[0] == 1504645177500000
    assert MVSEC(tmp_path, ["outdoor_day2"]).num_recordings == 1
    with pytest.raises(ValueError, match=r"motorcycle1_data\.hdf5 of MVSEC"):
        MVSEC(tmp_path, ["motorcycle1"])
    with pytest.raises(ValueError, match="recordings must be one of 'indoor_flying1'"):
        MVSEC(tmp_path, ["indoor"])
    with pytest.raises(ValueError, match=r"of MVSEC.*daniilidis-group"):
        MVSEC(tmp_path / "nowhere")
