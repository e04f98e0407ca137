"""Headers that are not UTF-8, or name what is not read: the file reads, the text keeps what can be kept."""

import os

import numpy as np
import pytest
from support.aedat4_words import description, event_packet, io_header, packet

from aestream import EVENT_DTYPE, FileInput, FormatError

EVT2 = np.array([0x80000000, 1 << 28 | 3 << 22 | 5 << 11 | 7], "<u4").tobytes()  # TIME_HIGH 0; t 3, x 5, y 7, ON


@pytest.mark.parametrize("name", [b"J\xfcrgen", "Jürgen".encode(), b"\xff\xfe\x80"])
def test_raw_header_with_any_byte(tmp_path, name):
    path = tmp_path / "a.raw"
    path.write_bytes(b"% camera_integrator_name " + name + b"\n% evt 2.0\n% geometry 640x480\n% end\n" + EVT2)
    file = FileInput(path)
    assert file.load().tolist() == [(3, 5, 7, True)]
    assert file.metadata["camera_integrator_name"].encode("utf-8", "surrogateescape") == name


def test_dat_header_with_any_byte(tmp_path):
    path = tmp_path / "a.dat"
    path.write_bytes(b"% Version 2\n% Author \xb5\n" + bytes([0, 8]) + bytes([9, 0, 0, 0, 1, 0x80, 0, 0x10]))
    assert FileInput(path).load().tolist() == [(9, 1, 2, True)]


def test_error_spells_out_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"% format EVT\xff;width=640\n% end\n")
    with pytest.raises(FormatError, match=r'found "EVT\\xff"'):
        FileInput(path)


@pytest.mark.parametrize("name", ["EVT4", "HISTO3D", "AER-8b"])
def test_formats_that_are_not_read_are_refused_by_name(tmp_path, name):
    path = tmp_path / "a.raw"
    path.write_bytes(f"% format {name};width=640;height=480\n% end\n".encode() + EVT2)
    with pytest.raises(FormatError, match=f'found "{name}", which is not read'):
        FileInput(path)


def test_path_that_is_no_utf8(tmp_path):
    folder = os.fsencode(tmp_path)
    with open(folder + b"/\xb5.csv", "wb") as file:
        file.write(b"10,1,2,1\n")
    assert FileInput(os.fsdecode(folder + b"/\xb5.csv")).load().tolist() == [(10, 1, 2, True)]


def jaer(version, lines, address):
    record = address.to_bytes(4, "big") + (5).to_bytes(4, "big")
    return f"#!AER-DAT{version}\r\n".encode() + b"".join(line + b"\r\n" for line in lines) + record


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_aedat2_without_a_chip_and_with_its_creation_time(tmp_path, version):
    path = tmp_path / "a.aedat"
    path.write_bytes(jaer(version, [b"# created Tue Nov 25 16:13:39 CET 2014"], 0x0103))
    file = FileInput(path)
    assert (len(file.load()), file.shape) == (1, (128, 128))
    assert file.metadata["creation_time"] == "Tue Nov 25 16:13:39 CET 2014"
    path.write_bytes(jaer(version, [b"# by J\xfcrgen"], 0x00512800))
    with pytest.raises(FormatError, match="AEChip.*chip="):
        FileInput(path)
    assert FileInput(path, chip="davis240").shape == (240, 180)


@pytest.mark.parametrize(
    ("declared", "source"),
    [
        ("UTF-8", "Kamera Ü µ".encode()),
        ("UTF-8", "Kamera Ü µ".encode("latin-1")),  # declared to be what it is not
        ("utf-8", b"\xff\xfe\x80"),
        ("ISO-8859-1", "Kamera Ü µ".encode("latin-1")),
        ("ISO-8859-15", "Kamera Ü €".encode("iso-8859-15")),
        ("windows-1252", "Kamera Ü €".encode("windows-1252")),
        ("US-ASCII", b"Kamera"),
        ("US-ASCII", "Kamera Ü".encode()),
        ("gb18030", "相机".encode("gb18030")),
    ],
)
def test_xml_of_aedat4_in_any_encoding(tmp_path, declared, source):
    events = np.array([(5, 1, 2, True)], EVENT_DTYPE)
    xml = description({0: "EVTS"}, 64, 48).replace(">synthetic<", ">SOURCE<")
    text = f'<?xml version="1.0" encoding="{declared}"?>{xml}'.encode().replace(b"SOURCE", source)
    path = tmp_path / "a.aedat4"
    path.write_bytes(io_header(0, -1, text) + packet(0, event_packet(events)))
    file = FileInput(path)
    assert file.load().tolist() == events.tolist()
    assert file.shape == (64, 48)
    assert file.metadata["source"].encode(declared, "surrogateescape") == source


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_xml_of_aedat4_in_two_bytes_a_letter(tmp_path, encoding):
    xml = f'<?xml version="1.0" encoding="UTF-16"?>{description({0: "EVTS"}, 64, 48)}'
    path = tmp_path / "a.aedat4"
    path.write_bytes(io_header(0, -1, xml.encode(encoding)))
    assert FileInput(path).shape == (64, 48)
