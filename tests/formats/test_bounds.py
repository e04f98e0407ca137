"""Files that would take time or memory out of proportion: linear time, or refused at a bound that no real file has."""

from __future__ import annotations

import gzip
import lzma
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ros_words
from support.aedat4_words import COMPRESSION, compress, description, io_header, packet
from support.checks import limited_memory, run_python
from support.ros_words import PACKET, write_bag

from aestream.errors import FormatError
from aestream.formats import open_file
from aestream.formats.aedat4 import _read_streams

LINE = b"1,2,3,1\n"
IS_SANITIZED = "AESTREAM_SANITIZED" in os.environ
SECONDS = 200 if IS_SANITIZED else 20
MIB = 1 << 20

#: Counts the events of a file with so many MiB more than the interpreter has, or says why it cannot.
COUNT_EVENTS = """
    import resource, sys
    import aestream.formats, rosbags.rosbag1, rosbags.rosbag2
    path, mebibytes, sanitized = sys.argv[1:]
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    if sanitized == "False":  # a sanitizer's shadow is larger than any limit
        resource.setrlimit(resource.RLIMIT_AS, (used + int(mebibytes) * 2**20,) * 2)
    try:
        recording = aestream.formats.open_file(path).recording
        recording.build_index(1)
        print(recording.num_events)
    except aestream.FormatError as error:
        print(error)
    print(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
"""


