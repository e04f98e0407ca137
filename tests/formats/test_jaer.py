"""AEDAT 1.0 and 2.0 from bytes written by hand: headers, cameras, mirroring, clocks, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.checks import assert_same_events, rows, slice_by_running_maximum
from support.files import make_events
from support.jaer_words import (
    DAVIS346,
    DVS128,
    davis_address,
    dvs128_address,
    encode_davis,
    encode_dvs128,
    jaer_header,
    jaer_record,
)

from aestream import FileInput, FormatError, TruncatedFileWarning
from aestream.formats import open_file
from aestream.formats.base import ReadOptions

PIXEL = davis_address(345, 259, 1)  # of the top left corner


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat"


def load(path: Path, data: bytes, **options: str) -> list[tuple[int, int, int, int]]:
    path.write_bytes(data)
    return rows(open_file(path, ReadOptions(**options)).recording.load(1)[0])


def test_bytes_by_hand(path: Path) -> None:
    davis = bytes.fromhex("40d59c00 00000007  40d59800 00000008  00001000 00000009")  # the first with bit 10
    assert load(path, jaer_header() + davis) == [(8, 0, 0, 1), (9, 344, 259, 0)]
    dvs128 = bytes.fromhex("00007ffe 00000007  00000000 00000008  0000fffe 00000009")
    assert load(path, jaer_header(2, DVS128) + dvs128) == [(7, 0, 0, 1), (8, 127, 127, 1)]
    version1 = bytes.fromhex("7ffe 00000007  0001 00000008  8000 00000009")
    assert load(path, jaer_header(1, None) + version1) == [(7, 0, 0, 1), (8, 127, 127, 0)]


def test_records_that_are_no_pixels_are_skipped(path: Path) -> None:
    others = [1 << 31, 1 << 31 | 3 << 10, davis_address(1, 1, 1, external=1), davis_address(1, 1, 0, kind=1)]
    records = [jaer_record(address, t) for t, address in enumerate([*others, PIXEL, *others, PIXEL])]
    assert load(path, jaer_header() + b"".join(records)) == [(4, 0, 0, 1), (9, 0, 0, 1)]
    special = [dvs128_address(3, 4, 0, special=1), 1 << 16, 1 << 31]
    assert load(path, jaer_header(2, DVS128) + b"".join(jaer_record(address, 1) for address in special)) == []


@pytest.mark.parametrize(
    ("mirror", "x", "y"), [(None, 339, 257), ("xy", 339, 257), ("x", 339, 2), ("y", 6, 257), ("", 6, 2)]
)
def test_mirror_says_which_axes_are_turned(path: Path, mirror: str | None, x: int, y: int) -> None:
    data = jaer_header() + jaer_record(davis_address(6, 2, 0), 5)
    assert load(path, data, **({} if mirror is None else {"mirror": mirror})) == [(5, x, y, 0)]


def test_mirror_fails_when_it_is_no_axis(path: Path) -> None:
    with pytest.raises(ValueError, match="mirror must be one of '', 'x', 'y', 'xy'; got 'yx'"):
        load(path, jaer_header(), mirror="yx")


def test_events_outside_the_sensor_are_kept(path: Path) -> None:
    data = jaer_header() + jaer_record(davis_address(1023, 511, 1), 5) + jaer_record(PIXEL, 6)
    assert load(path, data) == [(5, -678, -252, 1), (6, 0, 0, 1)]
    file = FileInput(path)
    assert file[0].sum() == 1


@pytest.mark.parametrize(
    ("chip_class", "chip", "shape"),
    [
        (DVS128, "dvs128", (128, 128)),
        (DAVIS346, "davis346", (346, 260)),
        ("eu.seebetter.ini.chips.davis.DAVIS240C", "davis240", (240, 180)),
        ("DAVIS640", "davis640", (640, 480)),
        ("davis.Davis208PixelParade", "davis208", (208, 192)),
        ("DAVIS128", "davis128", (128, 128)),
    ],
)
def test_class_gives_the_shape(path: Path, chip_class: str, chip: str, shape: tuple[int, int]) -> None:
    path.write_bytes(jaer_header(2, chip_class))
    opened = open_file(path)
    assert (opened.format, opened.shape) == ("aedat2", shape)
    assert opened.metadata == {"chip": chip, "chip_class": chip_class, "mirror": "xy"}


@pytest.mark.parametrize("chip_class", ["ch.unizh.ini.jaer.chip.cochlea.CochleaAMS1c", "davis.Other"])
def test_unknown_class_fails_unless_chip_is_given(path: Path, chip_class: str) -> None:
    data = jaer_header(2, chip_class) + jaer_record(PIXEL, 1)
    with pytest.raises(FormatError, match=f"found {chip_class}; pass chip=, one of dvs128, .*davis346"):
        load(path, data)
    assert load(path, data, chip="davis346") == [(1, 0, 0, 1)]


def test_missing_class_fails_unless_chip_is_given(path: Path) -> None:
    data = jaer_header(2, None) + jaer_record(PIXEL, 1)
    with pytest.raises(FormatError, match="expected a line # AEChip: in the header, found none; pass chip="):
        load(path, data)
    assert load(path, data, chip="davis346") == [(1, 0, 0, 1)]


def test_chip_overrides_the_header(path: Path) -> None:
    assert load(path, jaer_header() + jaer_record(0, 1), chip="davis240") == [(1, 239, 179, 0)]
    with pytest.raises(ValueError, match="chip must be one of dvs128, .*; got 'evk4'"):
        load(path, jaer_header(), chip="evk4")


@pytest.mark.parametrize("options", [{"chip": "davis346"}, {}])
def test_version_1_fails_with_addresses_of_32_bits(path: Path, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="AEDAT 1.0 has the 16-bit addresses of chip='dvs128' only; got 'davis346'"):
        load(path, jaer_header(1, DAVIS346), **options)


def test_file_without_header_when_format_is_given(path: Path) -> None:
    assert load(path, jaer_record(0x7FFF, 3, version=1), format="aedat1") == [(3, 0, 0, 0)]
    assert open_file(path, ReadOptions(format="aedat1")).shape == (128, 128)
    assert load(path, jaer_record(PIXEL, 3), format="aedat2", chip="davis346") == [(3, 0, 0, 1)]
    assert load(path, b"", format="aedat1") == []


def test_file_without_header_fails_when_it_does_not_tell(path: Path) -> None:
    with pytest.raises(FormatError, match="bytes of no known format"):
        load(path, jaer_record(0x7FFF, 3, version=1))
    with pytest.raises(FormatError, match="pass chip="):
        load(path, jaer_record(PIXEL, 3), format="aedat2")


def test_format_fails_when_the_header_says_another(path: Path) -> None:
    assert load(path, jaer_header() + jaer_record(PIXEL, 1), format="aedat2") == [(1, 0, 0, 1)]
    with pytest.raises(ValueError, match="format='aedat1' contradicts the header, which says AER-DAT2.0"):
        load(path, jaer_header(), format="aedat1")


def test_records_that_begin_like_a_header_line(path: Path) -> None:
    records = jaer_record(0x2320_0800, 0x0D0A_0D0A) + jaer_record(0x2341_0942, 0x4344_4501)
    want = [(0x0D0A_0D0A, 345 - 512, 259 - 140, 1), (0x4344_4501, 345 - 16, 259 - 141, 1)]
    assert load(path, jaer_header() + records) == want
    text = b"#ABC DEF#\r\n"  # would be a line
    assert len(load(path, jaer_header(2, DAVIS346, "End Of ASCII Header") + text + bytes(5))) == 2
    assert len(load(path, jaer_header() + text + bytes(8))) == 1


def test_long_headers_and_other_letters_are_passed_over(path: Path) -> None:
    more = [' <entry key="name" value="M\xfcller\t"/>'] * 20_000
    assert load(path, jaer_header(2, DVS128, *more) + jaer_record(0, 1)) == [(1, 127, 127, 1)]
    unix = jaer_header().replace(b"\r\n", b"\n")
    assert load(path, unix + jaer_record(PIXEL, 1)) == [(1, 0, 0, 1)]


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"#!AER-DAT2.5\r\n", "expected #!AER-DAT1.0, #!AER-DAT2.0 or 2.1, found #!AER-DAT2.5", 0),
        (b"#!AER-DAT2.0\x00\r\n", "expected a first line .* found no line of text", 0),
        (b"#!AER-DAT2.0", "expected a first line .* found no line of text", 0),
        (b"#!AER-DAT2.0\r\n# AECh", "expected a header line, found the end of the file in one", 14),
        (b"#!AER-DAT2.0\r\n#\r", "expected a header line, found the end of the file in one", 14),
    ],
)
def test_damaged_header_fails(path: Path, data: bytes, message: str, offset: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        load(path, data, chip="dvs128")
    assert caught.value.offset == offset


@pytest.mark.parametrize(("version", "size"), [(1, 6), (2, 8)])
def test_every_cut_gives_the_records_before_it(path: Path, version: int, size: int) -> None:
    header = jaer_header(version, DVS128)
    records = b"".join(jaer_record(dvs128_address(1, 2, 0), t, version=version) for t in range(3))
    for cut in range(len(records) + 1):
        path.write_bytes(header + records[:cut])
        events, cut_bytes = open_file(path).recording.load(1)
        assert (len(events), cut_bytes) == (cut // size, cut % size)


def test_cut_file_warns_or_fails_when_strict(path: Path) -> None:
    path.write_bytes(jaer_header() + jaer_record(PIXEL, 1) + jaer_record(PIXEL, 2)[:-1])
    with pytest.warns(TruncatedFileWarning, match="found the last 7 bytes of a truncated file"):
        assert len(FileInput(path).load()) == 1
    with pytest.raises(FormatError, match="found the last 7 bytes of a truncated file"):
        FileInput(path, strict=True).load()


def test_clock_wraps_when_it_falls_by_more_than_half(path: Path) -> None:
    times = [5, 2**31 + 5, 4, 2**32 - 1, 2**31 - 1, 2**31 - 2, 2**32 - 2, 0]
    want = [5, 2**31 + 5, 2**32 + 4, 2**33 - 1, 2**33 - 1 - 2**31, 2**33 - 2 - 2**31, 2**33 - 2, 2**33]
    assert want[4] == 2**32 + 2**31 - 1  # a fall of exactly half is a step back
    data = jaer_header() + b"".join(jaer_record(PIXEL, t) for t in times)
    assert [t for t, *_ in load(path, data)] == want
    skipped = b"".join(jaer_record(1 << 31, t) for t in (2**32 - 1, 3))  # their clock is the same
    assert [t for t, *_ in load(path, jaer_header() + skipped + jaer_record(PIXEL, 9))] == [2**32 + 9]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("version", [1, 2])
def test_large_file_is_the_same_in_parts(path: Path, version: int, threads: int) -> None:
    events = make_events(60_000)
    events["t"] += 2**32 - 500_000 - events["t"][0]  # wraps in the middle
    if version == 1:
        data = jaer_header(1, None) + encode_dvs128(events, 1) * 6
    else:
        imu = jaer_record(7 << 28 | 3 << 10 | 1 << 31, int(events["t"][0])) * 7
        data = jaer_header() + (imu + encode_davis(events)) * 6
    path.write_bytes(data)
    want = np.concatenate([events] * 6)
    want["t"] += np.repeat(np.arange(6), len(events)) * 2**32
    assert_same_events(open_file(path).recording.load(threads)[0], want)
    file = FileInput(path, cache_index=False, threads=threads)
    assert (file.num_events, file.t_start, file.t_stop) == (len(want), want["t"][0], want["t"][-1] + 1)
    for start in (int(want["t"][70_000]), 2**32 - 5000, 2 * 2**32 - 5000, 5 * 2**32 + 10):
        assert_same_events(file.slice(start, start + 70_000), slice_by_running_maximum(want, start, start + 70_000))


def test_windows_follow_the_running_maximum_when_times_step_back(path: Path) -> None:
    events = make_events(5000, step_back_us=300)
    path.write_bytes(jaer_header(2, DVS128) + encode_dvs128(events))
    file = FileInput(path, representation=None, window_us=1000)
    for i, item in enumerate(file):
        start = file.t_start + i * 1000
        assert_same_events(item.numpy(), slice_by_running_maximum(events, start, start + 1000))
