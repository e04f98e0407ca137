"""AEDAT4 from bytes written by hand: what reads, and what every check of the reader refuses."""

import struct
from pathlib import Path

import pytest
from support.aedat4_bytes import INFO, PACKETS, PAYLOAD, TWO, event_packet, header, load, packet, patched, with_table

import aestream
from aestream.errors import FormatError
from aestream.formats import open_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat4"


def test_reads_the_file_of_the_specification(path: Path) -> None:
    by_hand = bytes.fromhex(
        "00000000 40000000 3c000000 10000000 45565453 0000 060008000400 06000000 04000000 02000000"
        "e803000000000000 0300 0200 01 000000  e903000000000000 0000 0100 00 000000"
    )
    assert packet(event_packet(TWO)) == by_hand
    assert load(path, header() + by_hand) == TWO
    opened = open_file(path)
    assert (opened.format, opened.shape) == ("aedat4", (4, 3))
    assert (opened.metadata["source"], opened.metadata["compression"]) == ("T_1", "none")
    assert [(each["id"], each["type"]) for each in opened.metadata["streams"]] == [(0, "EVTS"), (1, "FRME")]


FIELD = PAYLOAD + 24  # the vector's offset in the root table of an event packet
DAMAGE = [
    (0, b"#!AER-DAT4.1", "expected version line", 0),
    (14, b"\xff\xff\xff\x7f", "expected a header of at most", 14),
    (18, b"\xf0\xff\xff\xff", "expected an offset of at most", 18),
    (22, b"IOHX", "expected identifier IOHE, found IOHX", 22),
    (32, b"\x02\x00", "expected an even vtable size of at least 4, found 2", 32),
    (32, b"\x0b\x00", "expected an even vtable size of at least 4, found 11", 32),
    (32, b"\xf0\xff", "expected a vtable of at most", 32),
    (34, b"\xf0\xff", "expected a table of at most", 42),
    (36, b"\x16\x00", "expected field 0 of 4 bytes inside a table of 24, found it at byte 22", 36),
    (40, b"\x00\x00", "expected an infoNode", 18),
    (42, b"\x00\x00\x00\x80", "expected a vtable inside", 42),
    (46, b"\x09\x00\x00\x00", "expected compression 0 to 4, found 9", 46),
    (46, b"\xff\xff\xff\xff", "expected compression 0 to 4, found -1", 46),
    (50, b"\xff\xff\xff\x7f", "expected an offset of at most", 50),
    (66, b"\xff\xff\xff\x7f", "expected at most .* elements of 1 bytes, found 2147483647", 66),
    (70, b"<dv<", "expected an infoNode of XML", 73),
    (PACKETS, b"\x4d\x00\x00\x00", "expected a stream that the header declares, found stream 77", PACKETS),
    (PACKETS + 4, b"\xfb\xff\xff\xff", "expected a packet size of at least 0, found -5", PACKETS + 4),
    (PAYLOAD, b"\x00\x00\x10\x00", "expected size prefix 60, found 1048576", PAYLOAD),
    (PAYLOAD + 4, b"\x39\x00\x00\x00", "expected an offset of at most 56 bytes, found 57", PAYLOAD + 4),
    (PAYLOAD + 8, b"FRME", "expected identifier EVTS, found FRME", PAYLOAD + 8),
    (PAYLOAD + 20, b"\x00\x00\x00\x80", "expected a vtable inside", PAYLOAD + 20),
    (FIELD, b"\x00\xff\xff\xff", "expected an offset of at most", FIELD),
    (FIELD + 4, b"\x00\x00\x00\x20", "expected at most 2 elements of 16 bytes, found 536870912", FIELD + 4),
]