def count_events(path: Path, mebibytes: int) -> str:
    """The number of events, or the message of a FormatError; little memory, little time."""
    child = run_python(COUNT_EVENTS, path, mebibytes, IS_SANITIZED, timeout=300)
    assert child.returncode == 0, child.stderr
    answer, seconds = child.stdout.rstrip("\n").rsplit("\n", 1)
    assert float(seconds) < SECONDS + 5
    return answer


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (b"# a comment\n" * 2_000_000, "expected a line of data within the first 1048576 bytes"),
        (b"t,x,y,p\n" + b"\n" * 5_000_000, "expected a line of data within the first 1048576 bytes"),
        (b"%" + b"a" * 20_000_000 + b"\n", "expected a line of data within the first 1048576 bytes"),
        (b"a," * 10_000_000 + b"\n", "expected a line of data within the first 1048576 bytes"),
        (b"a," * 300 + b"a\n", "expected columns named"),
        (b"1," + b"1" * 900_000 + b"x,2,1\n", "expected x, a whole number that fits 16 bits"),
    ],
    ids=["comments", "empty lines", "long comment", "columns", "more than 255 columns", "long number"],
)
def test_text_that_begins_with_anything_but_data_is_refused(tmp_path: Path, before: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(before + LINE)
    assert message in count_events(path, len(before) // MIB + 160)


@pytest.mark.parametrize(
    "between",
    [b"# a comment\n" * 2_000_000, b"\n" * 5_000_000, b"#" + b"a" * 20_000_000 + b"\n"],
    ids=["comments", "empty lines", "long comment"],
)
def test_what_lies_between_lines_of_data_takes_linear_time(tmp_path: Path, between: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"# a comment\n" * 50_000 + LINE + between + LINE)
    assert count_events(path, len(between) // MIB + 160) == "2"


@pytest.mark.parametrize(
    ("header", "most"),
    [
        (b"% evt 3.0\n" + b"".join(b"%% key%d v\n" % i for i in range(1_000_000)) + b"% end\n", 1 << 20),
        (b"% Version 2\n" + b"% \n" * 1_000_000, 1 << 20),
        (b"% evt 3.0\n% " + b"a" * 2_000_000 + b"\n", 1 << 20),
        (b"#!AER-DAT2.0\r\n" + b"#\r\n" * 5_000_000, 4 << 20),
        (b"#!AER-DAT2.0\r\n#" + b"a" * 5_000_000 + b"\r\n", 4 << 20),
        (b"#!AER-DAT3.1\r\n" + b"#a\r\n" * 5_000_000, 4 << 20),
    ],
    ids=["keys", "empty", "long", "jAER", "jAER, long", "cAER"],
)
def test_header_without_end_is_refused(tmp_path: Path, header: bytes, most: int) -> None:
    path = tmp_path / "a.events"
    path.write_bytes(header)
    assert f"expected a header of at most {most} bytes, found more" in count_events(path, len(header) // MIB + 160)


def test_long_header_of_jaer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat"  # as with all preferences of a camera
    path.write_bytes(b"#!AER-DAT2.0\r\n" + b"# <entry key='a' value='b'/>\r\n" * 50_000 + b"# AEChip: DAVIS346\r\n")
    assert open_file(path).shape == (346, 260)


@pytest.mark.parametrize(("ending", "inflate"), [("gz", gzip.compress), ("xz", lzma.compress)])
def test_many_members_take_linear_time(tmp_path: Path, ending: str, inflate: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"a.csv.{ending}"
    path.write_bytes(inflate(LINE) * 20_000)  # when each copied what lay behind it, gzip took minutes
    start = time.process_time()
    assert open_file(path).recording.num_events == 20_000
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("count", [100_000, 500_000])
def test_archive_that_lists_very_many_members_is_refused(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.npz"
    member = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    size = count * len(member)
    if count < 1 << 16:
        end = b""
    else:
        end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, 4)
        end += struct.pack("<4sIQI", b"PK\6\7", 0, 4 + size, 1)
    end += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, min(count, 65535), min(count, 65535), min(size, 2**32 - 1), 4, 0)
    path.write_bytes(b"PK\3\4" + member * count + end)
    assert f"a list of members of {size} bytes, more than" in count_events(path, size // MIB + 160)


def node(inside: bytes, encoding: bytes = b"UTF-8") -> bytes:
    return b'<?xml version="1.0" encoding="' + encoding + b'"?><dv>' + inside + b"</dv>"


def test_xml_that_is_very_deep_is_refused() -> None:
    xml = node(b"<node>" * 2_000_000)
    with limited_memory(8 << 20), pytest.raises(FormatError, match="at most 100000 elements, 100 deep"):
        _read_streams(xml, 0)


def test_xml_of_very_many_elements_is_refused() -> None:
    with pytest.raises(FormatError, match="at most 100000 elements"):
        _read_streams(node(b"<node/>" * 1_000_000), 0)


def test_very_long_xml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat4"
    path.write_bytes(io_header(0, -1, description({0: "EVTS"}, 64, 48) + " " * (4 << 20)))
    assert "expected an infoNode of at most 4194304 bytes" in count_events(path, 160)


@pytest.mark.parametrize("encoding", [b"no-such", b"utf-7", b"shift_jis"])
def test_xml_of_an_encoding_that_cannot_be_read_is_refused(encoding: bytes) -> None:
    with pytest.raises(FormatError, match="expected an infoNode"):
        _read_streams(node(b"", encoding), 0)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("inside", [bytes(1000), os.urandom(1000) * 2000, bytes(256 * MIB)])
def test_packet_that_claims_a_gibibyte_is_refused(tmp_path: Path, codec: str, inside: bytes) -> None:
    path = tmp_path / "a.aedat4"
    claimed = struct.pack("<I", (1 << 30) - 4) + inside
    header = io_header(COMPRESSION[codec], -1, description({0: "EVTS"}, 64, 48))
    path.write_bytes(header + packet(0, compress(claimed, codec)))
    assert "expected" in count_events(path, 480 if len(inside) > MIB else 160)


def test_packets_of_very_many_streams_take_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat4"
    streams = dict.fromkeys(range(10_000), "WHAT") | {10_000: "EVTS"}
    path.write_bytes(io_header(0, -1, description(streams, 64, 48)) + packet(9_999, b"") * 2_000_000)
    assert count_events(path, 320) == "0"


def bag_of_zeros(folder: Path, kind: str, *compression: object) -> Path:
    """A bag with one message of many zeros."""
    messages = [ros_words.packet(bytes(256 * MIB), cdr=kind != "rosbag")]
    path = folder / ("a.bag" if kind == "rosbag" else "bag")
    return write_bag(path, kind, {"/events": (PACKET, messages)}, compression=compression)


def test_chunk_of_bz2_that_becomes_very_large_is_refused(tmp_path: Path) -> None:
    from rosbags.rosbag1 import Writer

    path = bag_of_zeros(tmp_path, "rosbag", Writer.CompressionFormat.BZ2)
    assert path.stat().st_size < 10_000
    assert "that inflate to at most" in count_events(path, 200)


@pytest.mark.parametrize(("kind", "mode"), [("mcap", "STORAGE"), ("sqlite3", "FILE"), ("sqlite3", "MESSAGE")])
def test_zstandard_in_a_bag_that_becomes_very_large_is_refused(tmp_path: Path, kind: str, mode: str) -> None:
    from rosbags.rosbag2 import CompressionFormat, CompressionMode

    path = bag_of_zeros(tmp_path, kind, CompressionMode[mode], CompressionFormat.ZSTD)
    assert "that inflate to at most" in count_events(path, 200)
