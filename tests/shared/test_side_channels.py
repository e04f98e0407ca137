"""Frames, IMU samples and triggers of the real AEDAT4 recordings: counts of the manifest, values of dv-processing."""

from __future__ import annotations

import re

import pytest

import aestream

from .manifest import SHARED, params, recording_rows, vector_rows

ROWS = params([row for row in recording_rows() if row["format"] == "aedat4"])
# By dv-processing 2.0.4 and aedat 2.3.0: (begin of the first exposure, sum of its pixels), (t, temperature, y of the
# accelerometer, x of the gyroscope) of the first sample.
FIRST = {
    "davis346_hand.aedat4": ((1633953690976518, 4587151), (1633953690976628, 27.752941, -0.9912109, 6.4544673)),
    "davis346_emlb_demo01.aedat4": ((1643243628757800, 2225955), (1643243628737784, 29.401474, 0.0, -1.3275145)),
    "davis346_short.aedat4": ((1589163147364965, 6949660), (1589163147369190, 28.517897, -0.9951172, 0.7781982)),
    "davis346_full.aedat4": ((1589163147364965, 6949660), (1589163147369190, 28.517897, -0.9951172, 0.7781982)),
}


def file_of(row) -> aestream.FileInput:
    return aestream.FileInput(SHARED / "recordings" / row["file"])


@pytest.mark.parametrize("row", ROWS)
def test_counts_of_the_manifest(row):
    counts = {name: int(count) for name, count in re.findall(r"(frames|imu|triggers) (\d+)", row["note"])}
    file = file_of(row)
    assert counts == {"frames": len(file.frames()), "imu": len(file.imu()), "triggers": len(file.triggers())}


@pytest.mark.parametrize("row", ROWS)
def test_first_frame_and_sample(row):
    file = file_of(row)
    (exposure_begin_us, pixel_sum), (t, *values) = FIRST[row["file"]]
    frame, sample = file.frames()[0], file.imu()[0]
    assert (frame.exposure_begin_us, int(frame.image.sum())) == (exposure_begin_us, pixel_sum)
    assert (frame.image.shape, frame.image.dtype) == ((260, 346), "uint8")
    assert sample["t"] == t
    assert [sample["temperature"], sample["accelerometer"][1], sample["gyroscope"][0]] == pytest.approx(values)


@pytest.mark.parametrize("row", ROWS)
def test_triggers_mark_the_exposures_of_the_frames(row):
    file = file_of(row)
    triggers = file.triggers()
    begins = set(triggers["t"][(triggers["id"] == 3) & triggers["rising"]].tolist())
    inside = [frame for frame in file.frames() if frame.exposure_begin_us >= triggers["t"][0]]
    assert len(inside) >= 2
    assert {frame.exposure_begin_us for frame in inside} <= begins


@pytest.mark.parametrize("row", params([row for row in vector_rows() if "gray16" in row["file"]]))
def test_one_16_bit_frame(row):
    frames = aestream.FileInput(SHARED / "vectors" / row["file"]).frames()
    assert [frame.image.tolist() for frame in frames] == [[[1, 2], [3, 1023]]]
    assert frames[0].image.dtype == "uint16"