@pytest.mark.parametrize(("offset", "patch", "message", "place"), DAMAGE)
def test_load_fails_on_damage(path: Path, offset: int, patch: bytes, message: str, place: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        load(path, patched(header() + packet(event_packet(TWO)), offset, patch))
    assert caught.value.offset == place


def test_polarity_and_padding_are_cleaned(path: Path) -> None:
    path.write_bytes(header() + packet(event_packet([(5, 1, 2, 255), (6, 1, 2, 0)], padding=b"\xaa\xbb\xcc")))
    clean = struct.pack("<qhhB3x", 5, 1, 2, 1) + struct.pack("<qhhB3x", 6, 1, 2, 0)
    assert open_file(path).recording.load(1)[0].tobytes() == clean
    assert open_file(path).recording.read(0, 2, 1).tobytes() == clean


def test_negative_coordinates_and_times_that_step_back_are_kept(path: Path) -> None:
    events = [(-5, -1, 700, 1), (-900, 0, 0, 0), (2**62, 32767, -32768, 1)]
    assert load(path, header() + packet(event_packet(events))) == events


@pytest.mark.parametrize("empty", [event_packet([]), bytes.fromhex("10000000 0c000000 45565453 04000400 04000000")])
def test_packets_without_events_are_legal(path: Path, empty: bytes) -> None:
    assert load(path, header() + packet(empty)) == []
    assert load(path, header() + packet(empty) + packet(event_packet(TWO)) + packet(empty)) == TWO
    assert load(path, with_table([(empty, 0), (event_packet(TWO), 2), (empty, 0)])) == TWO


def test_packets_of_other_streams_are_skipped_without_being_read(path: Path) -> None:
    frame = packet(b"no FlatBuffer", stream=1)
    assert load(path, header() + frame + packet(event_packet(TWO)) + frame) == TWO


def test_a_file_without_event_stream_has_no_events(path: Path) -> None:
    assert load(path, header(INFO.replace(b"EVTS", b"IMUS")) + packet(b"anything")) == []


def test_stream_chooses_one_of_several(path: Path) -> None:
    other = [(7, 1, 1, 1)]
    data = header(INFO.replace(b"FRME", b"EVTS")) + packet(event_packet(other), stream=1) + packet(event_packet(TWO))
    assert load(path, data) == TWO
    second = aestream.FileInput(path, stream=1)
    assert second.load()["t"].tolist() == [7]
    assert second.shape is None


def test_stream_fails_when_it_holds_no_events(path: Path) -> None:
    path.write_bytes(header())
    with pytest.raises(ValueError, match=r"stream must be one of \[0\]; got 1"):
        aestream.FileInput(path, stream=1)


def test_a_node_inside_an_attribute_ends_it(path: Path) -> None:
    nested = INFO.replace(b"EVTS</attr>", b'EVTS<node name="x">y</node></attr>', 1)
    assert nested != INFO
    assert load(path, header(nested) + packet(event_packet(TWO))) == TWO


def test_out_info_is_found_inside_module_trees(path: Path) -> None:
    tree = b'<dv><node name="mainloop"><node name="Recorder"><attr key="running">true</attr>'
    tree += INFO.removeprefix(b'<dv version="2.0">').removesuffix(b"</dv>") + b"</node></node></dv>"
    path.write_bytes(header(tree.replace(b"T_1", b"A &amp; B&#10;")))
    assert open_file(path).shape == (4, 3)
    assert open_file(path).metadata["source"] == "A & B\n"


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "y">]>' + INFO, "expected an infoNode without a document type"),
        (b"<dv></dv>", "expected a node outInfo"),
        (INFO[:-5], "expected an infoNode of XML"),
        (INFO.replace(b">4<", b">0<"), 'expected sizeX and sizeY from 1 to 32767, found "0"'),
        (INFO.replace(b">4<", b">99999<"), 'found "99999"'),
        (INFO.replace(b">4<", b">x<"), 'found "x"'),
        (b"\xff" + INFO, "expected an infoNode of XML"),
    ],
)
def test_open_fails_on_bad_descriptions(path: Path, info: bytes, message: str) -> None:
    path.write_bytes(header(info))
    with pytest.raises(FormatError, match=message):
        open_file(path)


def test_a_description_without_size_gives_no_shape(path: Path) -> None:
    info = INFO.replace(b'<attr key="sizeX">4</attr>', b"")
    assert load(path, header(info) + packet(event_packet(TWO))) == TWO
    assert open_file(path).shape is None
